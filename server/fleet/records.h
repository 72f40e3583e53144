/* The records of a fleet and what lies beside them. Inside server/fleet only. */
#ifndef OTTER_FLEET_RECORDS_H
#define OTTER_FLEET_RECORDS_H

#include "fleet/arena.h"
#include "fleet/fleet.h"
#include "fleet/index.h"
#include "fleet/said.h"
#include "fleet/second.h"

#include <pthread.h>
#include <stdatomic.h>

/* Records come in pieces that never move; at most CHUNKS * CHUNK devices. */
#define CHUNK   4096u
#define CHUNKS  4096u
#define STRIPES 64u
#define KINDS   256u

/* Of 64 devices, a bit each; a poll asks for one and sets another. */
struct bits {
    _Atomic uint64_t retired; /* copies of FLEET_RETIRED, to be asked without a lock */
    _Atomic uint64_t dirty;
    _Atomic uint64_t seen;
};

struct chunk {
    struct fleet_device device[CHUNK];
    struct bits bits[CHUNK / 64];
    _Atomic uint8_t pace[CHUNK];
};

struct fleet {
    uint64_t seed;
    _Atomic uint32_t count;
    _Atomic uint32_t retired;
    struct fleet_index by_id;
    struct fleet_index by_token;
    struct fleet_hasher id_hasher;
    struct fleet_hasher token_hasher;
    struct arena arena;
    const struct fleet_kind *kind[KINDS]; /* few, so a plain list */
    unsigned kind_count;
    struct said_table said;
    struct second_table seconds;
    pthread_mutex_t filling; /* while hands are at work: guards arena, kinds and placed */
    uint32_t placed;
    struct chunk *reserved; /* so many in a row, the first of the fleet's; NULL: none */
    uint32_t reserved_count;
    pthread_mutex_t stripe[STRIPES];
    _Atomic(struct chunk *) chunk[CHUNKS];
};

static inline struct chunk *chunk_of(const struct fleet *f, uint32_t index)
{
    return atomic_load_explicit(&f->chunk[index / CHUNK], memory_order_acquire);
}

static inline struct bits *bits_of(const struct fleet *f, uint32_t index)
{
    return &chunk_of(f, index)->bits[index % CHUNK / 64];
}

/* Product and hardware, kept once for all devices that have them; NULL when out of memory. The writer's
 * thread, or with `filling` locked. */
const struct fleet_kind *fleet_intern(struct fleet *f, const char *product, const char *hardware);

/* The token of a record: credentials.c. */
void fleet_token_put(struct fleet_device *d, const uint8_t token[FLEET_TOKEN]);
void fleet_token_get(const struct fleet_device *d, uint8_t ret[FLEET_TOKEN]);

#endif
