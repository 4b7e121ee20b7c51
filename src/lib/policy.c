/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"
#include "base/secret.h"
#include "lib/lib_internal.h"

_Static_assert((int)ENCLUME_MEASUREMENT_SIZE == (int)ATTEST_MEASUREMENT_SIZE &&
                   (int)ENCLUME_DIGEST_SIZE == (int)ATTEST_DIGEST_SIZE &&
                   (int)ENCLUME_REFERENCES_MAX == (int)ATTEST_REFERENCES_MAX &&
                   (int)ENCLUME_REFERENCES_MAX == (int)POLICY_MODELS_MAX &&
                   (int)ENCLUME_REFERENCES_MAX == (int)TDX_LAUNCHES_MAX &&
                   (int)ENCLUME_POLICY_SIZE_MAX == (int)POLICY_DOCUMENT_MAX,
               "the sizes of a policy are the same on both sides");

enum { VMPL_MAX = 3, MAX_AGE_DEFAULT = 3600 };

/* Takes the document over, also when it fails. */
static enum err wrap(struct policy_document *document, struct enclume_policy **policy)
{
    *policy = secret_alloc(sizeof **policy);
    if (*policy == NULL) {
        policy_document_release(document);
        return ERR_MEMORY;
    }
    (*policy)->document = document;
    if (document->max_age == 0)
        document->max_age = MAX_AGE_DEFAULT;
    return ERR_OK;
}

int enclume_policy_new(struct enclume_policy **policy)
{
    struct policy_document *document;
    if (policy == NULL)
        return ERR_USAGE;
    *policy = NULL;
    enum err e = policy_document_new(&document);
    return e == ERR_OK ? wrap(document, policy) : e;
}

int enclume_policy_from_json(const void *text, size_t size, struct enclume_policy **policy, char *note)
{
    struct policy_document *document;
    struct err_note why = {{0}};
    lib_note(&why, note);
    if (policy == NULL)
        return ERR_USAGE;
    *policy = NULL;
    if (text == NULL)
        return ERR_USAGE;
    enum err e = policy_document_parse(bytes_of(text, size), &document, &why);
    lib_note(&why, note);
    return e == ERR_OK ? wrap(document, policy) : e;
}

void enclume_policy_free(struct enclume_policy *policy)
{
    if (policy == NULL)
        return;
    policy_document_release(policy->document);
    secret_free(policy);
}

int enclume_policy_add_measurement(struct enclume_policy *policy, const char *hex)
{
    uint8_t measurement[ATTEST_MEASUREMENT_SIZE];
    if (policy == NULL || hex == NULL)
        return ERR_USAGE;
    enum err e = encoding_unhex(bytes_str(hex), measurement, sizeof measurement);
    return e == ERR_OK ? policy_document_add_measurement(policy->document, measurement) : e;
}

int enclume_policy_add_tdx_launch(struct enclume_policy *policy, const char *mrtd, const char *rtmr0,
                                  const char *rtmr1, const char *rtmr2, const char *rtmr3)
{
    const char *const registers[TDX_RTMR_COUNT] = {rtmr0, rtmr1, rtmr2, rtmr3};
    struct tdx_launch launch = {.named = 0};
    if (policy == NULL || mrtd == NULL)
        return ERR_USAGE;
    enum err e = encoding_unhex(bytes_str(mrtd), launch.mrtd, sizeof launch.mrtd);
    for (unsigned n = 0; e == ERR_OK && n < TDX_RTMR_COUNT; n++)
        e = tdx_launch_set_rtmr(&launch, n, bytes_str(registers[n] == NULL ? "any" : registers[n]));
    return e == ERR_OK ? policy_document_add_launch(policy->document, &launch) : e;
}

int enclume_policy_add_model(struct enclume_policy *policy, const char *hex)
{
    uint8_t digest[ATTEST_DIGEST_SIZE];
    if (policy == NULL || hex == NULL)
        return ERR_USAGE;
    enum err e = encoding_unhex(bytes_str(hex), digest, sizeof digest);
    return e == ERR_OK ? policy_document_add_model(policy->document, digest) : e;
}

int enclume_policy_trust_simulated_root(struct enclume_policy *policy, const void *certificate, size_t size)
{
    if (policy == NULL || certificate == NULL || size == 0)
        return ERR_USAGE;
    if (size > ENCLUME_ROOT_SIZE_MAX)
        return ERR_TOO_LARGE;
    return policy_document_trust_simulated(policy->document, bytes_of(certificate, size), NULL);
}

int enclume_policy_allow_milan(struct enclume_policy *policy, int allow)
{
    if (policy == NULL)
        return ERR_USAGE;
    policy->document->policy.allow_milan = allow != 0;
    return ERR_OK;
}

int enclume_policy_set_vmpl(struct enclume_policy *policy, uint32_t vmpl)
{
    if (policy == NULL)
        return ERR_USAGE;
    if (vmpl > VMPL_MAX)
        return ERR_VALUE;
    policy->document->policy.vmpl = vmpl;
    return ERR_OK;
}

int enclume_policy_set_max_age(struct enclume_policy *policy, int64_t seconds)
{
    if (policy == NULL)
        return ERR_USAGE;
    if (seconds < 1)
        return ERR_VALUE;
    policy->document->max_age = seconds;
    return ERR_OK;
}

enum err lib_policy_copy(const struct enclume_policy *p, struct enclume_policy **copy)
{
    struct policy_document *document;
    *copy = NULL;
    enum err e = policy_document_copy(p->document, &document, NULL);
    return e == ERR_OK ? wrap(document, copy) : e;
}
