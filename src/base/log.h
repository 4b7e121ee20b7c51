/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * The log of a process that must not log content. It cannot: an entry is the name of an event from LOG_TABLE and up to a few
 * numbers under fixed names, or the name of an error. There is no function here that takes a string made at run time.
 *
 *     log_event(LOG_SESSION_CLOSED, LOG_ERR(e), LOG_NUM(LOG_KEY_RECORDS, n));
 *
 * One line each on standard error: "2026-11-02T10:00:00Z session-closed error=frame-malformed records=12".
 */

#include <stdint.h>

#include "base/error.h"

/* X(constant, name) */
#define LOG_EVENT_TABLE(X)                                                                                   \
    X(LOG_STARTED, "started")                                                                                \
    X(LOG_MODEL_LOADED, "model-loaded")                                                                      \
    X(LOG_LISTENING, "listening")                                                                            \
    X(LOG_SESSION_CLOSED, "session-closed")                                                                  \
    X(LOG_SESSION_REFUSED, "session-refused")                                                                \
    X(LOG_EVIDENCE, "evidence")                                                                              \
    X(LOG_REQUEST_FAILED, "request-failed")                                                                  \
    X(LOG_METRICS, "metrics")                                                                                \
    X(LOG_BACKEND_UP, "backend-up")                                                                          \
    X(LOG_BACKEND_DOWN, "backend-down")                                                                      \
    X(LOG_RELOADED, "reloaded")                                                                              \
    X(LOG_STOPPING, "stopping")                                                                              \
    X(LOG_STOPPED, "stopped")                                                                                \
    X(LOG_FAILED, "failed")

#define LOG_KEY_TABLE(X)                                                                                     \
    X(LOG_KEY_SESSIONS, "sessions")                                                                          \
    X(LOG_KEY_RECORDS, "records")                                                                            \
    X(LOG_KEY_REQUESTS, "requests")                                                                          \
    X(LOG_KEY_LEAVES, "leaves")                                                                              \
    X(LOG_KEY_SLOTS, "slots")                                                                                \
    X(LOG_KEY_CONTEXT, "context")                                                                            \
    X(LOG_KEY_MILLISECONDS, "ms")                                                                            \
    X(LOG_KEY_BYTES, "bytes")                                                                                \
    X(LOG_KEY_BACKEND, "backend")                                                                            \
    X(LOG_KEY_BACKENDS, "backends")                                                                          \
    X(LOG_KEY_PORT, "port")                                                                                  \
    X(LOG_KEY_SIGNAL, "signal")

enum log_event {
#define LOG_ENUM_ROW(constant, name) constant,
    LOG_EVENT_TABLE(LOG_ENUM_ROW) LOG_EVENT_COUNT
};

enum log_key {
    LOG_KEY_ERROR, /* value: enum err */
    LOG_KEY_TABLE(LOG_ENUM_ROW) LOG_KEY_COUNT
#undef LOG_ENUM_ROW
};

struct log_field {
    enum log_key key;
    int64_t value;
};

#define LOG_NUM(k, v) ((struct log_field){(k), (int64_t)(v)})
#define LOG_ERR(e)    ((struct log_field){LOG_KEY_ERROR, (int64_t)(e)})
#define log_event(event, ...)                                                                                \
    log_write((event), (const struct log_field[]){__VA_ARGS__},                                              \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

/* Use log_event. At least one field. */
void log_write(enum log_event event, const struct log_field *fields, size_t count);

#endif
