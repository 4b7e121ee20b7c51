/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies a VM that answers by a virtual TPM over AMD SEV-SNP, as Azure's do, without a network.
 *
 *     cc verify_vtpm.c $(pkg-config --cflags --libs enclume) -o verify_vtpm
 *     ./verify_vtpm POLICY.json NONCE HCL-REPORT QUOTE SIGNATURE PCRS FILE...
 *
 * NONCE is what the TPM was asked to quote over, in a file. FILE: AMD's certificates and revocation list. POLICY.json says what is acceptable.
 */
#include <enclume.h>

#include <stdio.h>
#include <time.h>

enum { FIXED = 6 }; /* the arguments before FILE */

static unsigned char contents[FIXED + ENCLUME_FILES_MAX][ENCLUME_EVIDENCE_SIZE_MAX];

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

int main(int argc, char **argv)
{
    struct enclume_policy *policy = NULL;
    struct enclume_verdict *verdict = NULL;
    struct enclume_bytes files[FIXED + ENCLUME_FILES_MAX];
    char note[ENCLUME_NOTE_SIZE] = "";
    char *text = NULL;
    size_t count = 0;
    if (argc < 1 + FIXED + 1 || argc > 1 + FIXED + ENCLUME_FILES_MAX) {
        (void)fprintf(stderr,
                      "usage: verify_vtpm POLICY.json NONCE HCL-REPORT QUOTE SIGNATURE PCRS FILE...\n");
        return ENCLUME_CLASS_USAGE;
    }
    for (; count + 1 < (size_t)argc; count++)
        files[count] = load(argv[count + 1], contents[count]);
    const struct enclume_vtpm evidence = {
        .hcl_report = files[2], .quote = files[3], .signature = files[4], .pcr_values = files[5]};

    int e = enclume_policy_from_json(files[0].bytes, files[0].size, &policy, note);
    if (e == ENCLUME_OK)
        e = enclume_verify_vtpm(&evidence, files + FIXED, count - FIXED, files[1], 0, policy,
                                (int64_t)time(NULL), &verdict);

    text = enclume_verdict_text(verdict, 0);
    if (text != NULL)
        (void)fputs(text, stdout);
    else
        (void)fprintf(stderr, "verify_vtpm: %s %s\n", enclume_error_text(e), note);
    enclume_string_free(text);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
    return (int)enclume_error_class(e);
}
