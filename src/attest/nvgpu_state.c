/* SPDX-License-Identifier: Apache-2.0 */
/* What does the report say? The measurements against their reference values, the versions, the mode. */
#include <stdio.h>

#include "attest/nvgpu_internal.h"
#include "base/encoding.h"
#include "base/reader.h"

/* Measurement of the video decoder: when it does not run there is nothing to measure (nvtrust). */
enum { MEASUREMENT_NVDEC0 = 35 };

/* ---- versions ---- */

/* The next part of "550.90.07" in this base; false when there is none, or something else. */
static bool part_read(struct reader *r, uint32_t base, uint32_t *value)
{
    enum { DIGITS_MAX = 7 };
    size_t digits = 0;
    *value = 0;
    for (; r->left > 0 && r->at[0] != '.'; digits++) {
        uint8_t c = reader_u8(r);
        uint32_t digit = base;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        if (digit >= base)
            return false;
        *value = *value * base + digit;
    }
    (void)reader_u8(r); /* the dot; at the end there is none, and nothing that could be read */
    return digits != 0 && digits <= DIGITS_MAX;
}

/* Is the version at least the lowest? Part by part; one that is not there counts as 0. */
static bool is_at_least(const char *version, const char *lowest, uint32_t base)
{
    struct reader a = reader_over(bytes_str(version));
    struct reader b = reader_over(bytes_str(lowest));
    while (a.left > 0 || b.left > 0) {
        uint32_t one = 0;
        uint32_t other = 0;
        if ((a.left > 0 && !part_read(&a, base, &one)) || (b.left > 0 && !part_read(&b, base, &other)))
            return false;
        if (one < other)
            return false;
        if (one > other)
            return true;
    }
    return true;
}

static bool is_listed(const char *version, const struct nvgpu_versions *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(version, list->names[i]) == 0)
            return true;
    return list->count == 0;
}

static bool version_holds(struct context *c, size_t gpu, unsigned part)
{
    const struct nvgpu_policy *p = c->policy;
    const struct nvgpu_report *r = &c->devices[gpu].report;
    const char *lowest = part == PART_DRIVER ? p->driver_min : p->vbios_min;
    char version[NVGPU_TEXT_SIZE];
    bool known = part == PART_DRIVER ? nvgpu_report_text(r, NVGPU_DRIVER_VERSION, version)
                                     : nvgpu_report_vbios(r, version);
    if (!known)
        return nvgpu_gpu_saw(c, gpu, "the report does not name it");
    (void)nvgpu_gpu_saw(c, gpu, "%s", version);
    if (!is_listed(version, part == PART_DRIVER ? &p->drivers : &p->vbioses)) {
        check_wanted(&c->answer, "a version of your list");
        return false;
    }
    if (lowest == NULL || is_at_least(version, lowest, part == PART_DRIVER ? 10 : 16))
        return true;
    check_wanted(&c->answer, "at least %s", lowest);
    return false;
}

/* which: enum nvgpu_part */
bool nvgpu_version(struct context *c, unsigned which)
{
    for (size_t i = 0; i < c->gpu_count; i++)
        if (!version_holds(c, i, which))
            return false;
    return true;
}

/* ---- the mode ---- */

const char *nvgpu_mode_name(enum nvgpu_mode mode)
{
    static const char *const names[NVGPU_MODE_COUNT] = {"SPT", "MPT", "PPCIE"};
    return mode < NVGPU_MODE_COUNT ? names[mode] : "unknown";
}

/* Older drivers have no feature flag: they know one GPU alone, and protected PCIe. What contradicts itself is taken for the worse. */
enum nvgpu_mode nvgpu_mode_of(const struct nvgpu_report *report)
{
    uint64_t flag = NVGPU_SPT;
    uint64_t protected_pcie = NVGPU_OFF;
    bool has_flag = report->fields[NVGPU_FEATURE_FLAG].ptr != NULL;
    bool has_status = report->fields[NVGPU_PROTECTED_PCIE].ptr != NULL;
    if ((has_flag && !nvgpu_report_number(report, NVGPU_FEATURE_FLAG, &flag)) ||
        (has_status && !nvgpu_report_number(report, NVGPU_PROTECTED_PCIE, &protected_pcie)))
        return NVGPU_MODE_COUNT;
    if (protected_pcie == NVGPU_ON)
        return NVGPU_PPCIE;
    if (protected_pcie != NVGPU_OFF)
        return NVGPU_MODE_COUNT;
    /* equivalent: the count itself is the mode that is not known */
    return flag < NVGPU_MODE_COUNT ? (enum nvgpu_mode)flag : NVGPU_MODE_COUNT;
}

static bool mode(struct context *c, size_t gpu)
{
    enum nvgpu_mode m = nvgpu_mode_of(&c->devices[gpu].report);
    (void)nvgpu_gpu_saw(c, gpu, "%s", nvgpu_mode_name(m));
    return m < NVGPU_MODE_COUNT && (c->policy->modes >> m & 1) != 0;
}

bool nvgpu_mode_accepted(struct context *c, unsigned which)
{
    (void)which;
    size_t used = 0;
    for (enum nvgpu_mode m = NVGPU_SPT; m < NVGPU_MODE_COUNT; m++)
        if ((c->policy->modes >> m & 1) != 0)
            used += (size_t)snprintf(c->answer.wanted + used, sizeof c->answer.wanted - used, "%s%s",
                                     used == 0 ? "" : " or ", nvgpu_mode_name(m));
    return nvgpu_for_each(c, mode);
}

static bool switches(struct context *c, size_t gpu)
{
    return nvgpu_mode_of(&c->devices[gpu].report) != NVGPU_PPCIE ||
           nvgpu_gpu_saw(c, gpu, "in protected PCIe mode, and reports of NVSwitches are not verified here");
}

bool nvgpu_switches(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, switches);
}

/* ---- the measurements ---- */

static bool nvdec_runs(const struct device *d)
{
    uint64_t status = NVGPU_ON;
    (void)nvgpu_report_number(&d->report, NVGPU_NVDEC0_STATUS, &status);
    return status != NVGPU_OFF;
}

static bool nvdec(struct context *c, size_t gpu)
{
    uint64_t status;
    if (!nvgpu_report_number(&c->devices[gpu].report, NVGPU_NVDEC0_STATUS, &status))
        return nvgpu_gpu_saw(c, gpu, "the report does not say");
    (void)nvgpu_gpu_saw(c, gpu, "0x%llx", (unsigned long long)status);
    return status == NVGPU_ON || status == NVGPU_OFF;
}

bool nvgpu_nvdec(struct context *c, unsigned which)
{
    (void)which;
    check_wanted(&c->answer, "0x%x or 0x%x", NVGPU_ON, NVGPU_OFF);
    return nvgpu_for_each(c, nvdec);
}

/* What the counts mean NVIDIA does not say; its own verifiers look at their form alone. */
static bool counts(struct context *c, size_t gpu)
{
    enum { COUNT_SIZE = 4 };
    const struct bytes field = c->devices[gpu].report.fields[NVGPU_MEASUREMENT_COUNTS];
    if (field.ptr == NULL) {
        (void)nvgpu_gpu_saw(c, gpu, "the report has none");
        return true;
    }
    (void)nvgpu_gpu_saw(c, gpu, "%zu bytes", field.len);
    return field.len != 0 && field.len % COUNT_SIZE == 0;
}

bool nvgpu_counts(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, counts);
}

static bool conflict(struct context *c, size_t gpu)
{
    const struct device *d = &c->devices[gpu];
    const struct rim *driver = d->rim[PART_DRIVER];
    for (size_t i = 0; i < driver->row_count; i++) {
        const struct rim_row *other = rim_row(d->rim[PART_VBIOS], driver->rows[i].index);
        if (driver->rows[i].active && other != NULL && other->active)
            return nvgpu_gpu_saw(c, gpu, "measurement %u", other->index);
    }
    return true;
}

bool nvgpu_conflict(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, conflict);
}

static bool is_compared(const struct device *d, const struct rim_row *row)
{
    return row->active && (row->index != MEASUREMENT_NVDEC0 || nvdec_runs(d));
}

static size_t count_compared(const struct device *d, const struct rim *rim)
{
    size_t n = 0;
    for (size_t i = 0; i < rim->row_count; i++)
        n += is_compared(d, &rim->rows[i]);
    return n;
}

static bool any_active(struct context *c, size_t gpu)
{
    const struct device *d = &c->devices[gpu];
    size_t driver = count_compared(d, d->rim[PART_DRIVER]);
    size_t vbios = count_compared(d, d->rim[PART_VBIOS]);
    (void)nvgpu_gpu_saw(c, gpu, "%zu of the driver, %zu of the VBIOS", driver, vbios);
    return driver != 0 && vbios != 0;
}

bool nvgpu_any_active(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, any_active);
}

static bool row_holds(struct context *c, size_t gpu, const struct rim *rim, const struct rim_row *row)
{
    const struct bytes seen = c->devices[gpu].report.measurements[row->index];
    uint8_t value[RIM_VALUE_MAX];
    char text[ENCODING_HEX_SIZE(RIM_VALUE_MAX)];
    if (rim_row_holds(rim, row, seen))
        return true;
    rim_value(rim, row, 0, value);
    encoding_hex(bytes_of(value, row->size), text);
    check_wanted(&c->answer, "%s%s", text, row->alternatives > 1 ? ", or another of several" : "");
    if (seen.len > RIM_VALUE_MAX)
        return nvgpu_gpu_saw(c, gpu, "measurement %u is of %zu bytes", row->index, seen.len);
    encoding_hex(seen, text);
    return nvgpu_gpu_saw(c, gpu, "measurement %u is %s", row->index, seen.len == 0 ? "not there" : text);
}

/* which: enum nvgpu_part */
bool nvgpu_golden(struct context *c, unsigned which)
{
    for (size_t gpu = 0; gpu < c->gpu_count; gpu++) {
        const struct device *d = &c->devices[gpu];
        const struct rim *rim = d->rim[which];
        for (size_t i = 0; i < rim->row_count; i++)
            if (is_compared(d, &rim->rows[i]) && !row_holds(c, gpu, rim, &rim->rows[i]))
                return false;
    }
    const struct device *first = &c->devices[0];
    check_saw(&c->answer, "%zu measurements", count_compared(first, first->rim[which]));
    return true;
}
