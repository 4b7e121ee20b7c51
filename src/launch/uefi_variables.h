/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_UEFI_VARIABLES_H
#define LAUNCH_UEFI_VARIABLES_H

/*
 * The variables that stand in a firmware's configuration volume, as edk2 stores them (MdeModulePkg, Include/Guid/VariableFormat.h, authenticated form): a
 * firmware volume with one variable store.
 */

#include "base/bytes.h"
#include "base/error.h"

/* GUIDs of vendors, as text. */
#define UEFI_GLOBAL_VARIABLE    "8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define UEFI_SECURITY_DATABASE  "d719b2cb-3d3a-4596-a3bc-dad00e67656f"
#define UEFI_SECURE_BOOT_ENABLE "f0a30bc7-af08-4556-99c4-001009c93a44"

/* The contents of a variable; *found tells an empty one from none. name: ASCII. ERR_TRUNCATED, ERR_UNKNOWN, ERR_VALUE, ERR_TOO_LARGE: the volume is not
 * such a one. */
ERR_MUST_USE enum err uefi_variable_find(struct bytes volume, const char *vendor, const char *name,
                                         bool *found, struct bytes *value, struct err_note *note);

#endif
