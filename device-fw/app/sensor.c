#include "app/sensor.h"

#include "app/tables.h"

#include <stdbool.h>

#define PHASE_STEP   (1u << 20) /* 4,096 samples a wave */
#define FILTER_SHIFT 4          /* exponential average over 16 samples */

void sensor_init(struct sensor *s)
{
    *s = (struct sensor){.noise = 0x9e3779b9u, .lowest = INT32_MAX, .highest = INT32_MIN};
}

static uint32_t xorshift(uint32_t x)
{
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ x << 5;
}

/* What a 12-bit converter would read: around the middle, a quarter of the range up and down, 6 bits of noise.
 */
static uint32_t reading(struct sensor *s)
{
    s->phase += PHASE_STEP;
    s->noise = xorshift(s->noise);
    return (uint32_t)(2048 + sine_table[s->phase >> 20] / 32 + (int32_t)(s->noise >> 26) - 32);
}

int32_t sensor_sample(struct sensor *s)
{
    int32_t now = ntc_table[reading(s) % NTC_STEPS];

    if (s->samples++ == 0)
        s->filtered = now * 256;
    s->filtered += (now * 256 - s->filtered) >> FILTER_SHIFT;
    now = s->filtered / 256;
    s->lowest = now < s->lowest ? now : s->lowest;
    s->highest = now > s->highest ? now : s->highest;
    return now;
}
