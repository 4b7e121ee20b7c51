/* SPDX-License-Identifier: Apache-2.0 */
/* Launch digests that others computed and published, with the firmware that they are of. Third-party data: read from where they are, or skipped. */
#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "launch/snp_digest.h"
#include "unit/test.h"

enum { ARGUMENTS_MAX = 16, PATH_SIZE = 512, ROWS_LEAST = 29, COMPARED_LEAST = 26, SKIPPED = 77 };

static const char directory[] = ENCLUME_SHARED "/evidence/measure/sev-snp-measure";
static char *vectors;

/* The arguments of one call, as they stand in the table: mode, vcpus, signature, firmware, kernel, initrd, cmdline, features, and then by name or place. */
enum {
    MODE,
    VCPUS,
    SIGNATURE,
    FIRMWARE,
    KERNEL,
    INITRD,
    CMDLINE,
    FEATURES,
    HASH,
    HYPERVISOR,
    DUMP,
    SVSM,
    VARIABLES
};

struct call {
    size_t count;
    char *arguments[ARGUMENTS_MAX];
};

static void call_split(char *text, struct call *c)
{
    c->count = 0;
    char *at = strchr(text, '(');
    assert_non_null(at);
    for (at++; *at != '\0' && *at != ')' && c->count < ARGUMENTS_MAX;) {
        char *start = at;
        bool quoted = false;
        for (; *at != '\0' && (quoted || (*at != ',' && *at != ')')); at++)
            if (*at == '\'' || *at == '[' || *at == ']')
                quoted = *at == '\'' ? !quoted : quoted;
        const bool more = *at == ',';
        *at++ = '\0';
        c->arguments[c->count++] = start + strspn(start, " ");
        if (!more)
            break;
    }
}

static bool says(const struct call *c, const char *text)
{
    for (size_t i = 0; i < c->count; i++)
        if (strstr(c->arguments[i], text) != NULL)
            return true;
    return false;
}

/* What stands between quotes in an argument; NULL for None. */
static char *quoted(char *argument)
{
    char *start = strchr(argument, '\'');
    if (start == NULL)
        return NULL;
    char *end = strchr(start + 1, '\'');
    assert_non_null(end);
    *end = '\0';
    return start + 1;
}

/* The last part of the quoted path, in our directory. */
static struct bytes image_read(char *argument)
{
    char path[PATH_SIZE];
    struct bytes image;
    struct err_note note = {{0}};
    const char *name = quoted(argument);
    const char *slash = strrchr(name, '/');
    (void)snprintf(path, sizeof path, "%s/%s", directory, slash == NULL ? name : slash + 1);
    if (file_read(path, OVMF_SIZE_MAX, &image, &note) != ERR_OK)
        fail_msg("%s", note.text);
    return image;
}

static enum err compute(struct call *c, uint8_t digest[static SNP_DIGEST_SIZE], size_t *size,
                        struct err_note *note)
{
    struct bytes firmware = image_read(c->arguments[FIRMWARE]);
    struct bytes svsm = {0};
    struct sev_kernel kernel;
    uint8_t of_firmware[SNP_DIGEST_SIZE];
    const struct bytes nothing = {0};
    const bool is_snp = strstr(c->arguments[MODE], "SNP") != NULL;
    struct snp_launch launch = {.firmware = firmware,
                                .hypervisor = says(c, "VMMType.ec2")   ? VMSA_EC2
                                              : says(c, "VMMType.gce") ? VMSA_GCE
                                                                       : VMSA_QEMU,
                                .vcpus = (uint32_t)atoi(c->arguments[VCPUS]),
                                .features = (uint64_t)atoi(c->arguments[FEATURES])};
    if (strcmp(c->arguments[SIGNATURE], "None") != 0)
        assert_ok(snp_cpu_signature("EPYC-v4", &launch.signature));
    if (strcmp(c->arguments[MODE], "SevMode.SEV") == 0)
        launch.vcpus = 0;
    /* All kernels and initrds of the table are empty. */
    assert_ok(crypto_hash_parts(CRYPTO_SHA256, &nothing, 1, kernel.kernel));
    memcpy(kernel.initrd, kernel.kernel, sizeof kernel.initrd);
    if (strcmp(c->arguments[KERNEL], "None") != 0)
        launch.kernel = &kernel;
    kernel.cmdline = quoted(c->arguments[CMDLINE]);
    if (kernel.cmdline == NULL)
        kernel.cmdline = "";
    if (says(c, "snp_ovmf_hash_str")) {
        assert_ok(snp_firmware_digest(firmware, of_firmware, note));
        launch.firmware_digest = of_firmware;
    }
    if (says(c, "SNP_SVSM")) {
        launch.hypervisor = VMSA_SVSM;
        launch.features = 1;
        launch.svsm = svsm = image_read(c->arguments[SVSM]);
        launch.variables_size = (uint32_t)atoi(c->arguments[VARIABLES]);
    }
    *size = is_snp ? SNP_DIGEST_SIZE : CRYPTO_SHA256_SIZE;
    enum err e = is_snp ? snp_launch_digest(&launch, digest, note) : sev_launch_digest(&launch, digest, note);
    secret_free((void *)firmware.ptr);
    secret_free((void *)svsm.ptr);
    return e;
}

/* True: there was something to compare with. */
static bool row_holds(char *name, char *text, const char *expected)
{
    struct call c;
    struct err_note note = {{0}};
    uint8_t digest[SNP_DIGEST_SIZE];
    char hex[ENCODING_HEX_SIZE(SNP_DIGEST_SIZE)];
    size_t size = 0;
    char *second = strstr(text, " || ");
    if (second != NULL)
        *second = '\0'; /* the digest of the firmware, which the first value is */
    call_split(text, &c);
    enum err e = compute(&c, digest, &size, &note);
    if (expected[0] == '"') { /* an exception's text */
        if (e == ERR_OK)
            fail_msg("%s: not refused", name);
        return true;
    }
    if (e != ERR_OK)
        fail_msg("%s: %s: %s", name, err_name(e), note.text);
    encoding_hex(bytes_of(digest, size), hex);
    if (expected[0] == '\'' && strstr(expected, hex) == NULL)
        fail_msg("%s: %s, wanted %s", name, hex, expected);
    return expected[0] == '\'';
}

static void every_published_digest_is_reproduced(void **state)
{
    (void)state;
    size_t rows = 0;
    size_t compared = 0;
    char *rest = vectors;
    for (char *line = strtok_r(rest, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *call = strchr(line, '\t');
        assert_non_null(call);
        *call++ = '\0';
        char *expected = strchr(call, '\t');
        assert_non_null(expected);
        *expected++ = '\0';
        if (strcmp(line, "test") == 0)
            continue;
        rows++;
        compared += row_holds(line, call, expected);
    }
    assert_true(rows >= ROWS_LEAST);
    assert_true(compared >= COMPARED_LEAST);
    print_message("%zu rows, %zu digests compared\n", rows, compared);
}

int main(void)
{
    char path[PATH_SIZE];
    struct bytes file;
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_published_digest_is_reproduced)};
    if (crypto_init() != ERR_OK)
        return 1;
    (void)snprintf(path, sizeof path, "%s/EXPECTED.tsv", directory);
    if (file_read(path, OVMF_SIZE_MAX, &file, NULL) != ERR_OK) {
        print_message("SKIPPED: the published launch digests are not here\n");
        return SKIPPED;
    }
    vectors = secret_alloc(file.len + 1);
    memcpy(vectors, file.ptr, file.len);
    secret_free((void *)file.ptr);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    secret_free(vectors);
    return failed;
}
