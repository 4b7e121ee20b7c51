/* SPDX-License-Identifier: Apache-2.0 */

/*
 * random_checkpoint: writes a llama2.c checkpoint (llama2c_to_gguf.c describes the format) of random weights, always the same ones.
 *
 * How fast a model is depends on its shape and not on what it has learnt, so a benchmark needs no weights of anybody's. The shape is that of the common "135M" models: 576
 * dimensions, 30 layers, 9 heads of which 3 for keys, 1536 hidden, here with a vocabulary of 32000 and a shared output matrix: 125 million weights.
 *
 * The rows of the tokens below FIRST_TEXT_TOKEN (unknown, beginning, end, and single bytes) are zero: greedy sampling takes none of them, so that each answer is as long
 * as was asked for and every token is text of its own.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIM = 576,
    HIDDEN = 1536,
    LAYERS = 30,
    HEADS = 9,
    KEY_HEADS = 3,
    VOCABULARY = 32000,
    CONTEXT = 4096,
    KEY_DIM = DIM / HEADS * KEY_HEADS,
    FIRST_TEXT_TOKEN = 259,
};

static uint64_t state = 0x9e3779b97f4a7c15U;

/* xorshift64*, as a number between -1 and 1. */
static float next_random(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    int32_t top = (int32_t)((state * 0x2545f4914f6cdd1dU) >> 32);
    return (float)top / 2147483648.0F;
}

enum fill { RANDOM, ONES, ZEROS };

static bool write_row(FILE *out, enum fill fill, size_t count, float scale)
{
    float row[HIDDEN];
    for (size_t i = 0; i < count; i++)
        row[i] = fill == RANDOM ? next_random() * scale : fill == ONES ? 1.0F : 0.0F;
    return fwrite(row, sizeof *row, count, out) == count;
}

static bool write_rows(FILE *out, enum fill fill, size_t rows, size_t count, float scale)
{
    bool good = true;
    for (size_t i = 0; good && i < rows; i++)
        good = write_row(out, fill, count, scale);
    return good;
}

/* In the order of the format; each array for all layers. The scale keeps what goes through a layer about as large as it was. */
static bool write_arrays(FILE *out)
{
    static const float embedding = 0.04F;
    static const float inner = 0.06F;
    static const float outer = 0.02F;
    return write_rows(out, ZEROS, FIRST_TEXT_TOKEN, DIM, 0) &&
           write_rows(out, RANDOM, VOCABULARY - FIRST_TEXT_TOKEN, DIM, embedding) &&
           write_rows(out, ONES, LAYERS, DIM, 0) &&                         /* attention norm */
           write_rows(out, RANDOM, (size_t)LAYERS * DIM, DIM, inner) &&     /* queries */
           write_rows(out, RANDOM, (size_t)LAYERS * KEY_DIM, DIM, inner) && /* keys */
           write_rows(out, RANDOM, (size_t)LAYERS * KEY_DIM, DIM, inner) && /* values */
           write_rows(out, RANDOM, (size_t)LAYERS * DIM, DIM, outer) &&     /* attention output */
           write_rows(out, ONES, LAYERS, DIM, 0) &&                         /* feed-forward norm */
           write_rows(out, RANDOM, (size_t)LAYERS * HIDDEN, DIM, inner) &&  /* gate */
           write_rows(out, RANDOM, (size_t)LAYERS * DIM, HIDDEN, outer) &&  /* down */
           write_rows(out, RANDOM, (size_t)LAYERS * HIDDEN, DIM, inner) &&  /* up */
           write_rows(out, ONES, 1, DIM, 0) &&                              /* last norm */
           write_rows(out, ZEROS, (size_t)2 * CONTEXT, DIM / HEADS / 2,
                      0); /* positions, which can be computed */
}

int main(int argc, char **argv)
{
    static const int32_t header[] = {DIM, HIDDEN, LAYERS, HEADS, KEY_HEADS, VOCABULARY, CONTEXT};
    if (argc != 2 || strncmp(argv[1], "-", 1) == 0) {
        (void)fputs("usage: random_checkpoint OUT\n\nWrites a llama2.c checkpoint of 125 million random "
                    "weights, 500 MB.\n",
                    stderr);
        return argc == 2 && strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : 2;
    }
    FILE *out = fopen(argv[1], "wb");
    bool good = out != NULL && fwrite(header, sizeof header, 1, out) == 1 && write_arrays(out);
    if (out != NULL)
        good = fclose(out) == 0 && good;
    if (!good)
        (void)fprintf(stderr, "random_checkpoint: %s cannot be written\n", argv[1]);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
