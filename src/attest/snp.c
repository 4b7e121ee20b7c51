/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp.h"

#include <stdarg.h>
#include <stdio.h>

#include "attest/chain.h"
#include "attest/snp_report.h"
#include "attest/vcek.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/writer.h"

/* What a check stands on; bits. */
enum {
    HAVE_REPORT = 1U << 0,     /* the report was taken apart */
    HAVE_CHAIN = 1U << 1,      /* so were the certificates */
    HAVE_PRODUCT = 1U << 2,    /* the chain names a product that is known */
    HAVE_EXTENSIONS = 1U << 3, /* the VCEK's own extensions were read */
};

struct context {
    const struct snp_evidence *evidence;
    const struct attest_policy *policy;
    const uint8_t *report_data;
    int64_t now;
    struct verdict *v;

    unsigned have;
    struct snp_report report;
    struct chain chain;
    struct vcek vcek;
    enum err report_error; /* of the parser */
    struct err_note report_note;

    /* The answer of the check under way. */
    char saw[VERDICT_VALUE_SIZE];
    char wanted[VERDICT_VALUE_SIZE];
};

/* ---- saying what was seen ---- */

__attribute__((format(printf, 2, 3))) static void saw(struct context *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(c->saw, sizeof c->saw, format, args);
    va_end(args);
}

__attribute__((format(printf, 2, 3))) static void wanted(struct context *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(c->wanted, sizeof c->wanted, format, args);
    va_end(args);
}

/* Both values, in hexadecimal: at most 64 bytes. */
static void saw_bytes(struct context *c, struct bytes seen, struct bytes reference)
{
    encoding_hex(seen, c->saw);
    encoding_hex(reference, c->wanted);
}

static bool saw_error(struct context *c, enum err e, const struct err_note *note)
{
    if (e != ERR_OK)
        saw(c, "%s", note->text[0] != '\0' ? note->text : err_text(e));
    return e == ERR_OK;
}

static bool is_all(struct bytes b, uint8_t value)
{
    for (size_t i = 0; i < b.len; i++)
        if (b.ptr[i] != value)
            return false;
    return true;
}

static bool bit(uint64_t value, unsigned n)
{
    return (value >> n & 1) != 0;
}

/* ---- the report's form ---- */

static bool report_version(struct context *c)
{
    c->report_error = snp_report_parse(c->evidence->report, &c->report, &c->report_note);
    if (c->report_error == ERR_OK)
        c->have |= HAVE_REPORT;
    /* Only an unknown version gives this error; what else is wrong, the next check says. */
    bool read = c->report.version != 0;
    if (read)
        saw(c, "%u", c->report.version);
    else
        saw(c, "none");
    wanted(c, "2 to 5");
    return read && c->report_error != ERR_UNKNOWN;
}

static bool report_form(struct context *c)
{
    if (c->report_error == ERR_UNKNOWN)
        saw(c, "not checked: the version is not known");
    else
        (void)saw_error(c, c->report_error, &c->report_note);
    return c->report_error == ERR_OK;
}

enum {
    KEY_INFO_AUTHOR_KEY = 0,
    KEY_INFO_MASK_CHIP_KEY = 1,
    KEY_INFO_SIGNING_KEY = 2,
    SIGNING_KEY_MASK = 7,
    KEY_INFO_KNOWN_BITS = 5
};

static bool key_info(struct context *c)
{
    const uint32_t info = c->report.key_info;
    const uint32_t key = info >> KEY_INFO_SIGNING_KEY & SIGNING_KEY_MASK;
    wanted(c, "VCEK, not masked");
    if (key == SNP_KEY_VLEK)
        saw(c, "VLEK: a key of the cloud provider's, not supported");
    else if (key == SNP_KEY_NONE)
        saw(c, "no key: the report is not signed");
    else if (key == SNP_KEY_VCEK && info >> KEY_INFO_MASK_CHIP_KEY == 0)
        saw(c, "VCEK");
    else
        saw(c, "KEY_INFO 0x%x", info);
    return key == SNP_KEY_VCEK && !bit(info, KEY_INFO_MASK_CHIP_KEY) && info >> KEY_INFO_KNOWN_BITS == 0;
}

/* ---- the chain ---- */

static bool chain_form(struct context *c)
{
    struct err_note note = {{0}};
    enum err e = chain_parse(c->evidence->ark, c->evidence->ask, c->evidence->vcek, &c->chain, &note);
    if (e == ERR_OK)
        c->have |= HAVE_CHAIN;
    if (e == ERR_OK && c->chain.product != NULL) {
        c->have |= HAVE_PRODUCT;
        (void)snprintf(c->v->claims.product, sizeof c->v->claims.product, "%s", c->chain.product->name);
    }
    return saw_error(c, e, &note);
}

static bool chain_root(struct context *c)
{
    struct err_note note = {{0}};
    enum err e = chain_check_root(&c->chain, c->policy->simulated_root, &c->v->simulated, &note);
    if (e == ERR_OK)
        saw(c, "%s", c->v->simulated ? "the SIMULATED root that was given by hand" : "AMD's");
    wanted(c, "AMD's");
    return saw_error(c, e, &note);
}

static bool chain_ask(struct context *c)
{
    struct err_note note = {{0}};
    return saw_error(c, chain_check_ask(&c->chain, &note), &note);
}

static bool chain_vcek(struct context *c)
{
    struct err_note note = {{0}};
    return saw_error(c, chain_check_vcek(&c->chain, &note), &note);
}

static bool chain_validity(struct context *c)
{
    struct err_note note = {{0}};
    return saw_error(c, chain_check_validity(&c->chain, c->now, &note), &note);
}

/* ---- the VCEK and the report say the same ---- */

static bool vcek_form(struct context *c)
{
    struct err_note note = {{0}};
    enum err e = vcek_parse(&c->chain.vcek.cert, &c->vcek, &note);
    if (e == ERR_OK)
        c->have |= HAVE_EXTENSIONS;
    return saw_error(c, e, &note);
}

static bool vcek_product(struct context *c)
{
    bool same = vcek_is_product(&c->vcek, c->chain.product->name);
    /* Anything may stand in the certificate; printed is only what was recognised. */
    saw(c, "%s", same ? c->chain.product->name : "another name");
    wanted(c, "%s", c->chain.product->name);
    return same;
}

static bool report_product(struct context *c)
{
    wanted(c, "%s", c->chain.product->name);
    if (c->report.version < 3) {
        saw(c, "not stated (report version 2)");
        return true;
    }
    const struct snp_product *product = anchors_snp_by_cpuid(c->report.cpuid_family, c->report.cpuid_model);
    saw(c, "%s (family 0x%02x, model 0x%02x)", product == NULL ? "unknown" : product->name,
        c->report.cpuid_family, c->report.cpuid_model);
    return product == c->chain.product;
}

static bool product_not_broken(struct context *c)
{
    saw(c, "%s%s", c->chain.product->name,
        c->chain.product->broken && c->policy->allow_milan ? ": allowed, proves nothing" : "");
    return !c->chain.product->broken || c->policy->allow_milan;
}

/* The signature is over the bytes that came, never over what was read from them. */
static bool report_signature(struct context *c)
{
    enum { PART = 48 };
    uint8_t rs[2 * PART];
    for (size_t i = 0; i < PART; i++) {
        rs[i] = c->report.r[PART - 1 - i];
        rs[PART + i] = c->report.s[PART - 1 - i];
    }
    struct reader r = reader_over(c->evidence->report);
    enum err e = crypto_ecdsa_verify_raw(c->chain.vcek.key, CRYPTO_SHA384,
                                         reader_bytes(&r, SNP_REPORT_SIGNED_SIZE), bytes_of(rs, sizeof rs));
    if (e != ERR_OK)
        saw(c, "%s", err_text(e));
    return e == ERR_OK;
}

static uint8_t component(const struct snp_product *product, const struct snp_tcb *tcb, size_t which)
{
    uint8_t at = product->tcb[which];
    return at == SNP_COMPONENT_NONE ? 0 : tcb->raw[at];
}

/* TCBs are compared component by component, never as one number. */
static bool vcek_tcb(struct context *c)
{
    for (size_t i = 0; i < SNP_COMPONENT_COUNT; i++) {
        uint8_t level = component(c->chain.product, &c->report.reported_tcb, i);
        if (level != c->vcek.level[i]) {
            saw(c, "%s %u", anchors_snp_component_name((enum snp_component)i), level);
            wanted(c, "%u, as in the VCEK", c->vcek.level[i]);
            return false;
        }
    }
    return true;
}

static bool vcek_chip_id(struct context *c)
{
    struct reader r = reader_over(bytes_of(c->report.chip_id, sizeof c->report.chip_id));
    struct bytes id = reader_bytes(&r, c->chain.product->chip_id_size);
    saw_bytes(c, id, c->vcek.hwid);
    if (is_all(id, 0))
        saw(c, "masked: all zero");
    return bytes_equal(id, c->vcek.hwid) && !is_all(id, 0) && is_all(reader_rest(&r), 0);
}

/* ---- TCBs ---- */

static bool is_reserved_tcb_byte(const struct snp_product *product, size_t at)
{
    for (size_t i = 0; i < SNP_COMPONENT_COUNT; i++)
        if (product->tcb[i] == at)
            return false;
    return true;
}

static bool tcb_form(struct context *c)
{
    const struct {
        const char *name;
        const struct snp_tcb *tcb;
    } all[] = {
        {"CURRENT_TCB", &c->report.current_tcb},
        {"REPORTED_TCB", &c->report.reported_tcb},
        {"COMMITTED_TCB", &c->report.committed_tcb},
        {"LAUNCH_TCB", &c->report.launch_tcb},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (size_t at = 0; at < SNP_TCB_SIZE; at++) {
            if (is_reserved_tcb_byte(c->chain.product, at) && all[i].tcb->raw[at] != 0) {
                saw(c, "%s byte %zu: %u", all[i].name, at, all[i].tcb->raw[at]);
                wanted(c, "0");
                return false;
            }
        }
    }
    return true;
}

static bool tcb_committed(struct context *c)
{
    for (size_t i = 0; i < SNP_COMPONENT_COUNT; i++) {
        uint8_t committed = component(c->chain.product, &c->report.committed_tcb, i);
        uint8_t current = component(c->chain.product, &c->report.current_tcb, i);
        if (committed > current) {
            saw(c, "%s committed %u, current %u", anchors_snp_component_name((enum snp_component)i),
                committed, current);
            return false;
        }
    }
    return true;
}

/* ---- guest and platform ---- */

static bool policy_reserved(struct context *c)
{
    saw(c, "0x%llx", (unsigned long long)c->report.policy);
    wanted(c, "bit %d set, none from bit %d on", SNP_POLICY_RESERVED_ONE, SNP_POLICY_KNOWN_BITS);
    return bit(c->report.policy, SNP_POLICY_RESERVED_ONE) && c->report.policy >> SNP_POLICY_KNOWN_BITS == 0;
}

static bool policy_debug(struct context *c)
{
    saw(c, "%s", bit(c->report.policy, SNP_POLICY_DEBUG) ? "allowed" : "forbidden");
    wanted(c, "forbidden");
    return !bit(c->report.policy, SNP_POLICY_DEBUG);
}

static bool policy_migrate(struct context *c)
{
    bool allowed = bit(c->report.policy, SNP_POLICY_MIGRATE_MA);
    bool agent = !is_all(bytes_of(c->report.report_id_ma, sizeof c->report.report_id_ma), 0xff);
    saw(c, "%s%s", allowed ? "allowed" : "forbidden", agent ? ", a migration agent is bound" : "");
    wanted(c, "forbidden");
    return !allowed && !agent;
}

static bool vmpl(struct context *c)
{
    saw(c, "%u", c->report.vmpl);
    wanted(c, "%u", c->policy->vmpl);
    return c->report.vmpl == c->policy->vmpl;
}

static bool id_block(struct context *c)
{
    bool none = is_all(bytes_of(c->report.id_key_digest, sizeof c->report.id_key_digest), 0) &&
                is_all(bytes_of(c->report.author_key_digest, sizeof c->report.author_key_digest), 0) &&
                !bit(c->report.key_info, KEY_INFO_AUTHOR_KEY);
    saw(c, "%s", none ? "none" : "an ID block of the host's");
    wanted(c, "none");
    return none;
}

/* PLATFORM_INFO, document 56860, table "PLATFORM_INFO field": SMT, TSME, ECC, RAPL_DIS, CIPHERTEXT_HIDING_DRAM, ALIAS_CHECK_COMPLETE, TIO. */
enum { PLATFORM_KNOWN_BITS = 0xbf, PLATFORM_ALIAS_CHECK = 5 };

static bool platform_reserved(struct context *c)
{
    saw(c, "0x%llx", (unsigned long long)c->report.platform_info);
    wanted(c, "only bits of 0x%x", PLATFORM_KNOWN_BITS);
    return (c->report.platform_info & ~(uint64_t)PLATFORM_KNOWN_BITS) == 0;
}

static bool platform_alias_check(struct context *c)
{
    saw(c, "%s", bit(c->report.platform_info, PLATFORM_ALIAS_CHECK) ? "done" : "not done");
    wanted(c, "done");
    return bit(c->report.platform_info, PLATFORM_ALIAS_CHECK);
}

/* ---- what it runs, and for whom the report was made ---- */

static bool measurement(struct context *c)
{
    struct bytes seen = bytes_of(c->report.measurement, sizeof c->report.measurement);
    encoding_hex(seen, c->saw);
    if (c->policy->measurement_count == 0)
        wanted(c, "there is no reference value");
    else if (c->policy->measurement_count == 1)
        encoding_hex(bytes_of(c->policy->measurements[0], ATTEST_MEASUREMENT_SIZE), c->wanted);
    else
        wanted(c, "one of %zu reference values", c->policy->measurement_count);
    for (size_t i = 0; i < c->policy->measurement_count; i++)
        if (bytes_equal(seen, bytes_of(c->policy->measurements[i], ATTEST_MEASUREMENT_SIZE)))
            return true;
    return false;
}

static bool report_data(struct context *c)
{
    if (c->report_data == NULL) {
        saw(c, "not compared: without statement and challenge it is not known");
        return false;
    }
    saw_bytes(c, bytes_of(c->report.report_data, sizeof c->report.report_data),
              bytes_of(c->report_data, SNP_REPORT_DATA_SIZE));
    return secret_equal(c->report.report_data, c->report_data, SNP_REPORT_DATA_SIZE);
}

/* ---- the table ---- */

static const struct check {
    struct verdict_rule rule;
    unsigned needs;
    bool (*holds)(struct context *c);
} checks[] = {
    {{"snp.report.version", "The report has a version that is known",
      "Another version can have another layout. Document 56860, ATTESTATION_REPORT, VERSION."},
     0,
     report_version},
    {{"snp.report.form", "The report has the form of AMD's manual",
      "1184 bytes, reserved fields zero: what is not understood must not be skipped. Document 56860, table "
      "ATTESTATION_REPORT."},
     0,
     report_form},
    {{"snp.key_info", "The chip's own key signs its reports",
      "KEY_INFO says which key signed; with a VLEK the cloud provider holds it. Document 56860, "
      "ATTESTATION_REPORT, KEY_INFO."},
     HAVE_REPORT,
     key_info},
    {{"snp.chain.form", "The three certificates are well formed",
      "RFC 5280 and X.690, nothing left over, nothing twice."},
     0,
     chain_form},
    {{"snp.chain.root", "The chain begins at a root that is trusted",
      "AMD's roots are pinned by public key; evidence cannot bring its own. Document 57230, Certificate "
      "Chain."},
     HAVE_CHAIN,
     chain_root},
    {{"snp.chain.ask", "The root signed the intermediate certificate",
      "RSASSA-PSS with SHA-384, RSA of 4096 bits. Document 57230, Certificate Chain."},
     HAVE_CHAIN,
     chain_ask},
    {{"snp.chain.vcek", "The intermediate signed the chip's certificate",
      "The VCEK is derived from the chip's secret and its firmware. Document 57230."},
     HAVE_CHAIN,
     chain_vcek},
    {{"snp.chain.validity", "All certificates are valid now", "RFC 5280 section 4.1.2.5."},
     HAVE_CHAIN,
     chain_validity},
    {{"snp.vcek.form", "The chip's certificate says which chip and firmware it is for",
      "The extensions 1.3.6.1.4.1.3704.1 of document 57230, all of them."},
     HAVE_CHAIN,
     vcek_form},
    {{"snp.vcek.product", "The chip's certificate is for the root's product", "Document 57230, productName."},
     HAVE_EXTENSIONS | HAVE_PRODUCT,
     vcek_product},
    {{"snp.report.product", "The report comes from that product",
      "CPUID family and model, so that one product's root cannot vouch for another's chip."},
     HAVE_REPORT | HAVE_PRODUCT,
     report_product},
    {{"snp.product.milan", "The product can be trusted, or you allowed it by name",
      "The secret from which EPYC Milan derives its keys has been extracted (arXiv 2605.12990): anybody can "
      "forge its reports."},
     HAVE_PRODUCT,
     product_not_broken},
    {{"snp.report.signature", "The chip signed the report",
      "ECDSA P-384 with SHA-384 over the first 672 bytes. Document 56860, Signature Formats."},
     HAVE_REPORT | HAVE_CHAIN,
     report_signature},
    {{"snp.vcek.tcb", "The chip's certificate is for the firmware that is reported",
      "Otherwise a key of old firmware could speak for new. Document 57230, SPLs."},
     HAVE_REPORT | HAVE_EXTENSIONS | HAVE_PRODUCT,
     vcek_tcb},
    {{"snp.vcek.chip_id", "The chip's certificate is for this very chip",
      "hwID equals CHIP_ID. Document 57230, hwID."},
     HAVE_REPORT | HAVE_EXTENSIONS | HAVE_PRODUCT,
     vcek_chip_id},
    {{"snp.tcb.form", "The firmware levels have the form of that product",
      "Reserved bytes of TCB_VERSION are zero. Document 56860, TCB_VERSION."},
     HAVE_REPORT | HAVE_PRODUCT,
     tcb_form},
    {{"snp.tcb.committed", "The firmware was not rolled back",
      "COMMITTED_TCB is the floor of CURRENT_TCB. Document 56860, TCB_VERSION."},
     HAVE_REPORT | HAVE_PRODUCT,
     tcb_committed},
    {{"snp.policy.reserved", "The guest policy has no unknown bits", "Document 56860, table Guest Policy."},
     HAVE_REPORT,
     policy_reserved},
    {{"snp.policy.debug", "The host cannot debug the machine",
      "With DEBUG the host reads the memory. Document 56860, Guest Policy, bit 19."},
     HAVE_REPORT,
     policy_debug},
    {{"snp.policy.migrate", "The machine cannot be moved away",
      "A migration agent could export it. Document 56860, Guest Policy, bit 18."},
     HAVE_REPORT,
     policy_migrate},
    {{"snp.vmpl", "The report was asked for at the right privilege level",
      "A less privileged part of the guest could ask too. Document 56860, VMPL."},
     HAVE_REPORT,
     vmpl},
    {{"snp.id_block", "The host attached no identity of its own",
      "An ID block is the host's word about the guest; none is expected. Document 56860, ID Block."},
     HAVE_REPORT,
     id_block},
    {{"snp.platform.reserved", "The platform has no unknown features", "Document 56860, PLATFORM_INFO."},
     HAVE_REPORT,
     platform_reserved},
    {{"snp.platform.alias_check", "The firmware checked the memory for aliases",
      "Manipulated memory modules can map two addresses to one cell (CVE-2024-21944). Document 56860, "
      "PLATFORM_INFO, bit 5."},
     HAVE_REPORT,
     platform_alias_check},
    {{"snp.measurement", "It runs the code that you expect",
      "The launch digest of everything that was loaded. Document 56860, MEASUREMENT."},
     HAVE_REPORT,
     measurement},
    {{"snp.report_data", "The report was made for this key and this challenge",
      "REPORT_DATA is the hash of the key statement and of the challenges that the report answers."},
     HAVE_REPORT,
     report_data},
};

static const char *what_is_missing(unsigned missing, unsigned have)
{
    if ((missing & HAVE_REPORT) != 0)
        return "not checked: the report is malformed";
    if ((have & HAVE_CHAIN) == 0)
        return "not checked: a certificate is malformed";
    if ((missing & HAVE_PRODUCT) != 0)
        return "not checked: the product is not known";
    return "not checked: the chip's certificate is malformed";
}

static void claims_from(const struct snp_report *report, struct verdict_claims *claims)
{
    claims->platform = VERDICT_PLATFORM_SNP;
    memcpy(claims->measurement, report->measurement, sizeof claims->measurement);
    memcpy(claims->report_data, report->report_data, sizeof claims->report_data);
    memcpy(claims->chip_id, report->chip_id, sizeof claims->chip_id);
    memcpy(claims->reported_tcb, report->reported_tcb.raw, sizeof claims->reported_tcb);
    claims->report_version = report->version;
    claims->vmpl = report->vmpl;
    claims->guest_policy = report->policy;
    claims->platform_info = report->platform_info;
}

void snp_appraise(const struct snp_evidence *evidence, const uint8_t *data,
                  const struct attest_policy *policy, int64_t now, struct verdict *v)
{
    struct context c = {.evidence = evidence, .policy = policy, .report_data = data, .now = now, .v = v};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const struct check *check = &checks[i];
        unsigned missing = check->needs & ~c.have;
        c.saw[0] = '\0';
        c.wanted[0] = '\0';
        bool passed = missing == 0 && check->holds(&c);
        (void)verdict_add(v, &check->rule, passed, c.wanted, "%s",
                          missing == 0 ? c.saw : what_is_missing(missing, c.have));
    }
    if ((c.have & HAVE_REPORT) != 0)
        claims_from(&c.report, &v->claims);
    chain_release(&c.chain);
}
