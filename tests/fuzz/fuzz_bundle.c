/* SPDX-License-Identifier: Apache-2.0 */

/* A bundle from a stranger: what parses is written and parsed again to the same, and an empty policy never accepts it. */

#include <stdlib.h>

#include "attest/appraise.h"
#include "attest/bundle.h"
#include "base/secret.h"
#include "crypto/crypto.h"

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

static void read_write_read(struct bytes text)
{
    struct bundle b;
    struct bundle again;
    char *written;
    size_t len;
    if (bundle_parse(text, &b, NULL) != ERR_OK)
        return;
    if (bundle_write(&b, &written, &len) != ERR_OK ||
        bundle_parse(bytes_of(written, len), &again, NULL) != ERR_OK ||
        !bytes_equal(b.statement, again.statement) || b.endorsement_count != again.endorsement_count ||
        memcmp(&b.freshness, &again.freshness, sizeof b.freshness) != 0)
        abort();
    secret_free(written);
    bundle_release(&again);
    bundle_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct attest_policy policy;
    static const uint8_t challenge[32];
    static struct verdict v;
    read_write_read(bytes_of(data, size));
    attest_appraise(bytes_of(data, size), challenge, &policy, 0, &v);
    char *text = verdict_text(&v, true);
    char *json = verdict_json(&v);
    if (v.accepted || text == NULL || json == NULL)
        abort();
    secret_free(text);
    secret_free(json);
    return 0;
}
