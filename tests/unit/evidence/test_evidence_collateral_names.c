/* SPDX-License-Identifier: Apache-2.0 */
/* Names of endorsements, the questions and answers about them, and directories of them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <pthread.h>

#include "evidence/collateral_directory.h"
#include "evidence/collateral_source.h"
#include "evidence/collateral_wire.h"
#include "unit/test.h"

#define CHIP                                                                                                 \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"                                       \
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

#define ZEROS_31 "00000000000000000000000000000000000000000000000000000000000000"
#define ISSUER   "aa" ZEROS_31 "-bb" ZEROS_31

static const char upper_case_tcb[] = "snp-certificates-Genoa-vcek-" CHIP "-0A00000000001849.table";
static const char no_tcb[] = "snp-certificates-Genoa-vcek-" CHIP ".table";

static const struct {
    const char *name;
    struct collateral_key key;
} good[] = {
    {"snp-certificates-Genoa-vcek-" CHIP "-0a00000000001849.table",
     {.kind = COLLATERAL_SNP_CERTIFICATES,
      .product = "Genoa",
      .chip_id = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                  22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
                  44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63},
      .tcb = {0x0a, 0, 0, 0, 0, 0, 0x18, 0x49}}},
    {"snp-crl-any-vlek.crl", {.kind = COLLATERAL_SNP_CRL, .product = "any", .vlek = true}},
    {"tdx-b0c06f000000-platform.json", {.kind = COLLATERAL_TDX, .fmspc = {0xb0, 0xc0, 0x6f}}},
    {"tdx-00806f050000-processor.json",
     {.kind = COLLATERAL_TDX, .fmspc = {0, 0x80, 0x6f, 5}, .processor_ca = true}},
    {"gpu-rim-NV_GPU_DRIVER_GH100_550.144.03.xml",
     {.kind = COLLATERAL_RIM, .id = "NV_GPU_DRIVER_GH100_550.144.03"}},
    {"gpu-rim-09azAZ_.xml", {.kind = COLLATERAL_RIM, .id = "09azAZ_"}},
    {"gpu-rim-012345678901234567890123456789012345678901234567890123456789012.xml",
     {.kind = COLLATERAL_RIM, .id = "012345678901234567890123456789012345678901234567890123456789012"}},
    {"snp-crl-ABCDEFGHIJKLMNO-vcek.crl", {.kind = COLLATERAL_SNP_CRL, .product = "ABCDEFGHIJKLMNO"}},
    {"gpu-ocsp-000102030405060708090a0b0c0d0e0f10111213-" ISSUER ".der",
     {.kind = COLLATERAL_OCSP,
      .serial_len = 20,
      .serial = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19},
      .issuer_name = {0xaa},
      .issuer_key = {0xbb}}},
    {"gpu-ocsp-0a0b0c-" ISSUER ".der",
     {.kind = COLLATERAL_OCSP,
      .serial_len = 3,
      .serial = {10, 11, 12},
      .issuer_name = {0xaa},
      .issuer_key = {0xbb}}},
};

static void each_key_has_one_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(good); i++) {
        char name[COLLATERAL_NAME_MAX];
        struct collateral_key back;
        assert_ok(collateral_key_write(&good[i].key, name));
        assert_string_equal(name, good[i].name);
        assert_ok(collateral_key_parse(bytes_str(name), &back));
        assert_memory_equal(&back, &good[i].key, sizeof back);
        for (size_t j = 0; j < test_count(good); j++)
            assert_int_equal(collateral_key_equal(&back, &good[j].key), i == j);
    }
}

static void another_name_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        ".",
        "..",
        "/",
        "snp-crl-Genoa-vcek",
        "snp-crl-Genoa-vcek.crl ",
        " snp-crl-Genoa-vcek.crl",
        "snp-crl-Genoa-vcek.CRL",
        "snp-crl-Genoa-VCEK.crl",
        "snp-crl-Genoa-.crl",
        "snp-crl--vcek.crl",
        "snp-crl-Genoa.crl",
        "snp-crl-Genoa-vcek-.crl",
        "snp-crl-Genoa-vcek-more.crl",
        "snp-crl-../../etc/passwd-vcek.crl",
        "snp-crl-Gen/oa-vcek.crl",
        "snp-crl-Gen.oa-vcek.crl",
        "snp-crl-Genoa\x01-vcek.crl",
        "snp-crl-ABCDEFGHIJKLMNOP-vcek.crl",
        "snp-certificates-Genoa-vcek-00-0a00000000001849.table",
        upper_case_tcb,
        no_tcb,
        "tdx-b0c06f000000.json",
        "tdx-B0C06F000000-platform.json",
        "tdx-b0c06f0000-platform.json",
        "tdx-b0c06f000000-Platform.json",
        "tdx-b0c06f000000-platform-.json",
        "gpu-rim-.xml",
        "gpu-rim-..xml",
        "gpu-rim-_a.xml",
        "gpu-rim-../x.xml",
        "gpu-rim-a/b.xml",
        "gpu-rim-a:b.xml",
        "gpu-rim-a@b.xml",
        "gpu-rim-a[b.xml",
        "gpu-rim-a`b.xml",
        "gpu-rim-a{b.xml",
        "gpu-rim-a-b.xml",
        "gpu-rim-0123456789012345678901234567890123456789012345678901234567890123.xml",
        "gpu-ocsp-.der",
        "gpu-ocsp-05.der",
        "gpu-ocsp--" ISSUER ".der",
        "gpu-ocsp-0-" ISSUER ".der",
        "gpu-ocsp-0g-" ISSUER ".der",
        "gpu-ocsp-0A-" ISSUER ".der",
        "gpu-ocsp-000102030405060708090a0b0c0d0e0f1011121314-" ISSUER ".der",
        "gpu-ocsp-05-" ISSUER "-.der",
        "gpu-ocsp-05-" ISSUER "00.der",
        "gpu-ocsp-05-00" ISSUER ".der",
        "gpu-ocsp-05-aa" ZEROS_31 ".der", // NOLINT(bugprone-suspicious-missing-comma): one name
        "gpu-ocsp-05-AA" ZEROS_31 "-bb" ZEROS_31 ".der",
        "gpu-nothing-1.der",
    };
    for (size_t i = 0; i < test_count(names); i++) {
        struct collateral_key key;
        if (collateral_key_parse(bytes_str(names[i]), &key) != ERR_UNKNOWN)
            fail_msg("taken: %s", names[i]);
    }
    /* Every name cut short, and with a byte more. */
    for (size_t i = 0; i < test_count(good); i++) {
        struct collateral_key key;
        struct bytes whole = bytes_str(good[i].name);
        for (size_t n = 0; n < whole.len; n++)
            assert_err(collateral_key_parse(bytes_of(whole.ptr, n), &key), ERR_UNKNOWN);
        assert_err(collateral_key_parse(bytes_of(whole.ptr, whole.len + 1), &key), ERR_UNKNOWN);
    }
}

static void a_key_that_no_name_can_hold_is_refused(void **state)
{
    (void)state;
    static const struct collateral_key keys[] = {
        {.kind = COLLATERAL_SNP_CRL},
        {.kind = COLLATERAL_SNP_CRL, .product = "a/b"},
        {.kind = COLLATERAL_SNP_CERTIFICATES, .product = "a-b"},
        {.kind = COLLATERAL_RIM},
        {.kind = COLLATERAL_RIM, .id = ".hidden"},
        {.kind = COLLATERAL_OCSP},
        {.kind = COLLATERAL_OCSP, .serial_len = COLLATERAL_SERIAL_MAX + 1},
        {.kind = (enum collateral_kind)99},
    };
    for (size_t i = 0; i < test_count(keys); i++) {
        char name[COLLATERAL_NAME_MAX];
        uint8_t question[COLLATERAL_QUESTION_MAX];
        size_t len;
        assert_err(collateral_key_write(&keys[i], name), ERR_VALUE);
        assert_err(collateral_question_write(&keys[i], question, &len), ERR_VALUE);
    }
}

/* ---- on the wire ---- */

static void a_question_comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(good); i++) {
        uint8_t question[COLLATERAL_QUESTION_MAX];
        size_t len;
        size_t name_len;
        assert_ok(collateral_question_write(&good[i].key, question, &len));
        assert_ok(collateral_question_head_parse(question, &name_len));
        assert_int_equal(len, COLLATERAL_QUESTION_HEAD_SIZE + name_len);
        assert_true(bytes_is_str(bytes_of(question + COLLATERAL_QUESTION_HEAD_SIZE, name_len), good[i].name));
        question[0] ^= 1;
        assert_err(collateral_question_head_parse(question, &name_len), ERR_VALUE);
    }
    size_t name_len;
    assert_err(collateral_question_head_parse((const uint8_t *)"ENCLCOLQ\0\0", &name_len), ERR_TOO_LARGE);
    assert_err(collateral_question_head_parse((const uint8_t *)"ENCLCOLQ\0\xd0", &name_len), ERR_TOO_LARGE);
    assert_ok(collateral_question_head_parse((const uint8_t *)"ENCLCOLQ\0\xcf", &name_len));
}

static void the_head_of_an_answer_is_strict(void **state)
{
    (void)state;
    static const struct {
        uint32_t status;
        uint32_t size;
        enum err wanted;
    } rows[] = {
        {0, 1, ERR_OK},
        {0, COLLATERAL_DOCUMENT_MAX, ERR_OK},
        {0, COLLATERAL_DOCUMENT_MAX + 1, ERR_TOO_LARGE},
        {0, 0, ERR_VALUE},
        {1, 0, ERR_OK},
        {2, 0, ERR_OK},
        {3, 0, ERR_OK},
        {1, 1, ERR_VALUE},
        {4, 0, ERR_UNKNOWN},
        {0, UINT32_MAX, ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        uint8_t head[COLLATERAL_ANSWER_HEAD_SIZE];
        enum collateral_status status;
        size_t size;
        collateral_answer_head_write(COLLATERAL_FOUND, rows[i].size, head);
        head[11] = (uint8_t)rows[i].status;
        assert_err(collateral_answer_head_parse(head, &status, &size), rows[i].wanted);
        if (rows[i].wanted == ERR_OK) {
            assert_int_equal(status, rows[i].status);
            assert_int_equal(size, rows[i].size);
            assert_non_null(collateral_status_text(status));
        } else {
            assert_int_equal(size, 0);
        }
        head[0] ^= 1;
        assert_err(collateral_answer_head_parse(head, &status, &size), ERR_VALUE);
    }
    uint8_t head[COLLATERAL_ANSWER_HEAD_SIZE];
    enum collateral_status status;
    size_t size;
    collateral_answer_head_write(COLLATERAL_NOT_FOUND, 5, head);
    assert_ok(collateral_answer_head_parse(head, &status, &size));
    assert_int_equal(status, COLLATERAL_NOT_FOUND);
}

/* A helper on a real socket that answers each connection with what it was given. */
struct helper {
    int fd;
    struct bytes answers[8];
    size_t count;
    char question[COLLATERAL_QUESTION_MAX + 1];
};

static void *helper_run(void *argument)
{
    struct helper *h = argument;
    for (size_t i = 0; i < h->count; i++) {
        int fd = accept(h->fd, NULL, NULL);
        ssize_t n = recv(fd, h->question, sizeof h->question - 1, 0);
        h->question[n < 0 ? 0 : n] = '\0';
        for (size_t done = 0; done < h->answers[i].len; done++) /* byte by byte */
            (void)send(fd, h->answers[i].ptr + done, 1, MSG_NOSIGNAL);
        (void)close(fd);
    }
    return NULL;
}

static void the_helper_is_asked_over_a_socket(void **state)
{
    (void)state;
    static uint8_t out[COLLATERAL_DOCUMENT_MAX];
    static uint8_t frame[COLLATERAL_ANSWER_HEAD_SIZE + 1000];
    uint8_t refusal[COLLATERAL_ANSWER_HEAD_SIZE];
    char directory[] = "/tmp/enclume-test-XXXXXX";
    char address[64];
    size_t len;
    struct err_note note;
    struct collateral_source *source;
    pthread_t thread;
    memset(frame, 0x77, sizeof frame);
    collateral_answer_head_write(COLLATERAL_FOUND, 1000, frame);
    collateral_answer_head_write(COLLATERAL_NOT_FOUND, 0, refusal);
    struct helper h = {
        .fd = socket(AF_UNIX, SOCK_STREAM, 0),
        .answers = {bytes_of(frame, sizeof frame), bytes_of(refusal, sizeof refusal),
                    bytes_of(frame, sizeof frame - 1), bytes_of(frame, 3),
                    bytes_str("HTTP/1.1 400 Bad Request")},
        .count = 5,
    };
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(directory));
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/s", directory);
    (void)snprintf(address, sizeof address, "unix:%s/s", directory);
    assert_int_equal(bind(h.fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(h.fd, 8), 0);
    assert_int_equal(pthread_create(&thread, NULL, helper_run, &h), 0);
    assert_ok(collateral_source_open(&kernel_real, address, &source, &note));

    assert_ok(source->ask(source, &good[2].key, out, &len, &note));
    assert_int_equal(len, 1000);
    assert_memory_equal(out, frame + COLLATERAL_ANSWER_HEAD_SIZE, 1000);
    assert_memory_equal(h.question + COLLATERAL_QUESTION_HEAD_SIZE, good[2].name, strlen(good[2].name));
    static const char *const words[] = {"knows of no such document", "ended the connection",
                                        "ended the connection", "not allowed"};
    for (size_t i = 0; i < test_count(words); i++) {
        assert_err(source->ask(source, &good[2].key, out, &len, &note), ERR_EVIDENCE);
        assert_int_equal(len, 0);
        assert_non_null(strstr(note.text, words[i]));
    }
    (void)pthread_join(thread, NULL);
    (void)close(h.fd);
    assert_err(source->ask(source, &good[2].key, out, &len, &note), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "Connection refused"));
    source->close(source);
    (void)unlink(at.sun_path);
    (void)rmdir(directory);
}

static void an_address_is_one_of_three(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      "vsock:", "vsock:x",          "vsock:-1", "vsock:1x", "vsock:4294967295",
        "unix:", "dir:",   "tcp:127.0.0.1:80", "/tmp",     "vsock: 1"};
    static const char *const fine[] = {"vsock:0", "vsock:4051", "unix:/run/c", "dir:/srv/collateral"};
    struct collateral_source *source;
    struct err_note note;
    for (size_t i = 0; i < test_count(bad); i++) {
        assert_err(collateral_source_open(&kernel_real, bad[i], &source, &note), ERR_USAGE);
        assert_null(source);
        assert_non_null(strstr(note.text, "wanted vsock:PORT, unix:PATH or dir:PATH"));
    }
    for (size_t i = 0; i < test_count(fine); i++) {
        assert_ok(collateral_source_open(&kernel_real, fine[i], &source, &note));
        source->close(source);
    }
}

/* ---- in a directory ---- */

static enum err count_found(void *owner, const struct collateral_key *key)
{
    size_t *count = owner;
    assert_true(collateral_key_equal(key, &good[1].key) || collateral_key_equal(key, &good[2].key));
    (*count)++;
    return ERR_OK;
}

static enum err stop_at_once(void *owner, const struct collateral_key *key)
{
    (void)owner;
    (void)key;
    return ERR_CANCELLED;
}

static void path_in(char path[static 256], const char *directory, const char *name)
{
    (void)snprintf(path, 256, "%s/%s", directory, name);
}

static void put_file(const char *directory, const char *name)
{
    char path[256];
    path_in(path, directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("x", file);
    (void)fclose(file);
}

static void a_directory_keeps_what_was_put_there(void **state)
{
    (void)state;
    static uint8_t out[COLLATERAL_DOCUMENT_MAX];
    static uint8_t large[COLLATERAL_DOCUMENT_MAX + 1];
    char directory[] = "/tmp/enclume-test-XXXXXX";
    char address[64];
    char path[256];
    size_t len;
    size_t count = 0;
    struct err_note note;
    struct collateral_source *source;
    assert_non_null(mkdtemp(directory));
    assert_ok(collateral_directory_write(directory, &good[1].key, bytes_str("first"), &note));
    assert_ok(collateral_directory_write(directory, &good[1].key, bytes_str("second"), &note));
    assert_ok(
        collateral_directory_write(directory, &good[2].key, bytes_of(large, COLLATERAL_DOCUMENT_MAX), &note));
    assert_err(collateral_directory_write(directory, &good[3].key, bytes_of(large, sizeof large), &note),
               ERR_TOO_LARGE);
    assert_ok(collateral_directory_read(directory, &good[1].key, out, &len, &note));
    assert_true(bytes_is_str(bytes_of(out, len), "second"));
    assert_ok(collateral_directory_read(directory, &good[2].key, out, &len, &note));
    assert_int_equal(len, COLLATERAL_DOCUMENT_MAX);
    assert_err(collateral_directory_read(directory, &good[3].key, out, &len, &note), ERR_FILE);
    put_file(directory, "something else");
    put_file(directory, "snp-crl-any-vlek.crl.XXXXXX");
    assert_ok(collateral_directory_each(directory, count_found, &count, &note));
    assert_int_equal(count, 2);
    assert_err(collateral_directory_each(directory, stop_at_once, NULL, &note), ERR_CANCELLED);

    (void)snprintf(address, sizeof address, "dir:%s", directory);
    assert_ok(collateral_source_open(&kernel_real, address, &source, &note));
    assert_ok(source->ask(source, &good[1].key, out, &len, &note));
    assert_true(bytes_is_str(bytes_of(out, len), "second"));
    assert_err(source->ask(source, &good[3].key, out, &len, &note), ERR_EVIDENCE);
    source->close(source);

    static const char *const names[] = {"snp-crl-any-vlek.crl", "tdx-b0c06f000000-platform.json",
                                        "something else", "snp-crl-any-vlek.crl.XXXXXX"};
    for (size_t i = 0; i < test_count(names); i++) {
        path_in(path, directory, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(directory), 0);
    assert_err(collateral_directory_each(directory, count_found, &count, &note), ERR_FILE);
}

static void a_link_or_pipe_is_not_followed(void **state)
{
    (void)state;
    static uint8_t out[COLLATERAL_DOCUMENT_MAX];
    char directory[] = "/tmp/enclume-test-XXXXXX";
    char path[256];
    char secret[256];
    size_t len;
    struct err_note note;
    assert_non_null(mkdtemp(directory));
    put_file(directory, "secret");
    path_in(secret, directory, "secret");
    path_in(path, directory, good[1].name);
    assert_int_equal(symlink(secret, path), 0);
    assert_err(collateral_directory_read(directory, &good[1].key, out, &len, &note), ERR_FILE);
    assert_int_equal(len, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_err(collateral_directory_read(directory, &good[1].key, out, &len, &note), ERR_FILE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_err(collateral_directory_read(directory, &good[1].key, out, &len, &note), ERR_FILE);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(unlink(secret), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char directory[8192];
    static uint8_t out[COLLATERAL_DOCUMENT_MAX];
    size_t len;
    struct err_note note;
    memset(directory, '/', sizeof directory - 1);
    assert_err(collateral_directory_write(directory, &good[1].key, bytes_str("x"), &note), ERR_FILE);
    assert_non_null(strstr(note.text, "too long"));
    assert_err(collateral_directory_read(directory, &good[1].key, out, &len, &note), ERR_FILE);
}

static void a_document_that_is_too_large_is_refused(void **state)
{
    (void)state;
    static uint8_t out[COLLATERAL_DOCUMENT_MAX];
    char directory[] = "/tmp/enclume-test-XXXXXX";
    char path[256];
    size_t len;
    struct err_note note;
    assert_non_null(mkdtemp(directory));
    put_file(directory, good[1].name);
    path_in(path, directory, good[1].name);
    assert_int_equal(truncate(path, COLLATERAL_DOCUMENT_MAX + 1), 0);
    assert_err(collateral_directory_read(directory, &good[1].key, out, &len, &note), ERR_TOO_LARGE);
    assert_int_equal(truncate(path, COLLATERAL_DOCUMENT_MAX), 0);
    assert_ok(collateral_directory_read(directory, &good[1].key, out, &len, &note));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_has_one_name),
        cmocka_unit_test(another_name_is_refused),
        cmocka_unit_test(a_key_that_no_name_can_hold_is_refused),
        cmocka_unit_test(a_question_comes_back_as_it_was),
        cmocka_unit_test(the_head_of_an_answer_is_strict),
        cmocka_unit_test(the_helper_is_asked_over_a_socket),
        cmocka_unit_test(an_address_is_one_of_three),
        cmocka_unit_test(a_directory_keeps_what_was_put_there),
        cmocka_unit_test(a_link_or_pipe_is_not_followed),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
        cmocka_unit_test(a_document_that_is_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
