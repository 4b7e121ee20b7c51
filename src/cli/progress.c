/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/writer.h"

enum { TICK_US = 125000, FIRST_US = 500000, DIGITS = 10, LINE_SIZE = 160 };

/* Read by the signal's handler; changed only while the timer is off. */
static const char *volatile words;
static volatile time_t begun;
static volatile unsigned amount_done;
static volatile unsigned amount_total; /* 0: not known */
static volatile sig_atomic_t shown;
static volatile sig_atomic_t turn;

static void write_number(struct writer *w, time_t n)
{
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + n % DIGITS);
    while ((n /= DIGITS) != 0 && at != 0);
    writer_str(w, digits + at);
}

/* Only what may be done in a signal's handler. */
static void on_tick(int number)
{
    static const char *const wheel[] = {"|", "/", "-", "\\"};
    char line[LINE_SIZE];
    struct writer w = writer_into(line, sizeof line);
    int saved = errno;
    struct timespec now;
    (void)number;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    writer_str(&w, "\r");
    writer_str(&w, wheel[turn++ % 4]);
    writer_str(&w, " ");
    writer_str(&w, words);
    writer_str(&w, ", ");
    if (amount_total != 0) {
        write_number(&w, (time_t)amount_done);
        writer_str(&w, " of ");
        write_number(&w, (time_t)amount_total);
        writer_str(&w, " tokens, ");
    }
    write_number(&w, now.tv_sec - begun);
    writer_str(&w, " s \x1b[K");
    shown = write(STDERR_FILENO, line, w.used) > 0;
    errno = saved;
}

static void timer(long first, long then)
{
    const struct itimerval t = {.it_value.tv_usec = first, .it_interval.tv_usec = then};
    (void)setitimer(ITIMER_REAL, &t, NULL);
}

void progress_begin(const char *what)
{
    struct timespec now;
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    if (isatty(STDERR_FILENO) != 1)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    words = what;
    begun = now.tv_sec;
    shown = 0;
    amount_total = 0;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGALRM, &action, NULL);
    timer(FIRST_US, TICK_US);
}

/* Two words that a signal may find half changed: then one line is wrong for an eighth of a second. */
void progress_amount(unsigned done, unsigned total)
{
    amount_done = done;
    amount_total = total;
}

void progress_end(void)
{
    static const char erase[] = "\r\x1b[K";
    if (words == NULL)
        return;
    timer(0, 0);
    words = NULL;
    if (shown)
        (void)!write(STDERR_FILENO, erase, sizeof erase - 1);
    shown = 0;
}
