/* SPDX-License-Identifier: Apache-2.0 */
/* The host's helper, asked by the client that an enclave has, and by hand with what no enclave asks. It runs in a process of its own. */
#include "cli/collateral_serve.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attest/certificate_table.h"
#include "base/monotonic.h"
#include "cli/collateral_listen.h"
#include "evidence/collateral_directory.h"
#include "evidence/collateral_source.h"
#include "evidence/collateral_wanted.h"
#include "evidence/collateral_wire.h"
#include "evidence/evidence.h"
#include "support/stand_in_kernel.h"
#include "support/synthetic_snp.h"
#include "unit/test.h"

enum {
    PATH_ROOM = 512,
    SHORT_MS = 1000, /* which a slow machine must keep, too */
    PATIENCE_MS = 60 * 1000,
    LONG_MS = 20 * 1000,
    ANSWER_HEAD = COLLATERAL_ANSWER_HEAD_SIZE,
    LOG_ROOM = 256 * 1024
};

#define LITERAL(text)                                                                                        \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

static char parent[] = "/tmp/enclume-serve-XXXXXX";
static char directory[PATH_ROOM];
static char address[PATH_ROOM];
static char log_path[PATH_ROOM];
static char log_text[LOG_ROOM];
static struct collateral_listener listener;
static pid_t pid;
static struct err_note note;
static uint8_t large[COLLATERAL_DOCUMENT_MAX];
static uint8_t out[COLLATERAL_DOCUMENT_MAX];

static const char *path_of(const char *name)
{
    static char path[2 * PATH_ROOM];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void empty(void)
{
    DIR *list = opendir(directory);
    for (const struct dirent *entry; list != NULL;) {
        entry = readdir(list); // NOLINT(concurrency-mt-unsafe): the list is ours alone
        if (entry == NULL)
            break;
        if (unlink(path_of(entry->d_name)) != 0)
            (void)rmdir(path_of(entry->d_name));
    }
    if (list != NULL)
        (void)closedir(list);
    (void)rmdir(directory);
    assert_int_equal(mkdir(directory, 0700), 0);
}

/* ---- the helper ---- */

static void serve(bool once, int timeout_ms)
{
    sigset_t set;
    int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(log, STDERR_FILENO);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    const struct collateral_serve s = {.directory = directory,
                                       .listener = listener.fd,
                                       .signals = signalfd(-1, &set, SFD_CLOEXEC),
                                       .once = once,
                                       .timeout_ms = timeout_ms};
    _exit((int)collateral_serve_run(&s, &note));
}

static void start(bool once, int timeout_ms)
{
    note.text[0] = '\0';
    assert_ok(collateral_listen(address, &listener, &note));
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        serve(once, timeout_ms);
}

/* All that it has said so far. */
static const char *log_so_far(void)
{
    int fd = open(log_path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, log_text, sizeof log_text - 1);
    (void)close(fd);
    assert_true(n >= 0 && n < LOG_ROOM - 1);
    log_text[n] = '\0';
    return log_text;
}

static void wait_logged(const char *words)
{
    for (int64_t end = monotonic_ms() + PATIENCE_MS; strstr(log_so_far(), words) == NULL; (void)usleep(10000))
        assert_true(monotonic_ms() < end);
}

static const char *ended(void)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ERR_OK);
    collateral_listen_end(&listener);
    assert_int_not_equal(access(address + strlen("unix:"), F_OK), 0);
    return log_so_far();
}

static const char *stop(void)
{
    assert_int_equal(kill(pid, SIGTERM), 0);
    return ended();
}

static void assert_logged(const char *log, const char *words)
{
    if (strstr(log, words) == NULL)
        fail_msg("the log says: %s; wanted in it: %s", log, words);
}

/* ---- asking ---- */

static struct collateral_key key_named(const char *name)
{
    struct collateral_key key;
    assert_ok(collateral_key_parse(bytes_str(name), &key));
    return key;
}

static enum err ask_key(const struct collateral_key *key, size_t *len)
{
    struct collateral_source *source;
    note.text[0] = '\0';
    assert_ok(collateral_source_open(&kernel_real, address, &source, &note));
    enum err e = source->ask(source, key, out, len, &note);
    source->close(source);
    return e;
}

static enum err ask(const char *name, size_t *len)
{
    struct collateral_key key = key_named(name);
    return ask_key(&key, len);
}

static void assert_answer(const char *name, struct bytes document)
{
    size_t len;
    if (ask(name, &len) != ERR_OK)
        fail_msg("%s: %s", name, note.text);
    assert_true(bytes_equal(bytes_of(out, len), document));
}

static void assert_no_answer(const char *name, enum collateral_status status)
{
    size_t len;
    assert_err(ask(name, &len), ERR_EVIDENCE);
    assert_int_equal(len, 0);
    assert_non_null(strstr(note.text, collateral_status_text(status)));
}

static void put(const char *name, struct bytes document)
{
    struct collateral_key key = key_named(name);
    assert_ok(collateral_directory_write(directory, &key, document, &note));
}

#define TDX "tdx-00806f050000-platform.json"
#define RIM "gpu-rim-NV_GPU_DRIVER_GH100_550.144.03.xml"
#define WORD(serial)                                                                                         \
    "gpu-ocsp-" serial "-aa00000000000000000000000000000000000000000000000000000000000000-"                  \
    "bb00000000000000000000000000000000000000000000000000000000000000.der"
#define OCSP    WORD("05")
#define LIST    "snp-crl-Genoa-vcek.crl"
#define MISSING "snp-crl-Milan-vcek.crl"

static void the_enclaves_client_gets_what_is_there(void **state)
{
    (void)state;
    empty();
    put(TDX, bytes_str("{}"));
    put(RIM, bytes_of(large, sizeof large));
    put(OCSP, bytes_of(large, 1));
    start(false, LONG_MS);
    assert_answer(TDX, bytes_str("{}"));
    assert_answer(RIM, bytes_of(large, sizeof large));
    assert_answer(OCSP, bytes_of(large, 1));
    assert_no_answer(MISSING, COLLATERAL_NOT_FOUND);
    put(TDX, bytes_str("{\"renewed\":1}")); /* what is fetched anew is handed out from then on */
    assert_answer(TDX, bytes_str("{\"renewed\":1}"));
    const char *log = stop();
    assert_logged(log, " " TDX ": found\n");
    assert_logged(log, " " MISSING ": is not here\n");
    assert_null(strstr(log, "renewed"));
}

static void what_is_no_document_is_not_handed_out(void **state)
{
    (void)state;
    char outside[PATH_ROOM];
    empty();
    (void)snprintf(outside, sizeof outside, "%s/outside", parent);
    FILE *f = fopen(outside, "w");
    assert_non_null(f);
    assert_true(fputs("what is not for a VM", f) >= 0 && fclose(f) == 0);
    assert_int_equal(symlink(outside, path_of(TDX)), 0);
    assert_int_equal(mkdir(path_of(OCSP), 0700), 0);
    assert_int_equal(mkfifo(path_of(WORD("06")), 0600), 0);
    put(WORD("07"), bytes_str(""));
    put(RIM, bytes_of(large, sizeof large));
    f = fopen(path_of(RIM), "a");
    assert_non_null(f);
    assert_true(fputc('x', f) == 'x' && fclose(f) == 0);
    start(false, LONG_MS);
    assert_no_answer(TDX, COLLATERAL_UNAVAILABLE);
    assert_no_answer(OCSP, COLLATERAL_UNAVAILABLE);
    assert_no_answer(WORD("06"), COLLATERAL_UNAVAILABLE);
    assert_no_answer(WORD("07"), COLLATERAL_UNAVAILABLE);
    assert_no_answer(RIM, COLLATERAL_UNAVAILABLE);
    (void)stop();
    assert_int_equal(unlink(outside), 0);
}

/* ---- by hand ---- */

static int connected(void)
{
    int fd = kernel_real.connect_unix(&kernel_real, address + strlen("unix:"));
    assert_true(fd >= 0);
    return fd;
}

static size_t question(struct bytes name, uint8_t to[static 1024])
{
    memcpy(to, "ENCLCOLQ", 8);
    to[8] = (uint8_t)(name.len >> 8);
    to[9] = (uint8_t)name.len;
    memcpy(to + 10, name.ptr, name.len);
    return 10 + name.len;
}

/* The status of the answer that comes, its document read; -1: the connection ends without one. */
static int answer_of(int fd, size_t *len)
{
    uint8_t head[ANSWER_HEAD];
    enum collateral_status status;
    *len = 0;
    if (kernel_read_all(&kernel_real, fd, head, sizeof head) != 0)
        return -1;
    assert_ok(collateral_answer_head_parse(head, &status, len));
    assert_int_equal(kernel_read_all(&kernel_real, fd, out, *len), 0);
    return (int)status;
}

static bool is_at_its_end(int fd)
{
    uint8_t byte;
    ssize_t n = read(fd, &byte, 1);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void send_all(int fd, const void *bytes, size_t len)
{
    assert_int_equal(kernel_write_all(&kernel_real, fd, bytes, len), 0);
}

static void assert_not_understood(struct bytes message)
{
    size_t len;
    int fd = connected();
    send_all(fd, message.ptr, message.len);
    assert_int_equal(answer_of(fd, &len), COLLATERAL_NOT_UNDERSTOOD);
    assert_true(is_at_its_end(fd));
    (void)close(fd);
}

static void names_that_lead_elsewhere_are_not_understood(void **state)
{
    (void)state;
    static const struct bytes names[] = {
        LITERAL("../outside"),
        LITERAL("/etc/passwd"),
        LITERAL("."),
        LITERAL("manifest.json"),
        LITERAL("gpu-rim-../x.xml"),
        LITERAL("gpu-rim-..xml"),
        LITERAL("gpu-rim-a/b.xml"),
        LITERAL(OCSP "\0"),
        LITERAL(OCSP "\0.der"),
        LITERAL(WORD("0A")),
        LITERAL("gpu-ocsp-05.der"),
        LITERAL(WORD("5")),
        LITERAL(OCSP " "),
        LITERAL("GPU-ocsp-05.der"),
        LITERAL("tdx-00806F050000-platform.json"),
        LITERAL("snp-crl-Genoa-vcek.crl\n2026-01-01T00:00:00Z forged: found"),
        LITERAL("%s%n"),
    };
    uint8_t message[1024];
    empty();
    put(OCSP, bytes_of(large, 1));
    start(false, LONG_MS);
    for (size_t i = 0; i < test_count(names); i++)
        assert_not_understood(bytes_of(message, question(names[i], message)));
    assert_answer(OCSP, bytes_of(large, 1));
    const char *log = stop();
    assert_logged(log, " a question: was not understood\n");
    assert_null(strstr(log, "forged"));
    assert_null(strstr(log, "passwd"));
}

static void what_is_no_question_is_refused_by_its_head(void **state)
{
    (void)state;
    static const struct bytes heads[] = {
        LITERAL("ENCLCOLA\0\x0fgpu-ocsp-05.der"),
        LITERAL("GET / HTTP/1.1\r\n\r\n"),
        LITERAL("ENCLCOLQ\0\0"),
        LITERAL("ENCLCOLQ\xff\xff"),
        LITERAL("ENCLCOLQ\0\xd0"), /* a name of COLLATERAL_NAME_MAX */
        LITERAL("\0\0\0\0\0\0\0\0\0\0"),
    };
    empty();
    put(OCSP, bytes_of(large, 1));
    start(false, LONG_MS);
    for (size_t i = 0; i < test_count(heads); i++)
        assert_not_understood(heads[i]);
    assert_answer(OCSP, bytes_of(large, 1));
    (void)stop();
}

static void questions_take_turns_however_they_are_cut(void **state)
{
    (void)state;
    uint8_t message[2048];
    size_t len;
    empty();
    put(OCSP, bytes_str("the first"));
    put(TDX, bytes_str("the second"));
    start(false, LONG_MS);
    int fd = connected();
    size_t n = question(bytes_str(OCSP), message);
    for (size_t i = 0; i < n; i++) {
        send_all(fd, message + i, 1);
        (void)usleep(200);
    }
    assert_int_equal(answer_of(fd, &len), COLLATERAL_FOUND);
    assert_true(bytes_is_str(bytes_of(out, len), "the first"));
    /* Three at once are answered one after the other. */
    n = question(bytes_str(TDX), message);
    n += question(bytes_str(MISSING), message + n);
    n += question(bytes_str(OCSP), message + n);
    send_all(fd, message, n);
    assert_int_equal(answer_of(fd, &len), COLLATERAL_FOUND);
    assert_true(bytes_is_str(bytes_of(out, len), "the second"));
    assert_int_equal(answer_of(fd, &len), COLLATERAL_NOT_FOUND);
    assert_int_equal(answer_of(fd, &len), COLLATERAL_FOUND);
    assert_true(bytes_is_str(bytes_of(out, len), "the first"));
    (void)close(fd);
    (void)stop();
}

static void who_is_slow_is_cut_off_and_keeps_nobody_waiting(void **state)
{
    (void)state;
    uint8_t message[1024];
    size_t len;
    empty();
    put(RIM, bytes_of(large, sizeof large));
    put(OCSP, bytes_of(large, 1));
    start(false, SHORT_MS);
    int silent = connected();
    int half = connected();
    int deaf = connected();
    const int small = 4096;
    (void)setsockopt(deaf, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    send_all(half, message, question(bytes_str(OCSP), message) - 1);
    send_all(deaf, message, question(bytes_str(RIM), message));
    assert_answer(OCSP, bytes_of(large, 1));
    assert_answer(RIM, bytes_of(large, sizeof large));
    assert_int_equal(answer_of(silent, &len), -1);
    assert_int_equal(answer_of(half, &len), -1);
    wait_logged(" an answer: took too long\n");
    size_t taken = 0;
    for (ssize_t n = 1; n > 0; taken += n > 0 ? (size_t)n : 0)
        n = read(deaf, out, sizeof out);
    assert_true(taken < sizeof large);
    (void)close(silent);
    (void)close(half);
    (void)close(deaf);
    int fd = connected(); /* one that goes away in the middle */
    send_all(fd, message, 5);
    (void)close(fd);
    assert_answer(OCSP, bytes_of(large, 1));
    const char *log = stop();
    assert_logged(log, " a question: took too long\n");
    assert_logged(log, " an answer: took too long\n");
    assert_logged(log, " a question: broke off\n");
}

static void a_byte_now_and_then_does_not_hold_a_place(void **state)
{
    (void)state;
    uint8_t message[1024];
    size_t i = 0;
    empty();
    start(false, SHORT_MS);
    int fd = connected();
    size_t n = question(bytes_str(OCSP), message);
    for (; i < n && send(fd, message + i, 1, MSG_NOSIGNAL) == 1; i++)
        (void)usleep(SHORT_MS / 3 * 1000);
    assert_true(i < n);
    (void)close(fd);
    assert_logged(stop(), " a question: took too long\n");
}

static void more_than_it_serves_at_once_wait(void **state)
{
    (void)state;
    int fds[COLLATERAL_SERVE_CONNECTIONS];
    empty();
    put(OCSP, bytes_of(large, 1));
    start(false, SHORT_MS);
    for (size_t i = 0; i < test_count(fds); i++)
        fds[i] = connected();
    assert_answer(OCSP, bytes_of(large, 1)); /* when those have had their time */
    for (size_t i = 0; i < test_count(fds); i++)
        (void)close(fds[i]);
    assert_logged(stop(), OCSP ": found");
}

static void once_is_one_connection(void **state)
{
    (void)state;
    empty();
    put(OCSP, bytes_of(large, 1));
    start(true, LONG_MS);
    assert_answer(OCSP, bytes_of(large, 1));
    assert_logged(ended(), OCSP ": found");
}

static void the_log_cannot_be_flooded(void **state)
{
    (void)state;
    uint8_t message[1024];
    size_t lines = 0;
    size_t len;
    empty();
    start(false, LONG_MS);
    size_t n = question(bytes_str(MISSING), message);
    int fd = connected();
    for (int i = 0; i < 2000; i++) {
        send_all(fd, message, n);
        assert_int_equal(answer_of(fd, &len), COLLATERAL_NOT_FOUND);
    }
    (void)close(fd);
    for (const char *at = stop(); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_in_range(lines, 100, 300);
}

/* ---- AMD's products, said and not said ---- */

static void one_chip_has_two_names_and_one_answer(void **state)
{
    (void)state;
    empty();
    put("snp-crl-Genoa-vcek.crl", bytes_str("Genoa's"));
    start(false, LONG_MS);
    assert_answer("snp-crl-any-vcek.crl", bytes_str("Genoa's"));
    assert_no_answer("snp-crl-any-vlek.crl", COLLATERAL_NOT_FOUND);
    assert_no_answer("snp-crl-Milan-vcek.crl", COLLATERAL_NOT_FOUND);
    put("snp-crl-Milan-vcek.crl", bytes_str("Milan's"));
    assert_no_answer("snp-crl-any-vcek.crl", COLLATERAL_NOT_FOUND); /* which of the two? */
    put("snp-crl-any-vcek.crl", bytes_str("anyone's"));
    assert_answer("snp-crl-any-vcek.crl", bytes_str("anyone's"));
    assert_answer("snp-crl-Milan-vcek.crl", bytes_str("Milan's"));
    assert_answer("snp-crl-Turin-vcek.crl", bytes_str("anyone's"));
    (void)stop();
}

static struct synthetic_keys keys;
static struct synthetic_snp snp;
static struct stand_in_kernel k;

static size_t report_write(void *owner, const uint8_t report_data[static 64], unsigned privlevel, uint8_t *to)
{
    (void)owner;
    (void)report_data;
    (void)privlevel;
    memcpy(to, snp.report_bytes, SNP_REPORT_SIZE);
    return SNP_REPORT_SIZE;
}

static void chip_of_version(uint32_t version)
{
    synthetic_snp_init(&snp, &keys);
    snp.report.version = version;
    if (version < SNP_REPORT_VERSION_CPUID)
        snp.report.cpuid_family = snp.report.cpuid_model = snp.report.cpuid_stepping = 0;
    synthetic_snp_build(&snp);
    stand_in_init(&k);
    k.now = SYNTHETIC_NOW;
    k.has_tsm = true;
    k.provider = "sev_guest";
    k.report = report_write;
}

/* What `enclume collateral fetch` keeps for the chip. */
static void keep(const char *product)
{
    static uint8_t table[16384];
    const struct certificate_table t = {
        .vcek = snp.evidence.vek, .ask = snp.evidence.ask, .ark = snp.evidence.ark};
    struct collateral_key certificates;
    struct collateral_key crl;
    size_t len;
    assert_ok(certificate_table_write(&t, table, sizeof table, &len));
    collateral_snp_keys(&snp.report, &certificates, &crl);
    (void)snprintf(certificates.product, sizeof certificates.product, "%s", product);
    (void)snprintf(crl.product, sizeof crl.product, "Genoa");
    assert_ok(collateral_directory_write(directory, &certificates, bytes_of(table, len), &note));
    assert_ok(collateral_directory_write(directory, &crl, snp.evidence.crls[0], &note));
    put("snp-crl-Milan-vcek.crl", bytes_str("another product's"));
}

/* The enclave's own way: the chip's device, the cache that checks, the client, the helper. */
static void enclave_reports(void)
{
    struct collateral_source *source;
    struct collateral_cache *cache;
    struct evidence_source *chip;
    struct evidence evidence;
    note.text[0] = '\0';
    assert_ok(collateral_source_open(&kernel_real, address, &source, &note));
    assert_ok(
        collateral_cache_new(source, &(struct collateral_roots){.processor = snp.evidence.ark}, &cache));
    assert_ok(evidence_kernel_open(&k.base, "tsm", cache, &chip, &note));
    if (chip->report(chip, snp.report.report_data, &evidence, &note) != ERR_OK)
        fail_msg("%s", note.text);
    assert_int_equal(evidence.endorsement_count, 4);
    assert_true(bytes_equal(evidence.endorsements[0].value, snp.evidence.vek));
    assert_true(bytes_equal(evidence.endorsements[3].value, snp.evidence.crls[0]));
    const struct snp_evidence parts = {.report = evidence.report.value,
                                       .vek = evidence.endorsements[0].value,
                                       .ask = evidence.endorsements[1].value,
                                       .ark = evidence.endorsements[2].value,
                                       .crls = {evidence.endorsements[3].value},
                                       .crl_count = 1};
    const struct attest_policy policy = {.simulated_root = snp.evidence.ark,
                                         .measurements = (const uint8_t(*)[48])snp.report.measurement,
                                         .measurement_count = 1};
    static struct verdict v;
    memset(&v, 0, sizeof v);
    snp_appraise(&parts, snp.report.report_data, &policy, SYNTHETIC_NOW, &v);
    static const char *const names[] = {"snp.chain.root", "snp.chain.vek", "snp.crl.signature",
                                        "snp.crl.window", "snp.vek.tcb",   "snp.report.signature"};
    for (size_t i = 0; i < test_count(names); i++)
        if (!verdict_find(&v, names[i])->passed)
            fail_msg("%s: %s", names[i], verdict_find(&v, names[i])->saw);
    evidence_release(&evidence);
    chip->close(chip);
    collateral_cache_free(cache);
    assert_true(stand_in_is_clean(&k));
}

static void an_enclave_gets_its_evidence_endorsed(void **state)
{
    (void)state;
    static const struct {
        uint32_t version;
        const char *kept;
    } rows[] = {{3, "Genoa"}, {2, "any"}, {3, "any"}, {2, "Genoa"}};
    for (size_t i = 0; i < test_count(rows); i++) {
        empty();
        chip_of_version(rows[i].version);
        keep(rows[i].kept);
        start(false, LONG_MS);
        enclave_reports();
        assert_logged(stop(), "snp-crl-Genoa-vcek.crl: found");
    }
}

/* ---- where it listens ---- */

static void a_name_that_is_taken_stays(void **state)
{
    (void)state;
    struct collateral_listener other;
    static char file[4 * PATH_ROOM];
    empty();
    start(false, LONG_MS);
    assert_err(collateral_listen(address, &other, &note), ERR_NETWORK);
    assert_no_answer(MISSING, COLLATERAL_NOT_FOUND);
    (void)stop();
    (void)snprintf(file, sizeof file, "unix:%s", path_of(TDX));
    put(TDX, bytes_of(large, 1));
    assert_err(collateral_listen(file, &other, &note), ERR_NETWORK);
    assert_int_equal(access(path_of(TDX), F_OK), 0);
    /* Of one that was killed nothing but the name is left. */
    assert_ok(collateral_listen(address, &other, &note));
    (void)close(other.fd);
    start(false, LONG_MS);
    assert_no_answer(MISSING, COLLATERAL_NOT_FOUND);
    (void)stop();
    static const char *const wrong[] = {"",         "unix:",    "tcp:127.0.0.1:1",
                                        "vsock:",   "vsock:x",  "vsock:4294967295",
                                        "vsock:-1", "vsock:1x", "/a/path"};
    for (size_t i = 0; i < test_count(wrong); i++)
        assert_err(collateral_listen(wrong[i], &other, &note), ERR_USAGE);
}

static int setup(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK || mkdtemp(parent) == NULL)
        return -1;
    (void)snprintf(directory, sizeof directory, "%s/d", parent);
    (void)snprintf(address, sizeof address, "unix:%s/s", parent);
    (void)snprintf(log_path, sizeof log_path, "%s/log", parent);
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 7 + i / 256);
    synthetic_keys_make(&keys);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    empty();
    synthetic_keys_release(&keys);
    (void)unlink(log_path);
    return rmdir(directory) == 0 && rmdir(parent) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_enclaves_client_gets_what_is_there),
        cmocka_unit_test(what_is_no_document_is_not_handed_out),
        cmocka_unit_test(names_that_lead_elsewhere_are_not_understood),
        cmocka_unit_test(what_is_no_question_is_refused_by_its_head),
        cmocka_unit_test(questions_take_turns_however_they_are_cut),
        cmocka_unit_test(who_is_slow_is_cut_off_and_keeps_nobody_waiting),
        cmocka_unit_test(a_byte_now_and_then_does_not_hold_a_place),
        cmocka_unit_test(more_than_it_serves_at_once_wait),
        cmocka_unit_test(once_is_one_connection),
        cmocka_unit_test(the_log_cannot_be_flooded),
        cmocka_unit_test(one_chip_has_two_names_and_one_answer),
        cmocka_unit_test(an_enclave_gets_its_evidence_endorsed),
        cmocka_unit_test(a_name_that_is_taken_stays),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
