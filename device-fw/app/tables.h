/* Tables that tables.py computes at build time. */
#ifndef OTTER_APP_TABLES_H
#define OTTER_APP_TABLES_H

#include <stdint.h>

/* round(32767 * sin(2*pi*i/4096)) */
#define SINE_STEPS 4096u
extern const int16_t sine_table[SINE_STEPS];

/* Hundredths of a degree Celsius for a 12-bit reading of a 10k NTC (B = 3950) under a 10k pull-up. */
#define NTC_STEPS 4096u
extern const int16_t ntc_table[NTC_STEPS];

#endif
