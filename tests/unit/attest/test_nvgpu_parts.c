/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of GPU evidence, each by itself: what is read in them, and what is refused. */
#include <stdio.h>
#include <stdlib.h>

#include "attest/nvgpu_internal.h"
#include "attest/nvgpu_names.h"
#include "attest/nvgpu_report.h"
#include "attest/ocsp.h"
#include "base/encoding.h"
#include "evidence/der_writer.h"
#include "support/synthetic_nvgpu.h"
#include "unit/test.h"

static struct synthetic_nvgpu s;

#define HEX_ZEROS_16 "00000000000000000000000000000000"
#define HEX_ZEROS    HEX_ZEROS_16 HEX_ZEROS_16 HEX_ZEROS_16 HEX_ZEROS_16

static void scene(enum simulated_gpu_kind kind)
{
    synthetic_nvgpu_init(&s, kind);
    synthetic_nvgpu_build(&s);
}

/* ---- reports ---- */

static void a_report_is_taken_apart(void **state)
{
    (void)state;
    struct nvgpu_report r;
    char text[NVGPU_TEXT_SIZE];
    uint64_t number;
    scene(SIMULATED_HOPPER);
    assert_ok(nvgpu_report_parse(s.gpus[0].report, &r, NULL));
    assert_ok(nvgpu_report_blocks(&r, NULL));
    assert_ok(nvgpu_report_fields(&r, NULL));
    assert_int_equal(r.block_count, 64);
    assert_int_equal(r.signed_part.len + NVGPU_SIGNATURE_SIZE, s.gpus[0].report.len);
    assert_memory_equal(r.nonce.ptr, s.nonce, NVGPU_NONCE_SIZE);
    for (size_t i = 0; i < 64; i++)
        assert_memory_equal(r.measurements[i].ptr, s.g->report.measurements[i], SIMULATED_GPU_VALUE_SIZE);
    assert_null(r.measurements[64].ptr);
    assert_true(nvgpu_report_text(&r, NVGPU_CHIP_SKU, text));
    assert_string_equal(text, "882");
    assert_true(nvgpu_report_vbios(&r, text));
    assert_string_equal(text, "96.00.9F.00.01");
    assert_true(nvgpu_report_number(&r, NVGPU_OPAQUE_VERSION, &number));
    assert_int_equal(number, 1);
    assert_false(nvgpu_report_number(&r, 19, &number));
    assert_false(nvgpu_report_text(&r, 19, text));
}

static void a_report_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct nvgpu_report r;
    struct err_note note = {{0}};
    scene(SIMULATED_HOPPER);
    for (size_t len = 0; len < s.gpus[0].report.len; len++)
        assert_err(nvgpu_report_parse(bytes_of(s.gpus[0].report.ptr, len), &r, &note), ERR_TRUNCATED);
    assert_err(nvgpu_report_parse(bytes_of(s.gpus[0].report.ptr, 10), &r, &note), ERR_TRUNCATED);
    assert_memory_equal(note.text, "report at 0x4 of 0xa: ", 22);
    s.gpus[0].report.len++;
    assert_err(nvgpu_report_parse(s.gpus[0].report, &r, &note), ERR_TRAILING);
    char at[64];
    (void)snprintf(at, sizeof at, "report at 0x%zx of 0x%zx: ", s.gpus[0].report.len - 1,
                   s.gpus[0].report.len);
    assert_memory_equal(note.text, at, strlen(at));
    static const uint8_t zeros[NVGPU_REPORT_MAX];
    assert_err(nvgpu_report_parse(bytes_of(zeros, sizeof zeros), &r, &note), ERR_TRAILING);
    assert_err(nvgpu_report_parse(bytes_of(s.report, NVGPU_REPORT_MAX + 1), &r, &note), ERR_TOO_LARGE);
}

static void an_empty_measurement_is_refused(void **state)
{
    (void)state;
    static const uint8_t full[] = {1, 1, 4, 0, 1, 1, 0, 0xaa};
    static const uint8_t empty[] = {1, 1, 3, 0, 1, 0, 0};
    struct nvgpu_report r = {.block_count = 1, .record = bytes_of(full, sizeof full)};
    assert_ok(nvgpu_report_blocks(&r, NULL));
    r = (struct nvgpu_report){.block_count = 1, .record = bytes_of(empty, sizeof empty)};
    assert_err(nvgpu_report_blocks(&r, NULL), ERR_VALUE);
}

static void texts_are_printable_and_end_once(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t size;
        const char *text; /* NULL: none */
    } table[] = {
        {"1010", 4, "1010"},
        {"1010\0", 5, "1010"},
        {"1010\0\0\0", 7, "1010"},
        {"10\0\x30", 4, NULL},
        {"", 0, NULL},
        {"\0", 1, NULL},
        {"a b", 3, NULL},
        {"!~", 2, "!~"},
        {"a\x7f", 2, NULL},
        {"a\xc3\xa9", 3, NULL},
        {"1234567890123456789012345678901", 31, "1234567890123456789012345678901"},
        {"12345678901234567890123456789012", 32, NULL},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        struct nvgpu_report r = {.block_count = 1};
        char text[NVGPU_TEXT_SIZE];
        r.fields[NVGPU_PROJECT] = bytes_of(table[i].value, table[i].size);
        assert_int_equal(nvgpu_report_text(&r, NVGPU_PROJECT, text), table[i].text != NULL);
        assert_string_equal(text, table[i].text != NULL ? table[i].text : "");
    }
}

static void numbers_are_of_one_to_eight_octets(void **state)
{
    (void)state;
    static const uint8_t value[] = {8, 7, 6, 5, 4, 3, 2, 1, 0};
    struct nvgpu_report r = {.block_count = 1};
    uint64_t number;
    for (size_t len = 0; len <= sizeof value; len++) {
        r.fields[NVGPU_FEATURE_FLAG] = bytes_of(value, len);
        assert_int_equal(nvgpu_report_number(&r, NVGPU_FEATURE_FLAG, &number), len >= 1 && len <= 8);
        if (len == 8)
            assert_true(number == 0x0102030405060708);
    }
}

/* Beside what was wanted, when it is not too long for any. */
static void what_was_measured_is_shown(void **state)
{
    (void)state;
    static const uint8_t zeros[RIM_VALUE_MAX + 1];
    static struct device device;
    static const struct {
        enum nvgpu_part part;
        size_t row, size;
        const char *saw, *others;
    } table[] = {
        {PART_DRIVER, 23, RIM_VALUE_MAX, "GPU 1: measurement 23 is " HEX_ZEROS, ""},
        {PART_DRIVER, 23, RIM_VALUE_MAX + 1, "GPU 1: measurement 23 is of 65 bytes", ""},
        {PART_VBIOS, 9, 1, "GPU 1: measurement 9 is 00", ", or another of several"},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        struct context c = {.gpu_count = 1, .devices = &device};
        struct rim *rim;
        struct err_note note = {{0}};
        char value[ENCODING_HEX_SIZE(SIMULATED_RIM_VALUE_SIZE)];
        scene(SIMULATED_HOPPER);
        const struct simulated_rim_row *rows = s.g->rims[table[i].part].rows;
        assert_ok(rim_parse(s.rims[table[i].part].document, &rim, &note));
        device.rim[table[i].part] = rim;
        for (size_t k = 0; k < SIMULATED_RIM_ROWS_MAX; k++)
            device.report.measurements[k] = bytes_of(rows[k].values[0], SIMULATED_RIM_VALUE_SIZE);
        assert_true(nvgpu_golden(&c, table[i].part));
        device.report.measurements[table[i].row] = bytes_of(zeros, table[i].size);
        assert_false(nvgpu_golden(&c, table[i].part));
        assert_string_equal(c.answer.saw, table[i].saw);
        encoding_hex(bytes_of(rows[table[i].row].values[0], SIMULATED_RIM_VALUE_SIZE), value);
        assert_memory_equal(c.answer.wanted, value, strlen(value));
        assert_string_equal(c.answer.wanted + strlen(value), table[i].others);
        rim_free(rim);
    }
}

/* ---- chains ---- */

static void a_chain_is_at_most_so_long(void **state)
{
    (void)state;
    static struct nv_chain c;
    struct err_note note = {{0}};
    scene(SIMULATED_HOPPER);
    const struct bytes one = bytes_of(s.g->device_der[0].der, s.g->device_der[0].len);
    for (size_t i = 0; i < NV_CHAIN_MAX; i++)
        assert_ok(nv_chain_add(&c, one, &note));
    assert_err(nv_chain_add(&c, one, &note), ERR_TOO_LARGE);
    assert_string_equal(note.text, "more than 6 certificates");
    nv_chain_release(&c);
    assert_err(nv_chain_add(&c, (struct bytes){0}, &note), ERR_TOO_LARGE);
    assert_err(nv_chain_add(&c, bytes_of(one.ptr, one.len - 1), &note), ERR_CERTIFICATE);
    assert_err(nv_chain_read(&c, (struct bytes){0}, &note),
               ERR_OK); /* none: whoever needs some counts them */
    assert_int_equal(c.count, 0);
    bool simulated;
    assert_err(nv_chain_check_root(&c, &anchors_nvidia_device, one, &simulated, &note), ERR_REFUSED);
    assert_err(nv_chain_check_links(&c, &note), ERR_CERTIFICATE);
    nv_chain_release(&c);
}

static void a_certificate_on_another_curve_is_refused(void **state)
{
    (void)state;
    static struct nv_chain c;
    struct crypto_private_key *p256;
    struct simulated_nv_der der;
    struct err_note note = {{0}};
    scene(SIMULATED_HOPPER);
    assert_ok(crypto_private_key_new(CRYPTO_KEY_P256, 0, &p256));
    s.g->device[0].key = p256;
    assert_ok(simulated_nv_certificate_sign(&s.g->device[0], &der));
    assert_err(nv_chain_add(&c, bytes_of(der.der, der.len), &note), ERR_KEY);
    assert_string_equal(note.text, "certificate 1: the public key is not one on P-384");
    crypto_private_key_free(p256);
}

/* RFC 5280 section 4.2.1.12: a critical extension says for what a certificate is, and nothing else. */
static void a_certificate_for_a_purpose_that_is_not_known_is_refused(void **state)
{
    (void)state;
    struct simulated_nv_der der;
    struct x509 cert;
    struct err_note note = {{0}};
    scene(SIMULATED_HOPPER);
    s.g->device[0].ocsp_signing = true;
    assert_ok(simulated_nv_certificate_sign(&s.g->device[0], &der));
    assert_ok(x509_parse(bytes_of(der.der, der.len), &cert, &note));
    assert_true(cert.has_extended_usage && cert.ocsp_signing);
    uint8_t *purpose = memmem(der.der, der.len, "\x2b\x06\x01\x05\x05\x07\x03\x09", 8);
    assert_non_null(purpose);
    purpose[7] = 1;
    assert_err(x509_parse(bytes_of(der.der, der.len), &cert, &note), ERR_UNKNOWN);
}

/* What a note says of which certificate, and the limits of the chain. */
static void the_certificate_is_named_by_its_place(void **state)
{
    (void)state;
    static const char *const places[] = {"the leaf", "certificate 2", "certificate 3", "the root"};
    static struct nv_chain c;
    struct err_note note = {{0}};
    char wanted[80];
    scene(SIMULATED_HOPPER);
    for (size_t i = 0; i < test_count(places); i++) {
        const size_t one = i + 1 == test_count(places) ? SIMULATED_GPU_CHAIN - 1 : i;
        assert_ok(nv_chain_add(&c, bytes_of(s.g->device_der[one].der, s.g->device_der[one].len), &note));
    }
    for (size_t i = 0; i < test_count(places); i++) {
        const int64_t end = c.at[i].cert.not_after;
        c.at[i].cert.not_after = SYNTHETIC_NVGPU_NOW - 10;
        (void)snprintf(wanted, sizeof wanted, "%s has expired", places[i]);
        assert_err(nv_chain_check_validity(&c, SYNTHETIC_NVGPU_NOW, 9, &note), ERR_CERTIFICATE);
        assert_string_equal(note.text, wanted);
        assert_ok(nv_chain_check_validity(&c, SYNTHETIC_NVGPU_NOW, 10, &note));
        assert_ok(nv_chain_check_validity(&c, SYNTHETIC_NVGPU_NOW - 10, 0, &note));
        c.at[i].cert.not_after = end;
    }
    c.at[0].cert.algorithm = X509_ECDSA_SHA256;
    assert_err(nv_chain_check_links(&c, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the leaf is not signed with ECDSA and SHA-384");
    nv_chain_release(&c);
    for (size_t i = 1; i < 3; i++)
        assert_ok(nv_chain_add(&c, bytes_of(s.g->device_der[i].der, s.g->device_der[i].len), &note));
    assert_err(nv_chain_check_links(&c, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the leaf is a CA"); /* two are enough to be looked at */
    nv_chain_release(&c);
}

static void a_list_of_certificates_is_read_to_its_end(void **state)
{
    (void)state;
    static const uint8_t large[NV_DER_MAX + 1] = {0x30};
    static char text[2 * NV_DER_MAX];
    static struct nv_chain c;
    struct err_note note = {{0}};
    assert_err(nv_chain_add(&c, bytes_of(large, sizeof large), &note), ERR_TOO_LARGE);
    assert_err(nv_chain_add(&c, bytes_of(large, sizeof large - 1), &note), ERR_CERTIFICATE);
    /* In PEM and DER, what is no certificate, behind nothing at all. */
    assert_err(
        nv_chain_read(&c, bytes_str("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), &note),
        ERR_CERTIFICATE);
    assert_err(nv_chain_read(&c, bytes_of("\x30\x00", 2), &note), ERR_CERTIFICATE);
    assert_err(nv_chain_read(&c, bytes_of("\x30\x01", 2), &note), ERR_CERTIFICATE);
    assert_err(nv_chain_read(&c, bytes_str("x"), &note), ERR_TRUNCATED);
    assert_int_equal(c.count, 0);
    /* Blanks of each kind may stand behind the last. */
    scene(SIMULATED_HOPPER);
    for (const char *blank = "\n\r "; *blank != '\0'; blank++) {
        const size_t len = s.g->pem_len;
        assert_true(len + 2 < sizeof text);
        memcpy(text, s.g->pem, len);
        text[len] = *blank;
        text[len + 1] = '\0';
        assert_ok(nv_chain_read(&c, bytes_of(text, len + 2), &note));
        assert_int_equal(c.count, SIMULATED_GPU_CHAIN);
        nv_chain_release(&c);
        text[len + 1] = 'x';
        assert_err(nv_chain_read(&c, bytes_of(text, len + 2), &note), ERR_TRUNCATED);
        nv_chain_release(&c);
    }
}

static struct x509 leaf_with(struct der_extension x)
{
    struct x509 leaf = {.extension_count = 1};
    leaf.extensions[0] = x;
    return leaf;
}

static const uint8_t composite_oid[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x01};
static const uint8_t tcb_info_oid[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x01, 0x01};

static void fwid_put(struct writer *w, size_t size, bool sha256, bool tail)
{
    static const uint8_t oid[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
    uint8_t digest[64];
    uint8_t name[sizeof oid];
    memcpy(name, oid, sizeof oid);
    name[8] = sha256 ? 1 : 2;
    memset(digest, 0x5a, sizeof digest);
    size_t seq = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, bytes_of(name, sizeof name));
    der_put(w, DER_OCTET_STRING, bytes_of(digest, size));
    if (tail)
        der_put(w, DER_NULL, bytes_of(digest, 0));
    der_end(w, seq);
}

/* A DiceTcbInfo out of members, each by its tag; 6 holds the digest, 7 flags. */
static void the_firmware_is_named_in_the_forms_of_the_tcg(void **state)
{
    (void)state;
    enum { FWIDS = 0xa6, FLAGS = 0x87 };
    static const struct {
        uint8_t tags[6];
        size_t digest_size;
        bool sha256;
        bool good;
        uint32_t flags;
        const char *bits; /* of the flags, with their length; NULL: one octet, in which flag 3 is set */
        size_t bits_len;
        enum { ALONE, TAIL, ANOTHER, ANOTHER_SHA256, SOMETHING_ELSE } more; /* in the FWID, or behind it */
    } table[] = {
        {{FWIDS}, 48, false, true, 0, NULL, 0, ALONE},
        {{0x80, 0x81, 0x83, FWIDS, FLAGS, 0x88}, 48, false, true, 1 << 3, NULL, 0, ALONE},
        {{FWIDS, FLAGS, 0x89, 0x8a, 0xab}, 48, false, true, 1 << 3, NULL, 0, ALONE},
        {{FWIDS, 0x8c}, 48, false, false, 0, NULL, 0, ALONE},  /* a member that is not known */
        {{FWIDS, 0x80}, 48, false, false, 0, NULL, 0, ALONE},  /* not in their order */
        {{FWIDS, FWIDS}, 48, false, false, 0, NULL, 0, ALONE}, /* twice */
        {{0x80, FLAGS}, 48, false, false, 0, NULL, 0, ALONE},  /* no firmware */
        {{FWIDS, 0x30}, 48, false, false, 0, NULL, 0, ALONE},  /* of another class */
        {{FWIDS}, 32, false, false, 0, NULL, 0, ALONE},
        {{FWIDS}, 48, true, false, 0, NULL, 0, ALONE},
        {.tags = {FWIDS}, .digest_size = 48, .more = TAIL},
        {{FWIDS, FLAGS}, 48, false, true, 1 << 15 | 1 << 0, "\x00\x80\x01", 3, ALONE},
        {{FWIDS, FLAGS}, 48, false, true, 1 << 0, "\x07\x80", 2, ALONE},
        {{FWIDS, FLAGS}, 48, false, true, 0, "\x00", 1, ALONE},
        {{FWIDS, FLAGS}, 48, false, false, 0, "\x08\x80", 2, ALONE},
        {{FWIDS, FLAGS}, 48, false, false, 0, "", 0, ALONE},
        {{FWIDS, FLAGS}, 48, false, true, 1 << 15 | 1 << 0, "\x00\x80\x01\x00", 4, ALONE},
        {{FWIDS, FLAGS},
         48,
         false,
         true,
         1U << 31 | 1 << 0,
         "\x00\x80\x00\x00\x01",
         5,
         ALONE}, /* Blackwell's */
        {{FWIDS, FLAGS}, 48, false, false, 0, "\x00\x80\x00\x00\x01\x00", 6, ALONE},
        {.tags = {FWIDS}, .digest_size = 48, .good = true, .more = ANOTHER},
        {.tags = {FWIDS}, .digest_size = 48, .good = true, .more = ANOTHER_SHA256},
        {.tags = {FWIDS}, .digest_size = 48, .more = SOMETHING_ELSE},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        uint8_t buffer[512];
        struct nv_fwid fwid;
        struct err_note note = {{0}};
        struct writer w = writer_into(buffer, sizeof buffer);
        size_t seq = der_begin(&w, DER_SEQUENCE);
        for (size_t k = 0; k < 6 && table[i].tags[k] != 0; k++) {
            size_t member = der_begin(&w, table[i].tags[k]);
            if (table[i].tags[k] == FWIDS) {
                fwid_put(&w, table[i].digest_size, table[i].sha256, table[i].more == TAIL);
                if (table[i].more == ANOTHER || table[i].more == ANOTHER_SHA256)
                    fwid_put(&w, table[i].more == ANOTHER ? 48 : 32, table[i].more != ANOTHER, false);
                else if (table[i].more == SOMETHING_ELSE)
                    der_put(&w, DER_NULL, bytes_of(buffer, 0));
            } else if (table[i].tags[k] == FLAGS) {
                writer_bytes(&w, table[i].bits == NULL ? bytes_of("\x04\x10", 2)
                                                       : bytes_of(table[i].bits, table[i].bits_len));
            }
            der_end(&w, member);
        }
        der_end(&w, seq);
        const struct der_extension x = {.oid = bytes_of(tcb_info_oid, sizeof tcb_info_oid),
                                        .value = bytes_of(buffer, w.used)};
        const struct x509 leaf = leaf_with(x);
        assert_err(nv_fwid_read(&leaf, &fwid, &note), table[i].good ? ERR_OK : ERR_CERTIFICATE);
        assert_int_equal(fwid.found, table[i].good);
        assert_int_equal(fwid.flags, table[i].flags);
        /* The same under Hopper's name: what is not a composite identity is a DiceTcbInfo. */
        const struct der_extension y = {.oid = bytes_of(composite_oid, sizeof composite_oid),
                                        .value = x.value};
        struct x509 other = leaf_with(y);
        assert_err(nv_fwid_read(&other, &fwid, &note), table[i].good ? ERR_OK : ERR_CERTIFICATE);
        /* Both, which must not contradict each other. */
        other.extensions[other.extension_count++] = x;
        assert_err(nv_fwid_read(&other, &fwid, &note), table[i].good ? ERR_OK : ERR_CERTIFICATE);
        if (table[i].good) {
            uint8_t changed[512];
            memcpy(changed, buffer, w.used);
            memset(memmem(changed, w.used, "\x5a\x5a", 2), 0, 1);
            other.extensions[1].value.ptr = changed;
            assert_err(nv_fwid_read(&other, &fwid, &note), ERR_CERTIFICATE);
            assert_string_equal(note.text, "the leaf names two firmwares");
            assert_false(fwid.found);
        }
    }
}

/* ---- OCSP ---- */

static void a_response_is_taken_apart(void **state)
{
    (void)state;
    struct ocsp_response r;
    struct ocsp_answer answer;
    struct x509 certs[3];
    scene(SIMULATED_HOPPER);
    for (size_t i = 0; i < 3; i++)
        assert_ok(x509_parse(bytes_of(s.g->device_der[i].der, s.g->device_der[i].len), &certs[i], NULL));
    s.g->ocsp[0].status = SIMULATED_OCSP_REVOKED;
    s.g->ocsp[0].reason = 1;
    s.g->ocsp[0].nonce = bytes_str("nonce");
    s.g->ocsp[0].certificate = certs[1].der;
    s.g->ocsp[0].issuer = certs[2].der;
    size_t len;
    assert_ok(simulated_ocsp_sign(&s.g->ocsp[0], s.g->ocsp_der[0], sizeof s.g->ocsp_der[0], &len));
    assert_ok(ocsp_parse(bytes_of(s.g->ocsp_der[0], len), &r, NULL));
    assert_true(bytes_is_str(r.nonce, "nonce"));
    assert_int_equal(r.produced_at, SYNTHETIC_NVGPU_NOW);
    assert_true(ocsp_answers(&r, &certs[1], &certs[2], &answer));
    assert_int_equal(answer.status, OCSP_REVOKED);
    assert_int_equal(answer.reason, 1);
    assert_int_equal(answer.this_update, SYNTHETIC_NVGPU_NOW);
    assert_true(answer.has_next_update);
    assert_false(ocsp_answers(&r, &certs[0], &certs[2], &answer)); /* another serial number */
    assert_false(ocsp_answers(&r, &certs[1], &certs[1], &answer)); /* another issuer */
    struct x509 issuer = certs[2];
    issuer.subject = certs[1].subject; /* by name alone */
    assert_false(ocsp_answers(&r, &certs[1], &issuer, &answer));
    issuer = certs[2];
    issuer.spki = certs[1].spki; /* by key alone */
    assert_false(ocsp_answers(&r, &certs[1], &issuer, &answer));
    for (size_t cut = 0; cut < len; cut++)
        assert_err(ocsp_parse(bytes_of(s.g->ocsp_der[0], cut), &r, NULL), ERR_CERTIFICATE);
    s.g->ocsp[0].error = 6;
    assert_ok(simulated_ocsp_sign(&s.g->ocsp[0], s.g->ocsp_der[0], sizeof s.g->ocsp_der[0], &len));
    assert_err(ocsp_parse(bytes_of(s.g->ocsp_der[0], len), &r, NULL), ERR_REFUSED);
    assert_err(ocsp_parse(bytes_of(s.g->ocsp_der[0], OCSP_SIZE_MAX + 1), &r, NULL), ERR_TOO_LARGE);
}

static struct simulated_nv_certificate responder_named(const char *name)
{
    const struct simulated_nv_certificate *issuer = &s.g->device[2];
    return (struct simulated_nv_certificate){.issuer_cn = issuer->subject_cn,
                                             .subject_cn = name,
                                             .serial = 77,
                                             .not_before = SYNTHETIC_NVGPU_NOW - 10,
                                             .not_after = SYNTHETIC_NVGPU_NOW + 10,
                                             .path_length = SIMULATED_NV_NO_LIMIT,
                                             .key_usage = X509_USAGE_DIGITAL_SIGNATURE,
                                             .ocsp_signing = true,
                                             .key = s.other,
                                             .signer = issuer->key};
}

/* The certificates in a response are signed by themselves alone: somebody can put in those of another responder who has the same key. */
static void a_responder_is_the_one_that_is_named(void **state)
{
    (void)state;
    static uint8_t response[SIMULATED_OCSP_MAX];
    struct simulated_nv_der named;
    struct simulated_nv_der other;
    struct ocsp_response r;
    struct x509 issuer;
    struct crypto_public_key *key;
    struct err_note note = {{0}};
    size_t len;
    scene(SIMULATED_HOPPER);
    assert_ok(x509_parse(bytes_of(s.g->device_der[2].der, s.g->device_der[2].len), &issuer, &note));
    assert_ok(crypto_public_key_from_spki(issuer.spki, &key));
    struct simulated_nv_certificate one = responder_named("Simulated responder 1");
    struct simulated_nv_certificate two = responder_named("Simulated responder 2");
    assert_ok(simulated_nv_certificate_sign(&one, &named));
    do /* signatures differ in length */
        assert_ok(simulated_nv_certificate_sign(&two, &other));
    while (other.len != named.len);
    s.g->ocsp[0].certificate = bytes_of(s.g->device_der[1].der, s.g->device_der[1].len);
    s.g->ocsp[0].issuer = issuer.der;
    s.g->ocsp[0].responder = bytes_of(named.der, named.len);
    s.g->ocsp[0].signer = s.other;
    assert_ok(simulated_ocsp_sign(&s.g->ocsp[0], response, sizeof response, &len));
    assert_ok(ocsp_parse(bytes_of(response, len), &r, &note));
    assert_ok(ocsp_verify(&r, &issuer, key, SYNTHETIC_NVGPU_NOW, &note));
    uint8_t *at = memmem(response, len, named.der, named.len);
    assert_non_null(at);
    memcpy(at, other.der, other.len);
    assert_err(ocsp_verify(&r, &issuer, key, SYNTHETIC_NVGPU_NOW, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the response is of another responder");

    one.signer = s.other;
    do
        assert_ok(simulated_nv_certificate_sign(&one, &other));
    while (other.len != named.len);
    memcpy(at, other.der, other.len);
    assert_err(ocsp_verify(&r, &issuer, key, SYNTHETIC_NVGPU_NOW, &note), ERR_SIGNATURE);
    assert_string_equal(note.text, "the responder was not appointed by the issuer");
    crypto_public_key_free(key);
}

/* ---- names ---- */

static enum err names_of_gpu(char rims[NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE], struct nvgpu_certificate_ids *ids)
{
    struct err_note note = {{0}};
    synthetic_nvgpu_build(&s);
    return nvgpu_names_of_gpu(s.gpus[0].report, s.gpus[0].certificates, rims, ids, &note);
}

static void serial_is(const struct nvgpu_certificate_ids *ids, size_t i, uint64_t number)
{
    const uint8_t octets[] = {(uint8_t)(number >> 8), (uint8_t)number};
    const size_t zeros = number < 256 ? 1 : 0;
    assert_true(bytes_equal(bytes_of(ids->at[i].serial, ids->at[i].serial_len),
                            bytes_of(octets + zeros, sizeof octets - zeros)));
}

static void what_has_to_come_with_a_gpu_is_named(void **state)
{
    (void)state;
    static struct nvgpu_certificate_ids ids;
    char rims[NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE];
    struct err_note note = {{0}};
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    s.g->device[1].serial = 0x80; /* written with a zero before it */
    s.g->device[3].serial = 0;
    assert_ok(names_of_gpu(rims, &ids));
    assert_string_equal(rims[0], "NV_GPU_DRIVER_GH100_580.95.05");
    assert_string_equal(rims[1], "NV_GPU_VBIOS_1010_0200_882_96009F0001");
    assert_int_equal(ids.count, SIMULATED_GPU_CHAIN - 2);
    serial_is(&ids, 0, 0x80);
    serial_is(&ids, 1, s.g->device[2].serial);
    serial_is(&ids, 2, 0);
    /* With the issuer of each, by the hashes that a response has too. */
    for (size_t i = 0; i < ids.count; i++) {
        const struct bytes *issuer =
            &(const struct bytes){s.g->device_der[i + 2].der, s.g->device_der[i + 2].len};
        uint8_t digest[CRYPTO_SHA256_SIZE];
        struct x509 cert;
        assert_ok(x509_parse(*issuer, &cert, &note));
        assert_ok(crypto_hash_parts(CRYPTO_SHA256, &cert.subject, 1, digest));
        assert_memory_equal(ids.at[i].name_digest, digest, sizeof digest);
        assert_memory_not_equal(ids.at[i].key_digest, digest, sizeof digest);
    }
    /* A key that is no BIT STRING has no hash. */
    struct x509 odd;
    struct nvgpu_certificate_id id;
    struct ocsp_certificate_id said;
    uint8_t room[OCSP_ID_ROOM];
    assert_ok(x509_parse(bytes_of(s.g->device_der[1].der, s.g->device_der[1].len), &odd, &note));
    assert_err(ocsp_certificate_id_of(CRYPTO_SHA512, &odd, &odd, room, &said), ERR_VALUE);
    assert_err(ocsp_certificate_id_of(CRYPTO_BLAKE2S, &odd, &odd, room, &said), ERR_VALUE);
    odd.spki = bytes_str("x");
    assert_err(nvgpu_certificate_id_of(&odd, &odd, &id), ERR_CERTIFICATE);
    assert_int_equal(id.serial_len, 0);
    assert_ok(nvgpu_names_of_rim(s.rims[0].document, &ids, &note));
    assert_int_equal(ids.count, SIMULATED_RIM_CHAIN - 1);
    for (size_t i = 0; i < ids.count; i++)
        serial_is(&ids, i, s.g->signer[i].serial);
    assert_err(nvgpu_names_of_rim(bytes_str("<a/>"), &ids, &note), ERR_UNKNOWN);
    assert_int_equal(ids.count, 0);

    static const uint16_t needed[] = {NVGPU_DRIVER_VERSION, NVGPU_VBIOS_VERSION, NVGPU_PROJECT,
                                      NVGPU_PROJECT_SKU, NVGPU_CHIP_SKU};
    for (size_t i = 0; i < test_count(needed); i++) {
        synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
        simulated_gpu_field_find(&s.g->report, needed[i])->type = 200;
        assert_err(names_of_gpu(rims, &ids), ERR_UNKNOWN);
        assert_int_equal(ids.count, 0);
    }
    scene(SIMULATED_HOPPER);
    assert_err(
        nvgpu_names_of_gpu(bytes_of(s.gpus[0].report.ptr, 64), s.gpus[0].certificates, rims, &ids, &note),
        ERR_TRUNCATED);
    assert_err(nvgpu_names_of_gpu(s.gpus[0].report, bytes_str("x"), rims, &ids, &note), ERR_TRUNCATED);
    assert_err(nvgpu_names_of_gpu(s.gpus[0].report, bytes_of(NULL, 0), rims, &ids, &note), ERR_UNKNOWN);
    assert_string_equal(note.text, "the GPU's certificates are those of a chip that is not known");
    synthetic_nvgpu_init(&s, SIMULATED_BLACKWELL);
    assert_ok(names_of_gpu(rims, &ids));
    assert_string_equal(rims[0], "NV_GPU_CC_DRIVER_GB100_580.95.05");
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    s.g->device[0].subject_cn = "LS10 A01"; /* a chip whose reference values have no name here */
    assert_err(names_of_gpu(rims, &ids), ERR_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_taken_apart),
        cmocka_unit_test(a_report_cut_anywhere_is_refused),
        cmocka_unit_test(an_empty_measurement_is_refused),
        cmocka_unit_test(texts_are_printable_and_end_once),
        cmocka_unit_test(numbers_are_of_one_to_eight_octets),
        cmocka_unit_test(what_was_measured_is_shown),
        cmocka_unit_test(a_chain_is_at_most_so_long),
        cmocka_unit_test(the_certificate_is_named_by_its_place),
        cmocka_unit_test(a_list_of_certificates_is_read_to_its_end),
        cmocka_unit_test(a_certificate_on_another_curve_is_refused),
        cmocka_unit_test(a_certificate_for_a_purpose_that_is_not_known_is_refused),
        cmocka_unit_test(the_firmware_is_named_in_the_forms_of_the_tcg),
        cmocka_unit_test(a_response_is_taken_apart),
        cmocka_unit_test(a_responder_is_the_one_that_is_named),
        cmocka_unit_test(what_has_to_come_with_a_gpu_is_named),
    };
    return cmocka_run_group_tests(tests, synthetic_nvgpu_make, synthetic_nvgpu_drop);
}
