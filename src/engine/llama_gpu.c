/* SPDX-License-Identifier: Apache-2.0 */

/*
 * GPUs. A build with ENCLUME_CUDA has ggml's code for NVIDIA's, and a model lies on them as a whole or not at all. What a request leaves in their memory is overwritten as
 * in the processor's (llama_wipe.c).
 */

#include <ggml-backend.h>

#include "engine/llama_internal.h"

#ifdef ENGINE_GGML_CUDA_LINKED

static const char none_there[] = "no GPU answers; the driver's files and device nodes have to be there";

/* The driver makes its threads, maps its memory and opens its nodes when it is first asked for something that needs them: how much memory is free. */
static size_t open_gpus(void)
{
    size_t count = 0;
    engine_library_start();
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        size_t available = 0;
        size_t total = 0;
        ggml_backend_dev_t dev = ggml_backend_dev_get(i);
        if (ggml_backend_dev_type(dev) != GGML_BACKEND_DEVICE_TYPE_GPU)
            continue;
        ggml_backend_dev_memory(dev, &available, &total);
        count += total != 0;
    }
    return count;
}

#else

static const char none_there[] = "this program was built without ENCLUME_CUDA";

static size_t open_gpus(void)
{
    return 0;
}

#endif

bool engine_llama_knows_gpus(void)
{
#ifdef ENGINE_GGML_CUDA_LINKED
    return true;
#else
    return false;
#endif
}

enum err engine_llama_find_gpu(enum engine_device device, bool *gpu, struct err_note *note)
{
    *gpu = device != ENGINE_DEVICE_CPU && open_gpus() != 0;
    return *gpu || device != ENGINE_DEVICE_GPU ? ERR_OK : err_noted(ERR_MODEL, note, "%s", none_there);
}
