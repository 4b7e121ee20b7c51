/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/token.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "proxy/guard.h"

#define TOKEN_PREFIX "enclume-"
enum { RANDOM_SIZE = 32 };

static enum err random_text(const char *prefix, struct bytes *out)
{
    size_t n = strlen(prefix);
    uint8_t bytes[RANDOM_SIZE];
    char *text = secret_alloc(n + ENCODING_BASE64URL_SIZE(RANDOM_SIZE));
    *out = (struct bytes){0};
    enum err e = text == NULL ? ERR_MEMORY : crypto_random(bytes, sizeof bytes);
    if (e == ERR_OK) {
        memcpy(text, prefix, n + 1);
        encoding_base64url(bytes_of(bytes, sizeof bytes), text + n);
        *out = bytes_str(text);
        text = NULL;
    }
    secret_wipe(bytes, sizeof bytes);
    secret_free(text);
    return e;
}

enum err token_new(struct bytes *token)
{
    return random_text(TOKEN_PREFIX, token);
}

enum err token_random(struct bytes *text)
{
    return random_text("", text);
}

static enum err make_file(const char *path, struct bytes *token, struct err_note *note)
{
    enum err e = token_new(token);
    if (e == ERR_OK)
        e = file_write(path, *token, note);
    if (e != ERR_OK) {
        secret_free(bytes_owned(*token));
        *token = (struct bytes){0};
    }
    return e;
}

enum err token_file(const char *path, struct bytes *token, bool *made, struct err_note *note)
{
    struct stat info;
    *token = (struct bytes){0};
    *made = stat(path, &info) != 0 && errno == ENOENT;
    if (*made)
        return make_file(path, token, note);
    bool there = stat(path, &info) == 0;
    if (there && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return err_noted(ERR_FILE, note, "%s: others than its owner may use it; chmod 600 %s", path, path);
    /* Root could read what somebody else has put there, who then knows it. */
    if (there && info.st_uid != geteuid())
        return err_noted(ERR_FILE, note, "%s: it is another user's", path);
    enum err e = file_read(path, GUARD_TOKEN_MAX + 2, token, note);
    if (e != ERR_OK)
        return e;
    while (token->len != 0 && (token->ptr[token->len - 1] == '\n' || token->ptr[token->len - 1] == '\r'))
        token->len--;
    if (guard_is_token(*token))
        return ERR_OK;
    secret_free(bytes_owned(*token));
    *token = (struct bytes){0};
    return err_noted(ERR_VALUE, note, "%s: wanted %d to %d printable characters without blanks", path,
                     GUARD_TOKEN_MIN, GUARD_TOKEN_MAX);
}
