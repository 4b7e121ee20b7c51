/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include <malloc.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct tls {
    SSL_CTX *client;
    SSL_CTX *server;
};

struct tls_pair {
    SSL *client;
    SSL *server;
};

enum { DAY = 24 * 3600 };

static X509 *self_signed(EVP_PKEY *key)
{
    X509 *x = X509_new();
    bench_must_be(x != NULL && X509_set_version(x, X509_VERSION_3) == 1 &&
                      ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
                      X509_gmtime_adj(X509_getm_notBefore(x), -DAY) != NULL &&
                      X509_gmtime_adj(X509_getm_notAfter(x), DAY) != NULL && X509_set_pubkey(x, key) == 1,
                  "a certificate");
    X509_NAME *name = X509_get_subject_name(x);
    bench_must_be(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                             (const unsigned char *)"enclave.example", -1, -1, 0) == 1 &&
                      X509_set_issuer_name(x, name) == 1 && X509_sign(x, key, EVP_sha256()) != 0,
                  "a certificate");
    return x;
}

static SSL_CTX *context(const SSL_METHOD *method)
{
    SSL_CTX *c = SSL_CTX_new(method);
    bench_must_be(c != NULL && SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1 &&
                      SSL_CTX_set1_groups_list(c, "X25519MLKEM768") == 1 &&
                      SSL_CTX_set_ciphersuites(c, "TLS_AES_256_GCM_SHA384") == 1,
                  "a TLS context");
    (void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    return c;
}

static struct tls tls_new(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    bench_must_be(key != NULL, "a P-256 key");
    X509 *certificate = self_signed(key);
    struct tls t = {.client = context(TLS_client_method()), .server = context(TLS_server_method())};
    bench_must_be(SSL_CTX_use_certificate(t.server, certificate) == 1 &&
                      SSL_CTX_use_PrivateKey(t.server, key) == 1 &&
                      SSL_CTX_set_num_tickets(t.server, 0) == 1 &&
                      X509_STORE_add_cert(SSL_CTX_get_cert_store(t.client), certificate) == 1,
                  "a TLS context");
    SSL_CTX_set_verify(t.client, SSL_VERIFY_PEER, NULL);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return t;
}

static SSL *side(SSL_CTX *context)
{
    SSL *s = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    bench_must_be(s != NULL && in != NULL && out != NULL, "no memory");
    SSL_set_bio(s, in, out);
    return s;
}

static void hand_over(SSL *from, SSL *to)
{
    BIO *out = SSL_get_wbio(from);
    char *bytes = NULL;
    long n = BIO_get_mem_data(out, &bytes);
    if (n > 0)
        bench_must_be(BIO_write(SSL_get_rbio(to), bytes, (int)n) == n, "no memory");
    (void)BIO_reset(out);
}

static struct tls_pair handshake(const struct tls *t)
{
    struct tls_pair p = {.client = side(t->client), .server = side(t->server)};
    SSL_set_connect_state(p.client);
    SSL_set_accept_state(p.server);
    for (int i = 0; i < 4 && (!SSL_is_init_finished(p.client) || !SSL_is_init_finished(p.server)); i++) {
        (void)SSL_do_handshake(p.client);
        hand_over(p.client, p.server);
        (void)SSL_do_handshake(p.server);
        hand_over(p.server, p.client);
    }
    bench_must_be(SSL_is_init_finished(p.client) && SSL_is_init_finished(p.server) &&
                      SSL_get_verify_result(p.client) == X509_V_OK,
                  "the TLS handshake failed");
    return p;
}

double tls_handshakes(void *self, uint64_t count)
{
    static struct tls t;
    (void)self;
    if (t.client == NULL)
        t = tls_new();
    double began = bench_processor_time();
    for (uint64_t i = 0; i < count; i++) {
        struct tls_pair p = handshake(&t);
        SSL_free(p.client);
        SSL_free(p.server);
    }
    return bench_processor_time() - began;
}

/* Whoever holds a connection over a socket has no memory BIOs, so these do not count. */
static void without_bios(SSL *s)
{
    SSL_set_bio(s, NULL, NULL);
}

double tls_idle_memory(size_t connections)
{
    struct tls t = tls_new();
    SSL **held = calloc(connections, sizeof(SSL *));
    if (held == NULL)
        bench_fail("no memory");
    struct tls_pair first = handshake(&t); /* what is made once */
    size_t before = mallinfo2().uordblks;
    for (size_t i = 0; i < connections; i++) {
        struct tls_pair p = handshake(&t);
        SSL_free(p.client);
        without_bios(p.server);
        held[i] = p.server;
    }
    size_t after = mallinfo2().uordblks;
    SSL_free(first.client);
    SSL_free(first.server);
    for (size_t i = 0; i < connections; i++)
        SSL_free(held[i]);
    free(held);
    SSL_CTX_free(t.client);
    SSL_CTX_free(t.server);
    return (double)(after - before) / (double)connections;
}
