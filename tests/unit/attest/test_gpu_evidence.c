/* SPDX-License-Identifier: Apache-2.0 */
/* What NVIDIA's SDK collects: reports and certificates of GPUs in one JSON text. */
#include "attest/gpu_evidence.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/strict_json.h"
#include "unit/test.h"

/* How a report begins, and what only looks like certificates: nothing is taken apart here. */
#define REPORT "EeAB/w=="
#define CHAIN  "LS0tLS1CRUdJTg==" /* -----BEGIN */
#define ONE    "{\"evidence\":\"" REPORT "\",\"certificate\":\"" CHAIN "\"}"

static enum err open_text(const char *text, struct gpu_evidence *g, struct err_note *note)
{
    return gpu_evidence_open(bytes_str(text), g, note);
}

static void each_form_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
    } rows[] = {
        {"[" ONE "]", 1},
        {"[" ONE "," ONE "]", 2},
        {" \t\r\n[\n" ONE "\n]\n", 1},
        {ONE, 1},
        {"{\"nonce\":\"00\",\"arch\":\"HOPPER\",\"evidence_list\":[" ONE "," ONE "," ONE "]}", 3},
        {"[{\"arch\":\"HOPPER\",\"certificate\":\"" CHAIN "\",\"driver_version\":\"590.12\",\"evidence\":"
         "\"11e001ff\",\"nonce\":\"e9\",\"version\":\"1.0\"}]",
         1},
        {"[{\"attestationReportHexStr\":\"11e001ff\",\"certChainBase64Encoded\":\"" CHAIN "\"}]", 1},
        {"{\"nonce\":\"00\",\"arch\":\"x\",\"evidence\":[{\"attestationReportHexStr\":\"11E001FF\","
         "\"certChainBase64Encoded\":\"" CHAIN "\"}," ONE "]}",
         2},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct gpu_evidence g;
        assert_true(evidence_is_json(bytes_str(rows[i].text)));
        assert_ok(open_text(rows[i].text, &g, NULL));
        assert_int_equal(g.count, rows[i].count);
        for (size_t k = 0; k < g.count; k++) {
            assert_true(bytes_equal(g.reports[k].content, bytes_of("\x11\xe0\x01\xff", 4)));
            assert_true(bytes_is_str(g.certificates[k].content, "-----BEGIN"));
        }
        assert_int_equal(evidence_file_kind(bytes_str(rows[i].text)), EVIDENCE_GPU_EVIDENCE);
        gpu_evidence_release(&g);
        assert_int_equal(g.count, 0);
    }
}

static void certificates_may_stand_there_as_they_are(void **state)
{
    (void)state;
    struct gpu_evidence g;
    assert_ok(
        open_text("[{\"evidence\":\"" REPORT "\",\"certificate\":\"-----BEGIN A-----\\n\"}]", &g, NULL));
    assert_true(bytes_is_str(g.certificates[0].content, "-----BEGIN A-----\n"));
    gpu_evidence_release(&g);
}

static void other_documents_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err e;
    } rows[] = {
        {"[]", ERR_UNKNOWN},
        {"{}", ERR_UNKNOWN},
        {"{\"evidence_list\":[]}", ERR_UNKNOWN},
        {"{\"evidence_list\":{}}", ERR_UNKNOWN},
        {"{\"evidence\":\"" REPORT "\"}", ERR_UNKNOWN},
        {"{\"certificate\":\"" CHAIN "\"}", ERR_JSON},
        {"{\"evidence\":[]}", ERR_UNKNOWN},
        {"[{\"evidence\":1,\"attestationReportHexStr\":\"11e001ff\",\"certificate\":\"" CHAIN "\"}]",
         ERR_JSON},
        {"{\"tcbInfo\":{},\"signature\":\"\"}", ERR_UNKNOWN},
        {"{\"evidence\":[[\"a\",\"b\"]],\"endorsements\":[]}", ERR_JSON}, /* a bundle of ours */
        {"[1]", ERR_JSON},
        {"[[]]", ERR_JSON},
        {"[{}]", ERR_JSON},
        {"[{\"evidence\":\"" REPORT "\"}]", ERR_JSON},
        {"[{\"certificate\":\"" CHAIN "\"}]", ERR_JSON},
        {"[{\"evidence\":1,\"certificate\":\"" CHAIN "\"}]", ERR_JSON},
        {"[{\"evidence\":\"" REPORT "\",\"certificate\":null}]", ERR_JSON},
        {"[{\"evidence\":\"EeA=B\",\"certificate\":\"" CHAIN "\"}]", ERR_ENCODING},
        {"[{\"evidence\":\"" REPORT "\",\"certificate\":\"LS0=t\"}]", ERR_ENCODING},
        {"[" ONE ",1]", ERR_JSON},
        {"[" ONE, ERR_JSON},
        {"[" ONE "]x", ERR_JSON},
        {"[{\"evidence\":\"" REPORT "\",\"evidence\":\"" REPORT "\",\"certificate\":\"" CHAIN "\"}]",
         ERR_JSON},
        {"x", ERR_JSON},
        {"", ERR_JSON},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct gpu_evidence g;
        struct err_note note = {{0}};
        if (open_text(rows[i].text, &g, &note) != rows[i].e)
            fail_msg("%s: %s", rows[i].text, note.text);
        assert_int_equal(g.count, 0);
        assert_null(g.doc);
        assert_int_not_equal(evidence_file_kind(bytes_str(rows[i].text)), EVIDENCE_GPU_EVIDENCE);
    }
}

static void only_json_begins_as_json(void **state)
{
    (void)state;
    static const char *const others[] = {"", " ", "x", "\x11\xe0", "\"", "11e001ff", "\v["};
    for (size_t i = 0; i < test_count(others); i++)
        assert_false(evidence_is_json(bytes_str(others[i])));
    assert_true(evidence_is_json(bytes_str("[")));
    assert_true(evidence_is_json(bytes_str("\n{")));
}

static void there_is_an_end_to_gpus(void **state)
{
    (void)state;
    static char text[(NVGPU_GPUS_MAX + 1) * sizeof ONE + 8];
    for (size_t n = NVGPU_GPUS_MAX; n <= NVGPU_GPUS_MAX + 1; n++) {
        struct gpu_evidence g;
        size_t used = 0;
        for (size_t i = 0; i < n; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%c%s", i == 0 ? '[' : ',', ONE);
        (void)snprintf(text + used, sizeof text - used, "]");
        enum err e = open_text(text, &g, NULL);
        assert_err(e, n <= NVGPU_GPUS_MAX ? ERR_OK : ERR_TOO_LARGE);
        if (e == ERR_OK)
            gpu_evidence_release(&g);
    }
    static char large[EVIDENCE_FILE_MAX + 1];
    struct gpu_evidence g;
    memset(large, ' ', sizeof large);
    assert_err(gpu_evidence_open(bytes_of(large, sizeof large), &g, NULL), ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_read),
        cmocka_unit_test(certificates_may_stand_there_as_they_are),
        cmocka_unit_test(other_documents_are_refused),
        cmocka_unit_test(only_json_begins_as_json),
        cmocka_unit_test(there_is_an_end_to_gpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
