/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

/*
 * Both ends of a channel in one process, without a socket between them. The client takes any evidence: nothing is appraised here.
 */

#include "channel/channel.h"

struct bench_pair {
    struct channel *client;
    struct channel *server;
    uint32_t stream; /* of the request that is open */
    size_t received; /* bytes of it that the server has got */
    struct noise_keypair client_key;
    struct noise_keypair server_key;
    struct bytes bundle;
};

/* Keys, and a bundle of that size. Once. */
void bench_pair_init(struct bench_pair *p, size_t bundle);
void bench_pair_release(struct bench_pair *p);

/* A handshake, XX or IK, until both are VERIFIED. The channels are there until bench_pair_close. */
void bench_pair_connect(struct bench_pair *p, enum channel_path path);
void bench_pair_close(struct bench_pair *p);
/* Begins a request on which the client can write. */
void bench_pair_open(struct bench_pair *p);

/* Hands everything over that is due until nobody has anything more to say. */
void bench_pair_pump(struct bench_pair *p);

#endif
