/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_POLICY_MEMBERS_H
#define ATTEST_POLICY_MEMBERS_H

/*
 * The members of a policy document, one row each: what docs/policy.md and docs/policy.schema.json describe, and what the reader (policy_read.c) and the
 * writer (policy_write.c) go by. A test holds all of them against one another.
 *
 * Another section is another table of rows like these, hung into policy_members as a MEMBER_OBJECT, and its struct a member of struct attest_policy.
 */

#include "attest/policy_document.h"

enum member_kind {
    MEMBER_VERSION, /* the version of the format; stored nowhere */
    MEMBER_OBJECT,  /* `members`, of the same struct */
    MEMBER_BOOL,    /* bool */
    MEMBER_NUMBER, /* unsigned integer of `size` bytes, min to max; one below min stands for "not given" and is not written */
    MEMBER_NUMBER_OR_ANY, /* likewise; "any" is `any` */
    MEMBER_NUMBER_IF,     /* MEMBER_NUMBER, and the bool at `mark`, which is false for "any" */
    MEMBER_MASK,          /* uint64_t: "0x1f" */
    MEMBER_DOTTED,        /* `size` bytes: "1.55.40" */
    MEMBER_WORD,          /* enum: one of `words` */
    MEMBER_WORDS, /* array of different words, each a bit of an unsigned integer of `size` bytes; min 1: none of them stands for all */
    MEMBER_RULE,  /* enum policy_rule */
    MEMBER_BIT_RULE, /* the same for bit `bit` of the uint64_t at `at` (required) and at `beside` (forbidden) */
    MEMBER_TEXT,     /* const char *: printable ASCII, 1 to `size` characters */
    MEMBER_TEXT_OR_ANY, /* likewise, or "any": NULL */
    MEMBER_TEXTS,       /* const char *const *, and size_t `beside`: at most `max` of these */
    MEMBER_BYTES,       /* `size` bytes in place, in hexadecimal */
    MEMBER_VALUE,       /* pointer to `size` bytes, or "any": NULL */
    MEMBER_VALUES,      /* pointer to items of `size` bytes, and size_t `beside`: at most `max` of them */
    MEMBER_OCTETS, /* pointer to struct bytes, and size_t `beside`: at most `max` of 1 to `size` bytes each */
    MEMBER_RECORDS, /* pointer to structs of `size` bytes, and size_t `beside`: at most `max` objects with `members` */
    MEMBER_REGISTER, /* RTMR number `bit` of a struct tdx_launch: hexadecimal, or "any" */
    MEMBER_ROOTS,    /* certificates for attest_policy_trust_simulated */
    MEMBER_KIND_COUNT
};

struct policy_word {
    const char *text;
    unsigned value; /* of the enum, or which bit */
};

struct policy_member {
    const char *key; /* NULL ends a table */
    enum member_kind kind;
    bool required;
    size_t at;     /* in struct policy_document, or in the record */
    size_t beside; /* see the kinds */
    size_t
        mark; /* MEMBER_RECORDS: of a bool that says that there is a list, when "shipped" is another answer; 0: it is not. MEMBER_NUMBER_IF: of a bool */
    size_t size;
    uint64_t min, max;
    uint64_t any;
    unsigned bit;
    const struct policy_word *words; /* text NULL ends them */
    const struct policy_member *members;
    enum policy_rule (*otherwise)(unsigned bit); /* MEMBER_RULE: what POLICY_DEFAULT comes to */
    /* MEMBER_RECORDS: what is wrong with a record as a whole, NULL: nothing; and can it ever be met? One that can not is not written. NULL: always. */
    const char *(*problem)(const void *record);
    bool (*counts)(const void *record);
};

extern const struct policy_member policy_members[];

/* "any", "require", "forbid" */
extern const struct policy_word policy_rule_words[];

/* Where the simulated roots are, one a platform: offsets of struct bytes in struct attest_policy. */
extern const size_t policy_roots[];
extern const size_t policy_root_count;

/* ---- what the files of the document share ---- */

enum { POLICY_ROOT_MAX = 64 * 1024 }; /* bytes of a certificate, or of a file with some */

/* Zeros that live as long as the document; NULL when there is no memory. */
void *policy_document_alloc(struct policy_document *doc, size_t count, size_t size);

/* policy_read.c: the whole document, as it was parsed. */
ERR_MUST_USE enum err policy_read(const json_t *root, struct policy_document *doc, struct err_note *note);
/* One certificate, in PEM or as base64 of its DER, kept by the document. ERR_ENCODING. */
ERR_MUST_USE enum err policy_read_root(struct policy_document *doc, struct bytes text, struct bytes *root);

/* policy_write.c. *root is released with json_decref. */
ERR_MUST_USE enum err policy_write(const struct policy_document *doc, json_t **root, struct err_note *note);

#endif
