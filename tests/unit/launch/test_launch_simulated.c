/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "launch/simulated.h"

/*
 * The known answers were computed apart from this code, with Python's hashlib:
 *
 *     def measure(program, args):
 *         h = b"enclume simulated launch v1\0" + sha384(program).digest() + struct.pack(">I", len(args))
 *         for a in args: h += struct.pack(">I", len(a)) + a
 *         return sha384(h).hexdigest()
 */

enum { SIZE = 48 };

static void measure(const char *program, const char *const *args, size_t count, uint8_t out[static SIZE])
{
    uint8_t digest[SIZE];
    const struct bytes part = bytes_str(program);
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &part, 1, digest));
    assert_ok(launch_simulated_measure(digest, args, count, out));
}

static void assert_differs(const uint8_t base[static SIZE], const char *program, const char *const *args,
                           size_t count)
{
    uint8_t other[SIZE];
    measure(program, args, count, other);
    assert_memory_not_equal(base, other, SIZE);
}

static void known_answers(void **state)
{
    (void)state;
    static const char *const args[] = {"--model", "m.gguf"};
    uint8_t m[SIZE];
    char hex[ENCODING_HEX_SIZE(SIZE)];
    measure("program", args, 2, m);
    encoding_hex(bytes_of(m, SIZE), hex);
    assert_string_equal(
        hex,
        "28745a44ca6bf4797e12d841d4c19f0b9c28f53e10679c6b2c8f30994fa012e9179157a8f3917c30b18a88e4b4482a6e");
    measure("program", NULL, 0, m);
    encoding_hex(bytes_of(m, SIZE), hex);
    assert_string_equal(
        hex,
        "fcba459c331cc6859e16088dc691b7258ef44d0a360d8120cc76161d7cdaa2677fa9e60c9a8244e99cc1d88eee72fbe6");
}

static void every_change_shows(void **state)
{
    (void)state;
    uint8_t base[SIZE];
    measure("program", (const char *const[]){"ab", "cd"}, 2, base);
    assert_differs(base, "prograM", (const char *const[]){"ab", "cd"}, 2);
    assert_differs(base, "program", (const char *const[]){"ab", "ce"}, 2);
    assert_differs(base, "program", (const char *const[]){"cd", "ab"}, 2);
    assert_differs(base, "program", (const char *const[]){"ab"}, 1);
    assert_differs(base, "program", (const char *const[]){"ab", "cd", ""}, 3);
}

static void a_moved_boundary_between_arguments_shows(void **state)
{
    (void)state;
    uint8_t base[SIZE];
    measure("program", (const char *const[]){"ab", "cd"}, 2, base);
    assert_differs(base, "program", (const char *const[]){"abc", "d"}, 2);
    assert_differs(base, "program", (const char *const[]){"abcd", ""}, 2);
    assert_differs(base, "program", (const char *const[]){"abcd"}, 1);
}

static void too_much_is_refused_and_leaves_zeros(void **state)
{
    (void)state;
    static const uint8_t zeros[SIZE];
    static char longest[LAUNCH_SIMULATED_ARG_SIZE_MAX + 2];
    const char *args[LAUNCH_SIMULATED_ARGS_MAX + 1];
    uint8_t m[SIZE];
    for (size_t i = 0; i <= LAUNCH_SIMULATED_ARGS_MAX; i++)
        args[i] = "x";
    assert_ok(launch_simulated_measure(zeros, args, LAUNCH_SIMULATED_ARGS_MAX, m));
    assert_err(launch_simulated_measure(zeros, args, LAUNCH_SIMULATED_ARGS_MAX + 1, m), ERR_TOO_LARGE);
    assert_memory_equal(m, zeros, SIZE);

    memset(longest, 'x', LAUNCH_SIMULATED_ARG_SIZE_MAX);
    args[1] = longest;
    assert_ok(launch_simulated_measure(zeros, args, 2, m));
    longest[LAUNCH_SIMULATED_ARG_SIZE_MAX] = 'x';
    assert_err(launch_simulated_measure(zeros, args, 2, m), ERR_TOO_LARGE);
    assert_memory_equal(m, zeros, SIZE);
}

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(every_change_shows),
        cmocka_unit_test(a_moved_boundary_between_arguments_shows),
        cmocka_unit_test(too_much_is_refused_and_leaves_zeros),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
