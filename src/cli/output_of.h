/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OUTPUT_OF_H
#define CLI_OUTPUT_OF_H

/* What a program prints on standard output (at most 64 KiB), when it ends within ten seconds with success; else NULL. Its other streams go nowhere.
 * argv[0] is looked for in PATH. Release with free. */
char *output_of(const char *const *argv);

#endif
