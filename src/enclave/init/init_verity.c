/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_verity.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/encoding.h"
#include "enclave/init/init_system.h"

enum { TABLE_SIZE = 512, SECTORS_PER_BLOCK = VERITY_BLOCK_SIZE / 512 };

/* Linux, include/uapi/linux/dm-ioctl.h: the header, then one target and its text. */
struct request {
    struct dm_ioctl head;
    struct dm_target_spec target;
    char table[TABLE_SIZE];
};

enum err init_verity_table(const char *volume, const struct verity_layout *layout,
                           const uint8_t root[static VERITY_DIGEST_SIZE], char *text, size_t size)
{
    char root_hex[ENCODING_HEX_SIZE(VERITY_DIGEST_SIZE)];
    char salt_hex[ENCODING_HEX_SIZE(VERITY_SALT_SIZE)];
    encoding_hex(bytes_of(root, VERITY_DIGEST_SIZE), root_hex);
    encoding_hex(bytes_of(verity_salt, VERITY_SALT_SIZE), salt_hex);
    int n = snprintf(text, size, "1 %s %s %d %d %" PRIu64 " %" PRIu64 " sha256 %s %s", volume, volume,
                     VERITY_BLOCK_SIZE, VERITY_BLOCK_SIZE, layout->data_blocks, layout->hash_start, root_hex,
                     salt_hex);
    return n > 0 && (size_t)n < size ? ERR_OK : ERR_NO_SPACE;
}

static void request_begin(struct request *r, uint32_t flags)
{
    memset(r, 0, sizeof *r);
    r->head.version[0] = DM_VERSION_MAJOR;
    r->head.data_size = sizeof *r;
    r->head.data_start = sizeof r->head;
    r->head.flags = flags;
    memcpy(r->head.name, "model", sizeof "model");
}

static enum err volume_check(const char *volume, const struct verity_layout *layout, struct err_note *note)
{
    uint64_t size = 0;
    uint64_t wanted = layout->volume_blocks * VERITY_BLOCK_SIZE;
    int fd = open(volume, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return init_failed(note, volume);
    enum err e = ioctl(fd, BLKGETSIZE64, &size) == 0 ? ERR_OK : init_failed(note, volume);
    (void)close(fd);
    if (e == ERR_OK && size != wanted)
        e = err_noted(ERR_VALUE, note, "the volume has %" PRIu64 " bytes, wanted %" PRIu64, size, wanted);
    return e;
}

static enum err device_make(int control, const char *volume, const struct verity_layout *layout,
                            const uint8_t root[static VERITY_DIGEST_SIZE], uint64_t *device,
                            struct err_note *note)
{
    static struct request r;
    request_begin(&r, 0);
    if (ioctl(control, DM_DEV_CREATE, &r) != 0)
        return init_failed(note, "making the device");
    *device = r.head.dev;
    request_begin(&r, DM_READONLY_FLAG);
    r.head.target_count = 1;
    r.target.length = layout->data_blocks * SECTORS_PER_BLOCK;
    r.target.next = (uint32_t)(sizeof r - sizeof r.head);
    memcpy(r.target.target_type, "verity", sizeof "verity");
    enum err e = init_verity_table(volume, layout, root, r.table, sizeof r.table);
    if (e != ERR_OK)
        return err_noted(e, note, "the table");
    if (ioctl(control, DM_TABLE_LOAD, &r) != 0)
        return init_failed(note, "loading the table");
    request_begin(&r, 0); /* without DM_SUSPEND_FLAG: resume */
    return ioctl(control, DM_DEV_SUSPEND, &r) == 0 ? ERR_OK : init_failed(note, "starting the device");
}

enum err init_verity_open(const char *volume, const struct init_options *o, uint64_t *device,
                          struct err_note *note)
{
    struct verity_layout layout;
    enum err e = verity_layout_of(o->model_size, &layout);
    if (e == ERR_OK)
        e = volume_check(volume, &layout, note);
    if (e != ERR_OK)
        return e;
    int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
    if (control < 0)
        return init_failed(note, "/dev/mapper/control");
    e = device_make(control, volume, &layout, o->root, device, note);
    (void)close(control);
    return e;
}
