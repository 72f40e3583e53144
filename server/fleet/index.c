#include "fleet/index.h"

#include <stdlib.h>

#define FIRST_SLOTS 1024u

static struct fleet_table *new_table(uint32_t slots)
{
    struct fleet_table *t = calloc(1, sizeof(*t) + slots * sizeof(t->slot[0]));

    if (t)
        t->slots = slots;
    return t;
}

bool fleet_index_init(struct fleet_index *index)
{
    struct fleet_table *t = new_table(FIRST_SLOTS);

    atomic_init(&index->table, t);
    atomic_init(&index->moves, 0);
    index->used = 0;
    return t != NULL;
}

bool fleet_index_reserve(struct fleet_index *index, uint32_t records)
{
    /* records <= 2^24: no product wraps. */
    uint32_t slots = records > FLEET_INDEX_MAX ? 0 : records + records / 4 + FIRST_SLOTS;
    struct fleet_table *t = slots ? new_table(slots) : NULL;

    if (!t)
        return false;
    free(atomic_exchange(&index->table, t));
    return true;
}

void fleet_index_clear(struct fleet_index *index)
{
    struct fleet_table *t = atomic_load(&index->table);

    while (t) {
        struct fleet_table *older = t->older;

        free(t);
        t = older;
    }
    atomic_store(&index->table, NULL);
}

/* The upper half of the hash chooses the slot, whatever the number of slots; the tag comes from the lower. */
static uint32_t first_slot(const struct fleet_table *t, uint64_t hash)
{
    return (uint32_t)((hash >> 32) * t->slots >> 32);
}

static uint32_t next_slot(const struct fleet_table *t, uint32_t slot)
{
    return slot + 1 == t->slots ? 0 : slot + 1;
}

static void insert(struct fleet_table *t, uint64_t hash, uint32_t record)
{
    uint32_t i = first_slot(t, hash);

    while (atomic_load_explicit(&t->slot[i], memory_order_relaxed) != 0)
        i = next_slot(t, i);
    atomic_store_explicit(&t->slot[i], (uint32_t)hash << 24 | (record + 1u), memory_order_release);
}

/* Twice the slots, whose number stays below 2^26: FLEET_INDEX_MAX records fill at most 4/5 of 2^25. */
static bool grow(struct fleet_index *index, struct fleet_table *old, const struct fleet_hasher *hasher)
{
    struct fleet_table *t = new_table(old->slots * 2);

    if (!t)
        return false;
    for (uint32_t i = 0; i < old->slots; i++) {
        uint32_t record = atomic_load_explicit(&old->slot[i], memory_order_relaxed) & FLEET_INDEX_MAX;

        if (record != 0)
            insert(t, hasher->hash(hasher, record - 1u), record - 1u);
    }
    t->older = old;
    atomic_store_explicit(&index->table, t, memory_order_release);
    return true;
}

void fleet_index_prepare(const struct fleet_index *index, uint64_t hash)
{
    const struct fleet_table *t = atomic_load_explicit(&index->table, memory_order_relaxed);

    __builtin_prefetch(&t->slot[first_slot(t, hash)], 1);
}

/* At most 4/5 full, so every walk soon meets an empty slot. */
bool fleet_index_add(struct fleet_index *index, uint64_t hash, uint32_t record,
                     const struct fleet_hasher *hasher)
{
    struct fleet_table *t = atomic_load_explicit(&index->table, memory_order_relaxed);

    if (record >= FLEET_INDEX_MAX)
        return false;
    if (index->used >= t->slots / 5 * 4) {
        if (!grow(index, t, hasher))
            return false;
        t = atomic_load_explicit(&index->table, memory_order_relaxed);
    }
    insert(t, hash, record);
    index->used++;
    return true;
}

uint32_t fleet_index_moves(const struct fleet_index *index)
{
    return atomic_load_explicit(&index->moves, memory_order_acquire);
}

bool fleet_index_moved(const struct fleet_index *index, uint32_t moves)
{
    atomic_thread_fence(memory_order_acquire);
    return (moves & 1u) != 0 || atomic_load_explicit(&index->moves, memory_order_relaxed) != moves;
}

static uint32_t slot_at(const struct fleet_table *t, uint32_t slot)
{
    return atomic_load_explicit(&t->slot[slot], memory_order_relaxed);
}

/* Where the record stands by that hash; t->slots: nowhere. */
static uint32_t slot_of(const struct fleet_table *t, uint64_t hash, uint32_t record)
{
    uint32_t wanted = (uint32_t)hash << 24 | (record + 1u), i = first_slot(t, hash);

    while (slot_at(t, i) != wanted) {
        if (slot_at(t, i) == 0)
            return t->slots;
        i = next_slot(t, i);
    }
    return i;
}

/* Slots from `from` on to `to`, around the table's end. */
static uint32_t distance(const struct fleet_table *t, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : to + t->slots - from;
}

/* The slot becomes empty, and what stands behind it moves up where it may: nothing is left behind. */
static void take_out(struct fleet_table *t, uint32_t hole, const struct fleet_hasher *hasher)
{
    for (uint32_t i = next_slot(t, hole); slot_at(t, i) != 0; i = next_slot(t, i)) {
        uint32_t e = slot_at(t, i), home = first_slot(t, hasher->hash(hasher, (e & FLEET_INDEX_MAX) - 1u));

        if (distance(t, home, i) < distance(t, hole, i))
            continue; /* its own place lies behind the hole */
        atomic_store_explicit(&t->slot[hole], e, memory_order_release);
        hole = i;
    }
    atomic_store_explicit(&t->slot[hole], 0, memory_order_release);
}

bool fleet_index_move(struct fleet_index *index, uint64_t from, uint64_t to, uint32_t record,
                      const struct fleet_hasher *hasher)
{
    struct fleet_table *t = atomic_load_explicit(&index->table, memory_order_relaxed);
    uint32_t at = slot_of(t, from, record);
    bool ok = true;

    if (at == t->slots && slot_of(t, to, record) != t->slots)
        return true; /* a table that has grown since, by what the record hashes to now */
    atomic_fetch_add_explicit(&index->moves, 1, memory_order_acq_rel);
    if (at != t->slots) {
        take_out(t, at, hasher);
        index->used--;
    }
    ok = fleet_index_add(index, to, record, hasher);
    atomic_fetch_add_explicit(&index->moves, 1, memory_order_release);
    return ok;
}

#define AHEAD 16u

void fleet_index_fill(struct fleet_index *index, uint32_t records, const struct fleet_hasher *hasher)
{
    struct fleet_table *t = atomic_load_explicit(&index->table, memory_order_relaxed);
    uint64_t hash[AHEAD];

    for (uint32_t i = 0; i < records + AHEAD; i++) {
        if (i >= AHEAD)
            insert(t, hash[i % AHEAD], i - AHEAD);
        if (i < records) {
            hash[i % AHEAD] = hasher->hash(hasher, i);
            fleet_index_prepare(index, hash[i % AHEAD]);
        }
    }
    index->used = records;
}

struct fleet_walk fleet_index_walk(const struct fleet_index *index, uint64_t hash)
{
    const struct fleet_table *t = atomic_load_explicit(&index->table, memory_order_acquire);

    return (struct fleet_walk){.table = t, .tag = (uint8_t)hash, .slot = first_slot(t, hash)};
}

bool fleet_index_next(struct fleet_walk *walk, uint32_t *ret_record)
{
    while (walk->seen++ < walk->table->slots) {
        uint32_t e = atomic_load_explicit(&walk->table->slot[walk->slot], memory_order_acquire);

        walk->slot = next_slot(walk->table, walk->slot);
        if (e == 0)
            return false;
        if (e >> 24 == walk->tag) {
            *ret_record = (e & FLEET_INDEX_MAX) - 1u;
            return true;
        }
    }
    return false;
}
