/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status page in a real browser, headless Chromium: verified and refused, light and dark. What the browser has built of the page is read, and its pictures
 * are taken and kept beside the tests for people to look at.
 */
#include "e2e/support/proxied.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "unit/test.h"

#define CHROMIUM "/usr/bin/chromium"
#define PICTURES E2E_CHAIN "/../pictures"

enum { WAIT_MS = 60000, BROWSER_MS = 120000, SKIPPED = 77 };

static struct world w;
static struct world other; /* its policy accepts another launch */

/* Runs the browser on the status page. screenshot NULL: what it has built of the page is in browser->out. */
static void browse(struct process *browser, const struct proxied *p, const char *path, const char *screenshot,
                   bool dark)
{
    char url[128];
    char user[WORLD_PATH + 32];
    char picture[512];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)p->port, path);
    (void)snprintf(user, sizeof user, "--user-data-dir=%s.browser", w.dir);
    (void)snprintf(picture, sizeof picture, "--screenshot=" PICTURES "/%s.png",
                   screenshot != NULL ? screenshot : "");
    const char *argv[] = {CHROMIUM,
                          "--headless=new",
                          "--no-sandbox",
                          "--disable-gpu",
                          "--hide-scrollbars",
                          "--window-size=1000,1400",
                          "--no-first-run",
                          "--disable-background-networking",
                          user,
                          screenshot != NULL ? picture : "--dump-dom",
                          dark ? "--force-dark-mode" : "--force-device-scale-factor=1",
                          dark ? "--blink-settings=preferredColorScheme=0" : "--disable-extensions",
                          url,
                          NULL};
    process_start(browser, argv, NULL);
    assert_int_equal(process_finish(browser, BROWSER_MS), 0);
}

static void look(const char *policy, const char *said, const char *name, const char *const *texts,
                 const char *const *absent)
{
    struct proxied p;
    struct process browser;
    char picture[64];
    char path[512];
    struct stat info;
    proxied_start(&p, &w, NULL, policy, (const char *const[]){"--no-token", NULL});
    assert_true(proxied_says(&p, said, 1, WAIT_MS));
    browse(&browser, &p, "/", NULL, false);
    for (; *texts != NULL; texts++)
        if (strstr(browser.out.bytes, *texts) == NULL)
            fail_msg("%s: the page does not say: %s", name, *texts);
    for (; *absent != NULL; absent++)
        if (strstr(browser.out.bytes, *absent) != NULL)
            fail_msg("%s: the page says: %s", name, *absent);
    /* The policy lets the style in, and the browser has nothing to complain of. */
    assert_null(strstr(browser.err.bytes, "Content Security Policy"));
    process_release(&browser);
    for (int dark = 0; dark < 2; dark++) {
        (void)snprintf(picture, sizeof picture, "%s-%s", name, dark ? "dark" : "light");
        browse(&browser, &p, "/enclume/", picture, dark == 1);
        process_release(&browser);
        (void)snprintf(path, sizeof path, PICTURES "/%s.png", picture);
        assert_int_equal(stat(path, &info), 0);
        assert_true(info.st_size > 20000); /* a page without text or colours is a small picture */
        (void)printf("picture: %s (%ld bytes)\n", path, (long)info.st_size);
    }
    proxied_stop(&p);
}

static void verified_is_seen(void **state)
{
    (void)state;
    look(NULL, "checks passed", "verified",
         (const char *const[]){"<h1>Verified, on a SIMULATED platform</h1>", "proves nothing about hardware",
                               w.measurement, "What is not protected", "Download the evidence",
                               "checks passed", "class=\"passed\"", NULL},
         (const char *const[]){"FAILED", "Refused", "class=\"failed\"", "<script", NULL});
}

static void refused_cannot_be_mistaken(void **state)
{
    (void)state;
    look(other.policy, "REFUSED", "refused",
         (const char *const[]){"<h1>Refused: nothing is sent</h1>", "banner bad", "class=\"failed\"",
                               "snp.measurement", "FAILED", "wanted <code>", w.measurement, NULL},
         (const char *const[]){"<h1>Verified", "banner good", "banner sim", "<script", NULL});
}

static int setup(void **state)
{
    (void)state;
    (void)mkdir(PICTURES, 0755);
    world_start(&w, &(struct world_options){.program = NULL});
    world_open(&other, &(struct world_options){.enclave = {"--slots", "3"}});
    return 0;
}

static int teardown(void **state)
{
    char command[WORLD_PATH + 32];
    struct process p;
    (void)state;
    (void)snprintf(command, sizeof command, "%s.browser", w.dir);
    assert_int_equal(process_run(&p, (const char *const[]){"/bin/rm", "-rf", command, NULL}), 0);
    process_release(&p);
    world_remove(&other);
    world_stop(&w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verified_is_seen),
        cmocka_unit_test(refused_cannot_be_mistaken),
    };
    if (access(CHROMIUM, X_OK) != 0) {
        (void)puts("skipped: there is no " CHROMIUM " (Debian's package chromium)");
        return SKIPPED;
    }
    world_require_model();
    return cmocka_run_group_tests(tests, setup, teardown);
}
