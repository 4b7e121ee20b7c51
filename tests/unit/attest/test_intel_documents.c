/* SPDX-License-Identifier: Apache-2.0 */
/* TCB info and the quoting enclave's identity: every member is read, and each of them, one at a time, is left out, added to or made something else. */
#include <stdio.h>

#include "attest/qe_identity.h"
#include "attest/tcb_info.h"
#include "base/secret.h"
#include "unit/test.h"

enum { TEXT_MAX = 16 * 1024 };

#define HEX16 "000102030405060708090a0b0c0d0e0f"
#define HEX48 HEX16 HEX16 HEX16
#define HEAD                                                                                                 \
    "\"issueDate\":\"2025-06-19T10:16:03Z\",\"nextUpdate\":\"2025-07-19T10:16:03Z\","                        \
    "\"tcbEvaluationDataNumber\":17,"
#define STATUS_1 "\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"UpToDate\""
#define STATUS_2                                                                                             \
    "\"tcbDate\":\"2023-08-09T00:00:00Z\",\"tcbStatus\":\"OutOfDate\",\"advisoryIDs\":[\"INTEL-SA-00960\","  \
    "\"INTEL-SA-00982\"]"
#define ISV_LEVELS                                                                                           \
    "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":6}," STATUS_1 "},{\"tcb\":{\"isvsvn\":65535}," STATUS_2 "}]"

static char tcb_text[TEXT_MAX];
static const char qe_text[] =
    "{\"id\":\"TD_QE\",\"version\":2," HEAD
    "\"miscselect\":\"01000000\",\"miscselectMask\":\"FFFFFF02\",\"attributes\":\"" HEX16
    "\",\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"" HEX16 HEX16
    "\",\"isvprodid\":2," ISV_LEVELS "}";

static void tcb_text_make(void)
{
    size_t used = 0;
#define PUT(...) used += (size_t)snprintf(tcb_text + used, sizeof tcb_text - used, __VA_ARGS__)
    PUT("{\"id\":\"TDX\",\"version\":3," HEAD "\"fmspc\":\"00806F05000a\",\"pceId\":\"0102\",\"tcbType\":0,");
    PUT("\"tdxModule\":{\"mrsigner\":\"%s\",\"attributes\":\"0100000000000080\",\"attributesMask\":"
        "\"FFFFFFFFFFFFFF00\"},",
        HEX48);
    PUT("\"tdxModuleIdentities\":[");
    for (int i = 1; i <= 2; i++)
        PUT("%s{\"id\":\"TDX_0%d\",\"mrsigner\":\"%s\",\"attributes\":\"02000000000000%02d\","
            "\"attributesMask\":\"03000000000000ff\",%s}",
            i == 1 ? "" : ",", i, HEX48, i, ISV_LEVELS);
    PUT("],\"tcbLevels\":[");
    for (int level = 0; level < 2; level++) {
        PUT("%s{\"tcb\":{\"sgxtcbcomponents\":[", level == 0 ? "" : ",");
        for (int i = 0; i < 16; i++)
            PUT("%s{\"svn\":%d,\"category\":\"BIOS\",\"type\":\"Early Microcode Update\"}", i == 0 ? "" : ",",
                32 - i - level);
        PUT("],\"pcesvn\":%d,\"tdxtcbcomponents\":[", 11 - level);
        for (int i = 0; i < 16; i++)
            PUT("%s{\"svn\":%d}", i == 0 ? "" : ",", level == 0 && i == 15 ? 255 : i);
        PUT("]},%s}", level == 0 ? STATUS_1 : STATUS_2);
    }
    PUT("]}");
#undef PUT
}

/* ---- what is there is read ---- */

static void expect_isv_levels(const struct isv_levels *levels)
{
    assert_int_equal(levels->count, 2);
    assert_int_equal(levels->level[0].isv_svn, 6);
    assert_int_equal(levels->level[0].status, TCB_UP_TO_DATE);
    assert_int_equal(levels->level[0].date, 1710288000);
    assert_null(levels->level[0].advisories);
    assert_int_equal(levels->level[1].isv_svn, 65535);
    assert_int_equal(levels->level[1].status, TCB_OUT_OF_DATE);
    assert_int_equal(json_array_size(levels->level[1].advisories), 2);
}

static void every_member_of_the_tcb_info_is_read(void **state)
{
    (void)state;
    static struct tcb_info info;
    static const uint8_t counted[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    assert_ok(tcb_info_parse(bytes_str(tcb_text), &info, NULL));
    assert_int_equal(info.issue_date, 1750328163);
    assert_int_equal(info.next_update, 1752920163);
    assert_int_equal(info.evaluation_number, 17);
    assert_memory_equal(info.fmspc, "\x00\x80\x6f\x05\x00\x0a", 6);
    assert_memory_equal(info.pce_id, "\x01\x02", 2);
    assert_memory_equal(info.module.mrsigner + 32, counted, 16);
    assert_true(info.module.attributes == 0x8000000000000001);
    assert_true(info.module.attributes_mask == 0x00ffffffffffffff);
    assert_int_equal(info.module_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(bytes_is_str(info.modules[i].id, i == 0 ? "TDX_01" : "TDX_02"));
        assert_memory_equal(info.modules[i].mrsigner, counted, 16);
        assert_true(info.modules[i].attributes == (0x0000000000000002 | (uint64_t)(i + 1) << 56));
        assert_true(info.modules[i].attributes_mask == 0xff00000000000003);
        expect_isv_levels(&info.modules[i].levels);
    }
    assert_int_equal(info.level_count, 2);
    for (int level = 0; level < 2; level++) {
        for (int i = 0; i < 16; i++) {
            assert_int_equal(info.levels[level].sgx[i], 32 - i - level);
            assert_int_equal(info.levels[level].tdx[i], level == 0 && i == 15 ? 255 : i);
        }
        assert_int_equal(info.levels[level].pce_svn, 11 - level);
    }
    assert_int_equal(info.levels[0].status, TCB_UP_TO_DATE);
    assert_int_equal(info.levels[1].status, TCB_OUT_OF_DATE);
    assert_int_equal(info.levels[1].date, 1691539200);
    assert_int_equal(json_array_size(info.levels[1].advisories), 2);
    tcb_info_release(&info);
}

static void every_member_of_the_identity_is_read(void **state)
{
    (void)state;
    static struct qe_identity q;
    assert_ok(qe_identity_parse(bytes_str(qe_text), &q, NULL));
    assert_int_equal(q.issue_date, 1750328163);
    assert_int_equal(q.next_update, 1752920163);
    assert_int_equal(q.evaluation_number, 17);
    assert_int_equal(q.miscselect, 1);
    assert_true(q.miscselect_mask == 0x02ffffff);
    assert_memory_equal(q.attributes, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
    assert_memory_equal(q.attributes_mask, "\xfb\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0", 16);
    assert_memory_equal(q.mrsigner + 16, q.attributes, 16);
    assert_int_equal(q.isv_prod_id, 2);
    expect_isv_levels(&q.levels);
    qe_identity_release(&q);
}

/* ---- one thing changed ---- */

static bool is_identity;
static size_t tried;

static enum err parse(const json_t *doc)
{
    static struct tcb_info info;
    static struct qe_identity q;
    char *text = json_dumps(doc, JSON_COMPACT);
    enum err e;
    if (is_identity) {
        e = qe_identity_parse(bytes_str(text), &q, NULL);
        qe_identity_release(&q);
    } else {
        e = tcb_info_parse(bytes_str(text), &info, NULL);
        tcb_info_release(&info);
    }
    secret_free(text);
    tried++;
    return e;
}

static bool is_one_of(const char *key, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (strcmp(key, *keys) == 0)
            return true;
    return false;
}

/* Puts the value in the place of the member, sees what comes of it, and puts the member back. Takes value over. */
static enum err with(json_t *doc, json_t *object, const char *key, json_t *value)
{
    json_t *before = json_incref(json_object_get(object, key));
    assert_int_equal(json_object_set_new(object, key, value), 0);
    enum err e = parse(doc);
    assert_int_equal(json_object_set_new(object, key, before), 0);
    return e;
}

static enum err without(json_t *doc, json_t *object, const char *key)
{
    json_t *before = json_incref(json_object_get(object, key));
    assert_int_equal(json_object_del(object, key), 0);
    enum err e = parse(doc);
    assert_int_equal(json_object_set_new(object, key, before), 0);
    return e;
}

static void change_member(json_t *doc, json_t *object, const char *key, const json_t *value)
{
    static const char *const optional[] = {"advisoryIDs", "category", "type", "tdxModuleIdentities", NULL};
    static const char *const unread[] = {"category", "type", NULL};
    char text[256];
    if (without(doc, object, key) != (is_one_of(key, optional) ? ERR_OK : ERR_JSON))
        fail_msg("without %s", key);
    if (is_one_of(key, unread))
        return;
    if (with(doc, object, key, json_null()) == ERR_OK)
        fail_msg("%s null", key);
    if (json_is_string(value) && !(strcmp(key, "id") == 0 && object != doc)) { /* a module's name is free */
        (void)snprintf(text, sizeof text, "%s0", json_string_value(value));
        if (with(doc, object, key, json_string(text)) == ERR_OK)
            fail_msg("%s longer", key);
    }
    if (json_is_integer(value)) {
        if (with(doc, object, key, json_integer(-1)) != ERR_VALUE ||
            with(doc, object, key, json_integer(1LL << 40)) != ERR_VALUE)
            fail_msg("%s out of range", key);
    }
    if (json_is_array(value) && strcmp(key, "advisoryIDs") != 0 && strcmp(key, "tdxModuleIdentities") != 0 &&
        with(doc, object, key, json_array()) != ERR_VALUE)
        fail_msg("%s empty", key);
    if (json_is_array(value) && with(doc, object, key, json_pack("[n]")) == ERR_OK)
        fail_msg("%s of something else", key);
}

static void change_all(json_t *doc, json_t *node)
{
    if (json_is_array(node)) {
        for (size_t i = 0; i < json_array_size(node); i++)
            change_all(doc, json_array_get(node, i));
        return;
    }
    if (!json_is_object(node))
        return;
    json_t *keys = json_array();
    for (void *at = json_object_iter(node); at != NULL; at = json_object_iter_next(node, at))
        (void)json_array_append_new(keys, json_string(json_object_iter_key(at)));
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));
        change_member(doc, node, key, json_object_get(node, key));
        change_all(doc, json_object_get(node, key));
    }
    json_decref(keys);
    (void)json_object_set_new(node, "more", json_integer(1));
    assert_err(parse(doc), ERR_UNKNOWN);
    (void)json_object_del(node, "more");
}

static void each_member_counts(void **state)
{
    (void)state;
    const char *const texts[] = {tcb_text, qe_text};
    for (size_t i = 0; i < test_count(texts); i++) {
        json_t *doc;
        is_identity = i == 1;
        tried = 0;
        assert_ok(strict_json_parse(bytes_str(texts[i]), TEXT_MAX, &doc, NULL));
        assert_ok(parse(doc));
        change_all(doc, doc);
        assert_ok(parse(doc));
        assert_true(tried > (is_identity ? 60 : 300));
        json_decref(doc);
    }
}

static void what_is_no_document_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "[]", "1", "{}", "{\"id\":\"TDX\",\"id\":\"TDX\"}"};
    static struct tcb_info info;
    static struct qe_identity q;
    for (size_t i = 0; i < test_count(texts); i++) {
        assert_err(tcb_info_parse(bytes_str(texts[i]), &info, NULL), ERR_JSON);
        tcb_info_release(&info);
        assert_err(qe_identity_parse(bytes_str(texts[i]), &q, NULL), ERR_JSON);
        qe_identity_release(&q);
    }
}

/* As many modules and levels as there is room for, and one more. */
static void there_is_an_end_to_modules_and_levels(void **state)
{
    (void)state;
    static const char *const keys[] = {"tdxModuleIdentities", "tcbLevels"};
    static const size_t most[] = {TCB_INFO_MODULES_MAX, TCB_INFO_LEVELS_MAX};
    is_identity = false;
    for (size_t i = 0; i < test_count(keys); i++) {
        json_t *doc;
        assert_ok(strict_json_parse(bytes_str(tcb_text), TEXT_MAX, &doc, NULL));
        json_t *list = json_object_get(doc, keys[i]);
        while (json_array_size(list) < most[i])
            (void)json_array_append(list, json_array_get(list, 0));
        assert_ok(parse(doc));
        (void)json_array_append(list, json_array_get(list, 0));
        assert_err(parse(doc), ERR_VALUE);
        json_decref(doc);
    }
}

static void names_of_advisories_can_be_shown(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool good;
    } rows[] = {{"!", true},
                {"~", true},
                {"INTEL-SA-00960", true},
                {"1234567890123456789012345678901", true},
                {"12345678901234567890123456789012", false},
                {"", false},
                {" ", false},
                {"a b", false},
                {"a,b", false},
                {"\x7f", false},
                {"\xc3\xa9", false}};
    is_identity = true;
    for (size_t i = 0; i < test_count(rows); i++) {
        json_t *doc;
        assert_ok(strict_json_parse(bytes_str(qe_text), TEXT_MAX, &doc, NULL));
        json_t *level = json_array_get(json_object_get(doc, "tcbLevels"), 0);
        (void)json_object_set_new(level, "advisoryIDs", json_pack("[s,s]", "A", rows[i].name));
        assert_err(parse(doc), rows[i].good ? ERR_OK : ERR_VALUE);
        json_decref(doc);
    }
}

static void the_first_level_that_is_reached_counts(void **state)
{
    (void)state;
    static const struct isv_levels levels = {
        3, {{.isv_svn = 8, .status = TCB_UP_TO_DATE}, {.isv_svn = 5}, {.isv_svn = 2}}};
    for (uint16_t svn = 0; svn < 12; svn++) {
        const struct isv_level *level = isv_levels_match(&levels, svn);
        if (svn < 2)
            assert_null(level);
        else
            assert_ptr_equal(level, &levels.level[svn >= 8 ? 0 : svn >= 5 ? 1 : 2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_of_the_tcb_info_is_read),
        cmocka_unit_test(every_member_of_the_identity_is_read),
        cmocka_unit_test(each_member_counts),
        cmocka_unit_test(what_is_no_document_is_refused),
        cmocka_unit_test(there_is_an_end_to_modules_and_levels),
        cmocka_unit_test(names_of_advisories_can_be_shown),
        cmocka_unit_test(the_first_level_that_is_reached_counts),
    };
    tcb_text_make();
    strict_json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
