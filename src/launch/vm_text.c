/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/vm.h"

static bool needs_no_quotes(const char *text)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,+@%";
    return text[0] != '\0' && strspn(text, safe) == strlen(text);
}

/* ---- POSIX shell: XCU, section 2.2.2 ---- */

static void shell_word(const char *text, struct writer *w)
{
    if (needs_no_quotes(text)) {
        writer_str(w, text);
        return;
    }
    writer_u8(w, '\'');
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            writer_str(w, "'\\''");
        else
            writer_u8(w, (uint8_t)*c);
    writer_u8(w, '\'');
}

/* An option begins a line of its own. */
static bool begins_line(const struct vm_args *args, size_t i)
{
    return i > 0 && (args->at[i][0] == '-' || (i > 1 && strcmp(args->at[i - 1], "--") == 0));
}

void vm_line(const struct vm_args *args, struct writer *w)
{
    for (size_t i = 0; i < args->count; i++) {
        if (i > 0)
            writer_str(w, begins_line(args, i) ? " \\\n    " : " ");
        shell_word(args->at[i], w);
    }
    writer_str(w, "\n");
}

/* ---- systemd: systemd.service(5), "Command lines"; systemd.unit(5), "Specifiers" ---- */

static void unit_word(const char *text, struct writer *w)
{
    writer_u8(w, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            writer_u8(w, '\\');
        else if (*c == '%' || *c == '$') /* each is written twice */
            writer_u8(w, (uint8_t)*c);
        writer_u8(w, (uint8_t)*c);
    }
    writer_u8(w, '"');
}

void vm_unit(const struct vm *vm, const struct vm_args *args, struct writer *w)
{
    writer_str(w, "[Unit]\nDescription=Enclume, confidential VM ");
    writer_str(w, vm->name);
    writer_str(w, "\nAfter=network.target\n\n[Service]\nType=exec\nExecStart=");
    for (size_t i = 0; i < args->count; i++) {
        if (i > 0)
            writer_str(w, begins_line(args, i) ? " \\\n    " : " ");
        unit_word(args->at[i], w);
    }
    /* A machine that stopped makes new keys when it starts again; clients fall back to them. */
    writer_str(w, "\nRestart=always\nRestartSec=5\nKillSignal=SIGTERM\nLimitMEMLOCK=infinity\n"
                  "NoNewPrivileges=yes\nProtectHome=read-only\nPrivateTmp=yes\n\n"
                  "[Install]\nWantedBy=multi-user.target\n");
}
