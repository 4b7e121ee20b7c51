/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDX registers against what real machines reported. The numbers are those of a TD on production hardware (Intel Xeon, 4 GiB, OVMF of edk2 before
 * 2025.05, QEMU 8), whose event log and registers its owner published with a quote (dstack's "tcb_info"); each digest was made by firmware and kernel, and
 * the registers by the TDX module. The firmware itself is not needed: memory layout and variables are edk2's, and MRTD is not among what is compared.
 */
#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/writer.h"
#include "launch/acpi.h"
#include "launch/pe_digest.h"
#include "launch/tdx_digest.h"
#include "support/synthetic_tdvf.h"
#include "unit/test.h"

static const uint64_t gib = 1ULL << 30;

static const struct {
    unsigned rtmr;
    const char *name;
    const char *digest;
} published[] = {
    {0, "TD HOB",
     "02a008e63d55a77823c04a5513a5810d4e592dc41bf2596267c09eae5d4b4e3b329ae614973fb192297d8833d37a08fd"},
    {0, "configuration volume",
     "344bc51c980ba621aaa00da3ed7436f7d6e549197dfe699515dfa2c6583d95e6412af21c097d473155875ffd561d6790"},
    {0, "SecureBoot",
     "9dc3a1f80bcec915391dcda5ffbb15e7419f77eab462bbf72b42166fb70d50325e37b36f93537a863769bcf9bedae6fb"},
    {0, "PK",
     "6f2e3cbc14f9def86980f5f66fd85e99d63e69a73014ed8a5633ce56eca5b64b692108c56110e22acadcef58c3250f1b"},
    {0, "KEK",
     "d607c0efb41c0d757d69bca0615c3a9ac0b1db06c557d992e906c6b7dee40e0e031640c7bfd7bcd35844ef9edeadc6f9"},
    {0, "db",
     "08a74f8963b337acb6c93682f934496373679dd26af1089cb4eaf0c30cf260a12e814856385ab8843e56a9acea19e127"},
    {0, "dbx",
     "18cc6e01f0c6ea99aa23f8a280423e94ad81d96d0aeb5180504fc0f7a40cb3619dd39bd6a95ec1680a86ed6ab0f9828d"},
    {0, "separator",
     "394341b7182cd227c5c6b07ef8000cdfd86136c4292b8e576573ad7ed9ae41019f5818b4b971c9effc60e1ad9f1289f0"},
    {0, "fw_cfg etc/table-loader",
     "142aa9710a7187d649bfafab0a4226e554859c7fb0cd3e6707f31291e332e399b4ae8f851876ef0af8e607a59b60cc8e"},
    {0, "fw_cfg etc/acpi/rsdp",
     "07d867a2ead8d8e3b1240f17e461089b819ab63ac34eff3b29459445c67409c2342dfdc9335d2335a5aaf591fe1483e1"},
    {0, "fw_cfg etc/acpi/tables",
     "da8447b3b4ae0110934f6b7fb9cb017962243eb62e3a971243fde4fd878f26f6ead8e59eba4a1a5b2211a5073cd66506"},
    {0, "BootOrder",
     "1dd6f7b457ad880d840d41c961283bab688e94e4b59359ea45686581e90feccea3c624b1226113f824f315eb60ae0a7c"},
    {0, "Boot0000",
     "23ada07f5261f12f34a0bd8e46760962d6b4d576a416f1fea1c64bc656b1d28eacf7047ae6e967c58fd2a98bfa74c298"},
    {1, "kernel",
     "b8420535898e24a6abef877153ac1103a695ed07ab9c6c74182d865a560b3b587a34d4bfdc671a505def683cc7bc7596"},
    {1, "calling the boot option",
     "77a0dab2312b4e1e57a84d865a21e5b2ee8d677a21012ada819d0a98988078d3d740f6346bfe0abaa938ca20439a8d71"},
    {1, "separator",
     "394341b7182cd227c5c6b07ef8000cdfd86136c4292b8e576573ad7ed9ae41019f5818b4b971c9effc60e1ad9f1289f0"},
    {1, "leaving the firmware",
     "214b0bef1379756011344877743fdc2a5382bac6e70362d624ccf3f654407c1b4badf7d8f9295dd3dabdef65b27677e0"},
    {1, "firmware left",
     "0a2e01c85deae718a530ad8c6d20a84009babe6c8989269e950d8cf440c6e997695e64d455c4174a652cd080f6230b74"},
    {2, "command line",
     "a68ac6d65dd62f392826c2ae44f6846363ced3418c96574b3e168de9205c8553b8198c3b9d206bc432d70a923c25b098"},
    {2, "initial file system",
     "41ee4a6d142b51085c720bad4170207359538d9785391ce10b17536153ea5ba49edaa5a8c36f9f081fdf1b7aeb0ce3f0"},
};

static const char *const published_registers[TDX_RTMRS] = {
    "79207fa707c5bbf697d579bbd44c2ba14f8565d528aff0de407c58fd34815b67a35cfbb0a0d996b1c7b911a2c8ae806c",
    "154e08f5c1f7b1fce4cbfe1c14f3ba67b70044ede2751487279cd1f2e4239dee99a6d45e24ebde6b6a6f5ae49878e0e6",
    "9edcd363660e85b71c318324996dda756c372d9f6960edbfa863b1e684822eb48dd95e218ae2b78e51ef97f3b8f5c9dc",
};

/* What is that owner's alone: contents of the tables, kernel, command line and initial file system. */
static bool is_theirs(const char *name)
{
    return strcmp(name, "fw_cfg etc/acpi/tables") == 0 || strcmp(name, "kernel") == 0 ||
           strcmp(name, "command line") == 0 || strcmp(name, "initial file system") == 0;
}

static void unhex(const char *text, uint8_t out[static TDX_DIGEST_SIZE])
{
    assert_ok(encoding_unhex(bytes_str(text), out, TDX_DIGEST_SIZE));
}

/* Tables of the sizes that this machine's had; script and pointer to the root depend on nothing else. */
static struct bytes tables_like_theirs(uint8_t *room, size_t size)
{
    static const struct {
        const char *name;
        uint32_t size;
    } tables[] = {{"FACS", 64}, {"DSDT", 8268}, {"FACP", 244}, {"APIC", 238},
                  {"MCFG", 60}, {"WAET", 40},   {"RSDT", 52}};
    memset(room, 0, size);
    struct writer w = writer_into(room, size);
    for (size_t i = 0; i < test_count(tables); i++) {
        writer_str(&w, tables[i].name);
        writer_u32le(&w, tables[i].size);
        writer_zeros(&w, tables[i].size - 8);
    }
    assert_false(w.failed);
    return bytes_of(room, size);
}

/* The smallest EFI program that Linux's boot protocol knows. */
static struct bytes small_kernel(uint8_t *room, size_t size)
{
    enum { PE_AT = 0x40 };
    memset(room, 0, size);
    struct writer w = writer_into(room, size);
    writer_str(&w, "MZ");
    writer_zeros(&w, 0x3c - 2);
    writer_u32le(&w, PE_AT);
    writer_str(&w, "PE");
    writer_u16le(&w, 0);
    writer_u16le(&w, 0x8664);
    writer_u16le(&w, 0); /* sections */
    writer_zeros(&w, 12);
    writer_u16le(&w, 0xa0); /* optional header */
    writer_u16le(&w, 0);
    writer_u16le(&w, 0x20b);
    writer_zeros(&w, 58);
    writer_u32le(&w, 0x200); /* headers */
    assert_false(w.failed);
    return bytes_of(room, size);
}

static struct synthetic_tdvf firmware;

static void events_and_registers_are_those_of_a_real_machine(void **state)
{
    (void)state;
    static uint8_t acpi[0x20000];
    static uint8_t kernel[0x1000];
    struct tdx_events events;
    struct err_note note = {{0}};
    synthetic_tdvf_init(&firmware);
    const struct tdx_tables tables = {.acpi = tables_like_theirs(acpi, sizeof acpi)};
    const struct tdx_machine machine = {.firmware = synthetic_tdvf_build(&firmware),
                                        .firmware_kind = TDX_FIRMWARE_202502,
                                        .memory = 4 * gib,
                                        .tables = &tables,
                                        .kernel = small_kernel(kernel, sizeof kernel),
                                        .has_initrd = true,
                                        .initrd_size = 1,
                                        .cmdline = ""};
    assert_ok(tdx_machine_events(&machine, &events, &note));
    assert_null(events.unknown[0]);
    assert_int_equal(events.count, test_count(published));
    for (size_t i = 0; i < events.count; i++) {
        uint8_t wanted[TDX_DIGEST_SIZE];
        unhex(published[i].digest, wanted);
        assert_int_equal(events.at[i].rtmr, published[i].rtmr);
        assert_string_equal(events.at[i].name, published[i].name);
        if (is_theirs(published[i].name))
            memcpy(events.at[i].digest, wanted, sizeof wanted);
        else
            assert_memory_equal(events.at[i].digest, wanted, sizeof wanted);
    }
    for (unsigned i = 0; i < TDX_RTMRS; i++) {
        uint8_t wanted[TDX_DIGEST_SIZE];
        uint8_t value[TDX_DIGEST_SIZE];
        unhex(published_registers[i], wanted);
        assert_ok(tdx_event_fold(&events, i, value));
        assert_memory_equal(value, wanted, sizeof wanted);
    }
}

/* Of another machine with that firmware, of 2 GiB: it has no memory above 4 GiB. */
static void a_machine_with_little_memory_has_its_own_list_of_it(void **state)
{
    (void)state;
    uint8_t hob[TDX_HOB_MAX];
    uint8_t digest[TDX_DIGEST_SIZE];
    uint8_t wanted[TDX_DIGEST_SIZE];
    struct tdvf f;
    size_t size;
    synthetic_tdvf_init(&firmware);
    assert_ok(tdvf_parse(synthetic_tdvf_build(&firmware), &f, NULL));
    assert_ok(tdx_hob(&f, 2 * gib, hob, &size, NULL));
    const struct bytes all = bytes_of(hob, size);
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &all, 1, digest));
    unhex("0e35f1b315ba6c912cf791e5c79dd9d3a2b8704516aa27d4e5aa78fb09ede04aef2bbd02ac7a8734c48562b9c26ba35d",
          wanted);
    assert_memory_equal(digest, wanted, sizeof wanted);
}

/* Intel's own published log has Secure Boot built in and off. */
static void a_firmware_may_have_secure_boot_and_not_use_it(void **state)
{
    (void)state;
    static uint8_t kernel[0x1000];
    uint8_t wanted[TDX_DIGEST_SIZE];
    struct tdx_events events;
    synthetic_tdvf_init(&firmware);
    const struct tdx_machine machine = {.firmware = synthetic_tdvf_build(&firmware),
                                        .secure_boot = TDX_SECURE_BOOT_OFF,
                                        .memory = 4 * gib,
                                        .kernel = small_kernel(kernel, sizeof kernel),
                                        .cmdline = ""};
    assert_ok(tdx_machine_events(&machine, &events, NULL));
    assert_string_equal(events.at[2].name, "SecureBoot");
    unhex("cfa4e2c606f572627bf06d5669cc2ab1128358d27b45bc63ee9ea56ec109cfafb7194006f847a6a74b5eaed6b73332ec",
          wanted);
    assert_memory_equal(events.at[2].digest, wanted, sizeof wanted);
}

/* The digest that Debian's key signed, out of the kernel's own signature: SpcIndirectDataContent ends with DigestInfo of SHA-256. */
static void a_kernels_digest_is_the_one_in_its_signature(void **state)
{
    (void)state;
    static const uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                          0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct bytes kernel = {0};
    struct err_note note = {{0}};
    if (file_read(ENCLUME_DEPS_DIR "/kernel/vmlinuz", 64 * 1024 * 1024, &kernel, &note) != ERR_OK) {
        print_message("skipped: no signed kernel (deps/kernel)\n");
        skip();
    }
    const uint8_t *found = memmem(kernel.ptr, kernel.len, digest_info, sizeof digest_info);
    assert_non_null(found);
    assert_ok(pe_digest(kernel, CRYPTO_SHA256, digest, &note));
    assert_memory_equal(found + sizeof digest_info, digest, sizeof digest);
    secret_free(bytes_owned(kernel));
}

/* The log of a TD on another cloud, with another firmware: these events are the same everywhere. */
static void another_clouds_log_has_the_events_that_are_the_same_everywhere(void **state)
{
    (void)state;
    static const char *const everywhere[] = {"separator", "calling the boot option", "leaving the firmware",
                                             "firmware left"};
    struct bytes log = {0};
    struct err_note note = {{0}};
    if (file_read(ENCLUME_SHARED "/evidence/tdx/go-tdx-guest/ccel_data.dat", 1 << 20, &log, &note) !=
        ERR_OK) {
        print_message("skipped: %s\n", note.text);
        skip();
    }
    for (size_t i = 0; i < test_count(everywhere); i++)
        for (size_t j = 0; j < test_count(published); j++)
            if (strcmp(everywhere[i], published[j].name) == 0) {
                uint8_t digest[TDX_DIGEST_SIZE];
                unhex(published[j].digest, digest);
                assert_non_null(memmem(log.ptr, log.len, digest, sizeof digest));
            }
    secret_free(bytes_owned(log));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_and_registers_are_those_of_a_real_machine),
        cmocka_unit_test(a_machine_with_little_memory_has_its_own_list_of_it),
        cmocka_unit_test(a_firmware_may_have_secure_boot_and_not_use_it),
        cmocka_unit_test(a_kernels_digest_is_the_one_in_its_signature),
        cmocka_unit_test(another_clouds_log_has_the_events_that_are_the_same_everywhere),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
