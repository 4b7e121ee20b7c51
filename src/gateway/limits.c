/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/limits.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "gateway/digest.h"

enum { HEADS = 1 << 14, IPV6_NETWORK = 8 };

struct limits_entry {
    struct limits_entry *next;
    uint8_t address[LIMITS_ADDRESS_SIZE];
    struct limits_user user;
};

struct limits_rules limits_rules_of(uint32_t connections, uint32_t rate, uint32_t bytes)
{
    return (struct limits_rules){
        .connections = connections, .opening = {rate, rate}, .bytes = {bytes, bytes}};
}

void limits_user_open(struct limits_user *u, const struct limits_rules *rules, uint64_t now)
{
    *u = (struct limits_user){.rules = *rules};
    bucket_open(&u->opening, &u->rules.opening, now);
    bucket_open(&u->bytes, &u->rules.bytes, now);
}

enum limits_answer limits_open(struct limits_user *u, uint64_t now)
{
    if (u == NULL)
        return LIMITS_FINE;
    if (!bucket_take(&u->opening, &u->rules.opening, now))
        return LIMITS_RATE;
    if (u->rules.connections != 0 && u->connections >= u->rules.connections)
        return LIMITS_CONNECTIONS;
    u->connections++;
    return LIMITS_FINE;
}

void limits_close(struct limits_user *u)
{
    if (u != NULL)
        u->connections--;
}

void limits_charge(struct limits_user *u, uint32_t bytes, uint64_t now)
{
    if (u != NULL)
        bucket_charge(&u->bytes, &u->rules.bytes, bytes, now);
}

uint64_t limits_wait(struct limits_user *u, uint64_t now)
{
    return u == NULL ? 0 : bucket_wait(&u->bytes, &u->rules.bytes, now);
}

/* ---- by address ---- */

enum err limits_table_open(struct limits_table *t, const struct limits_rules *rules)
{
    *t = (struct limits_table){.rules = *rules, .heads = calloc(HEADS, sizeof(struct limits_entry *))};
    if (t->heads == NULL)
        return ERR_MEMORY;
    return RAND_bytes(t->key, sizeof t->key) == 1 ? ERR_OK : ERR_CRYPTO;
}

/* What a user without connections leaves behind is gone with the table; users with connections must be closed before. */
void limits_table_close(struct limits_table *t)
{
    for (size_t i = 0; t->heads != NULL && i < HEADS; i++)
        for (struct limits_entry *e = t->heads[i], *next = NULL; e != NULL; e = next) {
            next = e->next;
            free(e);
        }
    free(t->heads);
    *t = (struct limits_table){.count = 0};
}

static bool address_key(const struct sockaddr_storage *peer, uint8_t out[static LIMITS_ADDRESS_SIZE])
{
    static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    memset(out, 0, LIMITS_ADDRESS_SIZE);
    if (peer->ss_family == AF_INET) {
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + sizeof mapped, &((const struct sockaddr_in *)peer)->sin_addr, 4);
        return true;
    }
    if (peer->ss_family != AF_INET6)
        return false;
    const uint8_t *v6 = ((const struct sockaddr_in6 *)peer)->sin6_addr.s6_addr;
    /* An IPv4 client of a socket for both is itself, not a part of the network that all of them are in. */
    bool v4 = memcmp(v6, mapped, sizeof mapped) == 0;
    memcpy(out, v6, v4 ? LIMITS_ADDRESS_SIZE : IPV6_NETWORK);
    return true;
}

struct limits_user *limits_find(struct limits_table *t, const struct sockaddr_storage *peer, uint64_t now,
                                bool *full)
{
    uint8_t address[LIMITS_ADDRESS_SIZE];
    uint8_t digest[DIGEST_SHA256_SIZE];
    *full = false;
    if (!address_key(peer, address))
        return NULL;
    const struct bytes parts[] = {bytes_of(t->key, sizeof t->key), bytes_of(address, sizeof address)};
    *full = true;
    if (digest_sha256(parts, 2, digest) != ERR_OK)
        return NULL;
    struct limits_entry **head = &t->heads[((size_t)digest[0] << 8 | digest[1]) % HEADS];
    for (struct limits_entry *e = *head; e != NULL; e = e->next)
        if (memcmp(e->address, address, sizeof address) == 0) {
            *full = false;
            return &e->user;
        }
    struct limits_entry *e = t->count < LIMITS_ADDRESSES_MAX ? calloc(1, sizeof *e) : NULL;
    if (e == NULL)
        return NULL;
    memcpy(e->address, address, sizeof address);
    limits_user_open(&e->user, &t->rules, now);
    e->next = *head;
    *head = e;
    t->count++;
    *full = false;
    return &e->user;
}

static bool forgettable(struct limits_user *u, uint64_t now)
{
    return u->connections == 0 && bucket_full(&u->opening, &u->rules.opening, now) &&
           bucket_full(&u->bytes, &u->rules.bytes, now);
}

void limits_table_sweep(struct limits_table *t, uint64_t now)
{
    for (size_t i = 0; i < HEADS; i++)
        for (struct limits_entry **link = &t->heads[i]; *link != NULL;) {
            struct limits_entry *e = *link;
            if (forgettable(&e->user, now)) {
                *link = e->next;
                free(e);
                t->count--;
            } else {
                link = &e->next;
            }
        }
}
