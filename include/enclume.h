/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLUME_H
#define ENCLUME_H

/*
 * libenclume: inference in an enclave that the caller has verified.
 *
 * A prompt is encrypted on this machine, straight into a confidential virtual machine, after the chip maker's signature over the
 * code that runs there was checked against the launch measurements that the caller names.
 *
 *     struct enclume_policy *policy = NULL;
 *     struct enclume_client *client = NULL;
 *     enclume_policy_new(&policy);
 *     enclume_policy_add_measurement(policy, "<96 hexadecimal digits>");
 *     if (enclume_client_new("host:4443", policy, &client, NULL) == ENCLUME_OK)
 *         enclume_client_chat(client, messages, 1, NULL, print, stdout, NULL, NULL);
 *
 * Promised:
 *   - no part of a prompt leaves before the evidence was accepted under the policy; there is no call that skips this;
 *   - an answer is ENCLUME_OK only when it came whole, down to its authenticated end;
 *   - verification (of a saved bundle, a report, a quote) uses no network, no clock and no file;
 *   - every function is reentrant: different objects may be used by different threads at once. One object belongs to one
 *     thread at a time, except that enclume_client_cancel may be called from anywhere, and that any number of threads may
 *     verify with the same policy while nobody changes it;
 *   - memory that the library holds for keys, prompts and answers is locked where the system allows it, left out of core
 *     dumps, and overwritten on release;
 *   - the library carries its own cryptographic and JSON libraries, hidden: those of the application are not touched.
 *
 * Not promised:
 *   - anything about copies that the application makes, or about an attacker who runs code on this machine;
 *   - that the measured code is good code: the launch measurement says which code runs, the caller says which code is trusted;
 *   - anything about hardware when a verdict is simulated (enclume_verdict_simulated);
 *   - survival of fork(): in a child process, no object made before may be used. Unloading with dlclose has no effect.
 *
 * Ownership: objects are released with their own _free function, texts of type `char *` with enclume_string_free. `const char *`
 * stays the library's. NULL may be passed to every _free function. What is passed in is copied, unless it says otherwise.
 * A required argument that is NULL gives the error "usage", and output parameters are then NULL or zero.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ENCLUME_VERSION_STRING "0.1.0"

/* The version of the library in use, "0.1.0"; ENCLUME_VERSION_STRING is that of this header. */
const char *enclume_version(void);

/* Overwrites and releases a text that the library gave. Anything else aborts the process. */
void enclume_string_free(char *text);

/* ---- errors ----
 *
 * Functions that can fail return an int: ENCLUME_OK, or an error. Its number may differ from one version to the next; its name and
 * class do not. The classes are also what programs should exit with.
 */

enum { ENCLUME_OK = 0 };

enum enclume_class {
    ENCLUME_CLASS_NONE = 0,    /* ENCLUME_OK */
    ENCLUME_CLASS_REFUSED = 1, /* verification said no */
    ENCLUME_CLASS_USAGE = 2,   /* wrong arguments or unusable input */
    ENCLUME_CLASS_NETWORK = 3, /* the connection failed, or the peer broke the protocol */
    ENCLUME_CLASS_ENCLAVE = 4  /* the enclave answered with an error, or this machine failed */
};

/* "verification-refused"; stable. "unknown-value" for a number that is no error. */
const char *enclume_error_name(int error);
/* A sentence for a person, in English. */
const char *enclume_error_text(int error);
enum enclume_class enclume_error_class(int error);

/* Size of a note, with its NUL: what exactly was wrong, for a person. A function with a `note` parameter takes that many bytes, or
 * NULL; the note is empty when there is nothing more to say. It never holds secrets or content. */
enum { ENCLUME_NOTE_SIZE = 256 };

/* ---- policies: what is acceptable ---- */

enum {
    ENCLUME_MEASUREMENT_SIZE = 48, /* bytes of a launch measurement: 96 hexadecimal digits */
    ENCLUME_DIGEST_SIZE = 32,      /* bytes of a model's SHA-256: 64 hexadecimal digits */
    ENCLUME_REFERENCES_MAX = 64,   /* measurements in one policy, as many TDX launches, and as many digests */
    ENCLUME_ROOT_SIZE_MAX = 65536, /* bytes of a root certificate's file */
    ENCLUME_POLICY_SIZE_MAX = 1048576 /* bytes of a policy document */
};

struct enclume_policy;

/* A new policy accepts nothing until a measurement or a TDX launch is added. */
int enclume_policy_new(struct enclume_policy **policy);
/* A policy that is written down as one JSON document (docs/policy.md: size bytes of text, no NUL needed). It can be added to like a new one.
 * Strict: what is unknown, out of range or there twice is an error, and the note names the member: "tdx.launches[1].rtmr0: ...".
 * Errors: "bad-json", "bad-value", "unknown-value", "too-large". */
int enclume_policy_from_json(const void *text, size_t size, struct enclume_policy **policy, char *note);
void enclume_policy_free(struct enclume_policy *policy);

/* Accept code with this launch measurement on AMD SEV-SNP: 96 hexadecimal digits, either case. Errors: "bad-encoding", "too-large" when there are
 * ENCLUME_REFERENCES_MAX already. */
int enclume_policy_add_measurement(struct enclume_policy *policy, const char *hex);
/* Accept a TD of Intel TDX with this MRTD and these RTMRs, 96 digits each, together. NULL or "any": that register is not compared, so that
 * whoever runs the machine chooses what it measures, and the verdict says so. MRTD covers the firmware alone. The same errors. */
int enclume_policy_add_tdx_launch(struct enclume_policy *policy, const char *mrtd, const char *rtmr0,
                                  const char *rtmr1, const char *rtmr2, const char *rtmr3);
/* Accept only weights with this SHA-256 (64 digits), or another one that was added. Without any: every model, and the verdict says
 * which. The same errors. */
int enclume_policy_add_model(struct enclume_policy *policy, const char *hex);
/* Also accept the simulated platform whose root certificate this is: one certificate in DER, or one or more in PEM. It goes to the platform
 * whose root key it names ("ARK-...": SEV-SNP, "Intel SGX Root CA": TDX, "NVIDIA Device Identity CA": GPUs, "NVIDIA CoRIM signing Root
 * CA": their reference values) and replaces an earlier one of the same. It proves nothing about
 * hardware, and verdicts that rest on it say so. Errors: "bad-encoding", "bad-certificate", "unknown-value" (of neither), "too-large". */
int enclume_policy_trust_simulated_root(struct enclume_policy *policy, const void *certificate, size_t size);
/* Not 0: accept EPYC Milan. Its reports can be forged since its root seed was extracted (arXiv 2605.12990). Default: 0. */
int enclume_policy_allow_milan(struct enclume_policy *policy, int allow);
/* The privilege level that must have asked for the report, 0 to 3. Default: 0. Error: "bad-value". */
int enclume_policy_set_vmpl(struct enclume_policy *policy, uint32_t vmpl);
/* For clients: seconds, at least 1, for which fresh evidence stays good on a connection. Default: 3600. Error: "bad-value". */
int enclume_policy_set_max_age(struct enclume_policy *policy, int64_t seconds);

/* ---- verifying a saved bundle ---- */

enum {
    ENCLUME_KEY_SIZE = 32,             /* bytes of a Noise static key (X25519) */
    ENCLUME_BUNDLE_SIZE_MAX = 1048576, /* larger bundles are refused */
    ENCLUME_CHECKS_MAX = 192           /* checks in one verdict, at most */
};

struct enclume_verdict;

/*
 * Appraises a bundle (the text that enclume_client_evidence gives, size bytes, no NUL needed) under a policy, as of `now`, seconds
 * since 1970. ENCLUME_OK means accepted, and nothing else does. "verification-refused": *verdict says why, whatever it is that is wrong
 * with the bundle. Other errors ("usage", "out-of-memory", "crypto-library"): there is no verdict, *verdict is NULL.
 * The bundle must hold the challenge that its report answers. That it was made for somebody, then, is shown; that it is recent is not.
 */
int enclume_verify(const void *bundle, size_t size, const struct enclume_policy *policy, int64_t now,
                   struct enclume_verdict **verdict);
void enclume_verdict_free(struct enclume_verdict *verdict);

/* ---- verifying a report or quote that comes without a bundle ---- */

enum {
    ENCLUME_EVIDENCE_SIZE_MAX = 1048576, /* larger reports, quotes and files of endorsements are refused */
    ENCLUME_FILES_MAX = 16,              /* of endorsements, in one call */
    ENCLUME_REPORT_DATA_SIZE = 64
};

/* size bytes that the caller owns; NULL only when size is 0. Borrowed until the call returns. */
struct enclume_bytes {
    const void *bytes;
    size_t size;
};

/* Do not compare the report data, which must be NULL then: the evidence may be old, or made for somebody else. The verdict says so, in a check of its own
 * name ("snp.report_data.any", "tdx.report_data.any"). */
#define ENCLUME_ANY_REPORT_DATA 1U

/*
 * Appraises an AMD SEV-SNP report under a policy, as of `now`, seconds since 1970. No network, no clock, no file.
 *
 *   report         as people have it: bare (1184 bytes), as the firmware answers (MSG_REPORT_RSP, a header of 32 bytes), or extended, with a table of
 *                  certificates behind it; each as it is, or as hexadecimal or base64 text
 *   endorsements   AMD's certificates (VCEK and ASK, or VLEK and ASVK; ARK) and the revocation list of the root: PEM with any number of blocks, DER, or a GUID
 *                  table, in any order, over `count` ranges. What each is, its content says
 *   report_data    the 64 bytes that the report must cover, usually a hash of a key and of a challenge of yours; NULL: that check fails
 *   flags          0 or ENCLUME_ANY_REPORT_DATA
 *
 * Returns and *verdict as enclume_verify: ENCLUME_OK means accepted, "verification-refused" comes with a verdict, whatever it is that is wrong with the parts;
 * other errors ("usage", "out-of-memory", "crypto-library") come without. The policy must hold a launch measurement of SEV-SNP. Reentrant.
 */
int enclume_verify_snp(struct enclume_bytes report, const struct enclume_bytes *endorsements, size_t count,
                       const uint8_t *report_data, unsigned flags, const struct enclume_policy *policy,
                       int64_t now, struct enclume_verdict **verdict);

/*
 * The same for an Intel TDX quote: version 4 or 5, bare or in a GetQuote buffer, as it is or as text. endorsements: Intel's collateral, as its Provisioning
 * Certification Service answers (TCB info, identity of the TD quoting enclave, their issuer chain in PEM, two revocation lists), or the one JSON document
 * that holds all of them. The policy must hold a TDX launch.
 */
int enclume_verify_tdx(struct enclume_bytes quote, const struct enclume_bytes *endorsements, size_t count,
                       const uint8_t *report_data, unsigned flags, const struct enclume_policy *policy,
                       int64_t now, struct enclume_verdict **verdict);

/* Do not compare the challenge of a virtual TPM's quote or the nonce of GPUs' reports, which must be empty or NULL then: they may be old, or made for somebody else. The
 * verdict says so, in a check of its own name ("vtpm.nonce.any", "nvgpu.report.nonce.any"). */
#define ENCLUME_ANY_NONCE 2U

enum { ENCLUME_NONCE_SIZE_MAX = 64 };

/* What a virtual TPM has to say, as in Azure's confidential VMs; each as it is, or as hexadecimal or base64 text. What is missing is empty. */
struct enclume_vtpm {
    struct enclume_bytes hcl_report; /* of the paravisor: what the TPM holds at index 0x01400001 */
    struct enclume_bytes quote;      /* TPMS_ATTEST (tpm2_quote -m) or TPM2B_ATTEST */
    struct enclume_bytes signature;  /* TPMT_SIGNATURE (tpm2_quote -s), or the octets of the RSA signature */
    struct enclume_bytes pcr_values; /* 32 bytes for each register that is quoted, or as of tpm2_quote -o */
    struct enclume_bytes event_log;  /* of the firmware; may be missing unless the policy wants it */
    const struct enclume_bytes *ak_certificates; /* PEM or DER: of the TPM's key, up to the root; likewise */
    size_t ak_certificate_count;                 /* at most ENCLUME_FILES_MAX */
    struct enclume_bytes td_quote; /* when the HCL report holds a TDREPORT: the quote made of that */
};

/*
 * The same for evidence that comes by a virtual TPM: the hardware's report names the TPM's key, which signs the challenge and the registers in which the
 * start of the VM was measured. nonce: the 1 to ENCLUME_NONCE_SIZE_MAX bytes that the TPM must have quoted over; empty: that check fails. flags: 0 or
 * ENCLUME_ANY_NONCE. endorsements: those of the hardware's report, as of enclume_verify_snp or of enclume_verify_tdx. The policy must say which
 * registers are wanted and what they hold (docs/policy.md, vtpm), beside the launch of the paravisor; so it comes from enclume_policy_from_json.
 */
int enclume_verify_vtpm(const struct enclume_vtpm *evidence, const struct enclume_bytes *endorsements,
                        size_t count, struct enclume_bytes nonce, unsigned flags,
                        const struct enclume_policy *policy, int64_t now, struct enclume_verdict **verdict);

enum {
    ENCLUME_GPUS_MAX = 16,  /* in one call */
    ENCLUME_RIMS_MAX = 32,  /* files of reference values */
    ENCLUME_OCSP_MAX = 128, /* OCSP responses */
    ENCLUME_GPU_NONCE_SIZE = 32
};

/* One GPU. report: what NVML gives out, request and response one behind the other. certificates: its chain, the leaf first, in PEM, or DER one behind the other. */
struct enclume_gpu {
    struct enclume_bytes report;
    struct enclume_bytes certificates;
};

/* What NVIDIA says of GPUs, signed by NVIDIA, so that it may come from anybody; in any order, and more may be there. Borrowed until the call returns. */
struct enclume_gpu_endorsements {
    /* Reference values of driver and VBIOS: XML, or the answer of NVIDIA's service. */
    const struct enclume_bytes *rims;
    size_t rim_count;
    /* Responses about the certificates of the GPUs and of the reference values: DER, or PEM ("OCSP RESPONSE"). */
    const struct enclume_bytes *ocsp;
    size_t ocsp_count;
};

/*
 * Appraises the reports of NVIDIA GPUs (Hopper, Blackwell) in confidential computing mode under a policy, as of `now`, seconds since 1970. No network, no
 * clock, no file. GPUs alone: which machine they work for, their reports do not say; a bundle (enclume_verify) does.
 *
 *   gpus           at least one; each part as it is, or as hexadecimal or base64 text
 *   endorsements   not NULL; likewise
 *   nonce          the ENCLUME_GPU_NONCE_SIZE bytes that the reports must cover; NULL: that check fails
 *   flags          0 or ENCLUME_ANY_NONCE; the reports of several GPUs must have the same nonce all the same
 *
 * Returns and *verdict as enclume_verify_snp. What else is wanted, and whether OCSP responses may be missing, the section "gpu" of the policy says; it needs no
 * launch measurement.
 */
int enclume_verify_gpu(const struct enclume_gpu *gpus, size_t gpu_count,
                       const struct enclume_gpu_endorsements *endorsements, const uint8_t *nonce,
                       unsigned flags, const struct enclume_policy *policy, int64_t now,
                       struct enclume_verdict **verdict);

/* ---- verdicts ---- */

/* 1 or 0. A NULL verdict is neither accepted nor simulated. */
int enclume_verdict_accepted(const struct enclume_verdict *verdict);
/* 1: the verdict rests on a root that was given by hand and proves nothing about hardware. Tell people. */
int enclume_verdict_simulated(const struct enclume_verdict *verdict);

/* For people: a line for each check and one that sums up. explain not 0: with the reason why each check is there. NULL without memory. */
char *enclume_verdict_text(const struct enclume_verdict *verdict, int explain);
/* For programs: one JSON object with verdict, platform, simulated, appraised_at, checks and claims. NULL without memory. */
char *enclume_verdict_json(const struct enclume_verdict *verdict);

/* One check. The texts live as long as the verdict. */
struct enclume_check {
    const char *name;   /* stable, "snp.report.signature" */
    int passed;         /* 1 or 0 */
    const char *saw;    /* at most 199 bytes, may be empty */
    const char *wanted; /* likewise */
    const char *text;   /* a sentence that holds when the check passed */
};

size_t enclume_verdict_check_count(const struct enclume_verdict *verdict);
/* Check number index, from 0, in the order in which they were made. Error: "bad-value" when there is none. */
int enclume_verdict_check(const struct enclume_verdict *verdict, size_t index, struct enclume_check *check);

/* The claims of accepted evidence. Of refused evidence nothing is to be relied on: then the error is "verification-refused" and the
 * result zeros. */
int enclume_verdict_noise_key(const struct enclume_verdict *verdict, uint8_t key[ENCLUME_KEY_SIZE]);
int enclume_verdict_model_digest(const struct enclume_verdict *verdict, uint8_t digest[ENCLUME_DIGEST_SIZE]);
int enclume_verdict_measurement(const struct enclume_verdict *verdict,
                                uint8_t measurement[ENCLUME_MEASUREMENT_SIZE]);

/* ---- asking an enclave ---- */

struct enclume_client;

/*
 * A client for one enclave; connects nowhere yet. address: HOST:PORT, tcp:HOST:PORT, unix:PATH or vsock:CID:PORT; anything else is
 * the error "usage". The policy is copied as it is now. A connection is given up after 30 seconds without a verdict, an answer after
 * 600 seconds of silence.
 */
int enclume_client_new(const char *address, const struct enclume_policy *policy,
                       struct enclume_client **client, char *note);
void enclume_client_free(struct enclume_client *client);

/* Connects and appraises; does nothing when that is done. "verification-refused": see the verdict. */
int enclume_client_connect(struct enclume_client *client, char *note);

/* A copy of the verdict that the connection rests on, or that refused it; the caller's. NULL before there is one, or without memory. */
struct enclume_verdict *enclume_client_verdict(const struct enclume_client *client);
/* The evidence behind that verdict, also when it was refused: a bundle for enclume_verify. NULL before there is one, or without memory. */
char *enclume_client_evidence(const struct enclume_client *client);

struct enclume_message {
    const char *role;    /* "system", "user" or "assistant" */
    const char *content; /* UTF-8 */
};

enum {
    ENCLUME_MESSAGES_MAX = 1024,
    ENCLUME_REQUEST_SIZE_MAX = 4194304, /* bytes of all messages together, as JSON */
    ENCLUME_STOPS_MAX = 16,
    ENCLUME_STOP_SIZE_MAX = 256, /* bytes of one stop text */
    ENCLUME_TOKENS_MAX = 1048576
};

struct enclume_sampling {
    float temperature;       /* 0 to 2; 0: always the likeliest token. Default 1 */
    float top_p;             /* 0 to 1. Default 1 */
    float min_p;             /* 0 to 1. Default 0 */
    uint32_t top_k;          /* up to 1048576; 0 (default): off */
    float presence_penalty;  /* -2 to 2. Default 0 */
    float frequency_penalty; /* -2 to 2. Default 0 */
    float repeat_penalty;    /* 0.1 to 10; 1 (default): off */
    int has_seed;            /* 0 (default): another answer each time */
    uint32_t seed;
    uint32_t max_tokens;      /* up to ENCLUME_TOKENS_MAX; 0 (default): as far as the context reaches */
    const char *const *stops; /* the answer ends before any of these; UTF-8, not empty */
    size_t stop_count;        /* at most ENCLUME_STOPS_MAX */
};

/* Sets the defaults. NULL does nothing. */
void enclume_sampling_init(struct enclume_sampling *sampling);

enum enclume_finish {
    ENCLUME_FINISH_STOP = 0,  /* the model came to an end, or a stop text was met */
    ENCLUME_FINISH_LENGTH = 1 /* max_tokens or the context is used up */
};

struct enclume_usage {
    uint32_t prompt_tokens;
    uint32_t completion_tokens;
    enum enclume_finish finish;
};

/* Takes a piece of the answer: size bytes of UTF-8, whole characters, not NUL-terminated. It is overwritten when the function returns.
 * Of this client, only enclume_client_cancel may be called from here. */
typedef void enclume_text_function(void *owner, const char *text, size_t size);

/*
 * Asks and waits for the answer, which goes to on_text piece by piece. Connects first if need be. sampling: NULL for the defaults. usage:
 * NULL, or filled in when ENCLUME_OK is returned. Only then is the answer whole: after an error, what on_text was given is a fragment.
 * Errors: those of enclume_client_connect; "bad-request" (nothing was sent, or the enclave said so), "too-large", "busy",
 * "context-length", "cancelled", and others that enclume_error_class sorts.
 */
int enclume_client_chat(struct enclume_client *client, const struct enclume_message *messages, size_t count,
                        const struct enclume_sampling *sampling, enclume_text_function *on_text, void *owner,
                        struct enclume_usage *usage, char *note);

/* Stops the connect or chat under way, which returns "cancelled"; from any thread, from on_text, and from a signal handler. Pieces that had
 * arrived may still be handed over. The client can be used further. Without one under way it does nothing. The client must not be freed meanwhile. */
void enclume_client_cancel(struct enclume_client *client);

#ifdef __cplusplus
}
#endif

#endif
