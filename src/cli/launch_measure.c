/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"
#include "cli/launch.h"
#include "cli/measure_snp.h"
#include "cli/measure_tdx.h"

static enum err snp_measure(const struct vm *vm, struct launch_registers *registers, struct err_note *note)
{
    const struct measure_snp m = {.ovmf = vm->firmware,
                                  .kernel = vm->kernel,
                                  .initrd = vm->initrd,
                                  .cmdline_text = vm->cmdline,
                                  .vcpu_model = vm->cpu,
                                  .vcpus = vm->vcpus};
    return measure_snp_compute(&m, registers, note);
}

static enum err tdx_measure(const struct launch_options *o, const struct launch_plan *plan,
                            struct launch_registers *registers, struct err_note *note)
{
    static struct tdx_events events;
    const struct vm *vm = &plan->vm;
    const struct measure_tdx m = {.firmware = vm->firmware,
                                  .firmware_version = plan->firmware_version,
                                  .kernel = vm->kernel,
                                  .initrd = vm->initrd,
                                  .cmdline_text = vm->cmdline,
                                  .memory = o->memory,
                                  .acpi_tables = o->acpi_tables,
                                  .vcpus = vm->vcpus};
    return measure_tdx_compute(&m, registers, &events, note);
}

enum err launch_measure(const struct launch_options *o, const struct launch_plan *plan,
                        struct launch_registers *registers, struct err_note *note)
{
    return plan->vm.platform == VM_TDX ? tdx_measure(o, plan, registers, note)
                                       : snp_measure(&plan->vm, registers, note);
}

enum err launch_policy(const struct launch_registers *registers, char *text, size_t size, size_t *len)
{
    struct bytes all = {0};
    struct writer w = writer_into(text, size);
    const bool is_tdx = registers->count > 1;
    writer_str(&w, is_tdx ? "{\"version\":1,\"tdx\":{\"launches\":[{"
                          : "{\"version\":1,\"snp\":{\"measurements\":[");
    for (size_t i = 0; i < registers->count; i++) {
        char hex[ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)];
        encoding_hex(bytes_of(registers->at[i].value, LAUNCH_REGISTER_SIZE), hex);
        writer_str(&w, i == 0 ? "\"" : ",\"");
        if (is_tdx) {
            writer_str(&w, registers->at[i].name);
            writer_str(&w, "\":\"");
        }
        writer_str(&w, registers->at[i].unknown == NULL ? hex : "any");
        writer_str(&w, "\"");
    }
    writer_str(&w, is_tdx ? "}]}}\n" : "]}}\n");
    enum err e = writer_finish(&w, &all);
    *len = all.len;
    return e;
}
