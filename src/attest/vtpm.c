/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/vtpm.h"

#include "attest/rules.h"
#include "attest/vtpm_internal.h"

/* ---- the table ---- */

enum { HAVE_AK_AND_CERTIFICATE = VTPM_HAVE_AK | VTPM_HAVE_CERTIFICATE };

static const struct check {
    struct verdict_rule rule;
    vtpm_check *holds;
    unsigned needs;
    unsigned which;
} checks[] = {
    {{"vtpm.hcl.form", "The report of the paravisor has the form of Microsoft's manual",
      "Each size leads exactly to the end of its part, and what follows the last is zero. Azure: guest "
      "attestation for "
      "confidential VMs."},
     vtpm_hcl_form,
     0,
     0},
    {{"vtpm.hcl.kind", "It carries a hardware report of a kind that you accept",
      "SNP or TDX: without one, software alone vouches for the TPM."},
     vtpm_hcl_kind,
     VTPM_HAVE_BLOB,
     0},
    {{"vtpm.hcl.hash", "The runtime data are bound by a hash that is known", "SHA-256, SHA-384 or SHA-512."},
     vtpm_hcl_hash,
     VTPM_HAVE_BLOB,
     0},
    {{"vtpm.td_report.form", "The report of the TD has the form of Intel's manual",
      "Intel TDX Module ABI Reference, TDREPORT_STRUCT."},
     vtpm_td_report_form,
     VTPM_HAVE_KIND,
     0},
    {{"vtpm.hcl.binding", "The hardware's report was made for these runtime data",
      "Its report data are the hash of the JSON, octet by octet, and zeros."},
     vtpm_hcl_binding,
     VTPM_HAVE_HASH | VTPM_HAVE_TD_REPORT,
     0},
    {{"vtpm.td_report.quote", "The quote was made of this report of the TD",
      "Nobody but its own processor can check a TDREPORT, so the quote must say all that it says."},
     vtpm_td_report_quote,
     VTPM_HAVE_TD_REPORT,
     0},
    {{"vtpm.runtime.form", "The runtime data are well formed",
      "Every member is known, none is there twice: what is not understood must not be skipped."},
     vtpm_runtime_form,
     VTPM_HAVE_BLOB,
     0},
    {{"vtpm.ak.one", "They name exactly one attestation key",
      "With two, one could be bound and the other be used. kid \"HCLAkPub\"."},
     vtpm_ak_one,
     VTPM_HAVE_RUNTIME,
     0},
    {{"vtpm.ak.key", "The attestation key is a strong RSA key",
      "A weak key could be the work of anybody. TCG EK Credential Profile, template L-1; RFC 7518 section "
      "6.3.1."},
     vtpm_ak_key,
     VTPM_HAVE_RUNTIME,
     0},
    {{"vtpm.ak_certificate.form", "The certificates of the attestation key are well formed",
      "They need not be there: the hardware itself vouches for the key. RFC 5280 and X.690."},
     vtpm_ak_certificate,
     0,
     0},
    {{"vtpm.ak_certificate.key", "They are for this attestation key", "Any other key is certified in vain."},
     vtpm_ak_certificate_key,
     HAVE_AK_AND_CERTIFICATE,
     0},
    {{"vtpm.ak_certificate.chain", "Each of them is signed by the next",
      "Signatures, names, and the right to sign certificates. RFC 5280 section 6.1."},
     vtpm_ak_certificate_chain,
     VTPM_HAVE_CERTIFICATE,
     0},
    {{"vtpm.ak_certificate.root", "The chain begins at a root that is trusted",
      "Microsoft's root for virtual TPMs is pinned; evidence cannot bring its own."},
     vtpm_ak_certificate_root,
     VTPM_HAVE_CERTIFICATE,
     0},
    {{"vtpm.ak_certificate.validity", "The certificates are valid now",
      "RFC 5280 section 4.1.2.5: both ends."},
     vtpm_ak_certificate_validity,
     VTPM_HAVE_CERTIFICATE,
     0},
    {{"vtpm.quote.magic", "A TPM made the quote",
      "A TPM's restricted key signs nothing of others that begins so. TPM 2.0 Part 2, section 6.2, "
      "TPM_GENERATED_VALUE."},
     vtpm_quote_magic,
     0,
     0},
    {{"vtpm.quote.type", "It is a quote",
      "The key also signs other statements. TPM 2.0 Part 2, section 6.9, TPM_ST_ATTEST_QUOTE."},
     vtpm_quote_type,
     VTPM_HAVE_HEADER,
     0},
    {{"vtpm.quote.form", "The quote has the form of the TCG's manual",
      "Each size leads exactly to the end of its part. TPM 2.0 Part 2, sections 10.12.4 and 10.12.12."},
     vtpm_quote_form,
     VTPM_HAVE_HEADER,
     0},
    {{"vtpm.signature.form", "The quote is signed with a scheme that is known",
      "RSASSA-PKCS1-v1_5 with SHA-256. TPM 2.0 Part 2, section 11.3.4."},
     vtpm_signature_form,
     VTPM_HAVE_AK,
     0},
    {{"vtpm.signature", "The attestation key signed the quote", "RFC 8017 section 8.2.2."},
     vtpm_signature,
     VTPM_HAVE_AK | VTPM_HAVE_HEADER | VTPM_HAVE_SIGNATURE,
     0},
    {{"vtpm.nonce", "The quote was made for this challenge",
      "The hardware's report is as old as the VM; that the key speaks now, only this shows. extraData."},
     vtpm_nonce,
     VTPM_HAVE_QUOTE,
     0},
    {{"vtpm.pcr.selection", "The quote covers the registers that you want, and no others",
      "A quote of no register is signed as well (CVE-2022-0317). TPMS_PCR_SELECTION, bank of SHA-256."},
     vtpm_pcr_selection,
     VTPM_HAVE_QUOTE,
     0},
    {{"vtpm.pcr.values", "The value of each register that is quoted came along",
      "The quote itself has but a digest of all of them."},
     vtpm_pcr_values,
     VTPM_HAVE_QUOTE,
     0},
    {{"vtpm.pcr.digest", "These values are the ones that are quoted",
      "SHA-256 over all of them in their order. TPM 2.0 Part 3, TPM2_Quote."},
     vtpm_pcr_digest,
     VTPM_HAVE_QUOTE,
     0},
    {{"vtpm.pcr.references", "What was started is what you expect",
      "Boot loader, kernel, command line and initial file system are in PCRs; the hardware measured but the "
      "paravisor."},
     vtpm_pcr_references,
     VTPM_HAVE_PCRS,
     0},
    {{"vtpm.event_log", "The event log is what was measured, when there is one",
      "Replayed, it gives the registers: nobody signs the log itself. TCG PC Client Platform Firmware "
      "Profile, section "
      "10.2.2."},
     vtpm_event_log,
     VTPM_HAVE_PCRS,
     0},
    {{"vtpm.clock.safe", "The TPM's clock was not set back",
      "Then an older state may have been restored. TPM 2.0 Part 2, section 10.11.1, safe."},
     vtpm_clock_safe,
     VTPM_HAVE_QUOTE,
     0},
    {{"vtpm.clock.reset", "The VM was not restarted, when you say so", "resetCount."},
     vtpm_clock_reset,
     VTPM_HAVE_QUOTE,
     0},
    {{"vtpm.clock.restart", "The VM was not suspended more often than you allow",
      "A resumed VM has registers from before. restartCount."},
     vtpm_clock_restart,
     VTPM_HAVE_QUOTE,
     0},
    {{"vtpm.config.secure_boot", "Secure boot is on", "Then the firmware starts what is signed alone."},
     vtpm_switch,
     VTPM_HAVE_RUNTIME,
     HCL_SECURE_BOOT},
    {{"vtpm.config.tpm_enabled", "The virtual TPM is on", "Without it nothing of the start is measured."},
     vtpm_switch,
     VTPM_HAVE_RUNTIME,
     HCL_TPM_ENABLED},
    {{"vtpm.config.console", "The host has no serial console",
      "A console is a way in for whoever runs the host."},
     vtpm_switch,
     VTPM_HAVE_RUNTIME,
     HCL_CONSOLE_ENABLED},
    {{"vtpm.config.interactive_console", "Nor one that it can type at", "See vtpm.config.console."},
     vtpm_switch,
     VTPM_HAVE_RUNTIME,
     HCL_INTERACTIVE_CONSOLE_ENABLED},
    {{"vtpm.config.ipmi", "Nor another by IPMI", "See vtpm.config.console."},
     vtpm_switch,
     VTPM_HAVE_RUNTIME,
     HCL_IPMI_ENABLED},
    {{"vtpm.config.tpm_persisted", "The TPM's state is kept as you want it",
      "A TPM that is kept has keys of earlier starts, and the host stores its state."},
     vtpm_switch,
     VTPM_HAVE_RUNTIME,
     HCL_TPM_PERSISTED},
    {{"vtpm.config.filtered_devices", "Devices of the host are filtered as you want it",
      "A device is a way for the host to speak to the guest's kernel."},
     vtpm_switch,
     VTPM_HAVE_RUNTIME,
     HCL_FILTERED_DEVICES_ALLOWED},
    {{"vtpm.user_data", "The guest's own data are what you expect",
      "Anything in the guest could write them before the report was made."},
     vtpm_user_data,
     VTPM_HAVE_RUNTIME,
     0},
};

const struct verdict_rule *vtpm_rule(size_t index)
{
    return index < sizeof checks / sizeof *checks ? &checks[index].rule : NULL;
}

static const struct check_missing missing_texts[] = {
    {VTPM_HAVE_BLOB, "not checked: the report of the paravisor is malformed"},
    {VTPM_HAVE_KIND, "not checked: no hardware report that is accepted"},
    {VTPM_HAVE_HASH, "not checked: the hash is not known"},
    {VTPM_HAVE_TD_REPORT, "not checked: the report of the TD is malformed"},
    {VTPM_HAVE_RUNTIME, "not checked: the runtime data are malformed"},
    {VTPM_HAVE_AK, "not checked: there is no attestation key"},
    {VTPM_HAVE_CERTIFICATE, "not checked: a certificate is missing or malformed"},
    {VTPM_HAVE_HEADER | VTPM_HAVE_QUOTE, "not checked: the quote is malformed"},
    {VTPM_HAVE_SIGNATURE, "not checked: the signature is malformed"},
    {VTPM_HAVE_PCRS, "not checked: the values of the registers are not those that are quoted"},
};

static void claims_from(const struct vtpm_context *c, struct vtpm_claims *claims)
{
    const struct bytes modulus = bytes_of(c->runtime.ak.modulus, c->runtime.ak.modulus_len);
    claims->there = true;
    if (crypto_hash_parts(CRYPTO_SHA256, &modulus, 1, claims->ak_digest) != ERR_OK)
        memset(claims->ak_digest, 0, sizeof claims->ak_digest);
    claims->ak_certified = c->evidence->ak_certificate_count != 0;
    claims->pcrs = c->pcrs;
    memcpy(claims->pcr_values, c->pcr_values, sizeof claims->pcr_values);
    claims->event_log_replayed = c->log_replayed;
    claims->clock = c->quote.clock;
    claims->reset_count = c->quote.reset_count;
    claims->restart_count = c->quote.restart_count;
    claims->firmware_version = c->quote.firmware_version;
    memcpy(claims->switches, c->runtime.switches, sizeof claims->switches);
    memcpy(claims->vm_id, c->runtime.vm_id, sizeof claims->vm_id);
    claims->current_time = c->runtime.current_time;
    claims->user_data_len = c->runtime.user_data_len;
    memcpy(claims->user_data, c->runtime.user_data, sizeof claims->user_data);
}

/* The report that was carried, under its own policy: it must be for these runtime data. What is not accepted, vtpm.hcl.kind has said. */
static void hardware_appraise(const struct vtpm_context *c)
{
    const uint8_t *report_data = (c->have & VTPM_HAVE_HASH) != 0 ? c->report_data : NULL;
    struct snp_evidence snp = c->evidence->snp;
    if ((c->have & VTPM_HAVE_KIND) == 0)
        return;
    snp.report = c->hcl.hardware;
    if (c->hcl.kind == HCL_KIND_SNP)
        snp_appraise(&snp, report_data, c->policy->snp, c->now, c->v);
    else
        tdx_appraise(c->evidence->td_quote, &c->evidence->tdx, report_data, c->policy->tdx, c->now, c->v);
}

void vtpm_appraise(const struct vtpm_evidence *evidence, struct bytes nonce, const struct vtpm_policy *policy,
                   int64_t now, struct verdict *v)
{
    struct vtpm_context c = {.evidence = evidence, .policy = policy, .nonce = nonce, .now = now, .v = v};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const struct check *check = &checks[i];
        const char *not_made = check_not_made(missing_texts, sizeof missing_texts / sizeof *missing_texts,
                                              check->needs & ~c.have);
        check_begin(&c.answer);
        bool passed = not_made == NULL && check->holds(&c, check->which);
        check_end(&c.answer, v, &check->rule, passed, not_made);
    }
    claims_from(&c, &v->claims.vtpm);
    hardware_appraise(&c);
    v->simulated = v->simulated || c.simulated;
    crypto_public_key_free(c.ak);
    vtpm_certificates_release(&c);
}
