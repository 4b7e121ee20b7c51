/* SPDX-License-Identifier: Apache-2.0 */
/* The XML that is read, the XML that is refused, and its canonical form, held against libxml2's where its program is at hand. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "attest/xml_c14n.h"
#include "unit/attest/nvgpu_files.h"
#include "unit/test.h"

enum { CANONICAL_MAX = 128 * 1024 };

struct text {
    uint8_t octets[CANONICAL_MAX];
    size_t used;
};

static enum err collect(void *sink, struct bytes piece)
{
    struct text *t = sink;
    if (piece.len > sizeof t->octets - t->used)
        return ERR_TOO_LARGE;
    memcpy(t->octets + t->used, piece.ptr, piece.len);
    t->used += piece.len;
    return ERR_OK;
}

static struct bytes canonical(struct bytes text, struct text *out)
{
    struct err_note note = {{0}};
    struct xml_document *d;
    enum err e = xml_parse(text, &d, &note);
    if (e != ERR_OK)
        fail_msg("%.*s: %s", (int)(text.len < 200 ? text.len : 200), (const char *)text.ptr, note.text);
    out->used = 0;
    assert_ok(xml_c14n(d, 0, XML_NOTHING, collect, out));
    xml_free(d);
    return bytes_of(out->octets, out->used);
}

/* ---- canonical XML ---- */

/* libxml2 2.9 writes the '&' of a namespace as it is, which is not even well-formed. */
#define AMPERSAND_IN_NAMESPACE "<a xmlns:x='http://1?a&amp;b=1'/>"

/* What each comes to: from the examples of the recommendation (section 3) and from its rules (section 2.3). */
static const struct {
    const char *text;
    const char *canonical;
} forms[] = {
    {"<a/>", "<a></a>"},
    {"<?xml version=\"1.0\"?>\n<a ></a >\n", "<a></a>"},
    {"<?xml version='1.0' encoding='utf-8' standalone='no' ?><a/>", "<a></a>"},
    {"<a b='1' a=\"2\"/>", "<a a=\"2\" b=\"1\"></a>"},
    {"<a b = '1'\n\ta=\"2\" />", "<a a=\"2\" b=\"1\"></a>"},
    {"<a xmlns='http://d' xmlns:z='http://z' xmlns:b='http://b'/>",
     "<a xmlns=\"http://d\" xmlns:b=\"http://b\" xmlns:z=\"http://z\"></a>"},
    /* Attributes by their namespace, not by their prefix; those in none first. */
    {"<a xmlns:x='http://z' xmlns:y='http://a' x:b='1' y:c='2' d='3'/>",
     "<a xmlns:x=\"http://z\" xmlns:y=\"http://a\" d=\"3\" y:c=\"2\" x:b=\"1\"></a>"},
    /* What is said already is not said again; what is said anew is. */
    {"<a xmlns='http://d'><b xmlns='http://d'><c xmlns=''><d xmlns=''/></c></b></a>",
     "<a xmlns=\"http://d\"><b><c xmlns=\"\"><d></d></c></b></a>"},
    {"<a xmlns:n='http://1'><b xmlns:n='http://2'><c xmlns:n='http://1'><n:d "
     "xmlns:n='http://1'/></c></b></a>",
     "<a xmlns:n=\"http://1\"><b xmlns:n=\"http://2\"><c xmlns:n=\"http://1\"><n:d></n:d></c></b></a>"},
    {"<a xmlns='a+b-c.d9:e'/>", "<a xmlns=\"a+b-c.d9:e\"></a>"},
    {"<a xmlns=''/>", "<a></a>"},
    {"<a><b xmlns=''/></a>", "<a><b></b></a>"},
    /* White space is kept, line ends are one kind. */
    {"<a>\r\n <b>\r</b>\n\n</a>", "<a>\n <b>\n</b>\n\n</a>"},
    {"<a b='\t1\r\n2\n3\r4 '/>", "<a b=\" 1 2 3 4 \"></a>"},
    {"<a b='&#9;&#10;&#xD;&#32;'>&#9;&#10;&#xD;</a>", "<a b=\"&#x9;&#xA;&#xD; \">\t\n&#xD;</a>"},
    {"<a b='&lt;&gt;&amp;&quot;&apos;'>&lt;&gt;&amp;&quot;&apos;</a>",
     "<a b=\"&lt;>&amp;&quot;'\">&lt;&gt;&amp;\"'</a>"},
    {"<a b='>'>></a>", "<a b=\">\">&gt;</a>"},
    {"<a b=\"'\" c='\"'>]] ></a>", "<a b=\"'\" c=\"&quot;\">]] &gt;</a>"},
    {"<a>&#169;&#x20AC;&#x1F600;\xc3\xa9</a>", "<a>\xc2\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9</a>"},
    /* The ends of what the recommendations name, and of what UTF-8 writes in so many octets. */
    {"<z><A/><Z/><_/><a0/><a9/></z>", "<z><A></A><Z></Z><_></_><a0></a0><a9></a9></z>"},
    {"<a>&#x7F;&#x80;&#x7fF;&#x800;&#xD7FF;&#xe000;&#xFFFD;&#x10000;&#x10fFFf;</a>",
     "<a>"
     "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf</"
     "a>"},
    {"<a>&#0000000000000000000000000065;&#x0aF;&#1114111;</a>", "<a>A\xc2\xaf\xf4\x8f\xbf\xbf</a>"},
    {"<a>\xef\xac\x81\xe0\xbf\xbf\xef\xbf\xbd\xee\xbf\xbf</a>",
     "<a>\xef\xac\x81\xe0\xbf\xbf\xef\xbf\xbd\xee\xbf\xbf</a>"},
    {"<a><b/>t<c>u</c>v</a>", "<a><b></b>t<c>u</c>v</a>"},
    {"<_a-.9 _b='1'/>", "<_a-.9 _b=\"1\"></_a-.9>"},
    {"<a xmlns:x='http://1' xmlns:y='http://1' x:b='1' c='2'><y:d y:b='3' b='4'/></a>",
     "<a xmlns:x=\"http://1\" xmlns:y=\"http://1\" c=\"2\" x:b=\"1\"><y:d b=\"4\" y:b=\"3\"></y:d></a>"},
    {AMPERSAND_IN_NAMESPACE, "<a xmlns:x=\"http://1?a&amp;b=1\"></a>"},
    {"<a><b><c><d/></c></b><e/></a>", "<a><b><c><d></d></c></b><e></e></a>"},
    {"<a c10='' c2='' c1='' B='' b=''/>", "<a B=\"\" b=\"\" c1=\"\" c10=\"\" c2=\"\"></a>"},
};

static void canonical_forms_are_those_of_the_recommendation(void **state)
{
    (void)state;
    static struct text out;
    for (size_t i = 0; i < test_count(forms); i++) {
        struct bytes c = canonical(bytes_str(forms[i].text), &out);
        if (!bytes_is_str(c, forms[i].canonical))
            fail_msg("%s: %.*s", forms[i].text, (int)c.len, (const char *)c.ptr);
    }
}

/* What is canonical already stays as it is. */
static void a_canonical_form_is_its_own(void **state)
{
    (void)state;
    static struct text out;
    for (size_t i = 0; i < test_count(forms); i++)
        assert_true(bytes_is_str(canonical(bytes_str(forms[i].canonical), &out), forms[i].canonical));
}

/* ---- libxml2 ---- */

static bool xmllint_canonical(struct bytes text, struct text *out)
{
    char path[] = "/tmp/enclume-xml-XXXXXX";
    char command[256];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    bool written = write(fd, text.ptr, text.len) == (ssize_t)text.len;
    (void)close(fd);
    (void)snprintf(command, sizeof command, "xmllint --nonet --c14n11 %s 2>/dev/null", path);
    FILE *in = popen(command, "r"); // NOLINT(cert-env33-c): the path is our own
    out->used = in == NULL ? 0 : fread(out->octets, 1, sizeof out->octets, in);
    bool done = in != NULL && pclose(in) == 0;
    (void)unlink(path);
    return written && done;
}

static void compare(const char *what, struct bytes text)
{
    static struct text ours;
    static struct text theirs;
    struct bytes c = canonical(text, &ours);
    if (!xmllint_canonical(text, &theirs) || !bytes_equal(c, bytes_of(theirs.octets, theirs.used)))
        fail_msg("%s: libxml2 has another canonical form", what);
}

static void libxml2_has_the_same_canonical_forms(void **state)
{
    (void)state;
    static struct text out;
    static struct nvgpu_file file;
    if (!xmllint_canonical(bytes_str("<a/>"), &out)) {
        print_message("skipped: xmllint is not installed (libxml2-utils)\n");
        skip();
    }
    for (size_t i = 0; i < test_count(forms); i++)
        if (strcmp(forms[i].text, AMPERSAND_IN_NAMESPACE) != 0)
            compare(forms[i].text, bytes_str(forms[i].text));
    for (size_t i = 0; nvgpu_rim_files[i] != NULL; i++)
        if (nvgpu_file_read(nvgpu_rim_files[i], &file))
            compare(nvgpu_rim_files[i], file.bytes);
}

/* ---- parts of a document ---- */

static void an_element_stands_for_itself_with_all_that_is_in_scope(void **state)
{
    (void)state;
    static const char text[] =
        "<a xmlns='http://d' xmlns:x='http://x' xmlns:u='http://u'><b xmlns:x='http://y'>"
        "<x:c k='1'>t<d/></x:c>v</b></a>";
    static struct text out;
    struct xml_document *d;
    assert_ok(xml_parse(bytes_str(text), &d, NULL));
    assert_true(xml_is(d, 2, "http://y", "c"));
    assert_ok(xml_c14n(d, 2, XML_NOTHING, collect, &out));
    assert_true(bytes_is_str(
        bytes_of(out.octets, out.used),
        "<x:c xmlns=\"http://d\" xmlns:u=\"http://u\" xmlns:x=\"http://y\" k=\"1\">t<d></d></x:c>"));
    /* Under an element that declares that there is no default namespace. */
    xml_free(d);
    assert_ok(xml_parse(bytes_str("<a xmlns='http://d'><b xmlns=''><c/></b></a>"), &d, NULL));
    out.used = 0;
    assert_ok(xml_c14n(d, 2, XML_NOTHING, collect, &out));
    assert_true(bytes_is_str(bytes_of(out.octets, out.used), "<c></c>"));
    xml_free(d);
}

static void an_element_can_be_left_out(void **state)
{
    (void)state;
    static const struct {
        uint32_t without;
        const char *canonical;
    } table[] = {
        {1, "<a><e></e>u</a>"},
        {2, "<a><b>t</b><e></e>u</a>"},
        {4, "<a><b><c><d></d></c></b><e></e>u</a>"}, /* a text, too */
        {5, "<a><b><c><d></d></c>t</b>u</a>"},
        {XML_NOTHING, "<a><b><c><d></d></c>t</b><e></e>u</a>"},
    };
    struct xml_document *d;
    static struct text out;
    assert_ok(xml_parse(bytes_str("<a><b><c><d/></c>t</b><e/>u</a>"), &d, NULL));
    for (size_t i = 0; i < test_count(table); i++) {
        out.used = 0;
        assert_ok(xml_c14n(d, 0, table[i].without, collect, &out));
        if (!bytes_is_str(bytes_of(out.octets, out.used), table[i].canonical))
            fail_msg("%s: %.*s", table[i].canonical, (int)out.used, (const char *)out.octets);
    }
    xml_free(d);
}

static enum err refuse_second(void *count, struct bytes piece)
{
    (void)piece;
    return ++*(size_t *)count < 2 ? ERR_OK : ERR_NO_SPACE;
}

static void the_sink_can_end_it(void **state)
{
    (void)state;
    size_t count = 0;
    struct xml_document *d;
    assert_ok(xml_parse(bytes_str("<a><b/></a>"), &d, NULL));
    assert_err(xml_c14n(d, 0, XML_NOTHING, refuse_second, &count), ERR_NO_SPACE);
    assert_int_equal(count, 2);
    xml_free(d);
}

static void a_text_is_all_that_an_element_holds(void **state)
{
    (void)state;
    static const struct {
        const char *document;
        bool has;
        const char *said;
    } table[] = {
        {"<a/>", true, ""},          {"<a></a>", true, ""},      {"<a>t</a>", true, "t"},
        {"<a> </a>", true, " "},     {"<a><b/></a>", false, ""}, {"<a>t<b/></a>", false, ""},
        {"<a><b/>t</a>", false, ""},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        struct xml_document *d;
        struct bytes said;
        assert_ok(xml_parse(bytes_str(table[i].document), &d, NULL));
        assert_int_equal(xml_text(d, 0, &said), table[i].has);
        assert_true(bytes_is_str(said, table[i].said));
        xml_free(d);
    }
}

/* ---- what is not read ---- */

static void what_is_not_well_formed_or_not_needed_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err error;
    } table[] = {
        {"", ERR_ENCODING},
        {"text", ERR_ENCODING},
        {"<a>", ERR_TRUNCATED},
        {"<a", ERR_ENCODING},
        {"<a></b>", ERR_ENCODING},
        {"<a></a", ERR_ENCODING},
        {"<a><b></a></b>", ERR_ENCODING},
        {"<x:a xmlns:x='http://1'></a>", ERR_ENCODING},
        {"<a/><b/>", ERR_TRAILING},
        {"<a/>text", ERR_TRAILING},
        {"text<a/>", ERR_ENCODING},
        {"\xef\xbb\xbf<a/>", ERR_ENCODING}, /* a byte order mark */
        {"< a/>", ERR_ENCODING},
        {"<1a/>", ERR_ENCODING},
        {"<@/>", ERR_ENCODING},
        {"<[/>", ERR_ENCODING},
        {"<`/>", ERR_ENCODING},
        {"<{/>", ERR_ENCODING},
        {"<a,/>", ERR_ENCODING},
        {"<a;/>", ERR_ENCODING},
        {"<\xc3\xa9/>", ERR_ENCODING},
        {"<a:/>", ERR_ENCODING},
        {"<:a/>", ERR_ENCODING},
        {"<a:b:c xmlns:a='http://1'/>", ERR_ENCODING},
        {"<a b/>", ERR_ENCODING},
        {"<a b=1/>", ERR_ENCODING},
        {"<a b='1/>", ERR_ENCODING},
        {"<a b='1\"/>", ERR_ENCODING},
        {"<a b='1'c='2'/>", ERR_ENCODING},
        {"<a b='<'/>", ERR_ENCODING},
        {"<a b='1' b='2'/>", ERR_ENCODING},
        {"<a xmlns:x='http://1' xmlns:y='http://1' x:b='1' y:b='2'/>", ERR_ENCODING},
        {"<a xmlns:x='http://1' xmlns:x='http://2'/>", ERR_ENCODING},
        {"<a xmlns='http://1' xmlns='http://1'/>", ERR_ENCODING},
        {"<a xmlns:x=''/>", ERR_ENCODING},
        {"<a xmlns='relative'/>", ERR_ENCODING},
        {"<a xmlns='a*b:c'/>", ERR_ENCODING},
        {"<a xmlns='a b:c'/>", ERR_ENCODING},
        {"<a xmlns=':c'/>", ERR_ENCODING},
        {"<a xmlns='1:c'/>", ERR_ENCODING},
        {"<a xmlns:x='../a:b'/>", ERR_ENCODING},
        {"<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", ERR_ENCODING},
        {"<a xmlns:x='http://www.w3.org/XML/1998/namespace'/>", ERR_ENCODING},
        {"<a xmlns:xmlns='http://1'/>", ERR_ENCODING},
        {"<a xmlns='http://www.w3.org/2000/xmlns/'/>", ERR_ENCODING},
        {"<x:a/>", ERR_ENCODING},
        {"<a x:b='1'/>", ERR_ENCODING},
        {"<a><b xmlns:x='http://1'/><x:c/></a>", ERR_ENCODING},
        {"<a xml:lang='fr'/>", ERR_UNKNOWN},
        {"<a>]]></a>", ERR_ENCODING},
        {"<a>&</a>", ERR_UNKNOWN},
        {"<a>&b;</a>", ERR_UNKNOWN},
        {"<a>&lt</a>", ERR_UNKNOWN},
        {"<a>&#;</a>", ERR_ENCODING},
        {"<a>&#x;</a>", ERR_ENCODING},
        {"<a>&#1</a>", ERR_ENCODING},
        {"<a>&#0;</a>", ERR_ENCODING},
        {"<a>&#8;</a>", ERR_ENCODING},
        {"<a>&#x1F;</a>", ERR_ENCODING},
        {"<a>&#a;</a>", ERR_ENCODING},
        {"<a>&#xg;</a>", ERR_ENCODING},
        {"<a>&#xG;</a>", ERR_ENCODING},
        {"<a>&#x@;</a>", ERR_ENCODING},
        {"<a>&#x`;</a>", ERR_ENCODING},
        {"<a>&#x:;</a>", ERR_ENCODING},
        {"<a>&#x/;</a>", ERR_ENCODING},
        {"<a>&#xDFFF;</a>", ERR_ENCODING},
        {"<a>&#xFFFF;</a>", ERR_ENCODING},
        {"<a>&#4294967361;</a>", ERR_ENCODING}, /* 32 bits and 'A' */
        {"<a>&#xD800;</a>", ERR_ENCODING},
        {"<a>&#xFFFE;</a>", ERR_ENCODING},
        {"<a>&#x110000;</a>", ERR_ENCODING},
        {"<a>&#x100000041;</a>", ERR_ENCODING}, /* 32 bits and 'A' */
        {"<a>\x01</a>", ERR_ENCODING},
        {"<a>\xff</a>", ERR_ENCODING},
        {"<a>\xef\xbf\xbe</a>", ERR_ENCODING},
        {"<a>\xef\xbf\xbf</a>", ERR_ENCODING},
        {"<a>\x1f</a>", ERR_ENCODING},
        {"<a>\xed\xa0\x80</a>", ERR_ENCODING},
        {"<!-- --><a/>", ERR_UNKNOWN},
        {"<a><!-- --></a>", ERR_UNKNOWN},
        {"<a><![CDATA[x]]></a>", ERR_UNKNOWN},
        {"<a><?x y?></a>", ERR_UNKNOWN},
        {"<?x y?><a/>", ERR_UNKNOWN},
        {"<!DOCTYPE a><a/>", ERR_UNKNOWN},
        {"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", ERR_UNKNOWN},
        {"<?xml version='1.1'?><a/>", ERR_UNKNOWN},
        {"<?xml encoding='UTF-8'?><a/>", ERR_UNKNOWN},
        {"<?xml version='1.0' encoding='UTF-16'?><a/>", ERR_UNKNOWN},
        {"<?xml version='1.0' standalone='no' encoding='UTF-8'?><a/>", ERR_UNKNOWN},
        {"<?xml version='1.0'encoding='UTF-8'?><a/>", ERR_UNKNOWN},
        {" <?xml version='1.0'?><a/>", ERR_UNKNOWN},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        struct err_note note = {{0}};
        struct xml_document *d;
        enum err e = xml_parse(bytes_str(table[i].text), &d, &note);
        if (e != table[i].error || d != NULL)
            fail_msg("%s: %s, not %s (%s)", table[i].text, err_name(e), err_name(table[i].error), note.text);
        assert_string_not_equal(note.text, "");
    }
    struct xml_document *d;
    assert_err(xml_parse(bytes_of("<a>\0</a>", 8), &d, NULL), ERR_ENCODING);
    struct err_note note = {{0}};
    assert_err(xml_parse(bytes_str("<a b=1/>"), &d, &note), ERR_ENCODING);
    assert_string_equal(note.text, "XML document at 0x5: no quote before a value");
    assert_err(xml_parse(bytes_str("<a/>b"), &d, &note), ERR_TRAILING);
    assert_string_equal(note.text, "XML document at 0x4: something behind the root element");
}

/* count times one text, between two others. */
static char *repeated(const char *before, const char *one, size_t count, const char *after)
{
    char *text = calloc(1, strlen(before) + strlen(one) * count + strlen(after) + 1);
    assert_non_null(text);
    char *at = stpcpy(text, before);
    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, one);
    (void)stpcpy(at, after);
    return text;
}

static enum err parsed(char *text)
{
    struct xml_document *d;
    enum err e = xml_parse(bytes_str(text), &d, NULL);
    xml_free(d);
    free(text);
    return e;
}

static void limits_hold(void **state)
{
    (void)state;
    char attributes[8192] = "<a";
    assert_ok(parsed(repeated("", "<a>", XML_DEPTH_MAX - 1,
                              "<a/>"
                              "</a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>")));
    assert_err(parsed(repeated("", "<a>", XML_DEPTH_MAX + 1, "")), ERR_TOO_LARGE);
    assert_err(parsed(repeated("", "<a>", 100000, "")), ERR_TOO_LARGE);
    assert_ok(parsed(repeated("<a>", "<b/>", XML_NODES_MAX - 1, "</a>")));
    assert_err(parsed(repeated("<a>", "<b/>", XML_NODES_MAX, "</a>")), ERR_TOO_LARGE);
    assert_ok(parsed(repeated("<a>", "x", XML_SIZE_MAX - 7, "</a>")));
    assert_err(parsed(repeated("<a>", "x", XML_SIZE_MAX - 6, "</a>")), ERR_TOO_LARGE);
    for (int more = 0; more < 2; more++) {
        char *at = attributes + 2;
        for (int i = 0; i < XML_ELEMENT_ATTRIBUTES_MAX + more; i++)
            at += sprintf(at, " a%d=''", i);
        (void)stpcpy(at, "/>");
        assert_err(parsed(strdup(attributes)), more == 0 ? ERR_OK : ERR_TOO_LARGE);
    }
    for (int more = 0; more < 2; more++) {
        char *at = attributes + 2;
        for (int i = 0; i < XML_NAMESPACES_MAX + more; i++)
            at += sprintf(at, " xmlns:a%d='http://1'", i);
        (void)stpcpy(at, "/>");
        assert_err(parsed(strdup(attributes)), more == 0 ? ERR_OK : ERR_TOO_LARGE);
    }
    assert_err(parsed(repeated("<a>", "<b a='' b='' c='' d='' e='' f='' g='' h=''/>",
                               XML_ATTRIBUTES_MAX / 8 + 1, "</a>")),
               ERR_TOO_LARGE);
}

static int make(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_forms_are_those_of_the_recommendation),
        cmocka_unit_test(a_canonical_form_is_its_own),
        cmocka_unit_test(libxml2_has_the_same_canonical_forms),
        cmocka_unit_test(an_element_stands_for_itself_with_all_that_is_in_scope),
        cmocka_unit_test(an_element_can_be_left_out),
        cmocka_unit_test(a_text_is_all_that_an_element_holds),
        cmocka_unit_test(the_sink_can_end_it),
        cmocka_unit_test(what_is_not_well_formed_or_not_needed_is_refused),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
