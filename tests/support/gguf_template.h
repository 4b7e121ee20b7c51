/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_GGUF_TEMPLATE_H
#define TESTS_SUPPORT_GGUF_TEMPLATE_H

#include <stdbool.h>

/* Copies the model file `from` to `to`, with this text in its metadata. */
bool gguf_string_copy(const char *from, const char *to, const char *key, const char *value);
/* The same, with this chat template. */
bool gguf_template_copy(const char *from, const char *to, const char *chat_template);

#endif
