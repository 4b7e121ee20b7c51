// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * A stand-in for a chip, for the test image alone: registers as a provider with the kernel's tsm report interface, and passes each request to /chip-relay, which it
 * starts itself and which asks the simulated chip outside of the machine. So the configfs-tsm of a real kernel is what enclumed asks.
 *
 * /dev/enclume-chip, for the relay: it writes 4 bytes (the platform of src/evidence/simulated_wire.h) once, and then, again and again, reads 64 bytes, the report data
 * of a request, and writes the answer: size of the report (4, little endian) | size of the endorsements (4) | report | endorsements. Two zeros: the chip refused.
 */
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/kmod.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/tsm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#define DATA_SIZE  TSM_INBLOB_MAX
#define ANSWER_MAX (8 + 65536 + 131072)
#define PATIENCE   (30 * HZ)

enum platform { NOT_KNOWN, SNP, TDX };
enum state { IDLE, ASKED, TAKEN, ANSWERED };

static DEFINE_MUTEX(one_request);
static DECLARE_COMPLETION(introduced);
static DECLARE_WAIT_QUEUE_HEAD(changed);
static enum platform platform;
static enum state state;
static u8 data[DATA_SIZE];
static u8 *answer;
static u32 report_size, endorsements_size;

static void *copy_of(const u8 *from, size_t size)
{
    void *copy = kvmalloc(size, GFP_KERNEL);

    if (copy)
        memcpy(copy, from, size);
    return copy;
}

static int report_new(struct tsm_report *report, void *unused)
{
    int failed = 0;

    if (report->desc.inblob_len != DATA_SIZE)
        return -EINVAL;
    mutex_lock(&one_request);
    memcpy(data, report->desc.inblob, DATA_SIZE);
    WRITE_ONCE(state, ASKED);
    wake_up_all(&changed);
    if (!wait_event_timeout(changed, READ_ONCE(state) == ANSWERED, PATIENCE))
        failed = -ETIMEDOUT;
    else if (report_size == 0)
        failed = -EIO;
    if (!failed) {
        report->outblob = copy_of(answer + 8, report_size);
        report->outblob_len = report->outblob ? report_size : 0;
        if (!report->outblob)
            failed = -ENOMEM;
    }
    if (!failed && platform == SNP && endorsements_size != 0) {
        report->auxblob = copy_of(answer + 8 + report_size, endorsements_size);
        report->auxblob_len = report->auxblob ? endorsements_size : 0;
        if (!report->auxblob)
            failed = -ENOMEM;
    }
    WRITE_ONCE(state, IDLE);
    mutex_unlock(&one_request);
    return failed;
}

static bool attr_visible(int n)
{
    if (n == TSM_REPORT_PRIVLEVEL || n == TSM_REPORT_PRIVLEVEL_FLOOR)
        return platform == SNP;
    return n == TSM_REPORT_GENERATION || n == TSM_REPORT_PROVIDER;
}

static bool bin_attr_visible(int n)
{
    if (n == TSM_REPORT_AUXBLOB)
        return platform == SNP;
    return n == TSM_REPORT_INBLOB || n == TSM_REPORT_OUTBLOB;
}

static struct tsm_ops ops = {
    .report_new = report_new,
    .report_attr_visible = attr_visible,
    .report_bin_attr_visible = bin_attr_visible,
};

static ssize_t relay_read(struct file *file, char __user *to, size_t size, loff_t *at)
{
    int failed = wait_event_interruptible(changed, READ_ONCE(state) == ASKED);

    if (failed)
        return failed;
    if (size < DATA_SIZE || copy_to_user(to, data, DATA_SIZE))
        return -EFAULT;
    WRITE_ONCE(state, TAKEN);
    return DATA_SIZE;
}

static ssize_t introduce(const char __user *from, size_t size)
{
    u32 number;

    if (size != sizeof(number) || copy_from_user(&number, from, sizeof(number)))
        return -EINVAL;
    if (number != SNP && number != TDX)
        return -EINVAL;
    platform = number;
    complete_all(&introduced);
    return size;
}

static ssize_t relay_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
    u32 sizes[2];

    if (platform == NOT_KNOWN)
        return introduce(from, size);
    if (READ_ONCE(state) != TAKEN || size < 8 || size > ANSWER_MAX)
        return -EINVAL;
    if (copy_from_user(answer, from, size))
        return -EFAULT;
    memcpy(sizes, answer, sizeof(sizes));
    if ((u64)sizes[0] + sizes[1] != size - 8)
        return -EINVAL;
    report_size = sizes[0];
    endorsements_size = sizes[1];
    WRITE_ONCE(state, ANSWERED);
    wake_up_all(&changed);
    return size;
}

static const struct file_operations relay_ops = {
    .owner = THIS_MODULE,
    .read = relay_read,
    .write = relay_write,
};

static struct miscdevice relay = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "enclume-chip",
    .fops = &relay_ops,
    .mode = 0600,
};

static int __init chip_init(void)
{
    static char path[] = "/chip-relay";
    static char *argv[] = {path, NULL};
    static char *envp[] = {NULL};
    int failed;

    answer = vmalloc(ANSWER_MAX);
    if (!answer)
        return -ENOMEM;
    failed = misc_register(&relay);
    if (failed)
        goto out_free;
    failed = call_usermodehelper(path, argv, envp, UMH_WAIT_EXEC);
    if (!failed && !wait_for_completion_timeout(&introduced, PATIENCE))
        failed = -ETIMEDOUT;
    if (failed)
        goto out_relay;
    ops.name = platform == SNP ? "sev_guest" : "tdx_guest";
    failed = tsm_register(&ops, NULL);
    if (!failed) {
        pr_info("enclume_chip: SIMULATED chip, %s\n", ops.name);
        return 0;
    }
out_relay:
    misc_deregister(&relay);
out_free:
    vfree(answer);
    return failed;
}

module_init(chip_init);
MODULE_DESCRIPTION("Passes attestation requests to a SIMULATED chip. For tests.");
MODULE_LICENSE("GPL");
