/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the filter knows no system calls of this architecture"
#endif

enum {
    NUMBER_AT = offsetof(struct seccomp_data, nr),
    ARCHITECTURE_AT = offsetof(struct seccomp_data, arch),
    ROW_CODE_MAX = 6,
    HEAD_CODE = 6,
    CODE_MAX = HEAD_CODE + FILTER_ROWS_MAX * ROW_CODE_MAX + 1,
    X32_BIT =
        0x40000000, /* Linux, arch/x86/include/uapi/asm/unistd.h: another set of numbers in the same architecture */
};
_Static_assert(CODE_MAX <= BPF_MAXINSNS, "the kernel takes programs of this length");

static uint32_t argument_at(unsigned n)
{
    return (uint32_t)(offsetof(struct seccomp_data, args) +
                      n * sizeof(uint64_t)); /* little endian: the lower half first */
}

struct code {
    struct sock_filter instructions[CODE_MAX];
    unsigned short count;
};

static void put(struct code *c, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
    c->instructions[c->count++] = (struct sock_filter){code, if_true, if_false, k};
}

/* Leaves the number in the accumulator again when its condition does not hold: another row may have the same number. */
static void row_put(struct code *c, const struct filter_row *row)
{
    const uint32_t answer = row->error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (uint32_t)row->error;
    if (!row->condition.there) {
        put(c, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)row->number, 0, 1);
        put(c, BPF_RET | BPF_K, answer, 0, 0);
        return;
    }
    put(c, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)row->number, 0, 5);
    put(c, BPF_LD | BPF_W | BPF_ABS, argument_at(row->condition.argument), 0, 0);
    put(c, BPF_ALU | BPF_AND | BPF_K, row->condition.mask, 0, 0);
    put(c, BPF_JMP | BPF_JEQ | BPF_K, row->condition.value, 0, 1);
    put(c, BPF_RET | BPF_K, answer, 0, 0);
    put(c, BPF_LD | BPF_W | BPF_ABS, NUMBER_AT, 0, 0);
}

static void code_make(struct code *c, const struct filter_row *rows, size_t count, unsigned needs,
                      enum filter_otherwise otherwise)
{
    static const uint32_t answers[] = {[FILTER_KILL] = SECCOMP_RET_KILL_PROCESS,
                                       [FILTER_REFUSE] = SECCOMP_RET_ERRNO | EPERM,
                                       [FILTER_ALLOW] = SECCOMP_RET_ALLOW};
    c->count = 0;
    put(c, BPF_LD | BPF_W | BPF_ABS, ARCHITECTURE_AT, 0, 0);
    put(c, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    put(c, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    put(c, BPF_LD | BPF_W | BPF_ABS, NUMBER_AT, 0, 0);
    put(c, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    put(c, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    for (size_t i = 0; i < count; i++)
        if (rows[i].need == FILTER_ALWAYS || (needs & rows[i].need) != 0)
            row_put(c, &rows[i]);
    put(c, BPF_RET | BPF_K, answers[otherwise], 0, 0);
}

static enum err failed(struct err_note *note, const char *step)
{
    return err_noted(ERR_SYSTEM, note, "%s: %s", step, strerror(errno));
}

enum err filter_enter(const struct filter_row *rows, size_t count, unsigned needs,
                      enum filter_otherwise otherwise, struct err_note *note)
{
    static struct code code;
    if (count > FILTER_ROWS_MAX)
        return err_noted(ERR_TOO_LARGE, note, "seccomp: %zu rows", count);
    code_make(&code, rows, count, needs, otherwise);
    const struct sock_fprog program = {.len = code.count, .filter = code.instructions};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(note, "no new privileges");
    if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        return failed(note, "seccomp");
    return ERR_OK;
}
