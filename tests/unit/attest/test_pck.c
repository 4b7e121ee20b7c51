/* SPDX-License-Identifier: Apache-2.0 */
/* What Intel writes in a PCK certificate about the platform: read whole, in its order, and nothing else. */
#include "attest/pck.h"
#include "support/synthetic_der.h"
#include "unit/test.h"

enum { VALUE_MAX = 2048, MEMBERS = 7, COMPONENTS = 16, TCB_MEMBERS = 18, SETTINGS = 3, ARC_SIZE = 9 };

static const uint8_t arc[ARC_SIZE] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

/* Where one element too many stands, or a wrong one. */
enum place {
    NOWHERE,
    IN_MEMBER,
    IN_TCB_ITEM,
    IN_TCB,
    IN_SETTING,
    IN_CONFIGURATION,
    IN_LIST,
    BEHIND_LIST,
    LONG_OID,
    LONG_TCB_OID,
    WRONG_ARC,
    WRONG_TCB_ARC,
    WRONG_BOOL,
    LONG_TYPE
};

static struct shape {
    uint8_t members[MEMBERS + 1]; /* 0 ends */
    uint8_t tcb[TCB_MEMBERS + 1];
    uint8_t settings[SETTINGS + 1];
    size_t ppid_size, pce_id_size, fmspc_size, instance_size, cpu_svn_size;
    int type;
    enum place place;
} shape;

static const struct shape sound = {{1, 2, 3, 4, 5, 6, 7},
                                   {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18},
                                   {1, 2, 3},
                                   16,
                                   2,
                                   6,
                                   16,
                                   16,
                                   1,
                                   NOWHERE};

static void put_tail(struct writer *w, enum place place)
{
    if (shape.place == place)
        synthetic_put(w, 0x05, "", 0);
}

static void put_oid(struct writer *w, uint8_t parent, uint8_t number)
{
    size_t at = synthetic_begin(w, 0x06);
    writer_bytes(w, bytes_of(arc, ARC_SIZE - 1));
    writer_u8(w, shape.place == WRONG_ARC ? 2 : 1);
    if (parent != 0)
        writer_u8(w, shape.place == WRONG_TCB_ARC ? 3 : parent);
    writer_u8(w, number);
    writer_zeros(w, shape.place == (parent != 0 ? LONG_TCB_OID : LONG_OID));
    synthetic_end(w, at);
}

static void put_octets(struct writer *w, uint8_t value, size_t size)
{
    uint8_t octets[32];
    memset(octets, value, sizeof octets);
    synthetic_put(w, 0x04, octets, size);
}

static void put_tcb(struct writer *w)
{
    size_t list = synthetic_begin(w, 0x30);
    for (const uint8_t *number = shape.tcb; *number != 0; number++) {
        size_t item = synthetic_begin(w, 0x30);
        put_oid(w, 2, *number);
        if (*number <= COMPONENTS)
            synthetic_put_uint8(w, *number);
        else if (*number == COMPONENTS + 1)
            synthetic_put(w, 0x02, "\x01\x02", 2);
        else
            put_octets(w, 9, shape.cpu_svn_size);
        put_tail(w, IN_TCB_ITEM);
        synthetic_end(w, item);
    }
    put_tail(w, IN_TCB);
    synthetic_end(w, list);
}

static void put_configuration(struct writer *w)
{
    size_t list = synthetic_begin(w, 0x30);
    for (const uint8_t *number = shape.settings; *number != 0; number++) {
        size_t item = synthetic_begin(w, 0x30);
        put_oid(w, 7, *number);
        synthetic_put(w, 0x01, shape.place == WRONG_BOOL ? "\x01" : "\xff", 1);
        put_tail(w, IN_SETTING);
        synthetic_end(w, item);
    }
    put_tail(w, IN_CONFIGURATION);
    synthetic_end(w, list);
}

static void put_value(struct writer *w, uint8_t number)
{
    const uint8_t type[] = {(uint8_t)shape.type, 0};
    switch (number) {
    case 1:
        put_octets(w, 0x11, shape.ppid_size);
        break;
    case 2:
        put_tcb(w);
        break;
    case 3:
        put_octets(w, 0x33, shape.pce_id_size);
        break;
    case 4:
        put_octets(w, 0x44, shape.fmspc_size);
        break;
    case 5:
        synthetic_put(w, 0x0a, type, shape.place == LONG_TYPE ? 2 : 1);
        break;
    case 6:
        put_octets(w, 0x66, shape.instance_size);
        break;
    default:
        put_configuration(w);
    }
}

static enum err parse(struct pck *pck, struct err_note *note)
{
    static uint8_t value[VALUE_MAX];
    struct writer w = writer_into(value, sizeof value);
    struct x509 cert = {.extension_count = 1};
    size_t list = synthetic_begin(&w, 0x30);
    for (const uint8_t *number = shape.members; *number != 0; number++) {
        size_t item = synthetic_begin(&w, 0x30);
        put_oid(&w, 0, *number);
        put_value(&w, *number);
        put_tail(&w, IN_MEMBER);
        synthetic_end(&w, item);
    }
    put_tail(&w, IN_LIST);
    synthetic_end(&w, list);
    put_tail(&w, BEHIND_LIST);
    assert_false(w.failed);
    cert.extensions[0] =
        (struct der_extension){.oid = bytes_of(arc, ARC_SIZE), .value = bytes_of(value, w.used)};
    return pck_parse(&cert, pck, note);
}

static void the_platform_is_read(void **state)
{
    (void)state;
    struct pck pck;
    struct err_note note;
    static const uint8_t ppid[16] = {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                     0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11};
    shape = sound;
    assert_ok(parse(&pck, &note));
    assert_memory_equal(pck.ppid, ppid, sizeof ppid);
    for (size_t i = 0; i < COMPONENTS; i++)
        assert_int_equal(pck.component[i], i + 1);
    assert_int_equal(pck.pce_svn, 0x102);
    assert_int_equal(pck.cpu_svn[15], 9);
    assert_memory_equal(pck.pce_id, "\x33\x33", 2);
    assert_memory_equal(pck.fmspc, "\x44\x44\x44\x44\x44\x44", 6);
}

/* Of one package: neither instance nor configuration; and each of them may be there alone, or say less. */
static void what_may_be_left_out_is(void **state)
{
    (void)state;
    struct pck pck;
    static const uint8_t members[][MEMBERS + 1] = {
        {1, 2, 3, 4, 5}, {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 7}, {1, 2, 3, 4, 5, 6, 7}};
    static const uint8_t settings[][SETTINGS + 1] = {{0}, {1}, {2}, {3}, {1, 3}, {1, 2, 3}};
    for (size_t m = 0; m < test_count(members); m++) {
        for (size_t i = 0; i < test_count(settings); i++) {
            shape = sound;
            memcpy(shape.members, members[m], sizeof members[m]);
            memcpy(shape.settings, settings[i], sizeof settings[i]);
            for (shape.type = 0; shape.type <= 2; shape.type++)
                assert_ok(parse(&pck, NULL));
        }
    }
}

static void members_have_their_order(void **state)
{
    (void)state;
    struct pck pck;
    static const uint8_t members[][MEMBERS + 1] = {{0},
                                                   {1, 2, 3, 4},
                                                   {2, 3, 4, 5},
                                                   {1, 3, 4, 5},
                                                   {1, 2, 4, 5},
                                                   {1, 1, 2, 3, 4, 5},
                                                   {1, 2, 3, 4, 5, 5},
                                                   {1, 2, 3, 4, 5, 7, 6},
                                                   {1, 2, 3, 4, 5, 6, 6},
                                                   {1, 2, 3, 4, 5, 7, 7},
                                                   {2, 1, 3, 4, 5},
                                                   {1, 2, 3, 4, 5, 6, 8},
                                                   {1, 2, 3, 4, 6}};
    static const uint8_t settings[][SETTINGS + 1] = {{2, 1}, {1, 1}, {3, 3}, {4}, {1, 4}, {3, 2}};
    for (size_t i = 0; i < test_count(members); i++) {
        shape = sound;
        memcpy(shape.members, members[i], sizeof members[i]);
        if (parse(&pck, NULL) != ERR_CERTIFICATE)
            fail_msg("members, row %zu", i);
    }
    for (size_t i = 0; i < test_count(settings); i++) {
        shape = sound;
        memcpy(shape.settings, settings[i], sizeof settings[i]);
        if (parse(&pck, NULL) != ERR_CERTIFICATE)
            fail_msg("settings, row %zu", i);
    }
    for (size_t i = 0; i < TCB_MEMBERS;
         i++) { /* two of the TCB's in each other's place; one missing; one twice */
        shape = sound;
        shape.tcb[i] = sound.tcb[(i + 1) % TCB_MEMBERS];
        assert_err(parse(&pck, NULL), ERR_CERTIFICATE);
        shape.tcb[(i + 1) % TCB_MEMBERS] = sound.tcb[i];
        assert_err(parse(&pck, NULL), ERR_CERTIFICATE);
        shape = sound;
        memmove(shape.tcb + i, sound.tcb + i + 1, TCB_MEMBERS - i);
        assert_err(parse(&pck, NULL), ERR_CERTIFICATE);
    }
}

static void nothing_stands_where_nothing_belongs(void **state)
{
    (void)state;
    struct pck pck;
    for (int place = IN_MEMBER; place <= LONG_TYPE; place++) {
        shape = sound;
        shape.place = (enum place)place;
        if (parse(&pck, NULL) != ERR_CERTIFICATE)
            fail_msg("place %d", place);
    }
}

static void sizes_are_exact(void **state)
{
    (void)state;
    struct pck pck;
    size_t *const sizes[] = {&shape.ppid_size, &shape.pce_id_size, &shape.fmspc_size, &shape.instance_size,
                             &shape.cpu_svn_size};
    for (size_t i = 0; i < test_count(sizes); i++) {
        for (int off = -1; off <= 1; off += 2) {
            shape = sound;
            *sizes[i] += (size_t)off;
            assert_err(parse(&pck, NULL), ERR_CERTIFICATE);
        }
    }
    shape = sound;
    shape.type = 3;
    assert_err(parse(&pck, NULL), ERR_CERTIFICATE);
}

static void the_note_says_how_far_it_was_read(void **state)
{
    (void)state;
    struct pck pck;
    struct err_note note;
    const struct x509 none = {0};
    shape = sound;
    shape.fmspc_size = 5;
    assert_err(parse(&pck, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "extension 1.2.840.113741.1.13.1: malformed after member 4");
    assert_err(pck_parse(&none, &pck, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the leaf has no extension 1.2.840.113741.1.13.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_platform_is_read),     cmocka_unit_test(what_may_be_left_out_is),
        cmocka_unit_test(members_have_their_order), cmocka_unit_test(nothing_stands_where_nothing_belongs),
        cmocka_unit_test(sizes_are_exact),          cmocka_unit_test(the_note_says_how_far_it_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
