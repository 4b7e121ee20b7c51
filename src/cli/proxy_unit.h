/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROXY_UNIT_H
#define CLI_PROXY_UNIT_H

/* The systemd user unit that starts `enclume proxy` with the user's session. It is only written: starting it is the user's decision. */

#include "base/error.h"
#include "base/options.h"

/* ~/.config/systemd/user/enclume-proxy.service (below XDG_CONFIG_HOME when that is set), for `program proxy arguments...`; says what it did on standard output.
 * ERR_FILE, ERR_USAGE (no home), ERR_TOO_LARGE. */
ERR_MUST_USE enum err proxy_unit_install(const struct option_list *arguments, struct err_note *note);
/* Removes it; ERR_FILE when it is not there. */
ERR_MUST_USE enum err proxy_unit_uninstall(struct err_note *note);

enum { PROXY_UNIT_PATH_MAX = 4096 };
/* A path below the user's configuration, such as "enclume/token". The directories above it are made, for the user alone. */
ERR_MUST_USE enum err proxy_unit_config_path(const char *name, char path[static PROXY_UNIT_PATH_MAX],
                                             struct err_note *note);

#endif
