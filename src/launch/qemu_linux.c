/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/qemu_linux.h"

#include "base/reader.h"
#include "base/writer.h"

/* Documentation/arch/x86/boot.rst, "The real-mode kernel header". */
enum {
    AT_MAGIC = 0x202,
    AT_VERSION = 0x206,
    AT_TYPE_OF_LOADER = 0x210,
    AT_LOADFLAGS = 0x211,
    AT_RAMDISK_IMAGE = 0x218,
    AT_RAMDISK_SIZE = 0x21c,
    AT_HEAP_END = 0x224,
    AT_CMDLINE = 0x228,
    AT_INITRD_MAX = 0x22c,
    AT_XLOADFLAGS = 0x236,
    VERSION_CMDLINE = 0x202, /* the oldest that is taken */
    VERSION_XLOADFLAGS = 0x20c,
    LOADED_HIGH = 1,
    CAN_USE_HEAP = 0x80,
    LOADED_ABOVE_4G = 1 << 1,
};

/* Where QEMU places a kernel that is loaded high. */
enum { LOADER_QEMU = 0xb0, REAL_MODE_AT = 0x10000, CMDLINE_PLACED_AT = 0x20000, HEAP_BELOW = 0x200 };
/* What it leaves for ACPI tables below the end of low memory (pc_machine_class_init: 0x20000 + 0x8000). */
enum { ACPI_ROOM = 0x28000, PAGE = 4096 };
static const uint64_t split_from = 0xb0000000;
static const uint64_t split_at = 0x80000000;

static uint64_t field(const uint8_t *header, size_t at, size_t size)
{
    struct reader r = reader_over(bytes_of(header, QEMU_LINUX_HEADER_SIZE));
    (void)reader_bytes(&r, at);
    return size == 1 ? reader_u8(&r) : size == 2 ? reader_u16le(&r) : reader_u32le(&r);
}

static void put(uint8_t *header, size_t at, size_t size, uint32_t value)
{
    struct writer w = writer_into(header, QEMU_LINUX_HEADER_SIZE);
    (void)writer_reserve(&w, at);
    if (size == 1)
        writer_u8(&w, (uint8_t)value);
    else if (size == 2)
        writer_u16le(&w, (uint16_t)value);
    else
        writer_u32le(&w, value);
}

static enum err initrd_place(const struct qemu_linux *q, uint8_t *header, uint16_t version,
                             struct err_note *note)
{
    const uint64_t low = q->memory >= split_from ? split_at : q->memory;
    uint64_t max = field(header, AT_INITRD_MAX, 4);
    if (version >= VERSION_XLOADFLAGS && (field(header, AT_XLOADFLAGS, 2) & LOADED_ABOVE_4G) != 0)
        max = UINT32_MAX;
    if (low <= ACPI_ROOM)
        return err_noted(ERR_VALUE, note, "too little memory for a kernel");
    if (max >= low - ACPI_ROOM)
        max = low - ACPI_ROOM - 1;
    if (q->initrd_size >= max)
        return err_noted(ERR_VALUE, note,
                         "the initial file system of %u bytes does not fit %llu bytes of memory",
                         q->initrd_size, (unsigned long long)q->memory);
    put(header, AT_RAMDISK_IMAGE, 4, (uint32_t)((max - q->initrd_size) & ~(uint64_t)(PAGE - 1)));
    put(header, AT_RAMDISK_SIZE, 4, q->initrd_size);
    return ERR_OK;
}

enum err qemu_linux_patch(const struct qemu_linux *q, uint8_t header[static QEMU_LINUX_HEADER_SIZE],
                          struct err_note *note)
{
    static const uint32_t magic = 0x53726448; /* "HdrS" */
    const uint16_t version = (uint16_t)field(header, AT_VERSION, 2);
    const uint8_t flags = (uint8_t)field(header, AT_LOADFLAGS, 1);
    if (field(header, AT_MAGIC, 4) != magic || version < VERSION_CMDLINE || (flags & LOADED_HIGH) == 0)
        return err_noted(ERR_VALUE, note, "kernel: not a bzImage of Linux, or an ancient one");
    if (strstr(q->cmdline, "vga=") != NULL)
        return err_noted(ERR_VALUE, note,
                         "command line: vga= makes QEMU change the kernel, which is not computed");
    put(header, AT_CMDLINE, 4, CMDLINE_PLACED_AT);
    put(header, AT_TYPE_OF_LOADER, 1, LOADER_QEMU);
    put(header, AT_LOADFLAGS, 1, flags | CAN_USE_HEAP);
    put(header, AT_HEAP_END, 2, CMDLINE_PLACED_AT - REAL_MODE_AT - HEAP_BELOW);
    return q->has_initrd ? initrd_place(q, header, version, note) : ERR_OK;
}
