/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/model_fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "cli/curl.h"
#include "cli/digest_file.h"

enum {
    CURL_BAD_RANGE = 33, /* curl(1), EXIT CODES: the server cannot resume */
    HTTP_RANGE_NOT_SATISFIABLE = 416,
};

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static enum err url_check(const struct model_request *r, struct err_note *note)
{
    if (starts(r->url, "https://") || (r->allow_http && starts(r->url, "http://")))
        return ERR_OK;
    return err_noted(ERR_USAGE, note, "%s: wanted a URL with https://%s", r->url,
                     r->allow_http ? " or http://" : "");
}

/* The size of a regular file; *there is false when there is nothing. */
static enum err file_size(const char *path, bool *there, uint64_t *size, struct err_note *note)
{
    struct stat s;
    *there = stat(path, &s) == 0;
    *size = *there ? (uint64_t)s.st_size : 0;
    if (!*there && errno != ENOENT)
        return err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
    if (*there && !S_ISREG(s.st_mode))
        return err_noted(ERR_FILE, note, "%s: not a regular file", path);
    return ERR_OK;
}

static enum err digest_check(const char *path, const struct model_request *r, struct err_note *note)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char is[ENCODING_HEX_SIZE(sizeof digest)];
    char wanted[ENCODING_HEX_SIZE(sizeof digest)];
    enum err e = digest_file(path, CRYPTO_SHA256, digest, note);
    if (e != ERR_OK || memcmp(digest, r->sha256, sizeof digest) == 0)
        return e;
    encoding_hex(bytes_of(digest, sizeof digest), is);
    encoding_hex(bytes_of(r->sha256, sizeof digest), wanted);
    return err_noted(ERR_DIGEST, note, "wanted %s, found %s in %s", wanted, is, path);
}

static enum err curl_run(const struct model_request *r, const char *part, struct curl_end *end,
                         struct err_note *note)
{
    const char *protocols = r->allow_http ? "=https,http" : "=https";
    char limit[24];
    (void)snprintf(limit, sizeof limit, "%" PRIu64, r->size);
    const char *const argv[] = {
        "curl",
        "--disable",
        "--fail",
        "--location",
        "--globoff",
        "--proto",
        protocols,
        "--proto-redir",
        protocols,
        "--connect-timeout",
        "30",
        "--speed-limit", /* less than this in --speed-time seconds is a dead connection */
        "1",
        "--speed-time",
        "60",
        "--continue-at",
        "-",
        "--write-out",
        "%{http_code}",
        "--output",
        part,
        "--url",
        r->url,
        r->progress ? "--progress-bar" : "--silent",
        "--show-error",
        /* last, because it is left out where no size is known */
        r->size != 0 ? "--max-filesize" : NULL,
        limit,
        NULL,
    };
    return curl_start(argv, end, note);
}

/* Fills the .part file, from where it ends. Without an error it is as long as the server says, and not checked yet. */
static enum err part_fill(const struct model_request *r, const char *part, struct err_note *note)
{
    bool there = false;
    uint64_t size = 0;
    struct curl_end end = {0};
    enum err e = file_size(part, &there, &size, note);
    if (e != ERR_OK || (r->size != 0 && size >= r->size))
        return e;
    if (r->size == 0 && there && digest_check(part, r, NULL) == ERR_OK)
        return ERR_OK; /* whole: the server would only answer that there is nothing after it */
    e = curl_run(r, part, &end, note);
    if (e == ERR_OK && end.exit_code == CURL_BAD_RANGE && size != 0) {
        if (unlink(part) != 0)
            return err_noted(ERR_FILE, note, "%s: %s", part, strerror(errno));
        e = curl_run(r, part, &end, note);
    }
    /* RFC 9110, section 15.5.17: we have as much as there is, or more; the hash will say that it is another file. */
    if (e != ERR_OK || end.exit_code == 0 || (end.http == HTTP_RANGE_NOT_SATISFIABLE && size != 0))
        return e;
    if (end.http >= 400)
        return err_noted(ERR_NETWORK, note, "the server answered %ld for %.160s", end.http, r->url);
    return err_noted(ERR_NETWORK, note,
                     "curl ended with code %d; what has arrived is kept, the same command resumes it",
                     end.exit_code);
}

static enum err part_check(const struct model_request *r, const char *part, struct err_note *note)
{
    bool there = false;
    uint64_t size = 0;
    enum err e = file_size(part, &there, &size, note);
    if (e == ERR_OK && !there)
        e = err_noted(ERR_NETWORK, note, "the server sent nothing for %.160s", r->url);
    if (e == ERR_OK && r->size != 0 && size < r->size)
        return err_noted(ERR_NETWORK, note,
                         "%" PRIu64 " of %" PRIu64 " bytes arrived; the same command resumes it", size,
                         r->size);
    if (e == ERR_OK)
        e = digest_check(part, r, note);
    if (e == ERR_DIGEST)
        (void)unlink(part);
    return e;
}

enum err model_fetch(const struct model_request *r, bool *fetched, struct err_note *note)
{
    char part[PATH_MAX];
    bool there = false;
    uint64_t size = 0;
    *fetched = false;
    int length = snprintf(part, sizeof part, "%s.part", r->output);
    if (length < 0 || (size_t)length >= sizeof part)
        return err_noted(ERR_FILE, note, "%s: the path is too long", r->output);
    enum err e = url_check(r, note);
    if (e == ERR_OK)
        e = file_size(r->output, &there, &size, note);
    if (e != ERR_OK || there)
        return e != ERR_OK ? e : digest_check(r->output, r, note);
    e = part_fill(r, part, note);
    if (e == ERR_OK)
        e = part_check(r, part, note);
    if (e == ERR_OK && rename(part, r->output) != 0)
        e = err_noted(ERR_FILE, note, "%s: %s", r->output, strerror(errno));
    *fetched = e == ERR_OK;
    return e;
}
