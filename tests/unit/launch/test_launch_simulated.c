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
 *
 * and the registers of a TD by extending zeros: sha384(bytes(48) + event).
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

/* ---- the registers of a platform ---- */

static void registers_of(const char *platform, const char *program, const char *const *args, size_t count,
                         struct launch_registers *out)
{
    uint8_t digest[SIZE];
    const struct bytes part = bytes_str(program);
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &part, 1, digest));
    assert_ok(launch_simulated_platform(platform)->measure(digest, args, count, out));
}

static void snp_has_its_one_measurement(void **state)
{
    (void)state;
    static const char *const args[] = {"--model", "m.gguf"};
    struct launch_registers r;
    uint8_t m[SIZE];
    measure("program", args, 2, m);
    registers_of("snp", "program", args, 2, &r);
    assert_int_equal(r.count, 1);
    assert_string_equal(r.at[0].name, "measurement");
    assert_memory_equal(r.at[0].value, m, SIZE);
}

static void a_td_has_five_registers(void **state)
{
    (void)state;
    static const char *const args[] = {"--model", "m.gguf"};
    static const struct {
        const char *name;
        const char *hex;
    } wanted[] = {
        {"mrtd",
         "f2bfa30609d225650b997c292690998d390f727f129e2a31bc843768191aa5f26ec5ec324e93a3561c591080d2c127b4"},
        {"rtmr0",
         "7987cf08eb597b6a41f292aed8b7d2db469b0bc50b53884626a5aeb0f94edf6f51262336ca24902e30cfc698eda42521"},
        {"rtmr1",
         "06180fbed2480874eccfb1cf69cb275f0346fef0b2bbe6ff38620e1613e57093f0a6ffa44731530ce8bb9d1abdfd92e7"},
        {"rtmr2",
         "fa1ea5f5e5e68e0e9472e2cdb3bc31baabb94476f458ac7b0d108ce3d9e5d1897775abd82c80a2e41fd4859922c9e9c6"},
        {"rtmr3",
         "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"},
    };
    struct launch_registers r;
    registers_of("tdx", "program", args, 2, &r);
    assert_int_equal(r.count, test_count(wanted));
    for (size_t i = 0; i < r.count; i++) {
        char hex[ENCODING_HEX_SIZE(SIZE)];
        encoding_hex(bytes_of(r.at[i].value, SIZE), hex);
        assert_string_equal(r.at[i].name, wanted[i].name);
        assert_string_equal(hex, wanted[i].hex);
    }
}

/* Which registers differ: bit n is that of r.at[n]. */
static unsigned difference(const struct launch_registers *a, const struct launch_registers *b)
{
    unsigned found = 0;
    for (size_t i = 0; i < a->count; i++)
        if (memcmp(a->at[i].value, b->at[i].value, SIZE) != 0)
            found |= 1U << i;
    return found;
}

static void each_part_of_a_td_has_its_register(void **state)
{
    (void)state;
    enum { RTMR1 = 1U << 2, RTMR2 = 1U << 3 };
    struct launch_registers base;
    struct launch_registers other;
    registers_of("tdx", "program", (const char *const[]){"ab", "cd"}, 2, &base);
    registers_of("tdx", "prograM", (const char *const[]){"ab", "cd"}, 2, &other);
    assert_int_equal(difference(&base, &other), RTMR1);
    registers_of("tdx", "program", (const char *const[]){"abc", "d"}, 2, &other);
    assert_int_equal(difference(&base, &other), RTMR2);
    registers_of("tdx", "program", (const char *const[]){"ab"}, 1, &other);
    assert_int_equal(difference(&base, &other), RTMR2);
}

static void no_platform_has_another_name(void **state)
{
    (void)state;
    assert_null(launch_simulated_platform("sgx"));
    assert_null(launch_simulated_platform(""));
    assert_null(launch_simulated_platform("tdx "));
}

static void too_much_is_refused_on_every_platform(void **state)
{
    (void)state;
    static const char *const names[] = {"snp", "tdx"};
    static const uint8_t zeros[SIZE];
    const char *args[LAUNCH_SIMULATED_ARGS_MAX + 1];
    struct launch_registers r;
    for (size_t i = 0; i <= LAUNCH_SIMULATED_ARGS_MAX; i++)
        args[i] = "x";
    for (size_t i = 0; i < test_count(names); i++)
        assert_err(
            launch_simulated_platform(names[i])->measure(zeros, args, LAUNCH_SIMULATED_ARGS_MAX + 1, &r),
            ERR_TOO_LARGE);
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
        cmocka_unit_test(snp_has_its_one_measurement),
        cmocka_unit_test(a_td_has_five_registers),
        cmocka_unit_test(each_part_of_a_td_has_its_register),
        cmocka_unit_test(no_platform_has_another_name),
        cmocka_unit_test(too_much_is_refused_on_every_platform),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
