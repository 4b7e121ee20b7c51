/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_TDX_EVENT_H
#define LAUNCH_TDX_EVENT_H

/* What the steps of tdx_machine_events share: the list that they add to, and how an event is made. */

#include "base/writer.h"
#include "launch/tdx_digest.h"

struct tdx_measuring {
    const struct tdx_machine *launch;
    struct tdvf firmware;
    const struct tdvf_section *variables;
    struct tdx_events *events;
    struct err_note *note;
};

/* name: a constant. ERR_NO_SPACE. */
ERR_MUST_USE enum err tdx_event_add(struct tdx_events *events, unsigned rtmr, const char *name,
                                    const uint8_t digest[static TDX_DIGEST_SIZE]);
/* Most events have the digest of the data that they are about. */
ERR_MUST_USE enum err tdx_event_of(struct tdx_events *events, unsigned rtmr, const char *name,
                                   struct bytes data);
ERR_MUST_USE enum err tdx_event_separator(struct tdx_events *events, unsigned rtmr);

/* UTF-16 without an end; a GUID from its text. */
void tdx_event_put_text(struct writer *w, const char *ascii);
void tdx_event_put_guid(struct writer *w, const char *text);

/* ---- steps: tdx_secure_boot.c ---- */

/* SecureBoot, PK, KEK, db, dbx, dbt, and the separator behind them. */
ERR_MUST_USE enum err tdx_secure_boot_events(struct tdx_measuring *m);
/* With Secure Boot: which entry of db admitted the kernel. */
ERR_MUST_USE enum err tdx_authority_event(struct tdx_measuring *m);

#endif
