/* SPDX-License-Identifier: Apache-2.0 */
/* Whose word is the report? Its form, the certificates of the GPU, the signature. */
#include <stdio.h>
#include <stdlib.h>

#include "attest/nvgpu_internal.h"
#include "base/encoding.h"
#include "base/secret.h"

/* The places of the chain. */
enum { PLACE_LEAF, PLACE_DEVICE, PLACE_PROVISIONER, PLACE_IDENTITY, PLACE_ROOT, PLACE_COUNT };
enum { NAME_SIZE = 64 };

bool nvgpu_count(struct context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "%zu", c->gpu_count);
    if (c->policy->gpu_count != 0)
        check_wanted(&c->answer, "%zu", c->policy->gpu_count);
    else
        check_wanted(&c->answer, "1 to %d", NVGPU_GPUS_MAX);
    if (c->gpu_count == 0 || c->gpu_count > NVGPU_GPUS_MAX)
        return false;
    c->devices = calloc(c->gpu_count, sizeof *c->devices);
    if (c->devices == NULL) {
        check_saw(&c->answer, "%s", err_text(ERR_MEMORY));
        return false;
    }
    c->have |= HAVE_GPUS;
    return c->policy->gpu_count == 0 || c->gpu_count == c->policy->gpu_count;
}

void nvgpu_devices_release(struct context *c)
{
    for (size_t i = 0; c->devices != NULL && i < c->gpu_count; i++)
        nv_chain_release(&c->devices[i].chain);
    free(c->devices);
    c->devices = NULL;
}

/* ---- the form of the report ---- */

static bool said(struct context *c, size_t gpu, enum err e, const struct err_note *note)
{
    return e == ERR_OK || nvgpu_gpu_saw(c, gpu, "%.150s", nvgpu_error(e, note));
}

static bool report_form(struct context *c, size_t gpu)
{
    struct err_note note = {{0}};
    return said(c, gpu, nvgpu_report_parse(c->gpus[gpu].report, &c->devices[gpu].report, &note), &note);
}

bool nvgpu_report_form(struct context *c, unsigned which)
{
    (void)which;
    if (!nvgpu_for_each(c, report_form))
        return false;
    c->have |= HAVE_REPORTS;
    return true;
}

static bool request(struct context *c, size_t gpu)
{
    const struct nvgpu_report *r = &c->devices[gpu].report;
    if (r->request_version == SPDM_VERSION_11 && r->request_code == SPDM_GET_MEASUREMENTS &&
        r->request_attributes == SPDM_SIGNATURE_REQUESTED && r->request_operation == SPDM_ALL_MEASUREMENTS &&
        r->request_slot < SPDM_SLOTS)
        return true;
    return nvgpu_gpu_saw(c, gpu, "%02x%02x%02x%02x, slot %u", r->request_version, r->request_code,
                         r->request_attributes, r->request_operation, r->request_slot);
}

bool nvgpu_request(struct context *c, unsigned which)
{
    (void)which;
    check_wanted(&c->answer, "%02x%02x%02x%02x, slot 0 to %d", SPDM_VERSION_11, SPDM_GET_MEASUREMENTS,
                 SPDM_SIGNATURE_REQUESTED, SPDM_ALL_MEASUREMENTS, SPDM_SLOTS - 1);
    return nvgpu_for_each(c, request);
}

static bool response(struct context *c, size_t gpu)
{
    const struct nvgpu_report *r = &c->devices[gpu].report;
    if (r->version == SPDM_VERSION_11 && r->code == SPDM_MEASUREMENTS && r->slot == r->request_slot)
        return true;
    return nvgpu_gpu_saw(c, gpu, "%02x%02x, slot %u", r->version, r->code, r->slot);
}

bool nvgpu_response(struct context *c, unsigned which)
{
    (void)which;
    check_wanted(&c->answer, "%02x%02x, the slot of the request", SPDM_VERSION_11, SPDM_MEASUREMENTS);
    return nvgpu_for_each(c, response);
}

static bool blocks(struct context *c, size_t gpu)
{
    struct err_note note = {{0}};
    return said(c, gpu, nvgpu_report_blocks(&c->devices[gpu].report, &note), &note);
}

bool nvgpu_report_measurements(struct context *c, unsigned which)
{
    (void)which;
    if (!nvgpu_for_each(c, blocks))
        return false;
    check_saw(&c->answer, "%u measurements", c->devices[0].report.block_count);
    c->have |= HAVE_BLOCKS;
    return true;
}

static bool fields(struct context *c, size_t gpu)
{
    struct err_note note = {{0}};
    return said(c, gpu, nvgpu_report_fields(&c->devices[gpu].report, &note), &note);
}

bool nvgpu_opaque(struct context *c, unsigned which)
{
    (void)which;
    if (!nvgpu_for_each(c, fields))
        return false;
    c->have |= HAVE_FIELDS;
    return true;
}

static bool nonce(struct context *c, size_t gpu)
{
    char text[ENCODING_HEX_SIZE(NVGPU_NONCE_SIZE)];
    struct bytes seen = c->devices[gpu].report.nonce;
    encoding_hex(seen, text);
    (void)nvgpu_gpu_saw(c, gpu, "%s", text);
    return secret_equal(seen.ptr, c->nonce, NVGPU_NONCE_SIZE);
}

bool nvgpu_nonce(struct context *c, unsigned which)
{
    (void)which;
    if (c->nonce == NULL) {
        check_saw(&c->answer, "not compared: it is not known what it should be");
        return false;
    }
    encoding_hex(bytes_of(c->nonce, NVGPU_NONCE_SIZE), c->answer.wanted);
    return nvgpu_for_each(c, nonce);
}

/* ---- the chain ---- */

static bool chain_form(struct context *c, size_t gpu)
{
    struct err_note note = {{0}};
    struct device *d = &c->devices[gpu];
    enum err e = nv_chain_read(&d->chain, c->gpus[gpu].certificates, &note);
    if (e == ERR_OK && d->chain.count != PLACE_COUNT)
        e = err_noted(ERR_CERTIFICATE, &note, "%zu certificates, not %d", d->chain.count, PLACE_COUNT);
    if (e == ERR_OK)
        e = nv_fwid_read(&d->chain.at[PLACE_LEAF].cert, &d->fwid, &note);
    return said(c, gpu, e, &note);
}

bool nvgpu_chain_form(struct context *c, unsigned which)
{
    (void)which;
    if (!nvgpu_for_each(c, chain_form))
        return false;
    c->have |= HAVE_CHAINS;
    return true;
}

static bool chain_root(struct context *c, size_t gpu)
{
    struct err_note note = {{0}};
    bool simulated = false;
    enum err e = nv_chain_check_root(&c->devices[gpu].chain, &anchors_nvidia_device,
                                     c->policy->simulated_device_root, &simulated, &note);
    if (simulated)
        c->v->simulated = true;
    return said(c, gpu, e, &note);
}

bool nvgpu_chain_root(struct context *c, unsigned which)
{
    (void)which;
    bool before = c->v->simulated; /* the processor's */
    c->v->simulated = false;
    check_wanted(&c->answer, "NVIDIA's");
    bool good = nvgpu_for_each(c, chain_root);
    if (good)
        check_saw(&c->answer, "%s",
                  c->v->simulated ? "the SIMULATED root that was given by hand" : "NVIDIA's");
    c->v->simulated = c->v->simulated || before;
    return good;
}

static bool chain_links(struct context *c, size_t gpu)
{
    struct err_note note = {{0}};
    return said(c, gpu, nv_chain_check_links(&c->devices[gpu].chain, &note), &note);
}

bool nvgpu_chain_links(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, chain_links);
}

static bool chain_validity(struct context *c, size_t gpu)
{
    struct err_note note = {{0}};
    return said(c, gpu, nv_chain_check_validity(&c->devices[gpu].chain, c->now, 0, &note), &note);
}

bool nvgpu_chain_validity(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, chain_validity);
}

/* The leaf is made anew with each firmware and so is not asked for. On hold is revoked, whatever the policy says of RIMs. */
static bool chain_ocsp(struct context *c, size_t gpu)
{
    struct err_note note = {{0}};
    return said(
        c, gpu,
        nvgpu_check_revocation(c, &c->devices[gpu].chain, PLACE_DEVICE, false, &c->revocation_unasked, &note),
        &note);
}

bool nvgpu_chain_ocsp(struct context *c, unsigned which)
{
    (void)which;
    if (!nvgpu_for_each(c, chain_ocsp))
        return false;
    check_saw(&c->answer, "%s",
              c->revocation_unasked ? "not asked of every certificate, which your policy allows" : "good");
    return true;
}

/* ---- which chip ---- */

static const struct chip chips[] = {
    {"GH100", "GH100", "NV_GPU_DRIVER_GH100_", NVGPU_HOPPER, NULL},
    {"GB100", "GB100", "NV_GPU_CC_DRIVER_GB100_", NVGPU_BLACKWELL, NULL},
    {"GB20X", "GB202", "NV_GPU_CC_DRIVER_GB202_", NVGPU_BLACKWELL,
     NULL}, /* RTX PRO 6000 Blackwell Server Edition */
    {"LS10", "LS10", NULL, NVGPU_ARCHITECTURE_ANY, "an NVSwitch (LS10), whose reports are not verified here"},
};

const char *nvgpu_architecture_name(enum nvgpu_architecture a)
{
    static const char *const names[NVGPU_ARCHITECTURE_COUNT] = {"any", "Hopper", "Blackwell"};
    return names[a];
}

static bool begins_with(struct bytes text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.ptr, start, len) == 0;
}

const struct chip *nvgpu_chip_named(struct bytes leaf)
{
    char start[NAME_SIZE];
    for (size_t i = 0; i < sizeof chips / sizeof *chips; i++) {
        (void)snprintf(start, sizeof start, "%s ", chips[i].family);
        if (begins_with(leaf, start))
            return &chips[i];
    }
    return NULL;
}

/* The name of a GPU's certificate at this place, as it begins. */
static void name_of(const struct chip *chip, size_t place, char name[static NAME_SIZE])
{
    if (place == PLACE_IDENTITY)
        (void)snprintf(name, NAME_SIZE, "NVIDIA %s Identity", chip->family);
    else if (place == PLACE_PROVISIONER)
        (void)snprintf(name, NAME_SIZE, "NVIDIA %s Provisioner ICA ", chip->name);
    else
        (void)snprintf(name, NAME_SIZE, "%s ", chip->family);
}

/* *place: the first certificate that is another chip's. */
static bool names_agree(const struct nv_chain *chain, const struct chip *chip, size_t *place)
{
    char name[NAME_SIZE];
    for (*place = 0; *place < PLACE_ROOT; ++*place) {
        struct bytes seen = chain->at[*place].cert.subject_cn;
        name_of(chip, *place, name);
        if (!begins_with(seen, name) || (*place == PLACE_IDENTITY && seen.len != strlen(name)))
            return false;
    }
    return true;
}

static bool chip(struct context *c, size_t gpu)
{
    struct device *d = &c->devices[gpu];
    size_t place;
    const struct chip *found = nvgpu_chip_named(d->chain.at[PLACE_LEAF].cert.subject_cn);
    if (found == NULL)
        return nvgpu_gpu_saw(c, gpu, "a chip that is not known");
    if (found->unverified != NULL)
        return nvgpu_gpu_saw(c, gpu, "%s", found->unverified);
    if (!names_agree(&d->chain, found, &place))
        return nvgpu_gpu_saw(c, gpu, "certificate %zu is not one of a %s", place + 1, found->name);
    d->chip = found;
    if (c->policy->architecture != NVGPU_ARCHITECTURE_ANY && found->architecture != c->policy->architecture)
        return nvgpu_gpu_saw(c, gpu, "%s, %s", found->name, nvgpu_architecture_name(found->architecture));
    return true;
}

bool nvgpu_chip(struct context *c, unsigned which)
{
    (void)which;
    check_wanted(&c->answer, "%s",
                 c->policy->architecture == NVGPU_ARCHITECTURE_ANY
                     ? "GH100, GB100 or GB202"
                     : nvgpu_architecture_name(c->policy->architecture));
    bool good = nvgpu_for_each(c, chip);
    bool known = true;
    for (size_t i = 0; i < c->gpu_count; i++)
        known = known && c->devices[i].chip != NULL;
    if (known)
        c->have |= HAVE_CHIPS;
    if (good && known)
        check_saw(&c->answer, "%s", c->devices[0].chip->name);
    return good && known;
}

/* ---- the signature, and the firmware that made it ---- */

static bool signature(struct context *c, size_t gpu)
{
    const struct device *d = &c->devices[gpu];
    enum err e = crypto_ecdsa_verify_raw(d->chain.at[PLACE_LEAF].key, CRYPTO_SHA384, d->report.signed_part,
                                         d->report.signature);
    return e == ERR_OK || nvgpu_gpu_saw(c, gpu, "%s", err_text(e));
}

bool nvgpu_signature(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, signature);
}

static bool fwid(struct context *c, size_t gpu)
{
    const struct device *d = &c->devices[gpu];
    const struct bytes seen = d->report.fields[NVGPU_FWID];
    char text[ENCODING_HEX_SIZE(NV_FWID_SIZE)];
    if (seen.ptr == NULL)
        return c->policy->allow_missing_fwid ||
               nvgpu_gpu_saw(c, gpu, "the report does not name its firmware");
    if (!d->fwid.found)
        return nvgpu_gpu_saw(c, gpu, "the leaf does not name its firmware");
    if (seen.len != NV_FWID_SIZE)
        return nvgpu_gpu_saw(c, gpu, "a name of %zu bytes", seen.len);
    encoding_hex(bytes_of(d->fwid.digest, NV_FWID_SIZE), c->answer.wanted);
    encoding_hex(seen, text);
    (void)nvgpu_gpu_saw(c, gpu, "%s", text);
    return bytes_equal(seen, bytes_of(d->fwid.digest, NV_FWID_SIZE));
}

bool nvgpu_fwid(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, fwid);
}

/* DICE Attestation Architecture, OperationalFlags: notConfigured (0), notSecure (1), recovery (2), debug (3). The first is set in the certificate of every
 * Blackwell GPU that is known, whatever mode it is in: refused, it would make people allow the others. */
enum { FLAG_NOT_CONFIGURED = 1U << 0, FLAGS_UNSOUND = 1U << 1 | 1U << 2 | 1U << 3 };

static bool debug(struct context *c, size_t gpu)
{
    const struct nv_fwid *f = &c->devices[gpu].fwid;
    if ((f->flags & FLAGS_UNSOUND) == 0 || c->policy->allow_debug)
        return true;
    return nvgpu_gpu_saw(c, gpu, "flags 0x%x", f->flags & FLAGS_UNSOUND);
}

bool nvgpu_debug(struct context *c, unsigned which)
{
    (void)which;
    if (!nvgpu_for_each(c, debug))
        return false;
    if ((c->devices[0].fwid.flags & FLAG_NOT_CONFIGURED) != 0)
        check_saw(&c->answer, "not configured, as every Blackwell says");
    return true;
}

/* ---- which GPUs ---- */

static bool is_same(const struct nv_certificate *a, const struct nv_certificate *b)
{
    return bytes_equal(a->cert.serial, b->cert.serial) || bytes_equal(a->cert.spki, b->cert.spki);
}

static bool distinct(struct context *c, size_t gpu)
{
    for (size_t i = 0; i < gpu; i++)
        for (size_t place = PLACE_LEAF; place <= PLACE_DEVICE; place++)
            if (is_same(&c->devices[i].chain.at[place], &c->devices[gpu].chain.at[place]))
                return nvgpu_gpu_saw(c, gpu, "the same as GPU %zu", i + 1);
    return true;
}

bool nvgpu_distinct(struct context *c, unsigned which)
{
    (void)which;
    return nvgpu_for_each(c, distinct);
}

static bool in_inventory(struct context *c, size_t gpu)
{
    const struct nv_chain *chain = &c->devices[gpu].chain;
    char text[ENCODING_HEX_SIZE(X509_SERIAL_MAX + 1)];
    for (size_t i = 0; i < c->policy->serial_count; i++)
        if (bytes_equal(c->policy->serials[i], chain->at[PLACE_LEAF].cert.serial) ||
            bytes_equal(c->policy->serials[i], chain->at[PLACE_DEVICE].cert.serial))
            return true;
    encoding_hex(chain->at[PLACE_LEAF].cert.serial, text);
    return nvgpu_gpu_saw(c, gpu, "%s", text);
}

bool nvgpu_inventory(struct context *c, unsigned which)
{
    (void)which;
    if (c->policy->serial_count == 0) {
        check_saw(&c->answer, "not looked for: you gave no inventory");
        return true;
    }
    check_wanted(&c->answer, "one of %zu", c->policy->serial_count);
    return nvgpu_for_each(c, in_inventory);
}
