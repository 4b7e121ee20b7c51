/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies an Intel TDX quote with Intel's collateral, without a network.
 *
 *     cc verify_tdx.c $(pkg-config --cflags --libs enclume) -o verify_tdx
 *     ./verify_tdx POLICY.json QUOTE REPORT-DATA FILE...
 *
 * REPORT-DATA is what the quote must cover, 128 hexadecimal digits. POLICY.json says what is acceptable.
 */
#include <enclume.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static unsigned char contents[2 + ENCLUME_FILES_MAX][ENCLUME_EVIDENCE_SIZE_MAX];

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

static int unhex(const char *text, uint8_t out[ENCLUME_REPORT_DATA_SIZE])
{
    size_t i;
    if (strlen(text) != 2 * ENCLUME_REPORT_DATA_SIZE)
        return 0;
    for (i = 0; i < ENCLUME_REPORT_DATA_SIZE; i++) {
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
    struct enclume_bytes files[ENCLUME_FILES_MAX];
    uint8_t report_data[ENCLUME_REPORT_DATA_SIZE];
    char note[ENCLUME_NOTE_SIZE] = "";
    char *text = NULL;
    size_t count = 0;
    if (argc < 5 || argc > 4 + ENCLUME_FILES_MAX || !unhex(argv[3], report_data)) {
        (void)fprintf(stderr, "usage: verify_tdx POLICY.json QUOTE REPORT-DATA FILE...\n");
        return ENCLUME_CLASS_USAGE;
    }
    struct enclume_bytes document = load(argv[1], contents[0]);
    struct enclume_bytes evidence = load(argv[2], contents[1]);
    for (; count + 4 < (size_t)argc; count++)
        files[count] = load(argv[count + 4], contents[count + 2]);

    int e = enclume_policy_from_json(document.bytes, document.size, &policy, note);
    if (e == ENCLUME_OK)
        e = enclume_verify_tdx(evidence, files, count, report_data, 0, policy, (int64_t)time(NULL), &verdict);

    text = enclume_verdict_text(verdict, 0);
    if (text != NULL)
        (void)fputs(text, stdout);
    else
        (void)fprintf(stderr, "verify_tdx: %s %s\n", enclume_error_text(e), note);
    enclume_string_free(text);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
    return (int)enclume_error_class(e);
}
