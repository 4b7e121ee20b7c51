/* SPDX-License-Identifier: Apache-2.0 */

/* llama.cpp's "common" prints what it reads. None of that goes anywhere. */

#include "engine/llama_common_internal.h"

#include <cstdio>
#include <mutex>

#include <log.h>

void engine_silence_log()
{
    common_log_set_verbosity_thold(-1);
}

namespace
{

std::mutex lock;
unsigned silent; /* how many want it */
FILE *loud;

ssize_t swallow(void *, const char *, size_t size)
{
    return static_cast<ssize_t>(size);
}

} // namespace

engine_silence::engine_silence()
{
    const std::lock_guard<std::mutex> guard(lock);
    static FILE *const nowhere = fopencookie(nullptr, "w", {nullptr, swallow, nullptr, nullptr});
    if (nowhere == nullptr)
        throw std::bad_alloc();
    if (silent++ != 0)
        return;
    (void)setvbuf(nowhere, nullptr, _IONBF, 0);
    loud = stderr;
    stderr = nowhere;
}

engine_silence::~engine_silence()
{
    const std::lock_guard<std::mutex> guard(lock);
    if (--silent == 0)
        stderr = loud;
}
