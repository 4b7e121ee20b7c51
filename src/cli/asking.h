/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ASKING_H
#define CLI_ASKING_H

/*
 * What `enclume chat` and `enclume ask` have in common: the options of a question, the verified connection, the question itself, and what is said about them.
 *
 *     asking_open(&a, &options, &note);
 *     asking_connect(a, &note);                  // says what was verified; nothing has been sent
 *     asking_ask(a, &answer, &note);             // the conversation so far; the answer goes to standard output and into the conversation
 *     asking_close(a);
 */

#include "cli/conversation.h"
#include "cli/markdown.h"
#include "cli/policy_options.h"
#include "client/client.h"

struct asking_options {
    struct policy_options policy;
    const char *connect;
    const char *remember;
    const char *save_evidence;
    const char *system;
    uint32_t max_age;
    uint32_t max_tokens;
    uint32_t seed;
    float temperature;
    float top_p;
    struct option_list stops;
    bool quiet;
    bool json;
    bool plain;
    bool verbose;
    bool help;
};

enum { ASKING_NO_SEED = UINT32_MAX, ASKING_AGE_MAX = POLICY_AGE_MAX };

#define ASKING_OPTIONS_DEFAULT                                                                               \
    {                                                                                                        \
        .connect = "127.0.0.1:7878", .seed = ASKING_NO_SEED, .temperature = 0.8F, .top_p = 0.95F             \
    }

/* Rows for an option table; `field` is the struct asking_options in `type`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a member cannot stand in parentheses */
/* clang-format off */
#define ASKING_OPTION_ROWS(type, field)                                                                      \
    {"--connect", OPTION_TEXT, offsetof(type, field.connect), 0, 0, "ADDRESS",                               \
     "HOST:PORT, unix:PATH or vsock:CID:PORT. Default 127.0.0.1:7878"},                                      \
    POLICY_OPTION_ROWS(type, field.policy),                                                                  \
    {"--max-age", OPTION_NUMBER, offsetof(type, field.max_age), 1, ASKING_AGE_MAX, "SECONDS",                \
     "ask for new evidence when the last is older. Default: as in the policy, or 3600"},                     \
    {"--remember", OPTION_TEXT, offsetof(type, field.remember), 0, 0, "FILE",                                \
     "keep the verified evidence here, so that the next call resumes faster"},                               \
    {"--save-evidence", OPTION_TEXT, offsetof(type, field.save_evidence), 0, 0, "FILE",                      \
     "write the evidence here, for enclume verify; also when it is refused"},                                \
    {"--system", OPTION_TEXT, offsetof(type, field.system), 0, 0, "TEXT",                                    \
     "instructions that stand before the conversation"},                                                     \
    {"--max-tokens", OPTION_NUMBER, offsetof(type, field.max_tokens), 1, CHAT_TOKENS_MAX, "N",               \
     "longest answer, in tokens. Default: what the context allows"},                                         \
    {"--temperature", OPTION_REAL, offsetof(type, field.temperature), 0, 2, "T",                             \
     "0: always the likeliest word. Default 0.8"},                                                           \
    {"--top-p", OPTION_REAL, offsetof(type, field.top_p), 0, 1, "P",                                         \
     "choose among the likeliest words that make up this share. Default 0.95"},                              \
    {"--seed", OPTION_NUMBER, offsetof(type, field.seed), 0, ASKING_NO_SEED - 1, "N",                        \
     "the same seed gives the same answer"},                                                                 \
    {"--stop", OPTION_LIST, offsetof(type, field.stops), 0, 0, "TEXT",                                       \
     "end the answer before this text; may be repeated"},                                                    \
    {"--plain", OPTION_SWITCH, offsetof(type, field.plain), 0, 0, NULL,                                      \
     "show Markdown as it is, also on a terminal"},                                                          \
    {"--verbose", OPTION_SWITCH, offsetof(type, field.verbose), 0, 0, NULL,                                  \
     "say how many tokens there were, and how fast"},                                                        \
    {"--quiet", OPTION_SWITCH, offsetof(type, field.quiet), 0, 0, NULL,                                      \
     "do not say what was verified (a refusal, and SIMULATED, are always said)"},                            \
    {"--json", OPTION_SWITCH, offsetof(type, field.json), 0, 0, NULL,                                        \
     "one question: print one JSON object with answer, usage and verdict"},                                  \
    {"--help", OPTION_SWITCH, offsetof(type, field.help), 0, 0, NULL, "this text"}
/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

struct asking;

/* Checks and loads what the options name. The options are borrowed. ERR_USAGE and those of policy_options_load and client_new. */
ERR_MUST_USE enum err asking_open(const struct asking_options *options, struct asking **a,
                                  struct err_note *note);
void asking_close(struct asking *a); /* NULL is allowed */

/* Connects, and says what was verified, once. Also writes --save-evidence. */
ERR_MUST_USE enum err asking_connect(struct asking *a, struct err_note *note);
/* Sends the conversation. What comes goes to standard output, unless --json, and becomes the conversation's `answer`. ERR_CANCELLED: Ctrl-C. */
ERR_MUST_USE enum err asking_ask(struct asking *a, struct client_answer *answer, struct err_note *note);
/* Says so when the model was not at its end, unless --quiet: what reads like an end is none. */
void asking_say_cut(const struct asking *a, const struct client_answer *answer);
struct conversation *asking_conversation(struct asking *a);
const struct client *asking_client(const struct asking *a);
/* The whole of one question that is in the conversation already, with what is said around it: the exit code. */
int asking_once(struct asking *a);

/* Overwrites an argument of the command line that was copied: as long as it stands there, every user of this machine can read it (/proc, ps). */
void asking_forget(const char *argument);

/* From now on Ctrl-C ends what is awaited, and not the program. How often it came since it was asked last. */
void asking_catch_interrupt(void);
unsigned asking_interrupts(void);

#endif
