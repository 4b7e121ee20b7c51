/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/*
 * The one error space of Enclume.
 *
 * A function that can fail returns `enum err` and is marked ERR_MUST_USE; ERR_OK is zero. Each error is one row
 * of ERR_TABLE: its constant, a stable name (logs, JSON and tests use it), the class that decides the exit code
 * of a program, and a sentence for a person. Where it helps to say *which* field was wrong and what was seen, the
 * function also takes a `struct err_note *` (may be NULL), a caller-owned text that never holds secrets or content.
 *
 *     enum err e = snp_report_parse(bytes, &report, &note);
 *     if (e != ERR_OK)
 *         fprintf(stderr, "%s: %s (%s)\n", err_name(e), err_text(e), note.text);
 */

#include <stddef.h>

#define ERR_MUST_USE __attribute__((warn_unused_result))

/* Whose fault it is; the exit codes of every program (docs/protocol.md, "Errors"). */
enum err_class {
    ERR_CLASS_NONE = 0,
    ERR_CLASS_REFUSED = 1, /* verification said no */
    ERR_CLASS_USAGE = 2,   /* wrong arguments, unreadable input */
    ERR_CLASS_NETWORK = 3, /* connection failed, or the peer broke the protocol */
    ERR_CLASS_ENCLAVE = 4, /* the enclave answered with an error, or this machine failed */
};

/* X(constant, stable name, class, sentence) */
#define ERR_TABLE(X)                                                                                            \
    X(ERR_OK, "ok", ERR_CLASS_NONE, "no error")                                                                 \
    /* base: reading and composing bytes */                                                                     \
    X(ERR_TRUNCATED, "truncated", ERR_CLASS_USAGE, "the input ends before the field does")                      \
    X(ERR_TRAILING, "trailing-bytes", ERR_CLASS_USAGE, "there are bytes after the end of the structure")        \
    X(ERR_NOT_ZERO, "reserved-not-zero", ERR_CLASS_USAGE, "a reserved field is not zero")                       \
    X(ERR_NO_SPACE, "no-space", ERR_CLASS_USAGE, "the result does not fit the space given for it")              \
    X(ERR_ENCODING, "bad-encoding", ERR_CLASS_USAGE, "the text is not in the encoding it should be in")         \
    X(ERR_JSON, "bad-json", ERR_CLASS_USAGE, "the text is not the JSON document that was expected")             \
    X(ERR_VALUE, "bad-value", ERR_CLASS_USAGE, "a field has a value that is not allowed")                       \
    X(ERR_UNKNOWN, "unknown-value", ERR_CLASS_USAGE,                                                            \
      "a field has a value that is not known, so it is refused")                                                \
    X(ERR_TOO_LARGE, "too-large", ERR_CLASS_USAGE, "the input is larger than the limit")                        \
    X(ERR_USAGE, "usage", ERR_CLASS_USAGE, "the program was called the wrong way")                              \
    X(ERR_FILE, "file", ERR_CLASS_USAGE, "the file cannot be read or written")                                  \
    X(ERR_MEMORY, "out-of-memory", ERR_CLASS_ENCLAVE, "there is not enough memory")                             \
    X(ERR_LOCKED_MEMORY, "no-locked-memory", ERR_CLASS_ENCLAVE, "memory for secrets cannot be locked")          \
    X(ERR_SYSTEM, "system-call", ERR_CLASS_ENCLAVE, "the operating system refused a call")                      \
    /* crypto */                                                                                                \
    X(ERR_CRYPTO, "crypto-library", ERR_CLASS_ENCLAVE, "the cryptographic library failed")                      \
    X(ERR_AUTH, "authentication-failed", ERR_CLASS_NETWORK, "a message is not authentic")                       \
    X(ERR_SIGNATURE, "bad-signature", ERR_CLASS_REFUSED, "a signature does not verify")                         \
    X(ERR_KEY, "bad-key", ERR_CLASS_REFUSED, "a key is malformed or of the wrong kind")                         \
    /* noise */                                                                                                 \
    X(ERR_NOISE_STATE, "noise-state", ERR_CLASS_NETWORK, "a handshake message at the wrong moment")             \
    X(ERR_NOISE_MESSAGE, "noise-message", ERR_CLASS_NETWORK, "a handshake message has the wrong length")        \
    X(ERR_NOISE_KEY, "noise-public-key", ERR_CLASS_NETWORK, "a public key of the peer is not a valid one")      \
    X(ERR_NOISE_NONCE, "noise-nonce-exhausted", ERR_CLASS_NETWORK,                                              \
      "the cipher's message counter is used up")                                                                \
    X(ERR_NOISE_NAME, "noise-protocol-name", ERR_CLASS_USAGE, "no such Noise protocol")                         \
    /* channel: what a peer can do wrong; the name travels in the CLOSE frame as a number (docs/protocol.md) */ \
    X(ERR_CHANNEL_STATE, "channel-state", ERR_CLASS_NETWORK, "that is not allowed in the channel's state")      \
    X(ERR_CHANNEL_CLOSED, "channel-closed", ERR_CLASS_NETWORK, "the channel is closed")                         \
    X(ERR_CHANNEL_CUT, "channel-cut", ERR_CLASS_NETWORK,                                                        \
      "the connection ended without an authenticated end")                                                      \
    X(ERR_CHANNEL_RECORD, "record-malformed", ERR_CLASS_NETWORK, "a record is malformed")                       \
    X(ERR_CHANNEL_BUCKET, "record-not-padded", ERR_CLASS_NETWORK, "a record is not padded to a bucket")         \
    X(ERR_CHANNEL_FRAME, "frame-malformed", ERR_CLASS_NETWORK, "a frame is malformed")                          \
    X(ERR_CHANNEL_FRAME_TYPE, "frame-unknown", ERR_CLASS_NETWORK, "a frame has an unknown type or flag")        \
    X(ERR_CHANNEL_STREAM, "stream-rule", ERR_CLASS_NETWORK, "a frame breaks the rules of its stream")           \
    X(ERR_CHANNEL_STREAMS, "too-many-streams", ERR_CLASS_NETWORK, "more streams at once than are allowed")      \
    X(ERR_CHANNEL_WINDOW, "window-exceeded", ERR_CLASS_NETWORK, "more data than the window allows")             \
    X(ERR_CHANNEL_EVIDENCE, "evidence-rule", ERR_CLASS_NETWORK,                                                 \
      "evidence that was not asked for, or too much of it")                                                     \
    X(ERR_CHANNEL_FLOOD, "control-flood", ERR_CLASS_NETWORK, "too many control frames without progress")        \
    X(ERR_CHANNEL_TIMEOUT, "timeout", ERR_CLASS_NETWORK, "the peer took too long")                              \
    X(ERR_CHANNEL_SHUTDOWN, "shutting-down", ERR_CLASS_ENCLAVE, "the enclave is shutting down")                 \
    X(ERR_NETWORK, "network", ERR_CLASS_NETWORK, "the connection could not be made or broke off")               \
    /* attest */                                                                                                \
    X(ERR_REFUSED, "verification-refused", ERR_CLASS_REFUSED, "the evidence was refused")                       \
    X(ERR_CERTIFICATE, "bad-certificate", ERR_CLASS_REFUSED, "a certificate is malformed")                      \
    X(ERR_EVIDENCE, "evidence-source", ERR_CLASS_ENCLAVE, "the attestation device gave no evidence")            \
    /* engine and requests */                                                                                   \
    X(ERR_REQUEST, "bad-request", ERR_CLASS_ENCLAVE,                                                            \
      "the request is malformed or asks for something unsupported")                                             \
    X(ERR_BUSY, "busy", ERR_CLASS_ENCLAVE, "the enclave is busy, try again later")                              \
    X(ERR_CONTEXT, "context-length", ERR_CLASS_ENCLAVE, "the prompt does not fit the model's context")          \
    X(ERR_CANCELLED, "cancelled", ERR_CLASS_ENCLAVE, "the request was cancelled")                               \
    X(ERR_SLOW_READER, "slow-reader", ERR_CLASS_ENCLAVE, "the answer was not read fast enough to keep it")      \
    X(ERR_MODEL, "model", ERR_CLASS_ENCLAVE, "the model cannot be loaded or used")                              \
    X(ERR_ENGINE, "engine", ERR_CLASS_ENCLAVE, "the inference engine failed")                                   \
    /* cli */                                                                                                   \
    X(ERR_DIGEST, "wrong-digest", ERR_CLASS_REFUSED, "a file is not the one with that SHA-256")

enum err {
#define ERR_ENUM_ROW(constant, name, class, text) constant,
    ERR_TABLE(ERR_ENUM_ROW)
#undef ERR_ENUM_ROW
        ERR_COUNT
};

/* Where an input was wrong and what was seen there: "report.policy at 0x8: 0x..., wanted ...". Not secret, not content. */
struct err_note {
    char text[256];
};

const char *err_name(enum err e);
const char *err_text(enum err e);
enum err_class err_class(enum err e);

/* The error of that stable name, as it comes back over the wire; ERR_ENGINE for a name that is not in the table (or is "ok"). */
enum err err_find(const char *name);

/* Writes the note (NULL is allowed and does nothing) and returns e, so that a refusal is one line. */
ERR_MUST_USE enum err err_noted(enum err e, struct err_note *note, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
