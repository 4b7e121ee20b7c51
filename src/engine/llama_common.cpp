/* SPDX-License-Identifier: Apache-2.0 */

/* llama.cpp's "common" prints what it reads. None of that goes anywhere. */

#include "engine/llama_common_internal.h"

#include <log.h>

void engine_silence_log()
{
    common_log_set_verbosity_thold(-1);
}

namespace
{

ssize_t swallow(void *, const char *, size_t size)
{
    return static_cast<ssize_t>(size);
}

} // namespace

std::mutex &engine_silence::mutex()
{
    static std::mutex m;
    return m;
}

engine_silence::engine_silence() : lock_(mutex()), saved_(stderr)
{
    static FILE *const nowhere = fopencookie(nullptr, "w", {nullptr, swallow, nullptr, nullptr});
    if (nowhere == nullptr)
        throw std::bad_alloc();
    (void)setvbuf(nowhere, nullptr, _IONBF, 0);
    stderr = nowhere;
}

engine_silence::~engine_silence()
{
    stderr = saved_;
}
