/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ATTEST_TDX_FILES_H
#define TESTS_UNIT_ATTEST_TDX_FILES_H

/* Real TD quotes and what Intel said of their platforms, where they are at hand: third-party evidence is not in this repository. */

#include "attest/collateral.h"

enum { TDX_FILE_MAX = 32 * 1024 };

struct tdx_file {
    uint8_t content[TDX_FILE_MAX];
    struct bytes bytes;
};

/* A file below evidence/tdx, where it is; false when it is nowhere. A hexadecimal quote is decoded. */
bool tdx_file_read(const char *name, struct tdx_file *f);
bool tdx_quote_read(const char *name, struct tdx_file *f);

/* All the files of a NULL-terminated list into one collateral; false when one is nowhere. */
bool tdx_collateral_read(const char *const *names, struct collateral *c);

#endif
