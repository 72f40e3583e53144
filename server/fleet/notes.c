/* Small notes beside the records, set and read without a lock: which are dirty, and at which pace they poll.
 */
#include "fleet/records.h"

uint8_t fleet_pace(const struct fleet *fleet, uint32_t index)
{
    return atomic_load(&chunk_of(fleet, index)->pace[index % CHUNK]);
}

void fleet_set_pace(struct fleet *fleet, uint32_t index, uint8_t pace)
{
    atomic_store(&chunk_of(fleet, index)->pace[index % CHUNK], pace);
}

void fleet_forget_paces(struct fleet *fleet)
{
    uint32_t count = fleet_count(fleet);

    for (uint32_t i = 0; i < count; i++)
        fleet_set_pace(fleet, i, 0);
}

static uint64_t bit_of(uint32_t index)
{
    return UINT64_C(1) << (index % 64);
}

/* Most polls find it marked: a read keeps the line shared between cores. */
static void mark(_Atomic uint64_t *word, uint32_t index)
{
    if (!(atomic_load_explicit(word, memory_order_relaxed) & bit_of(index)))
        atomic_fetch_or_explicit(word, bit_of(index), memory_order_release);
}

static void unmark(_Atomic uint64_t *word, uint32_t index)
{
    if (atomic_load_explicit(word, memory_order_relaxed) & bit_of(index))
        atomic_fetch_and_explicit(word, ~bit_of(index), memory_order_acq_rel);
}

/* Of the word's devices, the first marked one at or behind index; FLEET_NONE if there is none. */
static uint32_t first_marked(_Atomic uint64_t *word, uint32_t index)
{
    uint64_t marked = atomic_load_explicit(word, memory_order_acquire) & (~UINT64_C(0) << (index % 64));

    return marked ? (index & ~63u) + (uint32_t)__builtin_ctzll(marked) : FLEET_NONE;
}

void fleet_mark_dirty(struct fleet *fleet, uint32_t index)
{
    mark(&bits_of(fleet, index)->dirty, index);
}

void fleet_mark_seen(struct fleet *fleet, uint32_t index)
{
    mark(&bits_of(fleet, index)->seen, index);
}

uint32_t fleet_take_dirty(struct fleet *fleet, uint32_t from)
{
    uint32_t count = fleet_count(fleet);

    for (uint32_t i = from, found; i < count; i = (i | 63u) + 1) {
        struct bits *bits = bits_of(fleet, i);

        found = first_marked(&bits->dirty, i);
        if (found == FLEET_NONE)
            continue;
        unmark(&bits->seen, found); /* first: a poll in between marks it again */
        unmark(&bits->dirty, found);
        return found;
    }
    return FLEET_NONE;
}

uint32_t fleet_take_seen(struct fleet *fleet, uint32_t from, uint32_t upto)
{
    uint32_t count = fleet_count(fleet), end = upto < count ? upto : count;

    for (uint32_t i = from, found; i < end; i = (i | 63u) + 1) {
        struct bits *bits = bits_of(fleet, i);

        found = first_marked(&bits->seen, i);
        if (found == FLEET_NONE || found >= end)
            continue;
        unmark(&bits->seen, found);
        return found;
    }
    return FLEET_NONE;
}
