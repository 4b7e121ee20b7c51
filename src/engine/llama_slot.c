/* SPDX-License-Identifier: Apache-2.0 */

/* One answer in a slot: begin, a token at a time, end. */

#include "base/secret.h"
#include "engine/llama_internal.h"

enum { PIECE_SIZE = 64 };

void engine_slot_end(struct engine_slot *slot, enum err result)
{
    if (slot->state == ENGINE_SLOT_ENDED)
        return;
    slot->state = ENGINE_SLOT_ENDED;
    slot->result = result;
}

void engine_slot_release(struct engine_llama *e, struct engine_slot *slot)
{
    engine_sampler_close(slot);
    engine_parser_close(slot->parser);
    engine_logprobs_close(slot->logprobs);
    engine_text_close(&slot->text);
    secret_free(slot->vector);
    engine_kept_release(e, slot);
}

/* ---- begin ---- */

static enum err open_answer(struct engine_llama *e, struct engine_slot *slot)
{
    struct engine_request *r = slot->request;
    enum err result = engine_sampler_open(e, slot);
    if (result == ERR_OK)
        result = engine_text_open(&slot->text, r->stops, r->stop_count);
    if (result == ERR_OK && r->plan != NULL && engine_plan_has_parser(r->plan))
        result = engine_parser_open(r->plan, &slot->parser);
    if (result == ERR_OK && r->generation.logprobs)
        result = engine_logprobs_open(&r->generation, &slot->logprobs);
    return result;
}

void engine_slot_begin(struct engine_llama *e, struct engine_slot *slot, struct engine_request *request)
{
    engine_kept_take(e, slot, request);
    slot->state = ENGINE_SLOT_PROMPT;
    slot->request = request;
    slot->prompt = engine_request_prompt(request, slot->choice);
    request->working++;
    enum err result =
        request->generation.api == API_EMBEDDINGS ? engine_embedding_open(e, slot) : open_answer(e, slot);
    if (result != ERR_OK) {
        engine_slot_end(slot, result);
        return;
    }
    uint32_t left = e->info.context > slot->prompt->count ? e->info.context - slot->prompt->count : 0;
    uint32_t wanted = request->generation.max_tokens;
    slot->limit = wanted == 0 || wanted > left ? left : wanted;
}

/* ---- tokens to text ---- */

uint8_t *engine_piece_of(const struct engine_llama *e, llama_token token, bool special, size_t *len)
{
    int32_t room = PIECE_SIZE;
    for (;;) {
        char *piece = secret_alloc((size_t)room);
        if (piece == NULL)
            return NULL;
        int32_t n = llama_token_to_piece(e->vocab, token, piece, room, 0, special);
        if (n >= 0) {
            *len = (size_t)n;
            return (uint8_t *)piece;
        }
        secret_free(piece);
        room = -n;
    }
}

static enum err push_token(struct engine_llama *e, struct engine_slot *slot, llama_token token)
{
    const struct engine_plan *plan = slot->request->plan;
    size_t len = 0;
    uint8_t *piece = engine_piece_of(e, token, plan != NULL && engine_plan_keeps(plan, token), &len);
    if (piece == NULL)
        return ERR_MEMORY;
    enum err result = engine_text_push(&slot->text, bytes_of(piece, len));
    secret_free(piece);
    if (result == ERR_OK && slot->logprobs != NULL)
        result = engine_logprobs_add(e, slot->logprobs, llama_get_logits_ith(e->context, slot->output), token,
                                     len);
    return result;
}

static enum err hand_out(struct engine_llama *e, struct engine_slot *slot, enum engine_parser_step step)
{
    /* The parser is told of the end, also when no text comes with it; and so are who waits for the last tokens. */
    if (slot->text.ready == 0 &&
        (step == ENGINE_PARSER_MORE || (slot->parser == NULL && slot->logprobs == NULL)))
        return ERR_OK;
    enum err result = engine_output_text(e, slot, bytes_of(slot->text.bytes, slot->text.ready), step);
    engine_text_taken(&slot->text);
    return result;
}

/* ---- an answer begins: what came before it goes out ---- */

/* Of a prompt that came as tokens the text is what they are made of. */
static enum err spell_prompt(struct engine_llama *e, const struct engine_prompt *prompt,
                             struct secret_buffer *out)
{
    enum err result = ERR_OK;
    for (uint32_t i = 0; result == ERR_OK && i < prompt->count; i++) {
        size_t len = 0;
        uint8_t *piece = engine_piece_of(e, prompt->tokens[i], false, &len);
        result =
            piece == NULL ? ERR_MEMORY : secret_buffer_append(out, bytes_of(piece, len), ANSWER_SIZE_MAX);
        secret_free(piece);
    }
    return result;
}

static enum err echo(struct engine_llama *e, struct engine_slot *slot)
{
    const struct engine_request *r = slot->request;
    const struct generation_prompt *given = &r->generation.prompts[slot->prompt - r->prompts];
    struct secret_buffer text = {0};
    enum err result = given->tokens == NULL ? secret_buffer_append(&text, given->text, ANSWER_SIZE_MAX)
                                            : spell_prompt(e, slot->prompt, &text);
    /* Through the text of the answer, which makes whole characters of it, but without stop sequences. */
    struct engine_text whole = {0};
    if (result == ERR_OK)
        result = engine_text_open(&whole, NULL, 0);
    if (result == ERR_OK)
        result = engine_text_push(&whole, secret_buffer_bytes(&text));
    if (result == ERR_OK)
        result = engine_text_finish(&whole);
    if (result == ERR_OK && whole.ready != 0)
        result = engine_output_delta(
            e, slot, &(struct answer_delta){.kind = ANSWER_TEXT, .text = bytes_of(whole.bytes, whole.ready)});
    engine_text_close(&whole);
    secret_buffer_release(&text);
    return result;
}

static enum err begin_answer(struct engine_llama *e, struct engine_slot *slot)
{
    struct engine_request *r = slot->request;
    slot->state = ENGINE_SLOT_ANSWER;
    enum err result = engine_output_begin(e, r);
    if (result == ERR_OK && r->generation.echo)
        result = echo(e, slot);
    return result;
}

/* ---- a token ---- */

static enum err finish(struct engine_llama *e, struct engine_slot *slot, enum answer_finish how)
{
    struct bytes stop = {0};
    if (slot->text.stopped && slot->text.stop < slot->request->generation.stop_count)
        stop = slot->request->stops[slot->text.stop];
    if (how == ANSWER_STOP && slot->calls != 0)
        how = ANSWER_TOOL_CALLS;
    return engine_output_finish(e, slot, how, stop);
}

static enum err take(struct engine_llama *e, struct engine_slot *slot, bool *over)
{
    bool ended = false;
    enum answer_finish how = ANSWER_STOP;
    enum err result = engine_sampler_next(e, slot, &slot->next);
    if (result != ERR_OK)
        return result;
    if (llama_vocab_is_eog(e->vocab, slot->next)) {
        ended = true;
    } else {
        slot->completion++;
        result = push_token(e, slot, slot->next);
        if (slot->reasoning)
            slot->request->usage.reasoning_tokens++;
        if (slot->completion >= slot->limit && !slot->text.stopped) {
            ended = true;
            how = ANSWER_LENGTH;
        }
    }
    if (ended && result == ERR_OK)
        result = engine_text_finish(&slot->text);
    *over = ended || slot->text.stopped;
    if (result == ERR_OK)
        result = hand_out(e, slot,
                          !*over                 ? ENGINE_PARSER_MORE
                          : how == ANSWER_LENGTH ? ENGINE_PARSER_CUT
                                                 : ENGINE_PARSER_END);
    if (result == ERR_OK && *over)
        result = finish(e, slot, how);
    return result;
}

/* One call was asked for, and the grammar would let the answer end now: templates do not tell their grammars that there should be no second. */
static enum err is_enough(struct engine_llama *e, struct engine_slot *slot, bool *enough)
{
    *enough = false;
    if (slot->request->generation.parallel_tool_calls || slot->calls == 0 || slot->constraint == NULL)
        return ERR_OK;
    llama_token end = llama_vocab_eos(e->vocab);
    return end == LLAMA_TOKEN_NULL ? ERR_OK : engine_constraint_allows(slot->constraint, end, enough);
}

static enum err end_after_call(struct engine_llama *e, struct engine_slot *slot, bool *over)
{
    enum err result = is_enough(e, slot, over);
    if (result != ERR_OK || !*over)
        return result;
    result = engine_text_finish(&slot->text);
    if (result == ERR_OK)
        result = hand_out(e, slot, ENGINE_PARSER_END);
    return result == ERR_OK ? finish(e, slot, ANSWER_STOP) : result;
}

void engine_slot_advance(struct engine_llama *e, struct engine_slot *slot)
{
    bool over = false;
    enum err result = slot->state == ENGINE_SLOT_PROMPT ? begin_answer(e, slot) : ERR_OK;
    if (result == ERR_OK)
        result = take(e, slot, &over);
    if (result == ERR_OK && !over)
        result = end_after_call(e, slot, &over);
    if (result != ERR_OK || over)
        engine_slot_end(slot, result);
}
