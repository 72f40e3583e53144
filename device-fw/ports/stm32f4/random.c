/*
 * The chip's RNG as RM0090, 24.3 demands it: the first word after a start is thrown away and only compared
 * with, no word may equal the one before, none counts while an error shows. HAL 1.8.5 does none of this.
 */
#include "ports/stm32f4/internal.h"

#include <string.h>

#define TRIES 8u

static RNG_HandleTypeDef rng;
static bool is_running;
static uint32_t last;

static bool is_in_error(void)
{
    return __HAL_RNG_GET_FLAG(&rng, RNG_FLAG_SECS) || __HAL_RNG_GET_FLAG(&rng, RNG_FLAG_CECS) ||
           __HAL_RNG_GET_IT(&rng, RNG_IT_SEI) || __HAL_RNG_GET_IT(&rng, RNG_IT_CEI);
}

static bool draw(uint32_t *ret)
{
    uint32_t word;

    if (HAL_RNG_GenerateRandomNumber(&rng, &word) != HAL_OK || is_in_error())
        return false;
    *ret = word;
    return true;
}

/* RNGEN off and on, and the flags cleared, is what the manual prescribes after a seed error. */
static bool restart(void)
{
    __HAL_RCC_RNG_CLK_ENABLE();
    rng.Instance = RNG;
    return HAL_RNG_DeInit(&rng) == HAL_OK && HAL_RNG_Init(&rng) == HAL_OK && draw(&last);
}

/* A board without entropy must not go on: the reset is the only way out. */
static uint32_t next_word(void)
{
    uint32_t word;

    for (unsigned i = 0; i < TRIES; i++) {
        if (!is_running)
            is_running = restart();
        if (is_running && draw(&word) && word != last) {
            last = word;
            return word;
        }
        is_running = false;
    }
    board_reset();
}

static void fill(struct otter_random *self, void *buf, size_t len)
{
    uint8_t *out = buf;

    (void)self;
    while (len > 0) {
        uint32_t word = next_word();
        size_t n = len < sizeof(word) ? len : sizeof(word);

        memcpy(out, &word, n);
        out += n;
        len -= n;
    }
}

struct otter_random *board_random(void)
{
    static struct otter_random random = {.fill = fill};

    return &random;
}
