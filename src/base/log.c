/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/writer.h"

enum { LOG_LINE_MAX = 512, LOG_NUMBER_MAX = 24 };

#define LOG_NAME_ROW(constant, name) [constant] = (name),
static const char *const event_names[LOG_EVENT_COUNT] = {LOG_EVENT_TABLE(LOG_NAME_ROW)};
static const char *const key_names[LOG_KEY_COUNT] = {[LOG_KEY_ERROR] = "error", LOG_KEY_TABLE(LOG_NAME_ROW)};
#undef LOG_NAME_ROW

static void put_time(struct writer *w)
{
    char text[UTC_TEXT_SIZE];
    if (!utc_text((int64_t)time(NULL), text))
        return;
    writer_str(w, text);
    writer_str(w, " ");
}

static void put_field(struct writer *w, const struct log_field *field)
{
    char number[LOG_NUMBER_MAX];
    if ((unsigned)field->key >= LOG_KEY_COUNT)
        return;
    writer_str(w, " ");
    writer_str(w, key_names[field->key]);
    writer_str(w, "=");
    if (field->key == LOG_KEY_ERROR) {
        writer_str(w, err_name((enum err)field->value));
        return;
    }
    (void)snprintf(number, sizeof number, "%" PRId64, field->value);
    writer_str(w, number);
}

void log_write(enum log_event event, const struct log_field *fields, size_t count)
{
    char line[LOG_LINE_MAX];
    struct writer w = writer_into(line, sizeof line - 1);
    put_time(&w);
    writer_str(&w, (unsigned)event < LOG_EVENT_COUNT ? event_names[event] : "unknown-event");
    for (size_t i = 0; i < count; i++)
        put_field(&w, &fields[i]);
    line[w.used] = '\n';
    /* One call for the line, so that threads do not mix theirs. Nobody is left to tell when it fails. */
    ssize_t written = write(STDERR_FILENO, line, w.used + 1);
    (void)written;
}
