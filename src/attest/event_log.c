/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/event_log.h"

#include "attest/tpm_quote.h"
#include "base/reader.h"

enum {
    EV_NO_ACTION = 3,
    SHA1_SIZE = 20,
    ALGORITHMS_MAX = 8,
    SIGNATURE_SIZE = 16, /* of what EV_NO_ACTION events hold */
    UINTN_4 = 1,
    UINTN_8 = 2,
    PCR_LOCALITY_4_FIRST =
        17, /* PCRs 17 to 22 begin as ones: PC Client Platform TPM Profile, section 4.6.2 */
    PCR_LOCALITY_4_LAST = 22,
    LOCALITY_MAX = 4,
    UNUSED = 0xff,
    UNUSED_REGISTER = -1,
};

/* What the log says of itself at its beginning. */
struct algorithms {
    size_t count;
    struct {
        uint16_t id;
        uint16_t size;
    } list[ALGORITHMS_MAX];
};

struct replay {
    enum event_log_kind kind;
    enum crypto_hash hash;
    uint16_t algorithm;
    struct algorithms algorithms;
    struct event_log *log;
};

/* The signature of an EV_NO_ACTION event: text, and zeros to 16 octets. */
static bool begins_with(struct bytes event, const char *text)
{
    struct reader r = reader_over(event);
    size_t len = strlen(text);
    bool same = bytes_equal(reader_bytes(&r, len), bytes_str(text));
    reader_zeros(&r, SIGNATURE_SIZE - len);
    return same && reader_status(&r) == ERR_OK;
}

/* ---- the first event: TCG_EfiSpecIdEvent, section 10.4.5.1, in the old form, TCG_PCClientPCREvent ---- */

static void algorithms_read(struct reader *r, struct algorithms *a)
{
    uint32_t count = reader_u32le(r);
    if (count == 0 || count > ALGORITHMS_MAX)
        reader_fail(r, ERR_VALUE);
    while (a->count < count && reader_status(r) == ERR_OK) {
        a->list[a->count].id = reader_u16le(r);
        a->list[a->count].size = reader_u16le(r);
        if (a->list[a->count].size > CRYPTO_HASH_MAX)
            reader_fail(r, ERR_TOO_LARGE);
        a->count++;
    }
}

static void spec_id_read(struct reader *r, struct replay *p)
{
    enum { CLASS_AND_VERSION = 4 + 3 };
    (void)reader_u32le(r); /* the register: 0, and of a TD 1 */
    if (reader_u32le(r) != EV_NO_ACTION)
        reader_fail(r, ERR_UNKNOWN);
    reader_zeros(r, SHA1_SIZE);
    struct reader event = reader_sub(r, reader_u32le(r));
    if (!begins_with(reader_bytes(&event, SIGNATURE_SIZE), "Spec ID Event03"))
        reader_fail(r, ERR_UNKNOWN);
    (void)reader_bytes(&event, CLASS_AND_VERSION);
    uint8_t uintn = reader_u8(&event);
    if (uintn != UINTN_4 && uintn != UINTN_8)
        reader_fail(&event, ERR_VALUE);
    algorithms_read(&event, &p->algorithms);
    uint8_t vendor_size = reader_u8(&event);
    (void)reader_bytes(&event, vendor_size);
    enum err e = reader_finish(&event);
    if (e != ERR_OK)
        reader_fail(r, e);
}

/* ---- the others: TCG_PCR_EVENT2, section 10.2.2 ---- */

/* Its place in the list; as many as there are: it is not in it. */
static size_t algorithm_find(const struct algorithms *a, uint16_t id)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->list[i].id == id)
            return i;
    return a->count;
}

/* TPML_DIGEST_VALUES: each algorithm of the log once. Gives the digest that counts. */
static struct bytes digests_read(struct reader *r, const struct replay *p)
{
    struct bytes digest = {0};
    uint32_t seen = 0;
    uint32_t count = reader_u32le(r);
    if (count != p->algorithms.count)
        reader_fail(r, ERR_VALUE);
    for (uint32_t i = 0; i < count && reader_status(r) == ERR_OK; i++) {
        uint16_t id = reader_u16le(r);
        size_t a = algorithm_find(&p->algorithms, id);
        if (a == p->algorithms.count || (seen >> a & 1) != 0) {
            reader_fail(r, ERR_VALUE);
            break;
        }
        seen |= 1U << a;
        struct bytes value = reader_bytes(r, p->algorithms.list[a].size);
        if (id == p->algorithm)
            digest = value;
    }
    return digest;
}

/* Which register an event is for; UNUSED_REGISTER: none that can be extended. */
static int register_of(const struct replay *p, uint32_t number)
{
    if (p->kind == EVENT_LOG_RTMR)
        return number >= 1 && number <= EVENT_LOG_RTMRS ? (int)number - 1 : UNUSED_REGISTER;
    return number < EVENT_LOG_REGISTERS ? (int)number : UNUSED_REGISTER;
}

/* Section 10.4.5.3: PCR 0 begins as the locality of the one that started the TPM. */
static void startup_locality(struct reader *r, const struct replay *p, struct bytes event)
{
    struct reader value = reader_over(event);
    (void)reader_bytes(&value, SIGNATURE_SIZE);
    uint8_t locality = reader_u8(&value);
    if (reader_finish(&value) != ERR_OK || locality > LOCALITY_MAX || p->kind != EVENT_LOG_PCRS ||
        (p->log->extended & 1) != 0)
        reader_fail(r, ERR_VALUE);
    else
        p->log->registers[0][crypto_hash_size(p->hash) - 1] = locality;
}

static enum err extend(const struct replay *p, size_t which, struct bytes digest)
{
    uint8_t *value = p->log->registers[which];
    const struct bytes parts[] = {bytes_of(value, crypto_hash_size(p->hash)), digest};
    p->log->extended |= 1U << which;
    return crypto_hash_parts(p->hash, parts, 2, value);
}

static enum err event_read(struct reader *r, const struct replay *p)
{
    uint32_t number = reader_u32le(r);
    uint32_t type = reader_u32le(r);
    struct bytes digest = digests_read(r, p);
    struct bytes event = reader_bytes(r, reader_u32le(r));
    int which = register_of(p, number);
    if (reader_status(r) != ERR_OK)
        return r->failed;
    p->log->event_count++;
    if (type == EV_NO_ACTION) {
        if (begins_with(event, "StartupLocality"))
            startup_locality(r, p, event);
        return reader_status(r);
    }
    return which == UNUSED_REGISTER ? ERR_VALUE : extend(p, (size_t)which, digest);
}

/* ---- all of it ---- */

/* Is what is left, if anything, memory that no event was written to? An event cannot be so to its end: its register would be 2^32 - 1 and its digests as many, or it would
 * have no digest. Such a one differs within its first twelve octets, so this is asked in vain for no longer than that. */
static bool is_unused(const struct reader *r)
{
    struct reader rest = *r;
    uint8_t first = reader_u8(&rest);
    if (first != 0 && first != UNUSED)
        return false;
    while (rest.left > 0)
        if (reader_u8(&rest) != first)
            return false;
    return true;
}

static enum err start(struct replay *p, struct err_note *note)
{
    size_t a = algorithm_find(&p->algorithms, p->algorithm);
    memset(p->log, 0, sizeof *p->log);
    if (p->kind == EVENT_LOG_PCRS)
        for (size_t i = PCR_LOCALITY_4_FIRST; i <= PCR_LOCALITY_4_LAST; i++)
            memset(p->log->registers[i], UNUSED, crypto_hash_size(p->hash));
    if (a == p->algorithms.count || p->algorithms.list[a].size != crypto_hash_size(p->hash))
        return err_noted(ERR_UNKNOWN, note, "event log: without %s digests",
                         p->hash == CRYPTO_SHA256 ? "SHA-256" : "SHA-384");
    for (size_t i = 0; i < p->algorithms.count; i++)
        for (size_t k = 0; k < i; k++)
            if (p->algorithms.list[i].id == p->algorithms.list[k].id)
                return err_noted(ERR_VALUE, note, "event log: names an algorithm twice");
    return ERR_OK;
}

enum err event_log_replay(struct bytes in, enum event_log_kind kind, struct event_log *log,
                          struct err_note *note)
{
    struct replay p = {.kind = kind,
                       .hash = kind == EVENT_LOG_PCRS ? CRYPTO_SHA256 : CRYPTO_SHA384,
                       .algorithm = kind == EVENT_LOG_PCRS ? TPM_ALG_SHA256 : TPM_ALG_SHA384,
                       .log = log};
    memset(log, 0, sizeof *log);
    if (in.len > EVENT_LOG_MAX)
        return err_noted(ERR_TOO_LARGE, note, "event log of %zu bytes, at most %d are taken", in.len,
                         EVENT_LOG_MAX);
    struct reader r = reader_over(in);
    spec_id_read(&r, &p);
    enum err e = reader_status(&r);
    if (e != ERR_OK)
        return err_noted(e, note, "event log: its first event, at 0x%zx: %s", r.failed_at, err_text(e));
    e = start(&p, note);
    while (e == ERR_OK && !is_unused(&r)) {
        size_t at = r.offset;
        e = event_read(&r, &p);
        if (e != ERR_OK)
            return err_noted(e, note, "event log: event %zu, at 0x%zx: %s", log->event_count, at,
                             err_text(e));
    }
    return e;
}
