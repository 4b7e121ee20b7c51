/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/size_text.h"

#include <stddef.h>
#include <string.h>

enum { DIGITS_MAX = 9, PART_MAX = 99 };
static const uint64_t size_max = 1ULL << 46;

/* The digits at *text, moved behind them; false: there are none, or too many. */
static bool digits(const char **text, uint64_t *number)
{
    size_t count = strspn(*text, "0123456789");
    *number = 0;
    if (count == 0 || count > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        *number = *number * 10 + (uint64_t)((*text)[i] - '0');
    *text += count;
    return true;
}

bool size_text_parse(const char *text, uint64_t *bytes)
{
    static const struct {
        char letter;
        unsigned shift;
    } units[] = {{'\0', 20}, {'M', 20}, {'G', 30}, {'T', 40}};
    uint64_t number;
    *bytes = 0;
    if (!digits(&text, &number) || (text[0] != '\0' && text[1] != '\0'))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].letter == text[0] && number != 0 && number <= size_max >> units[i].shift)
            *bytes = number << units[i].shift;
    return *bytes != 0;
}

bool version_text_parse(const char *text, uint32_t *version)
{
    uint64_t part[3] = {0};
    size_t count = 0;
    do {
        if (!digits(&text, &part[count]) || part[count] > (count == 0 ? 9999 : PART_MAX))
            return false;
        count++;
    } while (count < 3 && *text == '.' && *++text != '\0');
    *version = (uint32_t)(part[0] * 10000 + part[1] * 100 + part[2]);
    return *text == '\0' && text[-1] != '.' && count >= 2;
}
