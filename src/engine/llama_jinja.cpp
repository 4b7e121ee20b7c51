/* SPDX-License-Identifier: Apache-2.0 */

/* A model's own chat template, which is a Jinja program: is it one, and what can it do? */

#include "engine/llama_common_internal.h"

#include <map>

namespace
{

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

} // namespace

enum err engine_templates_open(const struct llama_model *model, const char *source,
                               struct engine_templates **out, struct err_note *note)
{
    *out = nullptr;
    engine_silence_log();
    enum err e = engine_guarded(ERR_MODEL, [&] {
        const engine_silence silent;
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
