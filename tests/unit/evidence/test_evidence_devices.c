/* SPDX-License-Identifier: Apache-2.0 */
/* The three ways to ask a chip for a report, over a stand-in of the kernel, in all the ways in which that fails. */
#include <errno.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "evidence/report_device.h"
#include "support/stand_in_kernel.h"
#include "unit/test.h"

enum { SNP_SIZE = 1184, QUOTE_SIZE = 5000 };

static struct stand_in_kernel k;
static struct report_answer answer;
static struct err_note note;
static uint8_t wanted[REPORT_DATA_SIZE];

/* A report that shows what it covers, at which level, and is otherwise a pattern. */
static size_t made_up_report(void *owner, const uint8_t report_data[static 64], unsigned privlevel,
                             uint8_t *out)
{
    size_t size = *(const size_t *)owner;
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(i * 7);
    memcpy(out, report_data, 64);
    out[64] = (uint8_t)privlevel;
    return size;
}

static size_t made_up_table(void *owner, uint8_t *out)
{
    (void)owner;
    memset(out, 0xcc, 100);
    return 100;
}

static size_t report_size;

static void begin(const char *provider)
{
    stand_in_init(&k);
    report_size = strcmp(provider, "tdx_guest") == 0 ? QUOTE_SIZE : SNP_SIZE;
    k.has_tsm = true;
    k.provider = provider;
    k.report = made_up_report;
    k.table = made_up_table;
    k.owner = &report_size;
    note.text[0] = '\0';
    for (size_t i = 0; i < sizeof wanted; i++)
        wanted[i] = (uint8_t)(200 - i);
}

static void begin_sev(void)
{
    begin("sev_guest");
    k.has_tsm = false;
    k.has_sev_guest = true;
}

static void begin_tdx(void)
{
    begin("tdx_guest");
    k.has_tsm = false;
    k.has_tdx_guest = true;
}

typedef enum err opener(const struct kernel *, struct report_device **, struct err_note *);

/* Opens, asks once, closes; whatever comes of it, nothing is left behind. */
static enum err ask(opener *open)
{
    struct report_device *device;
    memset(&answer, 0xaa, sizeof answer);
    enum err e = open(&k.base, &device, &note);
    if (e == ERR_OK) {
        e = device->ask(device, wanted, &answer, &note);
        device->close(device);
    } else {
        assert_null(device);
    }
    assert_true(stand_in_is_clean(&k));
    return e;
}

static void assert_fails(opener *open, enum err wanted_error, const char *words)
{
    assert_err(ask(open), wanted_error);
    if (strstr(note.text, words) == NULL)
        fail_msg("the note says: %s; wanted in it: %s", note.text, words);
}

static void assert_refused(opener *open, const char *words)
{
    assert_fails(open, ERR_EVIDENCE, words);
}

static void assert_is_report(enum report_kind kind, size_t size)
{
    assert_int_equal(answer.kind, kind);
    assert_int_equal(answer.report_len, size);
    assert_memory_equal(answer.report, wanted, sizeof wanted);
    for (size_t i = 65; i < size; i++)
        assert_int_equal(answer.report[i], (uint8_t)(i * 7));
}

/* ---- configfs-tsm ---- */

static void tsm_gives_an_snp_report_with_the_hosts_table(void **state)
{
    (void)state;
    begin("sev_guest");
    assert_ok(ask(report_tsm_open));
    assert_is_report(REPORT_SNP, SNP_SIZE);
    assert_int_equal(answer.table_len, 100);
    assert_int_equal(answer.table[99], 0xcc);
    assert_int_equal(k.mkdirs, 2); /* one to see what is there */
    assert_int_equal(k.rmdirs, 2);
}

static void tsm_gives_a_td_quote(void **state)
{
    (void)state;
    begin("tdx_guest");
    k.no_privlevel = true;
    k.no_auxblob = true;
    assert_ok(ask(report_tsm_open));
    assert_is_report(REPORT_TDX, QUOTE_SIZE);
    assert_int_equal(answer.table_len, 0);
}

static void tsm_reads_to_the_end_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 70; piece += 17) {
        begin("sev_guest");
        k.piece = piece;
        k.interrupted = 3;
        assert_ok(ask(report_tsm_open));
        assert_is_report(REPORT_SNP, SNP_SIZE);
    }
}

static void tsm_asks_at_the_lowest_level_that_the_kernel_has(void **state)
{
    (void)state;
    for (unsigned floor = 0; floor <= 3; floor++) {
        begin("sev_guest");
        k.privlevel_floor = floor;
        assert_ok(ask(report_tsm_open));
        assert_int_equal(answer.report[64], floor);
    }
    begin("sev_guest");
    k.privlevel_floor = 4;
    assert_refused(report_tsm_open, "privlevel_floor");
}

static void tsm_goes_without_a_table_where_there_is_none(void **state)
{
    (void)state;
    begin("sev_guest");
    k.no_auxblob = true;
    k.no_privlevel = true;
    assert_ok(ask(report_tsm_open));
    assert_int_equal(answer.table_len, 0);
    begin("sev_guest");
    k.table = NULL;
    assert_ok(ask(report_tsm_open));
    assert_int_equal(answer.table_len, 0);
}

static void tsm_tries_again_what_passes(void **state)
{
    (void)state;
    static int *const knobs[] = {&k.inblob_lost, &k.would_block, &k.busy, &k.disturbed, &k.disturbed_late};
    for (size_t i = 0; i < test_count(knobs); i++) {
        begin("sev_guest");
        *knobs[i] = 3;
        assert_ok(ask(report_tsm_open));
        assert_is_report(REPORT_SNP, SNP_SIZE); /* over our data, not over the other's */
        assert_int_equal(k.slept_ms, 10 + 20 + 40);
    }
}

static void tsm_gives_up_in_the_end(void **state)
{
    (void)state;
    static const struct {
        int *knob;
        const char *words;
    } rows[] = {
        {&k.inblob_lost, "somebody else writes"},      {&k.would_block, "somebody else writes"},
        {&k.busy, "outblob: Device or resource busy"}, {&k.disturbed, "somebody else writes"},
        {&k.disturbed_late, "somebody else writes"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        begin("sev_guest");
        *rows[i].knob = -1;
        assert_refused(report_tsm_open, rows[i].words);
        assert_int_equal(k.mkdirs, 1 + 8);
        assert_int_equal(k.rmdirs, 1 + 8);
        assert_true(k.slept_ms < 2000);
    }
}

static void tsm_takes_another_name_when_one_is_taken(void **state)
{
    (void)state;
    begin("sev_guest");
    k.name_taken = 3;
    assert_ok(ask(report_tsm_open));
    assert_int_equal(k.mkdirs, 5);
    begin("sev_guest");
    k.name_taken = -1;
    assert_refused(report_tsm_open, "mkdir: File exists");
    assert_int_equal(k.mkdirs, 8);
}

static void tsm_says_what_is_missing(void **state)
{
    (void)state;
    begin("sev_guest");
    k.has_tsm = false;
    assert_fails(report_tsm_open, ERR_FILE, "Linux 6.7");
    begin("sev_guest");
    k.provider = NULL;
    assert_refused(report_tsm_open, "no provider");
    static const struct {
        int failed;
        const char *words;
    } rows[] = {{EACCES, "only root"}, {EPERM, "only root"}, {ENOMEM, "mkdir: Cannot allocate memory"}};
    for (size_t i = 0; i < test_count(rows); i++) {
        begin("sev_guest");
        k.mkdir_failed = rows[i].failed;
        assert_refused(report_tsm_open, rows[i].words);
    }
}

static void tsm_refuses_a_provider_that_is_not_known_by_name(void **state)
{
    (void)state;
    static const char *const names[] = {"arm_cca_guest", "", "sev_guest2", "SEV_GUEST", "sev_guest\n"};
    for (size_t i = 0; i < test_count(names); i++) {
        begin("sev_guest");
        k.provider = names[i];
        assert_refused(report_tsm_open, "is not known");
    }
    assert_non_null(strstr(note.text, "sev_guest"));
}

/* The provider may go away, or another come, between two reports. */
static void tsm_looks_at_the_provider_each_time(void **state)
{
    (void)state;
    struct report_device *device;
    begin("sev_guest");
    assert_ok(report_tsm_open(&k.base, &device, &note));
    assert_ok(device->ask(device, wanted, &answer, &note));
    k.provider = "tdx_guest";
    assert_ok(device->ask(device, wanted, &answer, &note));
    assert_int_equal(answer.kind, REPORT_TDX);
    k.provider = NULL;
    assert_err(device->ask(device, wanted, &answer, &note), ERR_EVIDENCE);
    device->close(device);
    assert_true(stand_in_is_clean(&k));
}

static void tsm_says_why_no_report_came(void **state)
{
    (void)state;
    static const struct {
        int failed;
        const char *words;
    } rows[] = {
        {EINVAL, "refused the request"},
        {ENXIO, "went away"},
        {EIO, "outblob: Input/output error"},
        {ETIMEDOUT, "outblob: Connection"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        begin("sev_guest");
        k.outblob_failed = rows[i].failed;
        assert_refused(report_tsm_open, rows[i].words);
        assert_int_equal(k.slept_ms, 0);
    }
}

static void tsm_refuses_a_report_that_has_no_end(void **state)
{
    (void)state;
    begin("sev_guest");
    report_size = REPORT_ROOM;
    assert_ok(ask(report_tsm_open));
    begin("sev_guest");
    report_size = REPORT_ROOM + 1;
    assert_refused(report_tsm_open, "larger than any");
}

static void tsm_refuses_a_generation_that_is_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "\n", "x\n", "-1\n", "1 2\n", "99999999999999999999999\n",
                                        "1\n\n"};
    for (size_t i = 0; i < test_count(texts); i++) {
        begin("sev_guest");
        k.odd_generation = texts[i];
        assert_refused(report_tsm_open, "generation");
    }
}

static void tsm_takes_any_number_as_generation(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0, 9, 90, UINT64_MAX - 2};
    for (size_t i = 0; i < test_count(numbers); i++) {
        begin("sev_guest");
        k.first_generation = numbers[i];
        k.privlevel_floor = 1; /* two writes */
        assert_ok(ask(report_tsm_open));
    }
}

static void tsm_is_not_opened_on_a_provider_that_is_not_known(void **state)
{
    (void)state;
    struct report_device *device;
    begin("sev_guest");
    k.provider = "arm_cca_guest";
    assert_err(report_tsm_open(&k.base, &device, &note), ERR_EVIDENCE);
    assert_null(device);
    assert_true(stand_in_is_clean(&k));
}

/* ---- /dev/sev-guest ---- */

static void sev_guest_gives_a_report_and_the_table(void **state)
{
    (void)state;
    begin_sev();
    assert_ok(ask(report_sev_guest_open));
    assert_is_report(REPORT_SNP, SNP_SIZE);
    assert_int_equal(answer.table_len, STAND_IN_PAGE);
    assert_int_equal(answer.table[99], 0xcc);
    assert_int_equal(answer.table[100], 0);
    assert_int_equal(k.ioctls, 1);
}

static void sev_guest_makes_room_for_the_table(void **state)
{
    (void)state;
    for (uint32_t pages = 2; pages <= 4; pages++) {
        begin_sev();
        k.pages_wanted = pages;
        assert_ok(ask(report_sev_guest_open));
        assert_is_report(REPORT_SNP, SNP_SIZE);
        assert_int_equal(answer.table_len, pages * STAND_IN_PAGE);
        assert_int_equal(k.ioctls, 2);
    }
}

static void sev_guest_goes_without_a_table_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        uint32_t wanted;
        uint32_t said;
    } rows[] = {{5, 0}, {3, 1}, {100, 0}, {3, 1000000}};
    for (size_t i = 0; i < test_count(rows); i++) {
        begin_sev();
        k.pages_wanted = rows[i].wanted;
        k.pages_said = rows[i].said;
        assert_ok(ask(report_sev_guest_open));
        assert_is_report(REPORT_SNP, SNP_SIZE);
        assert_int_equal(answer.table_len, 0);
    }
}

/* The host says "one page more" for ever. */
static void sev_guest_does_not_grow_for_ever(void **state)
{
    (void)state;
    begin_sev();
    k.pages_wanted = 4;
    k.pages_said = 2;
    assert_ok(ask(report_sev_guest_open));
    assert_int_equal(answer.table_len, 0);
    assert_true(k.ioctls <= 5);
}

static void sev_guest_waits_for_a_busy_host(void **state)
{
    (void)state;
    begin_sev();
    k.host_busy = 3;
    assert_ok(ask(report_sev_guest_open));
    assert_int_equal(k.slept_ms, 20 + 40 + 80);
    begin_sev();
    k.host_busy = -1;
    assert_refused(report_sev_guest_open, "stays busy");
    assert_int_equal(k.ioctls, 10);
    assert_true(k.slept_ms < 10000);
}

static void sev_guest_tries_again_what_passes(void **state)
{
    (void)state;
    static const int passing[] = {EAGAIN, EBUSY, EINTR};
    for (size_t i = 0; i < test_count(passing); i++) {
        begin_sev();
        k.passing = passing[i];
        k.ioctl_passing = 9; /* the last try succeeds */
        assert_ok(ask(report_sev_guest_open));
        assert_is_report(REPORT_SNP, SNP_SIZE);
        assert_int_equal(k.slept_ms, 20 + 40 + 80 + 160 + 320 + 640 + 3 * 1000);
        begin_sev();
        k.passing = passing[i];
        k.ioctl_passing = -1;
        assert_refused(report_sev_guest_open, "stays busy");
    }
}

static void sev_guest_says_who_refused(void **state)
{
    (void)state;
    begin_sev();
    k.firmware_error = 0x16;
    assert_refused(report_sev_guest_open, "firmware 0x16, host 0x0");
    begin_sev();
    k.ioctl_failed = ENOTTY;
    assert_refused(report_sev_guest_open, "new start of the machine");
    begin_sev();
    k.ioctl_failed = EFAULT;
    assert_refused(report_sev_guest_open, "Bad address");
    begin_sev();
    k.response_status = 0x16;
    assert_refused(report_sev_guest_open, "status 0x16");
    begin_sev();
    k.has_sev_guest = false;
    assert_fails(report_sev_guest_open, ERR_FILE, "module sev-guest");
}

static void sev_guest_refuses_an_answer_of_another_form(void **state)
{
    (void)state;
    begin_sev();
    k.response_size = SNP_SIZE - 1;
    assert_refused(report_sev_guest_open, "1183 bytes");
    begin_sev();
    k.response_size = SNP_SIZE + 1;
    assert_refused(report_sev_guest_open, "1185 bytes");
    begin_sev();
    k.response_reserved = true;
    assert_refused(report_sev_guest_open, "not zero");
}

/* ---- /dev/tdx_guest ---- */

static void tdx_guest_has_the_host_make_a_quote(void **state)
{
    (void)state;
    begin_tdx();
    assert_ok(ask(report_tdx_guest_open));
    assert_is_report(REPORT_TDX, QUOTE_SIZE);
    assert_int_equal(answer.table_len, 0);
    assert_int_equal(k.context, 2);
    assert_int_equal(k.port, 4050);
    begin_tdx();
    k.piece = 7;
    k.interrupted = 4;
    assert_ok(ask(report_tdx_guest_open));
    assert_is_report(REPORT_TDX, QUOTE_SIZE);
}

static void tdx_guest_says_what_is_missing(void **state)
{
    (void)state;
    begin_tdx();
    k.has_tdx_guest = false;
    assert_fails(report_tdx_guest_open, ERR_FILE, "module tdx-guest");
    begin_tdx();
    k.vsock_failed = ECONNRESET;
    assert_refused(report_tdx_guest_open, "no quote generation service on the host's vsock port 4050");
    assert_non_null(strstr(note.text, "--evidence tsm"));
    begin_tdx();
    k.ioctl_failed = EIO;
    assert_refused(report_tdx_guest_open, "Input/output error");
    begin_tdx();
    k.tdreport_other = true;
    assert_refused(report_tdx_guest_open, "covers other data");
}

static void tdx_guest_refuses_what_is_no_answer(void **state)
{
    (void)state;
    begin_tdx();
    k.qgs_error = 0x12001;
    assert_refused(report_tdx_guest_open, "error 0x12001");
    begin_tdx();
    k.qgs_type = 3;
    assert_refused(report_tdx_guest_open, "type 3");
    begin_tdx();
    k.qgs_cut = 1;
    assert_refused(report_tdx_guest_open, "ended the connection");
    begin_tdx();
    k.qgs_cut = QUOTE_SIZE + 26;
    assert_refused(report_tdx_guest_open, "ended the connection");
    begin_tdx();
    k.qgs_length_off = -1;
    assert_refused(report_tdx_guest_open, "and says");
    begin_tdx();
    k.qgs_length_off = 1 << 20;
    assert_refused(report_tdx_guest_open, "larger than the limit");
    begin_tdx();
    k.qgs_length_off = -(QUOTE_SIZE + 24);
    assert_refused(report_tdx_guest_open, "bytes");
    begin_tdx();
    report_size = REPORT_ROOM + 1;
    assert_refused(report_tdx_guest_open, "at most");
    begin_tdx();
    report_size = REPORT_ROOM;
    assert_ok(ask(report_tdx_guest_open));
    assert_is_report(REPORT_TDX, REPORT_ROOM);
}

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

static enum err ask_given(void)
{
    struct report_device *device;
    enum err e = report_tsm_open(&k.base, &device, &note);
    if (e != ERR_OK)
        return e;
    e = device->ask(device, wanted, &answer, &note);
    device->close(device);
    return e;
}

/* As the guest image's init leaves it: a user who may make no entries, and one entry that is theirs. */
static void an_entry_that_was_given(void **state)
{
    (void)state;
    static const char *const providers[] = {"sev_guest", "tdx_guest"};
    for (size_t i = 0; i < test_count(providers); i++) {
        begin(providers[i]);
        k.mkdir_failed = i == 0 ? EACCES : EPERM;
        k.no_privlevel = i != 0;
        k.no_auxblob = i != 0;
        assert_err(ask(report_tsm_open), ERR_EVIDENCE); /* there is none yet */
        assert_non_null(strstr(note.text, "only root"));
        k.entries[0] = (struct stand_in_entry){.used = true, .name = "enclume", .write_generation = 7};
        assert_ok(ask_given());
        assert_memory_equal(answer.report, wanted, sizeof wanted);
        wanted[0]++;
        assert_ok(ask_given());
        assert_memory_equal(answer.report, wanted, sizeof wanted);
        assert_true(k.entries[0].used);
        assert_int_equal(k.rmdirs, 0);
        k.would_block = 1;
        assert_ok(ask_given());
        assert_int_equal(k.rmdirs, 0);
        k.entries[0].used = false;
        assert_true(stand_in_is_clean(&k)); /* but for the entry, which stays */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_that_was_given),
        cmocka_unit_test(tsm_gives_an_snp_report_with_the_hosts_table),
        cmocka_unit_test(tsm_gives_a_td_quote),
        cmocka_unit_test(tsm_reads_to_the_end_however_it_is_cut),
        cmocka_unit_test(tsm_asks_at_the_lowest_level_that_the_kernel_has),
        cmocka_unit_test(tsm_goes_without_a_table_where_there_is_none),
        cmocka_unit_test(tsm_tries_again_what_passes),
        cmocka_unit_test(tsm_gives_up_in_the_end),
        cmocka_unit_test(tsm_takes_another_name_when_one_is_taken),
        cmocka_unit_test(tsm_says_what_is_missing),
        cmocka_unit_test(tsm_refuses_a_provider_that_is_not_known_by_name),
        cmocka_unit_test(tsm_looks_at_the_provider_each_time),
        cmocka_unit_test(tsm_says_why_no_report_came),
        cmocka_unit_test(tsm_refuses_a_report_that_has_no_end),
        cmocka_unit_test(tsm_refuses_a_generation_that_is_no_number),
        cmocka_unit_test(tsm_takes_any_number_as_generation),
        cmocka_unit_test(tsm_is_not_opened_on_a_provider_that_is_not_known),
        cmocka_unit_test(sev_guest_gives_a_report_and_the_table),
        cmocka_unit_test(sev_guest_makes_room_for_the_table),
        cmocka_unit_test(sev_guest_goes_without_a_table_that_cannot_be),
        cmocka_unit_test(sev_guest_does_not_grow_for_ever),
        cmocka_unit_test(sev_guest_waits_for_a_busy_host),
        cmocka_unit_test(sev_guest_tries_again_what_passes),
        cmocka_unit_test(sev_guest_says_who_refused),
        cmocka_unit_test(sev_guest_refuses_an_answer_of_another_form),
        cmocka_unit_test(tdx_guest_has_the_host_make_a_quote),
        cmocka_unit_test(tdx_guest_says_what_is_missing),
        cmocka_unit_test(tdx_guest_refuses_what_is_no_answer),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
