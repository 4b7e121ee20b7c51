/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "cli/launch.h"
#include "cli/measure_files.h"
#include "cli/size_text.h"
#include "crypto/crypto.h"
#include "launch/verity_layout.h"

enum { PORT = 7878 };
static const uint64_t policy_default =
    0x30000; /* SMT is allowed; the bit that must be one; nothing else: no debugging, no migration */

/* ---- words ---- */

static const struct {
    const char *name;
    enum vm_platform platform;
    const char *firmware;         /* Debian's */
    const char *firmware_version; /* of edk2, where it counts */
    const char *cpu;
} platforms[] = {
    {"snp", VM_SNP, "/usr/share/ovmf/OVMF.amdsev.fd", NULL, "EPYC-Genoa"},
    {"tdx", VM_TDX, "/usr/share/ovmf/OVMF.inteltdx.ms.fd", "2026.08", "host"},
    {"simulated", VM_SIMULATED, "/usr/share/ovmf/OVMF.amdsev.fd", NULL, "EPYC-Genoa"},
};
enum { PLATFORM_COUNT = sizeof platforms / sizeof platforms[0] };

static enum err platform_read(const struct launch_options *o, struct launch_plan *plan, struct err_note *note)
{
    struct vm *vm = &plan->vm;
    size_t i = 0;
    if (o->platform == NULL)
        return err_noted(ERR_USAGE, note, "--platform: is required: snp, tdx or simulated");
    while (i < PLATFORM_COUNT && strcmp(platforms[i].name, o->platform) != 0)
        i++;
    if (i == PLATFORM_COUNT)
        return err_noted(ERR_USAGE, note, "--platform %.100s: is not known; known: snp, tdx, simulated",
                         o->platform);
    vm->platform = platforms[i].platform;
    vm->firmware = o->firmware != NULL ? o->firmware : platforms[i].firmware;
    vm->cpu = o->vcpu_model != NULL ? o->vcpu_model : platforms[i].cpu;
    plan->firmware_version = o->firmware_version;
    if (o->firmware_version == NULL && o->firmware == NULL)
        plan->firmware_version = platforms[i].firmware_version;
    if (vm->platform != VM_TDX && (o->firmware_version != NULL || o->acpi_tables != NULL))
        return err_noted(ERR_USAGE, note, "--firmware-version and --acpi-tables: are for tdx");
    if (vm->platform == VM_TDX && o->vcpu_model != NULL)
        return err_noted(ERR_USAGE, note, "--vcpu-model: is for SNP, where it is measured");
    return ERR_OK;
}

/* KVM where it can be opened; a plain machine can do without. */
static enum err accel_read(const struct launch_options *o, struct vm *vm, struct err_note *note)
{
    const bool has_kvm = access("/dev/kvm", R_OK | W_OK) == 0;
    vm->accel = vm->platform != VM_SIMULATED || has_kvm ? VM_KVM : VM_TCG;
    if (o->accel == NULL)
        return ERR_OK;
    if (strcmp(o->accel, "kvm") != 0 && strcmp(o->accel, "tcg") != 0)
        return err_noted(ERR_USAGE, note, "--accel %.100s: kvm or tcg", o->accel);
    vm->accel = o->accel[0] == 'k' ? VM_KVM : VM_TCG;
    if (vm->accel == VM_TCG && vm->platform != VM_SIMULATED)
        return err_noted(ERR_USAGE, note, "--accel tcg: a confidential machine needs KVM");
    return ERR_OK;
}

static enum err snp_read(const struct launch_options *o, struct vm *vm, struct err_note *note)
{
    char *end = NULL;
    vm->policy = policy_default;
    vm->cbitpos = o->cbitpos;
    vm->reduced_phys_bits = 1;
    if ((o->policy != NULL || o->host_data != NULL) && vm->platform != VM_SNP)
        return err_noted(ERR_USAGE, note, "--snp-policy and --host-data: are for snp");
    if (o->policy != NULL) {
        errno = 0;
        vm->policy = strtoull(o->policy, &end, 16);
        if (strncmp(o->policy, "0x", 2) != 0 || *end != '\0' || errno != 0)
            return err_noted(ERR_USAGE, note, "--snp-policy %.100s: wanted a number like 0x30000", o->policy);
    }
    vm->has_host_data = o->host_data != NULL;
    if (vm->has_host_data &&
        encoding_unhex(bytes_str(o->host_data), vm->host_data, sizeof vm->host_data) != ERR_OK)
        return err_noted(ERR_USAGE, note, "--host-data: wanted 64 hexadecimal digits");
    return ERR_OK;
}

static enum err network_read(const struct launch_options *o, struct vm *vm, struct err_note *note)
{
    const int ways = (o->cid != 0) + (o->socket != NULL) + (o->port != 0) + (o->tap != NULL);
    if (ways != 1)
        return err_noted(
            ERR_USAGE, note,
            "--vsock-cid, --vsock-socket, --port or --tap: one of them says how the machine is reached");
    if ((o->address != NULL || o->gateway != NULL) && o->tap == NULL)
        return err_noted(ERR_USAGE, note, "--address and --gateway: go with --tap");
    if (o->tap != NULL && o->address == NULL)
        return err_noted(ERR_USAGE, note, "--tap: the guest's address is wanted: --address A.B.C.D/LEN");
    vm->network = o->cid != 0         ? VM_VSOCK
                  : o->socket != NULL ? VM_VSOCK_USER
                  : o->port != 0      ? VM_USER
                                      : VM_TAP;
    vm->cid = o->cid;
    vm->socket = o->socket;
    vm->port = o->port;
    vm->bind = o->bind != NULL ? o->bind : "127.0.0.1";
    vm->interface = o->tap;
    vm->guest_port = o->guest_port != 0 ? o->guest_port : PORT;
    return ERR_OK;
}

/* ---- the kernel command line: image/README.md ---- */

static bool word_is_plain(const char *word)
{
    return word[0] != '\0' &&
           strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:/_=,@+-") ==
               strlen(word);
}

static void word_put(struct writer *w, const char *name, const char *value)
{
    writer_str(w, " ");
    writer_str(w, name);
    writer_str(w, value);
}

static void network_words(const struct launch_options *o, const struct vm *vm, struct writer *w)
{
    char listen[32];
    const bool is_vsock = vm->network == VM_VSOCK || vm->network == VM_VSOCK_USER;
    (void)snprintf(listen, sizeof listen, "%s:%u", is_vsock ? "vsock" : "tcp", vm->guest_port);
    word_put(w, "enclume.listen=", listen);
    if (vm->network == VM_USER) { /* QEMU's own network */
        word_put(w, "enclume.address=", "10.0.2.15/24");
        word_put(w, "enclume.gateway=", "10.0.2.2");
    }
    if (vm->network == VM_TAP) {
        word_put(w, "enclume.address=", o->address);
        if (o->gateway != NULL)
            word_put(w, "enclume.gateway=", o->gateway);
    }
}

static enum err cmdline_make(const struct launch_options *o, struct launch_plan *plan, struct err_note *note)
{
    char path[LAUNCH_PATH_MAX];
    char *fixed = NULL;
    struct bytes all;
    if (snprintf(path, sizeof path, "%s/cmdline", o->image) >= (int)sizeof path)
        return err_noted(ERR_USAGE, note, "--image: the name is too long");
    enum err e = measure_cmdline_read(path, &fixed, note);
    if (e != ERR_OK)
        return e;
    struct writer w = writer_into(plan->cmdline, sizeof plan->cmdline - 1);
    writer_str(&w, fixed);
    secret_free(fixed);
    for (size_t i = 0; i < o->words.count; i++) {
        if (!word_is_plain(o->words.items[i]))
            return err_noted(ERR_USAGE, note, "--word %.100s: has characters that a word must not have",
                             o->words.items[i]);
        word_put(&w, "", o->words.items[i]);
    }
    network_words(o, &plan->vm, &w);
    e = writer_finish(&w, &all);
    if (e != ERR_OK)
        return err_noted(e, note, "the kernel command line would be too long");
    plan->cmdline[all.len] = '\0';
    return ERR_OK;
}

/* ---- the model volume ---- */

/* The value of a word; false: it is not there. */
static bool word_value(const char *cmdline, const char *name, struct bytes *value)
{
    const size_t len = strlen(name);
    for (const char *at = cmdline; *at != '\0';) {
        const size_t n = strcspn(at, " ");
        if (n > len && strncmp(at, name, len) == 0) {
            *value = bytes_of(at + len, n - len);
            return true;
        }
        at += n + strspn(at + n, " ");
    }
    return false;
}

/* The root hash is that of the tree's first block; the blocks below it are the guest's business. */
static enum err root_check(int fd, const char *volume, const struct verity_layout *layout,
                           const uint8_t root[static VERITY_DIGEST_SIZE], struct err_note *note)
{
    uint8_t block[VERITY_BLOCK_SIZE];
    uint8_t seen[VERITY_DIGEST_SIZE];
    const struct bytes parts[] = {bytes_of(verity_salt, VERITY_SALT_SIZE), bytes_of(block, sizeof block)};
    const uint64_t at = layout->levels == 0 ? 0 : layout->level_start[layout->levels - 1];
    if (pread(fd, block, sizeof block, (off_t)(at * VERITY_BLOCK_SIZE)) != (ssize_t)sizeof block)
        return err_noted(ERR_FILE, note, "%s: cannot be read", volume);
    enum err e = crypto_hash_parts(CRYPTO_SHA256, parts, 2, seen);
    if (e == ERR_OK && memcmp(seen, root, sizeof seen) != 0)
        e = err_noted(ERR_VALUE, note, "%s: is not the volume whose root hash enclume.model= says", volume);
    return e;
}

enum err launch_model_check(const char *volume, const char *cmdline, struct err_note *note)
{
    struct bytes text = {0};
    struct bytes size_text = {0};
    uint8_t root[VERITY_DIGEST_SIZE];
    struct verity_layout layout;
    struct stat s;
    if (!word_value(cmdline, "enclume.model=", &text) ||
        !word_value(cmdline, "enclume.model_size=", &size_text))
        return err_noted(
            ERR_USAGE, note,
            "--model: the words that enclume model pack printed are wanted: --word enclume.model=... "
            "--word enclume.model_size=...");
    if (encoding_unhex(text, root, sizeof root) != ERR_OK)
        return err_noted(ERR_USAGE, note, "enclume.model=: wanted 64 hexadecimal digits");
    enum err e = verity_layout_of(strtoull((const char *)size_text.ptr, NULL, 10), &layout);
    if (e != ERR_OK)
        return err_noted(e, note, "enclume.model_size=: is no size of a model");
    const uint64_t wanted = layout.volume_blocks * VERITY_BLOCK_SIZE;
    const int fd = open(volume, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &s) != 0)
        e = err_noted(ERR_FILE, note, "%s: %s", volume, strerror(errno));
    else if ((uint64_t)s.st_size != wanted)
        e = err_noted(ERR_VALUE, note, "%s: has %lld bytes, a volume of such a model has %llu", volume,
                      (long long)s.st_size, (unsigned long long)wanted);
    else
        e = root_check(fd, volume, &layout, root, note);
    if (fd >= 0)
        (void)close(fd);
    return e;
}

/* ---- all of it ---- */

static enum err image_path(const char *image, const char *file, char path[static LAUNCH_PATH_MAX],
                           struct err_note *note)
{
    if (snprintf(path, LAUNCH_PATH_MAX, "%s/%s", image, file) >= LAUNCH_PATH_MAX)
        return err_noted(ERR_USAGE, note, "--image: the name is too long");
    return access(path, R_OK) == 0 ? ERR_OK : err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
}

/* The simulator stands beside this program. */
static void simulator_find(const struct launch_options *o, struct launch_plan *plan)
{
    char self[LAUNCH_PATH_MAX];
    static const char name[] = "enclume-simulator";
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = NULL;
    if (n > 0) {
        self[n] = '\0';
        slash = strrchr(self, '/');
    }
    if (slash != NULL)
        *slash = '\0';
    const int len =
        slash == NULL ? -1 : snprintf(plan->simulator, sizeof plan->simulator, "%s/%s", self, name);
    if (len < 0 || len >= (int)sizeof plan->simulator || access(plan->simulator, X_OK) != 0)
        (void)snprintf(plan->simulator, sizeof plan->simulator, "%s", name);
    plan->vm.simulator = o->simulator != NULL ? o->simulator : plan->simulator;
    plan->vm.root_out = o->root_out != NULL ? o->root_out : "root.pem";
    plan->vm.chain = o->chain;
}

enum err launch_plan(const struct launch_options *o, struct launch_plan *plan, struct err_note *note)
{
    struct vm *vm = &plan->vm;
    memset(plan, 0, sizeof *plan);
    enum err e = platform_read(o, plan, note);
    if (e == ERR_OK && o->image == NULL)
        e = err_noted(ERR_USAGE, note, "--image: is required: the directory that image/build made");
    if (e == ERR_OK)
        e = accel_read(o, vm, note);
    if (e == ERR_OK)
        e = snp_read(o, vm, note);
    if (e == ERR_OK)
        e = network_read(o, vm, note);
    if (e == ERR_OK && !size_text_parse(o->memory, &vm->memory))
        e = err_noted(ERR_USAGE, note, "--memory %.100s: wanted a size like 4G or 2048M", o->memory);
    if (e == ERR_OK && vm->platform != VM_SIMULATED &&
        (o->root_out != NULL || o->chain != NULL || o->simulator != NULL))
        e = err_noted(ERR_USAGE, note, "--root-out, --chain and --simulator: are for what is simulated");
    if (e == ERR_OK)
        e = image_path(o->image, "vmlinuz", plan->kernel, note);
    if (e == ERR_OK)
        e = image_path(o->image, "initrd", plan->initrd, note);
    if (e == ERR_OK)
        e = cmdline_make(o, plan, note);
    if (e == ERR_OK && o->model != NULL)
        e = launch_model_check(o->model, plan->cmdline, note);
    if (e != ERR_OK)
        return e;
    vm->name = o->name;
    vm->qemu = o->qemu;
    vm->kernel = plan->kernel;
    vm->initrd = plan->initrd;
    vm->cmdline = plan->cmdline;
    vm->model = o->model;
    vm->vcpus = o->vcpus;
    vm->serial = o->serial;
    vm->quote_service = o->quote_service;
    if (vm->platform == VM_SIMULATED)
        simulator_find(o, plan);
    return vm_check(vm, note);
}
