/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an enclave and the helper on its host say to each other about endorsements, and the names in it.
 *
 *     byte 0 even    the head of an answer
 *     byte 0 odd     a question, or a name alone when bit 1 is set
 *
 * What is accepted must come out the same when it is written again.
 */

#include <stdlib.h>

#include "evidence/collateral_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void answer_check(struct bytes in)
{
    uint8_t head[COLLATERAL_ANSWER_HEAD_SIZE] = {0};
    uint8_t again[COLLATERAL_ANSWER_HEAD_SIZE];
    enum collateral_status status;
    size_t len;
    if (in.len > 0)
        memcpy(head, in.ptr, in.len < sizeof head ? in.len : sizeof head);
    if (collateral_answer_head_parse(head, &status, &len) != ERR_OK) {
        must(len == 0);
        return;
    }
    must(len <= COLLATERAL_DOCUMENT_MAX && (len > 0) == (status == COLLATERAL_FOUND));
    must(collateral_status_text(status) != NULL);
    collateral_answer_head_write(status, len, again);
    must(memcmp(head, again, sizeof head) == 0);
}

static void name_check(struct bytes name)
{
    struct collateral_key key;
    char again[COLLATERAL_NAME_MAX];
    if (collateral_key_parse(name, &key) != ERR_OK)
        return;
    must(collateral_key_write(&key, again) == ERR_OK && bytes_is_str(name, again));
    must(strchr(again, '/') == NULL && again[0] != '.' && collateral_key_equal(&key, &key));
}

static void question_check(struct bytes in)
{
    uint8_t again[COLLATERAL_QUESTION_MAX];
    struct collateral_key key;
    size_t name_len;
    size_t len;
    if (in.len < COLLATERAL_QUESTION_HEAD_SIZE ||
        collateral_question_head_parse(in.ptr, &name_len) != ERR_OK ||
        name_len != in.len - COLLATERAL_QUESTION_HEAD_SIZE)
        return;
    struct bytes name = bytes_of(in.ptr + COLLATERAL_QUESTION_HEAD_SIZE, name_len);
    name_check(name);
    if (collateral_key_parse(name, &key) != ERR_OK)
        return;
    must(collateral_question_write(&key, again, &len) == ERR_OK);
    must(bytes_equal(in, bytes_of(again, len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    if ((data[0] & 1) == 0)
        answer_check(rest);
    else if ((data[0] & 2) == 0)
        question_check(rest);
    else
        name_check(rest);
    return 0;
}
