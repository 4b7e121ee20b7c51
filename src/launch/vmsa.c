/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/vmsa.h"

#include "base/writer.h"

/* AMD64 Architecture Programmer's Manual, volume 2, table B-4: where the registers stand. A segment is selector (2), attributes (2), limit (4), base (8). */
enum {
    AT_ES = 0x000,
    AT_CS = 0x010,
    AT_SS = 0x020,
    AT_DS = 0x030,
    AT_FS = 0x040,
    AT_GS = 0x050,
    AT_GDTR = 0x060,
    AT_LDTR = 0x070,
    AT_IDTR = 0x080,
    AT_TR = 0x090,
    AT_EFER = 0x0d0,
    AT_CR4 = 0x148,
    AT_CR0 = 0x158,
    AT_DR7 = 0x160,
    AT_DR6 = 0x168,
    AT_RFLAGS = 0x170,
    AT_RIP = 0x178,
    AT_G_PAT = 0x268,
    AT_RDX = 0x310,
    AT_SEV_FEATURES = 0x3b0,
    AT_XCR0 = 0x3e8,
    AT_MXCSR = 0x408,
    AT_X87_FCW = 0x410,
};

enum { SELECTOR_RESET = 0xf000, RIP_MASK = 0xffff };

/* The same with all of them: KVM sets EFER.SVME and CR4.MCE, the rest is the processor's reset state. */
enum { EFER = 0x1000, CR4 = 0x40, DR7 = 0x400, RFLAGS = 2, XCR0 = 1 };
static const uint64_t dr6 = 0xffff0ff0;

struct segment {
    uint16_t selector, attributes;
    uint32_t limit;
};

/* What differs. RDX: the signature with QEMU, a constant with others. */
static const struct hypervisor {
    struct segment data; /* ES, DS, FS */
    struct segment gs;
    struct segment ss;
    struct segment cs;
    uint16_t cs_attributes_first; /* of the boot processor */
    uint16_t tr_attributes;
    bool is_flat; /* begins in 32-bit mode, with RIP as it is */
    bool has_signature;
    uint32_t rdx_first, rdx_others;
    uint32_t cr0;
    uint64_t g_pat;
    uint32_t mxcsr;
    uint16_t x87_fcw;
} hypervisors[VMSA_HYPERVISOR_COUNT] = {
    [VMSA_QEMU] = {.data = {0, 0x93, 0xffff},
                   .gs = {0, 0x93, 0xffff},
                   .ss = {0, 0x93, 0xffff},
                   .cs = {SELECTOR_RESET, 0x9b, 0xffff},
                   .cs_attributes_first = 0x9b,
                   .tr_attributes = 0x8b,
                   .has_signature = true,
                   .cr0 = 0x10,
                   .g_pat = 0x7040600070406,
                   .mxcsr = 0x1f80,
                   .x87_fcw = 0x37f},
    [VMSA_EC2] = {.data = {0, 0x93, 0xffff},
                  .gs = {0, 0x93, 0xffff},
                  .ss = {0, 0x92, 0xffff},
                  .cs = {SELECTOR_RESET, 0x9b, 0xffff},
                  .cs_attributes_first = 0x9a,
                  .tr_attributes = 0x83,
                  .rdx_first = 0x600,
                  .cr0 = 0x10,
                  .g_pat = 0x7040600070406},
    [VMSA_GCE] = {.data = {0, 0x93, 0xffff},
                  .gs = {0, 0x93, 0xffff},
                  .ss = {0, 0x93, 0xffff},
                  .cs = {SELECTOR_RESET, 0x9b, 0xffff},
                  .cs_attributes_first = 0x9b,
                  .tr_attributes = 0x8b,
                  .rdx_first = 0x600,
                  .rdx_others = 0x600,
                  .cr0 = 0x10,
                  .g_pat = 0x70106},
    [VMSA_SVSM] = {.data = {16, 0xc93, 0xffffffff},
                   .gs = {0, 0x93, 0xffff},
                   .ss = {16, 0xc93, 0xffffffff},
                   .cs = {8, 0xc9b, 0xffffffff},
                   .cs_attributes_first = 0xc9b,
                   .tr_attributes = 0x8b,
                   .is_flat = true,
                   .has_signature = true,
                   .cr0 = 0x11,
                   .g_pat = 0x7040600070406,
                   .mxcsr = 0x1f80},
};

/* A writer over one field of the page. */
static struct writer at(uint8_t page[static VMSA_SIZE], size_t offset, size_t size)
{
    struct writer w = writer_into(page, VMSA_SIZE);
    (void)writer_reserve(&w, offset);
    return writer_into(writer_reserve(&w, size), size);
}

static void segment_put(uint8_t page[static VMSA_SIZE], size_t offset, struct segment s, uint64_t base)
{
    struct writer w = at(page, offset, 16);
    writer_u16le(&w, s.selector);
    writer_u16le(&w, s.attributes);
    writer_u32le(&w, s.limit);
    writer_u64le(&w, base);
}

static void u64_put(uint8_t page[static VMSA_SIZE], size_t offset, uint64_t value)
{
    struct writer w = at(page, offset, sizeof value);
    writer_u64le(&w, value);
}

static void segments_put(const struct vmsa *v, const struct hypervisor *h, uint8_t page[static VMSA_SIZE])
{
    static const struct segment table = {0, 0, 0xffff};
    static const struct segment ldtr = {0, 0x82, 0xffff};
    const struct segment tr = {0, h->tr_attributes, 0xffff};
    struct segment cs = h->cs;
    if (v->is_first)
        cs.attributes = h->cs_attributes_first;
    segment_put(page, AT_ES, h->data, 0);
    segment_put(page, AT_CS, cs, h->is_flat ? 0 : v->entry & ~(uint64_t)RIP_MASK);
    segment_put(page, AT_SS, h->ss, 0);
    segment_put(page, AT_DS, h->data, 0);
    segment_put(page, AT_FS, h->data, 0);
    segment_put(page, AT_GS, h->gs, 0);
    segment_put(page, AT_GDTR, table, 0);
    segment_put(page, AT_LDTR, ldtr, 0);
    segment_put(page, AT_IDTR, table, 0);
    segment_put(page, AT_TR, tr, 0);
}

void vmsa_build(const struct vmsa *v, uint8_t page[static VMSA_SIZE])
{
    const struct hypervisor *h = &hypervisors[v->hypervisor];
    memset(page, 0, VMSA_SIZE);
    segments_put(v, h, page);
    u64_put(page, AT_EFER, EFER);
    u64_put(page, AT_CR4, CR4);
    u64_put(page, AT_CR0, h->cr0);
    u64_put(page, AT_DR7, DR7);
    u64_put(page, AT_DR6, dr6);
    u64_put(page, AT_RFLAGS, RFLAGS);
    u64_put(page, AT_RIP, h->is_flat ? v->entry : v->entry & RIP_MASK);
    u64_put(page, AT_G_PAT, h->g_pat);
    u64_put(page, AT_RDX, h->has_signature ? v->signature : v->is_first ? h->rdx_first : h->rdx_others);
    u64_put(page, AT_SEV_FEATURES, v->sev_features);
    u64_put(page, AT_XCR0, XCR0);
    struct writer w = at(page, AT_MXCSR, sizeof h->mxcsr);
    writer_u32le(&w, h->mxcsr);
    w = at(page, AT_X87_FCW, sizeof h->x87_fcw);
    writer_u16le(&w, h->x87_fcw);
}
