/* SPDX-License-Identifier: Apache-2.0 */

/* Pieces of answers become lines (openai/answer.h), and lines are handed out and overwritten. */

#include "base/secret.h"
#include "engine/llama_internal.h"

enum { STATUS_OK = 200 };

static enum err send(struct engine_llama *e, const struct engine_request *r, enum err result)
{
    if (result == ERR_OK && e->lines.len != 0)
        e->callbacks.lines(e->owner, r->id, STATUS_OK, secret_buffer_bytes(&e->lines));
    if (e->lines.len != 0)
        secret_wipe(e->lines.ptr, e->lines.len);
    e->lines.len = 0;
    return result;
}

enum err engine_output_begin(struct engine_llama *e, struct engine_request *r)
{
    if (r->begun)
        return ERR_OK;
    r->begun = true;
    return send(e, r, answer_begin(r->answer, &r->usage, &e->lines));
}

enum err engine_output_progress(struct engine_llama *e, const struct engine_slot *slot)
{
    struct engine_request *r = slot->request;
    enum err result = engine_output_begin(e, r);
    if (result != ERR_OK)
        return result;
    return send(e, r, answer_progress(r->answer, slot->decoded, slot->prompt->count, &e->lines));
}

enum err engine_output_delta(struct engine_llama *e, const struct engine_slot *slot,
                             const struct answer_delta *delta)
{
    const struct engine_request *r = slot->request;
    return send(e, r, answer_delta(r->answer, slot->choice, delta, &e->lines));
}

enum err engine_output_finish(struct engine_llama *e, const struct engine_slot *slot, enum answer_finish finish,
                              struct bytes stop)
{
    const struct engine_request *r = slot->request;
    return send(e, r, answer_finish(r->answer, slot->choice, finish, stop, &e->lines));
}

enum err engine_output_end(struct engine_llama *e, struct engine_request *r)
{
    return send(e, r, answer_end(r->answer, &r->usage, &e->lines));
}

/* ---- text ---- */

struct sink {
    struct engine_llama *e;
    struct engine_slot *slot;
    bool last;
};

/* Tokens go out with the first content that comes after them; those of reasoning and of calls with nothing. */
static enum err take_tokens(struct sink *s, struct answer_delta *delta)
{
    struct engine_slot *slot = s->slot;
    if (slot->logprobs == NULL)
        return ERR_OK;
    engine_logprobs_taken(slot->logprobs);
    size_t len = slot->unclaimed;
    slot->unclaimed = 0;
    return engine_logprobs_take(s->e, slot->logprobs, len, s->last, delta);
}

static enum err take_piece(void *owner, const struct engine_piece *piece)
{
    static const enum answer_delta_kind kinds[] = {
        [ENGINE_PIECE_TEXT] = ANSWER_TEXT,
        [ENGINE_PIECE_REASONING] = ANSWER_REASONING,
        [ENGINE_PIECE_CALL] = ANSWER_TOOL_BEGIN,
        [ENGINE_PIECE_ARGUMENTS] = ANSWER_TOOL_ARGUMENTS,
    };
    struct sink *s = owner;
    struct answer_delta unused = {0};
    struct answer_delta delta = {.kind = kinds[piece->kind],
                                 .text = piece->text,
                                 .tool = piece->call,
                                 .id = piece->id,
                                 .name = piece->name};
    s->slot->reasoning = piece->kind == ENGINE_PIECE_REASONING;
    if (piece->kind == ENGINE_PIECE_CALL)
        s->slot->calls++;
    enum err result = take_tokens(s, piece->kind == ENGINE_PIECE_TEXT ? &delta : &unused);
    if (result != ERR_OK ||
        (piece->kind == ENGINE_PIECE_TEXT && delta.text.len == 0 && delta.token_count == 0))
        return result;
    return engine_output_delta(s->e, s->slot, &delta);
}

enum err engine_output_text(struct engine_llama *e, struct engine_slot *slot, struct bytes text,
                            enum engine_parser_step step)
{
    /* At a stop sequence the tokens that it was made of stay behind; else all go out at the end. */
    struct sink s = {.e = e, .slot = slot, .last = step != ENGINE_PARSER_MORE && !slot->text.stopped};
    slot->unclaimed += text.len;
    if (slot->parser != NULL)
        return engine_parser_push(slot->parser, text, step, take_piece, &s);
    return take_piece(&s, &(struct engine_piece){.kind = ENGINE_PIECE_TEXT, .text = text});
}
