/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "base/encoding.h"
#include "launch/vm.h"

/* https://libvirt.org/formatdomain.html. Devices stand on the root bus, each at a place that is said, so that libvirt adds no bridges, which the guest
 * would refuse. */

enum { KIB = 1024, LINE_MAX_SIZE = 512 };

static void escaped(const char *text, struct writer *w)
{
    static const struct {
        char c;
        const char *as;
    } table[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'\'', "&apos;"}, {'"', "&quot;"}};
    for (const char *c = text; *c != '\0'; c++) {
        size_t i = 0;
        while (i < sizeof table / sizeof *table && table[i].c != *c)
            i++;
        if (i < sizeof table / sizeof *table)
            writer_str(w, table[i].as);
        else
            writer_u8(w, (uint8_t)*c);
    }
}

static void element(struct writer *w, const char *begin, const char *text, const char *end)
{
    writer_str(w, begin);
    escaped(text, w);
    writer_str(w, end);
}

__attribute__((format(printf, 2, 3))) static void line(struct writer *w, const char *format, ...)
{
    char text[LINE_MAX_SIZE];
    va_list list;
    va_start(list, format);
    const int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (n < 0 || (size_t)n >= sizeof text)
        w->failed = true;
    else
        writer_str(w, text);
}

static void place(struct writer *w, unsigned slot)
{
    line(w, "      <address type='pci' domain='0x0000' bus='0x00' slot='0x%02x' function='0x0'/>\n", slot);
}

static void security_put(const struct vm *vm, struct writer *w)
{
    char data[ENCODING_BASE64_SIZE(VM_HOST_DATA_SIZE)];
    if (vm->platform == VM_TDX) {
        writer_str(w, "  <launchSecurity type='tdx'>\n");
        if (vm->quote_service[0] == '/')
            element(w, "    <quoteGenerationService path='", vm->quote_service, "'/>\n");
        writer_str(w, "  </launchSecurity>\n");
        return;
    }
    writer_str(w, "  <launchSecurity type='sev-snp' kernelHashes='yes'>\n");
    line(
        w,
        "    <cbitpos>%u</cbitpos>\n    <reducedPhysBits>%u</reducedPhysBits>\n    <policy>0x%llx</policy>\n",
        vm->cbitpos, vm->reduced_phys_bits, (unsigned long long)vm->policy);
    if (vm->has_host_data) {
        encoding_base64(bytes_of(vm->host_data, sizeof vm->host_data), data);
        line(w, "    <hostData>%s</hostData>\n", data);
    }
    writer_str(w, "  </launchSecurity>\n");
}

static void boot_put(const struct vm *vm, struct writer *w)
{
    writer_str(w, "  <os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n");
    element(w, "    <loader type='rom' format='raw' stateless='yes'>", vm->firmware, "</loader>\n");
    element(w, "    <kernel>", vm->kernel, "</kernel>\n");
    element(w, "    <initrd>", vm->initrd, "</initrd>\n");
    element(w, "    <cmdline>", vm->cmdline, "</cmdline>\n  </os>\n");
}

static void processor_put(const struct vm *vm, struct writer *w)
{
    if (strcmp(vm->cpu, "host") == 0)
        writer_str(w, "  <cpu mode='host-passthrough'/>\n");
    else
        element(w, "  <cpu mode='custom' match='exact'>\n    <model fallback='forbid'>", vm->cpu,
                "</model>\n  </cpu>\n");
    writer_str(w,
               "  <features>\n    <acpi/>\n    <apic/>\n    <smm state='off'/>\n    <vmport state='off'/>\n");
    if (vm->platform == VM_TDX)
        writer_str(w, "    <ioapic driver='qemu'/>\n    <pic state='off'/>\n");
    writer_str(w,
               "  </features>\n  <clock offset='utc'>\n    <timer name='hpet' present='no'/>\n  </clock>\n");
}

static void devices_put(const struct vm *vm, struct writer *w)
{
    writer_str(w, "  <devices>\n");
    if (vm->qemu[0] == '/') /* else libvirt has its own */
        element(w, "    <emulator>", vm->qemu, "</emulator>\n");
    writer_str(w, "    <controller type='usb' model='none'/>\n    <memballoon model='none'/>\n");
    if (vm->model != NULL) {
        writer_str(w, "    <disk type='file' device='disk' model='virtio-non-transitional'>\n"
                      "      <driver name='qemu' type='raw' iommu='on'/>\n");
        element(w, "      <source file='", vm->model, "'/>\n");
        writer_str(w, "      <target dev='vda' bus='virtio'/>\n      <readonly/>\n");
        place(w, 2);
        writer_str(w, "    </disk>\n");
    }
    if (vm->network == VM_VSOCK) {
        line(w,
             "    <vsock model='virtio-non-transitional'>\n      <cid auto='no' address='%u'/>\n      "
             "<driver iommu='on'/>\n",
             vm->cid);
        place(w, 3);
        writer_str(w, "    </vsock>\n");
    } else {
        element(w, "    <interface type='ethernet'>\n      <target dev='", vm->interface,
                "' managed='no'/>\n");
        writer_str(w, "      <model type='virtio-non-transitional'/>\n      <driver iommu='on'/>\n      <rom "
                      "enabled='no'/>\n");
        place(w, 3);
        writer_str(w, "    </interface>\n");
    }
    if (vm->serial != NULL)
        element(w, "    <serial type='file'>\n      <source path='", vm->serial,
                "'/>\n      <target port='0'/>\n    </serial>\n");
    else
        writer_str(w, "    <serial type='pty'>\n      <target port='0'/>\n    </serial>\n");
    writer_str(w, "  </devices>\n");
}

enum err vm_domain(const struct vm *vm, struct writer *w, struct err_note *note)
{
    if (vm->platform == VM_SIMULATED)
        return err_noted(ERR_VALUE, note, "a simulated machine is started by the simulator, not by libvirt");
    if (vm->network != VM_VSOCK && vm->network != VM_TAP)
        return err_noted(ERR_VALUE, note,
                         "libvirt: wants vsock by the kernel, or an interface of the host's");
    element(w, "<domain type='kvm'>\n  <name>", vm->name, "</name>\n");
    line(w, "  <memory unit='KiB'>%llu</memory>\n  <vcpu>%u</vcpu>\n", (unsigned long long)vm->memory / KIB,
         vm->vcpus);
    writer_str(w, "  <memoryBacking>\n    <source type='memfd'/>\n    <access mode='shared'/>\n"
                  "  </memoryBacking>\n");
    boot_put(vm, w);
    processor_put(vm, w);
    writer_str(w, "  <on_poweroff>destroy</on_poweroff>\n  <on_reboot>destroy</on_reboot>\n"
                  "  <on_crash>destroy</on_crash>\n");
    security_put(vm, w);
    devices_put(vm, w);
    writer_str(w, "</domain>\n");
    return ERR_OK;
}
