/* SPDX-License-Identifier: Apache-2.0 */

/* From token bytes to text: characters that are split over tokens, and stop sequences that are. */

#include "unit/test.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "engine/llama_text.h"

enum { OUT_MAX = 4096 };

struct shown {
    char text[OUT_MAX];
    size_t len;
    bool stopped;
};

static void take(struct engine_text *t, struct shown *s)
{
    assert_true(encoding_is_utf8(bytes_of(t->bytes, t->ready)));
    assert_true(s->len + t->ready < OUT_MAX);
    memcpy(s->text + s->len, t->bytes, t->ready);
    s->len += t->ready;
    engine_text_taken(t);
}

/* Pushes text in pieces of `size` bytes, checking that all that comes out on the way is whole characters. */
static void show_in_pieces(const char *text, size_t len, size_t size, const struct bytes *stops,
                           size_t stop_count, struct shown *s)
{
    struct engine_text t;
    memset(s, 0, sizeof *s);
    assert_ok(engine_text_open(&t, stops, stop_count));
    for (size_t at = 0; at < len && !t.stopped; at += size) {
        assert_ok(engine_text_push(&t, bytes_of(text + at, len - at < size ? len - at : size)));
        take(&t, s);
    }
    assert_ok(engine_text_finish(&t));
    take(&t, s);
    s->stopped = t.stopped;
    engine_text_close(&t);
}

#define show(text, size, stops, count, s)                                                                    \
    show_in_pieces((text), sizeof(text) - 1, (size), (stops), (count), (s))

static void characters_come_out_whole_however_they_are_cut(void **state)
{
    (void)state;
    static const char text[] =
        "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x94\xa8 \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e end";
    struct shown s;
    for (size_t size = 1; size <= sizeof text; size++) {
        show(text, size, NULL, 0, &s);
        assert_string_equal(s.text, text);
    }
}

static void a_character_waits_for_its_last_byte(void **state)
{
    (void)state;
    struct engine_text t;
    assert_ok(engine_text_open(&t, NULL, 0));
    assert_ok(engine_text_push(&t, bytes_str("a\xf0\x9f")));
    assert_int_equal(t.ready, 1);
    engine_text_taken(&t);
    assert_ok(engine_text_push(&t, bytes_str("\x94")));
    assert_int_equal(t.ready, 0);
    assert_ok(engine_text_push(&t, bytes_str("\xa8")));
    assert_int_equal(t.ready, 4);
    engine_text_close(&t);
}

static void what_is_no_utf8_becomes_replacement_characters(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"\xff", "\xef\xbf\xbd"},
        {"a\x80z", "a\xef\xbf\xbdz"},
        {"\xc3(", "\xef\xbf\xbd("},
        {"\xe2\x82z", "\xef\xbf\xbd\xef\xbf\xbdz"},
        {"cut \xf0\x9f\x94", "cut \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    struct shown s;
    for (size_t i = 0; i < test_count(cases); i++)
        for (size_t size = 1; size <= 8; size++) {
            show_in_pieces(cases[i].in, strlen(cases[i].in), size, NULL, 0, &s);
            assert_string_equal(s.text, cases[i].out);
        }
}

static void a_stop_sequence_is_never_shown_however_it_is_cut(void **state)
{
    (void)state;
    static const char text[] = "One. Two. Three END four";
    const struct bytes stops[] = {bytes_str("Three END"), bytes_str("five")};
    struct shown s;
    for (size_t size = 1; size <= sizeof text; size++) {
        show(text, size, stops, 2, &s);
        assert_true(s.stopped);
        assert_string_equal(s.text, "One. Two. ");
    }
}

static void what_only_began_like_a_stop_sequence_is_shown(void **state)
{
    (void)state;
    static const char text[] = "ababac and at the end abab";
    const struct bytes stops[] = {bytes_str("ababab"), bytes_str("xyz")};
    struct shown s;
    for (size_t size = 1; size <= sizeof text; size++) {
        show(text, size, stops, 2, &s);
        assert_false(s.stopped);
        assert_string_equal(s.text, text);
    }
}

static void the_sequence_that_is_complete_first_counts(void **state)
{
    (void)state;
    const struct bytes stops[] = {bytes_str("abcd"), bytes_str("bc")};
    struct shown s;
    show("xabcd", 1, stops, 2, &s);
    assert_true(s.stopped);
    assert_string_equal(s.text, "xa");
}

static void text_is_held_back_only_while_it_may_become_a_stop_sequence(void **state)
{
    (void)state;
    const struct bytes stops[] = {bytes_str("\n\nUser:")};
    struct engine_text t;
    assert_ok(engine_text_open(&t, stops, 1));
    assert_ok(engine_text_push(&t, bytes_str("yes\n")));
    assert_int_equal(t.ready, 3);
    engine_text_taken(&t);
    assert_ok(engine_text_push(&t, bytes_str("\nUs")));
    assert_int_equal(t.ready, 0);
    assert_ok(engine_text_push(&t, bytes_str("e")));
    assert_int_equal(t.ready, 0);
    assert_ok(engine_text_push(&t, bytes_str(" it")));
    assert_int_equal(t.ready, strlen("\n\nUse it"));
    engine_text_close(&t);
}

static void nothing_comes_after_a_stop(void **state)
{
    (void)state;
    const struct bytes stops[] = {bytes_str("stop")};
    struct engine_text t;
    assert_ok(engine_text_open(&t, stops, 1));
    assert_ok(engine_text_push(&t, bytes_str("a stop b")));
    assert_true(t.stopped);
    engine_text_taken(&t);
    assert_ok(engine_text_push(&t, bytes_str("more")));
    assert_ok(engine_text_finish(&t));
    assert_int_equal(t.ready, 0);
    assert_int_equal(t.len, 0);
    engine_text_close(&t);
}

static void a_long_piece_makes_room_for_itself(void **state)
{
    (void)state;
    static char text[OUT_MAX - 1];
    memset(text, 'x', sizeof text - 1);
    struct shown s;
    show_in_pieces(text, sizeof text - 1, sizeof text, NULL, 0, &s);
    assert_string_equal(s.text, text);
}

static void text_that_was_taken_is_overwritten(void **state)
{
    (void)state;
    const struct bytes stops[] = {bytes_str("zq")};
    struct engine_text t;
    assert_ok(engine_text_open(&t, stops, 1));
    assert_ok(engine_text_push(&t, bytes_str("some secret words z")));
    engine_text_taken(&t);
    assert_memory_equal(t.bytes, "z", 1);
    for (size_t i = 1; i < t.capacity; i++)
        assert_int_equal(t.bytes[i], 0);
    engine_text_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_come_out_whole_however_they_are_cut),
        cmocka_unit_test(a_character_waits_for_its_last_byte),
        cmocka_unit_test(what_is_no_utf8_becomes_replacement_characters),
        cmocka_unit_test(a_stop_sequence_is_never_shown_however_it_is_cut),
        cmocka_unit_test(what_only_began_like_a_stop_sequence_is_shown),
        cmocka_unit_test(the_sequence_that_is_complete_first_counts),
        cmocka_unit_test(text_is_held_back_only_while_it_may_become_a_stop_sequence),
        cmocka_unit_test(nothing_comes_after_a_stop),
        cmocka_unit_test(a_long_piece_makes_room_for_itself),
        cmocka_unit_test(text_that_was_taken_is_overwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
