/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_lists.h"

#include "base/encoding.h"
#include "base/reader.h"
#include "enclave/init/init_text.h"

enum { HEX_ID = 4 };

static bool parse_when(struct bytes word, enum init_when *when)
{
    static const char *const names[INIT_WHEN_COUNT] = {[INIT_ALWAYS] = "always",
                                                       [INIT_OPTIONAL] = "optional",
                                                       [INIT_VSOCK] = "vsock",
                                                       [INIT_NETWORK] = "network"};
    for (*when = 0; *when < INIT_WHEN_COUNT; ++*when)
        if (bytes_is_str(word, names[*when]))
            return true;
    return false;
}

static bool is_word_octet(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Letters, digits, "_" and "-", then ".ko": no way out of /lib. */
static bool parse_name(struct bytes word, char name[static INIT_MODULE_NAME_MAX])
{
    static const char suffix[] = ".ko";
    size_t end = sizeof suffix - 1;
    if (word.len <= end || word.len >= INIT_MODULE_NAME_MAX ||
        memcmp(word.ptr + word.len - end, suffix, end) != 0)
        return false;
    for (size_t i = 0; i < word.len - end; i++)
        if (!is_word_octet(word.ptr[i]))
            return false;
    memcpy(name, word.ptr, word.len);
    name[word.len] = '\0';
    return true;
}

/* "name=value name=value": what they mean is the module's. Quotation marks would make the kernel see other words than we do. */
static bool parse_parameters(struct bytes text, char parameters[static INIT_PARAMETERS_MAX])
{
    size_t len = text.ptr == NULL ? 0 : text.len;
    if (len >= INIT_PARAMETERS_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = text.ptr[i];
        if (!is_word_octet(c) && c != '=' && c != ',' && c != '.' && c != ':' && c != ' ')
            return false;
        parameters[i] = (char)c;
    }
    parameters[len] = '\0';
    return true;
}

static bool module_line(void *into, struct bytes line)
{
    struct init_modules *list = into;
    struct bytes rest = line;
    if (list->count == INIT_MODULES_MAX)
        return false;
    struct init_module *m = &list->at[list->count++];
    return parse_when(init_field(&rest, ' '), &m->when) && parse_name(init_field(&rest, ' '), m->name) &&
           (rest.ptr == NULL || rest.len > 0) && parse_parameters(rest, m->parameters);
}

static bool hex_id(struct bytes text, uint16_t *id)
{
    uint8_t raw[2];
    if (text.len != HEX_ID || encoding_unhex(text, raw, sizeof raw) != ERR_OK)
        return false;
    struct reader r = reader_over(bytes_of(raw, sizeof raw));
    *id = reader_u16be(&r);
    return true;
}

static bool device_line(void *into, struct bytes line)
{
    struct init_devices *list = into;
    struct bytes rest = line;
    if (list->count == INIT_DEVICES_MAX)
        return false;
    struct init_device *d = &list->at[list->count++];
    struct bytes bus = init_field(&rest, ' ');
    struct bytes id = init_field(&rest, ' ');
    d->virtio = bytes_is_str(bus, "virtio");
    if (!parse_when(rest, &d->when) || d->when == INIT_OPTIONAL)
        return false;
    if (d->virtio) {
        uint64_t number = 0;
        bool good = init_number(id, UINT16_MAX, &number) && number != 0;
        d->device = (uint16_t)number;
        return good;
    }
    struct bytes device = id;
    struct bytes vendor = init_field(&device, ':');
    return bytes_is_str(bus, "pci") && hex_id(vendor, &d->vendor) && hex_id(device, &d->device);
}

enum err init_lines_parse(struct bytes text, bool (*take)(void *into, struct bytes line), void *into,
                          struct err_note *note)
{
    if (text.len > INIT_LIST_SIZE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "%zu bytes", text.len);
    size_t number = 0;
    for (struct bytes rest = text; rest.len > 0;) {
        struct bytes line = init_field(&rest, '\n');
        number++;
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (!take(into, line))
            return err_noted(ERR_VALUE, note, "line %zu is not what it must be", number);
    }
    return ERR_OK;
}

enum err init_modules_parse(struct bytes text, struct init_modules *list, struct err_note *note)
{
    memset(list, 0, sizeof *list);
    return init_lines_parse(text, module_line, list, note);
}

enum err init_devices_parse(struct bytes text, struct init_devices *list, struct err_note *note)
{
    memset(list, 0, sizeof *list);
    return init_lines_parse(text, device_line, list, note);
}

bool init_is_wanted(enum init_when when, bool vsock, bool network)
{
    return when == INIT_ALWAYS || when == INIT_OPTIONAL || (when == INIT_VSOCK && vsock) ||
           (when == INIT_NETWORK && network);
}

const struct init_device *init_device_find(const struct init_devices *list, bool virtio, uint16_t vendor,
                                           uint16_t device, bool vsock, bool network)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct init_device *d = &list->at[i];
        if (d->virtio == virtio && d->vendor == vendor && d->device == device &&
            init_is_wanted(d->when, vsock, network))
            return d;
    }
    return NULL;
}
