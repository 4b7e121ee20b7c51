/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_DIRECTORY_H
#define EVIDENCE_COLLATERAL_DIRECTORY_H

/*
 * A directory of endorsements, one file each, named as collateral_key.h says. The host's helper fills it, an enclave may be offered it, and people verify
 * offline with it. Files with other names, links and what is no file are left alone.
 */

#include "evidence/collateral_key.h"

/* Into out, which has COLLATERAL_DOCUMENT_MAX bytes. ERR_FILE, ERR_TOO_LARGE, ERR_VALUE. */
ERR_MUST_USE enum err collateral_directory_read(const char *directory, const struct collateral_key *key,
                                                uint8_t *out, size_t *len, struct err_note *note);
/* Replaces the file in one step. ERR_FILE, ERR_TOO_LARGE, ERR_VALUE. */
ERR_MUST_USE enum err collateral_directory_write(const char *directory, const struct collateral_key *key,
                                                 struct bytes document, struct err_note *note);

/* Calls found for each document in it, in no order, until it gives something else than ERR_OK. ERR_FILE. */
typedef enum err collateral_found(void *owner, const struct collateral_key *key);
ERR_MUST_USE enum err collateral_directory_each(const char *directory, collateral_found *found, void *owner,
                                                struct err_note *note);

/* The name under which the directory has what is wanted: that one; or else, of what AMD says, the only one that differs in nothing but the product, which
 * one of the two does not say ("any"): a chip that changes from reports of version 2 to later ones asks by another name for the same. Whoever is given it
 * checks it anyway. ERR_UNKNOWN: there is none, or there are several. ERR_FILE: the directory cannot be read. */
ERR_MUST_USE enum err collateral_directory_find(const char *directory, const struct collateral_key *wanted,
                                                struct collateral_key *found, struct err_note *note);

#endif
