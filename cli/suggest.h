/* Which word was meant: the nearest of those that there are. */
#ifndef OTTER_CLI_SUGGEST_H
#define OTTER_CLI_SUGGEST_H

#include <stddef.h>

struct cli_guess {
    const char *word; /* as it was written */
    size_t len;
    const char *best; /* NULL: nothing is near enough */
    unsigned distance;
};

/* word[0..len) was not understood. */
struct cli_guess cli_guess_begin(const char *word, size_t len);

/* Is it this one? One that begins so, or differs by up to two letters (one in words of four or less). */
void cli_guess_try(struct cli_guess *guess, const char *candidate);

/* Letters put in, left out, replaced or swapped with their neighbour between the two; 99 for long words.
 * Pure. */
unsigned cli_word_distance(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
