/*
 * Flash in memory whose power can be cut in any operation: the program of one unit, or an erase. What was
 * torn is left as the kind of cut says: a part of the bytes or bits, cells that read now so, now so, words
 * whose ECC does not hold. A rule that the device code breaks is remembered as `broken`.
 */
#ifndef OTTER_TESTS_SIM_FLASH_H
#define OTTER_TESTS_SIM_FLASH_H

#include "geometry.h"

#define SIM_WEAK 64u
#define SIM_ECC  32u

/* An operation that is about to happen. */
struct sim_op {
    bool is_erase;
    uint32_t addr;
    uint32_t len;      /* the program unit, or the sector */
    const uint8_t *in; /* program */
};

/* Bits that were to fall and read at random: until the sector is erased, or they are programmed again. */
struct sim_weak {
    uint32_t addr;
    uint8_t bits;
};

/* A write-once word whose ECC does not hold: a read of it fails, always or now and then. */
struct sim_ecc {
    uint32_t addr;
    bool always;
};

struct sim_flash {
    struct otter_flash flash;
    uint8_t *mem;
    uint64_t operations;
    uint64_t noise; /* how weak cells and torn words read */
    unsigned weak_count, ecc_count;
    struct sim_weak weak[SIM_WEAK];
    struct sim_ecc ecc[SIM_ECC];
    uint16_t erases[SIM_SECTORS];
    uint32_t keep_base, keep_size; /* the running slot: nobody writes there */
    bool booting;                  /* the bootloader runs: it writes the journal alone */
    const char *broken;            /* the first rule that was broken; static */
    /* Called before each operation: it may live through what follows a cut in it, and put everything back.
     * False: it has torn the operation, which is as good as done. */
    bool (*before)(struct sim_flash *self, const struct sim_op *op);
};

/* The kinds of cut, as the report names them. */
enum sim_kind {
    SIM_PREFIX, /* the first bytes of the unit are programmed; none and all of them included */
    SIM_BITS,   /* random bits of those that were to fall have fallen */
    SIM_WEAKLY, /* and some of them not for good */
    SIM_TORN_ECC,
    SIM_HALF_ERASED,
    SIM_WEAKLY_ERASED,
    SIM_AGAIN, /* a second cut, of any of these kinds, during the recovery from a first */
    SIM_DIP,   /* no cut: the unit is torn, and the operation says that it succeeded */
    SIM_KINDS
};
extern const char *const sim_kind_names[SIM_KINDS];

void sim_flash_init(struct sim_flash *f, const struct otter_flash_map *map);
void sim_flash_free(struct sim_flash *f);
uint8_t *sim_flash_at(const struct sim_flash *f, uint32_t addr);

/* How many ways there are to tear it, and of what kind each is. */
unsigned sim_flash_variants(const struct sim_flash *f, const struct sim_op *op);
enum sim_kind sim_flash_kind(const struct sim_flash *f, const struct sim_op *op, unsigned variant);
/* The power fails in it. What is random follows from `seed`. */
void sim_flash_tear(struct sim_flash *f, const struct sim_op *op, unsigned variant, uint64_t seed);

/* Does anything in the range read differently from time to time, or not at all? */
bool sim_flash_is_firm(const struct sim_flash *f, uint32_t addr, uint32_t len);

#endif
