/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/llama_work.h"

#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#define ENGINE_OWN_DELETE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ENGINE_OWN_DELETE 1
#endif
#endif

static thread_local bool limited;
static thread_local size_t left;

const char *work_spent::what() const noexcept
{
    return "too much work";
}

work_limit::work_limit(size_t allocations) noexcept
{
    left = allocations;
    limited = true;
}

work_limit::~work_limit()
{
    limited = false;
}

/* [new.delete.single]: operator new[] and those that do not throw call this one; what gives the memory back is libstdc++'s, or wipe_on_free.c's: both by free. */
void *operator new(size_t size) // NOLINT(cert-dcl54-cpp): the delete that goes with it, too
{
    if (limited && left-- == 0) {
        limited = false; /* the exception itself takes memory */
        throw work_spent();
    }
    for (;;) {
        void *block = std::malloc(size == 0 ? 1 : size);
        if (block != nullptr)
            return block;
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr)
            throw std::bad_alloc();
        handler();
    }
}

#ifdef ENGINE_OWN_DELETE
/* AddressSanitizer has its own of each, and wants both ends of a block's life to be its, or neither. */
void *operator new(size_t size, const std::nothrow_t &) noexcept
{
    return std::malloc(size == 0 ? 1 : size);
}

void operator delete(void *block) noexcept
{
    std::free(block);
}

void operator delete(void *block, size_t) noexcept
{
    std::free(block);
}

void operator delete(void *block, const std::nothrow_t &) noexcept
{
    std::free(block);
}
#endif
