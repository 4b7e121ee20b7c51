/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_SNP_CONTEXT_H
#define ATTEST_SNP_CONTEXT_H

/* What the checks of SEV-SNP evidence share; for snp.c and the files that hold its checks (snp_signer.c, snp_firmware.c, snp_guest.c) alone. */

#include "attest/chain.h"
#include "attest/check.h"
#include "attest/snp.h"
#include "attest/snp_report.h"

/* What a check stands on; bits. */
enum {
    HAVE_REPORT = 1U << 0,     /* the report was taken apart */
    HAVE_CHAIN = 1U << 1,      /* so were the certificates */
    HAVE_PRODUCT = 1U << 2,    /* the chain names a product that is known */
    HAVE_EXTENSIONS = 1U << 3, /* AMD's extensions in the VCEK or VLEK were read */
    HAVE_LISTS = 1U << 4,      /* so were the revocation lists, of which there may be none */
};

/* A check of one bit of the guest policy or of PLATFORM_INFO. */
struct snp_bit {
    unsigned bit;
    unsigned rule; /* where the policy says what it wants: enum snp_guest_bit, enum snp_platform_bit */
    enum policy_rule default_rule; /* when it says nothing */
    const char *set;               /* words for what was seen */
    const char *clear;
};

struct snp_context {
    const struct snp_evidence *evidence;
    const struct attest_policy *policy;
    const uint8_t *report_data;
    int64_t now;
    struct verdict *v;

    unsigned have;
    struct snp_report report;
    struct chain chain;
    struct vcek vcek;
    struct crl crls[SNP_CRLS_MAX];
    enum err report_error; /* of the parser */
    struct err_note report_note;

    /* Of the check under way. */
    const struct snp_bit *bit;
    struct check_answer answer;
};

bool snp_is_all(struct bytes b, uint8_t value);
bool snp_bit_of(uint64_t value, unsigned n);
/* Does c->bit of value obey the rule, or else its default? */
bool snp_bit_holds(struct snp_context *c, uint64_t value, enum policy_rule rule);
/* Is seen one of the items, each of seen.len bytes? */
bool snp_is_listed(struct bytes seen, const void *items, size_t count);
/* The level of a component; 0 where the product has none. */
uint8_t snp_component_of(const struct snp_product *product, const struct snp_tcb *tcb, size_t which);

typedef bool snp_check(struct snp_context *c);

/* snp_signer.c: who signed */
snp_check snp_check_report_version, snp_check_report_form, snp_check_signing_key, snp_check_key_mask,
    snp_check_key_info_reserved, snp_check_chain_form, snp_check_chain_root, snp_check_chain_ask,
    snp_check_chain_vek, snp_check_chain_validity, snp_check_crl_present, snp_check_crl_form,
    snp_check_crl_signature, snp_check_crl_window, snp_check_crl_listed, snp_check_vek_form,
    snp_check_vek_product, snp_check_vek_provider, snp_check_report_product, snp_check_product_not_broken,
    snp_check_report_signature, snp_check_vek_tcb, snp_check_vek_chip_id, snp_check_chip_inventory;

/* snp_firmware.c: in what state the chip's firmware is */
snp_check snp_check_tcb_form, snp_check_tcb_committed, snp_check_tcb_reported, snp_check_tcb_floor_reported,
    snp_check_tcb_floor_committed, snp_check_tcb_floor_launch, snp_check_provisional,
    snp_check_version_committed, snp_check_version_floor, snp_check_mitigations, snp_check_platform_reserved,
    snp_check_platform_bit;

/* snp_guest.c: what was launched, and for whom the report was made */
snp_check snp_check_policy_reserved, snp_check_policy_bit, snp_check_migration_agent, snp_check_abi,
    snp_check_vmpl, snp_check_id_key, snp_check_author_key, snp_check_author_flag, snp_check_guest_svn,
    snp_check_family_id, snp_check_image_id, snp_check_host_data, snp_check_measurement,
    snp_check_report_data;

#endif
