/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_XML_H
#define ATTEST_XML_H

/*
 * The part of XML 1.0 (fifth edition) with namespaces that signed documents of reference values are written in, read strictly: UTF-8, elements,
 * attributes and text; the five predefined entities and numbered characters. No document type, no entity of its own, no processing instruction beside
 * the declaration, no comment, no CDATA, no attribute of the namespace xml, no relative namespace; names in ASCII. What is not in that list is refused.
 *
 * The document is a flat list of nodes in their order. A node's subtree is [i, nodes[i].end): the first child of i is i + 1 when that is below its
 * end, the next sibling of i is nodes[i].end. Nothing recurses.
 *
 *     struct xml_document *d;
 *     e = xml_parse(text, &d, &note);
 *     for (uint32_t i = 1; i < d->nodes[0].end; i = d->nodes[i].end) ... the root's children ...
 *     xml_free(d);
 *
 * Names point into the text that was parsed, which must outlive the document; values and texts, with their entities replaced and their line ends
 * normalised (sections 2.11 and 3.3.3), are the document's own.
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    XML_SIZE_MAX = 1024 * 1024,
    XML_DEPTH_MAX = 16,
    XML_NODES_MAX = 16384,
    XML_ATTRIBUTES_MAX = 32768,       /* in the document */
    XML_ELEMENT_ATTRIBUTES_MAX = 128, /* of one element */
    XML_NAMESPACES_MAX = 64,          /* declared in the document */
};

struct xml_attribute {
    struct bytes prefix;
    struct bytes local;
    struct bytes uri; /* empty: in no namespace */
    struct bytes value;
};

struct xml_namespace {
    struct bytes prefix; /* empty: the default namespace */
    struct bytes uri;
};

struct xml_node {
    bool is_text;
    uint32_t parent; /* of the root: itself */
    uint32_t end;
    struct bytes text; /* of a text, never empty */
    /* Of an element: */
    struct bytes prefix;
    struct bytes local;
    struct bytes uri;
    uint32_t first_attribute; /* sorted by namespace, then by local name */
    uint32_t attribute_count;
    uint32_t first_namespace; /* declared here, sorted by prefix */
    uint32_t namespace_count;
};

struct xml_document {
    uint32_t node_count; /* at least 1: the root element */
    uint32_t attribute_count;
    uint32_t namespace_count;
    struct xml_node *nodes;
    struct xml_attribute *attributes;
    struct xml_namespace *namespaces;
};

/* One allocation. ERR_ENCODING (not well-formed), ERR_UNKNOWN (a part of XML that is not taken), ERR_TOO_LARGE, ERR_MEMORY; the note says what, and
 * at which offset. *document is NULL on failure. */
ERR_MUST_USE enum err xml_parse(struct bytes text, struct xml_document **document, struct err_note *note);
void xml_free(struct xml_document *document); /* NULL is allowed */

/* Is node i an element of this name? */
bool xml_is(const struct xml_document *d, uint32_t i, const char *uri, const char *local);
/* The attribute of element i; uri "" for one in no namespace. NULL when there is none. */
const struct xml_attribute *xml_attribute(const struct xml_document *d, uint32_t i, const char *uri,
                                          const char *local);
/* The only thing in element i is text: what it says (may be empty). False when there is an element in it. */
bool xml_text(const struct xml_document *d, uint32_t i, struct bytes *text);
/* Only space, tab and line ends? */
bool xml_is_blank(struct bytes text);
/* Octet by octet, the shorter first: the order of canonical XML. Below, equal to, above 0. */
int xml_compare(struct bytes a, struct bytes b);

#endif
