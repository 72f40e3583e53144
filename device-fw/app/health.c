#include "app/health.h"

#define SAMPLES 16u
#define COLDEST (-4000) /* hundredths of a degree: what the sensor is made for */
#define HOTTEST 12500

void health_init(struct health *h, const struct identity *identity, const struct sensor *sensor)
{
    *h = (struct health){.identity = identity, .sensor = sensor, .crc = identity_image_crc(identity)};
}

bool health_image_is_whole(const struct health *h)
{
    return identity_image_crc(h->identity) == h->crc;
}

static bool is_plausible(const struct sensor *s)
{
    return s->lowest >= COLDEST && s->highest <= HOTTEST && s->lowest < s->highest;
}

enum otter_selftest_result health_test(const struct health *h)
{
    if (h->sensor->samples < SAMPLES)
        return OTTER_SELFTEST_RUNNING;
    return is_plausible(h->sensor) && health_image_is_whole(h) ? OTTER_SELFTEST_PASSED
                                                               : OTTER_SELFTEST_FAILED;
}
