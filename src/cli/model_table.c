/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/model_table.h"

#include <string.h>

/*
 * Where the pins come from: read in November 2026 from public source code on GitHub, where for each row at least three unrelated repositories name
 * the same file with the same SHA-256, and at least two of them the same size and the same revision (search GitHub for the hash to see them;
 * OGZamasu/Silicon-Buddy, tools/standin/fetch-models.sh, is one for the first row). The authors of this table have not downloaded the files themselves.
 * If a pin were wrong, `get` would refuse the file: a pin cannot make a bad file pass, only name a different one.
 *
 * Licenses: those of the publishers' model cards (Qwen2.5 at 0.5B and 1.5B, Qwen3 and SmolLM2 are Apache-2.0; Qwen2.5 at 3B is not, so it is not here).
 * SmolLM2 at 135M is a conversion by bartowski, the others are the files of Qwen itself.
 */
static const struct model models[] = {
    {
        .name = "smollm2-135m",
        .parameters = "135M",
        .file = "SmolLM2-135M-Instruct-Q8_0.gguf",
        .url = "https://huggingface.co/bartowski/SmolLM2-135M-Instruct-GGUF/resolve/"
               "09816acd5d99df7be770d85ea30822623dab342c/SmolLM2-135M-Instruct-Q8_0.gguf",
        .sha256 = "5a1395716f7913741cc51d98581b9b1228d80987a9f7d3664106742eb06bba83",
        .size = 144811360,
        .memory = 400,
        .license = "Apache-2.0",
    },
    {
        .name = "qwen2.5-0.5b",
        .parameters = "0.5B",
        .file = "qwen2.5-0.5b-instruct-q4_k_m.gguf",
        .url = "https://huggingface.co/Qwen/Qwen2.5-0.5B-Instruct-GGUF/resolve/"
               "9217f5db79a29953eb74d5343926648285ec7e67/qwen2.5-0.5b-instruct-q4_k_m.gguf",
        .sha256 = "74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db",
        .size = 491400032,
        .memory = 900,
        .license = "Apache-2.0",
    },
    {
        .name = "qwen2.5-1.5b",
        .parameters = "1.5B",
        .file = "qwen2.5-1.5b-instruct-q4_k_m.gguf",
        .url = "https://huggingface.co/Qwen/Qwen2.5-1.5B-Instruct-GGUF/resolve/"
               "91cad51170dc346986eccefdc2dd33a9da36ead9/qwen2.5-1.5b-instruct-q4_k_m.gguf",
        .sha256 = "6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e",
        .size = 1117320736,
        .memory = 1600,
        .license = "Apache-2.0",
    },
    {
        .name = "qwen3-8b",
        .parameters = "8B",
        .file = "Qwen3-8B-Q4_K_M.gguf",
        .url = "https://huggingface.co/Qwen/Qwen3-8B-GGUF/resolve/"
               "7c41481f57cb95916b40956ab2f0b139b296d974/Qwen3-8B-Q4_K_M.gguf",
        .sha256 = "d98cdcbd03e17ce47681435b5150e34c1417f50b5c0019dd560e4882c5745785",
        .size = 5027783488,
        .memory = 6000,
        .license = "Apache-2.0",
    },
};
enum { MODEL_COUNT = sizeof models / sizeof models[0] };

const struct model *model_list(size_t *count)
{
    *count = MODEL_COUNT;
    return models;
}

const struct model *model_find(const char *name)
{
    for (size_t i = 0; i < MODEL_COUNT; i++)
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    return NULL;
}
