/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/xml.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/reader.h"

#define XML_URI   "http://www.w3.org/XML/1998/namespace"
#define XMLNS_URI "http://www.w3.org/2000/xmlns/"

enum { LINE_FEED = '\n', RETURN = '\r', CODE_POINT_MAX = 0x10ffff };

struct parser {
    struct reader r;
    struct xml_document *d;
    uint32_t node_room;
    uint32_t attribute_room;
    uint8_t *value_room; /* as long as the text: what replaces an entity is never longer than it */
    size_t value_used;
    uint32_t open; /* the innermost open element */
    unsigned depth;
    const char *wrong; /* what broke a rule, with the reader's failure */
};

static void refuse(struct parser *p, enum err e, const char *what)
{
    if (p->r.failed != ERR_OK)
        return;
    reader_fail(&p->r, e);
    p->wrong = what;
}

static bool failed(const struct parser *p)
{
    return reader_status(&p->r) != ERR_OK;
}

/* ---- characters ---- */

/* Of an octet, or of -1: behind the end. */
static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == LINE_FEED || c == RETURN;
}

static bool is_name_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(int c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* Section 2.2, Char: what has its own place in Unicode and is no control character. */
static bool is_char(uint32_t c)
{
    if (c < ' ')
        return c == '\t' || c == LINE_FEED || c == RETURN;
    return c < 0xd800 || (c >= 0xe000 && c < 0xfffe) || (c >= 0x10000 && c <= CODE_POINT_MAX);
}

/* Of what UTF-8 allows, Char leaves out controls, U+FFFE and U+FFFF (EF BF BE and EF BF BF). */
static bool is_text(struct bytes text)
{
    enum { THREE_OCTETS = 0xfffffe, NO_CHARACTER = 0xefbfbe }; /* but for the last bit */
    uint32_t last = 0;
    for (size_t i = 0; i < text.len; i++) {
        last = last << 8 | text.ptr[i];
        if (!is_char(text.ptr[i]) || (last & THREE_OCTETS) == NO_CHARACTER)
            return false;
    }
    return encoding_is_utf8(text);
}

static int peek(const struct parser *p)
{
    return p->r.left == 0 ? -1 : p->r.at[0];
}

static bool next_is(const struct parser *p, const char *literal)
{
    struct reader look = p->r;
    struct bytes wanted = bytes_str(literal);
    return look.left >= wanted.len && bytes_equal(reader_bytes(&look, wanted.len), wanted);
}

static bool take(struct parser *p, const char *literal)
{
    if (!next_is(p, literal))
        return false;
    (void)reader_bytes(&p->r, strlen(literal));
    return true;
}

static void expect(struct parser *p, const char *literal, const char *what)
{
    if (!take(p, literal))
        refuse(p, ERR_ENCODING, what);
}

static bool skip_space(struct parser *p)
{
    bool any = false;
    for (; is_space(peek(p)); any = true)
        (void)reader_u8(&p->r);
    return any;
}

/* NCName, of Namespaces in XML section 3, in ASCII. */
static struct bytes ncname(struct parser *p)
{
    struct reader start = p->r;
    if (!is_name_start(peek(p))) {
        refuse(p, ERR_ENCODING, "no name where one belongs");
        return (struct bytes){0};
    }
    while (is_name(peek(p)))
        (void)reader_u8(&p->r);
    return reader_bytes(&start, p->r.offset - start.offset);
}

static void qname(struct parser *p, struct bytes *prefix, struct bytes *local)
{
    *prefix = (struct bytes){0};
    *local = ncname(p);
    if (peek(p) != ':')
        return;
    (void)reader_u8(&p->r);
    *prefix = *local;
    *local = ncname(p);
}

/* ---- values ---- */

static void value_octet(struct parser *p, uint8_t c)
{
    p->value_room[p->value_used++] = c;
}

static void value_code_point(struct parser *p, uint32_t c)
{
    if (c < 0x80) {
        value_octet(p, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        value_octet(p, (uint8_t)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            value_octet(p, (uint8_t)(0xe0 | c >> 12));
        } else {
            value_octet(p, (uint8_t)(0xf0 | c >> 18));
            value_octet(p, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        }
        value_octet(p, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    }
    value_octet(p, (uint8_t)(0x80 | (c & 0x3f)));
}

static int digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Section 4.1: CharRef, behind its "&#". */
static void numbered_character(struct parser *p)
{
    const int base = take(p, "x") ? 16 : 10;
    uint32_t c = 0;
    size_t digits = 0;
    for (; digit(peek(p)) < base; digits++) {
        c = c * (uint32_t)base + (uint32_t)digit(reader_u8(&p->r));
        if (c > CODE_POINT_MAX)
            c = CODE_POINT_MAX + 1;
    }
    if (digits == 0 || !take(p, ";") || !is_char(c))
        refuse(p, ERR_ENCODING, "a numbered character that is none");
    else
        value_code_point(p, c);
}

/* Section 4.6: the five that are there without a declaration. */
static void entity(struct parser *p)
{
    static const struct {
        const char *name;
        char character;
    } predefined[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < sizeof predefined / sizeof *predefined; i++) {
        if (take(p, predefined[i].name)) {
            value_octet(p, (uint8_t)predefined[i].character);
            return;
        }
    }
    if (take(p, "&#"))
        numbered_character(p);
    else
        refuse(p, ERR_UNKNOWN, "an entity that is not predefined");
}

/* Text as far as `<`, or a value as far as its quote. Section 2.11: a return with or without a line feed behind it is a line feed. Section 3.3.3: in
 * a value white space is a blank, unless it came as a numbered character. */
static struct bytes value(struct parser *p, int quote)
{
    size_t start = p->value_used;
    while (!failed(p) && p->r.left > 0 && peek(p) != quote) {
        int c = peek(p);
        if (c == '<') {
            refuse(p, ERR_ENCODING, "'<' in a value");
        } else if (c == '&') {
            entity(p);
        } else {
            (void)reader_u8(&p->r);
            if (c == RETURN) {
                (void)take(p, "\n");
                c = LINE_FEED;
            }
            value_octet(p, is_space(c) && quote != '<' ? ' ' : (uint8_t)c);
        }
    }
    return bytes_of(p->value_room + start, p->value_used - start);
}

/* ---- namespaces ---- */

int xml_compare(struct bytes a, struct bytes b)
{
    size_t shorter = a.len < b.len ? a.len : b.len; /* equivalent: of two that are the same, either */
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Namespaces in XML, section 2.1 and the erratum on relative names: canonical XML knows none. */
static bool is_absolute(struct bytes uri)
{
    struct reader r = reader_over(uri);
    if (!is_name_start(reader_u8(&r)))
        return false;
    for (;;) {
        uint8_t c = reader_u8(&r); /* 0 behind the end */
        if (c == ':')
            return true;
        if (!is_name(c) && c != '+')
            return false;
    }
}

/* What the prefix stands for in element i; false when nothing declares it. */
static bool resolve(const struct xml_document *d, uint32_t i, struct bytes prefix, struct bytes *uri)
{
    for (;; i = d->nodes[i].parent) {
        const struct xml_node *n = &d->nodes[i];
        for (uint32_t k = 0; k < n->namespace_count; k++) {
            const struct xml_namespace *ns = &d->namespaces[n->first_namespace + k];
            if (bytes_equal(ns->prefix, prefix)) {
                *uri = ns->uri;
                return true;
            }
        }
        if (i == 0) {
            *uri = (struct bytes){0};
            return prefix.len == 0;
        }
    }
}

static void add_namespace(struct parser *p, struct xml_node *n, struct bytes prefix, struct bytes uri)
{
    struct xml_document *d = p->d;
    if (d->namespace_count == XML_NAMESPACES_MAX) {
        refuse(p, ERR_TOO_LARGE, "too many namespaces");
        return;
    }
    bool reserved = bytes_is_str(prefix, "xml") || bytes_is_str(prefix, "xmlns") ||
                    bytes_is_str(uri, XML_URI) || bytes_is_str(uri, XMLNS_URI);
    if (reserved || (uri.len == 0 ? prefix.len != 0 : !is_absolute(uri))) {
        refuse(p, ERR_ENCODING, "a namespace that cannot be declared");
        return;
    }
    uint32_t at = d->namespace_count++;
    for (; at > n->first_namespace; at--) {
        int order = xml_compare(d->namespaces[at - 1].prefix, prefix);
        if (order == 0)
            refuse(p, ERR_ENCODING, "a namespace twice");
        if (order <= 0) /* equivalent: what is there twice was refused */
            break;
        d->namespaces[at] = d->namespaces[at - 1];
    }
    d->namespaces[at] = (struct xml_namespace){prefix, uri};
    n->namespace_count++;
}

/* ---- tags ---- */

static int attribute_compare(const struct xml_attribute *a, const struct xml_attribute *b)
{
    int order = xml_compare(a->uri, b->uri);
    return order != 0 ? order : xml_compare(a->local, b->local);
}

static void add_attribute(struct parser *p, struct xml_node *n, struct bytes prefix, struct bytes local,
                          struct bytes v)
{
    struct xml_document *d = p->d;
    if (bytes_is_str(prefix, "xml"))
        refuse(p, ERR_UNKNOWN, "an attribute of the namespace xml");
    else if (n->attribute_count == XML_ELEMENT_ATTRIBUTES_MAX || d->attribute_count == p->attribute_room)
        refuse(p, ERR_TOO_LARGE, "too many attributes");
    else {
        d->attributes[d->attribute_count++] = (struct xml_attribute){prefix, local, {0}, v};
        n->attribute_count++;
    }
}

/* Attributes have no order of their own: they are kept in that of canonical XML. */
static void sort_attributes(struct parser *p, const struct xml_node *n)
{
    struct xml_attribute *list = p->d->attributes + n->first_attribute;
    for (uint32_t i = 1; i < n->attribute_count; i++) {
        struct xml_attribute one = list[i];
        uint32_t at = i;
        for (; at > 0; at--) {
            int order = attribute_compare(&list[at - 1], &one);
            if (order == 0)
                refuse(p, ERR_ENCODING, "an attribute twice");
            if (order <= 0) /* equivalent: likewise */
                break;
            list[at] = list[at - 1];
        }
        list[at] = one;
    }
}

static void resolve_names(struct parser *p, uint32_t i)
{
    struct xml_document *d = p->d;
    struct xml_node *n = &d->nodes[i];
    bool known = resolve(d, i, n->prefix, &n->uri);
    for (uint32_t k = 0; k < n->attribute_count; k++) {
        struct xml_attribute *a = &d->attributes[n->first_attribute + k];
        known = (a->prefix.len == 0 || resolve(d, i, a->prefix, &a->uri)) && known;
    }
    if (!known)
        refuse(p, ERR_ENCODING, "a prefix that is not declared");
    sort_attributes(p, n);
}

static void attributes(struct parser *p, struct xml_node *n)
{
    while (!failed(p)) {
        struct bytes prefix;
        struct bytes local;
        bool space = skip_space(p);
        if (peek(p) == '>' || peek(p) == '/')
            return;
        if (!space)
            refuse(p, ERR_ENCODING, "no blank before an attribute");
        qname(p, &prefix, &local);
        (void)skip_space(p);
        expect(p, "=", "no '=' behind an attribute's name");
        (void)skip_space(p);
        int quote = peek(p);
        if (quote != '"' && quote != '\'')
            refuse(p, ERR_ENCODING, "no quote before a value");
        (void)reader_u8(&p->r);
        struct bytes v = value(p, quote);
        expect(p, quote == '"' ? "\"" : "'", "no quote behind a value");
        if (failed(p))
            return;
        if (bytes_is_str(prefix, "xmlns"))
            add_namespace(p, n, local, v);
        else if (prefix.len == 0 && bytes_is_str(local, "xmlns"))
            add_namespace(p, n, prefix, v);
        else
            add_attribute(p, n, prefix, local, v);
    }
}

static struct xml_node *add_node(struct parser *p)
{
    struct xml_document *d = p->d;
    if (d->node_count == p->node_room) {
        refuse(p, ERR_TOO_LARGE, "too many elements");
        return NULL;
    }
    struct xml_node *n = &d->nodes[d->node_count++];
    n->parent = p->open;
    n->end = d->node_count;
    return n;
}

static void close_element(struct parser *p)
{
    struct xml_node *n = &p->d->nodes[p->open];
    n->end = p->d->node_count;
    p->open = n->parent;
    p->depth--;
}

static void start_tag(struct parser *p)
{
    struct xml_document *d = p->d;
    expect(p, "<", "no element where one belongs");
    struct xml_node *n = failed(p) ? NULL : add_node(p);
    if (n == NULL)
        return;
    uint32_t i = d->node_count - 1;
    n->first_attribute = d->attribute_count;
    n->first_namespace = d->namespace_count;
    qname(p, &n->prefix, &n->local);
    attributes(p, n);
    if (failed(p))
        return;
    resolve_names(p, i);
    if (p->depth++ == XML_DEPTH_MAX)
        refuse(p, ERR_TOO_LARGE, "elements too deep in one another");
    p->open = i;
    bool empty = take(p, "/");
    expect(p, ">", "a tag without its end");
    if (empty && !failed(p))
        close_element(p);
}

static void end_tag(struct parser *p)
{
    struct bytes prefix;
    struct bytes local;
    const struct xml_node *n = &p->d->nodes[p->open];
    (void)take(p, "</");
    qname(p, &prefix, &local);
    (void)skip_space(p);
    expect(p, ">", "a tag without its end");
    if (!bytes_equal(prefix, n->prefix) || !bytes_equal(local, n->local))
        refuse(p, ERR_ENCODING, "the end of another element");
    if (!failed(p))
        close_element(p);
}

static void text(struct parser *p)
{
    struct bytes said = value(p, '<');
    for (struct reader r = reader_over(said); r.left >= 3; (void)reader_u8(&r)) {
        struct reader look = r;
        if (bytes_is_str(reader_bytes(&look, 3), "]]>"))
            refuse(p, ERR_ENCODING, "']]>' in a text");
    }
    struct xml_node *n = failed(p) ? NULL : add_node(p); /* read without failure it has an octet */
    if (n != NULL) {
        n->is_text = true;
        n->text = said;
    }
}

/* ---- the document ---- */

/* Section 2.8, XMLDecl, with the one version and the one encoding; the names in their order. */
static void declaration(struct parser *p)
{
    static const char *const parts[][2] = {
        {"version=\"1.0\"", "version='1.0'"},       {"encoding=\"UTF-8\"", "encoding='UTF-8'"},
        {"encoding=\"utf-8\"", "encoding='utf-8'"}, {"standalone=\"yes\"", "standalone='yes'"},
        {"standalone=\"no\"", "standalone='no'"},
    };
    if (!take(p, "<?xml"))
        return;
    bool version = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct reader before = p->r;
        bool space = skip_space(p);
        bool found = space && (take(p, parts[i][0]) || take(p, parts[i][1]));
        version = version || found;
        if (!found)
            p->r = before;
        if (i == 0 && !found)
            break;
    }
    (void)skip_space(p);
    if (!version || !take(p, "?>"))
        refuse(p, ERR_UNKNOWN, "an XML declaration of another kind");
}

static void content(struct parser *p)
{
    while (!failed(p) && p->depth > 0) {
        if (p->r.left == 0)
            refuse(p, ERR_TRUNCATED, "an element without its end");
        else if (next_is(p, "</"))
            end_tag(p);
        else if (next_is(p, "<!") || next_is(p, "<?"))
            refuse(p, ERR_UNKNOWN, "a comment, a declaration or an instruction");
        else if (next_is(p, "<"))
            start_tag(p);
        else
            text(p);
    }
}

static void document(struct parser *p)
{
    declaration(p);
    (void)skip_space(p);
    if (next_is(p, "<!") || next_is(p, "<?"))
        refuse(p, ERR_UNKNOWN, "a comment, a declaration or an instruction");
    start_tag(p);
    content(p);
    (void)skip_space(p);
    if (p->r.left > 0)
        refuse(p, ERR_TRAILING, "something behind the root element");
}

static size_t count(struct bytes text, uint8_t wanted)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == wanted; /* equivalent: there are at least as many others, and that is room, too */
    return n;
}

static uint32_t smaller(size_t a, size_t b)
{
    return (uint32_t)(a < b ? a : b); /* equivalent: of two that are the same, either */
}

/* One block: the document, its three lists, the values. Each tag begins with '<', each attribute has a '='. */
static bool allocate(struct parser *p, struct bytes input)
{
    p->node_room = smaller(2 * count(input, '<') + 1, XML_NODES_MAX);
    p->attribute_room = smaller(count(input, '='), XML_ATTRIBUTES_MAX);
    size_t nodes = p->node_room * sizeof(struct xml_node);
    size_t attribute_list = p->attribute_room * sizeof(struct xml_attribute);
    size_t namespaces = XML_NAMESPACES_MAX * sizeof(struct xml_namespace);
    struct parts {
        struct xml_document d;
        struct xml_node nodes[];
    } *block = calloc(1, sizeof *block + nodes + attribute_list + namespaces + input.len);
    if (block == NULL)
        return false;
    union {
        struct xml_node *nodes;
        struct xml_attribute *attributes;
        struct xml_namespace *namespaces;
        uint8_t *octets;
    } at = {.nodes = block->nodes};
    p->d = &block->d;
    p->d->nodes = at.nodes;
    at.octets += nodes;
    p->d->attributes = at.attributes;
    at.octets += attribute_list;
    p->d->namespaces = at.namespaces;
    at.octets += namespaces;
    p->value_room = at.octets;
    return true;
}

enum err xml_parse(struct bytes input, struct xml_document **out, struct err_note *note)
{
    struct parser p = {.r = reader_over(input)};
    *out = NULL;
    if (input.len > XML_SIZE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "XML document of %zu bytes, at most %d are taken", input.len,
                         XML_SIZE_MAX);
    if (!is_text(input))
        return err_noted(ERR_ENCODING, note, "XML document: not text in UTF-8");
    if (!allocate(&p, input))
        return ERR_MEMORY;
    document(&p);
    enum err e = reader_finish(&p.r);
    if (e == ERR_OK) {
        *out = p.d;
        return ERR_OK;
    }
    xml_free(p.d);
    return err_noted(e, note, "XML document at 0x%zx: %s", p.r.offset,
                     p.wrong != NULL ? p.wrong : err_text(e));
}

void xml_free(struct xml_document *d)
{
    free(d);
}

/* ---- questions ---- */

bool xml_is(const struct xml_document *d, uint32_t i, const char *uri, const char *local)
{
    const struct xml_node *n = &d->nodes[i];
    return !n->is_text && bytes_is_str(n->local, local) && bytes_is_str(n->uri, uri);
}

const struct xml_attribute *xml_attribute(const struct xml_document *d, uint32_t i, const char *uri,
                                          const char *local)
{
    const struct xml_node *n = &d->nodes[i];
    for (uint32_t k = 0; k < n->attribute_count; k++) {
        const struct xml_attribute *a = &d->attributes[n->first_attribute + k];
        if (bytes_is_str(a->local, local) && bytes_is_str(a->uri, uri))
            return a;
    }
    return NULL;
}

bool xml_text(const struct xml_document *d, uint32_t i, struct bytes *said)
{
    const struct xml_node *n = &d->nodes[i];
    *said = (struct bytes){0};
    if (n->end == i + 1)
        return true;
    if (n->end != i + 2 || !d->nodes[i + 1].is_text)
        return false;
    *said = d->nodes[i + 1].text;
    return true;
}

bool xml_is_blank(struct bytes said)
{
    for (struct reader r = reader_over(said); r.left > 0;)
        if (!is_space(reader_u8(&r)))
            return false;
    return true;
}
