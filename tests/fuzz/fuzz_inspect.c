/* SPDX-License-Identifier: Apache-2.0 */

/* A file that somebody wants to look at: whatever it is, it can be shown, and everything that is shown is text. */

#include <stdlib.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "cli/inspect.h"
#include "crypto/crypto.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    strict_json_init();
    if (crypto_init() != ERR_OK)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool known;
    json_t *object = inspect_file(bytes_of(data, size), &known);
    if (known != (object != NULL))
        abort();
    if (object == NULL)
        return 0;
    char *text = json_dumps(object, JSON_INDENT(2));
    if (text == NULL || !encoding_is_utf8(bytes_str(text)))
        abort();
    secret_free(text);
    json_decref(object);
    return 0;
}
