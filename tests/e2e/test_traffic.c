/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody sees who records everything between client and enclave: no piece of a prompt or an answer, and records of a few sizes only, whatever
 * the tokens were: a thousand and more different pieces of text, of one to many bytes, each in a record as long as the next one's.
 */
#include "e2e/support/asker.h"
#include "e2e/support/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/gguf_template.h"
#include "unit/test.h"

enum {
    PIECES_WANTED = 1000,
    PIECES_MAX = 4096,
    ROUNDS_MAX = 60,
    RECORDS_MAX = 32768,
    LONGEST = 150000, /* a prompt that is refused for its length */
    WINDOW = 8,       /* bytes in a row that must not be seen */
    TAG = 16,
    HANDSHAKE_FROM_CLIENT = 2, /* XX 1 and 3 */
    HANDSHAKE_FROM_ENCLAVE = 1,
    SMALLEST = 256 + TAG,
};

static const char prompt[] = "A canary called Quetzalcoatl flew over seventeen vermilion rooftops and";

struct seen {
    char *pieces[PIECES_MAX];
    size_t count;
    size_t shortest, longest;
};

static void see(void *owner, struct bytes piece)
{
    struct seen *s = owner;
    for (size_t i = 0; i < s->count; i++)
        if (strlen(s->pieces[i]) == piece.len && memcmp(s->pieces[i], piece.ptr, piece.len) == 0)
            return;
    if (s->count == PIECES_MAX)
        return;
    s->pieces[s->count] = strndup((const char *)piece.ptr, piece.len);
    assert_non_null(s->pieces[s->count++]);
    s->shortest = piece.len < s->shortest ? piece.len : s->shortest;
    s->longest = piece.len > s->longest ? piece.len : s->longest;
}

static void assert_absent(const struct relay_tape *tape, const char *text)
{
    for (size_t at = 0; at + WINDOW <= strlen(text); at++)
        if (memmem(tape->bytes, tape->len, text + at, WINDOW) != NULL)
            fail_msg("content is in the traffic, from %zu", at);
}

/* The transport records' sizes: buckets alone. Gives how many are of the smallest. */
static size_t assert_buckets(const struct relay_tape *tape, size_t handshake, size_t *count)
{
    static const size_t buckets[] = {SMALLEST, 1024 + TAG, 4096 + TAG, 16384 + TAG, 65519 + TAG};
    static struct relay_record records[RECORDS_MAX];
    size_t histogram[test_count(buckets)] = {0};
    size_t rest = 0;
    *count = relay_records(tape, records, RECORDS_MAX, &rest);
    assert_int_equal(rest, 0);
    assert_in_range(*count, handshake + 1, RECORDS_MAX);
    for (size_t i = handshake; i < *count; i++) {
        size_t bucket = 0;
        while (bucket < test_count(buckets) && buckets[bucket] != records[i].len)
            bucket++;
        if (bucket == test_count(buckets))
            fail_msg("record %zu has %zu bytes", i, records[i].len);
        histogram[bucket]++;
    }
    for (size_t i = 0; i < test_count(buckets); i++)
        (void)printf("  %zu bytes: %zu records\n", buckets[i], histogram[i]);
    return histogram[0];
}

/* Prompts of every length up to some: longer than the context, so that only their way there matters. */
static void ask_at_length(struct asker *a)
{
    static char text[LONGEST + 1];
    for (size_t i = 0; i < LONGEST; i++)
        text[i] = prompt[i % (sizeof prompt - 1)];
    for (size_t len = LONGEST; len > LONGEST / 64; len = len * 2 / 3) {
        text[len] = '\0';
        assert_err(asker_ask(a, text), ERR_CONTEXT);
        assert_null(strstr(a->note.text, "last line")); /* what the enclave said, not what followed from it */
    }
}

static void the_traffic_tells_neither_text_nor_lengths(void **state)
{
    struct world w;
    struct asker a;
    static struct seen seen = {.shortest = SIZE_MAX};
    char *answers = calloc(1, 1);
    size_t answers_len = 0;
    size_t pieces = 0;
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    struct relay *relay = relay_start(w.relay, w.socket);
    asker_open(&a, &w, w.relay_address, NULL);
    /* Hot, so that the tokens come from the whole vocabulary. */
    a.sampling = (struct chat_sampling){.temperature = 2, .top_p = 1, .repeat_penalty = 1, .has_seed = true};
    a.on_piece = see;
    a.owner = &seen;
    for (unsigned i = 0; i < ROUNDS_MAX && seen.count < PIECES_WANTED + PIECES_WANTED / 10; i++) {
        a.sampling.seed = i + 1;
        assert_ok(asker_ask(&a, prompt));
        pieces += a.pieces;
        answers = realloc(answers, answers_len + a.len + 1);
        assert_non_null(answers);
        memcpy(answers + answers_len, a.text, a.len + 1);
        answers_len += a.len;
    }
    ask_at_length(&a);
    asker_close(&a);
    assert_true(relay_ended(relay, 0));
    assert_int_equal(relay_connections(relay), 1);

    struct relay_tape up = relay_tape(relay, 0, RELAY_FROM_CLIENT);
    struct relay_tape down = relay_tape(relay, 0, RELAY_FROM_ENCLAVE);
    size_t up_records = 0;
    size_t down_records = 0;
    (void)printf("%zu different pieces of %zu to %zu bytes, in %zu pieces\nfrom the client:\n", seen.count,
                 seen.shortest, seen.longest, pieces);
    (void)assert_buckets(&up, HANDSHAKE_FROM_CLIENT, &up_records);
    (void)printf("from the enclave:\n");
    size_t smallest = assert_buckets(&down, HANDSHAKE_FROM_ENCLAVE, &down_records);
    assert_true(seen.count >= PIECES_WANTED);
    assert_true(seen.longest >= seen.shortest + WINDOW);
    /* The pieces went one by one, each line in the smallest bucket; those that came at once went together, in the next. */
    assert_true(smallest > pieces / 4);
    assert_true(smallest * 2 > down_records);

    assert_absent(&up, prompt);
    assert_absent(&down, prompt);
    assert_absent(&up, answers);
    assert_absent(&down, answers);
    assert_absent(&up, "/v1/chat/completions");
    assert_absent(&down, "\"choices\"");
    free(up.bytes);
    free(down.bytes);
    free(answers);
    for (size_t i = 0; i < seen.count; i++)
        free(seen.pieces[i]);
    relay_stop(relay);
    world_stop(&w);
}

/* With the model's long name in each line, a short token would fit into the smallest record and a long one would not. */
static void a_long_name_does_not_make_lengths_visible(void **state)
{
    enum { ROUNDS = 4, OTHERS = 2 * ROUNDS }; /* what is said beside answers */
    (void)state;
    static const char name[] = "A Model With A Long Name 12.5 of 671B, tuned for instructions";
    static const size_t lengths[] = {50, sizeof name - 1}; /* with and without room for a count of tokens */
    for (size_t i = 0; i < test_count(lengths); i++) {
        char model[] = "/tmp/enclume-named-XXXXXX";
        char cut[sizeof name];
        struct world w;
        struct asker a;
        size_t records = 0;
        size_t pieces = 0;
        int fd = mkstemp(model);
        assert_true(fd >= 0);
        (void)close(fd);
        (void)snprintf(cut, sizeof cut, "%.*s", (int)lengths[i], name);
        assert_true(gguf_string_copy(ENCLUME_DEMO_MODEL, model, "general.name", cut));
        world_start(&w, &(struct world_options){.model = model});
        struct relay *relay = relay_start(w.relay, w.socket);
        asker_open(&a, &w, w.relay_address, NULL);
        a.sampling =
            (struct chat_sampling){.temperature = 2, .top_p = 1, .repeat_penalty = 1, .has_seed = true};
        for (unsigned round = 0; round < ROUNDS; round++) {
            a.sampling.seed = round + 1;
            assert_ok(asker_ask(&a, prompt));
            pieces += a.pieces;
        }
        asker_close(&a);
        assert_true(relay_ended(relay, 0));
        struct relay_tape down = relay_tape(relay, 0, RELAY_FROM_ENCLAVE);
        (void)printf("a name of %zu characters:\n", lengths[i]);
        assert_true(assert_buckets(&down, HANDSHAKE_FROM_ENCLAVE, &records) <= OTHERS);
        assert_true(records > pieces / 4);
        free(down.bytes);
        relay_stop(relay);
        world_stop(&w);
        (void)unlink(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_traffic_tells_neither_text_nor_lengths),
        cmocka_unit_test(a_long_name_does_not_make_lengths_visible),
    };
    world_require_model();
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
