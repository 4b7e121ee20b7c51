/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_PE_DIGEST_H
#define LAUNCH_PE_DIGEST_H

/*
 * The digest by which firmware measures (and signatures cover) an EFI program: of the whole file but its checksum, the entry that says where signatures
 * are, and the signatures (Microsoft, "Windows Authenticode Portable Executable Signature Format", section "Calculating the PE Image Hash").
 */

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/crypto.h"

enum { PE_SECTIONS_MAX = 96 };

/* digest: room for one of h. ERR_TRUNCATED, ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE: the note says what is wrong with the image. */
ERR_MUST_USE enum err pe_digest(struct bytes image, enum crypto_hash h, uint8_t *digest,
                                struct err_note *note);

#endif
