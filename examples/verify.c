/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies a saved bundle, without a network.
 *
 *     cc verify.c $(pkg-config --cflags --libs enclume) -o verify
 *     ./verify evidence.json MEASUREMENT [SIMULATED-ROOT]
 */
#include <enclume.h>

#include <stdio.h>
#include <time.h>

static char bundle[ENCLUME_BUNDLE_SIZE_MAX + 1];
static char root[ENCLUME_ROOT_SIZE_MAX + 1];

static size_t load(const char *path, char *out, size_t size)
{
    size_t n = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 0;
    }
    n = fread(out, 1, size, file);
    (void)fclose(file);
    return n;
}

int main(int argc, char **argv)
{
    struct enclume_policy *policy = NULL;
    struct enclume_verdict *verdict = NULL;
    char *text = NULL;
    if (argc < 3) {
        (void)fprintf(stderr, "usage: verify EVIDENCE MEASUREMENT [SIMULATED-ROOT]\n");
        return ENCLUME_CLASS_USAGE;
    }
    int e = enclume_policy_new(&policy);
    if (e == ENCLUME_OK)
        e = enclume_policy_add_measurement(policy, argv[2]);
    if (e == ENCLUME_OK && argc > 3)
        e = enclume_policy_trust_simulated_root(policy, root, load(argv[3], root, sizeof root));
    if (e == ENCLUME_OK)
        e = enclume_verify(bundle, load(argv[1], bundle, sizeof bundle), policy, (int64_t)time(NULL),
                           &verdict);

    text = enclume_verdict_text(verdict, 0);
    if (text != NULL)
        (void)fputs(text, stdout);
    else
        (void)fprintf(stderr, "verify: %s\n", enclume_error_text(e));
    enclume_string_free(text);
    enclume_verdict_free(verdict);
    enclume_policy_free(policy);
    return (int)enclume_error_class(e);
}
