/*
 * The application's work: a temperature, measured, filtered, watched. The example has no sensor wired:
 * readings come from a generator, a slow wave with noise, so that every board and QEMU show the same.
 */
#ifndef OTTER_APP_SENSOR_H
#define OTTER_APP_SENSOR_H

#include <stdint.h>

struct sensor {
    uint32_t phase;
    uint32_t noise;   /* state of a xorshift generator, not 0 */
    int32_t filtered; /* hundredths of a degree, 8 fractional bits */
    int32_t lowest, highest;
    uint32_t samples;
};

void sensor_init(struct sensor *s);

/* One reading; call at any steady rate. Hundredths of a degree Celsius. */
int32_t sensor_sample(struct sensor *s);

#endif
