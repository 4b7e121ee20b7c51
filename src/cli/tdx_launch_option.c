/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tdx_launch_option.h"

#include "base/encoding.h"
#include "base/reader.h"

_Static_assert((int)OPTION_LIST_MAX <= (int)TDX_LAUNCHES_MAX, "as many launches as options");

/* Up to the next comma, which is taken away too, or to the end. */
static struct bytes part_next(struct reader *r)
{
    struct reader look = *r;
    size_t n = 0;
    while (look.left > 0 && reader_u8(&look) != ',')
        n++;
    struct bytes part = reader_bytes(r, n);
    if (r->left > 0)
        (void)reader_u8(r);
    return part;
}

static bool launch_read(struct bytes text, struct tdx_launch *launch)
{
    struct reader r = reader_over(text);
    *launch = (struct tdx_launch){.named = 0};
    bool good = encoding_unhex(part_next(&r), launch->mrtd, sizeof launch->mrtd) == ERR_OK;
    for (unsigned i = 0; i < TDX_RTMR_COUNT; i++) {
        struct bytes part = part_next(&r);
        if (bytes_is_str(part, "any"))
            launch->waived |= 1U << i;
        else if (encoding_unhex(part, launch->rtmr[i], sizeof launch->rtmr[i]) == ERR_OK)
            launch->named |= 1U << i;
        else
            good = false;
    }
    return good && r.left == 0;
}

enum err tdx_launch_options_load(const struct option_list *list, struct tdx_launch *launches,
                                 struct err_note *note)
{
    for (size_t i = 0; i < list->count; i++)
        if (!launch_read(bytes_str(list->items[i]), &launches[i]))
            return err_noted(
                ERR_USAGE, note,
                "--tdx-launch %.60s...: wanted MRTD,RTMR0,RTMR1,RTMR2,RTMR3, each of 96 hexadecimal digits "
                "(or \"any\" for an RTMR)",
                list->items[i]);
    return ERR_OK;
}
