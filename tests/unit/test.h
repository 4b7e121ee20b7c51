/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

/* What every unit test includes: cmocka with the headers that it wants before it, and assertions on `enum err`. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/bytes.h"
#include "base/error.h"

/* By name, so that a failure says which error it was. */
#define assert_err(expression, wanted) assert_string_equal(err_name(expression), err_name(wanted))
#define assert_ok(expression)          assert_err(expression, ERR_OK)

#define test_count(array) (sizeof(array) / sizeof((array)[0]))

#if defined(__SANITIZE_ADDRESS__)
#define TEST_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_UNDER_ASAN 1
#endif
#endif
#ifndef TEST_UNDER_ASAN
#define TEST_UNDER_ASAN 0
#endif

#endif
