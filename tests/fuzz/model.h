/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_MODEL_H
#define TESTS_FUZZ_MODEL_H

#include <llama.h>

/* The demo model's vocabulary and template, without its weights; JSON is made ready, and llama.cpp says nothing from here on. Once; it stays open. Ends the process where
 * there is no such model. */
const struct llama_model *fuzz_model_open(void);

#endif
