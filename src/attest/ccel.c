/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/ccel.h"

#include "attest/event_log.h"
#include "attest/tdx_quote.h"

static const struct verdict_rule rule_form = {"tdx.event_log.form",
                                              "The event log has the form of the TCG's specification",
                                              "Each event is for a register that there is, with a SHA-384 "
                                              "digest. TCG PC Client Platform Firmware Profile, "
                                              "section 10.2.2."};
static const struct verdict_rule rule_replay = {
    "tdx.event_log.replay", "The event log is what was measured",
    "Replayed, it gives the RTMRs of the quote: nobody signs the log itself."};

/* The first RTMR that the log does not explain; EVENT_LOG_RTMRS: none. */
static size_t first_difference(const struct event_log *log, const struct tdx_body *body, uint32_t outside)
{
    for (size_t i = 0; i < EVENT_LOG_RTMRS; i++)
        if ((outside >> i & 1) == 0 && memcmp(log->registers[i], body->rtmr[i], TDX_REGISTER_SIZE) != 0)
            return i;
    return EVENT_LOG_RTMRS;
}

void ccel_appraise(struct bytes event_log, struct bytes quote, uint32_t rtmrs_outside_log, struct verdict *v)
{
    struct event_log log;
    struct tdx_quote q;
    struct err_note note = {{0}};
    enum err e = event_log_replay(event_log, EVENT_LOG_RTMR, &log, &note);
    if (e == ERR_OK)
        (void)verdict_add(v, &rule_form, true, "", "%zu events", log.event_count);
    else
        (void)verdict_add(v, &rule_form, false, "", "%.190s", note.text);
    if (e != ERR_OK) {
        (void)verdict_add(v, &rule_replay, false, "", "not checked: the event log is malformed");
        return;
    }
    if (tdx_quote_parse(quote, &q, NULL) != ERR_OK) {
        (void)verdict_add(v, &rule_replay, false, "", "not checked: the quote is malformed");
        return;
    }
    size_t differs = first_difference(&log, &q.body, rtmrs_outside_log);
    if (differs == EVENT_LOG_RTMRS)
        (void)verdict_add(v, &rule_replay, true, "", "the RTMRs are those of the quote");
    else
        (void)verdict_add(v, &rule_replay, false, "the RTMRs of the quote", "RTMR%zu is another", differs);
}
