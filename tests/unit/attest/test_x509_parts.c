/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a certificate, each written out: what is left over in any of them, or missing, is refused where it stands. */
#include "attest/anchors.h"
#include "attest/x509.h"
#include "attest/x509_parts.h"
#include "crypto/crypto.h"
#include "support/synthetic_der.h"
#include "unit/test.h"

/* ---- RSASSA-PSS-params, RFC 4055 section 3.1 ---- */

/* One element more, where the structure should end. */
enum tail {
    NO_TAIL,
    IN_HASH,
    BEHIND_HASH,
    IN_HASH_OF_MASK,
    IN_MASK,
    BEHIND_MASK,
    BEHIND_SALT,
    BEHIND_TRAILER,
    BEHIND_PARAMETERS,
    BEHIND_ALGORITHM,
    TAIL_COUNT
};

struct pss {
    uint8_t hash, hash_of_mask, mask; /* the last octet of each name */
    int salt, trailer;                /* or SYNTHETIC_LEFT_OUT */
    bool without_null;
    enum tail tail;
};

static void put_hash(struct writer *w, const struct pss *p, uint8_t name, enum tail inside)
{
    size_t seq = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, name);
    if (!p->without_null)
        synthetic_put(w, 0x05, "", 0);
    if (p->tail == inside)
        synthetic_put(w, 0x05, "", 0);
    synthetic_end(w, seq);
}

static void end_with(struct writer *w, size_t start, const struct pss *p, enum tail here)
{
    if (p->tail == here)
        synthetic_put(w, 0x05, "", 0);
    synthetic_end(w, start);
}

static enum err pss_read(const struct pss *p)
{
    uint8_t room[128];
    struct writer w = writer_into(room, sizeof room);
    size_t algorithm = synthetic_begin(&w, 0x30);
    SYNTHETIC_PUT_OID(&w, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a);
    size_t parameters = synthetic_begin(&w, 0x30);
    size_t part = synthetic_begin(&w, 0xa0);
    put_hash(&w, p, p->hash, IN_HASH);
    end_with(&w, part, p, BEHIND_HASH);
    part = synthetic_begin(&w, 0xa1);
    size_t mask = synthetic_begin(&w, 0x30);
    SYNTHETIC_PUT_OID(&w, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, p->mask);
    put_hash(&w, p, p->hash_of_mask, IN_HASH_OF_MASK);
    end_with(&w, mask, p, IN_MASK);
    end_with(&w, part, p, BEHIND_MASK);
    part = synthetic_begin(&w, 0xa2);
    synthetic_put_uint8(&w, p->salt);
    end_with(&w, part, p, BEHIND_SALT);
    if (p->trailer != SYNTHETIC_LEFT_OUT) {
        part = synthetic_begin(&w, 0xa3);
        synthetic_put_uint8(&w, p->trailer);
        end_with(&w, part, p, BEHIND_TRAILER);
    }
    end_with(&w, parameters, p, BEHIND_PARAMETERS);
    end_with(&w, algorithm, p, BEHIND_ALGORITHM);
    struct reader r = reader_over(bytes_of(room, w.used));
    struct bytes whole;
    assert_int_equal(x509_algorithm_read(&r, &whole), X509_RSA_PSS_SHA384);
    return reader_finish(&r);
}

static const struct pss sound_pss = {
    .hash = 0x02, .hash_of_mask = 0x02, .mask = 0x08, .salt = 48, .trailer = 1};

static void one_choice_of_parameters_is_known(void **state)
{
    (void)state;
    struct pss p = sound_pss;
    assert_ok(pss_read(&p));
    p.trailer = SYNTHETIC_LEFT_OUT;
    assert_ok(pss_read(&p));
    p.without_null = true;
    assert_ok(pss_read(&p));

    static const struct pss wrong[] = {
        {.hash = 0x03, .hash_of_mask = 0x02, .mask = 0x08, .salt = 48, .trailer = 1},
        {.hash = 0x02, .hash_of_mask = 0x03, .mask = 0x08, .salt = 48, .trailer = 1},
        {.hash = 0x02, .hash_of_mask = 0x02, .mask = 0x09, .salt = 48, .trailer = 1},
        {.hash = 0x02, .hash_of_mask = 0x02, .mask = 0x08, .salt = 47, .trailer = 1},
        {.hash = 0x02, .hash_of_mask = 0x02, .mask = 0x08, .salt = 48, .trailer = 2},
    };
    for (size_t i = 0; i < test_count(wrong); i++)
        assert_err(pss_read(&wrong[i]), ERR_CERTIFICATE);
}

static void parameters_end_where_they_should(void **state)
{
    (void)state;
    for (enum tail tail = IN_HASH; tail < TAIL_COUNT; tail++) {
        struct pss p = sound_pss;
        p.tail = tail;
        if (pss_read(&p) != ERR_CERTIFICATE)
            fail_msg("taken with tail %d", (int)tail);
    }
}

#define RSA "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define EC  "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03"

/* RFC 5758 section 3.2: no parameters. RFC 4055 section 5: NULL, and nothing else. */
static void other_algorithms_have_no_choice(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        size_t len;
        enum err wanted;
        enum x509_algorithm algorithm;
    } rows[] = {
        {"\x30\x0a" EC "\x02", 12, ERR_OK, X509_ECDSA_SHA256},
        {"\x30\x0a" EC "\x03", 12, ERR_OK, X509_ECDSA_SHA384},
        {"\x30\x0a" EC "\x04", 12, ERR_UNKNOWN, 0},
        {"\x30\x0c" EC "\x02\x05\x00", 14, ERR_CERTIFICATE, 0},
        {"\x30\x0d" RSA "\x0b\x05\x00", 15, ERR_OK, X509_RSA_PKCS1_SHA256},
        {"\x30\x0d" RSA "\x0c\x05\x00", 15, ERR_OK, X509_RSA_PKCS1_SHA384},
        {"\x30\x0d" RSA "\x0d\x05\x00", 15, ERR_UNKNOWN, 0},
        {"\x30\x0d" RSA "\x05\x05\x00", 15, ERR_UNKNOWN, 0},
        {"\x30\x0b" RSA "\x0b", 13, ERR_CERTIFICATE, 0},
        {"\x30\x0d" RSA "\x0b\x04\x00", 15, ERR_CERTIFICATE, 0},
        {"\x30\x0f" RSA "\x0b\x05\x00\x05\x00", 17, ERR_CERTIFICATE, 0},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct reader r = reader_over(bytes_of(rows[i].octets, rows[i].len));
        struct bytes whole;
        enum x509_algorithm algorithm = x509_algorithm_read(&r, &whole);
        enum err e = reader_finish(&r);
        if (e != rows[i].wanted)
            fail_msg("row %zu: %s", i, err_name(e));
        if (e == ERR_OK)
            assert_int_equal(algorithm, rows[i].algorithm);
    }
}

/* ---- Name ---- */

static enum err name_read(const char *octets, size_t len)
{
    struct reader r = reader_over(bytes_of(octets, len));
    struct bytes common_name = {0};
    (void)x509_name_read(&r, &common_name);
    return reader_finish(&r);
}

static void a_name_is_read_to_its_end(void **state)
{
    (void)state;
#define NAME(octets) name_read(octets, sizeof(octets) - 1)
    assert_ok(NAME("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x"));
    /* no value; two values; two attributes in a set; a set that is none */
    assert_err(NAME("\x30\x09\x31\x07\x30\x05\x06\x03\x55\x04\x03"), ERR_CERTIFICATE);
    assert_err(NAME("\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x01x\x0c\x01y"), ERR_CERTIFICATE);
    assert_err(NAME("\x30\x16\x31\x14\x30\x08\x06\x03\x55\x04\x03\x0c\x01x"
                    "\x30\x08\x06\x03\x55\x04\x0a\x0c\x01x"),
               ERR_CERTIFICATE);
    assert_err(NAME("\x30\x0c\x30\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x"), ERR_CERTIFICATE);
    assert_err(NAME("\x30\x00"), ERR_CERTIFICATE);
#undef NAME
}

/* ---- extensions ---- */

enum { ROOM = 4096, NOT_WRITTEN = -1, MANY = 0x40 };

/* Behind which structure one element more stands. */
enum extra { EXTRA_NONE, EXTRA_IN_EXTENSION, EXTRA_BEHIND_VALUE, EXTRA_BEHIND_LIST, EXTRA_BEHIND_ALL };

struct extension {
    uint8_t name; /* the last octet of 2.5.29.x */
    int critical; /* 0, 0xff or NOT_WRITTEN */
    struct bytes value;
};

struct made {
    struct extension extensions[2];
    size_t count;
    size_t more; /* and as many that are not known */
    enum extra extra;
};

static void put_extra(struct writer *w, const struct made *m, enum extra here)
{
    if (m->extra == here)
        synthetic_put(w, 0x05, "", 0);
}

static void put_extension(struct writer *w, const struct made *m, const struct extension *x)
{
    size_t seq = synthetic_begin(w, 0x30);
    const uint8_t critical = (uint8_t)x->critical;
    SYNTHETIC_PUT_OID(w, 0x55, 0x1d, x->name);
    if (x->critical != NOT_WRITTEN)
        synthetic_put(w, 0x01, &critical, 1);
    size_t value = synthetic_begin(w, 0x04);
    writer_bytes(w, x->value);
    put_extra(w, m, EXTRA_BEHIND_VALUE);
    synthetic_end(w, value);
    put_extra(w, m, EXTRA_IN_EXTENSION);
    synthetic_end(w, seq);
}

static void put_extensions(struct writer *w, const struct made *m)
{
    size_t outer = synthetic_begin(w, 0xa3);
    size_t list = synthetic_begin(w, 0x30);
    for (size_t i = 0; i < m->count; i++)
        put_extension(w, m, &m->extensions[i]);
    for (size_t i = 0; i < m->more; i++)
        put_extension(w, m, &(struct extension){(uint8_t)(MANY + i), NOT_WRITTEN, {0}});
    synthetic_end(w, list);
    put_extra(w, m, EXTRA_BEHIND_LIST);
    synthetic_end(w, outer);
    put_extra(w, m, EXTRA_BEHIND_ALL);
}

static void put_ecdsa(struct writer *w)
{
    size_t algorithm = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
    synthetic_end(w, algorithm);
}

static struct x509 cert;
static struct err_note note;

/* A certificate with these extensions, which nobody signed. */
static enum err parse(const struct made *m)
{
    static uint8_t room[ROOM];
    struct writer w = writer_into(room, sizeof room);
    size_t outer = synthetic_begin(&w, 0x30);
    size_t tbs = synthetic_begin(&w, 0x30);
    size_t version = synthetic_begin(&w, 0xa0);
    synthetic_put_uint8(&w, 2);
    synthetic_end(&w, version);
    synthetic_put_uint8(&w, 1);
    put_ecdsa(&w);
    synthetic_put_name(&w, "issuer");
    size_t validity = synthetic_begin(&w, 0x30);
    synthetic_put(&w, 0x17, "250101000000Z", 13);
    synthetic_put(&w, 0x17, "260101000000Z", 13);
    synthetic_end(&w, validity);
    synthetic_put_name(&w, "subject");
    synthetic_put(&w, 0x30, "", 0);
    put_extensions(&w, m);
    synthetic_end(&w, tbs);
    put_ecdsa(&w);
    synthetic_put(&w, 0x03, "\0", 1);
    synthetic_end(&w, outer);
    return x509_parse(bytes_of(room, w.used), &cert, &note);
}

#define VALUE(octets)                                                                                        \
    {                                                                                                        \
        (const uint8_t *)(octets), sizeof(octets) - 1                                                        \
    }
#define OCSP_SIGNING "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09"
#define SERVER       "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"

static void an_extension_says_what_its_form_allows(void **state)
{
    (void)state;
    enum { CONSTRAINTS = 0x13, USAGE = 0x0f, EXTENDED = 0x25, KEY_ID = 0x0e, FOREIGN = 0x70 };
    static const struct {
        const char *what;
        enum err wanted;
        struct extension extension;
        bool is_ca;
        int path_length;
        bool ocsp_signing;
    } rows[] = {
        {"no CA", ERR_OK, {CONSTRAINTS, 0xff, VALUE("\x30\x00")}, false, NOT_WRITTEN, false},
        {"a CA", ERR_OK, {CONSTRAINTS, 0xff, VALUE("\x30\x03\x01\x01\xff")}, true, NOT_WRITTEN, false},
        {"a path length",
         ERR_OK,
         {CONSTRAINTS, 0xff, VALUE("\x30\x06\x01\x01\xff\x02\x01\x03")},
         true,
         3,
         false},
        {"the longest path",
         ERR_OK,
         {CONSTRAINTS, 0xff, VALUE("\x30\x07\x01\x01\xff\x02\x02\x00\xff")},
         true,
         255,
         false},
        {"a longer path",
         ERR_CERTIFICATE,
         {CONSTRAINTS, 0xff, VALUE("\x30\x07\x01\x01\xff\x02\x02\x01\x00")},
         false,
         0,
         false},
        {"a CA that is written as none",
         ERR_CERTIFICATE,
         {CONSTRAINTS, 0xff, VALUE("\x30\x03\x01\x01\x00")},
         false,
         0,
         false},
        {"a path length of no CA",
         ERR_CERTIFICATE,
         {CONSTRAINTS, 0xff, VALUE("\x30\x03\x02\x01\x03")},
         false,
         0,
         false},
        {"constraints and more",
         ERR_CERTIFICATE,
         {CONSTRAINTS, 0xff, VALUE("\x30\x08\x01\x01\xff\x02\x01\x03\x05\x00")},
         false,
         0,
         false},
        {"a key usage", ERR_OK, {USAGE, 0xff, VALUE("\x03\x02\x05\xa0")}, false, NOT_WRITTEN, false},
        {"signing OCSP responses",
         ERR_OK,
         {EXTENDED, 0xff, VALUE("\x30\x0a" OCSP_SIGNING)},
         false,
         NOT_WRITTEN,
         true},
        {"signing OCSP responses, too",
         ERR_OK,
         {EXTENDED, NOT_WRITTEN, VALUE("\x30\x14" SERVER OCSP_SIGNING)},
         false,
         NOT_WRITTEN,
         true},
        {"another purpose",
         ERR_OK,
         {EXTENDED, NOT_WRITTEN, VALUE("\x30\x0a" SERVER)},
         false,
         NOT_WRITTEN,
         false},
        {"another purpose, critical",
         ERR_UNKNOWN,
         {EXTENDED, 0xff, VALUE("\x30\x0a" SERVER)},
         false,
         0,
         false},
        {"no purpose", ERR_CERTIFICATE, {EXTENDED, NOT_WRITTEN, VALUE("\x30\x00")}, false, 0, false},
        {"a purpose that is no name",
         ERR_CERTIFICATE,
         {EXTENDED, NOT_WRITTEN, VALUE("\x30\x02\x05\x00")},
         false,
         0,
         false},
        {"what is known and not used", ERR_OK, {KEY_ID, 0xff, VALUE("anything")}, false, NOT_WRITTEN, false},
        {"what is not known", ERR_OK, {FOREIGN, NOT_WRITTEN, VALUE("anything")}, false, NOT_WRITTEN, false},
        {"what is not known, critical", ERR_UNKNOWN, {FOREIGN, 0xff, VALUE("anything")}, false, 0, false},
        {"critical, written as not", ERR_CERTIFICATE, {FOREIGN, 0, VALUE("anything")}, false, 0, false},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        enum err e = parse(&(struct made){.extensions = {rows[i].extension}, .count = 1});
        if (e != rows[i].wanted)
            fail_msg("%s: %s, %s", rows[i].what, err_name(e), note.text);
        if (e != ERR_OK)
            continue;
        assert_int_equal(cert.is_ca, rows[i].is_ca);
        assert_int_equal(cert.has_path_length, rows[i].path_length != NOT_WRITTEN);
        if (cert.has_path_length)
            assert_int_equal(cert.path_length, rows[i].path_length);
        assert_int_equal(cert.ocsp_signing, rows[i].ocsp_signing);
        assert_int_equal(cert.has_extended_usage, rows[i].extension.name == EXTENDED);
        assert_int_equal(cert.has_key_usage, rows[i].extension.name == USAGE);
        assert_int_equal(cert.key_usage, rows[i].extension.name == USAGE ? 5 : 0);
    }
}

static void extensions_end_where_they_should(void **state)
{
    (void)state;
    struct made m = {.extensions = {{0x13, 0xff, VALUE("\x30\x00")}}, .count = 1};
    assert_ok(parse(&m));
    for (m.extra = EXTRA_IN_EXTENSION; m.extra <= EXTRA_BEHIND_ALL; m.extra++)
        if (parse(&m) != ERR_CERTIFICATE)
            fail_msg("taken with extra %d", (int)m.extra);
}

static void an_extension_is_there_once_and_there_is_one(void **state)
{
    (void)state;
    struct made m = {.extensions = {{0x70, NOT_WRITTEN, {0}}, {0x71, NOT_WRITTEN, {0}}}, .count = 2};
    assert_ok(parse(&m));
    m.extensions[1].name = 0x70;
    assert_err(parse(&m), ERR_CERTIFICATE);
    m = (struct made){.more = X509_EXTENSIONS_MAX};
    assert_ok(parse(&m));
    m.more++;
    assert_err(parse(&m), ERR_CERTIFICATE);
    m.more = 0;
    assert_err(parse(&m), ERR_CERTIFICATE);
    assert_string_equal(note.text + strlen("certificate."), strstr(note.text, "extensions"));
}

/* RFC 5280 section 4.1.2.2. */
static void a_serial_number_has_at_most_twenty_octets(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        size_t len;
        enum err wanted;
    } rows[] = {
        {"\x02\x14\x7f\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22, ERR_OK},
        {"\x02\x15\x00\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 23, ERR_OK},
        {"\x02\x15\x01\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 23, ERR_CERTIFICATE},
        {"\x02\x16\x00\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, ERR_CERTIFICATE},
        {"\x02\x01\x00", 3, ERR_OK},
        {"\x02\x01\x80", 3, ERR_CERTIFICATE},
        {"\x02\x00", 2, ERR_CERTIFICATE},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct reader r = reader_over(bytes_of(rows[i].octets, rows[i].len));
        (void)x509_serial_read(&r);
        enum err e = reader_finish(&r);
        if (e != rows[i].wanted)
            fail_msg("row %zu: %s", i, err_name(e));
    }
}

/* FIPS 180-4's example. */
static void a_pin_is_the_digest_of_the_whole(void **state)
{
    (void)state;
    uint8_t pin[ANCHOR_PIN_SIZE] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                    0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                    0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    assert_true(anchors_pinned(bytes_str("abc"), pin));
    assert_false(anchors_pinned(bytes_str("ab"), pin));
    for (size_t i = 0; i < sizeof pin; i++) {
        pin[i] ^= 1;
        assert_false(anchors_pinned(bytes_str("abc"), pin));
        pin[i] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_is_the_digest_of_the_whole),
        cmocka_unit_test(one_choice_of_parameters_is_known),
        cmocka_unit_test(parameters_end_where_they_should),
        cmocka_unit_test(other_algorithms_have_no_choice),
        cmocka_unit_test(a_name_is_read_to_its_end),
        cmocka_unit_test(an_extension_says_what_its_form_allows),
        cmocka_unit_test(extensions_end_where_they_should),
        cmocka_unit_test(an_extension_is_there_once_and_there_is_one),
        cmocka_unit_test(a_serial_number_has_at_most_twenty_octets),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
