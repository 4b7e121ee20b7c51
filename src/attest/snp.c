/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp.h"

#include <stdio.h>

#include "attest/rules.h"
#include "attest/snp_context.h"

/* ---- bits ---- */

static const struct snp_bit bit_debug = {SNP_POLICY_DEBUG, SNP_GUEST_DEBUG, POLICY_FORBID, "allowed",
                                         "forbidden"};
static const struct snp_bit bit_migrate = {SNP_POLICY_MIGRATE_MA, SNP_GUEST_MIGRATE_MA, POLICY_FORBID,
                                           "allowed", "forbidden"};
static const struct snp_bit bit_smt = {SNP_POLICY_SMT, SNP_GUEST_SMT, POLICY_ANY, "allowed", "forbidden"};
static const struct snp_bit bit_single_socket = {SNP_POLICY_SINGLE_SOCKET, SNP_GUEST_SINGLE_SOCKET,
                                                 POLICY_ANY, "one socket", "any number of sockets"};
static const struct snp_bit bit_cxl = {SNP_POLICY_CXL_ALLOW, SNP_GUEST_CXL, POLICY_ANY, "allowed",
                                       "forbidden"};
static const struct snp_bit bit_aes_xts = {SNP_POLICY_MEM_AES_256_XTS, SNP_GUEST_AES_XTS, POLICY_ANY,
                                           "AES-256-XTS", "AES-128"};
static const struct snp_bit bit_rapl = {SNP_POLICY_RAPL_DIS, SNP_GUEST_RAPL_DIS, POLICY_ANY, "must be off",
                                        "may be on"};
static const struct snp_bit bit_ciphertext = {SNP_POLICY_CIPHERTEXT_HIDING_DRAM, SNP_GUEST_CIPHERTEXT_HIDING,
                                              POLICY_ANY, "must be hidden", "may be seen"};
static const struct snp_bit bit_page_swap = {SNP_POLICY_PAGE_SWAP_DISABLE, SNP_GUEST_PAGE_SWAP_DISABLE,
                                             POLICY_ANY, "forbidden", "allowed"};

/* Document 56860, table "PLATFORM_INFO field". */
static const struct snp_bit bit_platform_smt = {0, SNP_PLATFORM_SMT, POLICY_ANY, "on", "off"};
static const struct snp_bit bit_platform_tsme = {1, SNP_PLATFORM_TSME, POLICY_ANY, "on", "off"};
static const struct snp_bit bit_platform_ecc = {2, SNP_PLATFORM_ECC, POLICY_ANY, "on", "off"};
static const struct snp_bit bit_platform_rapl = {3, SNP_PLATFORM_RAPL_DIS, POLICY_ANY, "off", "on"};
static const struct snp_bit bit_platform_ciphertext = {4, SNP_PLATFORM_CIPHERTEXT_HIDING, POLICY_ANY,
                                                       "hidden", "not hidden"};
static const struct snp_bit bit_platform_alias = {5, SNP_PLATFORM_ALIAS_CHECK, POLICY_REQUIRE, "done",
                                                  "not done"};
static const struct snp_bit bit_platform_iommu = {6, SNP_PLATFORM_IOMMU_WRITE_SAFE, POLICY_ANY, "safe",
                                                  "not said to be safe"};
static const struct snp_bit bit_platform_tio = {7, SNP_PLATFORM_TIO, POLICY_ANY, "on", "off"};

/* ---- the table ---- */

static const struct check {
    struct verdict_rule rule;
    unsigned needs;
    snp_check *holds;
    const struct snp_bit *bit;
} checks[] = {
    {{"snp.report.version", "The report has a version that is known",
      "Another version can have another layout. Document 56860, ATTESTATION_REPORT, VERSION."},
     0,
     snp_check_report_version,
     NULL},
    {{"snp.report.form", "The report has the form of AMD's manual",
      "1184 bytes, reserved fields zero: what is not understood must not be skipped. Document 56860, table "
      "ATTESTATION_REPORT."},
     0,
     snp_check_report_form,
     NULL},
    {{"snp.key_info.signing_key", "The report is signed with a key that you accept",
      "A VCEK is the chip's own; a VLEK is held by the cloud provider, for all of its chips. Document 56860, "
      "ATTESTATION_REPORT, SIGNING_KEY."},
     HAVE_REPORT,
     snp_check_signing_key,
     NULL},
    {{"snp.key_info.mask", "The signature is not left out",
      "With MASK_CHIP_KEY the firmware signs with zeros. Document 56860, ATTESTATION_REPORT, MASK_CHIP_KEY."},
     HAVE_REPORT,
     snp_check_key_mask,
     NULL},
    {{"snp.key_info.reserved", "Nothing unknown is said about the key",
      "Document 56860, ATTESTATION_REPORT, bits 31 to 5 beside AUTHOR_KEY_EN."},
     HAVE_REPORT,
     snp_check_key_info_reserved,
     NULL},
    {{"snp.chain.form", "The three certificates are well formed",
      "RFC 5280 and X.690, nothing left over, nothing twice."},
     0,
     snp_check_chain_form,
     NULL},
    {{"snp.chain.root", "The chain begins at a root that is trusted",
      "AMD's roots are pinned by public key; evidence cannot bring its own. Document 57230, Certificate "
      "Chain."},
     HAVE_CHAIN,
     snp_check_chain_root,
     NULL},
    {{"snp.chain.ask", "The root signed the intermediate certificate",
      "The ASK for a VCEK, the ASVK for a VLEK, pinned as well; RSASSA-PSS with SHA-384, RSA of 4096 bits. "
      "Documents 57230 and 58369, Certificate Chain."},
     HAVE_CHAIN,
     snp_check_chain_ask,
     NULL},
    {{"snp.chain.vek", "The intermediate signed the key that signs reports",
      "The VCEK is derived from the chip's secret and its firmware; a VLEK is made by AMD for a provider. "
      "Documents 57230 and 58369."},
     HAVE_CHAIN,
     snp_check_chain_vek,
     NULL},
    {{"snp.chain.validity", "All certificates are valid now", "RFC 5280 section 4.1.2.5."},
     HAVE_CHAIN,
     snp_check_chain_validity,
     NULL},
    {{"snp.crl.present", "AMD's revocation list came along",
      "Without it, a key that AMD has withdrawn would still pass."},
     0,
     snp_check_crl_present,
     NULL},
    {{"snp.crl.form", "The revocation list is well formed",
      "RFC 5280 section 5, nothing left over, nothing twice."},
     0,
     snp_check_crl_form,
     NULL},
    {{"snp.crl.signature", "The root signed the revocation list", "RFC 5280 section 6.3.3 (f) and (g)."},
     HAVE_LISTS | HAVE_CHAIN,
     snp_check_crl_signature,
     NULL},
    {{"snp.crl.window", "The revocation list is current",
      "An old list does not know what was revoked since. RFC 5280 section 6.3.3 (a)."},
     HAVE_LISTS,
     snp_check_crl_window,
     NULL},
    {{"snp.crl.listed", "Neither root nor intermediate is revoked", "RFC 5280 section 6.3.3 (i)."},
     HAVE_LISTS | HAVE_CHAIN,
     snp_check_crl_listed,
     NULL},
    {{"snp.vek.form", "The certificate says which chip and firmware it is for",
      "The extensions 1.3.6.1.4.1.3704.1 of documents 57230 (VCEK) and 58369 (VLEK), all of them."},
     HAVE_CHAIN,
     snp_check_vek_form,
     NULL},
    {{"snp.vek.product", "The certificate is for the root's product", "Document 57230, productName."},
     HAVE_EXTENSIONS | HAVE_PRODUCT,
     snp_check_vek_product,
     NULL},
    {{"snp.vek.provider", "A VLEK belongs to a provider that you accept",
      "Whoever holds a VLEK can sign with it on every chip of its own. Document 58369, cspID."},
     HAVE_EXTENSIONS,
     snp_check_vek_provider,
     NULL},
    {{"snp.report.product", "The report comes from that product",
      "CPUID family and model, so that one product's root cannot vouch for another's chip."},
     HAVE_REPORT | HAVE_PRODUCT,
     snp_check_report_product,
     NULL},
    {{"snp.product.milan", "The product can be trusted, or you allowed it by name",
      "The secret from which EPYC Milan derives its keys has been extracted (arXiv 2605.12990): anybody can "
      "forge its reports."},
     HAVE_PRODUCT,
     snp_check_product_not_broken,
     NULL},
    {{"snp.report.signature", "The report is signed with that key",
      "ECDSA P-384 with SHA-384 over the first 672 bytes. Document 56860, Signature Formats."},
     HAVE_REPORT | HAVE_CHAIN,
     snp_check_report_signature,
     NULL},
    {{"snp.vek.tcb", "The certificate is for the firmware that is reported",
      "Otherwise a key of old firmware could speak for new. Document 57230, SPLs."},
     HAVE_REPORT | HAVE_EXTENSIONS | HAVE_PRODUCT,
     snp_check_vek_tcb,
     NULL},
    {{"snp.vek.chip_id", "A VCEK's certificate is for this very chip",
      "hwID equals CHIP_ID. Document 57230, hwID."},
     HAVE_REPORT | HAVE_EXTENSIONS | HAVE_PRODUCT,
     snp_check_vek_chip_id,
     NULL},
    {{"snp.chip.inventory", "The chip is one of the operator's, if you have a list",
      "Without a list, genuine evidence of a chip in anybody's laboratory passes, and one physical attack on "
      "that chip is enough."},
     HAVE_REPORT | HAVE_CHAIN,
     snp_check_chip_inventory,
     NULL},
    {{"snp.tcb.form", "The firmware levels have the form of that product",
      "Reserved bytes of TCB_VERSION are zero. Document 56860, TCB_VERSION."},
     HAVE_REPORT | HAVE_PRODUCT,
     snp_check_tcb_form,
     NULL},
    {{"snp.tcb.committed", "The firmware was not rolled back",
      "COMMITTED_TCB is the floor of CURRENT_TCB. Document 56860, TCB_VERSION."},
     HAVE_REPORT | HAVE_PRODUCT,
     snp_check_tcb_committed,
     NULL},
    {{"snp.tcb.reported", "No more firmware is reported than runs",
      "REPORTED_TCB is the host's choice, at or below CURRENT_TCB. Document 56860, SNP_CONFIG."},
     HAVE_REPORT | HAVE_PRODUCT,
     snp_check_tcb_reported,
     NULL},
    {{"snp.tcb.floor.reported", "The firmware that is reported has no flaw that AMD has mended",
      "Minimum levels for each stepping, each with its bulletin (attest/snp_floor.c), or those of your "
      "policy."},
     HAVE_REPORT | HAVE_PRODUCT,
     snp_check_tcb_floor_reported,
     NULL},
    {{"snp.tcb.floor.committed", "The firmware that is committed has no flaw that AMD has mended",
      "Minimum levels for each stepping, each with its bulletin (attest/snp_floor.c), or those of your "
      "policy."},
     HAVE_REPORT | HAVE_PRODUCT,
     snp_check_tcb_floor_committed,
     NULL},
    {{"snp.tcb.floor.launch", "The firmware of the launch has no flaw that AMD has mended",
      "Minimum levels for each stepping, each with its bulletin (attest/snp_floor.c), or those of your "
      "policy."},
     HAVE_REPORT | HAVE_PRODUCT,
     snp_check_tcb_floor_launch,
     NULL},
    {{"snp.firmware.provisional", "The firmware that runs is committed, if you want that",
      "Provisional firmware can still be rolled back. Document 56860, SNP_COMMIT."},
     HAVE_REPORT | HAVE_PRODUCT,
     snp_check_provisional,
     NULL},
    {{"snp.firmware.committed", "The firmware's version is not below what is committed",
      "Document 56860, ATTESTATION_REPORT, CURRENT and COMMITTED versions."},
     HAVE_REPORT,
     snp_check_version_committed,
     NULL},
    {{"snp.firmware.floor", "The firmware's version is one that you accept", "Your policy names the lowest."},
     HAVE_REPORT,
     snp_check_version_floor,
     NULL},
    {{"snp.mitigations", "The mitigations that you want were verified",
      "LAUNCH_MIT_VECTOR and CURRENT_MIT_VECTOR. Document 56860, ATTESTATION_REPORT, version 5."},
     HAVE_REPORT,
     snp_check_mitigations,
     NULL},
    {{"snp.policy.reserved", "The guest policy has no unknown bits", "Document 56860, table Guest Policy."},
     HAVE_REPORT,
     snp_check_policy_reserved,
     NULL},
    {{"snp.policy.abi", "The guest asked for firmware that you accept",
      "Document 56860, Guest Policy, ABI_MAJOR and ABI_MINOR."},
     HAVE_REPORT,
     snp_check_abi,
     NULL},
    {{"snp.policy.debug", "The host cannot debug the machine",
      "With DEBUG the host reads the memory. Document 56860, Guest Policy, bit 19."},
     HAVE_REPORT,
     snp_check_policy_bit,
     &bit_debug},
    {{"snp.policy.migrate", "The machine cannot be moved away",
      "A migration agent could export it. Document 56860, Guest Policy, bit 18."},
     HAVE_REPORT,
     snp_check_policy_bit,
     &bit_migrate},
    {{"snp.migration_agent", "No migration agent is bound to the machine",
      "REPORT_ID_MA is all ones without one. Document 56860, ATTESTATION_REPORT."},
     HAVE_REPORT,
     snp_check_migration_agent,
     NULL},
    {{"snp.policy.smt", "Sibling threads are as you want them",
      "A sibling thread shares caches and predictors. Document 56860, Guest Policy, bit 16."},
     HAVE_REPORT,
     snp_check_policy_bit,
     &bit_smt},
    {{"snp.policy.single_socket", "The number of sockets is as you want it",
      "Document 56860, Guest Policy, bit 20."},
     HAVE_REPORT,
     snp_check_policy_bit,
     &bit_single_socket},
    {{"snp.policy.cxl", "Memory on CXL is as you want it",
      "Such memory sits outside the processor's own channels. Document 56860, Guest Policy, bit 21."},
     HAVE_REPORT,
     snp_check_policy_bit,
     &bit_cxl},
    {{"snp.policy.aes_xts", "The memory's cipher is as you want it", "Document 56860, Guest Policy, bit 22."},
     HAVE_REPORT,
     snp_check_policy_bit,
     &bit_aes_xts},
    {{"snp.policy.rapl", "Power metering is as you want it",
      "Power consumption tells about computations. Document 56860, Guest Policy, bit 23."},
     HAVE_REPORT,
     snp_check_policy_bit,
     &bit_rapl},
    {{"snp.policy.ciphertext_hiding", "The sight of ciphertexts is as you want it",
      "A host that sees ciphertexts change learns from that. Document 56860, Guest Policy, bit 24."},
     HAVE_REPORT,
     snp_check_policy_bit,
     &bit_ciphertext},
    {{"snp.policy.page_swap", "Moving and swapping of pages is as you want it",
      "Document 56860, Guest Policy, bit 25."},
     HAVE_REPORT,
     snp_check_policy_bit,
     &bit_page_swap},
    {{"snp.vmpl", "The report was asked for at the right privilege level",
      "A less privileged part of the guest could ask too. Document 56860, VMPL."},
     HAVE_REPORT,
     snp_check_vmpl,
     NULL},
    {{"snp.id_key", "The ID block is signed with a key that you named, or there is none",
      "An ID block is somebody's word about the guest. Document 56860, ID Block."},
     HAVE_REPORT,
     snp_check_id_key,
     NULL},
    {{"snp.author_key", "The ID key is certified by an author that you named, or by none",
      "Document 56860, ID Authentication Information."},
     HAVE_REPORT,
     snp_check_author_key,
     NULL},
    {{"snp.author_flag", "The author's key and its flag say the same",
      "AUTHOR_KEY_DIGEST is zero without AUTHOR_KEY_EN. Document 56860, ATTESTATION_REPORT."},
     HAVE_REPORT,
     snp_check_author_flag,
     NULL},
    {{"snp.guest_svn", "The guest's security version is one that you accept",
      "Document 56860, ID Block, GUEST_SVN."},
     HAVE_REPORT,
     snp_check_guest_svn,
     NULL},
    {{"snp.family_id", "The guest's family is the one that you named",
      "Document 56860, ID Block, FAMILY_ID."},
     HAVE_REPORT,
     snp_check_family_id,
     NULL},
    {{"snp.image_id", "The guest's image is the one that you named", "Document 56860, ID Block, IMAGE_ID."},
     HAVE_REPORT,
     snp_check_image_id,
     NULL},
    {{"snp.host_data", "The host's data at launch are those that you named",
      "Document 56860, SNP_LAUNCH_FINISH, HOST_DATA."},
     HAVE_REPORT,
     snp_check_host_data,
     NULL},
    {{"snp.platform.reserved", "The platform has no unknown features", "Document 56860, PLATFORM_INFO."},
     HAVE_REPORT,
     snp_check_platform_reserved,
     NULL},
    {{"snp.platform.alias_check", "The firmware checked the memory for aliases",
      "Manipulated memory modules can map two addresses to one cell (CVE-2024-21944). Document 56860, "
      "PLATFORM_INFO, bit 5."},
     HAVE_REPORT,
     snp_check_platform_bit,
     &bit_platform_alias},
    {{"snp.platform.smt", "Sibling threads of the machine are as you want them",
      "Document 56860, PLATFORM_INFO, bit 0."},
     HAVE_REPORT,
     snp_check_platform_bit,
     &bit_platform_smt},
    {{"snp.platform.tsme", "Encryption of all memory is as you want it",
      "Document 56860, PLATFORM_INFO, bit 1."},
     HAVE_REPORT,
     snp_check_platform_bit,
     &bit_platform_tsme},
    {{"snp.platform.ecc", "Error correction is as you want it",
      "Memory without it is easier to disturb. Document 56860, PLATFORM_INFO, bit 2."},
     HAVE_REPORT,
     snp_check_platform_bit,
     &bit_platform_ecc},
    {{"snp.platform.rapl", "Power metering of the machine is as you want it",
      "Document 56860, PLATFORM_INFO, bit 3."},
     HAVE_REPORT,
     snp_check_platform_bit,
     &bit_platform_rapl},
    {{"snp.platform.ciphertext_hiding", "The machine hides ciphertexts as you want it",
      "Document 56860, PLATFORM_INFO, bit 4."},
     HAVE_REPORT,
     snp_check_platform_bit,
     &bit_platform_ciphertext},
    {{"snp.platform.iommu", "Writes of devices are as safe as you want them",
      "Writes that the IOMMU still buffers could reach the guest's memory (AMD-SB-3016, CVE-2023-20585). "
      "PLATFORM_INFO, bit 6, on Turin."},
     HAVE_REPORT,
     snp_check_platform_bit,
     &bit_platform_iommu},
    {{"snp.platform.tio", "Trusted devices are as you want them", "Document 56860, PLATFORM_INFO, bit 7."},
     HAVE_REPORT,
     snp_check_platform_bit,
     &bit_platform_tio},
    {{"snp.measurement", "It runs the code that you expect",
      "The launch digest of everything that was loaded. Document 56860, MEASUREMENT."},
     HAVE_REPORT,
     snp_check_measurement,
     NULL},
    {{"snp.report_data", "The report was made for this key and this challenge",
      "REPORT_DATA is the hash of the key statement and of the challenges that the report answers."},
     HAVE_REPORT,
     snp_check_report_data,
     NULL},
};

const struct verdict_rule *snp_rule(size_t index)
{
    return index < sizeof checks / sizeof *checks ? &checks[index].rule : NULL;
}

static enum policy_rule default_of(snp_check *of, unsigned rule)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (checks[i].holds == of && checks[i].bit->rule == rule)
            return checks[i].bit->default_rule;
    return POLICY_DEFAULT;
}

enum policy_rule snp_guest_default(unsigned bit)
{
    return default_of(snp_check_policy_bit, bit);
}

enum policy_rule snp_platform_default(unsigned bit)
{
    return default_of(snp_check_platform_bit, bit);
}

static const char *what_is_missing(unsigned missing, unsigned have)
{
    if ((missing & HAVE_REPORT) != 0)
        return "not checked: the report is malformed";
    if ((missing & HAVE_LISTS) != 0)
        return "not checked: a revocation list is malformed";
    if ((have & HAVE_CHAIN) == 0)
        return "not checked: a certificate is malformed";
    if ((missing & HAVE_PRODUCT) != 0)
        return "not checked: the product is not known";
    return "not checked: the extensions of the VCEK or VLEK are malformed";
}

static void claims_from(const struct snp_context *c, struct verdict_claims *claims)
{
    const struct snp_report *report = &c->report;
    claims->platform = VERDICT_PLATFORM_SNP;
    memcpy(claims->measurement, report->measurement, sizeof claims->measurement);
    memcpy(claims->report_data, report->report_data, sizeof claims->report_data);
    memcpy(claims->chip_id, report->chip_id, sizeof claims->chip_id);
    memcpy(claims->reported_tcb, report->reported_tcb.raw, sizeof claims->reported_tcb);
    claims->report_version = report->version;
    claims->vmpl = report->vmpl;
    claims->guest_policy = report->policy;
    claims->platform_info = report->platform_info;
    snp_claims_from(report, &claims->snp);
    claims->snp.crl_count = (uint32_t)c->evidence->crl_count;
    if ((c->have & HAVE_EXTENSIONS) == 0)
        return;
    claims->snp.signing_key = vcek_kind_name(c->chain.kind);
    if (c->vcek.csp_id.len != 0)
        memcpy(claims->snp.csp_id, c->vcek.csp_id.ptr,
               c->vcek.csp_id.len); /* at most VCEK_CSP_ID_MAX; the rest is zero */
}

void snp_appraise(const struct snp_evidence *evidence, const uint8_t *data,
                  const struct attest_policy *policy, int64_t now, struct verdict *v)
{
    struct snp_context c = {.evidence = evidence, .policy = policy, .report_data = data, .now = now, .v = v};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const struct check *check = &checks[i];
        unsigned missing = check->needs & ~c.have;
        c.bit = check->bit;
        check_begin(&c.answer);
        bool passed = missing == 0 && check->holds(&c);
        check_end(&c.answer, v, &check->rule, passed, missing == 0 ? NULL : what_is_missing(missing, c.have));
    }
    if ((c.have & HAVE_REPORT) != 0)
        claims_from(&c, &v->claims);
    chain_release(&c.chain);
}
