/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/backends.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool backends_usable(const struct backend *backend)
{
    return backend->listed && backend->up && !backend->draining;
}

size_t backends_usable_count(const struct backends *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->count; i++)
        n += backends_usable(b->rows[i]);
    return n;
}

struct backend *backends_choose(struct backends *b)
{
    struct backend *best = NULL;
    size_t best_at = 0;
    for (size_t i = 0; i < b->count; i++) {
        size_t at = (b->turn + i) % b->count;
        struct backend *row = b->rows[at];
        if (backends_usable(row) && (best == NULL || row->connections < best->connections)) {
            best = row;
            best_at = at;
        }
    }
    if (best != NULL)
        b->turn = best_at + 1;
    return best;
}

static struct backend *find(struct backend *const *rows, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i]->text, text) == 0)
            return rows[i];
    return NULL;
}

static enum err parse_line(char *line, unsigned number, struct backend *row, bool *found,
                           struct err_note *note)
{
    char *rest = NULL;
    struct err_note why = {0};
    *row = (struct backend){.listed = true, .up = true};
    *found = false;
    line[strcspn(line, "#")] = '\0';
    char *address = strtok_r(line, " \t\r", &rest);
    if (address == NULL)
        return ERR_OK;
    *found = true;
    char *word = strtok_r(NULL, " \t\r", &rest);
    row->draining = word != NULL && strcmp(word, "drain") == 0;
    if ((word != NULL && !row->draining) || strtok_r(NULL, " \t\r", &rest) != NULL)
        return err_noted(ERR_USAGE, note, "line %u of the backends: wanted an address and perhaps \"drain\"",
                         number);
    if ((size_t)snprintf(row->text, sizeof row->text, "%s", address) >= sizeof row->text)
        return err_noted(ERR_TOO_LARGE, note, "line %u of the backends: the address is too long", number);
    enum err e = address_parse(row->text, &row->address, &why);
    return e == ERR_OK ? e : err_noted(e, note, "line %u of the backends: %.180s", number, why.text);
}

static void release(struct backend **rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i]);
}

static enum err parse(char *text, struct backend **rows, size_t *count, struct err_note *note)
{
    unsigned number = 0;
    for (char *line = text, *end = NULL; line != NULL; line = end) {
        struct backend row;
        bool found = false;
        end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        enum err e = parse_line(line, ++number, &row, &found, note);
        if (e != ERR_OK)
            return e;
        if (!found)
            continue;
        if (find(rows, *count, row.text) != NULL)
            return err_noted(ERR_USAGE, note, "line %u of the backends: %s is there twice", number, row.text);
        if (*count == BACKENDS_MAX)
            return err_noted(ERR_TOO_LARGE, note, "more than %d backends", BACKENDS_MAX);
        rows[*count] = malloc(sizeof row);
        if (rows[*count] == NULL)
            return ERR_MEMORY;
        *rows[(*count)++] = row;
    }
    return ERR_OK;
}

/* Who is listed comes first, then who still has something to finish. */
static enum err merge(struct backends *b, struct backend **rows, size_t count, struct err_note *note)
{
    size_t all = count;
    for (size_t i = 0; i < b->count; i++)
        all += find(rows, count, b->rows[i]->text) == NULL;
    if (all > BACKENDS_MAX)
        return err_noted(ERR_TOO_LARGE, note, "more than %d backends, those that still drain included",
                         BACKENDS_MAX);
    for (size_t i = 0; i < b->count; i++)
        b->rows[i]->listed = false;
    for (size_t i = 0; i < count; i++) {
        struct backend *known = find(b->rows, b->count, rows[i]->text);
        if (known == NULL)
            continue;
        known->listed = true;
        known->draining = rows[i]->draining;
        known->address = rows[i]->address;
        free(rows[i]);
        rows[i] = known;
    }
    for (size_t i = 0; i < b->count; i++)
        if (!b->rows[i]->listed)
            rows[count++] = b->rows[i];
    memcpy(b->rows, rows, count * sizeof(struct backend *));
    b->count = count;
    return ERR_OK;
}

enum err backends_read(struct backends *b, struct bytes text, struct err_note *note)
{
    struct backend *rows[BACKENDS_MAX];
    size_t count = 0;
    if (text.len > BACKENDS_FILE_MAX || (text.len != 0 && memchr(text.ptr, '\0', text.len) != NULL))
        return err_noted(ERR_TOO_LARGE, note, "the list of backends is too large, or is not text");
    char *copy = strndup(text.len == 0 ? "" : (const char *)text.ptr, text.len);
    if (copy == NULL)
        return ERR_MEMORY;
    enum err e = parse(copy, rows, &count, note);
    free(copy);
    if (e == ERR_OK)
        e = merge(b, rows, count, note);
    if (e != ERR_OK)
        release(rows, count);
    return e;
}

void backends_sweep(struct backends *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++) {
        struct backend *row = b->rows[i];
        if (row->listed || row->checking || row->connections != 0)
            b->rows[kept++] = row;
        else
            free(row);
    }
    b->count = kept;
}

void backends_close(struct backends *b)
{
    release(b->rows, b->count);
    *b = (struct backends){.count = 0};
}
