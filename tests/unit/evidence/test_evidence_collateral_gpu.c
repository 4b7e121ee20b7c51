/* SPDX-License-Identifier: Apache-2.0 */
/* Endorsements of GPUs: are they what was asked for, and until when? */
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "evidence/collateral_gpu.h"
#include "evidence/der_writer.h"
#include "unit/test.h"

enum { NOW = 1767225600 /* 2026-01-01 */, DAY = 24 * 3600, ROOM = 4096 };

static const struct collateral_subject subject;
static struct err_note note;

static enum err check(const struct collateral_key *key, struct bytes document, int64_t now, int64_t *expires)
{
    note.text[0] = '\0';
    return collateral_check(key, &subject, document, now, expires, &note);
}

/* ---- manifests ---- */

#define NVTRUST ENCLUME_SHARED "/evidence/nvidia/nvtrust/"

static const struct {
    const char *file;
    const char *id;
    const char *other;
} manifests[] = {
    {"Driver_RIM_test_no_gpu.swidtag", "NV_GPU_DRIVER_GH100_545.00", "NV_GPU_DRIVER_GH100_545.01"},
    {"1010_0200_882_96005E0001_PROD.swidtag", "NV_GPU_VBIOS_1010_0200_882_96005E0001",
     "NV_GPU_VBIOS_1010_0200_882_96005E0003"},
    {"g520_0228_889_96006D0029_PROD.swidtag", "NV_GPU_VBIOS_G520_0228_889_96006d0029", "96006D0029"},
};

static struct collateral_key rim_key(const char *id)
{
    struct collateral_key key = {.kind = COLLATERAL_RIM};
    memcpy(key.id, id, strlen(id));
    return key;
}

/* Real ones; what they are worth, the verifier says. */
static void a_real_manifest_is_known_by_its_version_and_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(manifests); i++) {
        char path[512];
        struct bytes file;
        int64_t expires;
        (void)snprintf(path, sizeof path, NVTRUST "%s", manifests[i].file);
        if (file_read(path, COLLATERAL_DOCUMENT_MAX, &file, &note) != ERR_OK) {
            print_message("skipped: there is no %s\n", path);
            skip();
        }
        struct collateral_key key = rim_key(manifests[i].id);
        assert_ok(check(&key, file, 1748736000 /* 2025-06-01 */, &expires));
        assert_true(expires > 1748736000 && expires < 1900000000);
        assert_err(check(&key, file, expires + 1, &expires), ERR_REFUSED);
        assert_string_equal(note.text, "it is out of date");
        key = rim_key(manifests[i].other);
        assert_err(check(&key, file, 1748736000, &expires), ERR_REFUSED);
        assert_non_null(strstr(note.text, "another version"));
        /* Cut anywhere before its last certificate ends, it is not one. */
        key = rim_key(manifests[i].id);
        for (size_t n = 0; n < file.len; n += 997)
            (void)!check(&key, bytes_of(file.ptr, n), 1748736000, &expires);
        secret_free(bytes_owned(file));
    }
}

static void a_manifest_that_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err wanted;
    } rows[] = {
        {"", ERR_VALUE},
        {"<SoftwareIdentity>", ERR_VALUE},
        {"colloquialVersion=\"1.2\"", ERR_VALUE},
        {"<SoftwareIdentity colloquialVersion=\"\"/>", ERR_VALUE},
        {"<SoftwareIdentity colloquialVersion=\"1.2", ERR_VALUE},
        {"<SoftwareIdentity colloquialVersion=\"1.3\"/>", ERR_REFUSED},
        {"<SoftwareIdentity colloquialVersion=\"2\"/>", ERR_REFUSED},
        {"<SoftwareIdentity colloquialVersion=\"GH100_1.2\"/>", ERR_VALUE}, /* that far it is right */
        {"<SoftwareIdentity colloquialVersion=\"XNV_GPU_DRIVER_GH100_1.2\"/>", ERR_REFUSED},
        {"<SoftwareIdentity colloquialVersion=\"1.2\"/>", ERR_VALUE}, /* no certificates */
        {"<SoftwareIdentity colloquialVersion=\"1.2\"/><X509Certificate>", ERR_VALUE},
        {"<SoftwareIdentity colloquialVersion=\"1.2\"/><X509Certificate>!</X509Certificate>", ERR_ENCODING},
        {"<SoftwareIdentity colloquialVersion=\"1.2\"/><X509Certificate>MAA=</X509Certificate>",
         ERR_CERTIFICATE},
        {"<SoftwareIdentity colloquialVersion=\"1.2\"/><X509Certificate></X509Certificate>", ERR_CERTIFICATE},
    };
    const struct collateral_key key = rim_key("NV_GPU_DRIVER_GH100_1.2");
    for (size_t i = 0; i < test_count(rows); i++) {
        int64_t expires;
        enum err e = check(&key, bytes_str(rows[i].text), NOW, &expires);
        if (e != rows[i].wanted)
            fail_msg("%s: %s (%s)", rows[i].text, err_name(e), note.text);
    }
}

/* A certificate, as far as it is read: up to its validity. */
static size_t put_certificate(char *to, size_t size, const char *not_after)
{
    uint8_t room[256];
    struct bytes written;
    struct writer w = writer_into(room, sizeof room);
    size_t certificate = der_begin(&w, DER_SEQUENCE);
    size_t tbs = der_begin(&w, DER_SEQUENCE);
    der_put(&w, DER_CONTEXT, bytes_str("\x02\x01\x02"));
    der_put_uint(&w, 1);
    der_put(&w, DER_SEQUENCE, (struct bytes){0});
    der_put(&w, DER_SEQUENCE, (struct bytes){0});
    size_t validity = der_begin(&w, DER_SEQUENCE);
    der_put(&w, DER_UTC_TIME, bytes_str("250101000000Z"));
    der_put(&w, strlen(not_after) == 13 ? DER_UTC_TIME : DER_GENERALIZED_TIME, bytes_str(not_after));
    der_end(&w, validity);
    der_end(&w, tbs);
    der_end(&w, certificate);
    assert_ok(writer_finish(&w, &written));
    char base64[ENCODING_BASE64_SIZE(sizeof room)];
    encoding_base64(written, base64);
    return (size_t)snprintf(to, size, "<X509Certificate>\n%.10s\r\n\t %s</X509Certificate>", base64,
                            base64 + 10);
}

static void the_certificate_that_ends_first_counts(void **state)
{
    (void)state;
    static char text[8192];
    static const char *const ends[] = {"270101000000Z", "20260105000000Z", "20530101000000Z"};
    const struct collateral_key key = rim_key("NV_GPU_VBIOS_1azA");
    int64_t expires;
    size_t len = (size_t)snprintf(text, sizeof text, "<SoftwareIdentity colloquialVersion=\"1.aZ.a\"/>");
    for (size_t i = 0; i < test_count(ends); i++)
        len += put_certificate(text + len, sizeof text - len, ends[i]);
    assert_ok(check(&key, bytes_of(text, len), NOW, &expires));
    assert_int_equal(expires, NOW + 4LL * DAY);
    assert_ok(check(&key, bytes_of(text, len), NOW + 4LL * DAY, &expires));
    for (size_t i = test_count(ends); i < 8; i++)
        len += put_certificate(text + len, sizeof text - len, ends[0]);
    assert_ok(check(&key, bytes_of(text, len), NOW, &expires));
    len += put_certificate(text + len, sizeof text - len, ends[0]);
    assert_err(check(&key, bytes_of(text, len), NOW, &expires), ERR_TOO_LARGE);
}

/* ---- OCSP ---- */

struct response {
    int status;
    int serial;
    uint8_t certificate_status; /* tag */
    const char *this_update;
    const char *next_update; /* NULL: none */
    int singles;
    bool other_type;
    bool version;
    bool extensions;
    bool certificates;
    bool trailing;
};

static const struct response good = {.serial = 5,
                                     .certificate_status = 0x80,
                                     .this_update = "20251231000000Z",
                                     .next_update = "20260108000000Z",
                                     .singles = 1};

static void put_generalized(struct writer *w, const char *text)
{
    der_put(w, DER_GENERALIZED_TIME, bytes_str(text));
}

static void put_single(struct writer *w, const struct response *r)
{
    static const uint8_t hash[20];
    size_t single = der_begin(w, DER_SEQUENCE);
    size_t id = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_SEQUENCE, bytes_str("\x06\x01\x2a"));
    der_put(w, DER_OCTET_STRING, bytes_of(hash, sizeof hash));
    der_put(w, DER_OCTET_STRING, bytes_of(hash, sizeof hash));
    der_put_uint(w, (uint64_t)r->serial);
    der_end(w, id);
    der_put(w, r->certificate_status, (struct bytes){0});
    put_generalized(w, r->this_update);
    if (r->next_update != NULL) {
        size_t next = der_begin(w, DER_CONTEXT);
        put_generalized(w, r->next_update);
        der_end(w, next);
    }
    if (r->extensions)
        der_put(w, DER_CONTEXT + 1, (struct bytes){0});
    der_end(w, single);
}

static struct bytes build(const struct response *r)
{
    static uint8_t room[ROOM];
    static const uint8_t basic[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
    static const uint8_t another[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};
    struct bytes written;
    struct writer w = writer_into(room, sizeof room);
    const uint8_t status = (uint8_t)r->status;
    size_t response = der_begin(&w, DER_SEQUENCE);
    der_put(&w, DER_ENUMERATED, bytes_of(&status, 1));
    size_t outer = der_begin(&w, DER_CONTEXT);
    size_t typed = der_begin(&w, DER_SEQUENCE);
    der_put(&w, DER_OID, r->other_type ? bytes_of(another, sizeof another) : bytes_of(basic, sizeof basic));
    size_t octets = der_begin(&w, DER_OCTET_STRING);
    size_t whole = der_begin(&w, DER_SEQUENCE);
    size_t data = der_begin(&w, DER_SEQUENCE);
    if (r->version)
        der_put(&w, DER_CONTEXT, bytes_str("\x02\x01\x01"));
    der_put(&w, DER_CONTEXT + 2, bytes_str("\x04\x01x"));
    put_generalized(&w, "20251231000001Z");
    size_t list = der_begin(&w, DER_SEQUENCE);
    for (int i = 0; i < r->singles; i++)
        put_single(&w, r);
    der_end(&w, list);
    if (r->extensions)
        der_put(&w, DER_CONTEXT + 1, (struct bytes){0});
    der_end(&w, data);
    der_put(&w, DER_SEQUENCE, bytes_str("\x06\x01\x2a"));
    der_put_bits(&w, bytes_str("signature"));
    if (r->certificates)
        der_put(&w, DER_CONTEXT, (struct bytes){0});
    der_end(&w, whole);
    der_end(&w, octets);
    der_end(&w, typed);
    der_end(&w, outer);
    der_end(&w, response);
    if (r->trailing)
        writer_u8(&w, 0);
    assert_ok(writer_finish(&w, &written));
    return written;
}

static const struct collateral_key five = {.kind = COLLATERAL_OCSP, .serial = {5}, .serial_len = 1};

static void an_ocsp_response_is_good_until_the_next(void **state)
{
    (void)state;
    int64_t expires;
    struct response r = good;
    assert_ok(check(&five, build(&r), NOW, &expires));
    assert_int_equal(expires, NOW + 7LL * DAY);
    assert_ok(check(&five, build(&r), NOW - DAY, &expires)); /* in its first second */
    r.version = r.extensions = r.certificates = true;
    assert_ok(check(&five, build(&r), NOW, &expires));
    r.certificate_status = 0xa1; /* revoked: the verifier is to see it */
    assert_ok(check(&five, build(&r), NOW, &expires));
    r.certificate_status = 0x82;
    assert_ok(check(&five, build(&r), NOW, &expires));
    assert_err(check(&five, build(&good), NOW + 8LL * DAY, &expires), ERR_REFUSED);
    assert_string_equal(note.text, "it is out of date");
}

static void assert_response_refused(struct response r, const char *words)
{
    int64_t expires;
    assert_int_not_equal(check(&five, build(&r), NOW, &expires), ERR_OK);
    if (strstr(note.text, words) == NULL)
        fail_msg("the note says: %s; wanted in it: %s", note.text, words);
}

static void an_ocsp_response_that_is_none_is_refused(void **state)
{
    (void)state;
    struct response r = good;
    r.serial = 6;
    assert_response_refused(r, "another certificate");
    r = good;
    r.status = 6;
    assert_response_refused(r, "did not answer");
    r = good;
    r.next_update = NULL;
    assert_response_refused(r, "until when");
    r = good;
    r.this_update = "20260102000000Z";
    assert_response_refused(r, "from the future");
    r = good;
    r.other_type = true;
    assert_response_refused(r, "not an OCSP response");
    r = good;
    r.trailing = true;
    assert_response_refused(r, "not an OCSP response");
    for (r = good, r.singles = 0; r.singles < 3; r.singles += 2)
        assert_response_refused(r, "not an OCSP response");
    r = good;
    r.certificate_status = 0x83;
    assert_response_refused(r, "not an OCSP response");
    static const char *const times[] = {
        "", "20260101", "2026-01-01 0000", "20261301000000Z", "19991231000000Z", "260108000000Z"};
    for (size_t i = 0; i < test_count(times); i++) {
        r = good;
        r.next_update = times[i];
        assert_response_refused(r, "not an OCSP response");
    }
    /* Cut short anywhere. */
    struct bytes whole = build(&good);
    for (size_t n = 0; n < whole.len; n++) {
        int64_t expires;
        assert_int_not_equal(check(&five, bytes_of(whole.ptr, n), NOW, &expires), ERR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_manifest_is_known_by_its_version_and_dates),
        cmocka_unit_test(a_manifest_that_is_none_is_refused),
        cmocka_unit_test(the_certificate_that_ends_first_counts),
        cmocka_unit_test(an_ocsp_response_is_good_until_the_next),
        cmocka_unit_test(an_ocsp_response_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
