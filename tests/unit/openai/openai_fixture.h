/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_OPENAI_FIXTURE_H
#define TESTS_UNIT_OPENAI_FIXTURE_H

/* What the tests of openai/ share: one generation, parsed from a text, and one answer, whose lines are compared as they are. */

#include "unit/test.h"

#include "openai/answer.h"

extern struct generation generation; /* of the last openai_parse; released by the next one */
extern struct err_note note;

/* In json, ' stands for " , so that it can be read. */
enum err openai_parse(enum api api, const char *json);
void openai_release(void);
/* The same of what must be accepted. */
void openai_parsed(enum api api, const char *json);
/* A message of it, which must be there; and its role, its number of parts and the first of them. */
const struct generation_message *openai_message(size_t i);
void openai_assert_message(size_t i, enum generation_role role, size_t parts, const char *text);

/* A table of texts that are refused, each with its note. Nothing is left in memory. */
struct openai_refusal {
    const char *json;
    const char *note;
};
void openai_refuse_all(enum api api, const struct openai_refusal *rows, size_t count);

void openai_assert_bytes(struct bytes seen, const char *wanted);

/* ---- answers ---- */

/* The id is made of the bytes 0 to 15, created is 1700000000, the model "anvil". */
#define OPENAI_ID "AAECAwQFBgcICQoLDA0ODw"

extern struct answer *answer;
extern struct secret_buffer lines;
void openai_answer(enum api api, const char *json); /* parses and opens */
void openai_text(uint32_t choice, const char *text);
void openai_reasoning(uint32_t choice, const char *text);
void openai_tool(uint32_t choice, uint32_t tool, const char *id, const char *name);
void openai_arguments(uint32_t choice, uint32_t tool, const char *text);
void openai_finish(uint32_t choice, enum answer_finish finish);
void openai_end(void); /* with the usage 11 prompt, 3 cached, 7 completion, 2 reasoning tokens */
/* The lines since the last time are these (with ' for "); each is JSON, and only the last byte of each is a newline. */
void openai_assert_lines(const char *wanted);

int openai_setup(void **state);
int openai_teardown(void **state); /* fails when secret memory is left */

#endif
