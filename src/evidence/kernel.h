/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_KERNEL_H
#define EVIDENCE_KERNEL_H

/*
 * The calls of the operating system that the sources of real evidence make, and no more: so that tests can put a stand-in in their place that behaves
 * as the kernel documents, its failures included (tests/support/stand_in_kernel.h). What can fail gives -errno, as the system calls themselves do.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kernel {
    int (*mkdir)(const struct kernel *self, const char *path);
    int (*rmdir)(const struct kernel *self, const char *path);
    int (*open)(const struct kernel *self, const char *path, int flags); /* a descriptor; no O_CREAT */
    ssize_t (*read)(const struct kernel *self, int fd, void *to, size_t size);
    ssize_t (*write)(const struct kernel *self, int fd, const void *from, size_t size);
    int (*close)(const struct kernel *self, int fd);
    int (*ioctl)(const struct kernel *self, int fd, unsigned long request, void *argument);
    /* A stream to a port of a context of AF_VSOCK, on which neither side may keep the other waiting for more than half a minute; a descriptor. */
    int (*connect_vsock)(const struct kernel *self, uint32_t context, uint32_t port);
    int (*connect_unix)(const struct kernel *self, const char *path); /* the same to a UNIX socket */
    void (*sleep_ms)(const struct kernel *self, unsigned milliseconds);
    int64_t (*now)(const struct kernel *self); /* seconds since 1970, by the host's clock */
};

extern const struct kernel kernel_real;

/* Writes all of it; 0 or -errno, -EPIPE when the other side takes nothing. */
int kernel_write_all(const struct kernel *k, int fd, const void *from, size_t size);
/* Reads exactly size bytes; 0 or -errno, -EPIPE when the other side ends before. */
int kernel_read_all(const struct kernel *k, int fd, void *to, size_t size);
/* Reads to the end, however it is cut into pieces. At most size bytes: -EFBIG when there are more. 0 or -errno. */
int kernel_read_to_end(const struct kernel *k, int fd, void *to, size_t size, size_t *len);
/* The same of a file. */
int kernel_read_file(const struct kernel *k, const char *path, void *to, size_t size, size_t *len);

#endif
