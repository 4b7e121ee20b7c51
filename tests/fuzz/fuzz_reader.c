/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the reader with a stream of instructions (one byte each: what to read, and how much) taken from the first part of
 * the input, over the second part, and holds it against a model of three numbers: position, size, failed or not.
 */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COPY_MAX = 31 };

struct model {
    struct bytes input;
    size_t at;
    bool failed;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Whether n bytes can be taken, and takes them. */
static bool model_take(struct model *m, size_t n)
{
    if (m->failed || n > m->input.len - m->at) {
        m->failed = true;
        return false;
    }
    m->at += n;
    return true;
}

static void step_integer(struct reader *r, struct model *m, unsigned which)
{
    static const size_t sizes[] = {1, 2, 3, 4, 8, 2, 3, 4, 8};
    const size_t size = sizes[which % 9];
    const size_t before = m->at;
    uint64_t wanted = 0;
    uint64_t seen;
    if (model_take(m, size))
        for (size_t i = 0; i < size; i++)
            wanted |= (uint64_t)m->input.ptr[before + i] << 8 * (which % 9 < 5 ? size - 1 - i : i);
    switch (which % 9) {
    case 0:
        seen = reader_u8(r);
        break;
    case 1:
        seen = reader_u16be(r);
        break;
    case 2:
        seen = reader_u24be(r);
        break;
    case 3:
        seen = reader_u32be(r);
        break;
    case 4:
        seen = reader_u64be(r);
        break;
    case 5:
        seen = reader_u16le(r);
        break;
    case 6:
        seen = reader_u24le(r);
        break;
    case 7:
        seen = reader_u32le(r);
        break;
    default:
        seen = reader_u64le(r);
        break;
    }
    require(seen == wanted);
}

static void step_bytes(struct reader *r, struct model *m, size_t n)
{
    const size_t before = m->at;
    struct bytes taken = reader_bytes(r, n);
    if (model_take(m, n))
        require(taken.len == n && (n == 0 || taken.ptr == m->input.ptr + before));
    else
        require(taken.len == 0 && taken.ptr == NULL);
}

static void step_copy(struct reader *r, struct model *m, size_t n)
{
    static const uint8_t zero[COPY_MAX];
    uint8_t copy[COPY_MAX];
    const size_t before = m->at;
    reader_copy(r, copy, n);
    require(n == 0 || memcmp(copy, model_take(m, n) ? m->input.ptr + before : zero, n) == 0);
}

static void step_sub(struct reader *r, struct model *m, size_t n)
{
    const size_t before = m->at;
    struct reader sub = reader_sub(r, n);
    if (!model_take(m, n)) {
        require(reader_status(&sub) != ERR_OK && sub.left == 0);
        return;
    }
    require(sub.left == n && sub.offset == before);
    require(reader_rest(&sub).len == n && reader_finish(&sub) == ERR_OK);
}

static void step_zeros(struct reader *r, struct model *m, size_t n)
{
    const size_t before = m->at;
    reader_zeros(r, n);
    if (!model_take(m, n))
        return;
    for (size_t i = 0; i < n; i++) {
        if (m->input.ptr[before + i] != 0) {
            m->at = before;
            m->failed = true;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const size_t program = 1 + (data[0] < size ? data[0] : size - 1);
    struct model m = {.input = bytes_of(data + program, size - program)};
    struct reader r = reader_over(m.input);
    for (size_t i = 1; i < program; i++) {
        const unsigned operand = data[i] & COPY_MAX;
        switch (data[i] >> 5) {
        case 0:
        case 1:
            step_integer(&r, &m, operand);
            break;
        case 2:
            step_bytes(&r, &m, operand);
            break;
        case 3:
            step_copy(&r, &m, operand);
            break;
        case 4:
            step_sub(&r, &m, operand);
            break;
        case 5:
            step_zeros(&r, &m, operand);
            break;
        case 6:
            step_bytes(&r, &m, SIZE_MAX - operand);
            break;
        default:
            step_bytes(&r, &m, m.failed ? 1 : m.input.len - m.at);
            break;
        }
        require((reader_status(&r) != ERR_OK) == m.failed);
        require(m.failed ? r.left == 0 : r.offset == m.at && r.left == m.input.len - m.at);
        require(!m.failed || r.failed_at == m.at);
    }
    require((reader_finish(&r) == ERR_OK) == (!m.failed && m.at == m.input.len));
    return 0;
}
