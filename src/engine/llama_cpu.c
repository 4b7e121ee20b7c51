/* SPDX-License-Identifier: Apache-2.0 */

/* ggml is compiled for a fixed set of instructions. On a processor without them it would die of SIGILL in the middle of a request. */

#include "engine/llama_internal.h"

#if defined(ENGINE_GGML_CPU_LINKED) && defined(__x86_64__)

#include <ggml-cpu.h>

/* F16C has no name there in clang; every processor with AVX2 has it. X(name for GCC's __builtin_cpu_supports and for people, what ggml was compiled for) */
#define CPU_TABLE(X)                                                                                         \
    X("sse3", ggml_cpu_has_sse3)                                                                             \
    X("ssse3", ggml_cpu_has_ssse3)                                                                           \
    X("avx", ggml_cpu_has_avx)                                                                               \
    X("avx2", ggml_cpu_has_avx2)                                                                             \
    X("fma", ggml_cpu_has_fma)                                                                               \
    X("bmi2", ggml_cpu_has_bmi2)                                                                             \
    X("avx512f", ggml_cpu_has_avx512)                                                                        \
    X("avx512vbmi", ggml_cpu_has_avx512_vbmi)                                                                \
    X("avx512vnni", ggml_cpu_has_avx512_vnni)                                                                \
    X("avx512bf16", ggml_cpu_has_avx512_bf16)

enum err engine_cpu_check(struct err_note *note)
{
    __builtin_cpu_init();
#define CPU_CHECK(name, compiled)                                                                            \
    if (compiled() && !__builtin_cpu_supports(name))                                                         \
        return err_noted(ERR_MODEL, note,                                                                    \
                         "this processor has no %s, which the inference library was built for", name);
    CPU_TABLE(CPU_CHECK)
#undef CPU_CHECK
    return ERR_OK;
}

#else

/* A library of the system chooses its code at run time. */
enum err engine_cpu_check(struct err_note *note)
{
    (void)note;
    return ERR_OK;
}

#endif
