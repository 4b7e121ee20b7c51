/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_GUID_H
#define LAUNCH_GUID_H

/* GUIDs as UEFI stores them: the first three groups of the text little endian (UEFI Specification, appendix A). */

#include "base/bytes.h"

enum { GUID_SIZE = 16 };

/* text: 36 characters, a constant of the program's. */
void guid_of(const char *text, uint8_t guid[static GUID_SIZE]);

#endif
