/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/launch.h"

#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/fold.h"
#include "cli/cli.h"
#include "cli/doctor.h"

enum { POLICY_SIZE = 4096 };

#define AT(field) offsetof(struct launch_options, field)

static const struct option table[] = {
    {"--platform", OPTION_TEXT, AT(platform), 0, 0, "NAME",
     "snp (AMD SEV-SNP), tdx (Intel TDX), or simulated: a plain virtual machine, and a chip made up beside "
     "it"},
    {"--image", OPTION_TEXT, AT(image), 0, 0, "DIR", "what image/build made: vmlinuz, initrd and cmdline"},
    {"--model", OPTION_TEXT, AT(model), 0, 0, "VOLUME", "the model volume that enclume model pack made"},
    {"--word", OPTION_LIST, AT(words), 0, 0, "WORD",
     "a word more on the kernel command line, such as enclume.model=... as enclume model pack printed it; "
     "may "
     "be repeated"},
    {"--memory", OPTION_TEXT, AT(memory), 0, 0, "SIZE", "default 4G"},
    {"--vcpus", OPTION_NUMBER, AT(vcpus), 1, 4096, "N", "virtual processors. Default 1"},
    {"--vcpu-model", OPTION_TEXT, AT(vcpu_model), 0, 0, "NAME",
     "snp: which processor QEMU shows, and the measurement says. Default EPYC-Genoa"},
    {"--firmware", OPTION_TEXT, AT(firmware), 0, 0, "FILE",
     "default /usr/share/ovmf/OVMF.amdsev.fd, or OVMF.inteltdx.ms.fd for tdx"},
    {"--firmware-version", OPTION_TEXT, AT(firmware_version), 0, 0, "VERSION",
     "tdx: the edk2 that --firmware was made from, as of enclume measure tdx. Default 2025.02"},
    {"--vsock-cid", OPTION_NUMBER, AT(cid), VM_CID_MIN, UINT32_MAX - 1, "N",
     "reach it by vsock, at this address; the guest has no IP network"},
    {"--vsock-socket", OPTION_TEXT, AT(socket), 0, 0, "PATH",
     "likewise, through a program of the host's (vhost-device-vsock) that listens there"},
    {"--port", OPTION_NUMBER, AT(port), 1, 65535, "N",
     "reach it at this TCP port of the host; nothing goes out of the guest"},
    {"--bind", OPTION_TEXT, AT(bind), 0, 0, "ADDRESS",
     "with --port: at this address of the host. Default 127.0.0.1"},
    {"--tap", OPTION_TEXT, AT(tap), 0, 0, "NAME", "reach it through this network interface of the host"},
    {"--address", OPTION_TEXT, AT(address), 0, 0, "A.B.C.D/LEN", "with --tap: the guest's address"},
    {"--gateway", OPTION_TEXT, AT(gateway), 0, 0, "A.B.C.D", "with --tap: the guest's way to other networks"},
    {"--guest-port", OPTION_NUMBER, AT(guest_port), 1024, UINT32_MAX - 1, "N",
     "where the guest listens. Default 7878"},
    {"--snp-policy", OPTION_TEXT, AT(policy), 0, 0, "HEX", "snp: guest policy. Default 0x30000"},
    {"--host-data", OPTION_TEXT, AT(host_data), 0, 0, "HEX", "snp: 32 bytes that every report carries"},
    {"--cbitpos", OPTION_NUMBER, AT(cbitpos), 32, 63, "N", "snp: position of the C-bit. Default 51"},
    {"--quote-service", OPTION_TEXT, AT(quote_service), 0, 0, "ADDRESS",
     "tdx: quote generation service, a socket's path or CID:PORT. Default /var/run/tdx-qgs/qgs.socket"},
    {"--acpi-tables", OPTION_TEXT, AT(acpi_tables), 0, 0, "FILE",
     "tdx: for RTMR0, as of enclume measure tdx"},
    {"--accel", OPTION_TEXT, AT(accel), 0, 0, "NAME",
     "simulated: kvm or tcg. Default kvm where it can be used"},
    {"--root-out", OPTION_TEXT, AT(root_out), 0, 0, "FILE",
     "simulated: where the made-up chip's root certificate goes. Default root.pem"},
    {"--chain", OPTION_TEXT, AT(chain), 0, 0, "DIR", "simulated: keep the made-up keys there; for tests"},
    {"--simulator", OPTION_TEXT, AT(simulator), 0, 0, "PROGRAM",
     "simulated: default enclume-simulator, beside this program"},
    {"--qemu", OPTION_TEXT, AT(qemu), 0, 0, "PROGRAM", "default qemu-system-x86_64"},
    {"--name", OPTION_TEXT, AT(name), 0, 0, "NAME", "of the machine. Default enclume"},
    {"--serial", OPTION_TEXT, AT(serial), 0, 0, "FILE", "the guest's serial line. Default standard output"},
    {"--cmdline-out", OPTION_TEXT, AT(cmdline_out), 0, 0, "FILE",
     "write the whole kernel command line there, for enclume measure"},
    {"--policy-out", OPTION_TEXT, AT(policy_out), 0, 0, "FILE",
     "write a policy there that accepts this machine and no other"},
    {"--dry-run", OPTION_SWITCH, AT(dry_run), 0, 0, NULL, "print the command, and start nothing"},
    {"--systemd", OPTION_SWITCH, AT(systemd), 0, 0, NULL, "print a unit for systemd, and start nothing"},
    {"--libvirt", OPTION_SWITCH, AT(libvirt), 0, 0, NULL, "print a domain for libvirt, and start nothing"},
    {"--unchecked", OPTION_SWITCH, AT(unchecked), 0, 0, NULL, "start it even when enclume doctor would not"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume launch --platform NAME --image DIR [--model VOLUME --word WORD...] "
        "(--vsock-cid N | --port N | --tap NAME --address A.B.C.D/LEN) [OPTION]...\n"
        "\n"
        "Starts the image as a confidential virtual machine with QEMU, and stays with it: says what the "
        "machine is measured as and how a client verifies it, copies its serial line, hands on signals, "
        "and ends when it ends. What is missing on this host is said first (enclume doctor).\n"
        "\n"
        "The machine reads its kernel command line and nothing else of the host's: what this program puts "
        "there (the image's own words, those of --word, and how it is reached) is measured with it.\n"
        "\n"
        "    enclume launch --platform snp --image image-out --model model.volume \\\n"
        "        --word enclume.model=5f... --word enclume.model_size=16902272 \\\n"
        "        --vcpus 8 --memory 16G --vsock-cid 7 --policy-out policy.json\n"
        "    enclume launch --platform simulated --image image-out --port 7878 --dry-run\n"
        "\n"
        "simulated: no confidential VM at all. The same firmware, kernel and measurement as with snp, and "
        "a chip made up by enclume-simulator. IT PROVES NOTHING ABOUT HARDWARE, and clients must be given "
        "its root by hand.\n"
        "\n");
    options_help(table);
    fold_help(
        stdout,
        "\n"
        "Exit codes: 0 the machine was stopped or switched itself off, 2 wrong use, 4 it did not start, "
        "or stopped for a reason.");
}

/* ---- what is said ---- */

static enum err out(const char *path, const char *text, size_t len, struct err_note *note)
{
    return path == NULL ? ERR_OK : file_write(path, bytes_of(text, len), note);
}

static void address_say(const struct vm *vm)
{
    switch (vm->network) {
    case VM_VSOCK:
        (void)fprintf(stderr, "--connect vsock:%u:%u", vm->cid, vm->guest_port);
        return;
    case VM_VSOCK_USER:
        (void)fprintf(stderr, "--connect unix:SOCKET (of vhost-device-vsock; say \"CONNECT %u\" first)",
                      vm->guest_port);
        return;
    case VM_USER:
        (void)fprintf(stderr, "--connect %s:%u", vm->bind, vm->port);
        return;
    case VM_TAP:
        (void)fprintf(stderr, "--connect ADDRESS:%u", vm->guest_port);
        return;
    }
}

static void launch_say(const struct launch_options *o, const struct launch_plan *plan,
                       const struct launch_registers *registers)
{
    const struct vm *vm = &plan->vm;
    if (vm->platform == VM_SIMULATED)
        (void)fputs("enclume: SIMULATED. This is a plain virtual machine; the host can read all of it.\n",
                    stderr);
    (void)fprintf(stderr, "enclume: %s: %u virtual processors, %llu MiB%s%s\n", vm->name, vm->vcpus,
                  (unsigned long long)(vm->memory >> 20), vm->model == NULL ? ", no model" : ", model ",
                  vm->model == NULL ? "" : vm->model);
    if (vm->platform == VM_TDX)
        (void)fprintf(stderr, "enclume: the firmware is taken as one of edk2 %s\n",
                      plan->firmware_version == NULL ? "2025.02" : plan->firmware_version);
    (void)fprintf(stderr, "enclume: firmware %s\nenclume: kernel %s, initrd %s\nenclume: command line: %s\n",
                  vm->firmware, vm->kernel, vm->initrd, vm->cmdline);
    for (size_t i = 0; i < registers->count; i++) {
        char hex[ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)];
        encoding_hex(bytes_of(registers->at[i].value, LAUNCH_REGISTER_SIZE), hex);
        (void)fprintf(stderr, "enclume: %s %s\n", registers->at[i].name,
                      registers->at[i].unknown == NULL ? hex : registers->at[i].unknown);
    }
    (void)fputs("enclume: a client accepts this machine and no other with\n    enclume chat ", stderr);
    address_say(vm);
    if (o->policy_out != NULL)
        (void)fprintf(stderr, " --policy %s", o->policy_out);
    else if (registers->count == 1) {
        char hex[ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)];
        encoding_hex(bytes_of(registers->at[0].value, LAUNCH_REGISTER_SIZE), hex);
        (void)fprintf(stderr, " --measurement %s", hex);
    } else {
        (void)fputs(" --policy FILE (write it with --policy-out)", stderr);
    }
    if (vm->platform == VM_SIMULATED)
        (void)fprintf(stderr, " --trust-simulated %s", vm->root_out);
    (void)fputs("\n", stderr);
}

/* ---- the host ---- */

/* Says what is missing. May it be started? */
static bool host_check(const struct launch_options *o, const struct vm *vm)
{
    enum { COLUMN = 4 };
    static const enum doctor_platform platforms[] = {
        [VM_SNP] = DOCTOR_SNP, [VM_TDX] = DOCTOR_TDX, [VM_SIMULATED] = DOCTOR_ANY};
    static struct doctor_findings findings;
    const struct doctor d = {.root = "",
                             .qemu = o->qemu,
                             .firmware = vm->firmware,
                             .side = DOCTOR_HOST,
                             .platform = platforms[vm->platform],
                             .memory = vm->memory};
    size_t bad = 0;
    doctor_examine(&d, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        const struct doctor_finding *f = &findings.at[i];
        /* A machine that is emulated needs no KVM. */
        if (f->status != DOCTOR_BAD || (vm->accel == VM_TCG && strcmp(f->name, "kvm") == 0))
            continue;
        char text[1024];
        (void)snprintf(text, sizeof text, "wanted %s: %s", f->wanted, f->remedy);
        (void)fprintf(stderr, "enclume: missing %s: %s: %s\n%*s", f->name, f->looked_at, f->seen, COLUMN, "");
        fold_text(stderr, text, COLUMN, COLUMN, fold_width(stderr, FOLD_NEVER));
        bad++;
    }
    if (bad == 0 || o->unchecked)
        return true;
    (void)fprintf(stderr,
                  "enclume: this host cannot start it: %zu of %zu are missing (enclume doctor --platform %s; "
                  "--unchecked tries all the same)\n",
                  bad, findings.count, o->platform);
    return false;
}

/* ---- */

static enum err print(const struct launch_options *o, const struct launch_plan *plan,
                      const struct vm_args *args, struct err_note *note)
{
    static char text[2 * VM_TEXT_MAX];
    struct bytes all = {0};
    struct writer w = writer_into(text, sizeof text);
    enum err e = ERR_OK;
    if (o->libvirt || o->systemd)
        e = vm_check_paths(&plan->vm, note);
    if (e == ERR_OK && o->libvirt)
        e = vm_domain(&plan->vm, &w, note);
    else if (e == ERR_OK && o->systemd)
        vm_unit(&plan->vm, args, &w);
    else if (e == ERR_OK)
        vm_line(args, &w);
    if (e == ERR_OK)
        e = writer_finish(&w, &all);
    if (e == ERR_OK)
        (void)fwrite(all.ptr, 1, all.len, stdout);
    return e;
}

static enum err outputs_write(const struct launch_options *o, const struct launch_plan *plan,
                              const struct launch_registers *registers, struct err_note *note)
{
    char policy[POLICY_SIZE];
    size_t len = 0;
    enum err e = launch_policy(registers, policy, sizeof policy, &len);
    if (e == ERR_OK)
        e = out(o->policy_out, policy, len, note);
    return e == ERR_OK ? out(o->cmdline_out, plan->cmdline, strlen(plan->cmdline), note) : e;
}

int cli_launch(int argc, char **argv)
{
    struct launch_options o = {.vcpus = 1,
                               .memory = "4G",
                               .cbitpos = 51,
                               .name = "enclume",
                               .qemu = "qemu-system-x86_64",
                               .quote_service = "/var/run/tdx-qgs/qgs.socket"};
    static struct launch_plan plan;
    static struct vm_args args;
    struct launch_registers registers = {0};
    struct option_list operands;
    struct err_note note = {0};
    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK && operands.count != 0)
        e = err_noted(ERR_USAGE, &note, "%.100s: takes no argument", operands.items[0]);
    if (e == ERR_OK && o.dry_run + o.libvirt + o.systemd > 1)
        e = err_noted(ERR_USAGE, &note, "--dry-run, --libvirt and --systemd: one of them");
    if (e == ERR_OK)
        e = launch_plan(&o, &plan, &note);
    if (e == ERR_OK)
        e = vm_args(&plan.vm, &args, &note);
    const bool only_prints = o.dry_run || o.libvirt || o.systemd;
    if (e == ERR_OK && !only_prints && !host_check(&o, &plan.vm))
        return ERR_CLASS_ENCLAVE;
    if (e == ERR_OK && (!only_prints || o.policy_out != NULL || o.cmdline_out != NULL)) {
        e = launch_measure(&o, &plan, &registers, &note);
        if (e == ERR_OK)
            e = outputs_write(&o, &plan, &registers, &note);
    }
    if (e == ERR_OK && only_prints)
        e = print(&o, &plan, &args, &note);
    if (e != ERR_OK)
        return cli_end("launch", e, &note);
    if (only_prints)
        return 0;
    launch_say(&o, &plan, &registers);
    return launch_run(&plan, &args);
}
