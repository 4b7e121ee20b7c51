/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CRYPTO_WYCHEPROOF_H
#define TESTS_UNIT_CRYPTO_WYCHEPROOF_H

/*
 * Reads the test vectors of Project Wycheproof (C2SP/wycheproof, "testvectors_v1"): groups that share a key or parameters,
 * each with tests whose result is "valid", "invalid" or "acceptable".
 *
 * The files are looked for in vectors/wycheproof under ENCLUME_SHARED, then under ENCLUME_DEPS_DIR. A program whose files
 * are missing ends with 77 (skipped).
 */

#include <jansson.h>
#include <stdbool.h>

#include "base/bytes.h"

enum wycheproof_result { WYCHEPROOF_VALID, WYCHEPROOF_INVALID, WYCHEPROOF_ACCEPTABLE, WYCHEPROOF_RESULTS };

/* Judges one test, and fails the cmocka test when we do other than it wants. False: the functions of crypto.h cannot express
 * the test, because its sizes are fixed in their prototypes; it is counted apart. */
typedef bool wycheproof_check(const json_t *group, const json_t *test, enum wycheproof_result wanted);

/* Runs every test of the file, prints how many there were of each result, and compares their number with the one that the
 * file states. `apart`: how many of them may be counted apart. */
void wycheproof_run(const char *file, wycheproof_check *check, size_t apart);

/* A member that is hexadecimal; stays valid until the next test. */
struct bytes wycheproof_bytes(const json_t *object, const char *key);
long long wycheproof_integer(const json_t *object, const char *key);

/* The exit status of a program whose cmocka tests gave `failed`. */
int wycheproof_exit(int failed);

#endif
