/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Before a byte-pair tokenizer joins anything, it cuts the text into words by a pattern of the model's; and for the patterns of many models (gpt-oss, Mistral's,
 * DeepSeek's among them) llama.cpp has std::regex do that, which descends for each character of a word, and from each blank or digit of a run may look at all of the rest.
 * One word of a million letters would use up any stack, and end the enclave for everybody; so a stranger's text is held to runs that language, code and what is pasted
 * into either do not have.
 */

#include "engine/llama_internal.h"

#include "base/reader.h"

enum kind { LETTERS, DIGITS, BLANKS, OTHERS, WORDS, UNBROKEN, KIND_COUNT };
enum { NOT_ASCII = 0x80, CONTINUES = 0xc0 };

static const struct {
    uint32_t most;
    const char *name;
} runs[KIND_COUNT] = {
    [LETTERS] = {16384, "letters"},           [DIGITS] = {2048, "digits"},
    [BLANKS] = {2048, "blanks or line ends"}, [OTHERS] = {16384, "punctuation marks"},
    [WORDS] = {131072, "letters and blanks"}, [UNBROKEN] = {131072, "characters without a blank"},
};

enum {
    LETTER = 1U << LETTERS | 1U << WORDS | 1U << UNBROKEN,
    DIGIT = 1U << DIGITS | 1U << UNBROKEN,
    BLANK = 1U << BLANKS | 1U << WORDS,
    OTHER = 1U << OTHERS | 1U << UNBROKEN,
};

/* Which runs a character goes on. */
static unsigned kinds_of(uint8_t c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return LETTER;
    if (c >= '0' && c <= '9')
        return DIGIT;
    return c <= ' ' ? BLANK : OTHER;
}

/*
 * What is not ASCII: blanks as llama.cpp knows them; what Chinese, Japanese and Korean are written in, the first two of which have no blanks but do have
 * punctuation. The rest may be letters or not.
 */
static const struct {
    uint32_t first, last;
    unsigned kinds;
} wide[] = {
    {0x85, 0x85, BLANK},      {0xa0, 0xa0, BLANK},      {0x1680, 0x1680, BLANK},  {0x2000, 0x200a, BLANK},
    {0x2028, 0x2029, BLANK},  {0x202f, 0x202f, BLANK},  {0x205f, 0x205f, BLANK},  {0x3000, 0x3000, BLANK},
    {0x2010, 0x205e, OTHER},  {0x3001, 0x3003, OTHER},  {0x3008, 0x3011, OTHER},  {0x3041, 0x3096, LETTER},
    {0x30a1, 0x30fa, LETTER}, {0x4e00, 0x9fff, LETTER}, {0xac00, 0xd7a3, LETTER}, {0xff01, 0xff0f, OTHER},
    {0xff1a, 0xff20, OTHER},
};

static unsigned kinds_of_wide(uint32_t c)
{
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (c >= wide[i].first && c <= wide[i].last)
            return wide[i].kinds;
    return LETTER | OTHER;
}

/* The text is UTF-8. */
static uint32_t next_character(struct reader *r)
{
    uint32_t c = reader_u8(r);
    if (c < NOT_ASCII)
        return c;
    c &= c >= 0xf0 ? 0x07 : c >= 0xe0 ? 0x0f : 0x1f;
    while (r->left > 0 && (*r->at & CONTINUES) == NOT_ASCII)
        c = c << 6 | (reader_u8(r) & 0x3f);
    return c;
}

enum err engine_runs_check(struct bytes text, struct err_note *note)
{
    uint32_t length[KIND_COUNT] = {0};
    for (struct reader r = reader_over(text); r.left > 0;) {
        uint32_t c = next_character(&r);
        unsigned kinds = c < NOT_ASCII ? kinds_of((uint8_t)c) : kinds_of_wide(c);
        for (unsigned k = 0; k < KIND_COUNT; k++) {
            length[k] = (kinds >> k & 1) != 0 ? length[k] + 1 : 0;
            if (length[k] > runs[k].most)
                return err_noted(ERR_REQUEST, note,
                                 "more than %u %s follow each other; this model does not take that",
                                 (unsigned)runs[k].most, runs[k].name);
        }
    }
    return ERR_OK;
}
