/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"

enum {
    POOLED = 100,
    PAGE = 4096,
    OWN_PAGES = 8 * PAGE,
    EXIT_BAD = 3,
    HEADER = 16,
    TRAILER = 8,
    NOBODY = 65534
};

/* How a child that runs body(arg) ends: its signal, or minus its exit status. */
static int child_end(void (*body)(void *), void *arg)
{
    int status;
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGSEGV, SIG_DFL); /* cmocka has a handler of its own */
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(EXIT_BAD);
        body(arg);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

/* AddressSanitizer reports these itself, and ends the program with an exit status instead of the signal. */
#define assert_dies(body, arg, signal_wanted)                                                                \
    do {                                                                                                     \
        int end = child_end(body, arg);                                                                      \
        if (TEST_UNDER_ASAN)                                                                                 \
            assert_int_not_equal(end, 0);                                                                    \
        else                                                                                                 \
            assert_int_equal(end, signal_wanted);                                                            \
    } while (0)

#define only_with_pages()                                                                                    \
    do {                                                                                                     \
        if (TEST_UNDER_ASAN) {                                                                               \
            print_message("AddressSanitizer builds take secrets from the ordinary heap\n");                  \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)

static bool all_zero(const volatile uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (at[i] != 0)
            return false;
    return true;
}

static void blocks_are_zero_aligned_and_apart(void **state)
{
    static const size_t sizes[] = {0, 1, 8, 39, 40, 41, 100, 1000, 4096, 16360, 16361, 70000, 1 << 20};
    uint8_t *blocks[test_count(sizes)];
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < test_count(sizes); i++) {
            blocks[i] = secret_alloc(sizes[i]);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            assert_true(all_zero(blocks[i], sizes[i]));
            memset(blocks[i], (int)i + 1, sizes[i]);
        }
        for (size_t i = 0; i < test_count(sizes); i++)
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(blocks[i][k], i + 1);
        for (size_t i = 0; i < test_count(sizes); i++)
            secret_free(blocks[i]);
    }
    secret_free(NULL);
}

static void an_absurd_size_is_refused(void **state)
{
    const volatile size_t absurd = SIZE_MAX;
    const volatile size_t too_much = SIZE_MAX / 8;
    (void)state;
    assert_null(secret_alloc(absurd));
    if (!TEST_UNDER_ASAN)
        assert_null(secret_alloc(too_much));
}

static void live_blocks_are_counted(void **state)
{
    (void)state;
    size_t before = secret_stats().live;
    void *a = secret_alloc(1);
    void *b = secret_alloc(OWN_PAGES);
    assert_int_equal(secret_stats().live, before + 2);
    secret_free(a);
    secret_free(b);
    assert_int_equal(secret_stats().live, before);
}

/* ---- pages ---- */

static void touch(void *at)
{
    *(volatile uint8_t *)at = 1;
}

static void walk_forward(void *at)
{
    const volatile uint8_t *byte = at;
    for (size_t i = 0; i < 2 * 64 * 1024; i++)
        (void)byte[i];
}

static void walk_backward(void *at)
{
    const volatile uint8_t *byte = at;
    for (size_t i = 0; i < 2 * 64 * 1024; i++)
        (void)*(byte - i);
}

/* An address that the compiler does not check against the size of the block. */
static void *address(void *block, ptrdiff_t offset)
{
    volatile uintptr_t base = (uintptr_t)block;
    return (void *)(base + (uintptr_t)offset);
}

static void a_page_before_and_a_page_after_each_region_trap(void **state)
{
    (void)state;
    only_with_pages();
    const ptrdiff_t size = OWN_PAGES - HEADER - TRAILER;
    uint8_t *own = secret_alloc((size_t)size);
    uint8_t *pooled = secret_alloc(POOLED);
    assert_int_equal(child_end(touch, address(own, size - 1)), 0);
    assert_int_equal(child_end(touch, address(own, size + TRAILER)), SIGSEGV);
    assert_int_equal(child_end(touch, address(own, size + TRAILER + PAGE - 1)), SIGSEGV);
    assert_int_equal(child_end(touch, address(own, -HEADER - 1)), SIGSEGV);
    assert_int_equal(child_end(walk_forward, pooled), SIGSEGV);
    assert_int_equal(child_end(walk_backward, pooled), SIGSEGV);
    secret_free(own);
    secret_free(pooled);
}

/* The "VmFlags" of the mapping that holds the address. */
static void mapping_flags(const void *address, char *flags, size_t size)
{
    char line[512];
    bool inside = false;
    FILE *smaps = fopen("/proc/self/smaps", "r");
    assert_non_null(smaps);
    flags[0] = '\0';
    while (fgets(line, sizeof line, smaps) != NULL) {
        unsigned long low;
        unsigned long high;
        if (sscanf(line, "%lx-%lx ", &low, &high) == 2)
            inside = (uintptr_t)address >= low && (uintptr_t)address < high;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            (void)snprintf(flags, size, "%.*s", (int)size - 1, line + 8);
    }
    (void)fclose(smaps);
}

static long locked_kilobytes(void)
{
    char line[256];
    long kilobytes = -1;
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL)
        (void)sscanf(line, "VmLck: %ld kB", &kilobytes);
    (void)fclose(status);
    return kilobytes;
}

static void pages_are_locked_and_left_out_of_dumps(void **state)
{
    char flags[256];
    (void)state;
    only_with_pages();
    struct secret_stats stats = secret_stats();
    long before = locked_kilobytes();
    uint8_t *pooled = secret_alloc(POOLED);
    uint8_t *own = secret_alloc(OWN_PAGES);
    const void *blocks[] = {pooled, own};
    bool locked = secret_stats().unlocked == stats.unlocked;
    for (size_t i = 0; i < test_count(blocks); i++) {
        mapping_flags(blocks[i], flags, sizeof flags);
        if (flags[0] == '\0') {
            print_message("this kernel shows no VmFlags\n");
            continue;
        }
        assert_non_null(strstr(flags, " dd"));
        assert_true(!locked || strstr(flags, " lo") != NULL);
    }
    if (locked) {
        assert_true(locked_kilobytes() >= before + OWN_PAGES / 1024);
        assert_true(secret_stats().locked >= stats.locked + OWN_PAGES);
    } else {
        print_message("the system refuses to lock memory here (RLIMIT_MEMLOCK)\n");
    }
    secret_free(own);
    secret_free(pooled);
    assert_true(secret_stats().unlocked == stats.unlocked || !locked);
    assert_int_equal(secret_stats().locked % PAGE, 0);
}

/* ---- wiping ---- */

static void a_released_block_is_zero_and_is_the_next_one_given_out(void **state)
{
    (void)state;
    only_with_pages();
    uint8_t *block = secret_alloc(POOLED);
    memset(block, 0xaa, POOLED);
    volatile uint8_t *const stale = block;
    secret_free(block);
    /* The link of the free list stands in the first bytes. */
    assert_true(all_zero(stale + sizeof(void *), POOLED + TRAILER - sizeof(void *)));
    uint8_t *again = secret_alloc(POOLED);
    assert_ptr_equal(again, stale);
    assert_true(all_zero(again, POOLED));
    secret_free(again);
}

static void a_moved_block_keeps_its_bytes_and_leaves_none_behind(void **state)
{
    (void)state;
    size_t live = secret_stats().live;
    uint8_t *block = secret_realloc(NULL, POOLED);
    assert_non_null(block);
    memset(block, 0xaa, POOLED);
    volatile uint8_t *const stale = block;
    uint8_t *moved = secret_realloc(block, 3 * POOLED);
    assert_non_null(moved);
    for (size_t i = 0; i < POOLED; i++)
        assert_int_equal(moved[i], 0xaa);
    assert_true(all_zero(moved + POOLED, 2 * POOLED));
    if (!TEST_UNDER_ASAN)
        assert_true(all_zero(stale + sizeof(void *), POOLED - sizeof(void *)));
    moved = secret_realloc(moved, 10);
    assert_int_equal(moved[9], 0xaa);
    assert_int_equal(secret_stats().live, live + 1);
    secret_free(moved);
}

/* ---- misuse ---- */

static void overrun_pooled(void *arg)
{
    (void)arg;
    volatile uint8_t *block = secret_alloc(POOLED);
    volatile size_t beyond = POOLED;
    block[beyond] ^= 0xff;
    secret_free((void *)block);
}

static void overrun_own(void *arg)
{
    (void)arg;
    volatile uint8_t *block = secret_alloc(OWN_PAGES);
    volatile size_t beyond = OWN_PAGES;
    block[beyond] ^= 0xff;
    secret_free((void *)block);
}

static void underrun(void *arg)
{
    (void)arg;
    volatile uint8_t *block = secret_alloc(POOLED);
    volatile size_t before = 1;
    *(block - before - 8) ^= 0xff;
    secret_free((void *)block);
}

static void free_twice(void *arg)
{
    (void)arg;
    void *volatile block = secret_alloc(POOLED);
    secret_free(block);
    secret_free(block);
}

static void grow_overrun(void *arg)
{
    (void)arg;
    volatile uint8_t *block = secret_alloc(POOLED);
    volatile size_t beyond = POOLED;
    block[beyond] ^= 0xff;
    (void)secret_realloc((void *)block, 2 * POOLED);
}

static void an_overrun_block_aborts_the_process(void **state)
{
    (void)state;
    assert_dies(overrun_pooled, NULL, SIGABRT);
    assert_dies(overrun_own, NULL, SIGABRT);
    assert_dies(underrun, NULL, SIGABRT);
    assert_dies(grow_overrun, NULL, SIGABRT);
}

static void a_block_released_twice_aborts_the_process(void **state)
{
    (void)state;
    assert_dies(free_twice, NULL, SIGABRT);
}

/* ---- when the system refuses to lock ---- */

static void check(bool good)
{
    if (!good)
        _exit(EXIT_BAD);
}

/* Root may lock whatever the limit says. */
static void limit_locking(rlim_t soft, rlim_t hard)
{
    const struct rlimit limit = {soft, hard};
    check(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    if (geteuid() == 0)
        check(setuid(NOBODY) == 0);
}

static void unlocked_is_counted(void *arg)
{
    (void)arg;
    limit_locking(0, 0);
    struct secret_stats before = secret_stats();
    void *block = secret_alloc(OWN_PAGES);
    check(block != NULL);
    check(secret_stats().unlocked >= before.unlocked + OWN_PAGES);
    check(secret_require_locked() == ERR_LOCKED_MEMORY);
    secret_free(block);
    check(secret_stats().unlocked == before.unlocked && secret_stats().locked == before.locked);
}

static void unlocked_is_refused(void *arg)
{
    (void)arg;
    limit_locking(0, 0);
    check(secret_require_locked() == (secret_stats().unlocked == 0 ? ERR_OK : ERR_LOCKED_MEMORY));
    check(secret_alloc(OWN_PAGES) == NULL);
}

static void soft_limit_is_raised(void *arg)
{
    struct rlimit limit;
    (void)arg;
    limit_locking(0, (rlim_t)1 << 20);
    check(secret_require_locked() == ERR_OK);
    check(getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == (rlim_t)1 << 20);
    check(secret_alloc(OWN_PAGES) != NULL);
}

static void memory_that_cannot_be_locked_is_counted_and_refused_on_demand(void **state)
{
    struct rlimit limit;
    (void)state;
    only_with_pages();
    assert_int_equal(child_end(unlocked_is_counted, NULL), 0);
    assert_int_equal(child_end(unlocked_is_refused, NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    if (secret_stats().unlocked == 0 && limit.rlim_max >= (rlim_t)1 << 20)
        assert_int_equal(child_end(soft_limit_is_raised, NULL), 0);
}

/* ---- the rest ---- */

static void equality_sees_every_byte(void **state)
{
    uint8_t a[33] = {0};
    uint8_t b[33] = {0};
    (void)state;
    assert_true(secret_equal(a, b, 0));
    assert_true(secret_equal(a, b, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b[i] = (uint8_t)(1 << bit);
            assert_false(secret_equal(a, b, sizeof a));
            assert_true(secret_equal(a, b, i));
        }
        b[i] = 0;
    }
}

static void wiping_overwrites_exactly_the_range(void **state)
{
    uint8_t block[64];
    (void)state;
    for (size_t n = 0; n <= 62; n++) {
        memset(block, 0x55, sizeof block);
        secret_wipe(block + 1, n);
        assert_int_equal(block[0], 0x55);
        assert_true(all_zero(block + 1, n));
        assert_int_equal(block[n + 1], 0x55);
    }
    secret_wipe(NULL, 0);
}

enum { STACK_SIZE = 1 << 20, SCRIBBLE = 64 * 1024, SCRIBBLE_BYTE = 0x5d, RUN_FOUND = 1024 };

__attribute__((noinline)) static void scribble(void)
{
    volatile uint8_t deep[SCRIBBLE];
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = SCRIBBLE_BYTE;
}

static void *scribble_only(void *arg)
{
    scribble();
    return arg;
}

static void *scribble_and_wipe(void *arg)
{
    scribble();
    secret_wipe_stack();
    return arg;
}

static bool stack_keeps_scribble(void *(*body)(void *))
{
    pthread_t thread;
    pthread_attr_t attributes;
    size_t run = 0;
    bool found = false;
    uint8_t *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(stack, MAP_FAILED);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK_SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attributes, body, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)pthread_attr_destroy(&attributes);
    for (size_t i = 0; i < STACK_SIZE && !found; i++) {
        run = stack[i] == SCRIBBLE_BYTE ? run + 1 : 0;
        found = run >= RUN_FOUND;
    }
    (void)munmap(stack, STACK_SIZE);
    return found;
}

static void the_stack_below_is_overwritten(void **state)
{
    (void)state;
    assert_true(stack_keeps_scribble(scribble_only));
    assert_false(stack_keeps_scribble(scribble_and_wipe));
}

enum { THREADS = 4, ROUNDS = 4000, HELD = 16 };

static void *take_and_give(void *arg)
{
    uint8_t *held[HELD] = {0};
    size_t sizes[HELD] = {0};
    unsigned seed = (unsigned)(uintptr_t)arg;
    bool good = true;
    for (int i = 0; i < ROUNDS; i++) {
        unsigned at = (unsigned)rand_r(&seed) % HELD;
        for (size_t k = 0; k < sizes[at]; k++)
            good = good && held[at][k] == (uint8_t)(uintptr_t)arg;
        secret_free(held[at]);
        sizes[at] = (size_t)rand_r(&seed) % 3000;
        held[at] = secret_alloc(sizes[at]);
        good = good && held[at] != NULL && all_zero(held[at], sizes[at]);
        memset(held[at], (int)(uintptr_t)arg, sizes[at]);
    }
    for (int i = 0; i < HELD; i++)
        secret_free(held[i]);
    return good ? arg : NULL;
}

static void several_threads_share_the_pool(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    size_t live = secret_stats().live;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, (void *)(i + 1)), 0);
    for (uintptr_t i = 0; i < THREADS; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    assert_int_equal(secret_stats().live, live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zero_aligned_and_apart),
        cmocka_unit_test(an_absurd_size_is_refused),
        cmocka_unit_test(live_blocks_are_counted),
        cmocka_unit_test(a_page_before_and_a_page_after_each_region_trap),
        cmocka_unit_test(pages_are_locked_and_left_out_of_dumps),
        cmocka_unit_test(a_released_block_is_zero_and_is_the_next_one_given_out),
        cmocka_unit_test(a_moved_block_keeps_its_bytes_and_leaves_none_behind),
        cmocka_unit_test(an_overrun_block_aborts_the_process),
        cmocka_unit_test(a_block_released_twice_aborts_the_process),
        cmocka_unit_test(memory_that_cannot_be_locked_is_counted_and_refused_on_demand),
        cmocka_unit_test(equality_sees_every_byte),
        cmocka_unit_test(wiping_overwrites_exactly_the_range),
        cmocka_unit_test(the_stack_below_is_overwritten),
        cmocka_unit_test(several_threads_share_the_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
