/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP responses written out, each with one thing changed: what is left over or missing anywhere is refused, and where is said. */
#include "attest/ocsp.h"

#include "support/synthetic_der.h"
#include "unit/test.h"

enum { ROOM = 4096 };

/* What is not as it should be. Those in the second half are sound, too. */
enum change {
    NOTHING,
    /* one element more, where the structure should end */
    MORE_BEHIND_ALL,
    MORE_IN_RESPONSE,
    MORE_IN_CONTEXT,
    MORE_IN_TYPED,
    MORE_BEHIND_BASIC,
    MORE_IN_BASIC,
    MORE_IN_DATA,
    MORE_IN_RESPONDER,
    MORE_IN_SINGLE,
    MORE_IN_ID,
    MORE_IN_ALGORITHM,
    MORE_IN_REVOKED,
    MORE_IN_REASON,
    MORE_IN_NEXT_UPDATE,
    MORE_IN_EXTENSIONS,
    MORE_IN_EXTENSION,
    MORE_IN_NONCE,
    MORE_IN_CERTIFICATES,
    /* something else */
    NO_STATUS,
    LONG_STATUS,
    STATUS_7,
    STATUS_6,
    ANOTHER_TYPE,
    VERSION_WRITTEN,
    SHORT_KEY_HASH,
    NO_PRODUCED_AT,
    NO_ANSWER,
    GOOD_WITH_CONTENT,
    UNKNOWN_WITH_CONTENT,
    ANOTHER_STATUS,
    NO_TIME_OF_REVOCATION,
    REASON_7,
    REASON_11,
    REASON_OF_TWO_OCTETS,
    NO_THIS_UPDATE,
    NO_EXTENSION,
    NO_EXTENSION_OF_ONE,
    CRITICAL_UNKNOWN,
    CRITICAL_UNKNOWN_OF_ONE,
    CRITICAL_WRITTEN_AS_NOT,
    NONCE_TWICE,
    NONCE_OF_ONE,
    EMPTY_NONCE_OF_ONE,
    UNKNOWN_ALGORITHM,
    CERTIFICATE_OF_ANOTHER_TAG,
    SIGNATURE_OF_BITS,
    FIRST_SOUND,
    BY_KEY = FIRST_SOUND,
    ALGORITHM_WITHOUT_NULL,
    UNKNOWN,
    REVOKED,
    REVOKED_FOR_A_REASON,
    REVOKED_FOR_REASON_10,
    NO_NEXT_UPDATE,
    WITHOUT_EXTENSIONS,
    EXTENSION_OF_ONE,
    CRITICAL_NONCE,
    UNKNOWN_EXTENSION,
    NO_CERTIFICATES,
    CHANGE_COUNT
};

static enum change now;

static void end(struct writer *w, size_t start, enum change more)
{
    if (now == more)
        synthetic_put(w, 0x05, "", 0);
    synthetic_end(w, start);
}

static void put_time(struct writer *w, enum change missing)
{
    if (now != missing)
        synthetic_put(w, 0x18, "20260101000000Z", 15);
}

static void put_extension(struct writer *w, bool is_nonce, int critical)
{
    const uint8_t value = (uint8_t)critical;
    size_t seq = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, is_nonce ? 0x02 : 0x09);
    if (critical != SYNTHETIC_LEFT_OUT)
        synthetic_put(w, 0x01, &value, 1);
    size_t octets = synthetic_begin(w, 0x04);
    if (now != EMPTY_NONCE_OF_ONE)
        synthetic_put(w, 0x04, "nonce", 5);
    end(w, octets, MORE_IN_NONCE);
    end(w, seq, MORE_IN_EXTENSION);
}

/* [1] EXPLICIT Extensions. */
static void put_extensions(struct writer *w)
{
    size_t outer = synthetic_begin(w, 0xa1);
    size_t list = synthetic_begin(w, 0x30);
    if (now != NO_EXTENSION)
        put_extension(w, true,
                      now == CRITICAL_NONCE            ? 0xff
                      : now == CRITICAL_WRITTEN_AS_NOT ? 0
                                                       : SYNTHETIC_LEFT_OUT);
    if (now == NONCE_TWICE)
        put_extension(w, true, SYNTHETIC_LEFT_OUT);
    if (now == CRITICAL_UNKNOWN || now == UNKNOWN_EXTENSION)
        put_extension(w, false, now == CRITICAL_UNKNOWN ? 0xff : SYNTHETIC_LEFT_OUT);
    synthetic_end(w, list);
    end(w, outer, MORE_IN_EXTENSIONS);
}

static void put_extensions_of_one(struct writer *w)
{
    if (now != EXTENSION_OF_ONE && now != CRITICAL_UNKNOWN_OF_ONE && now != NONCE_OF_ONE &&
        now != EMPTY_NONCE_OF_ONE && now != NO_EXTENSION_OF_ONE)
        return;
    size_t outer = synthetic_begin(w, 0xa1);
    size_t list = synthetic_begin(w, 0x30);
    if (now != NO_EXTENSION_OF_ONE)
        put_extension(w, now == NONCE_OF_ONE || now == EMPTY_NONCE_OF_ONE,
                      now == CRITICAL_UNKNOWN_OF_ONE ? 0xff : SYNTHETIC_LEFT_OUT);
    synthetic_end(w, list);
    synthetic_end(w, outer);
}

static bool is_revoked(void)
{
    return now == REVOKED || now == REVOKED_FOR_A_REASON || now == REVOKED_FOR_REASON_10 || now == REASON_7 ||
           now == REASON_11 || now == REASON_OF_TWO_OCTETS || now == NO_TIME_OF_REVOCATION ||
           now == MORE_IN_REVOKED || now == MORE_IN_REASON;
}

static void put_status(struct writer *w)
{
    if (!is_revoked()) {
        bool unknown = now == UNKNOWN || now == UNKNOWN_WITH_CONTENT;
        bool content = now == GOOD_WITH_CONTENT || now == UNKNOWN_WITH_CONTENT;
        synthetic_put(w, now == ANOTHER_STATUS ? 0x83 : unknown ? 0x82 : 0x80, "x", content);
        return;
    }
    size_t revoked = synthetic_begin(w, 0xa1);
    put_time(w, NO_TIME_OF_REVOCATION);
    if (now != REVOKED && now != NO_TIME_OF_REVOCATION) {
        const uint8_t reason[] = {now == REASON_7                ? 7
                                  : now == REASON_11             ? 11
                                  : now == REVOKED_FOR_REASON_10 ? 10
                                                                 : 1,
                                  0};
        size_t outer = synthetic_begin(w, 0xa0);
        synthetic_put(w, 0x0a, reason, now == REASON_OF_TWO_OCTETS ? 2 : 1);
        end(w, outer, MORE_IN_REASON);
    }
    end(w, revoked, MORE_IN_REVOKED);
}

static void put_single(struct writer *w)
{
    size_t single = synthetic_begin(w, 0x30);
    size_t id = synthetic_begin(w, 0x30);
    size_t algorithm = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01);
    if (now != ALGORITHM_WITHOUT_NULL)
        synthetic_put(w, 0x05, "", 0);
    end(w, algorithm, MORE_IN_ALGORITHM);
    synthetic_put(w, 0x04, "name", 4);
    synthetic_put(w, 0x04, "key", 3);
    synthetic_put_uint8(w, 7);
    end(w, id, MORE_IN_ID);
    put_status(w);
    put_time(w, NO_THIS_UPDATE);
    if (now != NO_NEXT_UPDATE && now != NO_THIS_UPDATE) {
        size_t next = synthetic_begin(w, 0xa0);
        put_time(w, CHANGE_COUNT);
        end(w, next, MORE_IN_NEXT_UPDATE);
    }
    put_extensions_of_one(w);
    end(w, single, MORE_IN_SINGLE);
}

static void put_data(struct writer *w)
{
    size_t data = synthetic_begin(w, 0x30);
    if (now == VERSION_WRITTEN) {
        size_t version = synthetic_begin(w, 0xa0);
        synthetic_put_uint8(w, 0);
        synthetic_end(w, version);
    }
    bool by_key = now == BY_KEY || now == SHORT_KEY_HASH;
    size_t responder = synthetic_begin(w, by_key ? 0xa2 : 0xa1);
    if (by_key)
        synthetic_put(w, 0x04, "01234567890123456789", now == BY_KEY ? 20 : 19);
    else
        synthetic_put_name(w, "responder");
    end(w, responder, MORE_IN_RESPONDER);
    put_time(w, NO_PRODUCED_AT);
    size_t answers = synthetic_begin(w, 0x30);
    if (now != NO_ANSWER)
        put_single(w);
    synthetic_end(w, answers);
    if (now != WITHOUT_EXTENSIONS && now != EMPTY_NONCE_OF_ONE)
        put_extensions(w);
    end(w, data, MORE_IN_DATA);
}

static void put_basic(struct writer *w)
{
    size_t basic = synthetic_begin(w, 0x30);
    put_data(w);
    size_t algorithm = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, now == UNKNOWN_ALGORITHM ? 0x04 : 0x03);
    synthetic_end(w, algorithm);
    synthetic_put(w, 0x03, now == SIGNATURE_OF_BITS ? "\1" : "\0", 1);
    if (now != NO_CERTIFICATES) {
        size_t outer = synthetic_begin(w, 0xa0);
        size_t list = synthetic_begin(w, 0x30);
        synthetic_put(w, now == CERTIFICATE_OF_ANOTHER_TAG ? 0x31 : 0x30, "", 0);
        synthetic_end(w, list);
        end(w, outer, MORE_IN_CERTIFICATES);
    }
    end(w, basic, MORE_IN_BASIC);
}

static struct ocsp_response response;
static struct err_note note;

static enum err parse(enum change change)
{
    static uint8_t room[ROOM];
    struct writer w = writer_into(room, sizeof room);
    now = change;
    size_t outer = synthetic_begin(&w, 0x30);
    const uint8_t status[] = {now == STATUS_7 ? 7 : now == STATUS_6 ? 6 : 0, 0};
    synthetic_put(&w, 0x0a, status, now == NO_STATUS ? 0 : now == LONG_STATUS ? 2 : 1);
    size_t context = synthetic_begin(&w, 0xa0);
    size_t typed = synthetic_begin(&w, 0x30);
    SYNTHETIC_PUT_OID(&w, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, now == ANOTHER_TYPE ? 0x02 : 0x01);
    size_t octets = synthetic_begin(&w, 0x04);
    put_basic(&w);
    end(&w, octets, MORE_BEHIND_BASIC);
    end(&w, typed, MORE_IN_TYPED);
    end(&w, context, MORE_IN_CONTEXT);
    end(&w, outer, MORE_IN_RESPONSE);
    if (now == MORE_BEHIND_ALL)
        synthetic_put(&w, 0x05, "", 0);
    note.text[0] = '\0';
    return ocsp_parse(bytes_of(room, w.used), &response, &note);
}

static void what_is_left_over_or_missing_is_refused_where_it_stands(void **state)
{
    (void)state;
    static const struct {
        enum err wanted;
        const char *part; /* behind "OCSP response" */
    } rows[FIRST_SOUND] = {
        [MORE_BEHIND_ALL] = {ERR_CERTIFICATE, ": not one DER"},
        [MORE_IN_RESPONSE] = {ERR_CERTIFICATE, ".responseBytes"},
        [MORE_IN_CONTEXT] = {ERR_CERTIFICATE, ".responseBytes"},
        [MORE_IN_TYPED] = {ERR_CERTIFICATE, ".responseBytes"},
        [MORE_BEHIND_BASIC] = {ERR_CERTIFICATE, ".signature"},
        [MORE_IN_BASIC] = {ERR_CERTIFICATE, ".signature"},
        [MORE_IN_DATA] = {ERR_CERTIFICATE, ".responseExtensions"},
        [MORE_IN_RESPONDER] = {ERR_CERTIFICATE, ".responderID"},
        [MORE_IN_SINGLE] = {ERR_CERTIFICATE, ".responses"},
        [MORE_IN_ID] = {ERR_CERTIFICATE, ".responses"},
        [MORE_IN_ALGORITHM] = {ERR_CERTIFICATE, ".responses"},
        [MORE_IN_REVOKED] = {ERR_CERTIFICATE, ".responses"},
        [MORE_IN_REASON] = {ERR_CERTIFICATE, ".responses"},
        [MORE_IN_NEXT_UPDATE] = {ERR_CERTIFICATE, ".responses"},
        [MORE_IN_EXTENSIONS] = {ERR_CERTIFICATE, ".responseExtensions"},
        [MORE_IN_EXTENSION] = {ERR_CERTIFICATE, ".responseExtensions"},
        [MORE_IN_NONCE] = {ERR_CERTIFICATE, ".responseExtensions"},
        [MORE_IN_CERTIFICATES] = {ERR_CERTIFICATE, ".signature"},
        [NO_STATUS] = {ERR_CERTIFICATE, ": not one DER"},
        [LONG_STATUS] = {ERR_CERTIFICATE, ": not one DER"},
        [STATUS_7] = {ERR_CERTIFICATE, ": not one DER"},
        [STATUS_6] = {ERR_REFUSED, ": the responder gave the error 6"},
        [ANOTHER_TYPE] = {ERR_UNKNOWN, ".responseType"},
        [VERSION_WRITTEN] = {ERR_CERTIFICATE, ".version"},
        [SHORT_KEY_HASH] = {ERR_CERTIFICATE, ".responderID"},
        [NO_PRODUCED_AT] = {ERR_CERTIFICATE, ".producedAt"},
        [NO_ANSWER] = {ERR_CERTIFICATE, ".responses"},
        [GOOD_WITH_CONTENT] = {ERR_CERTIFICATE, ".responses"},
        [UNKNOWN_WITH_CONTENT] = {ERR_CERTIFICATE, ".responses"},
        [ANOTHER_STATUS] = {ERR_CERTIFICATE, ".responses"},
        [NO_TIME_OF_REVOCATION] = {ERR_CERTIFICATE, ".responses"},
        [REASON_7] = {ERR_CERTIFICATE, ".responses"},
        [REASON_11] = {ERR_CERTIFICATE, ".responses"},
        [REASON_OF_TWO_OCTETS] = {ERR_CERTIFICATE, ".responses"},
        [NO_THIS_UPDATE] = {ERR_CERTIFICATE, ".responses"},
        [NO_EXTENSION] = {ERR_CERTIFICATE, ".responseExtensions"},
        [NO_EXTENSION_OF_ONE] = {ERR_CERTIFICATE, ".responses"},
        [CRITICAL_UNKNOWN] = {ERR_UNKNOWN, ".responseExtensions"},
        [CRITICAL_UNKNOWN_OF_ONE] = {ERR_UNKNOWN, ".responses"},
        [CRITICAL_WRITTEN_AS_NOT] = {ERR_CERTIFICATE, ".responseExtensions"},
        [NONCE_TWICE] = {ERR_CERTIFICATE, ".responseExtensions"},
        [EMPTY_NONCE_OF_ONE] = {ERR_CERTIFICATE, ".responses"},
        [NONCE_OF_ONE] = {ERR_CERTIFICATE, ".responses"},
        [UNKNOWN_ALGORITHM] = {ERR_UNKNOWN, ".signatureAlgorithm"},
        [CERTIFICATE_OF_ANOTHER_TAG] = {ERR_CERTIFICATE, ".signature:"},
        [SIGNATURE_OF_BITS] = {ERR_CERTIFICATE, ".signature:"},
    };
    for (enum change change = NOTHING + 1; change < FIRST_SOUND; change++) {
        enum err e = parse(change);
        const char *part = note.text + strlen("OCSP response");
        if (e != rows[change].wanted || strncmp(part, rows[change].part, strlen(rows[change].part)) != 0)
            fail_msg("change %d: %s, %s", (int)change, err_name(e), note.text);
    }
}

static void what_is_optional_may_be_there_or_not(void **state)
{
    (void)state;
    enum { NEW_YEAR = 1767225600 };
    assert_ok(parse(NOTHING));
    for (enum change change = FIRST_SOUND; change < CHANGE_COUNT; change++) {
        struct ocsp_certificate_id id;
        struct ocsp_answer answer;
        enum err e = parse(change);
        if (e != ERR_OK)
            fail_msg("change %d: %s, %s", (int)change, err_name(e), note.text);
        assert_int_equal(response.produced_at, NEW_YEAR);
        assert_int_equal(response.responder_name.len != 0, change != BY_KEY);
        assert_int_equal(response.certificates.len != 0, change != NO_CERTIFICATES);
        assert_true(change == WITHOUT_EXTENSIONS ? response.nonce.len == 0
                                                 : bytes_is_str(response.nonce, "nonce"));
        struct reader r = reader_over(response.answers);
        ocsp_answer_next(&r, &id, &answer);
        assert_ok(reader_finish(&r));
        assert_true(bytes_is_str(id.name_digest, "name") && bytes_is_str(id.key_digest, "key"));
        assert_true(bytes_equal(id.serial, bytes_of("\7", 1)));
        assert_int_equal(answer.status, is_revoked()        ? OCSP_REVOKED
                                        : change == UNKNOWN ? OCSP_UNKNOWN
                                                            : OCSP_GOOD);
        assert_int_equal(answer.reason, change == REVOKED_FOR_A_REASON    ? 1
                                        : change == REVOKED_FOR_REASON_10 ? 10
                                                                          : OCSP_REASON_NONE);
        assert_int_equal(answer.this_update, NEW_YEAR);
        assert_int_equal(answer.has_next_update, change != NO_NEXT_UPDATE);
        assert_int_equal(answer.next_update, change == NO_NEXT_UPDATE ? 0 : NEW_YEAR);
    }
}

static void a_response_that_is_too_large_is_refused_unread(void **state)
{
    (void)state;
    static const uint8_t large[OCSP_SIZE_MAX + 1] = {0x30};
    assert_err(ocsp_parse(bytes_of(large, sizeof large), &response, &note), ERR_TOO_LARGE);
    assert_err(ocsp_parse(bytes_of(large, sizeof large - 1), &response, &note), ERR_CERTIFICATE);
}

/* Who signed, when it is not one whom the issuer appointed: the issuer, and nobody else. */
static void a_response_is_of_the_issuer_or_of_whom_it_names(void **state)
{
    (void)state;
    uint8_t room[64];
    struct writer w = writer_into(room, sizeof room);
    struct x509 issuer = {.der = bytes_of("\x30\x00", 2)};
    synthetic_put_name(&w, "issuer");
    issuer.subject = bytes_of(room, w.used);
    assert_ok(parse(NO_CERTIFICATES));
    assert_err(ocsp_verify(&response, &issuer, NULL, 0, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the response is of another responder");
    issuer.subject = response.responder_name;
    assert_err(ocsp_verify(&response, &issuer, NULL, 0, &note), ERR_KEY);
    assert_string_equal(note.text, "the response is not signed by its responder");
    /* Named by its key, with the issuer's own certificate. */
    assert_ok(parse(BY_KEY));
    assert_err(ocsp_verify(&response, &issuer, NULL, 0, &note), ERR_KEY);
    assert_string_equal(note.text, "the response is not signed by its responder");
}

/* Both ends belong to it. */
static void the_window_has_two_ends(void **state)
{
    (void)state;
    const struct ocsp_answer sound = {.this_update = 10, .next_update = 20, .has_next_update = true};
    const struct ocsp_answer endless = {.this_update = 10};
    const struct ocsp_response early = {.produced_at = 5};
    const struct ocsp_response late = {.produced_at = 12};
    assert_ok(ocsp_check_window(&early, &sound, 10, &note));
    assert_ok(ocsp_check_window(&early, &sound, 20, &note));
    assert_err(ocsp_check_window(&early, &sound, 9, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the response is not valid yet");
    assert_ok(ocsp_check_window(&late, &sound, 12, &note));
    assert_err(ocsp_check_window(&late, &sound, 11, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the response is not valid yet");
    assert_err(ocsp_check_window(&early, &sound, 21, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the response is out of date");
    assert_err(ocsp_check_window(&early, &endless, 10, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the response does not say until when it is true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_over_or_missing_is_refused_where_it_stands),
        cmocka_unit_test(what_is_optional_may_be_there_or_not),
        cmocka_unit_test(a_response_that_is_too_large_is_refused_unread),
        cmocka_unit_test(a_response_is_of_the_issuer_or_of_whom_it_names),
        cmocka_unit_test(the_window_has_two_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
