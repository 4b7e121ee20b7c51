/* SPDX-License-Identifier: Apache-2.0 */

/* A certificate from a stranger, with AMD's extensions and its key. */

#include <stdlib.h>

#include "attest/vcek.h"
#include "attest/x509.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (crypto_init() != ERR_OK)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509 cert;
    struct vcek vcek;
    struct err_note note;
    struct crypto_public_key *key;
    if (x509_parse(bytes_of(data, size), &cert, &note) != ERR_OK)
        return 0;
    if (cert.der.len != size || cert.tbs.len >= size || cert.extension_count == 0)
        abort();
    if (vcek_parse(&cert, VCEK_OF_CHIP, &vcek, &note) == ERR_OK && vcek.hwid.len != VCEK_HWID_MAX &&
        !vcek.has_fmc)
        abort();
    if (vcek_parse(&cert, VCEK_OF_PROVIDER, &vcek, &note) == ERR_OK && vcek.csp_id.len == 0)
        abort();
    if (crypto_public_key_from_spki(cert.spki, &key) == ERR_OK) {
        enum err e = x509_verify(&cert, key);
        if (e == ERR_OK && cert.signature.len == 0)
            abort();
        crypto_public_key_free(key);
    }
    return 0;
}
