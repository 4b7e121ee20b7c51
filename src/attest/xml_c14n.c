/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/xml_c14n.h"

#include "base/reader.h"

struct output {
    xml_c14n_sink *write;
    void *sink;
    enum err failed;
};

static void put(struct output *o, struct bytes piece)
{
    if (o->failed == ERR_OK && piece.len != 0)
        o->failed = o->write(o->sink, piece);
}

static void put_str(struct output *o, const char *piece)
{
    put(o, bytes_str(piece));
}

/* Section 2.3: which characters are replaced, in texts and in values. */
static const char *replacement(uint8_t c, bool in_value)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '\r':
        return "&#xD;";
    case '>':
        return in_value ? NULL : "&gt;";
    case '"':
        return in_value ? "&quot;" : NULL;
    case '\t':
        return in_value ? "&#x9;" : NULL;
    case '\n':
        return in_value ? "&#xA;" : NULL;
    default:
        return NULL;
    }
}

static void put_escaped(struct output *o, struct bytes text, bool in_value)
{
    struct reader r = reader_over(text);
    struct reader start = r;
    while (r.left > 0) {
        size_t before = r.offset - start.offset;
        const char *instead = replacement(reader_u8(&r), in_value);
        if (instead == NULL)
            continue;
        put(o, reader_bytes(&start, before));
        put_str(o, instead);
        start = r;
    }
    put(o, reader_rest(&start));
}

static void put_name(struct output *o, struct bytes prefix, struct bytes local)
{
    put(o, prefix);
    if (prefix.len != 0)
        put_str(o, ":");
    put(o, local);
}

static void put_namespace(struct output *o, const struct xml_namespace *ns)
{
    put_str(o, ns->prefix.len == 0 ? " xmlns" : " xmlns:");
    put(o, ns->prefix);
    put_str(o, "=\"");
    put_escaped(o, ns->uri, true);
    put_str(o, "\"");
}

/* What the prefix stands for in element i and above it, as far as element top; empty when nothing says so. */
static struct bytes in_scope(const struct xml_document *d, uint32_t i, uint32_t top, struct bytes prefix)
{
    for (;; i = d->nodes[i].parent) {
        const struct xml_node *n = &d->nodes[i];
        for (uint32_t k = 0; k < n->namespace_count; k++)
            if (bytes_equal(d->namespaces[n->first_namespace + k].prefix, prefix))
                return d->namespaces[n->first_namespace + k].uri;
        if (i == top)
            return (struct bytes){0};
    }
}

/* Section 2.3: a declaration that says what was so already is superfluous. */
static void put_namespaces(struct output *o, const struct xml_document *d, uint32_t i)
{
    const struct xml_node *n = &d->nodes[i];
    for (uint32_t k = 0; k < n->namespace_count; k++) {
        const struct xml_namespace *ns = &d->namespaces[n->first_namespace + k];
        if (!bytes_equal(in_scope(d, n->parent, 0, ns->prefix), ns->uri))
            put_namespace(o, ns);
    }
}

/* The apex stands for itself: it declares all that is in scope, from wherever it comes. */
static void put_apex_namespaces(struct output *o, const struct xml_document *d, uint32_t apex)
{
    struct xml_namespace list[XML_NAMESPACES_MAX];
    size_t count = 0;
    for (uint32_t i = apex;; i = d->nodes[i].parent) {
        const struct xml_node *n = &d->nodes[i];
        for (uint32_t k = 0; k < n->namespace_count; k++) {
            const struct xml_namespace ns = d->namespaces[n->first_namespace + k];
            size_t at = 0;
            while (at != count && xml_compare(list[at].prefix, ns.prefix) < 0)
                at++;
            if (at != count &&
                bytes_equal(list[at].prefix, ns.prefix)) /* declared anew, nearer to the apex */
                continue;
            memmove(&list[at + 1], &list[at], (count - at) * sizeof *list);
            list[at] = ns;
            count++;
        }
        if (i == 0)
            break;
    }
    for (size_t k = 0; k < count; k++)
        if (list[k].uri.len != 0)
            put_namespace(o, &list[k]);
}

static void put_start(struct output *o, const struct xml_document *d, uint32_t i, bool is_apex)
{
    const struct xml_node *n = &d->nodes[i];
    put_str(o, "<");
    put_name(o, n->prefix, n->local);
    if (is_apex)
        put_apex_namespaces(o, d, i);
    else
        put_namespaces(o, d, i);
    for (uint32_t k = 0; k < n->attribute_count; k++) {
        const struct xml_attribute *a = &d->attributes[n->first_attribute + k];
        put_str(o, " ");
        put_name(o, a->prefix, a->local);
        put_str(o, "=\"");
        put_escaped(o, a->value, true);
        put_str(o, "\"");
    }
    put_str(o, ">");
}

/* The elements that end before node i, the innermost first. */
static uint32_t put_ends(struct output *o, const struct xml_document *d, uint32_t open, uint32_t i)
{
    while (d->nodes[open].end <= i) {
        put_str(o, "</");
        put_name(o, d->nodes[open].prefix, d->nodes[open].local);
        put_str(o, ">");
        if (d->nodes[open].parent == open)
            break;
        open = d->nodes[open].parent;
    }
    return open;
}

enum err xml_c14n(const struct xml_document *d, uint32_t apex, uint32_t without, xml_c14n_sink *write,
                  void *sink)
{
    struct output o = {.write = write, .sink = sink};
    uint32_t end = d->nodes[apex].end;
    uint32_t open = apex;
    put_start(&o, d, apex, true);
    for (uint32_t i = apex + 1; i < end;) {
        open = put_ends(&o, d, open, i);
        const struct xml_node *n = &d->nodes[i];
        if (i == without) {
            i = n->end;
            continue;
        }
        if (n->is_text) {
            put_escaped(&o, n->text, false);
        } else {
            put_start(&o, d, i, false);
            open = i;
        }
        i++;
    }
    /* What is open still, up to the apex and no further: ancestors of the apex can end here too. */
    for (;; open = d->nodes[open].parent) {
        put_str(&o, "</");
        put_name(&o, d->nodes[open].prefix, d->nodes[open].local);
        put_str(&o, ">");
        if (open == apex)
            return o.failed;
    }
}

static enum err feed(void *stream, struct bytes piece)
{
    return crypto_hash_feed(stream, piece);
}

enum err xml_c14n_digest(const struct xml_document *d, uint32_t apex, uint32_t without, enum crypto_hash hash,
                         uint8_t *digest)
{
    struct crypto_hash_stream *stream;
    enum err e = crypto_hash_open(hash, &stream);
    if (e != ERR_OK)
        return e; /* equivalent: fails for want of memory alone */
    e = xml_c14n(d, apex, without, feed, stream);
    enum err closed = crypto_hash_close(stream, e == ERR_OK ? digest : NULL);
    return e == ERR_OK ? closed : e; /* equivalent: likewise, as feeding it does */
}
