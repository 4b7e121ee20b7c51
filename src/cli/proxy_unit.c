/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/proxy_unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/writer.h"

#define UNIT_NAME "systemd/user/enclume-proxy.service"
enum { UNIT_MAX = 64 * 1024, PRIVATE = 0700 };

enum err proxy_unit_config_path(const char *name, char path[static PROXY_UNIT_PATH_MAX],
                                struct err_note *note)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int n = 0;
    if (config != NULL && config[0] == '/')
        n = snprintf(path, PROXY_UNIT_PATH_MAX, "%s/%s", config, name);
    else if (home != NULL && home[0] == '/')
        n = snprintf(path, PROXY_UNIT_PATH_MAX, "%s/.config/%s", home, name);
    else
        return err_noted(ERR_USAGE, note, "there is no HOME to write into");
    if (n < 0 || n >= PROXY_UNIT_PATH_MAX)
        return err_noted(ERR_USAGE, note, "the path of HOME is too long");
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        bool made = mkdir(path, PRIVATE) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return err_noted(ERR_FILE, note, "%s: its directory cannot be made: %s", path, strerror(errno));
    }
    return ERR_OK;
}

/* One argument as systemd reads it (systemd.service, "Command lines"): in quotes, with \, ", % and $ taken literally. */
static void quote(struct writer *w, const char *text)
{
    static const char special[] = "\\\"%$";
    static const char *const written[] = {"\\\\", "\\\"", "%%", "$$"};
    writer_str(w, " \"");
    for (; *text != '\0'; text++) {
        const char *found = strchr(special, *text);
        if (*text == '\n' || *text == '\r')
            w->failed = true;
        if (found != NULL)
            writer_str(w, written[found - special]);
        else
            writer_u8(w, (uint8_t)*text);
    }
    writer_u8(w, '"');
}

/* Started where it was written, so that relative paths mean the same. */
static void write_unit(struct writer *w, const char *program, const char *directory,
                       const struct option_list *arguments)
{
    writer_str(w,
               "# Written by enclume proxy --install; enclume proxy --uninstall removes it.\n"
               "[Unit]\n"
               "Description=Enclume proxy: the OpenAI API on this machine, answered by a verified enclave\n"
               "Documentation=man:enclume-proxy(1)\n"
               "\n"
               "[Service]\n"
               "WorkingDirectory=");
    for (const char *c = directory; *c != '\0'; c++)
        writer_str(w, *c == '%' ? "%%" : (char[]){*c, '\0'});
    writer_str(w, "\nExecStart=");
    quote(w, program);
    quote(w, "proxy");
    for (size_t i = 0; i < arguments->count; i++)
        quote(w, arguments->items[i]);
    writer_str(w, "\n"
                  "Restart=on-failure\n"
                  "RestartSec=2\n"
                  "# wrong use does not get better by trying again\n"
                  "RestartPreventExitStatus=2\n"
                  "LimitCORE=0\n"
                  "NoNewPrivileges=yes\n"
                  "LockPersonality=yes\n"
                  "MemoryDenyWriteExecute=yes\n"
                  "RestrictRealtime=yes\n"
                  "SystemCallArchitectures=native\n"
                  "UMask=0077\n"
                  "\n"
                  "[Install]\n"
                  "WantedBy=default.target\n");
}

static enum err own_path(char path[static PROXY_UNIT_PATH_MAX], struct err_note *note)
{
    ssize_t n = readlink("/proc/self/exe", path, PROXY_UNIT_PATH_MAX - 1);
    if (n <= 0)
        return err_noted(ERR_FILE, note, "/proc/self/exe: %s", strerror(errno));
    path[n] = '\0';
    return ERR_OK;
}

enum err proxy_unit_install(const struct option_list *arguments, struct err_note *note)
{
    static char text[UNIT_MAX];
    char path[PROXY_UNIT_PATH_MAX];
    char program[PROXY_UNIT_PATH_MAX];
    char directory[PROXY_UNIT_PATH_MAX];
    struct bytes unit;
    struct writer w = writer_into(text, sizeof text);
    enum err e = own_path(program, note);
    if (e != ERR_OK)
        return e;
    if (getcwd(directory, sizeof directory) == NULL || strchr(directory, '\n') != NULL)
        return err_noted(ERR_FILE, note, "the present directory has no name that can be written down");
    write_unit(&w, program, directory, arguments);
    if (writer_finish(&w, &unit) != ERR_OK)
        return err_noted(ERR_TOO_LARGE, note,
                         "the command line is too long for a unit, or has a line's end in it");
    e = proxy_unit_config_path(UNIT_NAME, path, note);
    if (e == ERR_OK)
        e = file_write(path, unit, note);
    if (e != ERR_OK)
        return e;
    (void)printf("Wrote %s. Nothing was started. To start it now and with each session:\n"
                 "    systemctl --user daemon-reload\n"
                 "    systemctl --user enable --now enclume-proxy\n"
                 "What it says (what was verified, or why not): journalctl --user -u enclume-proxy\n",
                 path);
    return ERR_OK;
}

enum err proxy_unit_uninstall(struct err_note *note)
{
    char path[PROXY_UNIT_PATH_MAX];
    enum err e = proxy_unit_config_path(UNIT_NAME, path, note);
    if (e != ERR_OK)
        return e;
    if (unlink(path) != 0)
        return err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
    (void)printf("Removed %s. If it runs, end it with:\n"
                 "    systemctl --user disable --now enclume-proxy\n"
                 "    systemctl --user daemon-reload\n",
                 path);
    return ERR_OK;
}
