/* SPDX-License-Identifier: Apache-2.0 */
/* What does the TPM say? The quote, the registers, and the VM's configuration. */
#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"

#include "attest/vtpm_internal.h"

static bool bit(uint32_t value, unsigned n)
{
    return (value >> n & 1) != 0;
}

/* ---- the quote ---- */

bool vtpm_quote_magic(struct vtpm_context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = tpm_quote_header_parse(c->evidence->quote, &c->quote, &note);
    if (e != ERR_OK)
        return check_saw_error(&c->answer, e, &note);
    c->have |= VTPM_HAVE_HEADER;
    check_saw(&c->answer, "0x%x", c->quote.magic);
    check_wanted(&c->answer, "0x%x", TPM_QUOTE_MAGIC);
    return c->quote.magic == TPM_QUOTE_MAGIC;
}

bool vtpm_quote_type(struct vtpm_context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "0x%x", c->quote.type);
    check_wanted(&c->answer, "0x%x", TPM_QUOTE_TYPE);
    return c->quote.type == TPM_QUOTE_TYPE;
}

/* Only what was read as a quote is one: magic and type are asked above, each by itself, and need no second answer here. */
bool vtpm_quote_form(struct vtpm_context *c, unsigned which)
{
    (void)which;
    struct err_note note = {{0}};
    enum err e = tpm_quote_parse(c->evidence->quote, &c->quote, &note);
    if (e == ERR_OK)
        c->have |= VTPM_HAVE_QUOTE;
    return check_saw_error(&c->answer, e, &note);
}

bool vtpm_signature_form(struct vtpm_context *c, unsigned which)
{
    enum { OCTET_BITS = 8 };
    (void)which;
    struct err_note note = {{0}};
    size_t key_size = (crypto_public_key_bits(c->ak) + OCTET_BITS - 1) / OCTET_BITS;
    enum err e = tpm_signature_parse(c->evidence->signature, key_size, &c->signature, &note);
    if (e == ERR_OK)
        c->have |= VTPM_HAVE_SIGNATURE;
    return check_saw_error(&c->answer, e, &note);
}

bool vtpm_signature(struct vtpm_context *c, unsigned which)
{
    (void)which;
    enum err e = crypto_rsa_pkcs1_verify(c->ak, CRYPTO_SHA256, c->quote.attest, c->signature);
    check_saw(&c->answer, "%s", e == ERR_OK ? "valid" : err_text(e));
    return e == ERR_OK;
}

bool vtpm_nonce(struct vtpm_context *c, unsigned which)
{
    (void)which;
    if (c->nonce.len == 0 || c->nonce.len > TPM_NONCE_MAX) {
        check_saw(&c->answer, "not compared: it is not known what it should be");
        return false;
    }
    if (c->quote.extra_data.len > TPM_NONCE_MAX) {
        check_saw(&c->answer, "%zu bytes", c->quote.extra_data.len);
        return false;
    }
    check_saw_bytes(&c->answer, c->quote.extra_data, c->nonce);
    return c->quote.extra_data.len == c->nonce.len &&
           secret_equal(c->quote.extra_data.ptr, c->nonce.ptr, c->nonce.len);
}

/* ---- registers ---- */

/* One bank, and in it what was asked for: neither more nor less. A quote of no PCR at all is signed as well (CVE-2022-0317). */
bool vtpm_pcr_selection(struct vtpm_context *c, unsigned which)
{
    const struct tpm_quote *q = &c->quote;
    (void)which;
    check_wanted(&c->answer, "SHA-256: 0x%06x", c->policy->pcrs);
    if (q->selection_count != 1) {
        check_saw(&c->answer, "%zu banks", q->selection_count);
        return false;
    }
    check_saw(&c->answer, "%s: 0x%06x", q->selections[0].hash == TPM_ALG_SHA256 ? "SHA-256" : "another bank",
              q->selections[0].pcrs);
    return q->selections[0].hash == TPM_ALG_SHA256 && q->selections[0].pcrs == c->policy->pcrs &&
           c->policy->pcrs != 0;
}

/* As many values as are quoted: they are given out to the registers in their order. */
bool vtpm_pcr_values(struct vtpm_context *c, unsigned which)
{
    uint32_t pcrs = c->quote.selection_count == 0 ? 0 : c->quote.selections[0].pcrs;
    struct reader r = reader_over(c->evidence->pcr_values);
    size_t count = 0;
    (void)which;
    for (unsigned i = 0; i < TPM_PCR_COUNT; i++) {
        if (bit(pcrs, i)) {
            reader_copy(&r, c->pcr_values[i], TPM_PCR_SIZE);
            count++;
        }
    }
    check_saw(&c->answer, "%zu bytes", c->evidence->pcr_values.len);
    check_wanted(&c->answer, "%zu", count * TPM_PCR_SIZE);
    if (pcrs >> TPM_PCR_COUNT != 0 || count == 0 || reader_finish(&r) != ERR_OK)
        return false;
    c->pcrs = pcrs;
    c->have |= VTPM_HAVE_PCRS;
    return true;
}

/* TPM 2.0 Part 3, TPM2_Quote: with the hash of the signing scheme, over the values in their order. */
bool vtpm_pcr_digest(struct vtpm_context *c, unsigned which)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    (void)which;
    if (crypto_hash_parts(CRYPTO_SHA256, &c->evidence->pcr_values, 1, digest) != ERR_OK)
        return false;
    check_saw_bytes(&c->answer, c->quote.digest, bytes_of(digest, sizeof digest));
    return bytes_equal(c->quote.digest, bytes_of(digest, sizeof digest));
}

static bool is_listed(const uint8_t value[static TPM_PCR_SIZE], const struct vtpm_references *references)
{
    for (size_t i = 0; i < references->count; i++)
        if (memcmp(value, references->values[i], TPM_PCR_SIZE) == 0)
            return true;
    return false;
}

bool vtpm_pcr_references(struct vtpm_context *c, unsigned which)
{
    uint32_t compared = 0;
    (void)which;
    for (unsigned i = 0; i < TPM_PCR_COUNT; i++) {
        const struct vtpm_references *references = &c->policy->references[i];
        if (references->count == 0)
            continue;
        check_wanted(&c->answer, "one of %zu reference values for PCR %u", references->count, i);
        if (!bit(c->pcrs, i)) {
            check_saw(&c->answer, "PCR %u is not quoted", i);
            return false;
        }
        if (!is_listed(c->pcr_values[i], references)) {
            char hex[ENCODING_HEX_SIZE(TPM_PCR_SIZE)];
            encoding_hex(bytes_of(c->pcr_values[i], TPM_PCR_SIZE), hex);
            check_saw(&c->answer, "PCR %u: %s", i, hex);
            return false;
        }
        compared |= 1U << i;
    }
    check_saw(&c->answer, "0x%06x match, 0x%06x not compared", compared, c->pcrs & ~compared);
    check_wanted(&c->answer, "%s", compared == 0 ? "there is no reference value" : "");
    return compared != 0;
}

bool vtpm_event_log(struct vtpm_context *c, unsigned which)
{
    static const struct event_log none;
    struct event_log log = none;
    struct err_note note = {{0}};
    (void)which;
    if (c->evidence->event_log.len == 0) {
        check_saw(&c->answer, "not replayed: there is no event log");
        return !c->policy->require_event_log;
    }
    enum err e = event_log_replay(c->evidence->event_log, EVENT_LOG_PCRS, &log, &note);
    if (e != ERR_OK)
        return check_saw_error(&c->answer, e, &note);
    for (unsigned i = 0; i < TPM_PCR_COUNT; i++) {
        if (!bit(c->pcrs & ~c->policy->pcrs_outside_log, i) ||
            memcmp(log.registers[i], c->pcr_values[i], TPM_PCR_SIZE) == 0)
            continue;
        check_saw(&c->answer, "PCR %u is another", i);
        check_wanted(&c->answer, "what %zu events give", log.event_count);
        return false;
    }
    c->log_replayed = true;
    check_saw(&c->answer, "%zu events", log.event_count);
    return true;
}

/* ---- the clock: Part 1, section 36 ---- */

bool vtpm_clock_safe(struct vtpm_context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "%s", c->quote.safe ? "safe" : "the clock may have been set back");
    return c->quote.safe;
}

bool vtpm_clock_reset(struct vtpm_context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "%u", c->quote.reset_count);
    if (!c->policy->fixed_reset_count)
        return true;
    check_wanted(&c->answer, "%u", c->policy->reset_count);
    return c->quote.reset_count == c->policy->reset_count;
}

bool vtpm_clock_restart(struct vtpm_context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "%u", c->quote.restart_count);
    check_wanted(&c->answer, "at most %u", c->policy->restart_count_max);
    return c->quote.restart_count <= c->policy->restart_count_max;
}

/* ---- the VM's configuration ---- */

enum policy_rule vtpm_switch_default(unsigned which)
{
    static const enum policy_rule defaults[HCL_SWITCH_COUNT] = {
        [HCL_SECURE_BOOT] = POLICY_REQUIRE,          [HCL_TPM_ENABLED] = POLICY_REQUIRE,
        [HCL_CONSOLE_ENABLED] = POLICY_FORBID,       [HCL_INTERACTIVE_CONSOLE_ENABLED] = POLICY_FORBID,
        [HCL_IPMI_ENABLED] = POLICY_FORBID,          [HCL_TPM_PERSISTED] = POLICY_ANY,
        [HCL_FILTERED_DEVICES_ALLOWED] = POLICY_ANY,
    };
    return defaults[which];
}

/* which: enum hcl_switch. What is required must be stated; what is forbidden may be left out by paravisors that do not know of it. */
bool vtpm_switch(struct vtpm_context *c, unsigned which)
{
    static const char *const settings[] = {
        [HCL_NOT_STATED] = "not stated", [HCL_OFF] = "off", [HCL_ON] = "on"};
    enum policy_rule rule = c->policy->switches[which];
    enum hcl_setting setting = c->runtime.switches[which];
    rule = rule == POLICY_DEFAULT ? vtpm_switch_default(which) : rule;
    check_saw(&c->answer, "%s", settings[setting]);
    check_wanted(&c->answer, "%s", rule == POLICY_REQUIRE ? "on" : rule == POLICY_FORBID ? "off" : "either");
    if (rule == POLICY_REQUIRE)
        return setting == HCL_ON;
    return rule == POLICY_ANY || setting != HCL_ON;
}

bool vtpm_user_data(struct vtpm_context *c, unsigned which)
{
    const struct bytes seen = bytes_of(c->runtime.user_data, c->runtime.user_data_len);
    (void)which;
    if (c->policy->user_data == NULL) {
        check_saw(&c->answer, "not compared: no reference value");
        return true;
    }
    check_saw_bytes(&c->answer, seen, bytes_of(c->policy->user_data, HCL_USER_DATA_SIZE));
    return bytes_equal(seen, bytes_of(c->policy->user_data, HCL_USER_DATA_SIZE));
}
