/* SPDX-License-Identifier: Apache-2.0 */
/* Endorsements of GPUs: are they what was asked for, by the verifier's own checks, and until when? */
#include <stdio.h>
#include <stdlib.h>

#include "attest/nvgpu_names.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "evidence/collateral_gpu.h"
#include "evidence/collateral_wanted.h"
#include "evidence/ocsp_request.h"
#include "evidence/simulated_gpu.h"
#include "unit/test.h"

enum { NOW = 1767225600 /* 2026-01-01 */, DAY = 24 * 3600 };

static struct simulated_gpu *g;
static uint8_t report[SIMULATED_GPU_REPORT_MAX];
static struct collateral_subject subject;
static char rim_ids[NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE];
static struct nvgpu_certificate_ids words;   /* of the GPU's certificates */
static struct nvgpu_certificate_ids signers; /* of the signer's */
static struct err_note note;

static struct bytes rim_text(size_t part)
{
    return bytes_of(g->rim_text[part], g->rim_len[part]);
}

static struct bytes word(size_t i)
{
    return bytes_of(g->ocsp_der[i], g->ocsp_len[i]);
}

/* All of it anew, with the fields as they are, and what it is called. */
static void build(void)
{
    static const uint8_t nonce[NVGPU_NONCE_SIZE] = {1};
    size_t len = 0;
    assert_ok(simulated_gpu_build(g));
    assert_ok(simulated_gpu_answer(g, nonce, report, sizeof report, &len));
    const struct simulated_nv_der *device = &g->device_der[SIMULATED_GPU_CHAIN - 1];
    const struct simulated_nv_der *signer = &g->signer_der[SIMULATED_RIM_CHAIN - 1];
    subject = (struct collateral_subject){
        .gpu = {bytes_of(report, len), bytes_of(g->pem, g->pem_len)},
        .roots = {.gpu = bytes_of(device->der, device->len), .rim = bytes_of(signer->der, signer->len)}};
    assert_ok(nvgpu_names_of_gpu(subject.gpu.report, subject.gpu.certificates, rim_ids, &words, &note));
    assert_ok(nvgpu_names_of_rim(rim_text(SIMULATED_GPU_DRIVER), &signers, &note));
}

static void begin(void)
{
    simulated_gpu_free(g);
    assert_ok(simulated_gpu_new(SIMULATED_HOPPER, NOW, &g));
    build();
}

static enum err check_at(const struct collateral_key *key, struct bytes document, int64_t now,
                         int64_t *expires)
{
    note.text[0] = '\0';
    return collateral_check(key, &subject, document, now, expires, &note);
}

static struct collateral_key rim_key(size_t part)
{
    struct collateral_key key;
    assert_ok(collateral_rim_key(rim_ids[part], &key, &note));
    return key;
}

static void assert_refused(const struct collateral_key *key, struct bytes document, const char *words_in_it)
{
    int64_t expires;
    enum err e = check_at(key, document, NOW, &expires);
    if (e == ERR_OK || strstr(note.text, words_in_it) == NULL)
        fail_msg("%s, the note says: %s; wanted in it: %s", err_name(e), note.text, words_in_it);
}

/* ---- reference values ---- */

static void the_documents_that_the_report_needs_are_good_until_the_first_certificate_ends(void **state)
{
    (void)state;
    begin();
    for (size_t part = 0; part < NVGPU_GPU_RIMS; part++) {
        const struct collateral_key key = rim_key(part);
        int64_t expires;
        assert_ok(check_at(&key, rim_text(part), NOW, &expires));
        assert_int_equal(expires, g->signer[0].not_after);
        const struct collateral_key other = rim_key(1 - part);
        assert_refused(&other, rim_text(part),
                       part == SIMULATED_GPU_DRIVER ? "nvgpu.vbios.rim" : "nvgpu.driver.rim");
    }
    g->signer[2].not_after = NOW + (int64_t)DAY;
    build();
    const struct collateral_key key = rim_key(SIMULATED_GPU_DRIVER);
    int64_t expires;
    assert_ok(check_at(&key, rim_text(SIMULATED_GPU_DRIVER), NOW + (int64_t)DAY, &expires));
    assert_int_equal(expires, NOW + (int64_t)DAY);
    assert_err(check_at(&key, rim_text(SIMULATED_GPU_DRIVER), NOW + (int64_t)DAY + 1, &expires), ERR_REFUSED);
    assert_non_null(strstr(note.text, "nvgpu.rim.validity"));
}

/* What the GPU measured is not this room's question: the document is the right one. */
static void a_gpu_that_measured_something_else_has_the_same_documents(void **state)
{
    (void)state;
    begin();
    g->report.measurements[61][0] ^= 1;
    build();
    const struct collateral_key key = rim_key(SIMULATED_GPU_DRIVER);
    int64_t expires;
    assert_ok(check_at(&key, rim_text(SIMULATED_GPU_DRIVER), NOW, &expires));
}

static void documents_that_the_verifier_would_refuse_are_refused_by_the_same_check(void **state)
{
    (void)state;
    static uint8_t text[SIMULATED_RIM_MAX];
    begin();
    struct collateral_key key = rim_key(SIMULATED_GPU_DRIVER);
    const struct bytes good = rim_text(SIMULATED_GPU_DRIVER);
    memcpy(text, good.ptr, good.len);
    uint8_t *at = memmem(text, good.len, "eeee", 4);
    assert_non_null(at);
    at[0] = 'd';
    assert_refused(&key, bytes_of(text, good.len), "nvgpu.rim.digest");
    assert_refused(&key, bytes_str(""), "nvgpu.rim.form");
    assert_refused(&key, bytes_str("<SoftwareIdentity/>"), "nvgpu.rim.form");
    subject.roots.rim = (struct bytes){0};
    assert_refused(&key, good, "nvgpu.rim.root");
    begin();
    g->rim_key = g->signer_keys[1];
    build();
    assert_refused(&key, rim_text(SIMULATED_GPU_DRIVER), "nvgpu.rim.signature");
    begin();
    g->rims[SIMULATED_GPU_DRIVER].product = "GB100";
    build();
    assert_refused(&key, rim_text(SIMULATED_GPU_DRIVER), "nvgpu.rim.product");
    begin();
    g->signer[0].signer = g->signer_keys[2];
    build();
    assert_refused(&key, rim_text(SIMULATED_GPU_DRIVER), "nvgpu.rim.chain");
}

static void a_name_that_the_gpu_does_not_need_is_refused(void **state)
{
    (void)state;
    begin();
    struct collateral_key key;
    assert_ok(collateral_rim_key("NV_GPU_DRIVER_GH100_580.95.06", &key, &note));
    assert_refused(&key, rim_text(SIMULATED_GPU_DRIVER), "no reference values of that name");
    key = rim_key(SIMULATED_GPU_DRIVER);
    const struct bytes whole = subject.gpu.report;
    subject.gpu.report = bytes_of(report, 64);
    assert_refused(&key, rim_text(SIMULATED_GPU_DRIVER), "report at");
    subject.gpu.report = whole;
    subject.gpu.certificates = (struct bytes){0};
    assert_refused(&key, rim_text(SIMULATED_GPU_DRIVER), "a chip that is not known");
}

/* Names come out of a report, and go into URLs and file names. */
static void a_name_with_other_characters_is_none(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        ".",
        "..",
        "../x",
        "NV_GPU_DRIVER_GH100_1/../ids",
        "NV_GPU_DRIVER_GH100_1?x=y",
        "NV_GPU_DRIVER_GH100_1#x",
        "NV_GPU_DRIVER_GH100_%2e",
        "NV_GPU_DRIVER_GH100_1@x",
        "NV_GPU_DRIVER_GH100_1-2",
        "NV_GPU_VBIOS_0123456789012345678901234567890123456789_0123456789_012345"};
    struct collateral_key key;
    for (size_t i = 0; i < test_count(names); i++)
        assert_err(collateral_rim_key(names[i], &key, &note), ERR_VALUE);
}

/* Real ones, of another GPU than any report here: they get as far as their form, and no other chip's report takes them. */
static void a_real_document_is_not_one_for_this_gpu(void **state)
{
    (void)state;
    struct bytes file;
    begin();
    if (file_read(ENCLUME_SHARED "/evidence/nvidia/nvtrust/Driver_RIM_test_no_gpu.swidtag",
                  COLLATERAL_DOCUMENT_MAX, &file, &note) != ERR_OK)
        skip();
    const struct collateral_key key = rim_key(SIMULATED_GPU_DRIVER);
    assert_refused(&key, file, "nvgpu.driver.rim");
    secret_free(bytes_owned(file));
}

/* ---- words about certificates ---- */

static struct collateral_key word_key(const struct nvgpu_certificate_ids *ids, size_t i)
{
    struct collateral_key key;
    collateral_ocsp_key(&ids->at[i], &key);
    return key;
}

/* The first three are about the GPU's, the others about the signer's. */
static struct collateral_key key_of_word(size_t i)
{
    const bool is_signers = i >= words.count;
    subject.rim = is_signers ? rim_text(SIMULATED_GPU_DRIVER) : (struct bytes){0};
    return is_signers ? word_key(&signers, i - words.count) : word_key(&words, i);
}

static void each_word_is_good_until_the_next(void **state)
{
    (void)state;
    begin();
    assert_int_equal(words.count + signers.count, SIMULATED_GPU_OCSP);
    for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++) {
        int64_t expires;
        const struct collateral_key key = key_of_word(i);
        assert_ok(check_at(&key, word(i), NOW, &expires));
        assert_int_equal(expires, g->ocsp[i].next_update);
        assert_ok(check_at(&key, word(i), expires, &expires));
        assert_err(check_at(&key, word(i), expires + 1, &expires), ERR_CERTIFICATE);
        assert_refused(&key, word((i + 1) % SIMULATED_GPU_OCSP), "another certificate");
        for (size_t n = 0; n < word(i).len; n += 7)
            assert_int_not_equal(check_at(&key, bytes_of(word(i).ptr, n), NOW, &expires), ERR_OK);
    }
}

static void a_true_word_is_taken_whatever_it_says(void **state)
{
    (void)state;
    static const int statuses[] = {SIMULATED_OCSP_REVOKED, SIMULATED_OCSP_UNKNOWN};
    for (size_t n = 0; n < test_count(statuses); n++) {
        begin();
        for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++)
            g->ocsp[i].status = statuses[n];
        build();
        for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++) {
            int64_t expires;
            const struct collateral_key key = key_of_word(i);
            assert_ok(check_at(&key, word(i), NOW, &expires));
        }
    }
}

static void not_yet(struct simulated_ocsp *o)
{
    o->this_update = NOW + 1;
}
static void without_end(struct simulated_ocsp *o)
{
    o->next_update = 0;
}
static void by_another(struct simulated_ocsp *o)
{
    o->signer = g->device_keys[0];
}
static void an_error(struct simulated_ocsp *o)
{
    o->error = 6;
}

static void a_word_that_is_not_true_or_not_current_is_refused(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct simulated_ocsp *o);
        const char *wanted;
    } rows[] = {{not_yet, "not valid yet"},
                {without_end, "until when"},
                {by_another, "not signed by its responder"},
                {an_error, "the error 6"}};
    for (size_t n = 0; n < test_count(rows); n++) {
        begin();
        for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++)
            rows[n].change(&g->ocsp[i]);
        build();
        for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++) {
            const struct collateral_key key = key_of_word(i);
            assert_refused(&key, word(i), rows[n].wanted);
        }
    }
}

static void a_certificate_that_is_not_in_the_chain_is_nobodys(void **state)
{
    (void)state;
    begin();
    for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++) {
        struct collateral_key key = key_of_word(i);
        uint8_t *const parts[] = {key.serial, key.issuer_name, key.issuer_key};
        for (size_t part = 0; part < test_count(parts); part++) {
            parts[part][0] ^= 1;
            assert_refused(&key, word(i), "not in the chain");
            parts[part][0] ^= 1;
        }
        key = key_of_word((i + SIMULATED_GPU_OCSP / 2) % SIMULATED_GPU_OCSP); /* of the other chain */
        subject.rim = i >= words.count ? rim_text(SIMULATED_GPU_DRIVER) : (struct bytes){0};
        assert_refused(&key, word(i), "not in the chain");
    }
    /* The leaf of a GPU is not asked about. */
    struct nvgpu_certificate_id leaf;
    struct nv_chain *chain = calloc(1, sizeof *chain);
    struct collateral_key key;
    assert_non_null(chain);
    assert_ok(nv_chain_read(chain, subject.gpu.certificates, &note));
    assert_ok(nvgpu_certificate_id_of(&chain->at[0].cert, &chain->at[1].cert, &leaf));
    nv_chain_release(chain);
    free(chain);
    subject.rim = (struct bytes){0};
    collateral_ocsp_key(&leaf, &key);
    assert_refused(&key, word(0), "not in the chain");
    subject.rim = bytes_str("<a/>");
    assert_refused(&key, word(0), "SoftwareIdentity");
    subject.rim = (struct bytes){0};
    subject.gpu.certificates = bytes_str("x");
    assert_refused(&key, word(0), "no certificate");
}

/* ---- the question ---- */

/* RFC 6960 section 4.1.1, octet by octet. */
static void a_request_is_that_of_the_rfc(void **state)
{
    (void)state;
    static const uint8_t name[32] = {0xaa};
    static const uint8_t key[32] = {0xbb};
    static const uint8_t nonce[OCSP_NONCE_SIZE + 1] = {0xcc};
    static const uint8_t serial[] = {0x00, 0x80, 0x01};
    static const char id[] = "30"
                             "58"
                             "300d06096086480165030402010500"
                             "0420aa00000000000000000000000000000000000000000000000000000000000000"
                             "0420bb00000000000000000000000000000000000000000000000000000000000000"
                             "0203008001";
    struct ocsp_certificate_id about = {.hash = ocsp_oid_sha256,
                                        .name_digest = bytes_of(name, sizeof name),
                                        .key_digest = bytes_of(key, sizeof key),
                                        .serial = bytes_of(serial, sizeof serial)};
    static uint8_t big[OCSP_REQUEST_MAX];
    uint8_t out[OCSP_REQUEST_MAX];
    char wanted[1024];
    char seen[1024];
    size_t len;
    assert_ok(ocsp_request_write(&about, (struct bytes){0}, out, &len));
    encoding_hex(bytes_of(out, len), seen);
    (void)snprintf(wanted, sizeof wanted, "3060305e305c305a%s", id);
    assert_string_equal(seen, wanted);
    assert_ok(ocsp_request_write(&about, bytes_of(nonce, OCSP_NONCE_SIZE), out, &len));
    encoding_hex(bytes_of(out, len), seen);
    (void)snprintf(wanted, sizeof wanted,
                   "308196308193305c305a%sa2333031302f06092b060105050730010204220420cc%062d", id, 0);
    assert_string_equal(seen, wanted);
    assert_err(ocsp_request_write(&about, bytes_of(nonce, sizeof nonce), out, &len), ERR_NO_SPACE);
    about.serial = bytes_of(big, sizeof big);
    big[0] = 1;
    assert_err(ocsp_request_write(&about, (struct bytes){0}, out, &len), ERR_NO_SPACE);
    assert_int_equal(len, 0);
}

static int start(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    simulated_gpu_free(g);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documents_that_the_report_needs_are_good_until_the_first_certificate_ends),
        cmocka_unit_test(a_gpu_that_measured_something_else_has_the_same_documents),
        cmocka_unit_test(documents_that_the_verifier_would_refuse_are_refused_by_the_same_check),
        cmocka_unit_test(a_name_that_the_gpu_does_not_need_is_refused),
        cmocka_unit_test(a_name_with_other_characters_is_none),
        cmocka_unit_test(a_real_document_is_not_one_for_this_gpu),
        cmocka_unit_test(each_word_is_good_until_the_next),
        cmocka_unit_test(a_true_word_is_taken_whatever_it_says),
        cmocka_unit_test(a_word_that_is_not_true_or_not_current_is_refused),
        cmocka_unit_test(a_certificate_that_is_not_in_the_chain_is_nobodys),
        cmocka_unit_test(a_request_is_that_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, start, end);
}
