/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sealed.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit/test.h"

enum { SIZE = 4096 };

static int fd;
static void *pages; /* while they can be written there, the kernel seals nothing: EBUSY */

static int setup(void **state)
{
    (void)state;
    fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, SIZE), 0);
    pages = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return close(fd);
}

static void *let_go(void *unused)
{
    (void)unused;
    (void)usleep(100 * 1000);
    (void)munmap(pages, SIZE);
    return NULL;
}

static void what_is_sealed_cannot_be_changed(void **state)
{
    (void)state;
    (void)munmap(pages, SIZE);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_true(sealed_make(fd));
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(errno, EPERM);
    assert_int_not_equal(ftruncate(fd, 0), 0);
    assert_int_not_equal(ftruncate(fd, 2 * SIZE), 0);
    assert_ptr_equal(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_false(sealed_make(fd)); /* nor sealed otherwise */
    assert_int_equal(errno, EPERM);
}

static void memory_that_is_busy_is_waited_for(void **state)
{
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, let_go, NULL), 0);
    assert_true(sealed_make(fd));
    (void)pthread_join(thread, NULL);
}

static void memory_that_stays_busy_is_an_error(void **state)
{
    (void)state;
    assert_false(sealed_make(fd));
    assert_int_equal(errno, EBUSY);
    (void)munmap(pages, SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_sealed_cannot_be_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_that_is_busy_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_that_stays_busy_is_an_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
