/* SPDX-License-Identifier: Apache-2.0 */
/* Whose word are the reference values? The documents (RIMs), which of them speak of a GPU, their signatures and certificates. */
#include "attest/nvgpu_internal.h"

static const char *const part_names[PART_COUNT] = {"driver", "VBIOS"};

bool nvgpu_rim_form(struct context *c, unsigned which)
{
    (void)which;
    const struct nvgpu_endorsements *given = c->endorsements;
    check_saw(&c->answer, "%zu", given->rim_count);
    check_wanted(&c->answer, "1 to %d", NVGPU_RIMS_MAX);
    if (given->rim_count == 0 || given->rim_count > NVGPU_RIMS_MAX)
        return false;
    c->answer.wanted[0] = '\0';
    for (size_t i = 0; i < given->rim_count; i++) {
        struct err_note note = {{0}};
        enum err e = rim_parse(given->rims[i].document, &c->references[i].rim, &note);
        if (e != ERR_OK)
            return nvgpu_rim_saw(c, i, "%.150s", nvgpu_error(e, &note));
    }
    c->have |= HAVE_RIMS;
    return true;
}

void nvgpu_references_release(struct context *c)
{
    for (size_t i = 0; i < NVGPU_RIMS_MAX; i++) {
        rim_free(c->references[i].rim);
        c->references[i].rim = NULL;
    }
}

/* ---- which document speaks of a GPU ---- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Versions are written with letters of either case: a VBIOS's has hexadecimal digits. */
static bool is_version(struct bytes seen, const char *wanted)
{
    bool same = seen.len == strlen(wanted);
    for (size_t i = 0; same && i < seen.len; i++)
        same = lower(seen.ptr[i]) == lower((uint8_t)wanted[i]);
    return same;
}

static bool speaks_of(const struct rim *rim, const struct chip *chip)
{
    return bytes_is_str(rim->product, chip->name) || bytes_is_str(rim->product, chip->family);
}

/* Of the version, and rather of the same chip: several chips have drivers of one version. */
static struct reference *reference_for(struct context *c, const struct device *d, const char *version)
{
    struct reference *found = NULL;
    for (size_t i = 0; i < c->endorsements->rim_count; i++) {
        struct reference *one = &c->references[i];
        if (!is_version(one->rim->version, version))
            continue;
        if (speaks_of(one->rim, d->chip))
            return one;
        if (found == NULL)
            found = one;
    }
    return found;
}

static bool find(struct context *c, size_t gpu, unsigned part)
{
    struct device *d = &c->devices[gpu];
    bool known = part == PART_DRIVER ? nvgpu_report_text(&d->report, NVGPU_DRIVER_VERSION, d->version[part])
                                     : nvgpu_report_vbios(&d->report, d->version[part]);
    if (!known)
        return nvgpu_gpu_saw(c, gpu, "the report does not name the version of the %s", part_names[part]);
    struct reference *found = reference_for(c, d, d->version[part]);
    if (found == NULL)
        return nvgpu_gpu_saw(c, gpu, "none for the %s %s", part_names[part], d->version[part]);
    found->used = true;
    c->have |= HAVE_USED;
    d->rim[part] = found->rim;
    return true;
}

/* Goes on behind a GPU for which there is none: what there is, is verified all the same. From the last to the first: the first without is the one named. */
bool nvgpu_rim_found(struct context *c, unsigned which)
{
    bool all = true;
    for (size_t i = c->gpu_count; i > 0; i--)
        all = find(c, i - 1, which) && all;
    if (!all)
        return false;
    check_saw(&c->answer, "%s", c->devices[0].version[which]);
    c->have |= which == PART_DRIVER ? HAVE_DRIVER : HAVE_VBIOS;
    return true;
}

static struct bytes id_of(const struct context *c, const struct rim *rim)
{
    for (size_t i = 0; i < c->endorsements->rim_count; i++)
        if (c->references[i].rim == rim)
            return c->endorsements->rims[i].id;
    return (struct bytes){0};
}

bool nvgpu_rim_id(struct context *c, unsigned which)
{
    bool known = true;
    for (size_t i = 0; i < c->gpu_count; i++) {
        const struct device *d = &c->devices[i];
        const struct bytes id = id_of(c, d->rim[which]);
        char wanted[NVGPU_RIM_ID_SIZE];
        if (which == PART_DRIVER)
            nvgpu_driver_rim_id(d->chip, d->version[which], wanted);
        else if (!nvgpu_vbios_rim_id(&d->report, d->version[which], wanted))
            return nvgpu_gpu_saw(c, i, "the report does not name its board");
        known = known && id.len != 0;
        if (id.len == 0 || is_version(id, wanted))
            continue;
        check_wanted(&c->answer, "%s", wanted);
        return nvgpu_gpu_saw(c, i, "another name, of %zu characters", id.len);
    }
    check_saw(&c->answer, "%s", known ? "as it should be" : "its name is not known");
    return true;
}

static bool product(struct context *c, size_t gpu)
{
    const struct device *d = &c->devices[gpu];
    check_wanted(&c->answer, "%s", d->chip->name);
    for (size_t part = 0; part < PART_COUNT; part++)
        if (d->rim[part] != NULL && !speaks_of(d->rim[part], d->chip))
            return nvgpu_gpu_saw(c, gpu, "the %s's are for another chip", part_names[part]);
    return true;
}

bool nvgpu_rim_product(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, product);
}

/* ---- each document that is used ---- */

static bool for_each_used(struct context *c,
                          enum err (*check)(struct context *c, const struct rim *rim, struct err_note *note))
{
    for (size_t i = 0; i < c->endorsements->rim_count; i++) {
        struct err_note note = {{0}};
        enum err e = c->references[i].used ? check(c, c->references[i].rim, &note) : ERR_OK;
        if (e != ERR_OK)
            return nvgpu_rim_saw(c, i, "%.150s", nvgpu_error(e, &note));
    }
    return true;
}

static enum err digest(struct context *c, const struct rim *rim, struct err_note *note)
{
    (void)c;
    return rim_check_digest(rim, note);
}

bool nvgpu_rim_digest(struct context *c, unsigned which)
{
    (void)which;
    return for_each_used(c, digest);
}

static enum err signature(struct context *c, const struct rim *rim, struct err_note *note)
{
    (void)c;
    return rim_check_signature(rim, note);
}

bool nvgpu_rim_signature(struct context *c, unsigned which)
{
    (void)which;
    return for_each_used(c, signature);
}

static enum err root(struct context *c, const struct rim *rim, struct err_note *note)
{
    bool simulated = false;
    enum err e = nv_chain_check_root(&rim->chain, &anchors_nvidia_rim, c->policy->simulated_rim_root,
                                     &simulated, note);
    if (simulated)
        c->v->simulated = true;
    return e;
}

bool nvgpu_rim_root(struct context *c, unsigned which)
{
    (void)which;
    bool before = c->v->simulated;
    c->v->simulated = false;
    check_wanted(&c->answer, "NVIDIA's");
    bool good = for_each_used(c, root);
    if (good)
        check_saw(&c->answer, "%s",
                  c->v->simulated ? "the SIMULATED root that was given by hand" : "NVIDIA's");
    c->v->simulated = c->v->simulated || before;
    return good;
}

static enum err links(struct context *c, const struct rim *rim, struct err_note *note)
{
    (void)c;
    return nv_chain_check_links(&rim->chain, note);
}

bool nvgpu_rim_links(struct context *c, unsigned which)
{
    (void)which;
    return for_each_used(c, links);
}

static enum err validity(struct context *c, const struct rim *rim, struct err_note *note)
{
    return nv_chain_check_validity(&rim->chain, c->now, c->policy->rim_expired_grace, note);
}

bool nvgpu_rim_validity(struct context *c, unsigned which)
{
    (void)which;
    return for_each_used(c, validity);
}

static enum err ocsp(struct context *c, const struct rim *rim, struct err_note *note)
{
    return nvgpu_check_revocation(c, &rim->chain, 0, c->policy->allow_hold, &c->revocation_unasked, note);
}

bool nvgpu_rim_ocsp(struct context *c, unsigned which)
{
    (void)which;
    bool before = c->revocation_unasked; /* the GPUs' */
    c->revocation_unasked = false;
    bool good = for_each_used(c, ocsp);
    if (good)
        check_saw(&c->answer, "%s",
                  c->revocation_unasked ? "not asked of every certificate, which your policy allows"
                                        : "good");
    c->revocation_unasked = c->revocation_unasked || before;
    return good;
}
