/* SPDX-License-Identifier: Apache-2.0 */

/* A request to the template's input, and what comes out of it: the prompt, where its answer ends, and how that is read. */

#include "engine/llama_common_internal.h"

#include <stdexcept>

#include <json-schema-to-grammar.h>

namespace
{

/* ---- from a request to the template's input ---- */

common_chat_msg message_of(const struct generation_message &m, const char *marker)
{
    common_chat_msg out;
    out.role = generation_role_name(m.role);
    out.reasoning_content = engine_string_of(m.reasoning);
    out.tool_call_id = engine_string_of(m.call_id);
    out.tool_name = engine_string_of(m.name);
    for (size_t i = 0; i < m.call_count; i++)
        out.tool_calls.push_back({engine_string_of(m.calls[i].name), engine_string_of(m.calls[i].arguments),
                                  engine_string_of(m.calls[i].id)});
    if (m.part_count == 1 && m.parts[0].kind == GENERATION_TEXT) {
        out.content = engine_string_of(m.parts[0].bytes);
        return out;
    }
    for (size_t i = 0; i < m.part_count; i++) {
        if (m.parts[i].kind == GENERATION_TEXT)
            out.content_parts.push_back({"text", engine_string_of(m.parts[i].bytes)});
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
            in.tools.push_back(
                {engine_string_of(t.name), engine_string_of(t.description), engine_string_of(t.parameters)});
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
    std::string schema = engine_string_of(g->schema);
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
        const std::vector<llama_token> tokens = engine_grammar_tokens(vocab, text);
        if (tokens.size() == 1)
            plan.kept.push_back(tokens[0]);
    }
    engine_grammar_add(plan, vocab, params, g);
}

/* Only the grammar of a schema, without a template's part in it. */
void read_schema(engine_plan &plan, const llama_vocab *vocab, const struct generation *g)
{
    common_chat_params params;
    const std::string schema = schema_of(g);
    if (schema.empty())
        return;
    params.grammar = json_schema_to_grammar(common_json::parse(schema));
    engine_grammar_add(plan, vocab, params, g);
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
    const std::vector<llama_token> mark = engine_grammar_beginning(vocab, params.grammar_triggers[0].value);
    try {
        const engine_sampler_ptr trial(llama_sampler_clone(plan.grammar.get()));
        const work_limit limit(engine_work_of_token() * (mark.size() + 1));
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

enum err engine_plan_make(const struct engine_templates *t, const struct llama_vocab *vocab,
                          const struct generation *g, const char *marker, struct engine_plan **out,
                          struct err_note *note)
{
    *out = nullptr;
    enum err e = engine_guarded(ERR_REQUEST, [&] {
        const engine_silence silent;
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
    return engine_bytes_of(p->prompt);
}

struct bytes engine_plan_stop(const struct engine_plan *p, size_t i)
{
    return i < p->stops.size() ? engine_bytes_of(p->stops[i]) : bytes_of(nullptr, 0);
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
