/* SPDX-License-Identifier: Apache-2.0 */
/* One status out of those of platform, TDX module and quoting enclave, and which evaluations are too old. */
#include "attest/tdx_tcb.h"
#include "unit/test.h"

static void the_worst_part_decides(void **state)
{
    (void)state;
    static const struct {
        enum tcb_status platform, part, together;
    } table[] = {
        {TCB_UP_TO_DATE, TCB_UP_TO_DATE, TCB_UP_TO_DATE},
        {TCB_UP_TO_DATE, TCB_OUT_OF_DATE, TCB_OUT_OF_DATE},
        {TCB_UP_TO_DATE, TCB_REVOKED, TCB_REVOKED},
        {TCB_UP_TO_DATE, TCB_UNKNOWN, TCB_UNKNOWN},
        {TCB_UP_TO_DATE, TCB_SW_HARDENING_NEEDED, TCB_UNKNOWN},
        {TCB_SW_HARDENING_NEEDED, TCB_UP_TO_DATE, TCB_SW_HARDENING_NEEDED},
        {TCB_SW_HARDENING_NEEDED, TCB_OUT_OF_DATE, TCB_OUT_OF_DATE},
        {TCB_CONFIGURATION_NEEDED, TCB_OUT_OF_DATE, TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED, TCB_OUT_OF_DATE, TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED, TCB_UP_TO_DATE,
         TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED},
        {TCB_OUT_OF_DATE, TCB_OUT_OF_DATE, TCB_OUT_OF_DATE},
        {TCB_OUT_OF_DATE, TCB_UP_TO_DATE, TCB_OUT_OF_DATE},
        {TCB_OUT_OF_DATE_CONFIGURATION_NEEDED, TCB_OUT_OF_DATE, TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {TCB_REVOKED, TCB_UP_TO_DATE, TCB_REVOKED},
        {TCB_REVOKED, TCB_OUT_OF_DATE, TCB_REVOKED},
        {TCB_UNKNOWN, TCB_OUT_OF_DATE, TCB_UNKNOWN},
        {TCB_UNKNOWN, TCB_REVOKED, TCB_UNKNOWN},
    };
    for (size_t i = 0; i < test_count(table); i++)
        assert_string_equal(tcb_status_name(tcb_status_converge(table[i].platform, table[i].part)),
                            tcb_status_name(table[i].together));
}

static void a_relaunch_is_advised_where_the_platform_was_updated(void **state)
{
    (void)state;
    static const struct {
        enum tcb_status launch, current, together;
    } table[] = {
        {TCB_OUT_OF_DATE, TCB_UP_TO_DATE, TCB_TD_RELAUNCH_ADVISED},
        {TCB_OUT_OF_DATE, TCB_SW_HARDENING_NEEDED, TCB_TD_RELAUNCH_ADVISED},
        {TCB_OUT_OF_DATE, TCB_CONFIGURATION_NEEDED, TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED},
        {TCB_OUT_OF_DATE, TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
         TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED},
        {TCB_OUT_OF_DATE_CONFIGURATION_NEEDED, TCB_UP_TO_DATE, TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED},
        {TCB_OUT_OF_DATE, TCB_OUT_OF_DATE, TCB_OUT_OF_DATE},
        {TCB_OUT_OF_DATE, TCB_REVOKED, TCB_OUT_OF_DATE},
        {TCB_OUT_OF_DATE, TCB_UNKNOWN, TCB_UNKNOWN},
        {TCB_UP_TO_DATE, TCB_UNKNOWN, TCB_UNKNOWN},
        {TCB_UP_TO_DATE, TCB_UP_TO_DATE, TCB_UP_TO_DATE},
        {TCB_CONFIGURATION_NEEDED, TCB_UP_TO_DATE, TCB_CONFIGURATION_NEEDED},
        {TCB_REVOKED, TCB_UP_TO_DATE, TCB_REVOKED},
        {TCB_UNKNOWN, TCB_UP_TO_DATE, TCB_UNKNOWN},
    };
    for (size_t i = 0; i < test_count(table); i++)
        assert_string_equal(tcb_status_name(tcb_status_relaunch(table[i].launch, table[i].current)),
                            tcb_status_name(table[i].together));
}

static void the_floor_of_evaluations_rises_with_time(void **state)
{
    (void)state;
    assert_int_equal(tdx_evaluation_floor(0), 0);
    assert_int_equal(tdx_evaluation_floor(1752883199), 0);
    assert_int_equal(tdx_evaluation_floor(1752883200), 17);
    assert_int_equal(tdx_evaluation_floor(1772495999), 17);
    assert_int_equal(tdx_evaluation_floor(1772496000), 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_part_decides),
        cmocka_unit_test(a_relaunch_is_advised_where_the_platform_was_updated),
        cmocka_unit_test(the_floor_of_evaluations_rises_with_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
