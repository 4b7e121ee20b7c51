/* SPDX-License-Identifier: Apache-2.0 */
/* The hash tree of a model volume, against what cryptsetup 2.6's `veritysetup format --no-superblock` made of the same bytes and salt: root and SHA-256 of the tree. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "launch/verity.h"
#include "unit/test.h"

/* Takes the tree's blocks, which come in no fixed order. */
struct kept {
    uint64_t start;
    uint64_t count;
    uint8_t *blocks;
    uint64_t refused_from; /* the sink fails from this block on */
};

static enum err keep(void *self, uint64_t at, const uint8_t block[static VERITY_BLOCK_SIZE])
{
    struct kept *k = self;
    assert_true(at >= k->start && at - k->start < k->count);
    if (at >= k->refused_from)
        return ERR_FILE;
    memcpy(k->blocks + (at - k->start) * VERITY_BLOCK_SIZE, block, VERITY_BLOCK_SIZE);
    return ERR_OK;
}

/* Block i of the data is filled with i % 251; the last one as far as the file goes. */
static enum err tree_of(uint64_t size, struct kept *k, uint8_t root[static VERITY_DIGEST_SIZE])
{
    static struct verity_tree tree;
    static struct verity_layout layout;
    uint8_t block[VERITY_BLOCK_SIZE];
    enum err e = verity_layout_of(size, &layout);
    assert_ok(e);
    k->start = layout.hash_start;
    k->count = layout.volume_blocks - layout.hash_start;
    k->blocks = calloc(k->count + 1, VERITY_BLOCK_SIZE);
    assert_non_null(k->blocks);
    verity_tree_begin(&tree, &layout, keep, k);
    for (uint64_t i = 0; e == ERR_OK && i < layout.data_blocks; i++) {
        uint64_t left = size - i * VERITY_BLOCK_SIZE;
        memset(block, 0, sizeof block);
        memset(block, (int)(i % 251), left < sizeof block ? (size_t)left : sizeof block);
        e = verity_tree_feed(&tree, block);
    }
    if (e == ERR_OK)
        assert_err(verity_tree_feed(&tree, block), ERR_TOO_LARGE);
    return e == ERR_OK ? verity_tree_finish(&tree, root) : e;
}

static void the_tree_is_veritysetups(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        uint64_t blocks;
        const char *root;
        const char *tree;
    } rows[] = {
        {1, 0, "c68f6c24274d07be9586f00587fdc2b191502110528fc709fbac9889ef1e3a79",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {4096, 0, "c68f6c24274d07be9586f00587fdc2b191502110528fc709fbac9889ef1e3a79",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {8192, 1, "c49f67ec45e53593072597f987776b481d957a3db0db980217e3f7ee7d411f0d",
         "4ba0cef3703f1f20f2842394814b4e6a9b693074d12248a3f76148e299c350fc"},
        {524288, 1, "eab0e50362f37e5da56b4f6f515d3a1df9564c463fc367a8fe2fc4da6cd68df4",
         "afefe738c66a4876629de54448f7b45f6c3c59d6ef0cd0de533f352d343d3e25"},
        {524293, 3, "55cc97fde6cc12748406d37afefc9a53fe14bd18c8bfb9be8bc55f76fa55c3b7",
         "a84ea7426043ff761417bb4bb2ad866b80721179756eabe5a893226a4000cd47"},
        {528384, 3, "66d9872e97dbd2153f6bc1f95ee3d8cb996303010488843b4bd6e5b52f890b5e",
         "01f04d0000cf01e7d9be19da17e3e7df9713d2a2b0b811bae5618bf482e30292"},
        {67112960, 132, "7c29ee72e16dafa9a736d94efa2fc85ddd33d7c533f5addf2e0df9546940d3d1",
         "8354dab29ed8af062e1dd93f0829119b57b0d2dceb6d5c3761c9a98316edbfc5"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct kept k = {.refused_from = UINT64_MAX};
        uint8_t root[VERITY_DIGEST_SIZE];
        uint8_t digest[CRYPTO_SHA256_SIZE];
        char hex[ENCODING_HEX_SIZE(sizeof root)];
        assert_ok(tree_of(rows[i].size, &k, root));
        assert_int_equal(k.count, rows[i].blocks);
        encoding_hex(bytes_of(root, sizeof root), hex);
        assert_string_equal(hex, rows[i].root);
        const struct bytes all = bytes_of(k.blocks, k.count * VERITY_BLOCK_SIZE);
        assert_ok(crypto_hash_parts(CRYPTO_SHA256, &all, 1, digest));
        encoding_hex(bytes_of(digest, sizeof digest), hex);
        assert_string_equal(hex, rows[i].tree);
        free(k.blocks);
    }
}

static void what_the_sink_refuses_ends_it(void **state)
{
    (void)state;
    uint8_t root[VERITY_DIGEST_SIZE];
    for (uint64_t refused = 130; refused <= 132; refused++) {
        struct kept k = {.refused_from = refused};
        assert_err(tree_of(528384, &k, root), ERR_FILE);
        free(k.blocks);
    }
}

static void a_tree_that_is_not_fed(void **state)
{
    (void)state;
    static struct verity_tree tree;
    struct verity_layout layout;
    struct kept k = {0};
    uint8_t root[VERITY_DIGEST_SIZE];
    assert_ok(verity_layout_of(8192, &layout));
    verity_tree_begin(&tree, &layout, keep, &k);
    assert_err(verity_tree_finish(&tree, root), ERR_TRUNCATED);
}

static void lengths_at_the_ends(void **state)
{
    (void)state;
    struct verity_layout layout;
    assert_err(verity_layout_of(0, &layout), ERR_VALUE);
    assert_err(verity_layout_of(VERITY_FILE_MAX + 1, &layout), ERR_TOO_LARGE);
    assert_err(verity_layout_of(UINT64_MAX, &layout), ERR_TOO_LARGE);
    assert_ok(verity_layout_of(VERITY_FILE_MAX, &layout));
    assert_int_equal(layout.levels, VERITY_LEVELS_MAX);
    assert_true(layout.data_blocks == UINT64_C(1) << 34);
    assert_int_equal(layout.level_start[VERITY_LEVELS_MAX - 1], layout.hash_start);
    assert_true(layout.level_start[0] + layout.level_blocks[0] == layout.volume_blocks);
}

/* cryptsetup, lib/verity/verity.c, struct verity_sb. */
static void the_superblock(void **state)
{
    (void)state;
    struct verity_layout layout;
    uint8_t root[VERITY_DIGEST_SIZE];
    uint8_t block[VERITY_BLOCK_SIZE];
    static const uint8_t head[] = {'v', 'e', 'r', 'i', 't', 'y', 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    static const uint8_t sizes[] = {0, 0x10, 0, 0, 0, 0x10, 0, 0, 129, 0, 0, 0, 0, 0, 0, 0, 32, 0};
    memset(root, 0xff, sizeof root);
    assert_ok(verity_layout_of(528384, &layout));
    verity_superblock_write(&layout, root, block);
    assert_memory_equal(block, head, sizeof head);
    assert_int_equal(block[16 + 6], 0x8f); /* the UUID's version and variant */
    assert_int_equal(block[16 + 8], 0xbf);
    assert_string_equal((const char *)block + 32, "sha256");
    assert_memory_equal(block + 64, sizes, sizeof sizes);
    assert_memory_equal(block + 88, verity_salt, sizeof verity_salt);
    for (size_t i = 88 + sizeof verity_salt; i < sizeof block; i++)
        assert_int_equal(block[i], 0);
}

static int begin(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_is_veritysetups), cmocka_unit_test(what_the_sink_refuses_ends_it),
        cmocka_unit_test(a_tree_that_is_not_fed),   cmocka_unit_test(lengths_at_the_ends),
        cmocka_unit_test(the_superblock),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
