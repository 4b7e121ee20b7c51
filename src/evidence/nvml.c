/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/nvml.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "base/reader.h"
#include "evidence/nvml_abi.h"

struct evidence_nvml {
    void *library;
    bool initialised;
    struct nvml_functions call;
    unsigned count;
};

/* Absolute: no search path of anybody's decides which library is loaded. */
static const char *const places[] = {
    "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
    "/usr/lib64/libnvidia-ml.so.1",
    "/usr/lib/libnvidia-ml.so.1",
};

static const struct {
    const char *symbol;
    size_t to;
} symbols[] = {
    {"nvmlInit_v2", offsetof(struct nvml_functions, init)},
    {"nvmlShutdown", offsetof(struct nvml_functions, shutdown)},
    {"nvmlDeviceGetCount_v2", offsetof(struct nvml_functions, count)},
    {"nvmlDeviceGetHandleByIndex_v2", offsetof(struct nvml_functions, handle)},
    {"nvmlSystemGetConfComputeState", offsetof(struct nvml_functions, state)},
    {"nvmlDeviceGetConfComputeGpuCertificate", offsetof(struct nvml_functions, certificate)},
    {"nvmlDeviceGetConfComputeGpuAttestationReport", offsetof(struct nvml_functions, report)},
    {"nvmlSystemGetConfComputeGpusReadyState", offsetof(struct nvml_functions, ready)},
    {"nvmlSystemSetConfComputeGpusReadyState", offsetof(struct nvml_functions, set_ready)},
};

static const char *result_text(int result)
{
    static const struct {
        int result;
        const char *text;
    } texts[] = {
        {NVML_RESULT_NOT_SUPPORTED, "not supported by this GPU or driver"},
        {NVML_RESULT_NO_PERMISSION, "not permitted to this user"},
        {NVML_RESULT_INSUFFICIENT_SIZE, "the answer is larger than the interface has room for"},
        {NVML_RESULT_DRIVER_NOT_LOADED, "the driver is not loaded"},
        {NVML_RESULT_TIMEOUT, "the GPU did not answer in time"},
        {NVML_RESULT_GPU_IS_LOST, "the GPU has fallen off the bus"},
        {NVML_RESULT_RESET_REQUIRED, "the GPU must be reset"},
        {NVML_RESULT_IN_USE, "the GPU is in use"},
        {NVML_RESULT_NOT_READY, "the GPU is not ready"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].result == result)
            return texts[i].text;
    return "failed";
}

static enum err failed(int result, const char *step, struct err_note *note)
{
    return err_noted(ERR_EVIDENCE, note, "NVML, %s: %s (%d)", step, result_text(result), result);
}

/* ---- opening ---- */

static enum err library_load(const char *path, struct evidence_nvml *n, struct err_note *note)
{
    if (path != NULL) {
        n->library = path[0] == '/' ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
        if (n->library == NULL)
            return err_noted(ERR_EVIDENCE, note, "%s: cannot be loaded as NVIDIA's management library", path);
    }
    for (size_t i = 0; n->library == NULL && i < sizeof places / sizeof *places; i++)
        n->library = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
    if (n->library == NULL)
        return err_noted(ERR_EVIDENCE, note,
                         "NVIDIA's management library, libnvidia-ml.so.1, is in none of the three places "
                         "where a driver puts it");
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *symbol = dlsym(n->library, symbols[i].symbol);
        if (symbol == NULL)
            return err_noted(ERR_EVIDENCE, note,
                             "NVIDIA's management library has no %s: a driver from 535 on is needed",
                             symbols[i].symbol);
        /* POSIX has objects and functions share their representation; ISO C has no cast between the two. */
        memcpy((char *)&n->call + symbols[i].to, &symbol, sizeof symbol);
    }
    return ERR_OK;
}

/* A GPU that does not protect anything has no evidence worth the name, even if its driver gave some. */
static enum err state_check(const struct evidence_nvml *n, struct err_note *note)
{
    struct nvml_system_state state = {0};
    int result = n->call.state(&state);
    if (result != NVML_RESULT_SUCCESS)
        return failed(result, "confidential computing state", note);
    if (state.cc_feature != NVML_FEATURE_ON)
        return err_noted(ERR_EVIDENCE, note,
                         "confidential computing is off on the GPUs: the host has to turn it on");
    if (state.dev_tools_mode != NVML_FEATURE_OFF)
        return err_noted(ERR_EVIDENCE, note,
                         "the GPUs are in developer mode, in which the host can read what they compute");
    if (state.environment != NVML_ENVIRONMENT_PRODUCTION)
        return err_noted(ERR_EVIDENCE, note,
                         "the GPUs' confidential computing is not that of production (%u)",
                         state.environment);
    return ERR_OK;
}

static enum err start(struct evidence_nvml *n, struct err_note *note)
{
    int result = n->call.init(); // NOLINT(clang-analyzer-core.CallAndMessage): library_load has filled it
    if (result != NVML_RESULT_SUCCESS)
        return failed(result, "start", note);
    n->initialised = true;
    enum err e = state_check(n, note);
    if (e != ERR_OK)
        return e;
    result = n->call.count(&n->count);
    if (result != NVML_RESULT_SUCCESS)
        return failed(result, "number of GPUs", note);
    if (n->count == 0 || n->count > NVML_DEVICES_MAX)
        return err_noted(ERR_EVIDENCE, note, "%u GPUs, wanted 1 to %d", n->count, NVML_DEVICES_MAX);
    return ERR_OK;
}

enum err evidence_nvml_same(const struct evidence_nvml *gpus, struct err_note *note)
{
    unsigned count = 0;
    enum err e = state_check(gpus, note);
    if (e != ERR_OK)
        return e;
    int result = gpus->call.count(&count);
    if (result != NVML_RESULT_SUCCESS)
        return failed(result, "number of GPUs", note);
    return count == gpus->count
               ? ERR_OK
               : err_noted(ERR_EVIDENCE, note, "%u GPUs, and there were %u", count, gpus->count);
}

enum err evidence_nvml_open(const char *path, struct evidence_nvml **gpus, struct err_note *note)
{
    *gpus = NULL;
    struct evidence_nvml *n = calloc(1, sizeof *n);
    if (n == NULL)
        return ERR_MEMORY;
    enum err e = library_load(path, n, note);
    if (e == ERR_OK)
        e = start(n, note);
    if (e == ERR_OK)
        *gpus = n;
    else
        evidence_nvml_close(n);
    return e;
}

unsigned evidence_nvml_count(const struct evidence_nvml *gpus)
{
    return gpus->count;
}

/* ---- whether they may compute ---- */

enum err evidence_nvml_is_ready(const struct evidence_nvml *gpus, bool *ready, struct err_note *note)
{
    unsigned accepted = NVML_CLIENTS_REFUSED;
    int result = gpus->call.ready(&accepted);
    *ready = result == NVML_RESULT_SUCCESS && accepted != NVML_CLIENTS_REFUSED;
    return result == NVML_RESULT_SUCCESS ? ERR_OK : failed(result, "ready state", note);
}

enum err evidence_nvml_set_ready(const struct evidence_nvml *gpus, struct err_note *note)
{
    bool ready = false;
    int result = gpus->call.set_ready(NVML_CLIENTS_ACCEPTED);
    if (result != NVML_RESULT_SUCCESS)
        return failed(result, "setting the ready state", note);
    enum err e = evidence_nvml_is_ready(gpus, &ready, note);
    if (e != ERR_OK)
        return e;
    return ready ? ERR_OK
                 : err_noted(ERR_EVIDENCE, note, "the GPUs were told that they may work, and are not ready");
}

void evidence_nvml_close(struct evidence_nvml *gpus)
{
    if (gpus == NULL)
        return;
    if (gpus->initialised)
        (void)gpus->call.shutdown();
    if (gpus->library != NULL)
        (void)dlclose(gpus->library);
    free(gpus);
}

/* ---- reports ---- */

/* Does the report begin with a request for all measurements over this nonce, and is there an answer behind it? */
static enum err report_check(struct bytes report, const uint8_t nonce[static NVML_NONCE_SIZE],
                             struct err_note *note)
{
    static const uint8_t request[] = {0x11, 0xe0, 0x01, 0xff}; /* SPDM 1.1 GET_MEASUREMENTS, signed, all */
    static const uint8_t response[] = {0x11, 0x60};            /* MEASUREMENTS */
    struct reader r = reader_over(report);
    struct bytes head = reader_bytes(&r, sizeof request);
    struct bytes asked = reader_bytes(&r, NVML_NONCE_SIZE);
    (void)reader_u8(&r); /* slot */
    struct bytes answer = reader_bytes(&r, sizeof response);
    if (reader_status(&r) != ERR_OK)
        return err_noted(ERR_EVIDENCE, note, "the GPU's report has %zu bytes and ends too early", report.len);
    if (!bytes_equal(head, bytes_of(request, sizeof request)) ||
        !bytes_equal(answer, bytes_of(response, sizeof response)))
        return err_noted(ERR_EVIDENCE, note, "the GPU's report is not an SPDM request with its answer");
    if (!bytes_equal(asked, bytes_of(nonce, NVML_NONCE_SIZE)))
        return err_noted(ERR_EVIDENCE, note, "the GPU's report answers another nonce");
    return ERR_OK;
}

static enum err report_get(const struct evidence_nvml *n, nvml_device device,
                           const uint8_t nonce[static NVML_NONCE_SIZE], struct gpu_evidence *out,
                           struct err_note *note)
{
    struct nvml_attestation_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return ERR_MEMORY;
    memcpy(report->nonce, nonce, NVML_NONCE_SIZE);
    enum err e = ERR_OK;
    int result = n->call.report(device, report);
    if (result != NVML_RESULT_SUCCESS)
        e = failed(result, "attestation report", note);
    else if (report->report_size > sizeof report->report)
        e = err_noted(ERR_EVIDENCE, note,
                      "NVML says that the GPU's report has %u bytes, more than it has room for",
                      report->report_size);
    else
        e = report_check(bytes_of(report->report, report->report_size), nonce, note);
    if (e == ERR_OK) {
        out->report_len = report->report_size;
        memcpy(out->report, report->report, report->report_size);
    }
    free(report);
    return e;
}

static enum err chain_get(const struct evidence_nvml *n, nvml_device device, struct gpu_evidence *out,
                          struct err_note *note)
{
    struct nvml_certificate *certificate = calloc(1, sizeof *certificate);
    if (certificate == NULL)
        return ERR_MEMORY;
    enum err e = ERR_OK;
    int result = n->call.certificate(device, certificate);
    if (result != NVML_RESULT_SUCCESS)
        e = failed(result, "attestation certificates", note);
    else if (certificate->attestation_chain_size == 0 ||
             certificate->attestation_chain_size > sizeof certificate->attestation_chain)
        e = err_noted(ERR_EVIDENCE, note, "NVML says that the GPU's certificates have %u bytes",
                      certificate->attestation_chain_size);
    if (e == ERR_OK) {
        out->chain_len = certificate->attestation_chain_size;
        memcpy(out->chain, certificate->attestation_chain, out->chain_len);
    }
    free(certificate);
    return e;
}

enum err evidence_nvml_report(struct evidence_nvml *gpus, unsigned index,
                              const uint8_t nonce[static NVML_NONCE_SIZE], struct gpu_evidence *out,
                              struct err_note *note)
{
    nvml_device device = NULL;
    memset(out, 0, sizeof *out);
    if (index >= gpus->count)
        return err_noted(ERR_EVIDENCE, note, "there is no GPU %u", index);
    int result = gpus->call.handle(index, &device);
    if (result != NVML_RESULT_SUCCESS)
        return failed(result, "GPU", note);
    enum err e = report_get(gpus, device, nonce, out, note);
    if (e == ERR_OK)
        e = chain_get(gpus, device, out, note);
    if (e != ERR_OK)
        memset(out, 0, sizeof *out);
    return e;
}
