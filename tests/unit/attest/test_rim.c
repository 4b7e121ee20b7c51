/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA's documents of reference values: what is read in them, and what of another form is refused. */
#include <stdio.h>

#include "attest/rim.h"
#include "attest/xml_c14n.h"
#include "support/synthetic_nvgpu.h"
#include "unit/test.h"

static struct synthetic_nvgpu s;

static void scene(enum simulated_gpu_kind kind)
{
    synthetic_nvgpu_init(&s, kind);
    synthetic_nvgpu_build(&s);
}

static void a_document_is_taken_apart(void **state)
{
    (void)state;
    struct rim *rim;
    scene(SIMULATED_BLACKWELL);
    assert_ok(rim_parse(s.rims[1].document, &rim, NULL));
    assert_true(bytes_is_str(rim->version, "96.00.9F.00.01"));
    assert_true(bytes_is_str(rim->product, "GB100"));
    assert_int_equal(rim->row_count, 64);
    assert_int_equal(rim->chain.count, SIMULATED_RIM_CHAIN);
    assert_null(rim_row(rim, 64));
    const struct rim_row *row = rim_row(rim, 9);
    assert_non_null(row);
    assert_true(row->active);
    assert_int_equal(row->alternatives, 2);
    assert_true(rim_row_holds(rim, row, bytes_of(s.g->rims[1].rows[9].values[0], 48)));
    assert_true(rim_row_holds(rim, row, bytes_of(s.g->rims[1].rows[9].values[1], 48)));
    assert_false(rim_row_holds(rim, row, bytes_of(s.g->rims[1].rows[9].values[1], 47)));
    assert_false(rim_row_holds(rim, row, bytes_of(s.g->rims[1].rows[7].values[0], 48)));
    assert_false(rim_row(rim, 2)->active);
    rim_free(rim);
}

/* The text of the driver's document with one thing put in the place of another, or of all that stands before a third. */
static enum err parsed_without(const char *from, const char *until, const char *to, struct err_note *note)
{
    static char text[2 * SIMULATED_RIM_MAX];
    const struct bytes original = s.rims[0].document;
    const char *const end = (const char *)original.ptr + original.len;
    const char *at = memmem(original.ptr, original.len, from, strlen(from));
    assert_non_null(at);
    const char *rest = at + strlen(from);
    if (until != NULL)
        rest = memmem(at, (size_t)(end - at), until, strlen(until));
    assert_non_null(rest);
    int len = snprintf(text, sizeof text, "%.*s%s%.*s", (int)(at - (const char *)original.ptr),
                       (const char *)original.ptr, to, (int)(end - rest), rest);
    struct rim *rim;
    enum err e = rim_parse(bytes_of(text, (size_t)len), &rim, note);
    if (e == ERR_OK && rim_check_digest(rim, note) == ERR_OK && rim_check_signature(rim, note) == ERR_OK)
        e = ERR_OK;
    else if (e == ERR_OK)
        e = ERR_SIGNATURE;
    rim_free(rim);
    return e;
}

static enum err parsed_with(const char *from, const char *to, struct err_note *note)
{
    return parsed_without(from, NULL, to, note);
}

#define SIGNATURE_START "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">"

/* Signed content in another place, a second content, another root: what XML signatures were fooled with. */
static void documents_of_another_form_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        enum err error;
        const char *note; /* how it begins; NULL: any */
    } table[] = {
        {"version=\"1.0\">\n<Entity", "version=\"1.0\">\n<Entity", ERR_OK, NULL},
        /* Wrapping: the signed document inside another, and a second one beside it. */
        {"<SoftwareIdentity ", "<Other><SoftwareIdentity ", ERR_TRUNCATED, NULL},
        {"<Payload>", "<Payload></Payload><Payload>", ERR_UNKNOWN, "no Signature where it belongs"},
        {"<Meta ", "<Meta colloquialVersion=\"1\" product=\"GH100\"></Meta><Meta ", ERR_UNKNOWN,
         "no Payload where it belongs"},
        {SIGNATURE_START, SIGNATURE_START "<ds:Object></ds:Object>", ERR_UNKNOWN, "Signature: no SignedInfo"},
        {SIGNATURE_START, "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"a\">",
         ERR_UNKNOWN, "Signature: no SignedInfo, or an attribute"},
        {SIGNATURE_START, "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig2#\">", ERR_UNKNOWN,
         "no Signature where it belongs"},
        {"<ds:SignedInfo>", "<ds:SignedInfo Id=\"a\">", ERR_UNKNOWN, "SignedInfo: a canonical form"},
        {"<ds:Reference URI=\"\">", "<ds:Reference>", ERR_UNKNOWN, "Reference: not to the whole document"},
        {"<ds:Reference URI=\"\">", "<ds:Reference URI=\"\" Type=\"x\">", ERR_UNKNOWN, "Reference: not to"},
        {"<ds:Transforms>", "<ds:Transforms><ds:Transform Algorithm=\"x\"/>", ERR_UNKNOWN,
         "Reference: transforms"},
        {"</ds:Transforms>", "<ds:Transform Algorithm=\"x\"/></ds:Transforms>", ERR_UNKNOWN,
         "Reference: transforms"},
        {"enveloped-signature\"></ds:Transform>", "enveloped-signature\"><x/></ds:Transform>", ERR_UNKNOWN,
         "Reference: transforms"},
        {"</ds:DigestValue>", "AAAA</ds:DigestValue>", ERR_VALUE, "Reference: no digest"},
        {"</ds:SignatureValue>", "AAAA</ds:SignatureValue>", ERR_VALUE, "Signature: no SignatureValue"},
        {"<ds:SignatureValue>", "<ds:SignatureValue>*", ERR_VALUE, "Signature: no SignatureValue"},
        {"<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName>a</ds:KeyName>", ERR_UNKNOWN, "KeyInfo: no X509Data"},
        {"</ds:X509Data>", "</ds:X509Data><ds:X509Data></ds:X509Data>", ERR_UNKNOWN, "KeyInfo: no X509Data"},
        {"<ds:X509Data>", "<ds:X509Data><ds:X509CRL></ds:X509CRL>", ERR_UNKNOWN, "X509Data: something"},
        {"<ds:X509Certificate>", "<ds:X509Certificate>AA==</ds:X509Certificate><ds:X509Certificate>",
         ERR_CERTIFICATE, NULL},
        /* White space in base64, which nobody signs, is the writer's. */
        {"<ds:SignatureValue>", "<ds:SignatureValue>\n  ", ERR_OK, NULL},
        {"<ds:KeyInfo>", "\n<ds:KeyInfo>\n", ERR_OK, NULL},
        /* What is signed is not: a blank, an attribute, another order of the measurements. */
        {"<Payload>\n", "<Payload>\n\n", ERR_SIGNATURE, NULL},
        {"<ds:SignedInfo>", "<ds:SignedInfo>\n", ERR_SIGNATURE, NULL},
        {"corpus=\"false\"", "corpus=\"true\"", ERR_SIGNATURE, NULL},
        {"corpus=\"false\" name", "corpus='false'   name", ERR_OK, NULL}, /* the same canonical form */
        {"xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
         "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:e=\"http://e\">", ERR_SIGNATURE, NULL},
        /* Measurements that are none. */
        {"index=\"1\"", "index=\"2\"", ERR_VALUE, "measurement 2: twice"},
        {"index=\"1\"", "index=\"256\"", ERR_VALUE, "resource 1: not a measurement"},
        {"index=\"1\"", "index=\"01\"", ERR_VALUE, "resource 1: not a measurement"},
        {"index=\"1\"", "index=\"-1\"", ERR_VALUE, "resource 1: not a measurement"},
        {"index=\"1\"", "index=\"\"", ERR_VALUE, "resource 1: not a measurement"},
        {"size=\"48\"", "size=\"47\"", ERR_VALUE, "measurement 0: not 1 values of 47 bytes"},
        {"size=\"48\"", "size=\"0\"", ERR_VALUE, "resource 0: not a measurement"},
        {"size=\"48\"", "size=\"65\"", ERR_VALUE, "resource 0: not a measurement"},
        {"alternatives=\"1\"", "alternatives=\"2\"", ERR_VALUE, "measurement 0: not 2 values"},
        {"alternatives=\"2\"", "alternatives=\"1\"", ERR_VALUE, "measurement 21: not 1 values"},
        {"alternatives=\"1\"", "alternatives=\"0\"", ERR_VALUE, "resource 0: not a measurement"},
        {"ns2:Hash0", "ns2:Hash1", ERR_VALUE, "measurement 0: not 1 values"},
        {"ns2:Hash0", "Hash0", ERR_VALUE, "measurement 0: not 1 values"},
        {"ns2:Hash0=\"00", "ns2:Hash0=\"0g", ERR_VALUE, "measurement 0: not 1 values"},
        {"active=\"False\"", "active=\"false\"", ERR_VALUE, "resource 0: neither active nor not"},
        {"colloquialVersion=\"", "version=\"", ERR_VALUE, "Meta: no version"},
        {"product=\"GH100\"", "product=\"\"", ERR_VALUE, "Meta: no version or no product"},
        {"<SoftwareIdentity xmlns=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\"",
         "<SoftwareIdentity xmlns=\"http://standards.iso.org/iso/19770/-2/2009/schema.xsd\"", ERR_UNKNOWN,
         "not a SoftwareIdentity"},
    };
    scene(SIMULATED_HOPPER);
    for (size_t i = 0; i < test_count(table); i++) {
        struct err_note note = {{0}};
        enum err e = parsed_with(table[i].from, table[i].to, &note);
        if (e != table[i].error ||
            (table[i].note != NULL && strncmp(note.text, table[i].note, strlen(table[i].note)) != 0))
            fail_msg("%s -> %s: %s (%s)", table[i].from, table[i].to, err_name(e), note.text);
    }
}

#define METHOD(name, algorithm) "<ds:" name " Algorithm=\"" algorithm "\"></ds:" name ">"
#define C14N                    "http://www.w3.org/2006/12/xml-c14n11"
#define ENVELOPED               "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define SHA_384                 "http://www.w3.org/2001/04/xmldsig-more#sha384"
#define ECDSA_384               "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"

/* Each algorithm is one that is known, alone in its attribute, and its element holds nothing. */
static void algorithms_are_those_that_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *name, *algorithm, *note;
    } table[] = {
        {"CanonicalizationMethod", C14N, "SignedInfo: a canonical form"},
        {"SignatureMethod", ECDSA_384, "SignedInfo: a signature"},
        {"Transform", ENVELOPED, "Reference: transforms"},
        {"Transform", C14N, "Reference: transforms"},
        {"DigestMethod", SHA_384, "Reference: a digest"},
    };
    scene(SIMULATED_HOPPER);
    for (size_t i = 0; i < test_count(table); i++) {
        const char *const name = table[i].name;
        const char *const algorithm = table[i].algorithm;
        char from[200];
        char forms[7][300] = {"", "<x/>"}; /* not there; another element */
        (void)snprintf(from, sizeof from, METHOD("%s", "%s"), name, algorithm, name);
        (void)snprintf(forms[2], sizeof *forms, "<ds:%s></ds:%s>", name, name);
        (void)snprintf(forms[3], sizeof *forms, METHOD("%s", "%sx"), name, algorithm, name);
        (void)snprintf(forms[4], sizeof *forms, "<ds:%s Algorithm=\"%s\" x=\"1\"></ds:%s>", name, algorithm,
                       name);
        (void)snprintf(forms[5], sizeof *forms, "<ds:%s Algorithm=\"%s\"><x/></ds:%s>", name, algorithm,
                       name);
        (void)snprintf(forms[6], sizeof *forms, "<ds:%s xmlns:y=\"y:y\" y:Algorithm=\"%s\"></ds:%s>", name,
                       algorithm, name);
        for (size_t k = 0; k < test_count(forms); k++) {
            struct err_note note = {{0}};
            enum err e = parsed_with(from, forms[k], &note);
            if (e != ERR_UNKNOWN || strncmp(note.text, table[i].note, strlen(table[i].note)) != 0)
                fail_msg("%s, form %zu: %s (%s)", name, k, err_name(e), note.text);
        }
    }
}

/* The older canonical form is known, too: then it is the signature that does not fit. */
static void the_older_canonical_form_is_known(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    scene(SIMULATED_HOPPER);
    assert_err(
        parsed_with(METHOD("CanonicalizationMethod", C14N),
                    METHOD("CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
                    &note),
        ERR_SIGNATURE);
    assert_err(parsed_with(METHOD("Transform", C14N),
                           METHOD("Transform", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), &note),
               ERR_SIGNATURE);
}

static void each_part_of_a_document_is_there_and_alone(void **state)
{
    (void)state;
    static const struct {
        const char *from, *until, *to;
        enum err error;
        const char *note;
    } table[] = {
        {"tagCreator\"></Entity>", NULL, "tagCreator\"><x/></Entity>", ERR_UNKNOWN,
         "Entity or Link: not empty"},
        {"<Entity", NULL, "<Link>t</Link><Entity", ERR_UNKNOWN, "Entity or Link: not empty"},
        {"<Entity", NULL, "<Link/><Entity", ERR_SIGNATURE, "the document is not"},
        {"<Entity", NULL, "<x/><Entity", ERR_UNKNOWN, "no Meta"},
        {"<Meta ", "<Payload>", "", ERR_UNKNOWN, "no Meta"},
        {"></Meta>", NULL, "><x/></Meta>", ERR_VALUE, "Meta: no version"},
        {"product=\"GH100\"", NULL, "", ERR_VALUE, "Meta: no version or no product"},
        {"colloquialVersion=\"", "product", "colloquialVersion=\"\" ", ERR_VALUE, "Meta: no version"},
        {"<Payload>", "<ds:Signature ", "", ERR_UNKNOWN, "no Payload"},
        {"<Payload>", NULL, "<Payload>t", ERR_UNKNOWN, "Payload: something"},
        {"<Payload>", NULL, "<Payload><x/>", ERR_UNKNOWN, "Payload: something"},
        {"</Payload>", NULL, "<x/></Payload>", ERR_UNKNOWN, "Payload: something"},
        {"<ds:Signature ", "</SoftwareIdentity>", "", ERR_UNKNOWN, "no Signature"},
        {"</ds:Signature>", NULL, "</ds:Signature><x/>", ERR_UNKNOWN, "something behind the Signature"},
        {"</ds:Signature>", NULL, "</ds:Signature>t", ERR_UNKNOWN, "something behind the Signature"},
        {"<ds:SignedInfo>", "<ds:SignatureValue>", "", ERR_UNKNOWN, "Signature: no SignedInfo"},
        {"<ds:Reference ", "</ds:SignedInfo>", "", ERR_UNKNOWN, "SignedInfo: not one Reference"},
        {"</ds:Reference>", NULL, "</ds:Reference><x/>", ERR_UNKNOWN, "SignedInfo: not one Reference"},
        {"</ds:Reference>", NULL, "</ds:Reference><ds:Reference URI=\"\"/>", ERR_UNKNOWN,
         "SignedInfo: not one"},
        {"URI=\"\"", NULL, "URI=\"#a\"", ERR_UNKNOWN, "Reference: not to the whole"},
        {"<ds:Transforms>", "<ds:DigestMethod", "", ERR_UNKNOWN, "Reference: transforms"},
        {"<ds:Transforms>", NULL, "<ds:Transforms x=\"1\">", ERR_UNKNOWN, "Reference: transforms"},
        {"<ds:DigestValue>", "</ds:Reference>", "", ERR_VALUE, "Reference: no digest"},
        {"</ds:DigestValue>", NULL, "</ds:DigestValue><x/>", ERR_VALUE, "Reference: no digest"},
        {"<ds:DigestValue>", NULL, "<ds:DigestValue x=\"1\">", ERR_VALUE, "Reference: no digest"},
        {"<ds:DigestValue>", NULL, "<ds:DigestValue><x/>", ERR_VALUE, "Reference: no digest"},
        {"<ds:DigestValue>", "</ds:DigestValue>", "<ds:DigestValue>", ERR_VALUE, "Reference: no digest"},
        {"<ds:DigestValue>", "</ds:DigestValue>", "<ds:DigestValue>AAAA", ERR_VALUE, "Reference: no digest"},
        {"<ds:SignatureValue>", "<ds:KeyInfo>", "", ERR_VALUE, "Signature: no SignatureValue"},
        {"<ds:SignatureValue>", NULL, "<ds:SignatureValue x=\"1\">", ERR_VALUE,
         "Signature: no SignatureValue"},
        {"<ds:SignatureValue>", "</ds:SignatureValue>", "<ds:SignatureValue>AAAA", ERR_VALUE,
         "Signature: no Sig"},
        {"<ds:KeyInfo>", "</ds:Signature>", "", ERR_UNKNOWN, "Signature: no KeyInfo"},
        {"<ds:KeyInfo>", NULL, "<ds:KeyInfo x=\"1\">", ERR_UNKNOWN, "Signature: no KeyInfo"},
        {"</ds:KeyInfo>", NULL, "</ds:KeyInfo><x/>", ERR_UNKNOWN, "Signature: no KeyInfo, or more"},
        {"<ds:X509Data>", "</ds:KeyInfo>", "", ERR_UNKNOWN, "KeyInfo: no X509Data"},
        {"<ds:X509Data>", NULL, "<ds:X509Data x=\"1\">", ERR_UNKNOWN, "KeyInfo: no X509Data"},
        {"</ds:X509Data>", NULL, "</ds:X509Data><x/>", ERR_UNKNOWN, "KeyInfo: no X509Data, or more"},
        {"<ds:X509Certificate>", "</ds:X509Data>", "", ERR_UNKNOWN, "X509Data: something"},
        {"</ds:X509Certificate></ds:X509Data>", NULL, "</ds:X509Certificate><x/></ds:X509Data>", ERR_UNKNOWN,
         "X509Data: something"},
        {"<ds:X509Certificate>", NULL, "<ds:X509Certificate x=\"1\">", ERR_ENCODING,
         "X509Certificate: not in"},
        {"<ds:X509Certificate>", NULL, "<ds:X509Certificate/><ds:X509Certificate>", ERR_ENCODING,
         "X509Certificate: not"},
        {"type=\"Measurement\"", NULL, "type=\"Other\"", ERR_UNKNOWN, "resource 0: a type"},
        {"type=\"Measurement\"", NULL, "", ERR_UNKNOWN, "resource 0: a type"},
        {"></Resource>", NULL, "><x/></Resource>", ERR_VALUE, "resource 0: not a measurement"},
        {"active=\"True\"", NULL, "", ERR_VALUE, "resource 21: not a measurement"},
        {"index=\"1\"", NULL, "", ERR_VALUE, "resource 1: not a measurement"},
        {"index=\"1\"", NULL, "index=\":\"", ERR_VALUE, "resource 1: not a measurement"},
        {"index=\"1\"", NULL, "index=\"1/\"", ERR_VALUE, "resource 1: not a measurement"},
        {"index=\"1\"", NULL, "index=\"255\"", ERR_SIGNATURE, "the document is not"},
        {"index=\"0\"", NULL, "index=\"00\"", ERR_VALUE, "resource 0: not a measurement"},
        {"size=\"48\"", NULL, "", ERR_VALUE, "resource 0: not a measurement"},
        {"size=\"48\"", NULL, "size=\"64\"", ERR_VALUE, "measurement 0: not 1 values of 64 bytes"},
        {"alternatives=\"1\"", NULL, "", ERR_VALUE, "resource 0: not a measurement"},
        {" ns2:Hash0=\"", NULL, " ns2:Hash1=\"\" ns2:Hash0=\"", ERR_VALUE, "measurement 0: not 1 values"},
        {" ns2:Hash0=\"", NULL, " ns2:Hash0=\"00", ERR_VALUE, "measurement 0: not 1 values"},
    };
    scene(SIMULATED_HOPPER);
    for (size_t i = 0; i < test_count(table); i++) {
        struct err_note note = {{0}};
        enum err e = parsed_without(table[i].from, table[i].until, table[i].to, &note);
        if (e != table[i].error || strncmp(note.text, table[i].note, strlen(table[i].note)) != 0)
            fail_msg("%s -> %s: %s (%s)", table[i].from, table[i].to, err_name(e), note.text);
    }
}

static enum err count(void *sink, struct bytes piece)
{
    *(size_t *)sink += piece.len;
    return ERR_OK;
}

/* What is signed is read into memory of one size. */
static void what_is_signed_has_its_limit(void **state)
{
    (void)state;
    enum { ROOM = 4096 };
    static char text[2 * SIMULATED_RIM_MAX];
    static const char start[] = "<ds:SignedInfo>";
    size_t used = 0;
    scene(SIMULATED_HOPPER);
    const struct bytes original = s.rims[0].document;
    const char *at = memmem(original.ptr, original.len, start, sizeof start - 1);
    assert_non_null(at);
    const int before = (int)(at - (const char *)original.ptr) + (int)sizeof start - 1;
    for (size_t more = 0; more < 3; more++) {
        const size_t blanks = more == 0 ? 0 : ROOM - used + more - 1;
        struct err_note note = {{0}};
        struct rim *rim;
        int len = snprintf(text, sizeof text, "%.*s%*s%.*s", before, (const char *)original.ptr, (int)blanks,
                           "", (int)original.len - before, (const char *)original.ptr + before);
        assert_ok(rim_parse(bytes_of(text, (size_t)len), &rim, &note));
        if (more == 0)
            assert_ok(xml_c14n(rim->document, rim->signed_info, XML_NOTHING, count, &used));
        assert_err(rim_check_signature(rim, &note), more == 0   ? ERR_OK
                                                    : more == 1 ? ERR_SIGNATURE
                                                                : ERR_TOO_LARGE);
        assert_string_equal(note.text, more == 0 ? "" : "the leaf of its certificates did not sign it");
        rim_free(rim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_taken_apart),
        cmocka_unit_test(documents_of_another_form_are_refused),
        cmocka_unit_test(algorithms_are_those_that_are_known),
        cmocka_unit_test(the_older_canonical_form_is_known),
        cmocka_unit_test(each_part_of_a_document_is_there_and_alone),
        cmocka_unit_test(what_is_signed_has_its_limit),
    };
    return cmocka_run_group_tests(tests, synthetic_nvgpu_make, synthetic_nvgpu_drop);
}
