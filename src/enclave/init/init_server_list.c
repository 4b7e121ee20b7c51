/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_server_list.h"

#include "enclave/init/init_lists.h"
#include "enclave/init/init_text.h"

/* Printable ASCII. */
static bool text_take(struct init_server_list *list, struct bytes word, const char **at)
{
    if (word.len == 0 || word.len + 1 > sizeof list->text - list->text_len)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] < ' ' || word.ptr[i] > '~')
            return false;
    char *to = list->text + list->text_len;
    memcpy(to, word.ptr, word.len);
    to[word.len] = '\0';
    list->text_len += word.len + 1;
    *at = to;
    return true;
}

static bool take_program(struct init_server_list *list, struct bytes value)
{
    return list->args[0] == NULL && value.len > 1 && value.ptr[0] == '/' &&
           text_take(list, value, &list->args[0]);
}

static bool take_arg(struct init_server_list *list, struct bytes value)
{
    return list->arg_count < INIT_SERVER_WORDS_MAX && text_take(list, value, &list->args[list->arg_count++]);
}

/* A name in capitals, digits and "_". */
static bool take_env(struct init_server_list *list, struct bytes value)
{
    struct bytes rest = value;
    struct bytes name = init_field(&rest, '=');
    if (rest.ptr == NULL || name.len == 0 || list->env_count == INIT_SERVER_WORDS_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9' && i > 0) || c == '_'))
            return false;
    }
    return text_take(list, value, &list->env[list->env_count++]);
}

static bool take_scratch(struct init_server_list *list, struct bytes value)
{
    uint64_t mib = 0;
    bool good = list->scratch_mib == 0 && init_number(value, INIT_SERVER_SCRATCH_MAX, &mib) && mib != 0;
    list->scratch_mib = (unsigned)mib;
    return good;
}

static bool take_gpus(struct init_server_list *list, struct bytes value)
{
    bool good = !list->gpus && value.ptr == NULL;
    list->gpus = true;
    return good;
}

static bool line_take(void *into, struct bytes line)
{
    static const struct {
        const char *word;
        bool (*take)(struct init_server_list *list, struct bytes value);
    } words[] = {
        {"program", take_program}, {"arg", take_arg},   {"env", take_env},
        {"scratch", take_scratch}, {"gpus", take_gpus},
    };
    struct bytes value = line;
    struct bytes word = init_field(&value, ' ');
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (bytes_is_str(word, words[i].word))
            return words[i].take(into, value);
    return false;
}

enum err init_server_list_parse(struct bytes text, struct init_server_list *list, struct err_note *note)
{
    memset(list, 0, sizeof *list);
    list->arg_count = 1; /* of the program, wherever its line stands */
    enum err e = init_lines_parse(text, line_take, list, note);
    if (e == ERR_OK && list->args[0] == NULL)
        e = err_noted(ERR_USAGE, note, "it names no program");
    if (list->scratch_mib == 0)
        list->scratch_mib = INIT_SERVER_SCRATCH_DEFAULT;
    return e;
}
