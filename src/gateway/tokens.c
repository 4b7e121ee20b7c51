/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/secret.h"

enum { DIGITS = 2 * DIGEST_SHA256_SIZE };

/* The next piece of text up to one of these characters, which is skipped. */
static struct bytes piece(struct bytes *text, const char *ends)
{
    size_t len = 0;
    while (len < text->len && strchr(ends, text->ptr[len]) == NULL)
        len++;
    struct bytes out = bytes_of(text->ptr, len);
    size_t skip = len < text->len ? len + 1 : len;
    *text = bytes_of(text->ptr + skip, text->len - skip);
    return out;
}

static bool parse_uint(struct bytes digits, uint32_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        value = value * 10 + (digits.ptr[i] - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *out = (uint32_t)value;
    return digits.len != 0;
}

static bool parse_limit(struct bytes word, struct limits_rules *rules)
{
    uint32_t n = 0;
    struct bytes name = piece(&word, "=");
    if (!parse_uint(word, &n))
        return false;
    if (bytes_is_str(name, "connections"))
        rules->connections = n;
    else if (bytes_is_str(name, "rate"))
        rules->opening = (struct bucket_rule){n, n};
    else if (bytes_is_str(name, "bytes"))
        rules->bytes = (struct bucket_rule){n, n};
    else
        return false;
    return true;
}

/* A line without its comment. *found: whether there was anything. */
static bool parse_line(struct bytes line, struct token *token, struct limits_rules rules, uint64_t now,
                       bool *found)
{
    *found = false;
    while (line.len != 0) {
        struct bytes word = piece(&line, " \t\r");
        if (word.len == 0)
            continue;
        bool fine = *found ? parse_limit(word, &rules)
                           : word.len == DIGITS &&
                                 encoding_unhex(word, token->digest, sizeof token->digest) == ERR_OK;
        if (!fine)
            return false;
        *found = true;
    }
    limits_user_open(&token->user, &rules, now);
    token->listed = true;
    return true;
}

static struct token *find_digest(struct token *const *rows, size_t count, const uint8_t *digest)
{
    struct token *found = NULL;
    for (size_t i = 0; i < count; i++)
        if (secret_equal(rows[i]->digest, digest, DIGEST_SHA256_SIZE))
            found = rows[i];
    return found;
}

static void release(struct token **rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i]);
    free(rows);
}

static enum err parse(struct bytes text, const struct limits_rules *rules, uint64_t now, struct token **rows,
                      size_t *count, struct err_note *note)
{
    for (unsigned number = 1; text.len != 0; number++) {
        struct token token;
        bool found = false;
        struct bytes line = piece(&text, "\n");
        struct bytes content = piece(&line, "#");
        if (!parse_line(content, &token, *rules, now, &found))
            return err_noted(ERR_VALUE, note,
                             "line %u of the tokens: wanted a SHA-256 in hexadecimal, then connections=N, "
                             "rate=N or bytes=N",
                             number);
        if (!found)
            continue;
        if (find_digest(rows, *count, token.digest) != NULL)
            return err_noted(ERR_VALUE, note, "line %u of the tokens: this one was there before", number);
        if (*count == TOKENS_MAX)
            return err_noted(ERR_TOO_LARGE, note, "more than %d tokens", TOKENS_MAX);
        rows[*count] = malloc(sizeof token);
        if (rows[*count] == NULL)
            return ERR_MEMORY;
        *rows[(*count)++] = token;
    }
    return ERR_OK;
}

/* The user that was there under the same digest goes on in its old place. */
static void keep_known(const struct tokens *old, struct token **rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct token *known = find_digest(old->rows, old->count, rows[i]->digest);
        if (known == NULL)
            continue;
        known->listed = true;
        known->user.rules = rows[i]->user.rules;
        free(rows[i]);
        rows[i] = known;
    }
}

enum err tokens_read(struct tokens *t, struct bytes text, const struct limits_rules *rules, uint64_t now,
                     struct err_note *note)
{
    size_t count = 0;
    struct token **rows = calloc(TOKENS_MAX + t->count, sizeof(struct token *));
    if (rows == NULL)
        return ERR_MEMORY;
    enum err e = parse(text, rules, now, rows, &count, note);
    if (e != ERR_OK) {
        release(rows, count);
        return e;
    }
    for (size_t i = 0; i < t->count; i++)
        t->rows[i]->listed = false;
    keep_known(t, rows, count);
    for (size_t i = 0; i < t->count; i++) {
        if (t->rows[i]->listed)
            continue;
        if (t->rows[i]->user.connections != 0)
            rows[count++] = t->rows[i];
        else
            free(t->rows[i]);
    }
    free(t->rows);
    *t = (struct tokens){.rows = rows, .count = count};
    return ERR_OK;
}

struct token *tokens_find(const struct tokens *t, struct bytes token)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    if (token.len == 0 || token.len > TOKEN_SIZE_MAX || digest_sha256(&token, 1, digest) != ERR_OK)
        return NULL;
    struct token *found = find_digest(t->rows, t->count, digest);
    return found != NULL && found->listed ? found : NULL;
}

void tokens_close(struct tokens *t)
{
    release(t->rows, t->count);
    *t = (struct tokens){.count = 0};
}
