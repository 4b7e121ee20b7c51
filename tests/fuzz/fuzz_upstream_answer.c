/* SPDX-License-Identifier: Apache-2.0 */
/* What another inference server may answer. The first byte chooses the API and how the rest is cut into pieces; the lines that come out must be the same as in one piece,
 * each one JSON object. And what it says of its models. */
#include <stdlib.h>

#include "base/strict_json.h"
#include "engine/upstream_answer.h"
#include "engine/upstream_json.h"
#include "engine/upstream_models.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEARD_MAX = 1 << 20 };

struct heard {
    uint8_t text[HEARD_MAX];
    size_t len;
    uint16_t status;
};

static void on_lines(void *owner, uint16_t status, struct bytes lines)
{
    struct heard *h = owner;
    if (lines.len == 0 || h->len + lines.len > HEARD_MAX || (h->status != 0 && h->status != status))
        abort();
    h->status = status;
    memcpy(h->text + h->len, lines.ptr, lines.len);
    h->len += lines.len;
}

static void check_lines(struct heard *h)
{
    if (h->len != 0 && (h->text[h->len - 1] != '\n' || h->status < 200))
        abort();
    for (size_t at = 0; at < h->len;) {
        uint8_t *end = memchr(h->text + at, '\n', h->len - at);
        if (end == NULL || upstream_json_line(h->text + at, (size_t)(end - h->text) - at, NULL) != ERR_OK)
            abort();
        at = (size_t)(end - h->text) + 1;
    }
}

static enum err feed(enum api api, bool streamed, struct bytes in, size_t piece, struct heard *h)
{
    struct upstream_answer a;
    h->len = 0;
    h->status = 0;
    if (upstream_answer_open(&a, api, streamed, on_lines, h) != ERR_OK)
        abort();
    enum err e = ERR_OK;
    while (e == ERR_OK && in.len != 0 && !a.ended) {
        size_t n = in.len < piece ? in.len : piece;
        e = upstream_answer_read(&a, bytes_of(in.ptr, n), NULL);
        in = bytes_of(in.ptr + n, in.len - n);
    }
    if (e == ERR_OK)
        e = upstream_answer_eof(&a, NULL);
    if (e == ERR_OK && (!a.ended || h->len == 0) && api != API_COUNT && !(a.ended && streamed))
        abort();
    upstream_answer_close(&a);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heard whole;
    static struct heard pieces;
    struct upstream_model model;
    if (size == 0 || size > HEARD_MAX / 2)
        return 0;
    strict_json_init();
    struct bytes in = bytes_of(data + 1, size - 1);
    enum api api = (enum api)(data[0] % (API_COUNT + 1));
    bool streamed = data[0] >= 128;
    enum err e = feed(api, streamed, in, in.len, &whole);
    size_t piece = 1 + data[0] / (API_COUNT + 1) % 16;
    enum err again = feed(api, streamed, in, piece, &pieces);
    if (e != again || whole.len != pieces.len ||
        (whole.len != 0 && memcmp(whole.text, pieces.text, whole.len) != 0))
        abort();
    if (api != API_COUNT)
        check_lines(&whole);
    if (upstream_models_parse(in, &model, NULL) == ERR_OK &&
        (model.name[0] == '\0' || strlen(model.name) >= sizeof model.name))
        abort();
    return 0;
}
