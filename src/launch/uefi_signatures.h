/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_UEFI_SIGNATURES_H
#define LAUNCH_UEFI_SIGNATURES_H

/*
 * The contents of db, KEK and their like: certificates and digests, in lists (UEFI Specification, section 32.4.1, EFI_SIGNATURE_LIST and EFI_SIGNATURE_DATA).
 */

#include "base/bytes.h"
#include "base/error.h"

/* *first: the first entry as the firmware measures it, its owner's GUID before it; none: empty. Points into database. ERR_TRUNCATED, ERR_VALUE: no such lists. */
ERR_MUST_USE enum err uefi_signatures_read(struct bytes database, size_t *count, struct bytes *first,
                                           struct err_note *note);

#endif
