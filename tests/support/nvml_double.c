/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A double of NVIDIA's management library, to be loaded in its place: two GPUs whose reports and certificates are made up. What goes wrong, its own function
 * nvml_double_set says; the test finds it by name, as it is no part of NVML.
 */
#include <stdint.h>
#include <string.h>

#include "support/nvml_double.h"

/* NVML's symbols as the driver's library exports them; the layouts are spelt out once more here, so that they are not held against themselves. */
int nvmlInit_v2(void);
int nvmlShutdown(void);
int nvmlDeviceGetCount_v2(unsigned *count);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device);
int nvmlSystemGetConfComputeState(unsigned state[3]);
int nvmlDeviceGetConfComputeGpuCertificate(void *device, uint8_t *certificate);
int nvmlDeviceGetConfComputeGpuAttestationReport(void *device, uint8_t *report);
int nvmlSystemGetConfComputeGpusReadyState(unsigned *accepted);
int nvmlSystemSetConfComputeGpusReadyState(unsigned accepted);

enum {
    SUCCESS = 0,
    UNINITIALIZED = 1,
    INVALID_ARGUMENT = 2,
    CHAIN_AT =
        8 +
        0x1000, /* nvmlConfComputeGpuCertificate_t: two sizes, certChain[0x1000], attestationCertChain[0x1400] */
    NONCE_AT = 12,         /* nvmlConfComputeGpuAttestationReport_t: three numbers, nonce[0x20], */
    REPORT_AT = 12 + 0x20, /* attestationReport[0x2000], cecAttestationReport[0x1000] */
};

static struct nvml_double now = {.devices = 2};
static int starts;
static unsigned counted;
static unsigned reports;
static struct nvml_double_ready ready;
static char handles[NVML_DOUBLE_DEVICES_MAX];

void nvml_double_set(const struct nvml_double *wanted)
{
    now = *wanted;
    counted = 0;
    reports = 0;
    ready = (struct nvml_double_ready){.is = wanted->ready_before};
}

void nvml_double_ready(struct nvml_double_ready *is)
{
    *is = ready;
}

int nvml_double_running(void)
{
    return starts;
}

int nvmlInit_v2(void)
{
    if (now.init != SUCCESS)
        return now.init;
    starts++;
    return SUCCESS;
}

int nvmlShutdown(void)
{
    starts--;
    return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    *count = counted++ > 0 && now.devices_later != 0 ? now.devices_later : now.devices;
    return starts > 0 ? now.count : UNINITIALIZED;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device)
{
    if (index >= now.devices || index >= NVML_DOUBLE_DEVICES_MAX)
        return INVALID_ARGUMENT;
    *device = &handles[index];
    return now.handle;
}

int nvmlSystemGetConfComputeState(unsigned state[3])
{
    state[0] = now.simulation ? 1 : 2;
    state[1] = now.cc_off ? 0 : 1;
    state[2] = now.dev_tools ? 1 : 0;
    return now.state;
}

static void put_unsigned(uint8_t *at, unsigned v)
{
    memcpy(at, &v, sizeof v);
}

int nvmlDeviceGetConfComputeGpuCertificate(void *device, uint8_t *certificate)
{
    static const char chain[] = "-----BEGIN CERTIFICATE-----\n";
    size_t index = (size_t)((char *)device - handles);
    if (now.certificate != SUCCESS)
        return now.certificate;
    memcpy(certificate + CHAIN_AT, chain, sizeof chain - 1);
    certificate[CHAIN_AT + sizeof chain - 1] = (uint8_t)('0' + index);
    size_t size = sizeof chain;
    if (now.chain != NULL)
        size = now.chain((unsigned)index, certificate + CHAIN_AT);
    put_unsigned(certificate, 1);
    put_unsigned(certificate + 4, now.chain_size != 0 ? now.chain_size : now.no_chain ? 0 : (unsigned)size);
    return SUCCESS;
}

int nvmlDeviceGetConfComputeGpuAttestationReport(void *device, uint8_t *report)
{
    static const uint8_t request[] = {0x11, 0xe0, 0x01, 0xff};
    uint8_t *at = report + REPORT_AT;
    size_t size = 4000;
    if (now.report != SUCCESS)
        return now.report;
    memset(at, 0x5a, 0x2000);
    memcpy(at, request, sizeof request);
    memcpy(at + sizeof request, report + NONCE_AT, 0x20);
    at[36] = 0;
    at[37] = 0x11;
    at[38] = 0x60;
    if (now.answer != NULL)
        size = now.answer((unsigned)((char *)device - handles), report + NONCE_AT, at);
    at[now.flip_at] ^= now.flip;
    put_unsigned(report, 0);
    put_unsigned(report + 4, now.report_size != 0 ? now.report_size : (unsigned)size);
    put_unsigned(report + 8, 0);
    reports++;
    return SUCCESS;
}

int nvmlSystemGetConfComputeGpusReadyState(unsigned *accepted)
{
    *accepted = ready.is ? 1 : 0;
    return now.ready;
}

int nvmlSystemSetConfComputeGpusReadyState(unsigned accepted)
{
    if (accepted > 1)
        return INVALID_ARGUMENT;
    if (now.set_ready != SUCCESS)
        return now.set_ready;
    ready.is = accepted == 1 && !now.ready_in_vain;
    ready.after_reports = reports;
    return SUCCESS;
}
