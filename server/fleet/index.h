/* Open addressing from 64-bit hashes to record numbers: one writer, readers without lock. Inside server/fleet
 * only. */
#ifndef OTTER_FLEET_INDEX_H
#define OTTER_FLEET_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet_table {
    struct fleet_table *older; /* kept until the end: a reader may still be in it */
    size_t mask;
    _Atomic uint64_t slot[]; /* upper 32 bits: of the hash; lower: record + 1; 0 = empty */
};

struct fleet_index {
    _Atomic(struct fleet_table *) table;
    size_t used;
};

bool fleet_index_init(struct fleet_index *index);
void fleet_index_clear(struct fleet_index *index);

/* Only half of a hash is kept in a slot: a table that grows asks for the whole one. Add is false when out of
 * memory. */
struct fleet_hasher {
    uint64_t (*hash)(const struct fleet_hasher *self, uint32_t record);
};
bool fleet_index_add(struct fleet_index *index, uint64_t hash, uint32_t record,
                     const struct fleet_hasher *hasher);

/* Walks the candidates of a hash, all in the table that was current at its start. Next is false at the end.
 */
struct fleet_walk {
    const struct fleet_table *table;
    uint64_t hash;
    size_t at;
};
struct fleet_walk fleet_index_walk(const struct fleet_index *index, uint64_t hash);
bool fleet_index_next(struct fleet_walk *walk, uint32_t *ret_record);

#endif
