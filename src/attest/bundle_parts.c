/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/bundle_parts.h"

#include <stddef.h>

/* Where a message of each media type belongs; the name is for people. */
static const struct place {
    const char *media_type;
    const char *name;
    size_t list;
} places[] = {
    {BUNDLE_SNP_REPORT, "SNP report", offsetof(struct bundle_parts, report)},
    {BUNDLE_TDX_QUOTE, "TD quote", offsetof(struct bundle_parts, report)},
    {BUNDLE_GPU_REPORT, "GPU report", offsetof(struct bundle_parts, gpu_reports)},
    {BUNDLE_CERTIFICATE, "certificate", offsetof(struct bundle_parts, certificates)},
    {BUNDLE_CRL, "revocation list", offsetof(struct bundle_parts, crls)},
    {BUNDLE_TDX_COLLATERAL, "TDX collateral", offsetof(struct bundle_parts, collateral)},
    {BUNDLE_GPU_CHAIN, "GPU certificate chain", offsetof(struct bundle_parts, gpu_chains)},
    {BUNDLE_GPU_RIM, "reference integrity manifest", offsetof(struct bundle_parts, rims)},
    {BUNDLE_OCSP, "OCSP response", offsetof(struct bundle_parts, ocsp)},
};
enum { PLACE_COUNT = sizeof places / sizeof *places };

/* How many of each a platform takes; what is not in its table, it does not take. */
struct amount {
    const char *media_type;
    size_t least, most;
};
enum { AMOUNTS_MAX = 8 };

#define GPU_AMOUNTS                                                                                          \
    {BUNDLE_GPU_REPORT, 0, BUNDLE_GPUS_MAX}, {BUNDLE_GPU_CHAIN, 0, BUNDLE_GPUS_MAX},                         \
        {BUNDLE_GPU_RIM, 0, BUNDLE_RIMS_MAX},                                                                \
    {                                                                                                        \
        BUNDLE_OCSP, 0, BUNDLE_OCSP_MAX                                                                      \
    }

static const struct platform {
    const char *name;
    enum verdict_platform platform;
    struct amount amounts[AMOUNTS_MAX];
} platforms[] = {
    {BUNDLE_PLATFORM_SNP,
     VERDICT_PLATFORM_SNP,
     {{BUNDLE_SNP_REPORT, 1, 1},
      {BUNDLE_CERTIFICATE, BUNDLE_CERTIFICATES, BUNDLE_CERTIFICATES},
      {BUNDLE_CRL, 0, SNP_CRLS_MAX},
      GPU_AMOUNTS}},
    {BUNDLE_PLATFORM_TDX,
     VERDICT_PLATFORM_TDX,
     {{BUNDLE_TDX_QUOTE, 1, 1}, {BUNDLE_TDX_COLLATERAL, 1, 1}, GPU_AMOUNTS}},
};

static const struct platform *platform_named(const char *name)
{
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++)
        if (strcmp(platforms[i].name, name) == 0)
            return &platforms[i];
    return NULL;
}

static const struct place *place_of(const char *media_type)
{
    for (size_t i = 0; i < PLACE_COUNT; i++)
        if (strcmp(places[i].media_type, media_type) == 0)
            return &places[i];
    return NULL;
}

static struct amount amount_of(const struct platform *platform, const char *media_type)
{
    for (size_t i = 0; i < AMOUNTS_MAX && platform->amounts[i].media_type != NULL; i++)
        if (strcmp(platform->amounts[i].media_type, media_type) == 0)
            return platform->amounts[i];
    return (struct amount){media_type, 0, 0};
}

static void sort_into(struct bundle_parts *parts, const struct bundle_item *items, size_t count,
                      size_t seen[static PLACE_COUNT])
{
    for (size_t i = 0; i < count; i++) {
        const struct place *place = place_of(items[i].media_type);
        if (place == NULL) /* bundle_parse takes none that is not in the table */
            continue;
        struct bundle_list *list = (struct bundle_list *)((unsigned char *)parts + place->list);
        list->items[list->count++] = items[i].value;
        seen[place - places]++;
    }
}

enum err bundle_parts_of(const struct bundle *b, struct bundle_parts *parts, struct err_note *note)
{
    size_t seen[PLACE_COUNT] = {0};
    memset(parts, 0, sizeof *parts);
    const struct platform *platform = platform_named(b->platform);
    if (platform == NULL)
        return err_noted(ERR_UNKNOWN, note, "a platform that is not known");
    parts->platform = platform->platform;
    sort_into(parts, b->evidence, b->evidence_count, seen);
    sort_into(parts, b->endorsements, b->endorsement_count, seen);
    for (size_t i = 0; i < PLACE_COUNT; i++) {
        const struct amount a = amount_of(platform, places[i].media_type);
        if (seen[i] < a.least || seen[i] > a.most)
            return err_noted(ERR_VALUE, note, "%s: %zu, wanted %zu to %zu", places[i].name, seen[i], a.least,
                             a.most);
    }
    if (parts->gpu_chains.count != parts->gpu_reports.count)
        return err_noted(ERR_VALUE, note, "%zu GPU reports with %zu certificate chains",
                         parts->gpu_reports.count, parts->gpu_chains.count);
    return ERR_OK;
}
