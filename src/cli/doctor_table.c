/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/doctor_look.h"

/* On which machines a row counts. */
enum {
    SNP = 1U << DOCTOR_SNP,
    TDX = 1U << DOCTOR_TDX,
    PLAIN = 1U << DOCTOR_ANY,
    ALL = SNP | TDX | PLAIN,
};

/* A row that is not needed is advice. */
enum need { NEEDED, ADVISED };

struct row {
    const char *name;
    enum doctor_side side;
    unsigned platforms;
    enum need need;
    bool (*look)(const struct look *l);
    const char *path;   /* what is looked at; for people too */
    const char *value;  /* what a look compares with */
    uint32_t number;    /* likewise */
    const char *wanted; /* for people */
    const char *remedy;
};

static const struct row rows[] = {
    /* ---- the host ---- */
    {"cpu-sev-snp", DOCTOR_HOST, SNP, NEEDED, look_cpu_flag, "/proc/cpuinfo", "sev_snp", 0,
     "the flag sev_snp",
     "an EPYC 7003 or later; in the BIOS: SMEE, SEV-SNP support and SNP memory (RMP table) coverage enabled, "
     "and room "
     "for SEV-ES ASIDs"},
    {"cpu-tdx", DOCTOR_HOST, TDX, NEEDED, look_cpu_flag, "/proc/cpuinfo", "tdx_host_platform", 0,
     "the flag tdx_host_platform",
     "a Xeon of the fifth generation or later; in the BIOS: TME, TME-MT, TDX, SEAM loader and SGX enabled, "
     "and TME-MT "
     "keys left for TDX"},
    {"kernel-snp", DOCTOR_HOST, SNP, NEEDED, look_kernel, "/proc/sys/kernel/osrelease", NULL, 611,
     "6.11 or later",
     "a kernel that can host SEV-SNP: Debian 13's, or linux-image-amd64 of bookworm-backports"},
    {"kernel-tdx", DOCTOR_HOST, TDX, NEEDED, look_kernel, "/proc/sys/kernel/osrelease", NULL, 616,
     "6.16 or later", "a kernel that can host TDX: linux-image-amd64 of trixie-backports"},
    {"kvm", DOCTOR_HOST, ALL, NEEDED, look_device, "/dev/kvm", NULL, 0, "readable and writable",
     "enable virtualization in the BIOS, load kvm_amd or kvm_intel, and be in the group kvm"},
    {"kvm-sev-snp", DOCTOR_HOST, SNP, NEEDED, look_value, "/sys/module/kvm_amd/parameters/sev_snp", "Y 1", 0,
     "Y",
     "kvm_amd says why in the kernel's log (dmesg | grep -i -e sev -e rmp); often the BIOS left no RMP "
     "table, or "
     "the IOMMU is off or in pass-through mode"},
    {"kvm-tdx", DOCTOR_HOST, TDX, NEEDED, look_value, "/sys/module/kvm_intel/parameters/tdx", "Y 1", 0, "Y",
     "add kvm_intel.tdx=1 and nohibernate to the host's kernel command line; the kernel's log says why the "
     "TDX "
     "module did not start (dmesg | grep -i tdx)"},
    {"sev-device", DOCTOR_HOST, SNP, NEEDED, look_device, "/dev/sev", NULL, 0, "readable and writable",
     "load the module ccp, with AMD's SEV firmware in /lib/firmware/amd; be in the group kvm"},
    {"iommu", DOCTOR_HOST, SNP, NEEDED, look_nonempty, "/sys/class/iommu", NULL, 0, "an IOMMU",
     "enable the IOMMU in the BIOS, and take iommu=pt or amd_iommu=off off the host's kernel command line"},
    {"quote-service", DOCTOR_HOST, TDX, ADVISED, look_exists, "/var/run/tdx-qgs/qgs.socket", NULL, 0,
     "a socket",
     "start Intel's quote generation service (package tdx-qgs) in socket mode, with its PCK cache; a TD gets "
     "no quote "
     "without it"},
    {"vhost-vsock", DOCTOR_HOST, ALL, ADVISED, look_device, "/dev/vhost-vsock", NULL, 0,
     "readable and writable",
     "load the module vhost_vsock, and be in the group kvm; or reach the machine with --port or --tap"},
    {"qemu-snp", DOCTOR_HOST, SNP, NEEDED, look_qemu_version, "QEMU's version", NULL, 901, "9.1 or later",
     "qemu-system-x86 of Debian 13, or of bookworm-backports"},
    {"qemu-tdx", DOCTOR_HOST, TDX, NEEDED, look_qemu_version, "QEMU's version", NULL, 1001, "10.1 or later",
     "qemu-system-x86 of trixie-backports"},
    {"qemu", DOCTOR_HOST, PLAIN, NEEDED, look_qemu_version, "QEMU's version", NULL, 800, "8.0 or later",
     "qemu-system-x86 of Debian 13, or of bookworm-backports"},
    {"qemu-sev-snp-guest", DOCTOR_HOST, SNP, NEEDED, look_qemu_object, "QEMU's objects", "sev-snp-guest", 0,
     "sev-snp-guest", "a QEMU that was built with SEV-SNP: Debian 13's"},
    {"qemu-tdx-guest", DOCTOR_HOST, TDX, NEEDED, look_qemu_object, "QEMU's objects", "tdx-guest", 0,
     "tdx-guest", "a QEMU that was built with TDX: trixie-backports'"},
    {"firmware-snp", DOCTOR_HOST, SNP | PLAIN, NEEDED, look_firmware_snp, "the firmware", NULL, 0,
     "an image that checks the kernel's hashes", "OVMF.amdsev.fd of the package ovmf-amdsev"},
    {"firmware-tdx", DOCTOR_HOST, TDX, NEEDED, look_firmware_tdx, "the firmware", NULL, 0,
     "an image with TDVF metadata", "OVMF.inteltdx.ms.fd of the package ovmf-inteltdx, or OVMF.fd of ovmf"},
    {"memory", DOCTOR_HOST, ALL, NEEDED, look_memory, "/proc/meminfo", NULL, 0, "as much as the machine has",
     "give the machine less with --memory, or stop others"},
    /* ---- the guest ---- */
    {"guest-cpu-snp", DOCTOR_GUEST, SNP, NEEDED, look_cpu_flag, "/proc/cpuinfo", "sev_snp", 0,
     "the flag sev_snp", "this is no SEV-SNP guest: start it with enclume launch --platform snp"},
    {"guest-cpu-tdx", DOCTOR_GUEST, TDX, NEEDED, look_cpu_flag, "/proc/cpuinfo", "tdx_guest", 0,
     "the flag tdx_guest", "this is no TD: start it with enclume launch --platform tdx"},
    {"guest-kernel", DOCTOR_GUEST, SNP | TDX, NEEDED, look_kernel, "/proc/sys/kernel/osrelease", NULL, 607,
     "6.7 or later", "a kernel with the tsm report interface"},
    {"guest-tsm", DOCTOR_GUEST, SNP | TDX, NEEDED, look_exists, "/sys/kernel/config/tsm/report", NULL, 0,
     "a directory", "load tsm and sev-guest or tdx-guest, and mount configfs on /sys/kernel/config"},
    {"guest-sev", DOCTOR_GUEST, SNP, ADVISED, look_device, "/dev/sev-guest", NULL, 0, "readable and writable",
     "load the module sev-guest; enclumed asks by the tsm interface when it is there"},
    {"guest-tdx", DOCTOR_GUEST, TDX, ADVISED, look_device, "/dev/tdx_guest", NULL, 0, "readable and writable",
     "load the module tdx-guest; enclumed asks by the tsm interface when it is there"},
    {"guest-swap", DOCTOR_GUEST, ALL, NEEDED, look_no_swap, "/proc/swaps", NULL, 0, "none",
     "a guest that swaps writes prompts to a disk: swapoff -a, and take it off /etc/fstab"},
    {"guest-lockdown", DOCTOR_GUEST, ALL, ADVISED, look_contains, "/sys/kernel/security/lockdown",
     "[confidentiality]", 0, "[confidentiality]",
     "lockdown=confidentiality on the guest's kernel command line"},
};

/* Rows that need something to look at which nobody named. */
static bool applies(const struct row *r, const struct doctor *d)
{
    if (r->side != d->side || (r->platforms & 1U << d->platform) == 0)
        return false;
    if ((r->look == look_firmware_snp || r->look == look_firmware_tdx) && d->firmware == NULL)
        return false;
    return r->look != look_memory || d->memory != 0;
}

void doctor_examine(const struct doctor *d, struct doctor_findings *findings)
{
    findings->count = 0;
    findings->bad = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && findings->count < DOCTOR_FINDINGS_MAX; i++) {
        const struct row *r = &rows[i];
        if (!applies(r, d))
            continue;
        struct doctor_finding *f = &findings->at[findings->count++];
        *f = (struct doctor_finding){
            .name = r->name, .looked_at = r->path, .wanted = r->wanted, .remedy = r->remedy};
        const struct look l = {
            .doctor = d, .path = r->path, .wanted = r->value, .number = r->number, .seen = f->seen};
        if (!r->look(&l))
            f->status = r->need == NEEDED ? DOCTOR_BAD : DOCTOR_ADVICE;
        findings->bad += f->status == DOCTOR_BAD;
    }
}
