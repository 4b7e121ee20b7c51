/* SPDX-License-Identifier: Apache-2.0 */

/* An answer's text, back to reasoning, content and tool calls. */

#include "engine/llama_common_internal.h"

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
        begin.name = engine_bytes_of(call.name);
        begin.id = engine_bytes_of(call.id);
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
    return engine_guarded(ERR_MEMORY, [&] {
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
    return engine_guarded(ERR_ENGINE, [&] { return push(p, text, step, sink, owner); });
}
