/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a client (RFC 6455), however they are cut; every refusal; the server's frames; the examples of the specification. */
#include "gateway/websocket.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/test.h"

enum { HEARD_MAX = 4096 };

static struct heard {
    char data[HEARD_MAX];
    size_t len;
    char ping[WEBSOCKET_CONTROL_MAX + 1];
    unsigned pings;
    unsigned closes;
    uint16_t status;
} heard;

static void on_data(void *owner, struct bytes payload)
{
    struct heard *h = owner;
    assert_true(payload.len != 0 && h->len + payload.len <= sizeof h->data);
    memcpy(h->data + h->len, payload.ptr, payload.len);
    h->len += payload.len;
}

static void on_ping(void *owner, struct bytes payload)
{
    struct heard *h = owner;
    memcpy(h->ping, payload.ptr, payload.len);
    h->ping[payload.len] = '\0';
    h->pings++;
}

static void on_close(void *owner, uint16_t status)
{
    struct heard *h = owner;
    h->closes++;
    h->status = status;
}

static const struct websocket_sink sink = {.data = on_data, .ping = on_ping, .close = on_close};

/* The whole of it in pieces of `step` bytes. */
static enum websocket_refusal receive(struct websocket *w, const char *hex, size_t step)
{
    uint8_t bytes[HEARD_MAX];
    size_t len = strlen(hex) / 2;
    assert_true(len <= sizeof bytes);
    for (size_t i = 0; i < len; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (uint8_t)byte;
    }
    for (size_t at = 0; at < len; at += step) {
        enum websocket_refusal no =
            websocket_receive(w, bytes + at, len - at < step ? len - at : step, &sink, &heard);
        if (no != WEBSOCKET_FINE)
            return no;
    }
    return WEBSOCKET_FINE;
}

/* From the beginning. */
static enum websocket_refusal told(const char *hex, size_t step)
{
    struct websocket w = {0};
    heard = (struct heard){.len = 0};
    return receive(&w, hex, step);
}

static void the_examples_of_the_specification_are_understood(void **state)
{
    (void)state;
    for (size_t step = 1; step < 20; step++) {
        /* Section 5.7, but binary: a masked "Hello"; then the same in two fragments with a ping between them. */
        assert_int_equal(told("828537fa213d7f9f4d5158", step), WEBSOCKET_FINE);
        assert_int_equal(heard.len, 5);
        assert_memory_equal(heard.data, "Hello", 5);
        assert_int_equal(told("028337fa213d7f9f4d"
                              "898537fa213d7f9f4d5158"
                              "8082000000006c6f",
                              step),
                         WEBSOCKET_FINE);
        assert_int_equal(heard.len, 5);
        assert_memory_equal(heard.data, "Hello", 5);
        assert_int_equal(heard.pings, 1);
        assert_string_equal(heard.ping, "Hello");
    }
}

static void control_frames_and_empty_ones_are_taken(void **state)
{
    (void)state;
    for (size_t step = 1; step < 12; step++) {
        assert_int_equal(told("828001020304"
                              "898001020304"
                              "8a8001020304"
                              "888001020304",
                              step),
                         WEBSOCKET_FINE);
        assert_int_equal(heard.len, 0);
        assert_int_equal(heard.pings, 1);
        assert_int_equal(heard.closes, 1);
        assert_int_equal(heard.status, WEBSOCKET_NO_STATUS);
        assert_int_equal(told("888500000000"
                              "03e8"
                              "627965",
                              step),
                         WEBSOCKET_FINE); /* 1000 "bye" */
        assert_int_equal(heard.status, WEBSOCKET_NORMAL);
        assert_int_equal(told("888200000000"
                              "0bb8",
                              step),
                         WEBSOCKET_FINE); /* 3000 */
        assert_int_equal(heard.status, 3000);
    }
    /* Whatever comes behind a close frame does not count, not even as wrong. */
    assert_int_equal(told("888001020304"
                          "ffffffff",
                          3),
                     WEBSOCKET_FINE);
    assert_int_equal(heard.closes, 1);
}

static void every_refusal_has_its_reason(void **state)
{
    static const struct {
        const char *hex;
        enum websocket_refusal no;
        uint16_t code;
    } cases[] = {
        {"c281000000004a", WEBSOCKET_RESERVED_BITS, 1002},
        {"a281000000004a", WEBSOCKET_RESERVED_BITS, 1002},
        {"9281000000004a", WEBSOCKET_RESERVED_BITS, 1002},
        {"838100000000", WEBSOCKET_UNKNOWN_OPCODE, 1002},
        {"878100000000", WEBSOCKET_UNKNOWN_OPCODE, 1002},
        {"8b8000000000", WEBSOCKET_UNKNOWN_OPCODE, 1002},
        {"8f8000000000", WEBSOCKET_UNKNOWN_OPCODE, 1002},
        {"820548656c6c6f", WEBSOCKET_UNMASKED, 1002},
        {"8900", WEBSOCKET_UNMASKED, 1002},
        {"89fe007e00000000", WEBSOCKET_LONG_CONTROL, 1002},
        {"88ff000000000000007e00000000", WEBSOCKET_LONG_CONTROL, 1002},
        {"098000000000", WEBSOCKET_CUT_CONTROL, 1002},
        {"088000000000", WEBSOCKET_CUT_CONTROL, 1002},
        {"82fe007d00000000", WEBSOCKET_LENGTH_FORM, 1002},
        {"82ff000000000000ffff00000000", WEBSOCKET_LENGTH_FORM, 1002},
        {"82ff000000000000000100000000", WEBSOCKET_LENGTH_FORM, 1002},
        {"8080"
         "00000000",
         WEBSOCKET_NOTHING_TO_CONTINUE, 1002},
        {"828000000000"
         "808000000000",
         WEBSOCKET_NOTHING_TO_CONTINUE, 1002},
        {"028000000000"
         "828000000000",
         WEBSOCKET_NOT_CONTINUED, 1002},
        {"888100000000"
         "03",
         WEBSOCKET_CLOSE_LENGTH, 1002},
        {"888200000000"
         "0000",
         WEBSOCKET_CLOSE_CODE, 1002},
        {"888200000000"
         "03e7",
         WEBSOCKET_CLOSE_CODE, 1002}, /* 999 */
        {"888200000000"
         "03ec",
         WEBSOCKET_CLOSE_CODE, 1002}, /* 1004 */
        {"888200000000"
         "03ed",
         WEBSOCKET_CLOSE_CODE, 1002},
        {"888200000000"
         "03ee",
         WEBSOCKET_CLOSE_CODE, 1002},
        {"888200000000"
         "03f7",
         WEBSOCKET_CLOSE_CODE, 1002}, /* 1015 */
        {"888200000000"
         "0bb7",
         WEBSOCKET_CLOSE_CODE, 1002}, /* 2999 */
        {"888200000000"
         "1388",
         WEBSOCKET_CLOSE_CODE, 1002}, /* 5000 */
        {"888400000000"
         "03e8c328",
         WEBSOCKET_CLOSE_REASON, 1007},
        {"818100000000"
         "61",
         WEBSOCKET_TEXT, 1003},
        {"82ff000000000010000100000000", WEBSOCKET_TOO_LARGE, 1009},
        {"82ffffffffffffffffff00000000", WEBSOCKET_TOO_LARGE, 1009},
        {"82ff7fffffffffffffff00000000", WEBSOCKET_TOO_LARGE, 1009},
        {"028100000000"
         "61"
         "80ff000000000010000000000000",
         WEBSOCKET_TOO_LARGE, 1009}, /* together */
    };
    bool seen[WEBSOCKET_REFUSAL_COUNT] = {[WEBSOCKET_FINE] = true};
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        seen[cases[i].no] = true;
        for (size_t step = 1; step < 16; step++)
            assert_int_equal(told(cases[i].hex, step), cases[i].no);
        assert_int_equal(heard.closes, 0);
        assert_int_equal(websocket_code(cases[i].no), cases[i].code);
        assert_true(strlen(websocket_reason(cases[i].no)) > 5);
        assert_true(strlen(websocket_reason(cases[i].no)) <= WEBSOCKET_CONTROL_MAX - 2);
    }
    for (size_t i = 0; i < test_count(seen); i++)
        assert_true(seen[i]);
}

static void the_first_two_bytes_are_enough_to_refuse(void **state)
{
    (void)state;
    assert_int_equal(told("8205", 2), WEBSOCKET_UNMASKED);
    assert_int_equal(told("8185", 2), WEBSOCKET_TEXT);
    assert_int_equal(told("89ff", 2), WEBSOCKET_LONG_CONTROL);
}

static void a_message_of_the_largest_size_is_taken_whatever_its_fragments(void **state)
{
    static uint8_t bytes[WEBSOCKET_CLIENT_HEAD_MAX + 4096];
    struct websocket w = {0};
    size_t sent = 0;
    (void)state;
    /* 256 fragments of 4096 bytes, and no byte more. */
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t head[] = {i == 0 ? 0x02 : i == 255 ? 0x80 : 0x00, 0xFE, 0x10, 0x00, 9, 8, 7, 6};
        heard = (struct heard){.len = 0};
        memcpy(bytes, head, sizeof head);
        for (size_t k = 0; k < 4096; k++)
            bytes[sizeof head + k] = (uint8_t)(k * 31 + i) ^ head[4 + k % 4];
        assert_int_equal(websocket_receive(&w, bytes, sizeof head + 4096, &sink, &heard), WEBSOCKET_FINE);
        assert_int_equal(heard.len, 4096);
        for (size_t k = 0; k < 4096; k++)
            assert_int_equal((uint8_t)heard.data[k], (uint8_t)(k * 31 + i));
        sent += heard.len;
    }
    assert_int_equal(sent, WEBSOCKET_MESSAGE_MAX);
    assert_false(w.in_message);
}

static void the_servers_frames_are_in_their_shortest_form(void **state)
{
    uint8_t out[WEBSOCKET_CONTROL_FRAME_MAX];
    (void)state;
    assert_int_equal(websocket_binary_head(out, 0), 2);
    assert_memory_equal(out, "\x82\x00", 2);
    assert_int_equal(websocket_binary_head(out, 125), 2);
    assert_memory_equal(out, "\x82\x7d", 2);
    assert_int_equal(websocket_binary_head(out, 126), 4);
    assert_memory_equal(out, "\x82\x7e\x00\x7e", 4);
    assert_int_equal(websocket_binary_head(out, 65535), 4);
    assert_int_equal(websocket_binary_head(out, 65536), 10);
    assert_memory_equal(out, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10);
    assert_int_equal(websocket_pong(out, bytes_str("Hello")), 7);
    assert_memory_equal(out, "\x8a\x05Hello", 7); /* section 5.7 */
    assert_int_equal(websocket_ping(out), 2);
    assert_memory_equal(out, "\x89\x00", 2);
    assert_int_equal(websocket_close(out, 1000, "bye"), 7);
    assert_memory_equal(out,
                        "\x88\x05\x03\xe8"
                        "bye",
                        7);
    assert_int_equal(websocket_close(out, WEBSOCKET_NO_STATUS, "bye"), 2);
    assert_memory_equal(out, "\x88\x00", 2);
}

static void the_accept_value_is_that_of_the_specification(void **state)
{
    char accept[WEBSOCKET_ACCEPT_SIZE];
    (void)state;
    assert_ok(websocket_accept(bytes_str("dGhlIHNhbXBsZSBub25jZQ=="), accept)); /* section 1.3 */
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_err(websocket_accept(bytes_str("dGhlIHNhbXBsZSBub25j"), accept), ERR_ENCODING);
    assert_err(websocket_accept(bytes_str("dGhlIHNhbXBsZSBub25jZQ="), accept), ERR_ENCODING);
    assert_err(websocket_accept(bytes_str("dGhlIHNhbXBsZSBub25jZWVl"), accept), ERR_ENCODING);
    assert_err(websocket_accept(bytes_str(""), accept), ERR_ENCODING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_specification_are_understood),
        cmocka_unit_test(control_frames_and_empty_ones_are_taken),
        cmocka_unit_test(every_refusal_has_its_reason),
        cmocka_unit_test(the_first_two_bytes_are_enough_to_refuse),
        cmocka_unit_test(a_message_of_the_largest_size_is_taken_whatever_its_fragments),
        cmocka_unit_test(the_servers_frames_are_in_their_shortest_form),
        cmocka_unit_test(the_accept_value_is_that_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
