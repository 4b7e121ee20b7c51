/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured of SMBIOS. Each case is a table, and the same as a firmware leaves it before it is hashed. tests/boot/test_firmware.py holds it against a real
 * firmware's event log.
 */
#include "launch/smbios.h"

#include "crypto/crypto.h"
#include "unit/test.h"

#define END "\x7f\4\0\0\0\0"

static struct bytes table_of(const char *text, size_t size)
{
    return bytes_of(text, size - 1);
}
#define TABLE(text) table_of(text, sizeof(text))

static void check(struct bytes table, struct bytes left, const uint8_t *processor_id)
{
    uint8_t digest[LAUNCH_REGISTER_SIZE];
    uint8_t wanted[LAUNCH_REGISTER_SIZE];
    struct err_note note = {{0}};
    enum err e = smbios_digest(table, processor_id, digest, &note);
    if (e != ERR_OK)
        print_message("%s\n", note.text);
    assert_ok(e);
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &left, 1, wanted));
    assert_memory_equal(digest, wanted, sizeof wanted);
}

/* 16 bytes of a UUID, and none. */
#define UUID  "0123456789abcdef"
#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static void what_is_one_machines_own_is_blotted_out(void **state)
{
    (void)state;
    /* type 1: maker, product, version, serial number, UUID, what woke it, SKU, family */
    check(TABLE("\1\x1b\0\1\1\2\3\4" UUID "\6\0\0QEMU\0PC\0pc-q35\0S-12345\0\0" END),
          TABLE("\1\x1b\0\1\1\2\3\0" ZEROS "\0\0\0QEMU\0PC\0pc-q35\0       \0\0" END), NULL);
    /* one that is too short for what comes later in it */
    check(TABLE("\1\x8\0\1\1\2\3\4A\0B\0C\0D\0\0" END), TABLE("\1\x8\0\1\1\2\3\0A\0B\0C\0 \0\0" END), NULL);
    /* no serial number */
    check(TABLE("\1\x8\0\1\1\2\3\0A\0B\0C\0\0" END), TABLE("\1\x8\0\1\1\2\3\0A\0B\0C\0\0" END), NULL);
    /* type 16 counts whole */
    check(TABLE("\x10\7\0\x10\1\2\3\0\0" END), TABLE("\x10\7\0\x10\1\2\3\0\0" END), NULL);
    /* of OEM strings, and of whatever a vendor made up, nothing counts but that they are there */
    check(TABLE("\x0b\5\0\1\1secret\0\0\x80\6\7\7xyt\0\0" END),
          TABLE("\x0b\5\0\1\0\0\0\0\0\0\0\0\0\x80\6\7\7\0\0\0\0\0" END), NULL);
    /* what stands behind is no part of it */
    check(TABLE(END "\0\0\0\0\0"), TABLE(END), NULL);
}

/* The structure of a processor up to its threads; the family is at 8. */
#define PROCESSOR(id, serial, voltage, speed, cores, text)                                                   \
    "\4\x2a\0\4\1\3\1\2" id "\1" voltage "\0\0\xd0\7" speed "\x41\1\xff\xff\xff\xff\xff\xff" serial          \
    "\0\0" cores "\2\0\1\0CPU 0\0QEMU\0" text "\0\0"

static void a_processor_says_which_it_is(void **state)
{
    (void)state;
    static const uint8_t sapphire_rapids[] = "\xf8\6\x0c\0\xff\xfb\x8b\x0f";
    static const uint8_t diamond_rapids[] = "\x10\x0f\x40\0\xff\xfb\x8b\x0f"; /* family 19 */
    static const char emulated[] =
        PROCESSOR("\xb1\x0f\6\0\xfd\xfb\x8b\x07", "\3", "\x8b", "\xd0\7", "\4\4\4", "serial") END;
    static const char real[] =
        PROCESSOR("\xf8\6\x0c\0\xff\xfb\x8b\x0f", "\0", "\0", "\0\0", "\0\0\0", "      ") END;
    static const char newer[] =
        PROCESSOR("\x10\x0f\x40\0\xff\xfb\x8b\x0f", "\0", "\0", "\0\0", "\0\0\0", "      ") END;
    uint8_t digest[LAUNCH_REGISTER_SIZE];
    struct err_note note = {{0}};
    check(TABLE(emulated), TABLE(real), sapphire_rapids);
    check(TABLE(emulated), TABLE(newer), diamond_rapids);
    check(TABLE(real), TABLE(real), NULL);
    /* QEMU's other emulated one: family 6, of long ago */
    assert_err(smbios_digest(TABLE(emulated), (const uint8_t *)"\x63\6\0\0\xfd\xfb\xcb\x0f", digest, &note),
               ERR_VALUE);
    /* An emulated processor has no TDX, so this is not what a TD's firmware saw. */
    assert_err(smbios_digest(TABLE(emulated), NULL, digest, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "0x00060fb1"));
    assert_err(
        smbios_digest(TABLE("\4\x0f\0\4\1\3\1\2\xf8\6\x0c\0\xff\xfb\x8b\0\0" END), NULL, digest, &note),
        ERR_VALUE);
}

static void other_tables_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        enum err wanted;
    } cases[] = {
#define CASE(text, wanted) {text, sizeof(text) - 1, wanted}
        CASE("", ERR_TRUNCATED),
        CASE("\x7f", ERR_TRUNCATED),
        CASE("\x7f\4\0\0\0", ERR_TRUNCATED),
        CASE("\x7f\3\0\0\0\0", ERR_VALUE),
        CASE("\x7f\4\0\0\0\1", ERR_NOT_ZERO),
        CASE("\x10\7\0\x10\1\2\3\0\0", ERR_TRUNCATED),           /* no end */
        CASE("\x10\xff\0\x10\1\2\3\0\0" END, ERR_TRUNCATED),     /* longer than all there is */
        CASE("\x10\7\0\x10\1\2\3text\0more" END, ERR_TRUNCATED), /* texts without an end */
        CASE("\1\x8\0\1\1\2\3\4A\0B\0C\0\0" END, ERR_VALUE),     /* names a fourth of three texts */
        CASE("\1\x8\0\1\1\2\3\4\0\0" END, ERR_VALUE),            /* and of none */
        CASE(END "\0\0\1", ERR_NOT_ZERO),
#undef CASE
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        uint8_t digest[LAUNCH_REGISTER_SIZE];
        struct err_note note = {{0}};
        print_message("case %zu\n", i);
        assert_err(smbios_digest(bytes_of(cases[i].text, cases[i].size), NULL, digest, &note),
                   cases[i].wanted);
        assert_int_not_equal(note.text[0], '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_one_machines_own_is_blotted_out),
        cmocka_unit_test(a_processor_says_which_it_is),
        cmocka_unit_test(other_tables_are_refused),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
