/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIZE_TEXT_H
#define CLI_SIZE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* "512M", "4G", "1T": a number of MiB, GiB or TiB, as QEMU takes them; without a letter, MiB. false: it is none, or larger than 64 TiB. */
bool size_text_parse(const char *text, uint64_t *bytes);

/* "10.1", "9.2.1": major * 10000 + minor * 100 + patch. */
bool version_text_parse(const char *text, uint32_t *version);

#endif
