/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/collateral_key.h"

#include <stdio.h>

#include "base/encoding.h"
#include "base/reader.h"
#include "base/writer.h"

#define NAME_VCEK      "vcek"
#define NAME_VLEK      "vlek"
#define NAME_PLATFORM  "platform"
#define NAME_PROCESSOR "processor"

static const struct form {
    enum collateral_kind kind;
    const char *begin;
    const char *end;
} forms[] = {
    {COLLATERAL_SNP_CERTIFICATES, "snp-certificates-", ".table"},
    {COLLATERAL_SNP_CRL, "snp-crl-", ".crl"},
    {COLLATERAL_TDX, "tdx-", ".json"},
    {COLLATERAL_RIM, "gpu-rim-", ".xml"},
    {COLLATERAL_OCSP, "gpu-ocsp-", ".der"},
};

enum { FORM_COUNT = sizeof forms / sizeof *forms };

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters and digits; those in more as well, but not at the beginning. At least one, and fewer than size. */
static bool is_word(const char *text, size_t size, const char *more)
{
    size_t n = 0;
    for (; n < size && text[n] != '\0'; n++)
        if (!is_letter_or_digit(text[n]) && (n == 0 || strchr(more, text[n]) == NULL))
            return false;
    return n > 0 && n < size;
}

/* ---- writing ---- */

static void put_hex(struct writer *w, const uint8_t *bytes, size_t len)
{
    char text[ENCODING_HEX_SIZE(64)];
    encoding_hex(bytes_of(bytes, len), text);
    writer_str(w, text);
}

static bool put_product(struct writer *w, const struct collateral_key *key)
{
    if (!is_word(key->product, sizeof key->product, ""))
        return false;
    writer_str(w, key->product);
    writer_str(w, key->vlek ? "-" NAME_VLEK : "-" NAME_VCEK);
    return true;
}

static bool put_members(struct writer *w, const struct collateral_key *key)
{
    switch (key->kind) {
    case COLLATERAL_SNP_CERTIFICATES:
        if (!put_product(w, key))
            return false;
        writer_str(w, "-");
        put_hex(w, key->chip_id, sizeof key->chip_id);
        writer_str(w, "-");
        put_hex(w, key->tcb, sizeof key->tcb);
        return true;
    case COLLATERAL_SNP_CRL:
        return put_product(w, key);
    case COLLATERAL_TDX:
        put_hex(w, key->fmspc, sizeof key->fmspc);
        writer_str(w, key->processor_ca ? "-" NAME_PROCESSOR : "-" NAME_PLATFORM);
        return true;
    case COLLATERAL_RIM:
        if (!is_word(key->id, sizeof key->id, "_."))
            return false;
        writer_str(w, key->id);
        return true;
    case COLLATERAL_OCSP:
        if (key->serial_len == 0 || key->serial_len > sizeof key->serial)
            return false;
        put_hex(w, key->serial, key->serial_len);
        writer_str(w, "-");
        put_hex(w, key->issuer_name, sizeof key->issuer_name);
        writer_str(w, "-");
        put_hex(w, key->issuer_key, sizeof key->issuer_key);
        return true;
    }
    return false;
}

enum err collateral_key_write(const struct collateral_key *key, char name[static COLLATERAL_NAME_MAX])
{
    struct writer w = writer_into(name, COLLATERAL_NAME_MAX);
    struct bytes written;
    bool good = false;
    for (size_t i = 0; i < FORM_COUNT; i++) {
        if (forms[i].kind != key->kind)
            continue;
        writer_str(&w, forms[i].begin);
        good = put_members(&w, key);
        writer_str(&w, forms[i].end);
    }
    writer_u8(&w, 0);
    if (good && writer_finish(&w, &written) == ERR_OK)
        return ERR_OK;
    name[0] = '\0';
    return ERR_VALUE;
}

/* ---- reading ---- */

/* The text up to the next hyphen, which is taken away as well, or to the end. */
static struct bytes next_part(struct reader *r)
{
    struct reader look = *r;
    size_t n = 0;
    bool hyphen = false;
    while (!hyphen && look.left > 0) {
        hyphen = reader_u8(&look) == '-';
        n += hyphen ? 0 : 1;
    }
    struct bytes part = reader_bytes(r, n);
    if (hyphen)
        (void)reader_u8(r);
    return part;
}

static void take_text(struct reader *r, char *to, size_t size)
{
    struct bytes part = next_part(r);
    if (part.len == 0 || part.len >= size)
        reader_fail(r, ERR_UNKNOWN);
    else
        memcpy(to, part.ptr, part.len);
}

static void take_hex(struct reader *r, uint8_t *to, size_t size)
{
    if (encoding_unhex(next_part(r), to, size) != ERR_OK)
        reader_fail(r, ERR_UNKNOWN);
}

static bool take_choice(struct reader *r, const char *no, const char *yes)
{
    struct bytes part = next_part(r);
    if (!bytes_is_str(part, no) && !bytes_is_str(part, yes))
        reader_fail(r, ERR_UNKNOWN);
    return bytes_is_str(part, yes);
}

static void take_product(struct reader *r, struct collateral_key *key)
{
    take_text(r, key->product, sizeof key->product);
    key->vlek = take_choice(r, NAME_VCEK, NAME_VLEK);
}

static void take_serial(struct reader *r, struct collateral_key *key)
{
    const struct bytes digits = next_part(r);
    key->serial_len = digits.len / 2;
    if (key->serial_len > sizeof key->serial ||
        encoding_unhex(digits, key->serial, key->serial_len) != ERR_OK)
        reader_fail(r, ERR_UNKNOWN);
}

static void take_members(struct reader *r, struct collateral_key *key)
{
    switch (key->kind) {
    case COLLATERAL_SNP_CERTIFICATES:
        take_product(r, key);
        take_hex(r, key->chip_id, sizeof key->chip_id);
        take_hex(r, key->tcb, sizeof key->tcb);
        break;
    case COLLATERAL_SNP_CRL:
        take_product(r, key);
        break;
    case COLLATERAL_TDX:
        take_hex(r, key->fmspc, sizeof key->fmspc);
        key->processor_ca = take_choice(r, NAME_PLATFORM, NAME_PROCESSOR);
        break;
    case COLLATERAL_RIM:
        take_text(r, key->id, sizeof key->id);
        break;
    case COLLATERAL_OCSP:
        take_serial(r, key);
        take_hex(r, key->issuer_name, sizeof key->issuer_name);
        take_hex(r, key->issuer_key, sizeof key->issuer_key);
        break;
    }
}

static bool has_form(struct bytes name, const struct form *form, struct bytes *members)
{
    struct bytes begin = bytes_str(form->begin);
    struct bytes end = bytes_str(form->end);
    struct reader r = reader_over(name);
    if (name.len < begin.len + end.len || !bytes_equal(reader_bytes(&r, begin.len), begin))
        return false;
    *members = reader_bytes(&r, name.len - begin.len - end.len);
    return bytes_equal(reader_rest(&r), end);
}

/* Whatever was read must be written again as it was: that leaves one spelling, and no character that the writer does not know. */
static bool is_its_name(const struct collateral_key *key, struct bytes name)
{
    char again[COLLATERAL_NAME_MAX];
    return collateral_key_write(key, again) == ERR_OK && bytes_is_str(name, again);
}

enum err collateral_key_parse(struct bytes name, struct collateral_key *key)
{
    for (size_t i = 0; i < FORM_COUNT; i++) {
        struct bytes members;
        if (!has_form(name, &forms[i], &members))
            continue;
        *key = (struct collateral_key){.kind = forms[i].kind};
        struct reader r = reader_over(members);
        take_members(&r, key);
        if (reader_finish(&r) == ERR_OK && is_its_name(key, name))
            return ERR_OK;
    }
    *key = (struct collateral_key){0};
    return ERR_UNKNOWN;
}

bool collateral_key_equal(const struct collateral_key *a, const struct collateral_key *b)
{
    char name[2][COLLATERAL_NAME_MAX];
    return collateral_key_write(a, name[0]) == ERR_OK && collateral_key_write(b, name[1]) == ERR_OK &&
           strcmp(name[0], name[1]) == 0;
}
