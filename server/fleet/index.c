#include "fleet/index.h"

#include <stdlib.h>

#define FIRST_SLOTS 1024u

static struct fleet_table *new_table(size_t slots)
{
    struct fleet_table *t = calloc(1, sizeof(*t) + slots * sizeof(t->slot[0]));

    if (t)
        t->mask = slots - 1;
    return t;
}

bool fleet_index_init(struct fleet_index *index)
{
    struct fleet_table *t = new_table(FIRST_SLOTS);

    atomic_init(&index->table, t);
    index->used = 0;
    return t != NULL;
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

static uint64_t entry(uint64_t hash, uint32_t record)
{
    return (hash >> 32) << 32 | (uint64_t)(record + 1u);
}

static void insert(struct fleet_table *t, uint64_t hash, uint32_t record)
{
    size_t i = (size_t)hash & t->mask;

    while (atomic_load_explicit(&t->slot[i], memory_order_relaxed) != 0)
        i = (i + 1) & t->mask;
    atomic_store_explicit(&t->slot[i], entry(hash, record), memory_order_release);
}

/* At most half full, so every walk meets an empty slot. */
static bool grow(struct fleet_index *index, struct fleet_table *old, const struct fleet_hasher *hasher)
{
    struct fleet_table *t = new_table((old->mask + 1) * 2);

    if (!t)
        return false;
    for (size_t i = 0; i <= old->mask; i++) {
        uint64_t e = atomic_load_explicit(&old->slot[i], memory_order_relaxed);

        if (e != 0)
            insert(t, hasher->hash(hasher, (uint32_t)e - 1u), (uint32_t)e - 1u);
    }
    t->older = old;
    atomic_store_explicit(&index->table, t, memory_order_release);
    return true;
}

bool fleet_index_add(struct fleet_index *index, uint64_t hash, uint32_t record,
                     const struct fleet_hasher *hasher)
{
    struct fleet_table *t = atomic_load_explicit(&index->table, memory_order_relaxed);

    if ((index->used + 1) * 2 > t->mask + 1) {
        if (!grow(index, t, hasher))
            return false;
        t = atomic_load_explicit(&index->table, memory_order_relaxed);
    }
    insert(t, hash, record);
    index->used++;
    return true;
}

struct fleet_walk fleet_index_walk(const struct fleet_index *index, uint64_t hash)
{
    return (struct fleet_walk){.table = atomic_load_explicit(&index->table, memory_order_acquire),
                               .hash = hash};
}

bool fleet_index_next(struct fleet_walk *walk, uint32_t *ret_record)
{
    while (walk->at <= walk->table->mask) {
        size_t slot = ((size_t)walk->hash + walk->at++) & walk->table->mask;
        uint64_t e = atomic_load_explicit(&walk->table->slot[slot], memory_order_acquire);

        if (e == 0)
            return false;
        if (e >> 32 == walk->hash >> 32) {
            *ret_record = (uint32_t)e - 1u;
            return true;
        }
    }
    return false;
}
