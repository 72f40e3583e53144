/*
 * Open addressing from 64-bit hashes to record numbers: one writer, readers without lock. Four bytes a slot
 * and at most 4/5 full: 5 to 10 bytes a record. Inside server/fleet only.
 */
#ifndef OTTER_FLEET_INDEX_H
#define OTTER_FLEET_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet_table {
    struct fleet_table *older; /* kept until the end: a reader may still be in it */
    uint32_t slots;
    _Atomic uint32_t slot[]; /* upper 8 bits: the hash's lowest; lower 24: record + 1; 0 = empty */
};

struct fleet_index {
    _Atomic(struct fleet_table *) table;
    uint32_t used;
    _Atomic uint32_t moves; /* odd while one is under way */
};

#define FLEET_INDEX_MAX 0xffffffu /* records */

bool fleet_index_init(struct fleet_index *index);
/* Room for so many records in one table. Only while the index is empty and nobody reads it: the old table
 * goes. False (unchanged) when out of memory. */
bool fleet_index_reserve(struct fleet_index *index, uint32_t records);
void fleet_index_clear(struct fleet_index *index);

/* Eight bits of a hash are kept in a slot: a table that grows asks for the whole one. Add is false when out
 * of memory or full. */
struct fleet_hasher {
    uint64_t (*hash)(const struct fleet_hasher *self, uint32_t record);
};
/* Says that an add of this hash comes soon: random slots of a large table are far from the processor. */
void fleet_index_prepare(const struct fleet_index *index, uint64_t hash);
bool fleet_index_add(struct fleet_index *index, uint64_t hash, uint32_t record,
                     const struct fleet_hasher *hasher);
/*
 * A record's hash has become another one, to which the record itself hashes already: its slot is given back,
 * so that the table does not grow for it. Who walks meanwhile may miss any record: moves says so, and the
 * walk is done once more. False when out of memory: then it is found by neither.
 */
bool fleet_index_move(struct fleet_index *index, uint64_t from, uint64_t to, uint32_t record,
                      const struct fleet_hasher *hasher);
/* Before a walk; and behind one that found nothing: may a move have hidden what there is? */
uint32_t fleet_index_moves(const struct fleet_index *index);
bool fleet_index_moved(const struct fleet_index *index, uint32_t moves);
/* The records from 0 to below `records` into an empty index that has room for them. */
void fleet_index_fill(struct fleet_index *index, uint32_t records, const struct fleet_hasher *hasher);

/* Walks the candidates of a hash, all in the table that was current at its start. Next is false at the end.
 */
struct fleet_walk {
    const struct fleet_table *table;
    uint8_t tag;
    uint32_t slot, seen;
};
struct fleet_walk fleet_index_walk(const struct fleet_index *index, uint64_t hash);
bool fleet_index_next(struct fleet_walk *walk, uint32_t *ret_record);

#endif
