/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "cli/inspect.h"
#include "cli/rfc3339.h"

void inspect_put(json_t *object, const char *name, json_t *value)
{
    if (object == NULL)
        json_decref(value);
    else
        (void)json_object_set_new(object, name, value);
}

void inspect_put_text(json_t *object, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    inspect_put(object, name, json_vsprintf(format, args));
    va_end(args);
}

void inspect_put_foreign(json_t *object, const char *name, struct bytes text)
{
    static const char digits[] = "0123456789abcdef";
    char *out = secret_alloc(4 * text.len + 1);
    size_t used = 0;
    if (out == NULL)
        return;
    for (struct reader r = reader_over(text); r.left > 0;) {
        uint8_t c = reader_u8(&r);
        if (c >= ' ' && c <= '~' && c != '\\') {
            out[used++] = (char)c;
            continue;
        }
        out[used++] = '\\';
        out[used++] = 'x';
        out[used++] = digits[c >> 4];
        out[used++] = digits[c & 15];
    }
    inspect_put(object, name, json_stringn(out, used));
    secret_free(out);
}

void inspect_put_hex(json_t *object, const char *name, struct bytes value)
{
    char *text = secret_alloc(ENCODING_HEX_SIZE(value.len));
    if (text == NULL)
        return;
    encoding_hex(value, text);
    inspect_put(object, name, json_string(text));
    secret_free(text);
}

void inspect_put_time(json_t *object, const char *name, int64_t seconds)
{
    char text[RFC3339_SIZE];
    inspect_put(object, name, json_string(rfc3339_write(seconds, text)));
}

void inspect_put_error(json_t *object, enum err e, const struct err_note *note)
{
    if (e != ERR_OK)
        inspect_put_foreign(object, "malformed", bytes_str(note->text[0] != '\0' ? note->text : err_text(e)));
}

/* ---- bits ---- */

static uint64_t part_of(uint64_t value, const struct inspect_bit *b)
{
    unsigned width = b->last - b->first + 1;
    return value >> b->first & (width == 64 ? UINT64_MAX : (1ULL << width) - 1);
}

void inspect_put_bits(json_t *object, const char *name, uint64_t value, unsigned width,
                      const struct inspect_bit *bits, size_t count)
{
    json_t *inner = json_object();
    uint64_t named = 0;
    inspect_put_text(inner, "value", "0x%0*llx", (int)width / 4, (unsigned long long)value);
    for (size_t i = 0; i < count; i++) {
        uint64_t part = part_of(value, &bits[i]);
        inspect_put_text(inner, bits[i].name, "%llu", (unsigned long long)part);
        named |= part << bits[i].first;
    }
    for (unsigned i = 0; i < width; i++) {
        char unknown[sizeof "bit 63"];
        if ((value & ~named) >> i & 1) {
            (void)snprintf(unknown, sizeof unknown, "bit %u", i & 63U);
            inspect_put_text(inner, unknown, "1, reserved or not known");
        }
    }
    inspect_put(object, name, inner);
}

/* ---- fields ---- */

static uint64_t number_at(const void *base, const struct inspect_field *f)
{
    const char *at = (const char *)base + f->offset;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (f->kind) {
    case INSPECT_U16:
        memcpy(&u16, at, sizeof u16);
        return u16;
    case INSPECT_U32:
        memcpy(&u32, at, sizeof u32);
        return u32;
    case INSPECT_U64:
        memcpy(&u64, at, sizeof u64);
        return u64;
    case INSPECT_HEX:
        break;
    }
    return 0;
}

void inspect_put_fields(json_t *object, const void *base, const struct inspect_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct inspect_field *f = &fields[i];
        if (f->kind == INSPECT_HEX)
            inspect_put_hex(object, f->name, bytes_of((const char *)base + f->offset, f->size));
        else if (f->kind == INSPECT_U64)
            inspect_put_text(object, f->name, "0x%016llx", (unsigned long long)number_at(base, f));
        else
            inspect_put_text(object, f->name, "%llu", (unsigned long long)number_at(base, f));
    }
}
