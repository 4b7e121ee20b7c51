/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest image's init reads: the measured command line, and the lists of modules and devices. */
#include <stdio.h>

#include "enclave/init/init_lists.h"
#include "enclave/init/init_options.h"
#include "enclave/init/init_verity.h"
#include "unit/test.h"

#define ROOT  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define MODEL "enclume.model=" ROOT " enclume.model_size=16879520 "
#define VSOCK MODEL "enclume.listen=vsock:7878"
#define TCP   MODEL "enclume.listen=tcp:7878 enclume.address=10.0.2.15/24"

static struct init_options options;
static struct err_note note;

static enum err parse(const char *line)
{
    note.text[0] = '\0';
    return init_options_parse(bytes_str(line), &options, &note);
}

/* enclumed's arguments in one text. */
static const char *arguments(void)
{
    static char text[INIT_ARGS_TEXT_MAX];
    size_t len = 0;
    for (size_t i = 0; i < options.arg_count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i == 0 ? "" : " ", options.args[i]);
    assert_null(options.args[options.arg_count]);
    return text;
}

static void a_line_for_vsock(void **state)
{
    (void)state;
    assert_ok(parse("console=ttyS0 quiet " VSOCK " initrd=initrd"));
    assert_int_equal(options.root[1], 0x11);
    assert_int_equal(options.model_size, 16879520);
    assert_false(options.network);
    assert_true(options.vsock);
    assert_false(options.connects);
    assert_string_equal(arguments(),
                        "/enclumed --model /dev/mapper/model --model-size 16879520 --evidence tsm "
                        "--listen vsock:7878");
    assert_ok(parse(MODEL "enclume.listen=vsock:4294967294"));
}

static void a_line_for_a_network(void **state)
{
    (void)state;
    assert_ok(parse(TCP " enclume.gateway=10.0.2.2 enclume.slots=8 enclume.max_connections=100"));
    assert_true(options.network);
    assert_false(options.vsock);
    assert_false(options.connects);
    assert_int_equal(options.prefix, 24);
    assert_memory_equal(options.address, ((uint8_t[]){10, 0, 2, 15}), INIT_IPV4_SIZE);
    assert_true(options.has_gateway);
    assert_memory_equal(options.gateway, ((uint8_t[]){10, 0, 2, 2}), INIT_IPV4_SIZE);
    assert_string_equal(arguments(),
                        "/enclumed --slots 8 --max-connections 100 --model /dev/mapper/model --model-size "
                        "16879520 --evidence tsm --listen tcp:10.0.2.15:7878");
}

static void what_needs_the_host_may_connect_to_it(void **state)
{
    (void)state;
    assert_ok(parse(TCP " enclume.collateral=vsock:4051"));
    assert_true(options.vsock);
    assert_true(options.connects);
    assert_non_null(strstr(arguments(), "--collateral vsock:4051"));
    assert_ok(parse(TCP " enclume.evidence=tdx-guest"));
    assert_true(options.vsock);
    assert_true(options.connects);
    assert_ok(parse(TCP " enclume.evidence=sev-guest"));
    assert_false(options.vsock);
    assert_false(options.connects);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum err wanted;
        const char *said;
    } rows[] = {
        {"", ERR_USAGE, "model: is missing"},
        {"quiet", ERR_USAGE, "model: is missing"},
        {"enclume.model=" ROOT, ERR_USAGE, "model_size: is missing"},
        {MODEL, ERR_USAGE, "listen: is missing"},
        {VSOCK " enclume.shell=1", ERR_UNKNOWN, "shell: is not known"},
        {VSOCK " enclume.", ERR_UNKNOWN, "is not known"},
        {VSOCK " enclume.slots", ERR_VALUE, "slots: has no value"},
        {VSOCK " enclume.slots=", ERR_VALUE, "slots: its value"},
        {VSOCK " enclume.slots=1 enclume.slots=1", ERR_VALUE, "slots: is there twice"},
        {VSOCK " enclume.slots=$x", ERR_VALUE, "slots: its value"},
        {VSOCK " enclume.evidence=simulated", ERR_VALUE, "evidence: its value"},
        {VSOCK " enclume.collateral=unix:/x", ERR_VALUE, "collateral: its value"},
        {VSOCK " enclume.collateral=vsock:80", ERR_VALUE, "collateral: its value"},
        {VSOCK " enclume.address=10.0.2.15/24", ERR_USAGE, "are for enclume.listen=tcp"},
        {VSOCK " enclume.gateway=10.0.2.2", ERR_USAGE, "are for enclume.listen=tcp"},
        {VSOCK " x=\"a b\"", ERR_ENCODING, "octet 0x22"},
        {VSOCK "\t", ERR_ENCODING, "octet 0x09"},
        {MODEL "enclume.listen=tcp:7878", ERR_USAGE, "address: is missing"},
        {MODEL "enclume.listen=unix:/x", ERR_VALUE, "listen: its value"},
        {MODEL "enclume.listen=vsock:1023", ERR_VALUE, "listen: its value"},
        {MODEL "enclume.listen=vsock:4294967295", ERR_VALUE, "listen: its value"},
        {MODEL "enclume.listen=tcp:65536", ERR_VALUE, "listen: its value"},
        {MODEL "enclume.listen=tcp:07878", ERR_VALUE, "listen: its value"},
        {MODEL "enclume.listen=tcp:7878 enclume.address=10.0.2.15", ERR_VALUE, "address: its value"},
        {MODEL "enclume.listen=tcp:7878 enclume.address=10.0.2.15/0", ERR_VALUE, "address: its value"},
        {MODEL "enclume.listen=tcp:7878 enclume.address=10.0.2.15/31", ERR_VALUE, "address: its value"},
        {MODEL "enclume.listen=tcp:7878 enclume.address=10.0.2/24", ERR_VALUE, "address: its value"},
        {MODEL "enclume.listen=tcp:7878 enclume.address=10.0.2.256/24", ERR_VALUE, "address: its value"},
        {MODEL "enclume.listen=tcp:7878 enclume.address=10.0.2.1.5/24", ERR_VALUE, "address: its value"},
        {MODEL "enclume.listen=tcp:7878 enclume.address=10.0.2.100.100.100.100/24", ERR_VALUE,
         "address: its value"},
        {MODEL "enclume.listen=tcp:7878 enclume.address=0.0.0.0/24", ERR_VALUE, "address: its value"},
        {"enclume.model=0" ROOT, ERR_VALUE, "model: its value"},
        {"enclume.model=ABCD", ERR_VALUE, "model: its value"},
        {"enclume.model=AA112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", ERR_VALUE,
         "model: its value"},
        {"enclume.model_size=0", ERR_VALUE, "model_size: its value"},
        {"enclume.model_size=-1", ERR_VALUE, "model_size: its value"},
        {"enclume.model_size=70368744177665", ERR_VALUE, "model_size: its value"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        assert_err(parse(rows[i].line), rows[i].wanted);
        if (strstr(note.text, rows[i].said) == NULL)
            fail_msg("%s: said \"%s\", wanted \"%s\"", rows[i].line, note.text, rows[i].said);
    }
}

static void a_line_that_is_too_long(void **state)
{
    (void)state;
    static char line[INIT_LINE_MAX + 2];
    memset(line, 'a', sizeof line - 1);
    assert_err(parse(line), ERR_TOO_LARGE);
    memcpy(line, VSOCK " ", strlen(VSOCK " "));
    line[INIT_LINE_MAX] = '\0';
    assert_ok(parse(line));
}

static void modules_are_listed(void **state)
{
    (void)state;
    struct init_modules list;
    assert_ok(init_modules_parse(bytes_str("# first\nalways tsm.ko\n\noptional sev-guest.ko\nvsock a_B-9.ko"),
                                 &list, &note));
    assert_int_equal(list.count, 3);
    assert_string_equal(list.at[1].name, "sev-guest.ko");
    assert_int_equal(list.at[1].when, INIT_OPTIONAL);
    assert_int_equal(list.at[2].when, INIT_VSOCK);
    static const char *const wrong[] = {
        "always",           "always ",       "never tsm.ko",   "always .ko",     "always tsm",
        "always ../tsm.ko", "always a/b.ko", "always tsm.ko ", " always tsm.ko", "always tsm.ko a=\"b\""};
    for (size_t i = 0; i < test_count(wrong); i++)
        assert_err(init_modules_parse(bytes_str(wrong[i]), &list, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "line 1 "));
    assert_ok(init_modules_parse(
        bytes_str("always nvidia.ko NVreg_OpenRmEnableUnsupportedGpus=0 a=b:1,2.0\n"), &list, &note));
    assert_string_equal(list.at[0].name, "nvidia.ko");
    assert_string_equal(list.at[0].parameters, "NVreg_OpenRmEnableUnsupportedGpus=0 a=b:1,2.0");
    char line[INIT_PARAMETERS_MAX + 32] = "always a.ko ";
    memset(line + strlen(line), 'x', INIT_PARAMETERS_MAX - 1);
    assert_ok(init_modules_parse(bytes_str(line), &list, &note));
    line[strlen(line)] = 'x';
    assert_err(init_modules_parse(bytes_str(line), &list, &note), ERR_VALUE);
    static char many[INIT_LIST_SIZE_MAX + 1];
    for (size_t i = 0; i < INIT_MODULES_MAX + 1; i++)
        memcpy(many + i * strlen("always a.ko\n"), "always a.ko\n", strlen("always a.ko\n"));
    assert_err(init_modules_parse(bytes_str(many), &list, &note), ERR_VALUE);
    assert_err(init_modules_parse(bytes_of(many, sizeof many), &list, &note), ERR_TOO_LARGE);
}

static void devices_are_listed(void **state)
{
    (void)state;
    struct init_devices list;
    assert_ok(init_devices_parse(
        bytes_str("pci 8086:29c0 always\nvirtio 2 always\npci 1af4:1053 vsock\nvirtio 19 vsock\n"), &list,
        &note));
    assert_int_equal(list.count, 4);
    assert_non_null(init_device_find(&list, false, 0x8086, 0x29c0, false, false));
    assert_null(init_device_find(&list, false, 0x8086, 0x29c1, true, true));
    assert_null(init_device_find(&list, true, 0x8086, 0x29c0, true, true));
    assert_ptr_equal(init_device_find(&list, true, 0, 2, false, false), &list.at[1]);
    assert_null(init_device_find(&list, true, 0, 19, false, true));
    assert_ptr_equal(init_device_find(&list, true, 0, 19, true, false), &list.at[3]);
    static const char *const wrong[] = {"pci 8086 always",        "pci 8086:29c always",
                                        "pci 8086:29c0",          "pci 8086:29c0 optional",
                                        "pci 8086:29c0:1 always", "usb 8086:29c0 always",
                                        "virtio 0 always",        "virtio 65536 always",
                                        "virtio 02 always",       "virtio 2",
                                        "virtio two always",      "pci 8086:29g0 always"};
    for (size_t i = 0; i < test_count(wrong); i++)
        assert_err(init_devices_parse(bytes_str(wrong[i]), &list, &note), ERR_VALUE);
}

static void the_table_comes_from_the_command_line(void **state)
{
    (void)state;
    struct verity_layout layout;
    char table[512];
    assert_ok(parse(VSOCK));
    assert_ok(verity_layout_of(options.model_size, &layout));
    assert_ok(init_verity_table("/dev/vda", &layout, options.root, table, sizeof table));
    assert_string_equal(table, "1 /dev/vda /dev/vda 4096 4096 4121 4122 sha256 " ROOT
                               " 656e636c756d65206d6f64656c20766f6c756d65207631000000000000000000");
    assert_err(init_verity_table("/dev/vda", &layout, options.root, table, 100), ERR_NO_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_for_vsock),
        cmocka_unit_test(a_line_for_a_network),
        cmocka_unit_test(what_needs_the_host_may_connect_to_it),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_line_that_is_too_long),
        cmocka_unit_test(modules_are_listed),
        cmocka_unit_test(devices_are_listed),
        cmocka_unit_test(the_table_comes_from_the_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
