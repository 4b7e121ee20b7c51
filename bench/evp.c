/* SPDX-License-Identifier: Apache-2.0 */
#include "evp.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { NONCE_SIZE = 12, BATCH_BYTES = 65536 };

static void nonce_put(uint64_t n, uint8_t nonce[static NONCE_SIZE])
{
    memset(nonce, 0, NONCE_SIZE);
    for (int i = 0; i < 8; i++)
        nonce[NONCE_SIZE - 1 - i] = (uint8_t)(n >> (8 * i));
}

static int seal_one(struct evp_message *m, const uint8_t *in, uint8_t *out)
{
    uint8_t nonce[NONCE_SIZE];
    uint8_t none[16];
    int n;
    nonce_put(m->nonce++, nonce);
    return EVP_EncryptInit_ex2(m->context, NULL, NULL, nonce, NULL) == 1 &&
           EVP_EncryptUpdate(m->context, out, &n, in, (int)m->size) == 1 &&
           EVP_EncryptFinal_ex(m->context, none, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(m->context, EVP_CTRL_AEAD_GET_TAG, sizeof m->tag, m->tag) == 1;
}

static int open_one(struct evp_message *m)
{
    uint8_t nonce[NONCE_SIZE];
    uint8_t none[16];
    int n;
    nonce_put(0, nonce);
    return EVP_DecryptInit_ex2(m->context, NULL, NULL, nonce, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(m->context, EVP_CTRL_AEAD_SET_TAG, sizeof m->tag, m->tag) == 1 &&
           EVP_DecryptUpdate(m->context, m->text, &n, m->sealed, (int)m->size) == 1 &&
           EVP_DecryptFinal_ex(m->context, none, &n) == 1;
}

void evp_message_init(struct evp_message *m, size_t size)
{
    static const uint8_t key[32] = {1, 2, 3};
    EVP_CIPHER *gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    *m = (struct evp_message){
        .context = EVP_CIPHER_CTX_new(), .text = calloc(1, size), .sealed = calloc(1, size), .size = size};
    bench_must_be(gcm != NULL && m->context != NULL && m->text != NULL && m->sealed != NULL &&
                      EVP_EncryptInit_ex2(m->context, gcm, key, NULL, NULL) == 1 &&
                      seal_one(m, m->text, m->sealed) == 1,
                  "EVP AES-256-GCM");
    EVP_CIPHER_free(gcm);
}

void evp_message_release(struct evp_message *m)
{
    EVP_CIPHER_CTX_free(m->context);
    free(m->text);
    free(m->sealed);
}

/* In laps of as many bytes as the transports are measured in. */
static double in_laps(struct evp_message *m, uint64_t count, int (*one)(struct evp_message *m))
{
    static struct bench_laps laps;
    uint64_t batch = m->size < BATCH_BYTES / 2 ? BATCH_BYTES / 2 / m->size : 1;
    for (uint64_t done = 0; done < count; done += batch) {
        uint64_t n = count - done < batch ? count - done : batch;
        double began = bench_clock();
        for (uint64_t i = 0; i < n; i++)
            bench_must_be(one(m) == 1, "EVP AES-256-GCM");
        bench_lap(&laps, bench_clock() - began);
    }
    return bench_laps_sum(&laps);
}

static int seal_in_place(struct evp_message *m)
{
    return seal_one(m, m->text, m->text);
}

double evp_seal(void *self, uint64_t count)
{
    return in_laps(self, count, seal_in_place);
}

/* The tag belongs to nonce 0, so a message that only opens is never sealed with again. */
double evp_open(void *self, uint64_t count)
{
    return in_laps(self, count, open_one);
}
