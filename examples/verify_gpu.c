/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies the report of an NVIDIA GPU with NVIDIA's reference values and OCSP responses, without a network.
 *
 *     cc verify_gpu.c $(pkg-config --cflags --libs enclume) -o verify_gpu
 *     ./verify_gpu POLICY.json NONCE REPORT CERTIFICATES RIM... -- OCSP...
 *
 * NONCE is what the report must cover, 64 hexadecimal digits. POLICY.json says what is acceptable.
 */
#include <enclume.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { FILES_MAX = 32 };

static unsigned char contents[FILES_MAX][ENCLUME_EVIDENCE_SIZE_MAX];

static struct enclume_bytes load(const char *path, unsigned char *out)
{
    struct enclume_bytes file = {out, 0};
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        perror(path);
        return file;
    }
    file.size = fread(out, 1, ENCLUME_EVIDENCE_SIZE_MAX, in);
    (void)fclose(in);
    return file;
}

static int unhex(const char *text, uint8_t out[ENCLUME_GPU_NONCE_SIZE])
{
    size_t i;
    if (strlen(text) != 2 * ENCLUME_GPU_NONCE_SIZE)
        return 0;
    for (i = 0; i < ENCLUME_GPU_NONCE_SIZE; i++) {
        unsigned value;
        if (sscanf(text + 2 * i, "%2x", &value) != 1)
            return 0;
        out[i] = (uint8_t)value;
    }
    return 1;
}

int main(int argc, char **argv)
{
    struct enclume_policy *policy = NULL;
    struct enclume_verdict *verdict = NULL;
    struct enclume_bytes files[FILES_MAX];
    struct enclume_gpu_endorsements endorsements = {NULL, 0, NULL, 0};
    uint8_t nonce[ENCLUME_GPU_NONCE_SIZE];
    char note[ENCLUME_NOTE_SIZE] = "";
    char *text = NULL;
    size_t count = 0;
    int i;
    if (argc < 5 || argc > FILES_MAX || !unhex(argv[2], nonce)) {
        (void)fprintf(stderr, "usage: verify_gpu POLICY.json NONCE REPORT CERTIFICATES RIM... -- OCSP...\n");
        return ENCLUME_CLASS_USAGE;
    }
    struct enclume_bytes document = load(argv[1], contents[0]);
    struct enclume_gpu gpu = {load(argv[3], contents[1]), load(argv[4], contents[2])};
    endorsements.rims = files;
    for (i = 5; i < argc && strcmp(argv[i], "--") != 0; i++, count++)
        files[count] = load(argv[i], contents[count + 3]);
    endorsements.rim_count = count;
    endorsements.ocsp = files + count;
    for (i++; i < argc; i++, count++)
        files[count] = load(argv[i], contents[count + 3]);
    endorsements.ocsp_count = count - endorsements.rim_count;

    int e = enclume_policy_from_json(document.bytes, document.size, &policy, note);
    if (e == ENCLUME_OK)
        e = enclume_verify_gpu(&gpu, 1, &endorsements, nonce, 0, policy, (int64_t)time(NULL), &verdict);

    text = enclume_verdict_text(verdict, 0);
    if (text != NULL)
        (void)fputs(text, stdout);
    else
        (void)fprintf(stderr, "verify_gpu: %s %s\n", enclume_error_text(e), note);
    enclume_string_free(text);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
    return (int)enclume_error_class(e);
}
