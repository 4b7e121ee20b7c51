/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LLAMA_WORK_H
#define ENGINE_LLAMA_WORK_H

/*
 * A bound on work that nothing else bounds. How long llama.cpp takes to hold a token against a grammar depends on the grammar, and a stranger's pattern can make
 * it take for ever ("^([a-z]?){0,1000}$": at each letter a thousand ways, and each of them tried): with it everybody's answer would stand still. It does nothing without
 * allocating, so the allocations are counted, and the one after the last that is allowed throws. What it worked on is then of no use any more.
 *
 *     const work_limit limit(1000000);
 *     llama_sampler_accept(grammar, token);     // throws work_spent
 *
 * C++ only. It is operator new of the whole program; where no limit is set it does what every other does.
 */

#include <cstddef>
#include <new>

struct work_spent : std::bad_alloc {
    const char *what() const noexcept override;
};

/* For this thread, until it goes out of scope. One at a time. */
class work_limit
{
  public:
    explicit work_limit(size_t allocations) noexcept;
    ~work_limit();
    work_limit(const work_limit &) = delete;
    work_limit &operator=(const work_limit &) = delete;
};

#endif
