/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/llama_common.h"

#include <climits>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include <chat.h>
#include <json-schema-to-grammar.h>
#include <llama.h>
#include <log.h>
#include <reasoning-budget.h>

#include "engine/llama_work.h"

namespace
{

/* ---- silence ---- */

/* common's messages quote prompts and answers. */
void silence_log()
{
    common_log_set_verbosity_thold(-1);
}

ssize_t swallow(void *, const char *, size_t size)
{
    return static_cast<ssize_t>(size);
}

/* A grammar that cannot be parsed is printed to stderr, which the host reads. Nothing else of the process writes through this variable while it runs
 * (base/log writes to the descriptor). */
class silent_stderr
{
  public:
    silent_stderr() : lock_(mutex()), saved_(stderr)
    {
        static FILE *const nowhere = fopencookie(nullptr, "w", {nullptr, swallow, nullptr, nullptr});
        if (nowhere == nullptr)
            throw std::bad_alloc();
        (void)setvbuf(nowhere, nullptr, _IONBF, 0);
        stderr = nowhere;
    }
    ~silent_stderr()
    {
        stderr = saved_;
    }
    silent_stderr(const silent_stderr &) = delete;
    silent_stderr &operator=(const silent_stderr &) = delete;

  private:
    static std::mutex &mutex()
    {
        static std::mutex m;
        return m;
    }
    std::lock_guard<std::mutex> lock_;
    FILE *saved_;
};

/* How many allocations a grammar may take for one token, and for all tokens of the vocabulary at once: what several thousand ways on from one place take. */
size_t work_of_token()
{
    return 512 * 1024;
}

size_t work_of_all(size_t candidates)
{
    return work_of_token() + 4 * candidates;
}

/* Runs what may throw. What an exception says can quote content, so it is not passed on. */
template <typename Function> enum err guarded(enum err otherwise, Function &&function) noexcept
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

struct sampler_free {
    void operator()(llama_sampler *sampler) const
    {
        llama_sampler_free(sampler);
    }
};
using sampler_ptr = std::unique_ptr<llama_sampler, sampler_free>;

std::string string_of(struct bytes b)
{
    return b.len == 0 ? std::string() : std::string(reinterpret_cast<const char *>(b.ptr), b.len);
}

struct bytes bytes_of_string(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

} // namespace

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
    sampler_ptr grammar; /* what each answer's own is a copy of */
    sampler_ptr thinking;
    std::vector<llama_token> mark; /* what every answer begins with */
    bool lazy = false;
};

struct engine_constraint {
    sampler_ptr grammar;
    sampler_ptr thinking;
    std::vector<llama_token> mark;
    size_t marked = 0; /* tokens of it that came */
    bool lazy = false;
};

namespace
{

/* ---- templates ---- */

common_chat_templates_inputs greeting()
{
    common_chat_templates_inputs in;
    common_chat_msg message;
    message.role = "user";
    message.content = "Good morning";
    in.messages.push_back(message);
    in.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    return in;
}

bool thinks(const common_chat_templates *templates)
{
    const common_chat_params params = common_chat_templates_apply(templates, greeting());
    return params.supports_thinking || !params.thinking_start_tag.empty();
}

/* Reading a template takes tens of milliseconds and reading an answer through it a while for each token. Where it comes to the same, both
 * are left out. */
bool is_plain(const common_chat_templates *templates)
{
    static const char answer[] = "The sun is out.\n<b>{\"a\": [1]}</b>";
    common_chat_templates_inputs in = greeting();
    const common_chat_params whole = common_chat_templates_apply(templates, in);
    in.force_pure_content = true;
    const common_chat_params pure = common_chat_templates_apply(templates, in);
    if (thinks(templates) || whole.prompt != pure.prompt || !whole.grammar.empty() ||
        !whole.additional_stops.empty())
        return false;
    common_chat_parser_params syntax(whole);
    if (!whole.parser.empty())
        syntax.parser.load(whole.parser);
    const common_chat_msg message = common_chat_parse(answer, false, syntax);
    return message.content == answer && message.reasoning_content.empty() && message.tool_calls.empty();
}

bool knows_tools(const common_chat_templates *templates)
{
    const std::map<std::string, bool> caps = common_chat_templates_get_caps(templates);
    const auto tools = caps.find("supports_tools");
    const auto calls = caps.find("supports_tool_calls");
    return tools != caps.end() && tools->second && calls != caps.end() && calls->second;
}

/* ---- from a request to the template's input ---- */

common_chat_msg message_of(const struct generation_message &m, const char *marker)
{
    common_chat_msg out;
    out.role = generation_role_name(m.role);
    out.reasoning_content = string_of(m.reasoning);
    out.tool_call_id = string_of(m.call_id);
    out.tool_name = string_of(m.name);
    for (size_t i = 0; i < m.call_count; i++)
        out.tool_calls.push_back(
            {string_of(m.calls[i].name), string_of(m.calls[i].arguments), string_of(m.calls[i].id)});
    if (m.part_count == 1 && m.parts[0].kind == GENERATION_TEXT) {
        out.content = string_of(m.parts[0].bytes);
        return out;
    }
    for (size_t i = 0; i < m.part_count; i++) {
        if (m.parts[i].kind == GENERATION_TEXT)
            out.content_parts.push_back({"text", string_of(m.parts[i].bytes)});
        else
            out.content_parts.push_back({"media_marker", marker == nullptr ? "" : marker});
    }
    return out;
}

void add_tools(const struct generation *g, common_chat_templates_inputs &in)
{
    if (g->tool_choice == GENERATION_TOOLS_NONE)
        return;
    for (size_t i = 0; i < g->tool_count; i++) {
        const struct generation_tool &t = g->tools[i];
        if (g->tool_choice != GENERATION_TOOLS_NAMED || bytes_equal(t.name, g->tool_choice_name))
            in.tools.push_back({string_of(t.name), string_of(t.description), string_of(t.parameters)});
    }
    if (!in.tools.empty() && g->tool_choice != GENERATION_TOOLS_AUTO)
        in.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    in.parallel_tool_calls = g->parallel_tool_calls;
}

std::string schema_of(const struct generation *g)
{
    static const char any_object[] = "{\"type\":\"object\"}";
    if (g->format == GENERATION_FORMAT_TEXT)
        return std::string();
    if (g->format == GENERATION_FORMAT_JSON)
        return any_object;
    std::string schema = string_of(g->schema);
    const common_json parsed = common_json::parse(schema);
    /* What allows every value allows every object, and "common" takes an empty schema for none. */
    if (parsed.is_boolean() || parsed.empty())
        return any_object;
    return schema;
}

void add_effort(const struct generation *g, common_chat_templates_inputs &in)
{
    in.enable_thinking = g->reasoning_effort != GENERATION_EFFORT_NONE;
    const char *name = generation_effort_name(g->reasoning_effort);
    if (in.enable_thinking && name != nullptr)
        in.chat_template_kwargs["reasoning_effort"] = std::string("\"") + name + "\"";
}

/* ---- grammars ---- */

std::vector<llama_token> tokens_of(const llama_vocab *vocab, const std::string &text)
{
    std::vector<llama_token> tokens(text.size() + 2);
    const int32_t n = llama_tokenize(vocab, text.data(), static_cast<int32_t>(text.size()), tokens.data(),
                                     static_cast<int32_t>(tokens.size()), false, true);
    if (n < 0)
        throw std::length_error("tokens");
    tokens.resize(static_cast<size_t>(n));
    return tokens;
}

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

sampler_ptr grammar_of(const llama_vocab *vocab, const common_chat_params &params)
{
    check_repetitions(params.grammar);
    std::vector<std::string> patterns;
    std::vector<const char *> pattern_texts;
    std::vector<llama_token> tokens;
    if (!params.grammar_lazy)
        return sampler_ptr(llama_sampler_init_grammar(vocab, params.grammar.c_str(), "root"));
    for (const common_grammar_trigger &trigger : params.grammar_triggers) {
        if (trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN)
            tokens.push_back(trigger.token);
        else
            patterns.push_back(pattern_of(trigger));
    }
    pattern_texts.reserve(patterns.size());
    for (const std::string &pattern : patterns)
        pattern_texts.push_back(pattern.c_str());
    return sampler_ptr(llama_sampler_init_grammar_lazy_patterns(vocab, params.grammar.c_str(), "root",
                                                                pattern_texts.data(), pattern_texts.size(),
                                                                tokens.data(), tokens.size()));
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

/* The end of the prompt is the beginning of the answer for the grammar and for who counts the reasoning. */
std::vector<llama_token> tokens_of_beginning(const llama_vocab *vocab, const std::string &text)
{
    if (text.empty())
        return {};
    std::vector<llama_token> tokens = tokens_of(vocab, text);
    const std::string first = tokens.empty() ? std::string() : piece_of(vocab, tokens[0]);
    if (first.empty() || first[0] != ' ' || text[0] == ' ')
        return tokens;
    std::vector<llama_token> out;
    spell(vocab, first.substr(1), out);
    out.insert(out.end(), tokens.begin() + 1, tokens.end());
    return out;
}

/* Inside reasoning no tool call begins, and it ends when its budget is spent. */
sampler_ptr thinking_of(const llama_vocab *vocab, const common_chat_params &params,
                        const struct generation *g)
{
    if (params.thinking_start_tag.empty() || params.thinking_end_tags.empty() ||
        (!params.grammar_lazy && g->reasoning_budget == 0))
        return sampler_ptr();
    std::vector<llama_tokens> ends;
    for (const std::string &tag : params.thinking_end_tags)
        ends.push_back(tokens_of(vocab, tag));
    const int32_t budget = g->reasoning_budget == 0 || g->reasoning_budget > INT_MAX
                               ? INT_MAX
                               : static_cast<int32_t>(g->reasoning_budget);
    return sampler_ptr(common_reasoning_budget_init(vocab, {tokens_of(vocab, params.thinking_start_tag)},
                                                    ends, ends.front(), budget));
}

void add_constraint(engine_plan &plan, const llama_vocab *vocab, const common_chat_params &params,
                    const struct generation *g)
{
    plan.lazy = params.grammar_lazy;
    plan.thinking = thinking_of(vocab, params, g);
    if (!params.grammar.empty()) {
        plan.grammar = grammar_of(vocab, params);
        if (plan.grammar == nullptr)
            throw std::invalid_argument("grammar");
    }
    for (const llama_token token : tokens_of_beginning(vocab, params.generation_prompt)) {
        const work_limit limit(work_of_token());
        if (plan.grammar != nullptr && !plan.lazy)
            llama_sampler_accept(plan.grammar.get(), token);
        if (plan.thinking != nullptr)
            llama_sampler_accept(plan.thinking.get(), token);
    }
}

/* ---- plans ---- */

void read_params(engine_plan &plan, const llama_vocab *vocab, const common_chat_params &params,
                 const struct generation *g)
{
    plan.stops = params.additional_stops;
    plan.parses = true;
    plan.syntax = common_chat_parser_params(params);
    plan.syntax.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    if (!params.parser.empty())
        plan.syntax.parser.load(params.parser);
    for (const std::string &text : params.preserved_tokens) {
        const std::vector<llama_token> tokens = tokens_of(vocab, text);
        if (tokens.size() == 1)
            plan.kept.push_back(tokens[0]);
    }
    add_constraint(plan, vocab, params, g);
}

/* Only the grammar of a schema, without a template's part in it. */
void read_schema(engine_plan &plan, const llama_vocab *vocab, const struct generation *g)
{
    common_chat_params params;
    const std::string schema = schema_of(g);
    if (schema.empty())
        return;
    params.grammar = json_schema_to_grammar(common_json::parse(schema));
    add_constraint(plan, vocab, params, g);
}

/* Where a call is required, "common" lets any content stand before it, without end. So the answer has to begin with the mark at which a call that is not
 * required would be noticed; unless the model thinks first, or calls have no mark. */
void add_mark(engine_plan &plan, const engine_templates &t, const llama_vocab *vocab,
              common_chat_templates_inputs in)
{
    if (plan.grammar == nullptr)
        throw std::invalid_argument("no grammar");
    in.tool_choice = COMMON_CHAT_TOOL_CHOICE_AUTO;
    const common_chat_params params = common_chat_templates_apply(t.templates.get(), in);
    if (params.grammar_triggers.empty() ||
        params.grammar_triggers[0].type != COMMON_GRAMMAR_TRIGGER_TYPE_WORD)
        return;
    const std::vector<llama_token> mark = tokens_of_beginning(vocab, params.grammar_triggers[0].value);
    try {
        const sampler_ptr trial(llama_sampler_clone(plan.grammar.get()));
        const work_limit limit(work_of_token() * (mark.size() + 1));
        for (const llama_token token : mark)
            llama_sampler_accept(trial.get(), token);
        plan.mark = mark;
    } catch (const std::runtime_error &) {
        /* The grammar does not begin so. */
        plan.mark.clear();
    }
}

void make(engine_plan &plan, const engine_templates *t, const llama_vocab *vocab, const struct generation *g,
          const char *marker)
{
    if (t == nullptr) {
        read_schema(plan, vocab, g);
        return;
    }
    common_chat_templates_inputs in;
    for (size_t i = 0; i < g->message_count; i++)
        in.messages.push_back(message_of(g->messages[i], marker));
    add_tools(g, in);
    add_effort(g, in);
    in.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    in.force_pure_content = t->plain && in.tools.empty();
    if (!in.force_pure_content)
        in.json_schema = schema_of(g);
    const common_chat_params params = common_chat_templates_apply(t->templates.get(), in);
    plan.prompt = params.prompt;
    if (in.force_pure_content)
        read_schema(plan, vocab, g);
    else
        read_params(plan, vocab, params, g);
    if (in.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED && !t->thinks)
        add_mark(plan, *t, vocab, in);
}

} // namespace

enum err engine_templates_open(const struct llama_model *model, const char *source,
                               struct engine_templates **out, struct err_note *note)
{
    *out = nullptr;
    silence_log();
    enum err e = guarded(ERR_MODEL, [&] {
        const silent_stderr silent;
        std::unique_ptr<engine_templates> t(new engine_templates());
        t->templates = common_chat_templates_init(model, source == nullptr ? "" : source);
        t->tools = knows_tools(t->templates.get());
        t->thinks = thinks(t->templates.get());
        t->plain = is_plain(t->templates.get());
        *out = t.release();
        return ERR_OK;
    });
    return e == ERR_MODEL ? err_noted(e, note, "the chat template is not a Jinja program that can be run")
                          : e;
}

void engine_templates_close(struct engine_templates *t)
{
    delete t;
}

bool engine_templates_tools(const struct engine_templates *t)
{
    return t->tools;
}

enum err engine_plan_make(const struct engine_templates *t, const struct llama_vocab *vocab,
                          const struct generation *g, const char *marker, struct engine_plan **out,
                          struct err_note *note)
{
    *out = nullptr;
    enum err e = guarded(ERR_REQUEST, [&] {
        const silent_stderr silent;
        std::unique_ptr<engine_plan> plan(new engine_plan());
        make(*plan, t, vocab, g, marker);
        *out = plan.release();
        return ERR_OK;
    });
    if (e != ERR_REQUEST)
        return e;
    return err_noted(
        e, note, "%s",
        g->format != GENERATION_FORMAT_TEXT ? "response_format: the schema is not one that can be followed"
        : g->tool_count != 0
            ? "tools: the model's chat template or the grammar cannot carry these messages and tools"
            : "messages: the model's chat template refuses them in this order or form");
}

void engine_plan_close(struct engine_plan *p)
{
    delete p;
}

struct bytes engine_plan_prompt(const struct engine_plan *p)
{
    return bytes_of_string(p->prompt);
}

struct bytes engine_plan_stop(const struct engine_plan *p, size_t i)
{
    return i < p->stops.size() ? bytes_of_string(p->stops[i]) : bytes_of(nullptr, 0);
}

bool engine_plan_keeps(const struct engine_plan *p, int32_t token)
{
    for (const llama_token kept : p->kept)
        if (kept == token)
            return true;
    return false;
}

bool engine_plan_has_parser(const struct engine_plan *p)
{
    return p->parses;
}

bool engine_plan_has_constraint(const struct engine_plan *p)
{
    return p->grammar != nullptr || p->thinking != nullptr;
}

/* ---- constraints ---- */

namespace
{

sampler_ptr copy_of(const sampler_ptr &sampler)
{
    sampler_ptr copy(sampler == nullptr ? nullptr : llama_sampler_clone(sampler.get()));
    if (sampler != nullptr && copy == nullptr)
        throw std::bad_alloc();
    return copy;
}

/* A grammar that waits for its trigger does not look into reasoning. */
bool grammar_applies(const engine_constraint *c)
{
    if (c->grammar == nullptr)
        return false;
    if (c->thinking == nullptr || !c->lazy)
        return true;
    const common_reasoning_budget_state state = common_reasoning_budget_get_state(c->thinking.get());
    return state == REASONING_BUDGET_IDLE || state == REASONING_BUDGET_DONE;
}

void apply(engine_constraint *c, llama_token_data_array *candidates)
{
    for (size_t i = 0; c->marked < c->mark.size() && i < candidates->size; i++)
        if (candidates->data[i].id != c->mark[c->marked])
            candidates->data[i].logit = -INFINITY;
    if (c->thinking != nullptr)
        llama_sampler_apply(c->thinking.get(), candidates);
    if (grammar_applies(c))
        llama_sampler_apply(c->grammar.get(), candidates);
}

void accept(engine_constraint *c, llama_token token)
{
    if (c->marked < c->mark.size())
        c->marked++;
    /* As it was before this token. */
    const bool applies = grammar_applies(c);
    if (c->thinking != nullptr) {
        llama_sampler_accept(c->thinking.get(), token);
        const llama_tokens *end = common_reasoning_budget_get_end_match(c->thinking.get());
        const bool done = common_reasoning_budget_get_state(c->thinking.get()) == REASONING_BUDGET_DONE;
        /* What ended the reasoning may be the trigger. */
        if (c->grammar != nullptr && !applies && done && end != nullptr)
            for (const llama_token last : *end)
                llama_sampler_accept(c->grammar.get(), last);
    }
    if (applies)
        llama_sampler_accept(c->grammar.get(), token);
}

} // namespace

enum err engine_constraint_open(const struct engine_plan *p, struct engine_constraint **out)
{
    *out = nullptr;
    return guarded(ERR_MEMORY, [&] {
        std::unique_ptr<engine_constraint> c(new engine_constraint());
        c->grammar = copy_of(p->grammar);
        c->thinking = copy_of(p->thinking);
        c->mark = p->mark;
        c->lazy = p->lazy;
        *out = c.release();
        return ERR_OK;
    });
}

void engine_constraint_close(struct engine_constraint *c)
{
    delete c;
}

enum err engine_constraint_apply(struct engine_constraint *c, struct llama_token_data_array *candidates)
{
    return guarded(ERR_ENGINE, [&] {
        const work_limit limit(work_of_all(candidates->size));
        apply(c, candidates);
        for (size_t i = 0; i < candidates->size; i++)
            if (candidates->data[i].logit != -INFINITY)
                return ERR_OK;
        return ERR_ENGINE;
    });
}

enum err engine_constraint_allows(struct engine_constraint *c, int32_t token, bool *allowed)
{
    return guarded(ERR_ENGINE, [&] {
        llama_token_data one = {token, 1.0F, 0.0F};
        llama_token_data_array array = {&one, 1, -1, false};
        const work_limit limit(work_of_token());
        apply(c, &array);
        *allowed = one.logit != -INFINITY;
        return ERR_OK;
    });
}

enum err engine_constraint_accept(struct engine_constraint *c, int32_t token)
{
    return guarded(ERR_ENGINE, [&] {
        const work_limit limit(work_of_token());
        accept(c, token);
        return ERR_OK;
    });
}

/* ---- answers ---- */

struct engine_parser {
    const engine_plan *plan;
    std::string text;
    size_t parsed = 0; /* bytes of it when it was parsed last */
    size_t nesting = 0;
    common_chat_msg sent; /* of each part, what the sink was given */
    std::vector<bool> begun;
};

namespace
{

enum {
    /* A parse looks at the whole text again: one for so many parts of it that all together stay linear in its length, times this. */
    PARSE_PARTS = 128,
    NESTING_MAX = 2048, /* opening brackets without a closing one: the parser descends into each */
};

bool begins_with(const std::string &text, const std::string &beginning)
{
    return text.compare(0, beginning.size(), beginning) == 0;
}

/* Gives the sink what now is longer than it was. Something that was given out and is another now: not so while there is more to come. */
bool send_longer(const engine_parser *, std::string &sent, const std::string &now, engine_piece piece,
                 engine_piece_sink sink, void *owner, enum err *e)
{
    if (now.size() == sent.size() || *e != ERR_OK)
        return true;
    if (!begins_with(now, sent))
        return false;
    piece.text = bytes_of(now.data() + sent.size(), now.size() - sent.size());
    *e = sink(owner, &piece);
    sent = now;
    return true;
}

bool send_call(engine_parser *p, const common_chat_msg &now, size_t i, bool settled, engine_piece_sink sink,
               void *owner, enum err *e)
{
    const common_chat_tool_call &call = now.tool_calls[i];
    if (i >= p->sent.tool_calls.size()) {
        p->sent.tool_calls.emplace_back();
        p->begun.push_back(false);
    }
    if (!p->begun[i]) {
        /* A name may still grow until its arguments begin. */
        if (call.name.empty() || (!settled && call.arguments.empty()))
            return true;
        engine_piece begin = {};
        begin.kind = ENGINE_PIECE_CALL;
        begin.call = static_cast<uint32_t>(i);
        begin.name = bytes_of_string(call.name);
        begin.id = bytes_of_string(call.id);
        *e = sink(owner, &begin);
        p->begun[i] = true;
    }
    engine_piece piece = {};
    piece.kind = ENGINE_PIECE_ARGUMENTS;
    piece.call = static_cast<uint32_t>(i);
    return send_longer(p, p->sent.tool_calls[i].arguments, call.arguments, piece, sink, owner, e);
}

bool send(engine_parser *p, const common_chat_msg &now, bool last, engine_piece_sink sink, void *owner,
          enum err *e)
{
    engine_piece piece = {};
    piece.kind = ENGINE_PIECE_REASONING;
    bool fits = send_longer(p, p->sent.reasoning_content, now.reasoning_content, piece, sink, owner, e);
    piece.kind = ENGINE_PIECE_TEXT;
    fits = fits && send_longer(p, p->sent.content, now.content, piece, sink, owner, e);
    fits = fits && now.tool_calls.size() >= p->sent.tool_calls.size();
    for (size_t i = 0; fits && *e == ERR_OK && i < now.tool_calls.size(); i++)
        fits = send_call(p, now, i, last || i + 1 < now.tool_calls.size(), sink, owner, e);
    return fits;
}

void count_nesting(engine_parser *p, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.ptr[i];
        if (c == '[' || c == '{')
            p->nesting++;
        else if ((c == ']' || c == '}') && p->nesting > 0)
            p->nesting--;
    }
}

/* whole: what does not follow the format is an error, and not read as far as it goes. */
enum err read(const engine_parser *p, bool whole, common_chat_msg &out)
{
    try {
        out = common_chat_parse(p->text, !whole, p->plan->syntax);
        return ERR_OK;
    } catch (const std::bad_alloc &) {
        return ERR_MEMORY;
    } catch (...) {
        return ERR_ENGINE;
    }
}

/* An answer that does not follow the template's format: as it is, when all of it that was given out so far is text. */
enum err read_unread(const engine_parser *p, bool cut, common_chat_msg &out)
{
    out = common_chat_msg();
    if (cut && read(p, false, out) == ERR_MEMORY)
        return ERR_MEMORY;
    if (!out.tool_calls.empty() || !out.reasoning_content.empty())
        return ERR_OK;
    if (!p->sent.tool_calls.empty() || !p->sent.reasoning_content.empty())
        return cut ? ERR_OK : ERR_ENGINE;
    out.content = p->text;
    /* Blanks at the beginning are left out where the format is followed. */
    if (!begins_with(out.content, p->sent.content))
        out.content.erase(0, out.content.find_first_not_of(" \t\r\n"));
    return ERR_OK;
}

enum err push(engine_parser *p, struct bytes text, enum engine_parser_step step, engine_piece_sink sink,
              void *owner)
{
    count_nesting(p, text);
    if (p->nesting > NESTING_MAX)
        return ERR_ENGINE;
    if (text.len != 0)
        p->text.append(reinterpret_cast<const char *>(text.ptr), text.len);
    const bool last = step != ENGINE_PARSER_MORE;
    if (!last && (p->text.size() == p->parsed || (p->text.size() - p->parsed) < p->text.size() / PARSE_PARTS))
        return ERR_OK;
    p->parsed = p->text.size();
    common_chat_msg now;
    enum err e = read(p, last, now);
    if (e != ERR_OK && last)
        e = read_unread(p, step == ENGINE_PARSER_CUT, now);
    if (e != ERR_OK)
        return e == ERR_MEMORY || last ? e : ERR_OK;
    const bool fits = send(p, now, last, sink, owner, &e);
    return e == ERR_OK && !fits && step == ENGINE_PARSER_END ? ERR_ENGINE : e;
}

} // namespace

enum err engine_parser_open(const struct engine_plan *p, struct engine_parser **out)
{
    *out = nullptr;
    return guarded(ERR_MEMORY, [&] {
        *out = new engine_parser();
        (*out)->plan = p;
        return ERR_OK;
    });
}

void engine_parser_close(struct engine_parser *p)
{
    delete p;
}

enum err engine_parser_push(struct engine_parser *p, struct bytes text, enum engine_parser_step step,
                            engine_piece_sink sink, void *owner)
{
    return guarded(ERR_ENGINE, [&] { return push(p, text, step, sink, owner); });
}
