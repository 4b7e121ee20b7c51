/* SPDX-License-Identifier: Apache-2.0 */

/* A response that is taken keeps ranges of itself; what it says of a certificate with its serial number can be asked. */

#include <stdlib.h>

#include "attest/ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct crypto_public_key *key; /* that signed nothing */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const uint8_t raw[32] = {1};
    (void)argc;
    (void)argv;
    if (crypto_init() != ERR_OK || crypto_public_key_ed25519(raw, &key) != ERR_OK)
        abort();
    return 0;
}

static void check_inside(struct bytes part, struct bytes whole)
{
    if (part.len != 0 && (part.ptr < whole.ptr || part.ptr + part.len > whole.ptr + whole.len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t serial[] = {0x10, 0x01};
    const struct bytes whole = bytes_of(data, size);
    struct ocsp_response r;
    struct ocsp_answer answer;
    struct err_note note;
    const struct x509 certificate = {.serial = {serial, sizeof serial}};
    if (ocsp_parse(whole, &r, &note) != ERR_OK)
        return 0;
    const struct x509 issuer = {.subject = r.responder_name};
    check_inside(r.tbs, whole);
    check_inside(r.signature, whole);
    check_inside(r.answers, r.tbs);
    check_inside(r.responder_name, r.tbs);
    check_inside(r.nonce, r.tbs);
    check_inside(r.certificates, whole);
    (void)ocsp_answers(&r, &certificate, &issuer, &answer);
    if (ocsp_verify(&r, &issuer, key, 0, &note) == ERR_OK)
        abort();
    return 0;
}
