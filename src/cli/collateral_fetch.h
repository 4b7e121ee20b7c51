/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_FETCH_H
#define CLI_COLLATERAL_FETCH_H

/* What fetching has in common, whichever maker is asked; for the files collateral_fetch*.c alone. */

#include "cli/collateral.h"
#include "evidence/collateral_check.h"

/* What is under way: documents that were checked, and not yet written. */
struct fetch {
    const struct collateral_fetch *options;
    struct collateral_fetched *fetched;
    struct collateral_key keys[COLLATERAL_FETCHED_MAX];
    struct bytes contents[COLLATERAL_FETCHED_MAX]; /* secret memory */
    struct err_note *note;
};

/* A URL. ERR_USAGE: too long. */
ERR_MUST_USE enum err fetch_url(char out[static COLLATERAL_URL_MAX], struct err_note *note,
                                const char *format, ...) __attribute__((format(printf, 3, 4)));

/* At most max bytes; body and headers are secret memory. The URL is noted in `of` as a source. As curl_get. */
ERR_MUST_USE enum err fetch_get(struct fetch *f, size_t max, const char *url, struct collateral_document *of,
                                struct bytes *body, struct bytes *headers);
/* A copy in secret memory. ERR_MEMORY. */
ERR_MUST_USE enum err fetch_copy(struct bytes from, struct bytes *to);

/* Holds what came against its subject, by the verifier's checks (evidence/collateral_check.h), and takes it over; on failure it is released. */
ERR_MUST_USE enum err fetch_keep(struct fetch *f, const struct collateral_key *key,
                                 const struct collateral_subject *subject, struct bytes content,
                                 const struct collateral_document *about);

/* With --renew: does the directory have it, good by the same checks and for longer than that? Then it stays, and need not be asked for. *content: what is
 * held, or empty. ERR_MEMORY, ERR_TOO_LARGE. */
ERR_MUST_USE enum err fetch_held(struct fetch *f, const struct collateral_key *key,
                                 const struct collateral_subject *subject, struct bytes *content);

/* Back to so many documents. */
void fetch_forget(struct fetch *f, size_t count);

/* What is kept already under this name; empty: nothing. */
struct bytes fetch_find(const struct fetch *f, const struct collateral_key *key);

/* From each maker. ERR_NETWORK, ERR_REFUSED, ERR_USAGE, ERR_FILE, and what parsers say. */
ERR_MUST_USE enum err fetch_snp(struct fetch *f, struct bytes evidence);
ERR_MUST_USE enum err fetch_tdx(struct fetch *f, struct bytes evidence);
ERR_MUST_USE enum err fetch_gpus(struct fetch *f, const struct nvgpu_evidence *gpus, size_t count);

#endif
