/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_extension.h"

#include <stdio.h>

#include "evidence/der_writer.h"

bool simulated_add(struct simulated_certificate *c, unsigned name, bool critical, const struct writer *value)
{
    struct bytes content;
    return writer_finish(value, &content) == ERR_OK && simulated_extension_add(c, name, critical, content);
}

bool simulated_add_key_usage(struct simulated_certificate *c, uint16_t usage)
{
    uint8_t buffer[SIMULATED_VALUE_MAX];
    struct writer w = writer_into(buffer, sizeof buffer);
    der_put_flags(&w, usage);
    return simulated_add(c, SIMULATED_EXTENSION_KEY_USAGE, true, &w);
}

/* RFC 5280 section 4.2.1.9: an end entity's are an empty sequence. */
bool simulated_add_basic_constraints(struct simulated_certificate *c, bool is_ca, int path_length)
{
    static const uint8_t true_octet = 0xff;
    uint8_t buffer[SIMULATED_VALUE_MAX];
    struct writer w = writer_into(buffer, sizeof buffer);
    size_t seq = der_begin(&w, DER_SEQUENCE);
    if (is_ca)
        der_put(&w, DER_BOOLEAN, bytes_of(&true_octet, 1));
    if (path_length >= 0)
        der_put_uint(&w, (uint64_t)path_length);
    der_end(&w, seq);
    return simulated_add(c, SIMULATED_EXTENSION_BASIC_CONSTRAINTS, true, &w);
}

bool simulated_add_subject_key_id(struct simulated_certificate *c)
{
    uint8_t id[SIMULATED_KEY_ID_SIZE];
    uint8_t buffer[SIMULATED_VALUE_MAX];
    struct writer w = writer_into(buffer, sizeof buffer);
    if (simulated_key_id(c, id) != ERR_OK)
        return false;
    der_put(&w, DER_OCTET_STRING, bytes_of(id, sizeof id));
    return simulated_add(c, SIMULATED_EXTENSION_SUBJECT_KEY_ID, false, &w);
}

bool simulated_add_authority_key_id(struct simulated_certificate *c,
                                    const struct simulated_certificate *issuer)
{
    enum { KEY_IDENTIFIER = 0x80 }; /* [0] IMPLICIT OCTET STRING, RFC 5280 section 4.2.1.1 */
    uint8_t id[SIMULATED_KEY_ID_SIZE];
    uint8_t buffer[SIMULATED_VALUE_MAX];
    struct writer w = writer_into(buffer, sizeof buffer);
    if (simulated_key_id(issuer, id) != ERR_OK)
        return false;
    size_t seq = der_begin(&w, DER_SEQUENCE);
    der_put(&w, KEY_IDENTIFIER, bytes_of(id, sizeof id));
    der_end(&w, seq);
    return simulated_add(c, SIMULATED_EXTENSION_AUTHORITY_KEY_ID, false, &w);
}

/* RFC 5280 section 4.2.1.13. */
bool simulated_add_crl_distribution(struct simulated_certificate *c, const char *path)
{
    enum { FULL_NAME = 0xa0, URI = 0x86 };
    char uri[SIMULATED_VALUE_MAX];
    uint8_t buffer[SIMULATED_VALUE_MAX];
    struct writer w = writer_into(buffer, sizeof buffer);
    int len = snprintf(uri, sizeof uri, "https://simulated.invalid/%s", path);
    if (len < 0 || (size_t)len >= sizeof uri)
        return false;
    size_t points = der_begin(&w, DER_SEQUENCE);
    size_t point = der_begin(&w, DER_SEQUENCE);
    size_t name = der_begin(&w, DER_CONTEXT + 0);
    size_t full = der_begin(&w, FULL_NAME);
    der_put(&w, URI, bytes_of(uri, (size_t)len));
    der_end(&w, full);
    der_end(&w, name);
    der_end(&w, point);
    der_end(&w, points);
    return simulated_add(c, SIMULATED_EXTENSION_CRL_DISTRIBUTION, false, &w);
}
