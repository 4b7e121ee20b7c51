/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/lib/sound_bundle.h"

#include <stdio.h>
#include <stdlib.h>

#include "attest/bundle.h"
#include "attest/statement.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/crypto.h"

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----\n"
#define PEM_END   "\n-----END CERTIFICATE-----\n"

static void must(enum err e)
{
    if (e == ERR_OK)
        return;
    (void)fprintf(stderr, "sound_bundle: %s\n", err_text(e));
    abort();
}

static void make_pem(struct sound_bundle *s)
{
    char base64[ENCODING_BASE64_SIZE(SYNTHETIC_CERT_MAX)];
    encoding_base64(s->root, base64);
    if (asprintf(&s->root_pem, "%s%s%s", PEM_BEGIN, base64, PEM_END) < 0)
        must(ERR_MEMORY);
}

void sound_bundle_make(struct sound_bundle *s)
{
    const uint8_t challenge[1][32] = {{0x42}};
    struct statement statement = {.model_name = "test model"};
    struct bundle bundle = {.platform = BUNDLE_PLATFORM_SNP, .has_challenge = true};
    char text[STATEMENT_MAX];
    struct merkle_tree *tree;
    uint8_t root[32];
    size_t len;
    must(crypto_init());
    synthetic_keys_make(&s->keys);
    synthetic_snp_init(&s->snp, &s->keys);
    s->snp.ark.not_after = s->snp.ask.not_after = s->snp.vek.not_after = "491231235959Z";
    s->snp.crl.next_update = "491231235959Z";

    memset(s->noise_key, 0x11, sizeof s->noise_key);
    memcpy(statement.noise_key, s->noise_key, sizeof s->noise_key);
    memset(statement.model_digest, 0x22, sizeof statement.model_digest);
    encoding_hex(bytes_of(statement.model_digest, sizeof statement.model_digest), s->model);
    must(statement_write(&statement, text, sizeof text, &len));
    bundle.statement = bytes_of(text, len);
    must(merkle_build(challenge, 1, &tree));
    merkle_root(tree, root);
    merkle_path_of(tree, 0, &bundle.freshness);
    merkle_free(tree);
    must(statement_report_data(bundle.statement, root, s->snp.report.report_data));
    synthetic_snp_build(&s->snp);

    encoding_hex(bytes_of(s->snp.report.measurement, sizeof s->snp.report.measurement), s->measurement);
    memcpy(bundle.challenge, challenge[0], sizeof bundle.challenge);
    bundle.evidence_count = 1;
    bundle.evidence[0] = (struct bundle_item){BUNDLE_SNP_REPORT, s->snp.evidence.report};
    bundle.endorsement_count = 4;
    bundle.endorsements[0] = (struct bundle_item){BUNDLE_CERTIFICATE, s->snp.evidence.vek};
    bundle.endorsements[1] = (struct bundle_item){BUNDLE_CERTIFICATE, s->snp.evidence.ask};
    bundle.endorsements[2] = (struct bundle_item){BUNDLE_CERTIFICATE, s->snp.evidence.ark};
    bundle.endorsements[3] = (struct bundle_item){BUNDLE_CRL, s->snp.evidence.crls[0]};
    must(bundle_write(&bundle, &s->text, &s->size));
    s->root = s->snp.evidence.ark;
    make_pem(s);
}

void sound_bundle_release(struct sound_bundle *s)
{
    secret_free(s->text);
    free(s->root_pem);
    synthetic_keys_release(&s->keys);
}
