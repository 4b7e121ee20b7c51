/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/merkle.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "unit/test.h"

enum { SIZE_MAX_TESTED = 70 };

static uint8_t challenges[SIZE_MAX_TESTED][32]; /* challenge i is 32 times the byte i */

static int fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE_MAX_TESTED; i++)
        memset(challenges[i], (int)i, sizeof challenges[i]);
    return crypto_init() == ERR_OK ? 0 : -1;
}

/* MTH of RFC 6962 section 2.1, word for word: splits at the largest power of two below n. */
static void reference_root(size_t first, size_t n, uint8_t out[static 32])
{
    static const uint8_t leaf = 0;
    static const uint8_t node = 1;
    if (n == 1) {
        const struct bytes parts[] = {bytes_of(&leaf, 1), bytes_of(challenges[first], 32)};
        assert_ok(crypto_hash_parts(CRYPTO_SHA256, parts, 2, out));
        return;
    }
    size_t k = 1;
    while (2 * k < n)
        k *= 2;
    uint8_t left[32];
    uint8_t right[32];
    reference_root(first, k, left);
    reference_root(first + k, n - k, right);
    const struct bytes parts[] = {bytes_of(&node, 1), bytes_of(left, 32), bytes_of(right, 32)};
    assert_ok(crypto_hash_parts(CRYPTO_SHA256, parts, 3, out));
}

static struct merkle_tree *tree_of(size_t n)
{
    struct merkle_tree *t;
    assert_ok(merkle_build((const uint8_t(*)[32])challenges, n, &t));
    return t;
}

/* From an independent implementation in Python (hashlib). */
static void the_roots_are_the_known_answers(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        const char *root;
    } rows[] = {
        {1, "7f9c9e31ac8256ca2f258583df262dbc7d6f68f2a03043d5c99a4ae5a7396ce9"},
        {2, "28fb81e496897e0ce886f08602392e9239b65c659041e5202163e58ad898f444"},
        {3, "ba8d94b7fbcecae7b81c4c80574fe24734a6917bf9c1ecd66ff3e0c34ead4620"},
        {5, "85e20cac1f02fda7bcdb2fc3f908568c57018c77815f1fa361acad13994f08bf"},
        {8, "f907f23f76aa01b755a614d31ef9832909f44638b4590073301e61e6d01f9a1d"},
        {70, "7c7d8f04575541561e116cc2a1e42f1d813790b2825241b454888505de19914a"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        uint8_t root[32];
        char hex[ENCODING_HEX_SIZE(32)];
        struct merkle_tree *t = tree_of(rows[i].size);
        merkle_root(t, root);
        merkle_free(t);
        encoding_hex(bytes_of(root, sizeof root), hex);
        assert_string_equal(hex, rows[i].root);
    }
}

static void every_path_of_every_size_leads_to_the_root(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= SIZE_MAX_TESTED; n++) {
        uint8_t wanted[32];
        uint8_t root[32];
        struct merkle_tree *t = tree_of(n);
        reference_root(0, n, wanted);
        merkle_root(t, root);
        assert_memory_equal(root, wanted, 32);
        for (uint32_t i = 0; i < n; i++) {
            struct merkle_path path;
            merkle_path_of(t, i, &path);
            assert_int_equal(path.index, i);
            assert_int_equal(path.size, n);
            assert_ok(merkle_root_from_path(challenges[i], &path, root));
            assert_memory_equal(root, wanted, 32);
        }
        merkle_free(t);
    }
}

/* Another challenge, index, size or hash leads elsewhere, or nowhere. */
static void nothing_but_the_own_place_leads_to_the_root(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= SIZE_MAX_TESTED; n++) {
        uint8_t wanted[32];
        uint8_t root[32];
        struct merkle_tree *t = tree_of(n);
        merkle_root(t, wanted);
        for (uint32_t i = 0; i < n; i++) {
            struct merkle_path path;
            struct merkle_path wrong;
            merkle_path_of(t, i, &path);
            assert_ok(merkle_root_from_path(challenges[(i + 1) % n], &path, root));
            assert_memory_not_equal(root, wanted, 32);
            for (uint32_t other = 0; other < n; other++) {
                wrong = path;
                wrong.index = other;
                if (other != i && merkle_root_from_path(challenges[i], &wrong, root) == ERR_OK)
                    assert_memory_not_equal(root, wanted, 32);
            }
            for (uint32_t h = 0; h < path.count; h++) {
                wrong = path;
                wrong.hashes[h][h % 32] ^= 1;
                assert_ok(merkle_root_from_path(challenges[i], &wrong, root));
                assert_memory_not_equal(root, wanted, 32);
            }
        }
        merkle_free(t);
    }
}

static void a_path_of_the_wrong_length_is_refused(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= SIZE_MAX_TESTED; n++) {
        struct merkle_tree *t = tree_of(n);
        for (uint32_t i = 0; i < n; i++) {
            uint8_t root[32];
            struct merkle_path path;
            merkle_path_of(t, i, &path);
            const uint32_t right = path.count;
            for (path.count = 0; path.count <= MERKLE_PATH_MAX; path.count++)
                if (path.count != right)
                    assert_err(merkle_root_from_path(challenges[i], &path, root), ERR_VALUE);
        }
        merkle_free(t);
    }
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct merkle_path rows[] = {
        {.index = 0, .size = 0},
        {.index = 1, .size = 1},
        {.index = 0, .size = MERKLE_LEAVES_MAX + 1, .count = MERKLE_PATH_MAX},
        {.index = MERKLE_LEAVES_MAX, .size = MERKLE_LEAVES_MAX + 1, .count = 1}, /* as long as it should be */
        {.index = 0, .size = MERKLE_LEAVES_MAX, .count = MERKLE_PATH_MAX + 1},
        {.index = UINT32_MAX, .size = UINT32_MAX, .count = MERKLE_PATH_MAX},
    };
    uint8_t root[32];
    for (size_t i = 0; i < test_count(rows); i++)
        assert_err(merkle_root_from_path(challenges[0], &rows[i], root), ERR_VALUE);
}

static void a_tree_has_at_least_one_leaf_and_at_most_65536(void **state)
{
    (void)state;
    static uint8_t many[MERKLE_LEAVES_MAX + 1][32];
    struct merkle_tree *t;
    struct merkle_path path;
    uint8_t root[32];
    uint8_t wanted[32];
    assert_err(merkle_build((const uint8_t(*)[32])many, 0, &t), ERR_VALUE);
    assert_err(merkle_build((const uint8_t(*)[32])many, MERKLE_LEAVES_MAX + 1, &t), ERR_TOO_LARGE);
    assert_ok(merkle_build((const uint8_t(*)[32])many, MERKLE_LEAVES_MAX, &t));
    merkle_path_of(t, MERKLE_LEAVES_MAX - 1, &path);
    assert_int_equal(path.count, MERKLE_PATH_MAX);
    merkle_root(t, wanted);
    assert_ok(merkle_root_from_path(many[0], &path, root));
    assert_memory_equal(root, wanted, 32);
    merkle_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_roots_are_the_known_answers),
        cmocka_unit_test(every_path_of_every_size_leads_to_the_root),
        cmocka_unit_test(nothing_but_the_own_place_leads_to_the_root),
        cmocka_unit_test(a_path_of_the_wrong_length_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(a_tree_has_at_least_one_leaf_and_at_most_65536),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
