/* SPDX-License-Identifier: Apache-2.0 */

/* The grammar that a request asks for, as llama.cpp follows it, and the budget of an answer's reasoning. */

#include "engine/llama_common_internal.h"

#include <climits>
#include <cstdio>
#include <stdexcept>

#include <reasoning-budget.h>

size_t engine_work_of_token()
{
    return 512 * 1024;
}

std::vector<llama_token> engine_grammar_tokens(const llama_vocab *vocab, const std::string &text)
{
    std::vector<llama_token> tokens(text.size() + 2);
    const int32_t n = llama_tokenize(vocab, text.data(), static_cast<int32_t>(text.size()), tokens.data(),
                                     static_cast<int32_t>(tokens.size()), false, true);
    if (n < 0)
        throw std::length_error("tokens");
    tokens.resize(static_cast<size_t>(n));
    return tokens;
}

namespace
{

std::string pattern_of_word(const std::string &word)
{
    static const std::string special = ".^$|()*+?[]{}\\";
    std::string out;
    for (const char c : word) {
        if (special.find(c) != std::string::npos)
            out += '\\';
        out += c;
    }
    return out;
}

std::string pattern_of(const common_grammar_trigger &trigger)
{
    if (trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_WORD)
        return pattern_of_word(trigger.value);
    if (trigger.type != COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL)
        return trigger.value;
    std::string anchored = trigger.value;
    if (anchored.empty() || anchored.front() != '^')
        anchored.insert(anchored.begin(), '^');
    if (anchored.back() != '$')
        anchored += '$';
    return anchored;
}

size_t after_quoted(const std::string &grammar, size_t at, char end)
{
    for (at++; at < grammar.size() && grammar[at] != end; at++)
        if (grammar[at] == '\\')
            at++;
    return at;
}

/* llama.cpp's reader of grammars counts from m to n in {m,n}, also where n is below m: until there is no memory left. What a stranger's schema has of such is
 * mostly seen before (llama_schema.c), but the converter reads numbers more freely than anybody else. */
void check_repetitions(const std::string &grammar)
{
    for (size_t at = 0; at < grammar.size(); at++) {
        unsigned long low = 0;
        unsigned long high = 0;
        if (grammar[at] == '"')
            at = after_quoted(grammar, at, '"');
        else if (grammar[at] == '[')
            at = after_quoted(grammar, at, ']');
        else if (grammar[at] == '{' && sscanf(grammar.c_str() + at, "{%lu ,%lu", &low, &high) == 2 &&
                 low > high)
            throw std::invalid_argument("repetition");
    }
}

engine_sampler_ptr grammar_of(const llama_vocab *vocab, const common_chat_params &params)
{
    check_repetitions(params.grammar);
    std::vector<std::string> patterns;
    std::vector<const char *> pattern_texts;
    std::vector<llama_token> tokens;
    if (!params.grammar_lazy)
        return engine_sampler_ptr(llama_sampler_init_grammar(vocab, params.grammar.c_str(), "root"));
    for (const common_grammar_trigger &trigger : params.grammar_triggers) {
        if (trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN)
            tokens.push_back(trigger.token);
        else
            patterns.push_back(pattern_of(trigger));
    }
    pattern_texts.reserve(patterns.size());
    for (const std::string &pattern : patterns)
        pattern_texts.push_back(pattern.c_str());
    return engine_sampler_ptr(
        llama_sampler_init_grammar_lazy_patterns(vocab, params.grammar.c_str(), "root", pattern_texts.data(),
                                                 pattern_texts.size(), tokens.data(), tokens.size()));
}

std::string piece_of(const llama_vocab *vocab, llama_token token)
{
    std::string piece(32, '\0');
    int32_t n = llama_token_to_piece(vocab, token, &piece[0], static_cast<int32_t>(piece.size()), 0, true);
    if (n < 0) {
        piece.resize(static_cast<size_t>(-n));
        n = llama_token_to_piece(vocab, token, &piece[0], -n, 0, true);
    }
    piece.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return piece;
}

/* Tokens whose pieces are this short text, for where a tokenizer would put a blank before it. */
void spell(const llama_vocab *vocab, const std::string &text, std::vector<llama_token> &out)
{
    for (llama_token token = 0; token < llama_vocab_n_tokens(vocab) && !text.empty(); token++)
        if (piece_of(vocab, token) == text) {
            out.push_back(token);
            return;
        }
    if (text.size() < 2)
        return;
    for (const char c : text)
        spell(vocab, std::string(1, c), out);
}

} // namespace

std::vector<llama_token> engine_grammar_beginning(const llama_vocab *vocab, const std::string &text)
{
    if (text.empty())
        return {};
    std::vector<llama_token> tokens = engine_grammar_tokens(vocab, text);
    const std::string first = tokens.empty() ? std::string() : piece_of(vocab, tokens[0]);
    if (first.empty() || first[0] != ' ' || text[0] == ' ')
        return tokens;
    std::vector<llama_token> out;
    spell(vocab, first.substr(1), out);
    out.insert(out.end(), tokens.begin() + 1, tokens.end());
    return out;
}

namespace
{

/* Inside reasoning no tool call begins, and it ends when its budget is spent. */
engine_sampler_ptr thinking_of(const llama_vocab *vocab, const common_chat_params &params,
                               const struct generation *g)
{
    if (params.thinking_start_tag.empty() || params.thinking_end_tags.empty() ||
        (!params.grammar_lazy && g->reasoning_budget == 0))
        return engine_sampler_ptr();
    std::vector<llama_tokens> ends;
    for (const std::string &tag : params.thinking_end_tags)
        ends.push_back(engine_grammar_tokens(vocab, tag));
    const int32_t budget = g->reasoning_budget == 0 || g->reasoning_budget > INT_MAX
                               ? INT_MAX
                               : static_cast<int32_t>(g->reasoning_budget);
    return engine_sampler_ptr(common_reasoning_budget_init(
        vocab, {engine_grammar_tokens(vocab, params.thinking_start_tag)}, ends, ends.front(), budget));
}

} // namespace

void engine_grammar_add(engine_plan &plan, const llama_vocab *vocab, const common_chat_params &params,
                        const struct generation *g)
{
    plan.lazy = params.grammar_lazy;
    plan.thinking = thinking_of(vocab, params, g);
    if (!params.grammar.empty()) {
        plan.grammar = grammar_of(vocab, params);
        if (plan.grammar == nullptr)
            throw std::invalid_argument("grammar");
    }
    for (const llama_token token : engine_grammar_beginning(vocab, params.generation_prompt)) {
        const work_limit limit(engine_work_of_token());
        if (plan.grammar != nullptr && !plan.lazy)
            llama_sampler_accept(plan.grammar.get(), token);
        if (plan.thinking != nullptr)
            llama_sampler_accept(plan.thinking.get(), token);
    }
}
