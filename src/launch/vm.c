/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/vm.h"

#include "launch/snp_digest.h"

enum { MIB = 1024 * 1024, PORT_MAX = 65535 };
static const uint64_t memory_least = 64ULL << 20;
static const uint64_t memory_most = 1ULL << 46;

/* No control characters: in none of the forms that a machine is written in could they be what was meant. */
static bool is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    return true;
}

static bool is_word(const char *text)
{
    return text[0] != '\0' &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(text);
}

/* "/path", or "CID:PORT". */
static bool is_service(const char *text)
{
    static const char digits[] = "0123456789";
    const size_t cid = strspn(text, digits);
    const size_t port = text[cid] == ':' ? strspn(text + cid + 1, digits) : 0;
    return text[0] == '/' || (cid != 0 && port != 0 && text[cid + 1 + port] == '\0');
}

static enum err texts_check(const struct vm *vm, struct err_note *note)
{
    const struct {
        const char *what, *text;
        bool is_needed;
    } texts[] = {
        {"QEMU", vm->qemu, true},
        {"firmware", vm->firmware, true},
        {"kernel", vm->kernel, true},
        {"initrd", vm->initrd, true},
        {"command line", vm->cmdline, true},
        {"model", vm->model, false},
        {"socket", vm->socket, false},
        {"serial", vm->serial, false},
        {"root", vm->root_out, false},
        {"chain", vm->chain, false},
        {"simulator", vm->simulator, false},
        {"quote service", vm->quote_service, vm->platform == VM_TDX},
    };
    const struct {
        const char *what, *text;
        bool is_needed;
    } words[] = {
        {"name", vm->name, true},
        {"processor model", vm->cpu, true},
        {"interface", vm->interface, vm->network == VM_TAP},
        {"address to bind", vm->bind, vm->network == VM_USER},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text == NULL ? texts[i].is_needed : texts[i].text[0] == '\0' || !is_plain(texts[i].text))
            return err_noted(ERR_VALUE, note, "%s: %s", texts[i].what,
                             texts[i].text == NULL ? "is missing" : "is empty, or has control characters");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].text == NULL ? words[i].is_needed : !is_word(words[i].text))
            return err_noted(ERR_VALUE, note, "%s: wanted letters, digits, \".\", \"_\" and \"-\"",
                             words[i].what);
    return ERR_OK;
}

static enum err network_check(const struct vm *vm, struct err_note *note)
{
    switch (vm->network) {
    case VM_VSOCK:
        if (vm->cid < VM_CID_MIN || vm->cid == UINT32_MAX)
            return err_noted(ERR_VALUE, note, "vsock: %u is no address of a guest; they begin with %d",
                             vm->cid, VM_CID_MIN);
        break;
    case VM_VSOCK_USER:
        if (vm->socket == NULL)
            return err_noted(ERR_VALUE, note, "vsock: there is no socket");
        break;
    case VM_USER:
        if (vm->port == 0 || vm->port > PORT_MAX || vm->guest_port == 0 || vm->guest_port > PORT_MAX)
            return err_noted(ERR_VALUE, note, "port %u to %u", vm->port, vm->guest_port);
        break;
    case VM_TAP:
        break;
    }
    return ERR_OK;
}

enum err vm_check(const struct vm *vm, struct err_note *note)
{
    enum err e = texts_check(vm, note);
    if (e == ERR_OK)
        e = network_check(vm, note);
    if (e != ERR_OK)
        return e;
    if (vm->memory < memory_least || vm->memory > memory_most || vm->memory % MIB != 0)
        return err_noted(ERR_VALUE, note, "memory of %llu bytes: wanted whole MiB, at least 64",
                         (unsigned long long)vm->memory);
    if (vm->vcpus == 0 || vm->vcpus > SNP_VCPUS_MAX)
        return err_noted(ERR_VALUE, note, "%u virtual processors: 1 to %d can be", vm->vcpus, SNP_VCPUS_MAX);
    if (vm->platform == VM_TDX && !is_service(vm->quote_service))
        return err_noted(ERR_VALUE, note, "quote service %.100s: wanted a path, or CID:PORT",
                         vm->quote_service);
    if (vm->accel == VM_TCG && vm->platform != VM_SIMULATED)
        return err_noted(ERR_VALUE, note, "a confidential machine needs KVM");
    return ERR_OK;
}

enum err vm_check_paths(const struct vm *vm, struct err_note *note)
{
    const char *const paths[] = {
        vm->firmware, vm->kernel, vm->initrd, vm->model,
        vm->socket,   vm->serial, vm->chain,  vm->simulator != NULL ? vm->root_out : NULL};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (paths[i] != NULL && paths[i][0] != '/')
            return err_noted(ERR_VALUE, note, "%.150s: a full path name is wanted here", paths[i]);
    return ERR_OK;
}
