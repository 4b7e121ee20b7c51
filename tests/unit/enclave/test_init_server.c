/* SPDX-License-Identifier: Apache-2.0 */
/* What init does in images with another server: the list that says what is started, the GPUs that the kernel speaks of, and what the server's system calls are. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/init/init_gpus.h"
#include "enclave/init/init_lists.h"
#include "enclave/init/init_server_filter.h"
#include "enclave/init/init_server_list.h"
#include "unit/test.h"

static struct err_note note;

/* ---- the list ---- */

static struct init_server_list list;

static enum err parse(const char *text)
{
    note.text[0] = '\0';
    return init_server_list_parse(bytes_str(text), &list, &note);
}

static void a_list_says_what_is_started(void **state)
{
    (void)state;
    assert_ok(
        parse("# a server\narg --model\narg /dev/model\nprogram /bin/llama-server\n\narg --chat template\n"
              "env HOME=/tmp\nenv A_1=\nscratch 512\n"));
    static const char *const args[] = {"/bin/llama-server", "--model", "/dev/model", "--chat template"};
    assert_int_equal(list.arg_count, test_count(args));
    for (size_t i = 0; i < test_count(args); i++)
        assert_string_equal(list.args[i], args[i]);
    assert_null(list.args[list.arg_count]);
    assert_int_equal(list.env_count, 2);
    assert_string_equal(list.env[0], "HOME=/tmp");
    assert_string_equal(list.env[1], "A_1=");
    assert_null(list.env[2]);
    assert_int_equal(list.scratch_mib, 512);
    assert_false(list.gpus);
    assert_ok(parse("gpus\nprogram /x"));
    assert_true(list.gpus);
    assert_int_equal(list.scratch_mib, INIT_SERVER_SCRATCH_DEFAULT);
    assert_null(list.args[1]);
}

static void a_list_that_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err wanted;
        const char *said;
    } rows[] = {
        {"", ERR_USAGE, "no program"},
        {"arg x\n", ERR_USAGE, "no program"},
        {"program bin/x\n", ERR_VALUE, "line 1 "},
        {"program /\n", ERR_VALUE, "line 1 "},
        {"program\n", ERR_VALUE, "line 1 "},
        {"program /x\nprogram /x\n", ERR_VALUE, "line 2 "},
        {"program /x\narg\n", ERR_VALUE, "line 2 "},
        {"program /x\narg \n", ERR_VALUE, "line 2 "},
        {"program /x\narg a\tb\n", ERR_VALUE, "line 2 "},
        {"program /x\narg \x7f\n", ERR_VALUE, "line 2 "},
        {"program /x\nenv HOME\n", ERR_VALUE, "line 2 "},
        {"program /x\nenv =x\n", ERR_VALUE, "line 2 "},
        {"program /x\nenv 1A=x\n", ERR_VALUE, "line 2 "},
        {"program /x\nenv LD-X=x\n", ERR_VALUE, "line 2 "},
        {"program /x\nscratch 0\n", ERR_VALUE, "line 2 "},
        {"program /x\nscratch 01\n", ERR_VALUE, "line 2 "},
        {"program /x\nscratch 1048577\n", ERR_VALUE, "line 2 "},
        {"program /x\nscratch 1\nscratch 1\n", ERR_VALUE, "line 3 "},
        {"program /x\ngpus 1\n", ERR_VALUE, "line 2 "},
        {"program /x\ngpus\ngpus\n", ERR_VALUE, "line 3 "},
        {"program /x\nshell /bin/sh\n", ERR_VALUE, "line 2 "},
        {" program /x\n", ERR_VALUE, "line 1 "},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        assert_err(parse(rows[i].text), rows[i].wanted);
        if (strstr(note.text, rows[i].said) == NULL)
            fail_msg("%s: said \"%s\", wanted \"%s\"", rows[i].text, note.text, rows[i].said);
    }
    static char many[INIT_LIST_SIZE_MAX + 2] = "program /x\n";
    for (size_t i = 1; i < INIT_SERVER_WORDS_MAX; i++)
        memcpy(many + strlen(many), "arg a\n", strlen("arg a\n"));
    assert_ok(parse(many));
    assert_int_equal(list.arg_count, INIT_SERVER_WORDS_MAX);
    memcpy(many + strlen(many), "arg a\n", strlen("arg a\n"));
    assert_err(parse(many), ERR_VALUE);
    memset(many, '#', INIT_LIST_SIZE_MAX + 1);
    assert_err(parse(many), ERR_TOO_LARGE);
}

/* ---- GPUs ---- */

#define DEVICES                                                                                              \
    "Character devices:\n  1 mem\n 10 misc\n195 nvidia\n195 nvidiactl\n195 nvidia-modeset\n508 "             \
    "nvidia-uvm\n\n"                                                                                         \
    "Block devices:\n  8 sd\n259 blkext\n"
#define INFORMATION(minor)                                                                                   \
    "Model: \t\t NVIDIA H100 PCIe\nIRQ:   \t\t 81\nGPU UUID: \t GPU-8ec9\nBus Location: \t "                 \
    "0000:01:00.0\nDevice Minor: \t " minor "\nGPU Excluded:\t No\n"

static struct init_gpu_nodes nodes;

static void assert_node(size_t i, const char *name, unsigned major, unsigned minor)
{
    assert_true(i < nodes.count);
    assert_string_equal(nodes.at[i].name, name);
    assert_int_equal(nodes.at[i].major, major);
    assert_int_equal(nodes.at[i].minor, minor);
}

static void nodes_follow_from_what_the_kernel_says(void **state)
{
    (void)state;
    static const unsigned minors[] = {1, 0};
    assert_ok(init_gpu_nodes_of(bytes_str(DEVICES), minors, 2, &nodes, &note));
    assert_int_equal(nodes.count, 4);
    assert_node(0, "nvidiactl", 195, 255);
    assert_node(1, "nvidia-uvm", 508, 0);
    assert_node(2, "nvidia1", 195, 1);
    assert_node(3, "nvidia0", 195, 0);
    /* A driver before 545 has one name for both. */
    assert_ok(init_gpu_nodes_of(bytes_str("Character devices:\n195 nvidia-frontend\n508 nvidia-uvm\n"),
                                minors, 1, &nodes, &note));
    assert_int_equal(nodes.count, 3);
    assert_node(0, "nvidiactl", 195, 255);
    assert_node(2, "nvidia1", 195, 1);
    static const unsigned all[INIT_GPUS_MAX + 1] = {0};
    assert_ok(init_gpu_nodes_of(bytes_str(DEVICES), all, INIT_GPUS_MAX, &nodes, &note));
    assert_err(init_gpu_nodes_of(bytes_str(DEVICES), all, INIT_GPUS_MAX + 1, &nodes, &note), ERR_VALUE);
}

static void a_driver_that_is_missing_is_named(void **state)
{
    (void)state;
    static const unsigned minors[] = {0};
    static const struct {
        const char *devices;
        const char *said;
    } rows[] = {
        {"", "nvidiactl"},
        {"Character devices:\n195 nvidia\n508 nvidia-uvm\n", "nvidiactl"},
        {"Character devices:\n195 nvidia\n195 nvidiactl\n", "nvidia-uvm"},
        {"Character devices:\n195 nvidiactl\n508 nvidia-uvm\n", "no driver nvidia:"},
        {"Character devices:\n195 nvidia\n195 nvidiactl\nBlock devices:\n508 nvidia-uvm\n", "nvidia-uvm"},
        {"Character devices:\n195 nvidia\n195 nvidiactl\n5000 nvidia-uvm\n", "nvidia-uvm"},
        {"Character devices:\n195 nvidia\n195 nvidiactl\nx nvidia-uvm\n", "nvidia-uvm"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        assert_err(init_gpu_nodes_of(bytes_str(rows[i].devices), minors, 1, &nodes, &note), ERR_VALUE);
        if (strstr(note.text, rows[i].said) == NULL)
            fail_msg("%zu: said \"%s\"", i, note.text);
    }
}

static void a_gpu_has_one_number(void **state)
{
    (void)state;
    unsigned minor = 0;
    assert_ok(init_gpu_minor_parse(bytes_str(INFORMATION("3")), &minor, &note));
    assert_int_equal(minor, 3);
    assert_ok(init_gpu_minor_parse(bytes_str("Device Minor:247"), &minor, &note));
    static const char *const wrong[] = {"",
                                        "Model: x\n",
                                        INFORMATION("0") INFORMATION("1"),
                                        INFORMATION("248"),
                                        INFORMATION("-1"),
                                        INFORMATION("01"),
                                        INFORMATION(""),
                                        "Device Minor\n",
                                        "XDevice Minor: 1\n"};
    for (size_t i = 0; i < test_count(wrong); i++)
        assert_err(init_gpu_minor_parse(bytes_str(wrong[i]), &minor, &note), ERR_VALUE);
}

/* ---- a stand-in of /proc and /sys ---- */

static char root[] = "/tmp/enclume-init-XXXXXX";

static void put(const char *path, const char *content)
{
    char full[256];
    (void)snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void pci(const char *address, const char *vendor, const char *class)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/vendor", address);
    put(path, vendor);
    (void)snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/class", address);
    put(path, class);
}

static void *driver_takes_the_second(void *unused)
{
    (void)unused;
    (void)usleep(200000);
    put("/proc/driver/nvidia/gpus/0000:02:00.0/information", INFORMATION("1"));
    return NULL;
}

static void every_gpu_of_the_bus_is_waited_for(void **state)
{
    size_t gpus = 0;
    pthread_t driver;
    (void)state;
    assert_non_null(mkdtemp(root));
    assert_err(init_gpus_find(root, 0, &nodes, &gpus, &note), ERR_SYSTEM); /* no bus */
    pci("0000:00:00.0", "0x8086\n", "0x060000\n");
    pci("0000:03:00.0", "0x10de\n", "0x040300\n"); /* sound */
    put("/proc/devices", "Character devices:\n  1 mem\n");
    assert_err(init_gpus_find(root, 0, &nodes, &gpus, &note), ERR_SYSTEM);
    assert_non_null(strstr(note.text, "no GPU of NVIDIA's"));
    pci("0000:01:00.0", "0x10de\n", "0x030200\n");
    pci("0000:02:00.0", "0x10de\n", "0x030000\n");
    assert_err(init_gpus_find(root, 0, &nodes, &gpus, &note), ERR_SYSTEM);
    assert_non_null(strstr(note.text, "taken 0 of 2"));
    put("/proc/driver/nvidia/gpus/0000:01:00.0/information", INFORMATION("0"));
    assert_err(init_gpus_find(root, 100, &nodes, &gpus, &note), ERR_SYSTEM);
    assert_non_null(strstr(note.text, "taken 1 of 2"));
    assert_int_equal(pthread_create(&driver, NULL, driver_takes_the_second, NULL), 0);
    assert_err(init_gpus_find(root, 60000, &nodes, &gpus, &note), ERR_VALUE);
    assert_int_equal(pthread_join(driver, NULL), 0);
    assert_non_null(strstr(note.text, "no driver nvidiactl"));
    put("/proc/devices", DEVICES);
    assert_ok(init_gpus_find(root, 0, &nodes, &gpus, &note));
    assert_int_equal(gpus, 2);
    assert_int_equal(nodes.count, 4);
    put("/proc/driver/nvidia/gpus/0000:02:00.0/information", "nothing\n");
    assert_err(init_gpus_find(root, 0, &nodes, &gpus, &note), ERR_VALUE);
    char command[64];
    (void)snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a directory of ours
}

/* ---- the system calls ---- */

enum { DONE = 0, NOT_DONE = 1, OTHER_ERROR = 2, NO_FILTER = 3 };

/* In a child under the filter; what it says. */
static int run(bool (*what)(void))
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (init_server_filter(NULL) != ERR_OK)
            _exit(NO_FILTER);
        errno = 0;
        _exit(what() ? DONE : errno == EPERM ? NOT_DONE : OTHER_ERROR);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void *thread_run(void *argument)
{
    *(bool *)argument = true;
    return NULL;
}
static bool starts_a_thread(void)
{
    pthread_t thread;
    bool ran = false;
    return pthread_create(&thread, NULL, thread_run, &ran) == 0 && pthread_join(thread, NULL) == 0 && ran;
}
static bool runs_a_program(void)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        char *const arguments[] = {"true", NULL};
        (void)execv("/bin/true", arguments);
        _exit(1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
static bool listens_to_its_machine(void)
{
    int pair[2];
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 && socket(AF_INET, SOCK_STREAM, 0) >= 0 &&
           socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}
static bool compiles(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}
static bool writes_a_file(void)
{
    char name[] = "/tmp/enclume-init-file-XXXXXX";
    int fd = mkstemp(name);
    return fd >= 0 && write(fd, "x", 1) == 1 && unlink(name) == 0;
}

static bool socket_vsock(void)
{
    return socket(AF_VSOCK, SOCK_STREAM, 0) >= 0;
}
static bool socket_netlink(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0) >= 0;
}
static bool socket_packet(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}
static bool socket_inet6(void)
{
    return socket(AF_INET6, SOCK_STREAM, 0) >= 0;
}
static bool pair_of_others(void)
{
    int pair[2];
    return socketpair(AF_VSOCK, SOCK_STREAM, 0, pair) == 0;
}
static bool clone_user(void)
{
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid > 0;
}
static bool unshares(void)
{
    return unshare(CLONE_NEWUSER) == 0;
}
static bool joins(void)
{
    return setns(0, 0) == 0;
}
static bool mounts(void)
{
    return mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0;
}
static bool traces(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}
static bool loads(void)
{
    return syscall(SYS_init_module, "", 0, "") == 0;
}
static bool makes_a_device(void)
{
    return mknod("/tmp/enclume-init-node", S_IFCHR | 0600, 0) == 0;
}
static bool changes_user(void)
{
    return setuid(0) == 0;
}
static bool changes_owner(void)
{
    return chown("/tmp", 0, 0) == 0;
}
static bool has_rings(void)
{
    char parameters[256] = {0};
    return syscall(SYS_io_uring_setup, 1, parameters) >= 0;
}
static bool has_bpf(void)
{
    return syscall(SYS_bpf, 0, "", 0) >= 0;
}
static bool reads_keys(void)
{
    return syscall(SYS_keyctl, 0, 0, 0) >= 0;
}
static bool reads_the_log(void)
{
    char text[16];
    return syscall(SYS_syslog, 3, text, sizeof text) >= 0;
}
static bool changes_root(void)
{
    return chroot("/tmp") == 0;
}
static bool reads_memory(void)
{
    return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) >= 0;
}

static void a_server_has_what_a_program_needs(void **state)
{
    (void)state;
    static bool (*const all[])(void) = {starts_a_thread, runs_a_program, listens_to_its_machine, compiles,
                                        writes_a_file};
    for (size_t i = 0; i < test_count(all); i++) {
        int status = run(all[i]);
        if (status != DONE)
            fail_msg("%zu: %d", i, status);
    }
}

static void a_server_has_nothing_else(void **state)
{
    (void)state;
    static bool (*const all[])(void) = {
        socket_vsock, socket_netlink, socket_packet, socket_inet6,  pair_of_others, clone_user,  unshares,
        joins,        mounts,         traces,        loads,         makes_a_device, has_bpf,     changes_user,
        has_rings,    reads_keys,     reads_the_log, changes_owner, changes_root,   reads_memory};
    for (size_t i = 0; i < test_count(all); i++) {
        int status = run(all[i]);
        if (status != NOT_DONE)
            fail_msg("%zu: %d", i, status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_says_what_is_started),
        cmocka_unit_test(a_list_that_is_none_is_refused),
        cmocka_unit_test(nodes_follow_from_what_the_kernel_says),
        cmocka_unit_test(a_driver_that_is_missing_is_named),
        cmocka_unit_test(a_gpu_has_one_number),
        cmocka_unit_test(every_gpu_of_the_bus_is_waited_for),
        cmocka_unit_test(a_server_has_what_a_program_needs),
        cmocka_unit_test(a_server_has_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
