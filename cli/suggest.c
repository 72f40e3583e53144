#include "suggest.h"

#include <string.h>

#define WORD_MAX  32u
#define TOO_FAR   99u
#define PREFIX_OF 2u /* letters of a beginning that is worth a guess */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned cli_word_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    /* Optimal string alignment: the row now, and the two before it. */
    unsigned row[3][WORD_MAX + 1];

    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return TOO_FAR;
    for (size_t j = 0; j <= b_len; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *now = row[i % 3], *last = row[(i - 1) % 3], *before = row[(i + 1) % 3];

        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return row[a_len % 3][b_len];
}

struct cli_guess cli_guess_begin(const char *word, size_t len)
{
    return (struct cli_guess){.word = word, .len = len, .distance = len <= 4 ? 2 : 3};
}

void cli_guess_try(struct cli_guess *guess, const char *candidate)
{
    size_t len = strlen(candidate);
    unsigned distance = cli_word_distance(guess->word, guess->len, candidate, len);

    if (guess->len >= PREFIX_OF && guess->len < len && memcmp(guess->word, candidate, guess->len) == 0)
        distance = 0; /* "stat" is status rather than start */
    /* A word of two letters is not one of two others. */
    if (distance >= guess->distance || distance >= guess->len)
        return;
    guess->distance = distance;
    guess->best = candidate;
}
