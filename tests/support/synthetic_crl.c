/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_crl.h"

#include "base/reader.h"

void synthetic_crl_init(struct synthetic_crl *list, const char *issuer_cn,
                        const struct crypto_private_key *signer)
{
    *list = (struct synthetic_crl){
        .version = 1,
        .issuer_cn = issuer_cn,
        .this_update = "250601000000Z",
        .next_update = "260601000000Z",
        .reason = SYNTHETIC_LEFT_OUT,
        .salt = 48,
        .signer = signer,
    };
}

static void put_algorithm(struct writer *w, const struct synthetic_crl *list)
{
    if (!list->ecdsa_sha256 && !list->ecdsa_sha384) {
        synthetic_put_pss(w, list->salt);
        return;
    }
    size_t seq = synthetic_begin(w, 0x30);
    if (list->ecdsa_sha256)
        SYNTHETIC_PUT_OID(w, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
    else
        SYNTHETIC_PUT_OID(w, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03);
    synthetic_end(w, seq);
}

/* An extension as it must not be written: 2.5.29.46. */
static void put_wrong_extension(struct writer *w, bool explicit_false)
{
    size_t seq = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x55, 0x1d, 0x2e);
    if (explicit_false)
        synthetic_put(w, 0x01, "\x00", 1);
    synthetic_put(w, 0x04, "\x05\x00", 2);
    if (!explicit_false)
        synthetic_put(w, 0x05, "", 0);
    synthetic_end(w, seq);
}

static void put_entry(struct writer *w, const struct synthetic_crl *list, int serial)
{
    uint8_t reason[] = {0x0a, 0x01, (uint8_t)list->reason};
    size_t seq = synthetic_begin(w, 0x30);
    synthetic_put_uint8(w, serial);
    synthetic_put(w, 0x17, list->this_update, strlen(list->this_update));
    if (list->reason != SYNTHETIC_LEFT_OUT || list->certificate_issuer || list->unknown_entry_extension ||
        list->invalidity_date) {
        size_t all = synthetic_begin(w, 0x30);
        if (list->reason != SYNTHETIC_LEFT_OUT)
            synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x15), false, reason, sizeof reason);
        if (list->certificate_issuer)
            synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x1d), false, "\x30\x00", 2);
        if (list->unknown_entry_extension)
            synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x17), true, "\x05\x00", 2);
        if (list->invalidity_date)
            synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x18), false,
                                    "\x18\x0f"
                                    "20250101000000Z",
                                    17);
        synthetic_end(w, all);
    }
    if (list->entry_tail)
        synthetic_put(w, 0x05, "", 0);
    synthetic_end(w, seq);
}

static void put_extensions(struct writer *w, const struct synthetic_crl *list)
{
    size_t outer = synthetic_begin(w, 0xa0);
    size_t all = synthetic_begin(w, 0x30);
    if (!list->empty_extensions)
        synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x14), false, "\x02\x01\x07\x05\x00",
                                list->value_tail ? 5 : 3);
    if (list->authority_key)
        synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x23), false, "\x30\x06\x80\x04\x01\x02\x03\x04",
                                8);
    if (list->explicit_false || list->extension_tail)
        put_wrong_extension(w, list->explicit_false);
    if (list->number_twice)
        synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x14), false, "\x02\x01\x08", 3);
    if (list->delta)
        synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x1b), true, "\x02\x01\x06", 3);
    if (list->distribution_point)
        synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x1c), false, "\x30\x00", 2);
    if (list->unknown_extension || list->unknown_critical_extension)
        synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x2e), list->unknown_critical_extension,
                                "\x30\x00", 2);
    synthetic_end(w, all);
    synthetic_end(w, outer);
}

static struct bytes signature_of(const struct synthetic_crl *list, struct bytes tbs, uint8_t out[static 512])
{
    uint8_t rs[96];
    size_t half = list->ecdsa_sha256 ? 32 : 48;
    struct writer w = writer_into(out, 512);
    if (!list->ecdsa_sha256 && !list->ecdsa_sha384)
        return synthetic_sign_pss(list->signer, list->salt, tbs, out);
    synthetic_must(
        crypto_ecdsa_sign_raw(list->signer, list->ecdsa_sha256 ? CRYPTO_SHA256 : CRYPTO_SHA384, tbs, rs));
    size_t seq = synthetic_begin(&w, 0x30);
    synthetic_put_number(&w, bytes_of(rs, half));
    synthetic_put_number(&w, bytes_of(rs + half, half));
    synthetic_end(&w, seq);
    return bytes_of(out, w.used);
}

struct bytes synthetic_crl_build(const struct synthetic_crl *list, uint8_t out[static SYNTHETIC_CRL_MAX])
{
    uint8_t tbs[SYNTHETIC_CRL_MAX];
    uint8_t signature[512];
    struct writer w = writer_into(tbs, sizeof tbs);
    size_t seq = synthetic_begin(&w, 0x30);
    if (list->version != SYNTHETIC_LEFT_OUT)
        synthetic_put_uint8(&w, list->version);
    put_algorithm(&w, list);
    synthetic_put_name(&w, list->issuer_cn);
    synthetic_put(&w, 0x17, list->this_update, strlen(list->this_update));
    if (list->next_update != NULL)
        synthetic_put(&w, 0x17, list->next_update, strlen(list->next_update));
    if (list->serial_count > 0 || list->empty_list) {
        size_t entries = synthetic_begin(&w, 0x30);
        for (size_t i = 0; i < list->serial_count; i++)
            put_entry(&w, list, list->serials[i]);
        synthetic_end(&w, entries);
    }
    if (!list->no_extensions)
        put_extensions(&w, list);
    if (list->tbs_tail)
        synthetic_put(&w, 0x05, "", 0);
    synthetic_end(&w, seq);

    struct bytes value = signature_of(list, bytes_of(tbs, w.used), signature);
    struct writer o = writer_into(out, SYNTHETIC_CRL_MAX);
    seq = synthetic_begin(&o, 0x30);
    writer_bytes(&o, bytes_of(tbs, w.used));
    put_algorithm(&o, list);
    size_t bits = synthetic_begin(&o, 0x03);
    writer_u8(&o, 0);
    writer_bytes(&o, value);
    synthetic_end(&o, bits);
    synthetic_end(&o, seq);
    return bytes_of(out, o.used);
}
