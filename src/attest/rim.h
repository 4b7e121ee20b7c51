/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_RIM_H
#define ATTEST_RIM_H

/*
 * NVIDIA's reference integrity manifests: SWID tags (ISO/IEC 19770-2:2015, after the TCG's RIM Information Model) that say what a driver or a VBIOS of a
 * version measures, each with an enveloped XML signature (W3C, XML Signature Syntax and Processing 1.1).
 *
 * The form is closed: a SoftwareIdentity with Entity, Link, one Meta, one Payload of Resources and one Signature, in which the one Reference is to the
 * whole document (URI=""), so that nothing can be in it that is not signed. What the signature says of itself is one of a short list: enveloped
 * signature, then canonical XML; SHA-384; ECDSA on P-384 with SHA-384.
 *
 *     struct rim *rim;
 *     e = rim_parse(text, &rim, &note);
 *     if (e == ERR_OK) e = rim_check_digest(rim, &note);
 *     if (e == ERR_OK) e = rim_check_signature(rim, &note);
 *     ... nv_chain_check_root(&rim->chain, &anchors_nvidia_rim, ...), links, validity ...
 *     rim_free(rim);
 */

#include "attest/nv_chain.h"
#include "attest/xml.h"

enum { RIM_ROWS_MAX = 256, RIM_VALUE_MAX = 64, RIM_ALTERNATIVES_MAX = 64, RIM_SIGNATURE_SIZE = 96 };

/* A measurement that is to be. */
struct rim_row {
    uint32_t node;        /* its Resource */
    uint8_t index;        /* from 0 */
    bool active;          /* it is compared */
    uint8_t size;         /* of each value */
    uint8_t alternatives; /* at least 1 */
};

struct rim {
    struct xml_document *document;
    struct bytes version; /* Meta, colloquialVersion: "96.00.74.00.1A", "550.90.07" */
    struct bytes product; /* Meta, product: "GH100" */
    size_t row_count;
    struct rim_row rows[RIM_ROWS_MAX]; /* each index once */
    uint32_t signature;                /* nodes */
    uint32_t signed_info;
    uint8_t digest[CRYPTO_SHA384_SIZE]; /* as the document says it */
    uint8_t signature_value[RIM_SIGNATURE_SIZE];
    struct nv_chain chain;
};

/* The text must outlive it. ERR_ENCODING, ERR_UNKNOWN, ERR_VALUE, ERR_TOO_LARGE, ERR_CERTIFICATE, ERR_KEY, ERR_MEMORY; *rim is NULL on failure. */
ERR_MUST_USE enum err rim_parse(struct bytes text, struct rim **rim, struct err_note *note);
void rim_free(struct rim *rim); /* NULL is allowed */

/* Is the digest that was signed that of the document? ERR_SIGNATURE. */
ERR_MUST_USE enum err rim_check_digest(const struct rim *rim, struct err_note *note);
/* Did the leaf of its certificates sign it? ERR_SIGNATURE, ERR_KEY. */
ERR_MUST_USE enum err rim_check_signature(const struct rim *rim, struct err_note *note);

/* NULL when there is none. */
const struct rim_row *rim_row(const struct rim *rim, size_t index);
/* Value 0 to alternatives - 1 of a row; its size bytes are written. */
void rim_value(const struct rim *rim, const struct rim_row *row, size_t which,
               uint8_t value[static RIM_VALUE_MAX]);
/* Is this one of the values, size included? */
bool rim_row_holds(const struct rim *rim, const struct rim_row *row, struct bytes measured);

#endif
