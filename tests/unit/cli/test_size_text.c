/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and versions as people write them. */
#include "cli/size_text.h"
#include "unit/test.h"

static void sizes_are_those_of_qemu(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes; /* 0: refused */
    } cases[] = {
        {"512", 512ULL << 20},
        {"512M", 512ULL << 20},
        {"4G", 4ULL << 30},
        {"1T", 1ULL << 40},
        {"64T", 1ULL << 46},
        {"65T", 0},
        {"0", 0},
        {"", 0},
        {"G", 0},
        {"4g", 0},
        {"4GB", 0},
        {"-4G", 0},
        {" 4G", 0},
        {"4 G", 0},
        {"0x4G", 0},
        {"9999999999M", 0},
        {"4.5G", 0},
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        uint64_t bytes = 1;
        print_message("%s\n", cases[i].text);
        assert_int_equal(size_text_parse(cases[i].text, &bytes), cases[i].bytes != 0);
        assert_int_equal(bytes, cases[i].bytes);
    }
}

static void versions_have_two_parts_or_three(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t version; /* 0: refused */
    } cases[] = {
        {"10.1", 100100}, {"9.2.1", 90201}, {"2025.02", 20250200}, {"10", 0},     {"10.", 0},
        {"10.1.", 0},     {".1", 0},        {"10.1.2.3", 0},       {"10.100", 0}, {"10.1-rc2", 0},
        {"10000.1", 0},   {"", 0},          {"v10.1", 0},
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        uint32_t version = 0;
        print_message("%s\n", cases[i].text);
        assert_int_equal(version_text_parse(cases[i].text, &version), cases[i].version != 0);
        if (cases[i].version != 0)
            assert_int_equal(version, cases[i].version);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_those_of_qemu),
        cmocka_unit_test(versions_have_two_parts_or_three),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
