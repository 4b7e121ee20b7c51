/* SPDX-License-Identifier: Apache-2.0 */

/* Whose prompt is read next, and how much of it. */

#ifndef ENGINE_LLAMA_SHARES_H
#define ENGINE_LLAMA_SHARES_H

#include <stdbool.h>
#include <stdint.h>

/* A prompt that waits in a slot. */
struct engine_share {
    uint32_t left;  /* tokens not read yet; 0: nothing waits there */
    uint64_t turn;  /* lower: it came earlier */
    uint32_t taken; /* what this step reads of it; written by engine_shares */
};

/*
 * Gives out one step of about room tokens, never more than most, to count slots in ascending order of their sequences.
 *
 * The prompt that needs the fewest steps comes first: who shares equally makes all of them wait for the last. Of those that need as many, the one in the lowest slot: then
 * the slots that answer are neighbours, and llama.cpp, whose batches hold neighbouring sequences, needs one pass over the weights for all of them
 * and not one for each. oldest_first: the one that came first takes the step, so that nobody waits for ever behind shorter prompts.
 * together: others share the step if it is enough for their whole prompts. A piece of a second one would cost more than it brings: prompts of unequal lengths are read in
 * as many passes as there are lengths. Nor is a prompt left with a crumb of a step.
 */
void engine_shares(struct engine_share *slots, uint32_t count, uint32_t room, uint32_t most,
                   bool oldest_first, bool together);

#endif
