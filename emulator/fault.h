/*
 * Faults that a run is asked for, as pure decisions over a seeded generator: the same seed and the same
 * traffic give the same faults.
 */
#ifndef OTTER_EMU_FAULT_H
#define OTTER_EMU_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood 2014): reproducible, not for secrets. */
struct emu_rng {
    uint64_t state;
};
uint64_t emu_rng_next(struct emu_rng *rng);

/* --fault and --drop-every. Zeroed = no faults. */
struct emu_fault_plan {
    uint32_t drop_ppm;    /* chance, in millionths, that a recv finds the connection lost */
    uint32_t corrupt_ppm; /* chance that a recv has one bit flipped */
    uint32_t bytes_per_s; /* real seconds; 0 = as fast as it comes */
    uint64_t drop_every;  /* the connection is lost after each so many bytes received; 0 = never */
    uint64_t seed;
};

/* "drop=0.01,corrupt=0.001,slow=20000,seed=7", each at most once, in any order. False, *ret untouched, if
 * malformed. */
bool emu_fault_parse(const char *s, struct emu_fault_plan *ret);

/* One device's link. */
struct emu_fault_link {
    struct emu_rng rng;
    uint64_t since_drop;   /* bytes received since the last drop */
    uint64_t free_from_us; /* a slow link takes the next byte from here on */
};
void emu_fault_link_init(struct emu_fault_link *link, const struct emu_fault_plan *plan, uint32_t device);

/* How many of `want` bytes may be received at now_us; 0 = none until link->free_from_us. */
uint32_t emu_fault_allow(const struct emu_fault_plan *plan, const struct emu_fault_link *link,
                         uint64_t now_us, uint32_t want);

struct emu_fault_verdict {
    bool drop;       /* the bytes are lost, and the connection */
    bool corrupt;    /* one bit of them flips: */
    uint32_t bit_at; /* its place, below 8 * received */
};

/* What befalls `received` (> 0) bytes that came at now_us. */
struct emu_fault_verdict emu_fault_received(const struct emu_fault_plan *plan, struct emu_fault_link *link,
                                            uint64_t now_us, uint32_t received);

/* --cut, --cut-range, --cut-spread. */
enum emu_cut_kind {
    EMU_CUT_NONE,
    EMU_CUT_AT,    /* each device once, at operation `from` */
    EMU_CUT_RANGE, /* each device again and again: at from, from + step, ... up to `to` */
    EMU_CUT_SPREAD /* each device once, device i of n at its own operation between from and to */
};

struct emu_cut_plan {
    enum emu_cut_kind kind;
    uint64_t from, to, step;
};

/* "K", "A:B:STEP" or "A:B"; all >= 1, A <= B. False, *ret untouched, if malformed. */
bool emu_cut_parse(enum emu_cut_kind kind, const char *s, struct emu_cut_plan *ret);

/* The flash operation in which device `index` of `count` loses power next, after `done` operations; 0 = never
 * again. */
uint64_t emu_cut_next(const struct emu_cut_plan *plan, uint32_t index, uint32_t count, uint64_t done);

#endif
