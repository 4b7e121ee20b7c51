/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_XML_C14N_H
#define ATTEST_XML_C14N_H

/*
 * Canonical XML 1.1 without comments (W3C Recommendation of 2 May 2008), of a whole document or of one element in it. Version 1.0 differs in the
 * treatment of attributes of the namespace xml, which attest/xml.h does not take, so here the two are the same.
 *
 *     e = xml_c14n_digest(d, 0, signature, CRYPTO_SHA384, digest);      // the document under the transform enveloped-signature
 *     e = xml_c14n_digest(d, signed_info, XML_NOTHING, CRYPTO_SHA384, digest);
 */

#include "attest/xml.h"
#include "crypto/crypto.h"

enum { XML_NOTHING = UINT32_MAX };

/* Takes the canonical form piece by piece; what it gives back, if not ERR_OK, ends it. */
typedef enum err xml_c14n_sink(void *sink, struct bytes piece);

/* apex: the element; 0 is the root, and so the document. without: an element below it that is left out with all that is in it, or XML_NOTHING. */
ERR_MUST_USE enum err xml_c14n(const struct xml_document *d, uint32_t apex, uint32_t without,
                               xml_c14n_sink *write, void *sink);
/* Its hash: crypto_hash_size bytes. */
ERR_MUST_USE enum err xml_c14n_digest(const struct xml_document *d, uint32_t apex, uint32_t without,
                                      enum crypto_hash hash, uint8_t *digest);

#endif
