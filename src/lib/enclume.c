/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "crypto/crypto.h"
#include "lib/lib_internal.h"

_Static_assert(sizeof(((struct err_note *)0)->text) == ENCLUME_NOTE_SIZE, "notes are copied whole");
_Static_assert((int)ERR_OK == (int)ENCLUME_OK, "success is zero on both sides");
_Static_assert((int)ERR_CLASS_REFUSED == (int)ENCLUME_CLASS_REFUSED &&
                   (int)ERR_CLASS_USAGE == (int)ENCLUME_CLASS_USAGE &&
                   (int)ERR_CLASS_NETWORK == (int)ENCLUME_CLASS_NETWORK &&
                   (int)ERR_CLASS_ENCLAVE == (int)ENCLUME_CLASS_ENCLAVE,
               "the classes are the same on both sides");

/* See CMakeLists.txt: what jansson takes for the standard input. */
FILE *lib_no_stdin;

static enum err init_result = ERR_CRYPTO;

static void init_once(void)
{
    strict_json_init();
    init_result = crypto_init();
}

enum err lib_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    return pthread_once(&once, init_once) == 0 ? init_result : ERR_SYSTEM;
}

void lib_note(const struct err_note *note, char *out)
{
    if (out != NULL)
        memcpy(out, note->text, ENCLUME_NOTE_SIZE);
}

const char *enclume_version(void)
{
    return ENCLUME_VERSION_STRING;
}

void enclume_string_free(char *text)
{
    secret_free(text);
}

/* ---- errors ---- */

static enum err error_of(int error)
{
    return error >= 0 && error < ERR_COUNT ? (enum err)error : ERR_UNKNOWN;
}

const char *enclume_error_name(int error)
{
    return err_name(error_of(error));
}

const char *enclume_error_text(int error)
{
    return err_text(error_of(error));
}

enum enclume_class enclume_error_class(int error)
{
    return (enum enclume_class)err_class(error_of(error));
}
