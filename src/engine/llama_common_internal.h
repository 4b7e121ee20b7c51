/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LLAMA_COMMON_INTERNAL_H
#define ENGINE_LLAMA_COMMON_INTERNAL_H

/*
 * What the files share that implement llama_common.h.
 *
 *     llama_common.cpp      silence
 *     llama_jinja.cpp       engine_templates
 *     llama_plan.cpp        engine_plan: a request to a template's input, and what the template says of prompt and answer
 *     llama_grammar.cpp     the plan's grammar, and how long its answer may think
 *     llama_constraint.cpp  engine_constraint
 *     llama_parser.cpp      engine_parser
 *
 * C++ only.
 */

#include <memory>
#include <new>
#include <string>
#include <vector>

#include <chat.h>
#include <llama.h>

#include "engine/llama_common.h"
#include "engine/llama_work.h"

/* ---- llama_common.cpp ---- */

/* common's messages quote prompts and answers. */
void engine_silence_log();

/* A grammar that cannot be parsed is printed to stderr, which the host reads. Nothing else of the process writes through this variable while it runs
 * (base/log writes to the descriptor). Several threads can have it at once. */
class engine_silence
{
  public:
    engine_silence();
    ~engine_silence();
    engine_silence(const engine_silence &) = delete;
    engine_silence &operator=(const engine_silence &) = delete;
};

/* Runs what may throw. What an exception says can quote content, so it is not passed on. */
template <typename Function> enum err engine_guarded(enum err otherwise, Function &&function) noexcept
{
    try {
        return function();
    } catch (const work_spent &) {
        return ERR_REQUEST;
    } catch (const std::bad_alloc &) {
        return ERR_MEMORY;
    } catch (...) {
        return otherwise;
    }
}

struct engine_sampler_free {
    void operator()(llama_sampler *sampler) const
    {
        llama_sampler_free(sampler);
    }
};
using engine_sampler_ptr = std::unique_ptr<llama_sampler, engine_sampler_free>;

inline std::string engine_string_of(struct bytes b)
{
    return b.len == 0 ? std::string() : std::string(reinterpret_cast<const char *>(b.ptr), b.len);
}

inline struct bytes engine_bytes_of(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

struct engine_templates {
    common_chat_templates_ptr templates;
    bool tools;
    bool thinks;
    bool plain; /* without tools and schema, an answer is its content and nothing else */
};

struct engine_plan {
    std::string prompt;
    std::vector<std::string> stops;
    std::vector<llama_token> kept;
    bool parses = false;
    common_chat_parser_params syntax;
    engine_sampler_ptr grammar; /* what each answer's own is a copy of */
    engine_sampler_ptr thinking;
    std::vector<llama_token> mark; /* what every answer begins with */
    bool lazy = false;
};

/* ---- llama_grammar.cpp ---- */

/* How many allocations a grammar may take for one token. */
size_t engine_work_of_token();
std::vector<llama_token> engine_grammar_tokens(const llama_vocab *vocab, const std::string &text);
/* The end of the prompt is the beginning of the answer for the grammar and for who counts the reasoning. */
std::vector<llama_token> engine_grammar_beginning(const llama_vocab *vocab, const std::string &text);
/* Sets grammar, thinking and lazy of the plan. */
void engine_grammar_add(engine_plan &plan, const llama_vocab *vocab, const common_chat_params &params,
                        const struct generation *g);

#endif
