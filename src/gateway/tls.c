/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/tls.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { PLAIN_SIZE = 16 * 1024 };

struct tls_context {
    SSL_CTX *ssl;
};

/* One for the process: connections hold on to it longer than to the context that they were made with. */
static BIO_METHOD *method;

struct tls {
    SSL *ssl;
    const struct tls_sink *sink;
    void *owner;
    struct bytes input; /* what tls_receive was given and libssl has not taken yet */
};

/* ---- libssl's idea of a socket: tls_receive's bytes, and the sink. Nothing is kept here, so that an idle connection costs little. ---- */

static int bio_read(BIO *bio, char *to, size_t size, size_t *done)
{
    struct tls *t = BIO_get_data(bio);
    size_t n = size < t->input.len ? size : t->input.len;
    BIO_clear_retry_flags(bio);
    *done = n;
    if (n == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(to, t->input.ptr, n);
    t->input = bytes_of(t->input.ptr + n, t->input.len - n);
    return 1;
}

static int bio_write(BIO *bio, const char *from, size_t size, size_t *done)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *done = size;
    return t->sink->send(t->owner, bytes_of(from, size));
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static bool method_made(void)
{
    if (method != NULL)
        return true;
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gateway");
    if (m != NULL && BIO_meth_set_read_ex(m, bio_read) == 1 && BIO_meth_set_write_ex(m, bio_write) == 1 &&
        BIO_meth_set_ctrl(m, bio_ctrl) == 1)
        method = m;
    else
        BIO_meth_free(m);
    return method != NULL;
}

static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *unused)
{
    static const unsigned char known[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)unused;
    if (SSL_select_next_proto(&chosen, out_len, known, sizeof known - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* ---- contexts ---- */

static enum err failed(struct err_note *note, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = ERR_reason_error_string(code);
    enum err e =
        err_noted(ERR_FILE, note, "%.160s: %s", what, why != NULL ? why : "cannot be read as a PEM file");
    ERR_clear_error();
    return e;
}

enum err tls_context_open(const char *certificate, const char *key, struct tls_context **context,
                          struct err_note *note)
{
    enum err e = ERR_CRYPTO;
    struct tls_context *c = calloc(1, sizeof *c);
    *context = NULL;
    if (c == NULL)
        return ERR_MEMORY;
    c->ssl = SSL_CTX_new(TLS_server_method());
    if (c->ssl == NULL || !method_made() || SSL_CTX_set_min_proto_version(c->ssl, TLS1_3_VERSION) != 1)
        goto out;
    (void)SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS);
    /* Sessions cannot be resumed: a ticket key would be one more secret to keep, and a handshake is cheap beside what follows. */
    (void)SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(c->ssl, 0);
    SSL_CTX_set_alpn_select_cb(c->ssl, select_protocol, NULL);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(c->ssl, certificate) != 1)
        e = failed(note, certificate);
    else if (SSL_CTX_use_PrivateKey_file(c->ssl, key, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(c->ssl) != 1)
        e = failed(note, key);
    else
        e = ERR_OK;
out:
    if (e == ERR_OK)
        *context = c;
    else
        tls_context_close(c);
    return e;
}

void tls_context_close(struct tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    free(context);
}

/* ---- connections ---- */

struct tls *tls_open(struct tls_context *context, const struct tls_sink *sink, void *owner)
{
    struct tls *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->sink = sink;
    t->owner = owner;
    t->ssl = SSL_new(context->ssl);
    BIO *bio = BIO_new(method);
    if (t->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        tls_close(t);
        return NULL;
    }
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_accept_state(t->ssl);
    return t;
}

void tls_close(struct tls *t)
{
    if (t == NULL)
        return;
    SSL_free(t->ssl);
    free(t);
}

enum tls_answer tls_receive(struct tls *t, struct bytes ciphertext)
{
    uint8_t plain[PLAIN_SIZE];
    t->input = ciphertext;
    for (;;) {
        size_t n = 0;
        ERR_clear_error();
        int status = SSL_read_ex(t->ssl, plain, sizeof plain, &n);
        if (status == 1) {
            if (!t->sink->plain(t->owner, plain, n))
                return TLS_FINE;
            continue;
        }
        int why = SSL_get_error(t->ssl, status);
        ERR_clear_error();
        if (why == SSL_ERROR_WANT_READ)
            return TLS_FINE;
        return why == SSL_ERROR_ZERO_RETURN ? TLS_ENDED : TLS_FAILED;
    }
}

bool tls_send(struct tls *t, struct bytes plain)
{
    size_t done = 0;
    ERR_clear_error();
    bool fine =
        plain.len == 0 || (SSL_write_ex(t->ssl, plain.ptr, plain.len, &done) == 1 && done == plain.len);
    ERR_clear_error();
    return fine;
}

void tls_end(struct tls *t)
{
    ERR_clear_error();
    if (SSL_is_init_finished(t->ssl) == 1)
        (void)SSL_shutdown(t->ssl);
    ERR_clear_error();
}
