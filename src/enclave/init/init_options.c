/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "enclave/init/init_text.h"

#define PREFIX "enclume."

enum { NAME_MAX_LEN = 32, VALUE_MAX_LEN = 128, PORT_MIN = 1024, PORT_MAX = 65535, PREFIX_MAX = 30 };

/* ---- values ---- */

static bool parse_root(struct init_options *o, const char *value)
{
    return strspn(value, "0123456789abcdef") == strlen(value) &&
           encoding_unhex(bytes_str(value), o->root, sizeof o->root) == ERR_OK;
}

static bool parse_size(struct init_options *o, const char *value)
{
    return init_number(bytes_str(value), VERITY_FILE_MAX, &o->model_size) && o->model_size != 0;
}

static bool parse_port(const char *value, uint64_t max, uint32_t *port)
{
    uint64_t number = 0;
    if (!init_number(bytes_str(value), max, &number) || number < PORT_MIN)
        return false;
    *port = (uint32_t)number;
    return true;
}

static bool parse_listen(struct init_options *o, const char *value)
{
    o->network = strncmp(value, "tcp:", 4) == 0;
    if (o->network)
        return parse_port(value + 4, PORT_MAX, &o->port);
    o->vsock = true;
    return strncmp(value, "vsock:", 6) == 0 && parse_port(value + 6, UINT32_MAX - 1, &o->port);
}

static bool parse_ipv4(const char *value, uint8_t address[static INIT_IPV4_SIZE])
{
    struct bytes rest = bytes_str(value);
    for (size_t i = 0; i < INIT_IPV4_SIZE; i++) {
        uint64_t octet = 0;
        if (!init_number(init_field(&rest, '.'), UINT8_MAX, &octet))
            return false;
        address[i] = (uint8_t)octet;
    }
    return rest.ptr == NULL && address[0] != 0;
}

static bool parse_address(struct init_options *o, const char *value)
{
    char address[sizeof "255.255.255.255"];
    uint64_t prefix = 0;
    const char *slash = strchr(value, '/');
    if (slash == NULL || (size_t)(slash - value) >= sizeof address ||
        !init_number(bytes_str(slash + 1), PREFIX_MAX, &prefix) || prefix == 0)
        return false;
    memcpy(address, value, (size_t)(slash - value));
    address[slash - value] = '\0';
    o->prefix = (unsigned)prefix;
    return parse_ipv4(address, o->address);
}

static bool parse_gateway(struct init_options *o, const char *value)
{
    o->has_gateway = true;
    return parse_ipv4(value, o->gateway);
}

static bool parse_evidence(struct init_options *o, const char *value)
{
    enum { QUOTES_BY_VSOCK = 2 };
    static const char *const sources[] = {"tsm", "sev-guest", [QUOTES_BY_VSOCK] = "tdx-guest", "auto"};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(value, sources[i]) == 0) {
            o->evidence = sources[i];
            o->connects = o->connects || i == QUOTES_BY_VSOCK;
            o->vsock = o->vsock || i == QUOTES_BY_VSOCK;
            return true;
        }
    return false;
}

/* ---- enclumed's arguments ---- */

static enum err arg_add(struct init_options *o, const char *text)
{
    size_t size = strlen(text) + 1;
    if (o->arg_count == INIT_ARGS_MAX || size > sizeof o->text - o->text_len)
        return ERR_TOO_LARGE;
    memcpy(o->text + o->text_len, text, size);
    o->args[o->arg_count++] = o->text + o->text_len;
    o->text_len += size;
    return ERR_OK;
}

enum err init_options_add(struct init_options *o, const char *option, const char *value)
{
    enum err e = arg_add(o, option);
    return e == ERR_OK ? arg_add(o, value) : e;
}

static bool parse_collateral(struct init_options *o, const char *value)
{
    uint32_t port;
    o->vsock = true;
    o->connects = true;
    return strncmp(value, "vsock:", 6) == 0 && parse_port(value + 6, UINT32_MAX - 1, &port) &&
           init_options_add(o, "--collateral", value) == ERR_OK;
}

/* ---- the words ---- */

/* Either parse, or the option of enclumed that the value is handed to, which checks it. */
static const struct word {
    const char *name;
    bool required;
    bool (*parse)(struct init_options *o, const char *value);
    const char *option;
} words[] = {
    {"model", true, parse_root, NULL},
    {"model_size", true, parse_size, NULL},
    {"listen", true, parse_listen, NULL},
    {"address", false, parse_address, NULL},
    {"gateway", false, parse_gateway, NULL},
    {"evidence", false, parse_evidence, NULL},
    {"collateral", false, parse_collateral, NULL},
    {"slots", false, NULL, "--slots"},
    {"queue", false, NULL, "--queue"},
    {"context", false, NULL, "--context"},
    {"threads", false, NULL, "--threads"},
    {"chat_template", false, NULL, "--chat-template"},
    {"reuse_timeout", false, NULL, "--reuse-timeout"},
    {"max_connections", false, NULL, "--max-connections"},
    {"idle_timeout", false, NULL, "--idle-timeout"},
    {"handshake_timeout", false, NULL, "--handshake-timeout"},
    {"request_timeout", false, NULL, "--request-timeout"},
    {"grace", false, NULL, "--grace"},
};
enum { WORD_COUNT = sizeof words / sizeof *words };

static bool allowed_in_value(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':' || c == '/' || c == '_' || c == '-';
}

static bool value_copy(struct bytes value, char text[static VALUE_MAX_LEN + 1])
{
    if (value.len == 0 || value.len > VALUE_MAX_LEN)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (!allowed_in_value(value.ptr[i]))
            return false;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    return true;
}

static enum err word_take(struct init_options *o, const struct word *word, struct bytes value,
                          struct err_note *note)
{
    char text[VALUE_MAX_LEN + 1];
    bool good = value_copy(value, text);
    if (good)
        good = word->parse != NULL ? word->parse(o, text) : init_options_add(o, word->option, text) == ERR_OK;
    return good ? ERR_OK
                : err_noted(ERR_VALUE, note, PREFIX "%s: its value is not what it must be", word->name);
}

static enum err word_parse(struct init_options *o, struct bytes word, bool seen[static WORD_COUNT],
                           struct err_note *note)
{
    struct bytes value = word;
    struct bytes name = init_field(&value, '=');
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (!bytes_is_str(name, words[i].name))
            continue;
        if (value.ptr == NULL)
            return err_noted(ERR_VALUE, note, PREFIX "%s: has no value", words[i].name);
        if (seen[i])
            return err_noted(ERR_VALUE, note, PREFIX "%s: is there twice", words[i].name);
        seen[i] = true;
        return word_take(o, &words[i], value, note);
    }
    return err_noted(ERR_UNKNOWN, note, PREFIX "%.*s: is not known",
                     (int)(name.len < NAME_MAX_LEN ? name.len : NAME_MAX_LEN), (const char *)name.ptr);
}

/* Quotation marks would make one word of several for the kernel, and several for us. */
static enum err line_check(struct bytes line, struct err_note *note)
{
    if (line.len > INIT_LINE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "%zu bytes", line.len);
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] < ' ' || line.ptr[i] > '~' || line.ptr[i] == '"')
            return err_noted(ERR_ENCODING, note, "octet 0x%02x at %zu", line.ptr[i], i);
    return ERR_OK;
}

static enum err together_check(const struct init_options *o, const bool seen[static WORD_COUNT],
                               struct err_note *note)
{
    bool has_address = o->prefix != 0;
    for (size_t i = 0; i < WORD_COUNT; i++)
        if (words[i].required && !seen[i])
            return err_noted(ERR_USAGE, note, PREFIX "%s: is missing", words[i].name);
    if (o->network && !has_address)
        return err_noted(ERR_USAGE, note, PREFIX "address: is missing, and " PREFIX "listen is tcp");
    if (!o->network && (has_address || o->has_gateway))
        return err_noted(ERR_USAGE, note,
                         PREFIX "address and " PREFIX "gateway: are for " PREFIX "listen=tcp");
    return ERR_OK;
}

static enum err args_make(struct init_options *o)
{
    char text[64];
    enum err e = init_options_add(o, "--model", INIT_MODEL_DEVICE);
    (void)snprintf(text, sizeof text, "%" PRIu64, o->model_size);
    if (e == ERR_OK)
        e = init_options_add(o, "--model-size", text);
    if (e == ERR_OK)
        e = init_options_add(o, "--evidence", o->evidence);
    if (o->network)
        (void)snprintf(text, sizeof text, "tcp:%u.%u.%u.%u:%" PRIu32, o->address[0], o->address[1],
                       o->address[2], o->address[3], o->port);
    else
        (void)snprintf(text, sizeof text, "vsock:%" PRIu32, o->port);
    return e == ERR_OK ? init_options_add(o, "--listen", text) : e;
}

enum err init_options_parse(struct bytes line, struct init_options *o, struct err_note *note)
{
    bool seen[WORD_COUNT] = {false};
    memset(o, 0, sizeof *o);
    o->evidence = "tsm";
    enum err e = line_check(line, note);
    if (e == ERR_OK)
        e = arg_add(o, INIT_PROGRAM);
    for (struct bytes rest = line; e == ERR_OK && rest.ptr != NULL;) {
        struct bytes word = init_field(&rest, ' ');
        size_t prefix = strlen(PREFIX);
        if (word.len >= prefix && memcmp(word.ptr, PREFIX, prefix) == 0)
            e = word_parse(o, bytes_of(word.ptr + prefix, word.len - prefix), seen, note);
    }
    if (e == ERR_OK)
        e = together_check(o, seen, note);
    if (e == ERR_OK)
        e = args_make(o);
    return e == ERR_TOO_LARGE && note->text[0] == '\0' ? err_noted(e, note, "too many words") : e;
}
