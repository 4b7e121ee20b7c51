/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware images as they should not be, and what the launch digest depends on. */
#include "crypto/crypto.h"
#include "launch/snp_digest.h"
#include "support/synthetic_ovmf.h"
#include "unit/test.h"

static struct synthetic_ovmf firmware;

static void a_sound_image_is_read(void **state)
{
    (void)state;
    struct ovmf f;
    synthetic_ovmf_init(&firmware);
    firmware.padding_entries = 3;
    assert_ok(ovmf_parse(synthetic_ovmf_build(&firmware), &f, NULL));
    assert_true(f.has_reset_eip);
    assert_int_equal(f.reset_eip, 0x80b004);
    assert_true(f.has_hash_table);
    assert_int_equal(f.hash_table_gpa, 0x810c00);
    assert_false(f.has_svsm);
    assert_int_equal(f.section_count, 5);
    assert_int_equal(f.sections[4].type, OVMF_SECTION_KERNEL_HASHES);
    assert_int_equal(f.sections[4].gpa, 0x810000);
    firmware.hash_table_gpa = 0;
    assert_ok(ovmf_parse(synthetic_ovmf_build(&firmware), &f, NULL));
    assert_false(f.has_hash_table);
}

#define CHANGE(name, statements)                                                                             \
    static void name(struct synthetic_ovmf *o)                                                               \
    {                                                                                                        \
        statements                                                                                           \
    }
CHANGE(no_table, o->no_table = true;)
CHANGE(table_too_long, o->table_size_off = SYNTHETIC_OVMF_SIZE;)
CHANGE(table_too_short, o->table_size_off = -5;)
CHANGE(entry_too_long, o->entry_size_off = 4096;)
CHANGE(entry_without_a_head, o->entry_size_off = -5;)
CHANGE(reset_block_twice, o->twice = true;)
CHANGE(reset_block_too_long, o->long_reset_block = true;)
CHANGE(too_many_entries, o->padding_entries = 62;)
CHANGE(metadata_outside, o->metadata_offset = SYNTHETIC_OVMF_SIZE + 1;)
CHANGE(metadata_at_the_end, o->metadata_offset = 15;)
CHANGE(metadata_of_another_kind, o->signature[0] = 'B';)
CHANGE(metadata_of_version_2, o->metadata_version = 2;)
CHANGE(metadata_size_wrong, o->metadata_size = 77;)
CHANGE(too_many_sections, o->section_count = OVMF_SECTIONS_MAX + 1;)
CHANGE(section_unknown, o->sections[1].type = 5;)
CHANGE(section_not_of_pages, o->sections[0].size = 0x1800;)
CHANGE(section_not_on_a_page, o->sections[0].gpa = 0x800800;)
CHANGE(section_empty, o->sections[2].size = 0;)
CHANGE(section_endless, o->sections[0].size = 0xfffff000;)

static void other_images_are_refused(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct synthetic_ovmf *o);
        enum err wanted;
    } table[] = {
        {no_table, ERR_UNKNOWN},
        {table_too_long, ERR_VALUE},
        {table_too_short, ERR_TRUNCATED},
        {entry_too_long, ERR_VALUE},
        {entry_without_a_head, ERR_VALUE},
        {reset_block_twice, ERR_VALUE},
        {reset_block_too_long, ERR_VALUE},
        {too_many_entries, ERR_TOO_LARGE},
        {metadata_outside, ERR_VALUE},
        {metadata_at_the_end, ERR_UNKNOWN},
        {metadata_of_another_kind, ERR_UNKNOWN},
        {metadata_of_version_2, ERR_UNKNOWN},
        {metadata_size_wrong, ERR_VALUE},
        {too_many_sections, ERR_VALUE},
        {section_unknown, ERR_UNKNOWN},
        {section_not_of_pages, ERR_VALUE},
        {section_not_on_a_page, ERR_VALUE},
        {section_empty, ERR_VALUE},
        {section_endless, ERR_VALUE},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        struct ovmf f;
        struct err_note note = {{0}};
        synthetic_ovmf_init(&firmware);
        table[i].change(&firmware);
        enum err e = ovmf_parse(synthetic_ovmf_build(&firmware), &f, &note);
        if (e != table[i].wanted)
            fail_msg("row %zu: %s (%s), wanted %s", i, err_name(e), note.text, err_name(table[i].wanted));
        assert_true(note.text[0] != '\0');
    }
}

/* The end of an image is what is left of it when its beginning is lost, which must not be read past. */
static void every_end_of_an_image_is_read_or_refused(void **state)
{
    (void)state;
    struct ovmf f;
    synthetic_ovmf_init(&firmware);
    struct bytes image = synthetic_ovmf_build(&firmware);
    for (size_t len = 0; len <= image.len; len++)
        (void)!ovmf_parse(bytes_of(image.ptr + image.len - len, len), &f, NULL);
    assert_err(ovmf_parse(bytes_of(image.ptr, 49), &f, NULL), ERR_TRUNCATED);
}

/* ---- the digest ---- */

static struct sev_kernel kernel = {.kernel = {1}, .initrd = {2}, .cmdline = "quiet"};

static struct snp_launch sound(void)
{
    return (struct snp_launch){.firmware = synthetic_ovmf_build(&firmware),
                               .kernel = &kernel,
                               .vcpus = 2,
                               .signature = 0xa10f10,
                               .features = 1};
}

static void everything_that_is_started_counts(void **state)
{
    (void)state;
    enum { WAYS = 9 };
    static struct synthetic_ovmf other;
    uint8_t digests[WAYS + 1][SNP_DIGEST_SIZE];
    synthetic_ovmf_init(&firmware);
    struct snp_launch launch = sound();
    assert_ok(snp_launch_digest(&launch, digests[0], NULL));
    for (int way = 1; way <= WAYS; way++) {
        struct sev_kernel changed = kernel;
        launch = sound();
        launch.kernel = &changed;
        other = firmware;
        if (way == 1)
            changed.kernel[31] ^= 1;
        else if (way == 2)
            changed.initrd[31] ^= 1;
        else if (way == 3)
            changed.cmdline = "quiet ";
        else if (way == 4)
            launch.vcpus++;
        else if (way == 5)
            launch.signature++;
        else if (way == 6)
            launch.features = 0x21;
        else if (way == 7)
            launch.kernel = NULL;
        else if (way == 8)
            other.image[0] ^= 1;
        else
            launch.hypervisor = VMSA_GCE;
        launch.firmware = bytes_of(other.image, sizeof other.image);
        assert_ok(snp_launch_digest(&launch, digests[way], NULL));
        for (int before = 0; before < way; before++)
            assert_memory_not_equal(digests[before], digests[way], SNP_DIGEST_SIZE);
    }
}

static void the_firmware_can_be_given_as_its_digest(void **state)
{
    (void)state;
    uint8_t whole[SNP_DIGEST_SIZE];
    uint8_t parts[SNP_DIGEST_SIZE];
    uint8_t of_firmware[SNP_DIGEST_SIZE];
    synthetic_ovmf_init(&firmware);
    struct snp_launch launch = sound();
    assert_ok(snp_launch_digest(&launch, whole, NULL));
    assert_ok(snp_firmware_digest(launch.firmware, of_firmware, NULL));
    launch.firmware = bytes_of(launch.firmware.ptr + OVMF_PAGE_SIZE, OVMF_PAGE_SIZE);
    launch.firmware_digest = of_firmware;
    assert_ok(snp_launch_digest(&launch, parts, NULL));
    assert_memory_equal(whole, parts, sizeof whole);
}

static void a_launch_that_cannot_be_is_refused(void **state)
{
    (void)state;
    static const uint8_t zeros[SNP_DIGEST_SIZE];
    uint8_t digest[SNP_DIGEST_SIZE];
    for (int way = 0; way < 9; way++) {
        struct err_note note = {{0}};
        synthetic_ovmf_init(&firmware);
        if (way == 0)
            firmware.hash_table_gpa = 0; /* a page for hashes that the table does not speak of */
        else if (way == 1)
            firmware.hash_table_gpa = 0x811c00; /* on another page */
        else if (way == 2)
            firmware.hash_table_gpa = 0x810f80; /* it would reach over the end */
        else if (way == 3)
            firmware.section_count--; /* no page for hashes */
        struct snp_launch launch = sound();
        if (way == 4)
            launch.vcpus = 0;
        else if (way == 5)
            launch.vcpus = SNP_VCPUS_MAX + 1;
        else if (way == 6)
            launch.firmware = bytes_of(launch.firmware.ptr + 1, launch.firmware.len - 1);
        else if (way == 7)
            launch.hypervisor = VMSA_SVSM;
        else if (way == 8)
            launch.svsm = launch.firmware;
        memset(digest, 1, sizeof digest);
        assert_err(snp_launch_digest(&launch, digest, &note), ERR_VALUE);
        assert_memory_equal(digest, zeros, sizeof digest);
        assert_true(note.text[0] != '\0');
    }
}

static void processor_models_have_signatures(void **state)
{
    (void)state;
    static const char *const unknown[] = {
        "", "epyc", "EPYC-v", "EPYC-v0", "EPYC-Genoa-v12", "EPYC-Genoa ", "EPYC-Venice"};
    uint32_t signature;
    assert_ok(snp_cpu_signature("EPYC", &signature));
    assert_int_equal(signature, 0x800f12);
    assert_ok(snp_cpu_signature("EPYC-Milan-v2", &signature));
    assert_int_equal(signature, 0xa00f11);
    assert_ok(snp_cpu_signature("EPYC-Genoa", &signature));
    assert_int_equal(signature, 0xa10f10);
    for (size_t i = 0; i < test_count(unknown); i++)
        assert_err(snp_cpu_signature(unknown[i], &signature), ERR_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_image_is_read),
        cmocka_unit_test(other_images_are_refused),
        cmocka_unit_test(every_end_of_an_image_is_read_or_refused),
        cmocka_unit_test(everything_that_is_started_counts),
        cmocka_unit_test(the_firmware_can_be_given_as_its_digest),
        cmocka_unit_test(a_launch_that_cannot_be_is_refused),
        cmocka_unit_test(processor_models_have_signatures),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
