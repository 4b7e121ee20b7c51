/* SPDX-License-Identifier: Apache-2.0 */
/* Collateral in the forms in which people have it, and the envelope of Intel's answers. */
#include <stdio.h>

#include "attest/collateral.h"
#include "attest/tcb_info.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

enum { TEXT_MAX = 32 * 1024 };

static struct synthetic_tdx_keys keys;
static struct synthetic_tdx tdx;

/* ---- the envelope ---- */

#define SIGNATURE                                                                                            \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"                                       \
    "202122232425262728292a2b2c2d2e2f303132333435363738393A3B3C3D3E3F"

static enum err parse(const char *text, struct intel_document *d)
{
    return intel_document_parse(bytes_str(text), "tcbInfo", d, NULL);
}

static void the_signed_octets_are_those_that_stand_there(void **state)
{
    (void)state;
    static const struct {
        const char *text, *body;
    } rows[] = {
        {"{\"tcbInfo\":{},\"signature\":\"" SIGNATURE "\"}", "{}"},
        {"{\"signature\":\"" SIGNATURE "\",\"tcbInfo\":{}}", "{}"},
        {" { \"tcbInfo\" : { \"a\" : 1 } ,\r\n\t\"signature\" : \"" SIGNATURE "\" } \n", "{ \"a\" : 1 }"},
        {"{\"tcbInfo\":{\"a\":\"}\",\"b\":\"\\\"}\\\\\",\"c\":{\"d\":[{}]}},\"signature\":\"" SIGNATURE "\"}",
         "{\"a\":\"}\",\"b\":\"\\\"}\\\\\",\"c\":{\"d\":[{}]}}"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct intel_document d;
        assert_ok(parse(rows[i].text, &d));
        assert_true(bytes_is_str(d.body, rows[i].body));
        for (unsigned n = 0; n < INTEL_SIGNATURE_SIZE; n++)
            assert_int_equal(d.signature[n], n);
    }
}

static void another_envelope_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"tcbInfo\":{}}",
        "{\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\":{},\"tcbInfo\":{}}",
        "{\"signature\":\"" SIGNATURE "\",\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\":{},\"signature\":\"" SIGNATURE "\",\"more\":1}",
        "{\"tcbInfo\":{},\"signature\":\"" SIGNATURE "\"}x",
        "{\"tcbInfo\":{},\"signature\":\"" SIGNATURE "\"",
        "{\"tcbInfo\":{},\"signature\":\"" SIGNATURE "00\"}",
        "{\"tcbInfo\":{},\"signature\":\"\"}",
        "{\"tcbInfo\":{},\"signature\":\"\\u0030\"}",
        "{\"tcbInfo\":[],\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\":\"{}\",\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\":},\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\":{{},\"signature\":\"" SIGNATURE "\"}",
        "{\"enclaveIdentity\":{},\"signature\":\"" SIGNATURE "\"}",
        "{\"x\":,\"signature\":\"" SIGNATURE "\"}",
        "[\"tcbInfo\":{},\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\";{},\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\":{};\"signature\":\"" SIGNATURE "\"}",
        "{'tcbInfo\":{},\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\":{},\"signature\":\"" SIGNATURE "\"]",
        "{\"tcbInfo\":{},\"signature\":\"" SIGNATURE,
        "{\"tcbInfo\":}{,\"signature\":\"" SIGNATURE "\"}",
        "{\"tcb\\u0049nfo\":{},\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\" {},\"signature\":\"" SIGNATURE "\"}",
        "{\"tcbInfo\":{} \"signature\":\"" SIGNATURE "\"}",
    };
    for (size_t i = 0; i < test_count(texts); i++) {
        struct intel_document d;
        if (parse(texts[i], &d) != ERR_JSON)
            fail_msg("taken: %s", texts[i]);
    }
}

static void the_note_says_where_the_envelope_ends_to_be_one(void **state)
{
    (void)state;
    struct intel_document d;
    struct err_note note;
    assert_err(intel_document_parse(bytes_str("{\"tcbInfo\":{}}"), "tcbInfo", &d, &note), ERR_JSON);
    assert_string_equal(note.text, "not an object of \"tcbInfo\" and \"signature\", at 0xe");
    assert_err(
        intel_document_parse(bytes_str("{\"tcbInfo\":{},\"signature\":\"00\"}  x"), "tcbInfo", &d, &note),
        ERR_JSON);
    assert_string_equal(note.text, "not an object of \"tcbInfo\" and \"signature\", at 0x21");
    assert_err(intel_document_parse(bytes_str("{\"tcbInfo\":{},\"signature\":\"00\"}"), "tcbInfo", &d, &note),
               ERR_JSON);
    assert_string_equal(note.text, "\"signature\" is not 128 hexadecimal digits");
}

static void a_document_that_is_too_large_is_refused(void **state)
{
    (void)state;
    static uint8_t text[INTEL_DOCUMENT_MAX + 1];
    struct intel_document d;
    memset(text, ' ', sizeof text);
    assert_err(intel_document_parse(bytes_of(text, sizeof text), "tcbInfo", &d, NULL), ERR_TOO_LARGE);
    assert_err(intel_document_parse(bytes_of(text, sizeof text - 1), "tcbInfo", &d, NULL), ERR_JSON);
}

static void dates_are_read_to_the_second(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},          {"2025-06-19T10:16:03Z", 1750328163},
        {"2024-02-29T23:59:59Z", 1709251199}, {"2100-03-01T00:00:00Z", 4107542400},
        {"2100-02-29T00:00:00Z", -1},         {"2025-13-01T00:00:00Z", -1},
        {"2025-00-01T00:00:00Z", -1},         {"2025-01-32T00:00:00Z", -1},
        {"2025-01-00T00:00:00Z", -1},         {"2025-01-01T24:00:00Z", -1},
        {"2025-01-01T00:60:00Z", -1},         {"2025-01-01T00:00:60Z", -1},
        {"2025-01-01 00:00:00Z", -1},         {"2025-01-01T00:00:00", -1},
        {"2025-01-01T00:00:00+00:00", -1},    {"1969-12-31T23:59:59Z", -1},
        {"202/-01-01T00:00:00Z", -1},         {"202:-01-01T00:00:00Z", -1},
        {"2025-0a-01T00:00:00Z", -1},         {"2025-1-01T00:00:00Z", -1},
        {"2025-01-01T00:00:00.5Z", -1},
    };
    strict_json_init();
    for (size_t i = 0; i < test_count(rows); i++) {
        int64_t seconds;
        json_t *object = json_pack("{s:s}", "d", rows[i].text);
        assert_err(intel_json_date(object, "d", &seconds, NULL), rows[i].seconds < 0 ? ERR_VALUE : ERR_OK);
        assert_int_equal(seconds, rows[i].seconds < 0 ? 0 : rows[i].seconds);
        json_decref(object);
    }
}

/* ---- files ---- */

static char text[TEXT_MAX];

static struct bytes answer(const char *member, const struct intel_document *d)
{
    char signature[ENCODING_HEX_SIZE(INTEL_SIGNATURE_SIZE)];
    encoding_hex(bytes_of(d->signature, sizeof d->signature), signature);
    int len = snprintf(text, sizeof text, "{\"%s\":%.*s,\"signature\":\"%s\"}", member, (int)d->body.len,
                       (const char *)d->body.ptr, signature);
    return bytes_of(text, (size_t)len);
}

/* Of a certificate of more than 255 octets. */
static size_t der_size(const uint8_t *der)
{
    assert_int_equal(der[1], 0x82);
    return ((size_t)der[2] << 8 | der[3]) + 4;
}

static struct bytes pem(const char *label, struct bytes first, struct bytes second)
{
    static char base64[ENCODING_BASE64_SIZE(SYNTHETIC_CRL_MAX)];
    const struct bytes all[] = {first, second};
    size_t used = 0;
    for (size_t i = 0; i < 2 && all[i].len != 0; i++) {
        encoding_base64(all[i], base64);
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "-----BEGIN %s-----\n%s\n-----END %s-----\n", label, base64, label);
    }
    return bytes_of(text, used);
}

static void expect_all(const struct tdx_collateral *c)
{
    const struct tdx_collateral *wanted = &tdx.collateral;
    assert_true(bytes_equal(c->tcb_info.body, wanted->tcb_info.body));
    assert_memory_equal(c->tcb_info.signature, wanted->tcb_info.signature, INTEL_SIGNATURE_SIZE);
    assert_true(bytes_equal(c->qe_identity.body, wanted->qe_identity.body));
    assert_memory_equal(c->qe_identity.signature, wanted->qe_identity.signature, INTEL_SIGNATURE_SIZE);
    assert_true(bytes_equal(c->tcb_info_issuer.signer, wanted->tcb_info_issuer.signer));
    assert_true(bytes_equal(c->tcb_info_issuer.root, wanted->tcb_info_issuer.root));
    assert_true(bytes_equal(c->qe_identity_issuer.root, wanted->qe_identity_issuer.root));
    assert_true(bytes_equal(c->root_crl, wanted->root_crl));
    assert_true(bytes_equal(c->pck_crl, wanted->pck_crl));
}

static void the_answers_of_the_service_are_recognised(void **state)
{
    (void)state;
    struct collateral c;
    const struct tdx_collateral *t = &tdx.collateral;
    collateral_init(&c);
    assert_ok(collateral_add(&c, answer("tcbInfo", &t->tcb_info), NULL));
    assert_ok(collateral_add(&c, answer("enclaveIdentity", &t->qe_identity), NULL));
    assert_ok(
        collateral_add(&c, pem("CERTIFICATE", t->tcb_info_issuer.signer, t->tcb_info_issuer.root), NULL));
    assert_ok(collateral_add(&c, t->root_crl, NULL));
    assert_ok(collateral_add(&c, pem("X509 CRL", t->pck_crl, (struct bytes){0}), NULL));
    expect_all(&c.tdx);
    /* None of them a second time. */
    assert_err(collateral_add(&c, answer("tcbInfo", &t->tcb_info), NULL), ERR_VALUE);
    assert_err(collateral_add(&c, answer("enclaveIdentity", &t->qe_identity), NULL), ERR_VALUE);
    assert_err(collateral_add(&c, t->root_crl, NULL), ERR_VALUE);
    assert_err(collateral_add(&c, t->pck_crl, NULL), ERR_VALUE);
    expect_all(&c.tdx);
    collateral_release(&c);
}

/* Intel's service gives a chain with each answer. */
static void chains_come_with_each_answer(void **state)
{
    (void)state;
    enum { LEAF, PLATFORM_CA };
    struct collateral c;
    struct err_note note = {{0}};
    const struct tdx_issuer *issuer = &tdx.collateral.tcb_info_issuer;
    const struct bytes leaf = bytes_of(tdx.certs[LEAF], der_size(tdx.certs[LEAF]));
    const struct bytes ca = bytes_of(tdx.certs[PLATFORM_CA], der_size(tdx.certs[PLATFORM_CA]));
    collateral_init(&c);
    /* Those of the PCK and of its list say nothing about the documents, and are taken and left. */
    assert_ok(collateral_add(&c, pem("CERTIFICATE", ca, issuer->root), NULL));
    assert_ok(collateral_add(&c, pem("CERTIFICATE", leaf, ca), NULL));
    assert_int_equal(c.tdx.tcb_info_issuer.signer.len + c.tdx.qe_identity_issuer.signer.len, 0);
    /* The root may stand first. */
    assert_ok(collateral_add(&c, pem("CERTIFICATE", issuer->root, issuer->signer), NULL));
    for (int i = 0; i < 2; i++) {
        assert_true(bytes_equal(c.tdx.tcb_info_issuer.signer, issuer->signer));
        assert_true(bytes_equal(c.tdx.tcb_info_issuer.root, issuer->root));
        assert_true(bytes_equal(c.tdx.qe_identity_issuer.signer, issuer->signer));
        assert_ok(collateral_add(&c, pem("CERTIFICATE", issuer->signer, issuer->root), NULL)); /* again */
    }
    assert_err(collateral_add(&c, pem("CERTIFICATE", issuer->root, issuer->root), &note), ERR_VALUE);
    assert_string_equal(note.text, "a second issuer chain, another one: whose it is, only one document with "
                                   "everything can say");
    assert_err(collateral_add(&c, pem("CERTIFICATE", issuer->signer, ca), NULL), ERR_VALUE);
    assert_err(collateral_add(&c, pem("CERTIFICATE", leaf, (struct bytes){0}), NULL), ERR_TRUNCATED);
    collateral_release(&c);
}

static void pem_may_have_text_around_it_and_hold_lists(void **state)
{
    (void)state;
    static char all[TEXT_MAX];
    struct collateral c;
    const struct tdx_collateral *t = &tdx.collateral;
    size_t used = (size_t)snprintf(all, sizeof all, "subject: {x}\n");
    struct bytes part = pem("X509 CRL", t->pck_crl, t->root_crl);
    used += (size_t)snprintf(all + used, sizeof all - used, "%.*slists\n", (int)part.len, part.ptr);
    part = pem("CERTIFICATE", t->tcb_info_issuer.signer, t->tcb_info_issuer.root);
    (void)snprintf(all + used, sizeof all - used, "%.*schain\n", (int)part.len, part.ptr);
    collateral_init(&c);
    assert_ok(collateral_add(&c, bytes_str(all), NULL));
    assert_true(bytes_equal(c.tdx.root_crl, t->root_crl) && bytes_equal(c.tdx.pck_crl, t->pck_crl));
    assert_true(bytes_equal(c.tdx.tcb_info_issuer.signer, t->tcb_info_issuer.signer));
    collateral_release(&c);
    collateral_init(&c);
    assert_err(collateral_add(&c, bytes_str("-----BEGIN X509 CRL-----\n!"), NULL), ERR_ENCODING);
    assert_err(collateral_add(&c, bytes_str("x -----BEGIN X509 CRL-----\n"), NULL), ERR_TRUNCATED);
    assert_err(collateral_add(&c, pem("X509 CRL", t->tcb_info_issuer.signer, t->pck_crl), NULL),
               ERR_CERTIFICATE);
    collateral_release(&c);
}

static json_t *hex(struct bytes value)
{
    static char digits[ENCODING_HEX_SIZE(SYNTHETIC_CRL_MAX)];
    encoding_hex(value, digits);
    return json_string(digits);
}

static json_t *bundled(void)
{
    const struct tdx_collateral *t = &tdx.collateral;
    json_t *doc = json_object();
    (void)json_object_set_new(doc, "tcb_info",
                              json_stringn((const char *)t->tcb_info.body.ptr, t->tcb_info.body.len));
    (void)json_object_set_new(doc, "qe_identity",
                              json_stringn((const char *)t->qe_identity.body.ptr, t->qe_identity.body.len));
    (void)json_object_set_new(doc, "tcb_info_signature", hex(bytes_of(t->tcb_info.signature, 64)));
    (void)json_object_set_new(doc, "qe_identity_signature", hex(bytes_of(t->qe_identity.signature, 64)));
    (void)json_object_set_new(doc, "root_ca_crl", hex(t->root_crl));
    (void)json_object_set_new(doc, "pck_crl", hex(t->pck_crl));
    struct bytes chain = pem("CERTIFICATE", t->tcb_info_issuer.signer, t->tcb_info_issuer.root);
    (void)json_object_set_new(doc, "tcb_info_issuer_chain", json_stringn((const char *)chain.ptr, chain.len));
    chain = pem("CERTIFICATE", t->qe_identity_issuer.signer, t->qe_identity_issuer.root);
    (void)json_object_set_new(doc, "qe_identity_issuer_chain",
                              json_stringn((const char *)chain.ptr, chain.len));
    return doc;
}

/* Takes doc over. */
static enum err add_json(struct collateral *c, json_t *doc)
{
    char *dumped = json_dumps(doc, 0);
    enum err e = collateral_add(c, bytes_str(dumped), NULL);
    secret_free(dumped);
    json_decref(doc);
    return e;
}

static void one_document_with_everything_is_recognised(void **state)
{
    (void)state;
    struct collateral c;
    strict_json_init();
    collateral_init(&c);
    assert_ok(add_json(&c, bundled()));
    expect_all(&c.tdx);
    assert_true(bytes_equal(c.tdx.qe_identity_issuer.signer, tdx.collateral.qe_identity_issuer.signer));
    assert_err(add_json(&c, bundled()), ERR_VALUE);
    collateral_release(&c);
}

static void lists_are_taken_in_each_form(void **state)
{
    (void)state;
    static char digits[ENCODING_HEX_SIZE(SYNTHETIC_CRL_MAX) + 2];
    const struct tdx_collateral *t = &tdx.collateral;
    struct collateral c;
    strict_json_init();
    for (int upper = 0; upper < 2; upper++) { /* as a file */
        collateral_init(&c);
        encoding_hex(t->pck_crl, digits);
        memcpy(digits + 2 * t->pck_crl.len, "\r\n", 3);
        for (char *at = digits; upper == 1 && *at != '\0'; at++)
            *at = (char)(*at >= 'a' && *at <= 'f' ? *at - 'a' + 'A' : *at);
        assert_ok(collateral_add(&c, bytes_str(digits), NULL));
        assert_true(bytes_equal(c.tdx.pck_crl, t->pck_crl));
        assert_int_equal(c.tdx.root_crl.len, 0);
        collateral_release(&c);
    }
    static const char *const wrong[] = {"30", "3", "30\n0", "308", "30xx"};
    for (size_t i = 0; i < test_count(wrong); i++) {
        collateral_init(&c);
        if (collateral_add(&c, bytes_str(wrong[i]), NULL) == ERR_OK)
            fail_msg("taken: %s", wrong[i]);
        collateral_release(&c);
    }
    collateral_init(&c); /* in one document with everything */
    json_t *doc = bundled();
    struct bytes list = pem("X509 CRL", t->pck_crl, (struct bytes){0});
    (void)json_object_set_new(doc, "pck_crl", json_stringn((const char *)list.ptr, list.len));
    assert_ok(add_json(&c, doc));
    expect_all(&c.tdx);
    collateral_release(&c);
    collateral_init(&c);
    doc = bundled();
    encoding_hex(t->pck_crl, digits + 1);
    digits[0] = '\n';
    (void)json_object_set_new(doc, "pck_crl", json_string(digits));
    assert_ok(add_json(&c, doc));
    expect_all(&c.tdx);
    collateral_release(&c);
}

static void set_text(json_t *doc, const char *key, struct bytes value)
{
    assert_int_equal(json_object_set_new(doc, key, json_stringn((const char *)value.ptr, value.len)), 0);
}

/* As Intel's library hands it out: C's strings with their NUL, whole answers, versions beside them; and lists in base64. */
static void one_document_comes_from_several_libraries(void **state)
{
    (void)state;
    static char base64[ENCODING_BASE64_SIZE(SYNTHETIC_CRL_MAX)];
    static const char *const chains[] = {"tcb_info_issuer_chain", "qe_identity_issuer_chain"};
    const struct tdx_collateral *t = &tdx.collateral;
    struct collateral c;
    strict_json_init();
    json_t *doc = bundled();
    for (size_t i = 0; i < test_count(chains); i++) {
        const json_t *chain = json_object_get(doc, chains[i]);
        set_text(doc, chains[i], bytes_of(json_string_value(chain), json_string_length(chain) + 1));
    }
    set_text(doc, "pck_certificate_chain", bytes_of("x\0", 2));
    encoding_base64(t->root_crl, base64);
    set_text(doc, "root_ca_crl", bytes_str(base64));
    (void)json_object_set_new(doc, "version", json_integer(3));
    (void)json_object_set_new(doc, "major_version", json_integer(3));
    (void)json_object_set_new(doc, "minor_version", json_integer(1));
    (void)json_object_set_new(doc, "tee_type", json_integer(0x81));
    (void)json_object_del(doc, "tcb_info_signature");
    struct bytes whole = answer("tcbInfo", &t->tcb_info);
    text[whole.len] = '\0';
    set_text(doc, "tcb_info", bytes_of(text, whole.len + 1));
    (void)json_object_del(doc, "qe_identity_signature");
    set_text(doc, "qe_identity", answer("enclaveIdentity", &t->qe_identity));
    collateral_init(&c);
    assert_ok(add_json(&c, doc));
    expect_all(&c.tdx);
    collateral_release(&c);

    static const char *const odd[] = {"MI", "MIIB=", "MIIB\n"};
    for (size_t i = 0; i < test_count(odd); i++) {
        collateral_init(&c);
        doc = bundled();
        set_text(doc, "pck_crl", bytes_str(odd[i]));
        assert_err(add_json(&c, doc), ERR_ENCODING);
        collateral_release(&c);
    }
    /* A NUL elsewhere is none of the document's. */
    static const char *const keys_with[] = {"root_ca_crl", "tcb_info_signature"};
    for (size_t i = 0; i < test_count(keys_with); i++) {
        collateral_init(&c);
        doc = bundled();
        const json_t *value = json_object_get(doc, keys_with[i]);
        set_text(doc, keys_with[i], bytes_of(json_string_value(value), json_string_length(value) + 1));
        assert_true(add_json(&c, doc) != ERR_OK);
        collateral_release(&c);
    }
}

/* White space of every kind in front of every form that is text. */
static void white_space_may_stand_in_front(void **state)
{
    (void)state;
    static char spaced[TEXT_MAX + 8];
    static char digits[ENCODING_HEX_SIZE(SYNTHETIC_CRL_MAX)];
    static const char *const blanks[] = {" ", "\n", "\r", "\t", " \t\r\n"};
    const struct tdx_collateral *t = &tdx.collateral;
    for (size_t i = 0; i < test_count(blanks); i++) {
        for (int form = 0; form < 4; form++) {
            struct collateral c;
            struct bytes file = answer("tcbInfo", &t->tcb_info);
            if (form == 1)
                file = pem("CERTIFICATE", t->tcb_info_issuer.signer, t->tcb_info_issuer.root);
            if (form == 2)
                file = pem("X509 CRL", t->pck_crl, (struct bytes){0});
            if (form == 3) {
                encoding_hex(t->pck_crl, digits);
                file = bytes_str(digits);
            }
            int len =
                snprintf(spaced, sizeof spaced, "%s%.*s", blanks[i], (int)file.len, (const char *)file.ptr);
            collateral_init(&c);
            enum err e = collateral_add(&c, bytes_of(spaced, (size_t)len), NULL);
            if (e != ERR_OK)
                fail_msg("form %d behind blank %zu: %s", form, i, err_name(e));
            collateral_release(&c);
        }
    }
}

/* Memory is limited, whatever is brought; each try takes a block. */
static void tries_are_numbered(void **state)
{
    (void)state;
    struct collateral c;
    collateral_init(&c);
    for (size_t i = 0; i < COLLATERAL_BLOCKS_MAX; i++)
        assert_err(collateral_add(&c, bytes_str("30xx"), NULL), ERR_ENCODING);
    assert_err(collateral_add(&c, bytes_str("30xx"), NULL), ERR_MEMORY);
    assert_err(collateral_add(&c, tdx.collateral.pck_crl, NULL), ERR_MEMORY);
    collateral_release(&c);
}

static void a_document_with_something_wrong_is_refused(void **state)
{
    (void)state;
    static const char *const needed[] = {"tcb_info",
                                         "tcb_info_signature",
                                         "qe_identity",
                                         "qe_identity_signature",
                                         "root_ca_crl",
                                         "pck_crl",
                                         "tcb_info_issuer_chain",
                                         "qe_identity_issuer_chain"};
    struct collateral c;
    strict_json_init();
    for (size_t i = 0; i < test_count(needed); i++) {
        collateral_init(&c);
        json_t *doc = bundled();
        (void)json_object_del(doc, needed[i]);
        assert_err(add_json(&c, doc), ERR_JSON);
        collateral_release(&c);
        collateral_init(&c);
        doc = bundled();
        (void)json_object_set_new(doc, needed[i], json_string("x"));
        enum err e = add_json(&c, doc);
        /* What stands in the documents themselves, the appraisal says. */
        assert_true(strcmp(needed[i], "tcb_info") == 0 || strcmp(needed[i], "qe_identity") == 0 ||
                    e != ERR_OK);
        collateral_release(&c);
    }
    collateral_init(&c);
    json_t *doc = bundled();
    (void)json_object_set_new(doc, "more", json_string(""));
    assert_err(add_json(&c, doc), ERR_UNKNOWN);
    collateral_release(&c);
}

static void what_was_written_reads_the_same(void **state)
{
    (void)state;
    struct collateral c;
    char *written;
    size_t len;
    const struct tdx_collateral *sound = &tdx.collateral;
    assert_ok(collateral_write(sound, &written, &len, NULL));
    assert_int_equal(len, strlen(written));
    collateral_init(&c);
    assert_ok(collateral_add(&c, bytes_of(written, len), NULL));
    assert_true(bytes_equal(c.tdx.tcb_info.body, sound->tcb_info.body));
    assert_memory_equal(c.tdx.tcb_info.signature, sound->tcb_info.signature, INTEL_SIGNATURE_SIZE);
    assert_true(bytes_equal(c.tdx.tcb_info_issuer.signer, sound->tcb_info_issuer.signer));
    assert_true(bytes_equal(c.tdx.tcb_info_issuer.root, sound->tcb_info_issuer.root));
    assert_true(bytes_equal(c.tdx.qe_identity.body, sound->qe_identity.body));
    assert_memory_equal(c.tdx.qe_identity.signature, sound->qe_identity.signature, INTEL_SIGNATURE_SIZE);
    assert_true(bytes_equal(c.tdx.qe_identity_issuer.signer, sound->qe_identity_issuer.signer));
    assert_true(bytes_equal(c.tdx.root_crl, sound->root_crl));
    assert_true(bytes_equal(c.tdx.pck_crl, sound->pck_crl));
    collateral_release(&c);
    secret_free(written);
}

static void what_is_not_whole_or_too_long_is_not_written(void **state)
{
    (void)state;
    enum { WRITTEN_MAX = 512 * 1024 };
    static uint8_t filler[WRITTEN_MAX + 1];
    struct tdx_collateral c;
    struct bytes *const parts[] = {&c.tcb_info.body,
                                   &c.tcb_info_issuer.signer,
                                   &c.tcb_info_issuer.root,
                                   &c.qe_identity.body,
                                   &c.qe_identity_issuer.signer,
                                   &c.qe_identity_issuer.root,
                                   &c.root_crl,
                                   &c.pck_crl};
    struct err_note note = {{0}};
    char *written;
    size_t len;
    for (size_t i = 0; i < test_count(parts); i++) {
        c = tdx.collateral;
        parts[i]->len = 0;
        assert_err(collateral_write(&c, &written, &len, &note), ERR_VALUE);
        assert_null(written);
    }
    memset(filler, 'a', sizeof filler);
    c = tdx.collateral;
    for (size_t more = 0; more < 2; more++) {
        char *one;
        size_t shorter;
        c.tcb_info.body = bytes_of(filler, 1);
        assert_ok(collateral_write(&c, &one, &shorter, &note));
        secret_free(one);
        c.tcb_info.body = bytes_of(filler, WRITTEN_MAX - shorter + 1 + more);
        assert_err(collateral_write(&c, &written, &len, &note), more == 0 ? ERR_OK : ERR_TOO_LARGE);
        assert_int_equal(len, more == 0 ? WRITTEN_MAX : 0);
        assert_int_equal(written == NULL, more == 1);
        secret_free(written);
    }
    /* A chain that is longer than any, and a document that is no text. */
    c = tdx.collateral;
    c.tcb_info_issuer.signer = bytes_of(filler, sizeof filler);
    assert_true(collateral_write(&c, &written, &len, &note) != ERR_OK);
    assert_null(written);
    assert_memory_equal(note.text, "TDX collateral cannot be written", 32);
    c = tdx.collateral;
    c.qe_identity.body = bytes_of("\xff", 1);
    assert_true(collateral_write(&c, &written, &len, &note) != ERR_OK);
    assert_null(written);
}

static void what_is_no_collateral_is_refused(void **state)
{
    (void)state;
    static const char *const files[] = {"",
                                        "x",
                                        "{}",
                                        "[]",
                                        "-----BEGIN CERTIFICATE-----\n",
                                        "0\x03",
                                        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"};
    for (size_t i = 0; i < test_count(files); i++) {
        struct collateral c;
        collateral_init(&c);
        if (collateral_add(&c, bytes_str(files[i]), NULL) == ERR_OK)
            fail_msg("taken: %s", files[i]);
        collateral_release(&c);
    }
    static uint8_t large[COLLATERAL_FILE_MAX + 1];
    struct collateral c;
    collateral_init(&c);
    assert_err(collateral_add(&c, bytes_of(large, sizeof large), NULL), ERR_TOO_LARGE);
    assert_err(collateral_add(&c, bytes_of(large, sizeof large - 1), NULL), ERR_JSON);
    collateral_release(&c);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_tdx_keys_make(&keys);
    synthetic_tdx_init(&tdx, &keys);
    synthetic_tdx_build(&tdx);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_tdx_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signed_octets_are_those_that_stand_there),
        cmocka_unit_test(another_envelope_is_refused),
        cmocka_unit_test(the_note_says_where_the_envelope_ends_to_be_one),
        cmocka_unit_test(a_document_that_is_too_large_is_refused),
        cmocka_unit_test(dates_are_read_to_the_second),
        cmocka_unit_test(the_answers_of_the_service_are_recognised),
        cmocka_unit_test(chains_come_with_each_answer),
        cmocka_unit_test(pem_may_have_text_around_it_and_hold_lists),
        cmocka_unit_test(one_document_with_everything_is_recognised),
        cmocka_unit_test(one_document_comes_from_several_libraries),
        cmocka_unit_test(lists_are_taken_in_each_form),
        cmocka_unit_test(white_space_may_stand_in_front),
        cmocka_unit_test(tries_are_numbered),
        cmocka_unit_test(a_document_with_something_wrong_is_refused),
        cmocka_unit_test(what_was_written_reads_the_same),
        cmocka_unit_test(what_is_not_whole_or_too_long_is_not_written),
        cmocka_unit_test(what_is_no_collateral_is_refused),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
