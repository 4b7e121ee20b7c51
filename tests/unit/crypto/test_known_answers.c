/* SPDX-License-Identifier: Apache-2.0 */
/* One example of each primitive, from the standard that defines it. */
#include "unit/test.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/crypto.h"
#include "unit/crypto/hex.h"

static void check_equal(const uint8_t *seen, const char *wanted)
{
    struct hex h = hex(wanted);
    assert_memory_equal(seen, h.at, h.len);
}

/* FIPS 180-4's examples of "abc"; RFC 7693 appendix B for BLAKE2s. */
static void hashes(void **state)
{
    static const char *const abc[CRYPTO_HASH_COUNT] = {
        [CRYPTO_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        [CRYPTO_SHA384] = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358"
                          "baeca134c825a7",
        [CRYPTO_SHA512] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        [CRYPTO_BLAKE2S] = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",
    };
    static const size_t blocks[CRYPTO_HASH_COUNT] = {64, 128, 128, 64};
    const struct bytes splits[][3] = {{bytes_str("abc"), {0}, {0}},
                                      {bytes_str("a"), bytes_str("bc"), {0}},
                                      {{0}, bytes_str("ab"), bytes_str("c")}};
    (void)state;
    for (int i = 0; i < CRYPTO_HASH_COUNT; i++) {
        enum crypto_hash h = (enum crypto_hash)i;
        uint8_t out[CRYPTO_HASH_MAX];
        struct crypto_hash_stream *stream;
        assert_int_equal(crypto_hash_size(h), strlen(abc[h]) / 2);
        assert_int_equal(crypto_hash_block(h), blocks[h]);
        for (size_t k = 0; k < test_count(splits); k++) {
            assert_ok(crypto_hash_parts(h, splits[k], 3, out));
            check_equal(out, abc[h]);
            assert_ok(crypto_hash_open(h, &stream));
            for (size_t part = 0; part < 3; part++)
                assert_ok(crypto_hash_feed(stream, splits[k][part]));
            assert_ok(crypto_hash_close(stream, out));
            check_equal(out, abc[h]);
        }
        assert_ok(crypto_hash_open(h, &stream));
        assert_ok(crypto_hash_close(stream, NULL));
    }
    assert_ok(crypto_hash_close(NULL, NULL));
    assert_int_equal(crypto_hash_size(CRYPTO_HASH_COUNT), 0);
}

/* RFC 4231 test cases 2 and 6 (a key longer than the block). */
static void hmac(void **state)
{
    static const struct {
        enum crypto_hash h;
        const char *jefe;
        const char *long_key;
    } cases[] = {
        {CRYPTO_SHA256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {CRYPTO_SHA384,
         "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
         "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"},
        {CRYPTO_SHA512,
         "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
         "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
         "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
         "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
    };
    const struct bytes question[] = {bytes_str("what do ya want "), bytes_str("for nothing?")};
    const struct bytes larger = bytes_str("Test Using Larger Than Block-Size Key - Hash Key First");
    uint8_t key[131];
    uint8_t out[CRYPTO_HASH_MAX];
    (void)state;
    memset(key, 0xaa, sizeof key);
    for (size_t i = 0; i < test_count(cases); i++) {
        assert_ok(crypto_hmac(cases[i].h, bytes_str("Jefe"), question, 2, out));
        check_equal(out, cases[i].jefe);
        assert_ok(crypto_hmac(cases[i].h, bytes_of(key, sizeof key), &larger, 1, out));
        check_equal(out, cases[i].long_key);
    }
}

/* RFC 5869 appendices A.1 and A.3. */
static void hkdf(void **state)
{
    const struct hex ikm = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    const struct hex salt = hex("000102030405060708090a0b0c");
    const struct hex info = hex("f0f1f2f3f4f5f6f7f8f9");
    uint8_t out[42];
    static uint8_t most[255 * CRYPTO_SHA256_SIZE + 1];
    (void)state;
    assert_ok(crypto_hkdf(CRYPTO_SHA256, hex_bytes(ikm), hex_bytes(salt), hex_bytes(info), out, sizeof out));
    check_equal(out, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    assert_ok(
        crypto_hkdf(CRYPTO_SHA256, hex_bytes(ikm), (struct bytes){0}, (struct bytes){0}, out, sizeof out));
    check_equal(out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
    assert_ok(crypto_hkdf(CRYPTO_SHA256, hex_bytes(ikm), (struct bytes){0}, (struct bytes){0}, most,
                          sizeof most - 1));
    assert_err(
        crypto_hkdf(CRYPTO_SHA256, hex_bytes(ikm), (struct bytes){0}, (struct bytes){0}, most, sizeof most),
        ERR_TOO_LARGE);
}

static void check_aead(enum crypto_aead a, const char *key, const char *nonce, const char *ad,
                       struct bytes plain, const char *sealed)
{
    struct crypto_aead_key *k;
    uint8_t out[256];
    const struct hex want = hex(sealed);
    const struct hex ad_bytes = hex(ad);
    const struct hex n = hex(nonce);
    assert_ok(crypto_aead_open(a, hex(key).at, &k));
    for (int round = 0; round < 2; round++) {
        assert_ok(crypto_aead_seal(k, n.at, hex_bytes(ad_bytes), plain, out));
        assert_memory_equal(out, want.at, want.len);
        assert_ok(crypto_aead_unseal(k, n.at, hex_bytes(ad_bytes), hex_bytes(want), out));
        assert_memory_equal(out, plain.ptr, plain.len);
        /* A refusal in between leaves no trace. */
        assert_err(crypto_aead_unseal(k, n.at, (struct bytes){0}, hex_bytes(want), out), ERR_AUTH);
        assert_err(crypto_aead_unseal(k, n.at, hex_bytes(ad_bytes), bytes_of(want.at, 15), out), ERR_AUTH);
    }
    crypto_aead_close(k);
    crypto_aead_close(NULL);
}

/* The GCM specification's test case 16; RFC 8439 section 2.8.2. */
static void aead(void **state)
{
    const struct hex plain = hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    (void)state;
    check_aead(CRYPTO_AES256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
               "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", hex_bytes(plain),
               "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
               "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662 76fc6ece0f4e1768cddf8853bb2d551b");
    check_aead(
        CRYPTO_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
        "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
        bytes_str(
            "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
            "sunscreen would be it."),
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71"
        "de0a9e060b"
        "2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de5"
        "76d26586ce"
        "c64b6116 1ae10b594f09e26a7e902ecbd0600691");
}

/* RFC 7748 sections 5.2 and 6.1. */
static void x25519(void **state)
{
    const struct hex bob = hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    uint8_t out[CRYPTO_X25519_SIZE];
    uint8_t secret[CRYPTO_X25519_SIZE];
    uint8_t public_key[CRYPTO_X25519_SIZE];
    (void)state;
    assert_ok(crypto_x25519(hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4").at,
                            hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c").at, out));
    check_equal(out, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    assert_ok(crypto_x25519_public(bob.at, out));
    check_equal(out, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    assert_ok(crypto_x25519(bob.at,
                            hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a").at, out));
    check_equal(out, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    assert_ok(crypto_x25519_keypair(secret, public_key));
    assert_ok(crypto_x25519_public(secret, out));
    assert_memory_equal(out, public_key, sizeof out);
}

/* FIPS 203 algorithm 18: a changed ciphertext gives J(z || c), that is SHAKE256 of both. */
static void mlkem(void **state)
{
    uint8_t seed[CRYPTO_MLKEM_SEED_SIZE];
    uint8_t public_key[CRYPTO_MLKEM_PUBLIC_SIZE];
    uint8_t again[CRYPTO_MLKEM_PUBLIC_SIZE];
    uint8_t ciphertext[CRYPTO_MLKEM_CIPHER_SIZE];
    uint8_t ours[CRYPTO_MLKEM_SHARED_SIZE];
    uint8_t theirs[CRYPTO_MLKEM_SHARED_SIZE];
    (void)state;
    assert_ok(crypto_mlkem_keypair(seed, public_key));
    assert_ok(crypto_mlkem_from_seed(seed, again));
    assert_memory_equal(public_key, again, sizeof again);
    assert_ok(crypto_mlkem_encaps(public_key, ciphertext, ours));
    assert_ok(crypto_mlkem_decaps(seed, ciphertext, theirs));
    assert_memory_equal(ours, theirs, sizeof ours);
    ciphertext[7] ^= 1;
    assert_ok(crypto_mlkem_decaps(seed, ciphertext, theirs));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_non_null(context);
    assert_int_equal(EVP_DigestInit_ex(context, EVP_shake256(), NULL), 1);
    assert_int_equal(EVP_DigestUpdate(context, seed + sizeof seed / 2, sizeof seed / 2), 1);
    assert_int_equal(EVP_DigestUpdate(context, ciphertext, sizeof ciphertext), 1);
    assert_int_equal(EVP_DigestFinalXOF(context, ours, sizeof ours), 1);
    EVP_MD_CTX_free(context);
    assert_memory_equal(ours, theirs, sizeof ours);
}

/* RFC 6979 appendices A.2.5 and A.2.6, message "sample". */
static void ecdsa(void **state)
{
    static const struct {
        enum crypto_key_kind kind;
        enum crypto_hash h;
        const char *xy;
        const char *rs;
    } cases[] = {
        {CRYPTO_KEY_P256, CRYPTO_SHA256,
         "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
         "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
         "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
         "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {CRYPTO_KEY_P384, CRYPTO_SHA384,
         "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
         "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
         "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
         "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"},
    };
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        struct crypto_public_key *key;
        const struct hex xy = hex(cases[i].xy);
        const struct hex rs = hex(cases[i].rs);
        assert_ok(crypto_public_key_from_point(cases[i].kind, hex_bytes(xy), &key));
        assert_ok(crypto_ecdsa_verify_raw(key, cases[i].h, bytes_str("sample"), hex_bytes(rs)));
        assert_err(crypto_ecdsa_verify_raw(key, cases[i].h, bytes_str("simple"), hex_bytes(rs)),
                   ERR_SIGNATURE);
        crypto_public_key_free(key);
    }
}

/* RFC 8032 section 7.1, test 2. */
static void ed25519(void **state)
{
    struct crypto_public_key *key;
    const struct hex signature = hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    (void)state;
    assert_ok(crypto_public_key_ed25519(
        hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").at, &key));
    assert_ok(crypto_ed25519_verify(key, bytes_str("\x72"), signature.at));
    assert_err(crypto_ed25519_verify(key, bytes_str("\x73"), signature.at), ERR_SIGNATURE);
    crypto_public_key_free(key);
}

static void random_bytes_differ(void **state)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    (void)state;
    assert_ok(crypto_random(a, sizeof a));
    assert_ok(crypto_random(b, sizeof b));
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes), cmocka_unit_test(hmac),    cmocka_unit_test(hkdf),
        cmocka_unit_test(aead),   cmocka_unit_test(x25519),  cmocka_unit_test(mlkem),
        cmocka_unit_test(ecdsa),  cmocka_unit_test(ed25519), cmocka_unit_test(random_bytes_differ),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
