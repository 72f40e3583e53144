/* Cells that do not hold what they read: between flash.c and tear.c. */
#ifndef OTTER_TESTS_SIM_CELLS_H
#define OTTER_TESTS_SIM_CELLS_H

#include "flash.h"

uint8_t sim_noise(uint64_t *state);
bool sim_overlap(uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len);
void sim_add_weak(struct sim_flash *f, uint32_t addr, uint8_t bits);
void sim_add_ecc(struct sim_flash *f, uint32_t addr, bool always);
struct sim_ecc *sim_find_ecc(struct sim_flash *f, uint32_t addr);
/* The cells of a range hold again: all of an erase's (in NULL), of a program those that it drives to 0. */
void sim_firm(struct sim_flash *f, uint32_t addr, uint32_t len, const uint8_t *in);

#endif
