/* --sources: the address that each device's connections come from, so that ports do not run out. Pure. */
#ifndef OTTER_EMU_SOURCE_H
#define OTTER_EMU_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

/* Addresses in host order, without the network's first and last. count 0 = the system's choice. */
struct emu_sources {
    uint32_t first;
    uint32_t count;
};

/* "127.0.0.0/8": an IPv4 network of 8 to 30 bits, no bit set behind them. False, *ret untouched, if
 * malformed. */
bool emu_sources_parse(const char *s, struct emu_sources *ret);

/*
 * Of device `index`, in host order: neighbours are far apart, and no two of the first `count` devices share
 * one. 0 = the system's choice.
 */
uint32_t emu_source_of(const struct emu_sources *sources, uint32_t index);

#endif
