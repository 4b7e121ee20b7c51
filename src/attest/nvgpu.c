/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/nvgpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest/nvgpu_internal.h"
#include "attest/rules.h"

/* ---- saying what was seen ---- */

static void saw_of(struct context *c, const char *what, size_t number, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));
static void saw_of(struct context *c, const char *what, size_t number, const char *format, va_list args)
{
    enum { FRONT = sizeof "GPU 18446744073709551615: " };
    _Static_assert((int)FRONT < VERDICT_VALUE_SIZE, "there is room behind it");
    size_t used = (size_t)snprintf(c->answer.saw, FRONT, "%s %zu: ", what, number + 1);
    (void)vsnprintf(c->answer.saw + used, sizeof c->answer.saw - used, format, args);
}

bool nvgpu_gpu_saw(struct context *c, size_t gpu, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    saw_of(c, "GPU", gpu, format, args);
    va_end(args);
    return false;
}

bool nvgpu_rim_saw(struct context *c, size_t rim, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    saw_of(c, "RIM", rim, format, args);
    va_end(args);
    return false;
}

const char *nvgpu_error(enum err e, const struct err_note *note)
{
    return note->text[0] != '\0' ? note->text : err_text(e);
}

bool nvgpu_for_each(struct context *c, bool (*holds)(struct context *c, size_t gpu))
{
    for (size_t i = 0; i < c->gpu_count; i++)
        if (!holds(c, i))
            return false;
    return true;
}

/* ---- the table ---- */

static const struct check {
    struct verdict_rule rule;
    nvgpu_check *holds;
    unsigned needs;
    unsigned which;
} checks[] = {
    {{"nvgpu.count", "There are as many GPUs as there should be",
      "A GPU without evidence could be anybody's."},
     nvgpu_count,
     0,
     0},
    {{"nvgpu.report.form", "The report has the form of the standard",
      "Each length leads exactly to the end of its part, and nothing stands behind the signature. DSP0274 "
      "section 10.11."},
     nvgpu_report_form,
     HAVE_GPUS,
     0},
    {{"nvgpu.report.request", "The report answers a request for all measurements, signed",
      "An answer to another request can leave out what matters. DSP0274 section 10.11.1."},
     nvgpu_request,
     HAVE_REPORTS,
     0},
    {{"nvgpu.report.response", "The report is a response with measurements",
      "Of SPDM 1.1, and of the slot that was asked. DSP0274 section 10.11.2."},
     nvgpu_response,
     HAVE_REPORTS,
     0},
    {{"nvgpu.report.blocks", "Each measurement is well formed, and there once",
      "As many blocks as the header says, in the DMTF's form. DSP0274 section 10.11.3."},
     nvgpu_report_measurements,
     HAVE_REPORTS,
     0},
    {{"nvgpu.report.opaque", "What else the GPU says of itself is well formed",
      "No field twice, and of a version that is known: what is not understood must not be skipped."},
     nvgpu_opaque,
     HAVE_REPORTS,
     0},
    {{"nvgpu.report.nonce", "The report was made for this nonce",
      "In a bundle it is the digest of the key statement, which the report of the processor covers too: so "
      "both speak of the same VM. Else it is yours, and an old report does not have it."},
     nvgpu_nonce,
     HAVE_REPORTS,
     0},
    {{"nvgpu.chain.form", "The five certificates of the GPU are well formed",
      "RFC 5280 and X.690, nothing left over, nothing twice."},
     nvgpu_chain_form,
     HAVE_GPUS,
     0},
    {{"nvgpu.chain.root", "The chain ends in a root that is trusted",
      "NVIDIA's root is pinned by its public key; evidence cannot bring its own."},
     nvgpu_chain_root,
     HAVE_CHAINS,
     0},
    {{"nvgpu.chain.signatures", "Each certificate is signed by the next",
      "By one that may sign certificates. RFC 5280 section 6.1."},
     nvgpu_chain_links,
     HAVE_CHAINS,
     0},
    {{"nvgpu.chain.validity", "The certificates are valid now", "RFC 5280 section 4.1.2.5: both ends."},
     nvgpu_chain_validity,
     HAVE_CHAINS,
     0},
    {{"nvgpu.chip", "The GPU is of a kind that is known, and that you want",
      "The names in its certificates say which chip it is, each the same."},
     nvgpu_chip,
     HAVE_CHAINS,
     0},
    {{"nvgpu.chain.not_revoked", "No certificate of the GPU's makers is revoked",
      "NVIDIA's word about each of them, signed and current. RFC 6960."},
     nvgpu_chain_ocsp,
     HAVE_CHAINS,
     0},
    {{"nvgpu.report.signature", "The GPU signed the report",
      "ECDSA P-384 with the key of the leaf, over request and response. DSP0274 section 10.11.2."},
     nvgpu_signature,
     HAVE_REPORTS | HAVE_CHAINS,
     0},
    {{"nvgpu.fwid", "The certificate was made for the firmware that signed the report",
      "FWID, the digest of the firmware that holds the key, in the report and in the leaf. TCG DICE."},
     nvgpu_fwid,
     HAVE_FIELDS | HAVE_CHAINS,
     0},
    {{"nvgpu.debug", "The GPU's firmware is not under debug",
      "Flags of the leaf's DiceTcbInfo, when it has one: not secure, recovery, debug. That it is not "
      "configured, every Blackwell says. TCG DICE Attestation Architecture section 6.1.1."},
     nvgpu_debug,
     HAVE_CHAINS,
     0},
    {{"nvgpu.distinct", "Each GPU is another one",
      "One good GPU could answer for several that are not. Serial numbers and keys of the leaves."},
     nvgpu_distinct,
     HAVE_CHAINS,
     0},
    {{"nvgpu.inventory", "The GPUs are yours, when you have an inventory",
      "Genuine evidence can come from a GPU in somebody's laboratory, and a physical attack on that one is "
      "enough."},
     nvgpu_inventory,
     HAVE_CHAINS,
     0},
    {{"nvgpu.rim.form", "The documents of reference values have NVIDIA's form",
      "One signature over the whole document, every element known: what is not understood must not be "
      "skipped. ISO 19770-2, TCG RIM Information Model, XML Signature."},
     nvgpu_rim_form,
     0,
     0},
    {{"nvgpu.driver.rim", "There are reference values for the driver", "By its version, DRIVER_VERSION."},
     nvgpu_rim_found,
     HAVE_FIELDS | HAVE_CHIPS | HAVE_RIMS,
     PART_DRIVER},
    {{"nvgpu.vbios.rim", "There are reference values for the VBIOS", "By its version, VBIOS_VERSION."},
     nvgpu_rim_found,
     HAVE_FIELDS | HAVE_CHIPS | HAVE_RIMS,
     PART_VBIOS},
    {{"nvgpu.driver.rim_id", "The driver's reference values are those of this chip by their name",
      "NV_GPU_DRIVER, chip and version, when the name is known: it is not in the document."},
     nvgpu_rim_id,
     HAVE_DRIVER,
     PART_DRIVER},
    {{"nvgpu.vbios.rim_id", "The VBIOS's reference values are those of this board by their name",
      "NV_GPU_VBIOS, PROJECT, PROJECT_SKU, CHIP_SKU and version, when the name is known: it is not in the "
      "document."},
     nvgpu_rim_id,
     HAVE_VBIOS,
     PART_VBIOS},
    {{"nvgpu.rim.product", "The reference values are for this chip", "Meta, product."},
     nvgpu_rim_product,
     HAVE_USED,
     0},
    {{"nvgpu.rim.digest", "The reference values are those that were signed",
      "SHA-384 of the canonical document without its signature. XML Signature section 3.2.1."},
     nvgpu_rim_digest,
     HAVE_USED,
     0},
    {{"nvgpu.rim.signature", "The signer signed the digest of the reference values",
      "ECDSA P-384 over the canonical SignedInfo. XML Signature section 3.2.2."},
     nvgpu_rim_signature,
     HAVE_USED,
     0},
    {{"nvgpu.rim.root", "The signer's chain ends in a root that is trusted",
      "NVIDIA's root for reference values is pinned by its public key; the one for debugging is never "
      "trusted."},
     nvgpu_rim_root,
     HAVE_USED,
     0},
    {{"nvgpu.rim.chain", "Each certificate of the signer's chain is signed by the next",
      "By one that may sign certificates. RFC 5280 section 6.1."},
     nvgpu_rim_links,
     HAVE_USED,
     0},
    {{"nvgpu.rim.validity", "The signer's certificates are valid now",
      "RFC 5280 section 4.1.2.5: both ends, and your grace after the last."},
     nvgpu_rim_validity,
     HAVE_USED,
     0},
    {{"nvgpu.rim.not_revoked", "No certificate of the signer's chain is revoked",
      "NVIDIA's word about each of them, signed and current. RFC 6960."},
     nvgpu_rim_ocsp,
     HAVE_USED,
     0},
    {{"nvgpu.driver.version", "The driver is of a version that you accept", "DRIVER_VERSION."},
     nvgpu_version,
     HAVE_FIELDS,
     PART_DRIVER},
    {{"nvgpu.vbios.version", "The VBIOS is of a version that you accept", "VBIOS_VERSION."},
     nvgpu_version,
     HAVE_FIELDS,
     PART_VBIOS},
    {{"nvgpu.mode", "The GPU is handed over in a way that you accept",
      "FEATURE_FLAG, or PROTECTED_PCIE_STATUS where it is not there."},
     nvgpu_mode_accepted,
     HAVE_FIELDS,
     0},
    {{"nvgpu.switches", "The GPUs need no switches, whose reports are not verified here",
      "In protected PCIe mode data passes NVSwitches in the clear."},
     nvgpu_switches,
     HAVE_FIELDS,
     0},
    {{"nvgpu.nvdec", "It is known whether the video decoder runs",
      "NVDEC0_STATUS: measurement 35 is the decoder's, and is left out when it does not run."},
     nvgpu_nvdec,
     HAVE_FIELDS,
     0},
    {{"nvgpu.measurements.counts", "The counts of the measurements are well formed",
      "MSRSCNT, whole numbers of four bytes, when they are there."},
     nvgpu_counts,
     HAVE_FIELDS,
     0},
    {{"nvgpu.measurements.conflict", "Driver and VBIOS do not both say what one measurement is to be",
      "Else it is not known whose value counts."},
     nvgpu_conflict,
     HAVE_DRIVER | HAVE_VBIOS,
     0},
    {{"nvgpu.measurements.any", "Both documents say what something is to be",
      "Where nothing is compared, anything would do."},
     nvgpu_any_active,
     HAVE_DRIVER | HAVE_VBIOS,
     0},
    {{"nvgpu.measurements.driver", "The GPU measured the driver that NVIDIA made",
      "Each active measurement of the driver's reference values is in the report, with one of the values."},
     nvgpu_golden,
     HAVE_BLOCKS | HAVE_FIELDS | HAVE_DRIVER,
     PART_DRIVER},
    {{"nvgpu.measurements.vbios", "The GPU measured the firmware that NVIDIA made",
      "Each active measurement of the VBIOS's reference values is in the report, with one of the values."},
     nvgpu_golden,
     HAVE_BLOCKS | HAVE_FIELDS | HAVE_VBIOS,
     PART_VBIOS},
};

const struct verdict_rule *nvgpu_rule(size_t index)
{
    return index < sizeof checks / sizeof *checks ? &checks[index].rule : NULL;
}

static const struct check_missing missing_texts[] = {
    {HAVE_GPUS, "not checked: there are no GPUs, or too many"},
    {HAVE_REPORTS | HAVE_BLOCKS | HAVE_FIELDS, "not checked: a report is malformed"},
    {HAVE_CHAINS, "not checked: a certificate of a GPU is malformed"},
    {HAVE_CHIPS, "not checked: it is not known which chip it is"},
    {HAVE_RIMS, "not checked: there are no reference values, or malformed ones"},
    {HAVE_DRIVER | HAVE_VBIOS | HAVE_USED, "not checked: there are no reference values"},
};

/* ---- claims ---- */

_Static_assert((int)NVGPU_SERIAL_SIZE > (int)X509_SERIAL_MAX,
               "every serial number fits, with a zero in front");

static uint8_t claim_serial(uint8_t to[static NVGPU_SERIAL_SIZE], struct bytes serial)
{
    memcpy(to, serial.ptr, serial.len);
    return (uint8_t)serial.len;
}

static void claim_of(const struct context *c, const struct device *d, struct nvgpu_claim *g)
{
    (void)nvgpu_report_text(&d->report, NVGPU_DRIVER_VERSION, g->driver);
    (void)nvgpu_report_vbios(&d->report, g->vbios);
    (void)nvgpu_report_text(&d->report, NVGPU_PROJECT, g->project);
    (void)nvgpu_report_text(&d->report, NVGPU_PROJECT_SKU, g->project_sku);
    (void)nvgpu_report_text(&d->report, NVGPU_CHIP_SKU, g->chip_sku);
    if ((c->have & HAVE_FIELDS) != 0)
        (void)snprintf(g->mode, sizeof g->mode, "%s", nvgpu_mode_name(nvgpu_mode_of(&d->report)));
    if (d->chip != NULL) {
        (void)snprintf(g->chip, sizeof g->chip, "%s", d->chip->name);
        (void)snprintf(g->architecture, sizeof g->architecture, "%s",
                       nvgpu_architecture_name(d->chip->architecture));
    }
    memcpy(g->fwid, d->fwid.digest, sizeof g->fwid);
    if ((c->have & HAVE_CHAINS) == 0)
        return;
    g->serial_size = claim_serial(g->serial, d->chain.at[0].cert.serial);
    g->device_serial_size = claim_serial(g->device_serial, d->chain.at[1].cert.serial);
}

static void claims_from(const struct context *c, struct nvgpu_claims *claims)
{
    memset(claims, 0, sizeof *claims);
    claims->count = c->gpu_count;
    for (size_t i = 0; i < c->gpu_count; i++)
        claim_of(c, &c->devices[i], &claims->gpus[i]);
    memcpy(claims->nonce, c->devices[0].report.nonce.ptr, sizeof claims->nonce);
    claims->inventory_checked = c->policy->serial_count != 0;
    claims->revocation_checked = (c->have & HAVE_USED) != 0 && !c->revocation_unasked;
}

void nvgpu_appraise(const struct nvgpu_evidence *gpus, size_t gpu_count,
                    const struct nvgpu_endorsements *endorsements, const uint8_t *nonce,
                    const struct nvgpu_policy *policy, int64_t now, struct verdict *v)
{
    struct context c = {.gpus = gpus,
                        .gpu_count = gpu_count,
                        .endorsements = endorsements,
                        .nonce = nonce,
                        .policy = policy,
                        .now = now,
                        .v = v};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const struct check *check = &checks[i];
        const char *not_made = check_not_made(missing_texts, sizeof missing_texts / sizeof *missing_texts,
                                              check->needs & ~c.have);
        check_begin(&c.answer);
        bool passed = not_made == NULL && check->holds(&c, check->which);
        check_end(&c.answer, v, &check->rule, passed, not_made);
    }
    if ((c.have & HAVE_REPORTS) != 0)
        claims_from(&c, &v->claims.gpu);
    nvgpu_devices_release(&c);
    nvgpu_references_release(&c);
}
