/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "base/encoding.h"
#include "launch/vm.h"

enum { MIB = 1024 * 1024, VALUE_MAX = 8192 };

/* ---- the list ---- */

static bool append(struct vm_args *a, const char *text)
{
    const size_t size = strlen(text) + 1;
    if (a->count == VM_ARGS_MAX || size > sizeof a->room - a->used)
        return false;
    memcpy(a->room + a->used, text, size);
    a->at[a->count++] = a->room + a->used;
    a->used += size;
    return true;
}

/* An option with its value; NULL: it has none. Sticky: when something did not fit, count is beyond the most. */
static void put(struct vm_args *a, const char *option, const char *value)
{
    if (a->count <= VM_ARGS_MAX && (!append(a, option) || (value != NULL && !append(a, value))))
        a->count = VM_ARGS_MAX + 1;
}

__attribute__((format(printf, 3, 4))) static void putf(struct vm_args *a, const char *option,
                                                       const char *format, ...)
{
    char value[VALUE_MAX];
    va_list list;
    va_start(list, format);
    const int n = vsnprintf(value, sizeof value, format, list);
    va_end(list);
    if (n < 0 || (size_t)n >= sizeof value)
        a->count = VM_ARGS_MAX + 1;
    else
        put(a, option, value);
}

/* In a list of key=value, QEMU wants a comma twice. */
struct escaped {
    char text[VALUE_MAX / 2];
};

static struct escaped commas(const char *text)
{
    struct escaped e = {{0}};
    size_t used = 0;
    for (const char *c = text; *c != '\0' && used + 3 < sizeof e.text; c++) {
        e.text[used++] = *c;
        if (*c == ',')
            e.text[used++] = ',';
    }
    return e;
}

/* ---- what is the platform's ---- */

static void snp_put(const struct vm *vm, struct vm_args *a)
{
    char data[ENCODING_BASE64_SIZE(VM_HOST_DATA_SIZE)] = "";
    if (vm->has_host_data)
        encoding_base64(bytes_of(vm->host_data, sizeof vm->host_data), data);
    put(a, "-machine", "q35,confidential-guest-support=cgs0,memory-backend=ram0,smm=off,hpet=off,vmport=off");
    put(a, "-cpu", vm->cpu);
    putf(a, "-object",
         "sev-snp-guest,id=cgs0,cbitpos=%u,reduced-phys-bits=%u,policy=0x%llx,kernel-hashes=on%s%s",
         vm->cbitpos, vm->reduced_phys_bits, (unsigned long long)vm->policy,
         vm->has_host_data ? ",host-data=" : "", data);
}

/* JSON, because a socket is an object in itself (QEMU, qapi/qom.json, TdxGuestProperties). */
static void json_text(const char *text, struct escaped *out)
{
    size_t used = 0;
    *out = (struct escaped){{0}};
    for (const char *c = text; *c != '\0' && used + 3 < sizeof out->text; c++) {
        if (*c == '"' || *c == '\\')
            out->text[used++] = '\\';
        out->text[used++] = *c;
    }
}

static void tdx_put(const struct vm *vm, struct vm_args *a)
{
    struct escaped path;
    const char *colon = strchr(vm->quote_service, ':');
    put(a, "-machine",
        "q35,kernel-irqchip=split,confidential-guest-support=cgs0,memory-backend=ram0,smm=off,pic=off,hpet="
        "off,"
        "vmport=off");
    put(a, "-cpu", vm->cpu);
    if (vm->quote_service[0] == '/' || colon == NULL) {
        json_text(vm->quote_service, &path);
        putf(a, "-object",
             "{\"qom-type\":\"tdx-guest\",\"id\":\"cgs0\",\"quote-generation-socket\":{\"type\":\"unix\","
             "\"path\":"
             "\"%s\"}}",
             path.text);
    } else {
        putf(a, "-object",
             "{\"qom-type\":\"tdx-guest\",\"id\":\"cgs0\",\"quote-generation-socket\":{\"type\":\"vsock\","
             "\"cid\":"
             "\"%.*s\",\"port\":\"%s\"}}",
             (int)(colon - vm->quote_service), vm->quote_service, colon + 1);
    }
}

static void plain_put(const struct vm *vm, struct vm_args *a)
{
    put(a, "-machine", "q35,memory-backend=ram0,smm=off,hpet=off,vmport=off");
    put(a, "-cpu", vm->accel == VM_KVM ? "host" : "max");
}

/* ---- what is the same on all ---- */

/* The guest takes virtio 1 alone; of a confidential one, through memory that it shares by itself (image/README.md, "Devices"). */
static const char *modern(const struct vm *vm)
{
    return vm->platform == VM_SIMULATED ? ",disable-legacy=on" : ",disable-legacy=on,iommu_platform=on";
}

static void network_put(const struct vm *vm, struct vm_args *a)
{
    switch (vm->network) {
    case VM_VSOCK:
        putf(a, "-device", "vhost-vsock-pci,guest-cid=%u%s", vm->cid, modern(vm));
        return;
    case VM_VSOCK_USER:
        putf(a, "-chardev", "socket,id=vsock,path=%s", commas(vm->socket).text);
        putf(a, "-device", "vhost-user-vsock-pci,chardev=vsock%s", modern(vm));
        return;
    case VM_USER:
        putf(a, "-netdev", "user,id=net,restrict=on,hostfwd=tcp:%s:%u-:%u", vm->bind, vm->port,
             vm->guest_port);
        break;
    case VM_TAP:
        putf(a, "-netdev", "tap,id=net,ifname=%s,script=no,downscript=no", vm->interface);
        break;
    }
    putf(a, "-device", "virtio-net-pci,netdev=net,romfile=%s", modern(vm));
}

static void simulator_put(const struct vm *vm, struct vm_args *a)
{
    put(a, vm->simulator, NULL);
    put(a, "--vm", NULL);
    put(a, "--vcpu-model", vm->cpu);
    if (vm->root_out != NULL)
        put(a, "--root-out", vm->root_out);
    if (vm->chain != NULL)
        put(a, "--chain", vm->chain);
    put(a, "--", NULL);
}

enum err vm_args(const struct vm *vm, struct vm_args *a, struct err_note *note)
{
    static void (*const platforms[])(const struct vm *, struct vm_args *) = {
        [VM_SNP] = snp_put, [VM_TDX] = tdx_put, [VM_SIMULATED] = plain_put};
    memset(a, 0, sizeof *a);
    if (vm->platform == VM_SIMULATED && vm->simulator != NULL)
        simulator_put(vm, a);
    put(a, vm->qemu, NULL);
    putf(a, "-name", "%s", vm->name);
    put(a, "-nodefaults", NULL);
    put(a, "-display", "none");
    put(a, "-no-reboot", NULL);
    put(a, "-accel", vm->accel == VM_KVM ? "kvm" : "tcg");
    platforms[vm->platform](vm, a);
    putf(a, "-smp", "%u", vm->vcpus);
    putf(a, "-m", "%lluM", (unsigned long long)vm->memory / MIB);
    putf(a, "-object", "memory-backend-memfd,id=ram0,size=%lluM,share=on,prealloc=off",
         (unsigned long long)vm->memory / MIB);
    put(a, "-bios", vm->firmware);
    put(a, "-kernel", vm->kernel);
    put(a, "-initrd", vm->initrd);
    put(a, "-append", vm->cmdline);
    if (vm->model != NULL) {
        putf(a, "-drive", "if=none,id=model,file=%s,format=raw,readonly=on", commas(vm->model).text);
        putf(a, "-device", "virtio-blk-pci,drive=model%s", modern(vm));
    }
    network_put(vm, a);
    if (vm->serial == NULL)
        put(a, "-serial", "stdio");
    else
        putf(a, "-serial", "file:%s", vm->serial);
    return a->count <= VM_ARGS_MAX ? ERR_OK
                                   : err_noted(ERR_NO_SPACE, note, "QEMU's command line would be too long");
}
