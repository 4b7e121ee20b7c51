/* SPDX-License-Identifier: Apache-2.0 */

/* What is read has a canonical form, which is read too, and which is its own canonical form. */

#include <stdlib.h>

#include "attest/xml_c14n.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1024 * 1024 };

struct text {
    uint8_t octets[TEXT_MAX];
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

/* Every element as the apex, and every one left out. */
static void parts(const struct xml_document *d)
{
    static struct text t;
    for (uint32_t i = 0; i < d->node_count && i < 64; i++) {
        t.used = 0;
        if (!d->nodes[i].is_text)
            (void)!xml_c14n(d, i, XML_NOTHING, collect, &t);
        t.used = 0;
        if (i != 0)
            (void)!xml_c14n(d, 0, i, collect, &t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct text first;
    static struct text second;
    struct xml_document *d;
    struct xml_document *again;
    struct err_note note;
    if (xml_parse(bytes_of(data, size), &d, &note) != ERR_OK)
        return 0;
    first.used = 0;
    second.used = 0;
    if (xml_c14n(d, 0, XML_NOTHING, collect, &first) == ERR_OK) {
        if (xml_parse(bytes_of(first.octets, first.used), &again, &note) != ERR_OK)
            abort();
        if (xml_c14n(again, 0, XML_NOTHING, collect, &second) != ERR_OK ||
            !bytes_equal(bytes_of(first.octets, first.used), bytes_of(second.octets, second.used)))
            abort();
        if (again->node_count != d->node_count || again->attribute_count != d->attribute_count)
            abort();
        xml_free(again);
    }
    parts(d);
    xml_free(d);
    return 0;
}
