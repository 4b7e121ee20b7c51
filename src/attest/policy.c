/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/policy.h"

#include "attest/x509.h"

void attest_policy_default(struct attest_policy *policy)
{
    memset(policy, 0, sizeof *policy);
    tdx_policy_default(&policy->tdx);
    nvgpu_policy_default(&policy->gpu);
    vtpm_policy_default(&policy->vtpm); /* equivalent: all of it is zero */
}

static bool begins_with(struct bytes text, const char *start)
{
    size_t len = strlen(start);
    return text.len > len && memcmp(text.ptr, start, len) == 0;
}

enum err attest_policy_trust_simulated(struct attest_policy *policy, struct bytes root, struct err_note *note)
{
    struct x509 cert;
    enum err e = x509_parse(root, &cert, note);
    if (e != ERR_OK)
        return e;
    if (begins_with(cert.subject_cn, "ARK-"))
        policy->simulated_root = root;
    else if (bytes_is_str(cert.subject_cn, "Intel SGX Root CA"))
        policy->tdx.simulated_root = root;
    else if (bytes_is_str(cert.subject_cn, "NVIDIA Device Identity CA"))
        policy->gpu.simulated_device_root = root;
    else if (bytes_is_str(cert.subject_cn, "NVIDIA CoRIM signing Root CA"))
        policy->gpu.simulated_rim_root = root;
    else if (begins_with(cert.subject_cn, "Azure Virtual TPM Root Certificate Authority"))
        policy->vtpm.simulated_ak_root = root;
    else
        return err_noted(ERR_UNKNOWN, note, "a simulated root of no platform that is known");
    return ERR_OK;
}
