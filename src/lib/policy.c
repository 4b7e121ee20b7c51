/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/x509.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "lib/lib_internal.h"

_Static_assert((int)ENCLUME_MEASUREMENT_SIZE == (int)ATTEST_MEASUREMENT_SIZE &&
                   (int)ENCLUME_DIGEST_SIZE == (int)ATTEST_DIGEST_SIZE &&
                   (int)ENCLUME_REFERENCES_MAX == (int)ATTEST_REFERENCES_MAX,
               "the sizes of a policy are the same on both sides");

enum { VMPL_MAX = 3, MAX_AGE_DEFAULT = 3600, DER_SEQUENCE = 0x30 };

int enclume_policy_new(struct enclume_policy **policy)
{
    if (policy == NULL)
        return ERR_USAGE;
    *policy = secret_alloc(sizeof **policy);
    if (*policy == NULL)
        return ERR_MEMORY;
    (*policy)->max_age = MAX_AGE_DEFAULT;
    return ERR_OK;
}

void enclume_policy_free(struct enclume_policy *policy)
{
    if (policy == NULL)
        return;
    secret_free(policy->root);
    secret_free(policy);
}

/* The next row of a table; hex that is not right changes nothing. */
static enum err add_reference(const char *hex, uint8_t *table, size_t size, size_t *count)
{
    if (*count == ATTEST_REFERENCES_MAX)
        return ERR_TOO_LARGE;
    enum err e = encoding_unhex(bytes_str(hex), table + *count * size, size);
    if (e == ERR_OK)
        (*count)++;
    return e;
}

int enclume_policy_add_measurement(struct enclume_policy *policy, const char *hex)
{
    if (policy == NULL || hex == NULL)
        return ERR_USAGE;
    return add_reference(hex, policy->measurements[0], ATTEST_MEASUREMENT_SIZE, &policy->measurement_count);
}

int enclume_policy_add_model(struct enclume_policy *policy, const char *hex)
{
    if (policy == NULL || hex == NULL)
        return ERR_USAGE;
    return add_reference(hex, policy->models[0], ATTEST_DIGEST_SIZE, &policy->model_count);
}

/* A DER certificate begins with the tag of a SEQUENCE, which no PEM text does. der: file.len bytes. */
static enum err certificate_of(struct bytes file, uint8_t *der, size_t *len)
{
    struct x509 parsed;
    if (file.ptr[0] == DER_SEQUENCE) {
        memcpy(der, file.ptr, file.len);
        *len = file.len;
    } else if (encoding_pem_next(&file, "CERTIFICATE", der, file.len, len) != ERR_OK) {
        return ERR_ENCODING;
    }
    return x509_parse(bytes_of(der, *len), &parsed, NULL) == ERR_OK ? ERR_OK : ERR_CERTIFICATE;
}

int enclume_policy_trust_simulated_root(struct enclume_policy *policy, const void *certificate, size_t size)
{
    size_t len = 0;
    if (policy == NULL || certificate == NULL || size == 0)
        return ERR_USAGE;
    if (size > ENCLUME_ROOT_SIZE_MAX)
        return ERR_TOO_LARGE;
    uint8_t *der = secret_alloc(size);
    if (der == NULL)
        return ERR_MEMORY;
    enum err e = certificate_of(bytes_of(certificate, size), der, &len);
    if (e != ERR_OK) {
        secret_free(der);
        return e;
    }
    secret_free(policy->root);
    policy->root = der;
    policy->root_size = len;
    return ERR_OK;
}

int enclume_policy_allow_milan(struct enclume_policy *policy, int allow)
{
    if (policy == NULL)
        return ERR_USAGE;
    policy->allow_milan = allow != 0;
    return ERR_OK;
}

int enclume_policy_set_vmpl(struct enclume_policy *policy, uint32_t vmpl)
{
    if (policy == NULL)
        return ERR_USAGE;
    if (vmpl > VMPL_MAX)
        return ERR_VALUE;
    policy->vmpl = vmpl;
    return ERR_OK;
}

int enclume_policy_set_max_age(struct enclume_policy *policy, int64_t seconds)
{
    if (policy == NULL)
        return ERR_USAGE;
    if (seconds < 1)
        return ERR_VALUE;
    policy->max_age = seconds;
    return ERR_OK;
}

struct attest_policy lib_policy_view(const struct enclume_policy *p)
{
    return (struct attest_policy){
        .measurements = p->measurements,
        .measurement_count = p->measurement_count,
        .models = p->models,
        .model_count = p->model_count,
        .simulated_root = bytes_of(p->root, p->root_size),
        .vmpl = p->vmpl,
        .allow_milan = p->allow_milan,
    };
}

enum err lib_policy_copy(const struct enclume_policy *p, struct enclume_policy **copy)
{
    uint8_t *root = NULL;
    *copy = NULL;
    if (p->root != NULL) {
        root = secret_alloc(p->root_size);
        if (root == NULL)
            return ERR_MEMORY;
        memcpy(root, p->root, p->root_size);
    }
    *copy = secret_alloc(sizeof **copy);
    if (*copy == NULL) {
        secret_free(root);
        return ERR_MEMORY;
    }
    **copy = *p;
    (*copy)->root = root;
    return ERR_OK;
}
