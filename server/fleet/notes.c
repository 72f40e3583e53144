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

void fleet_mark_dirty(struct fleet *fleet, uint32_t index)
{
    struct chunk *c = chunk_of(fleet, index);
    _Atomic uint64_t *word = &c->dirty[index % CHUNK / 64];
    uint64_t bit = UINT64_C(1) << (index % 64);

    /* Most polls find it marked: a read keeps the line shared between cores. */
    if (!(atomic_load_explicit(word, memory_order_relaxed) & bit))
        atomic_fetch_or_explicit(word, bit, memory_order_release);
}

uint32_t fleet_take_dirty(struct fleet *fleet, uint32_t from)
{
    uint32_t count = fleet_count(fleet);

    for (uint32_t i = from; i < count;) {
        _Atomic uint64_t *word = &chunk_of(fleet, i)->dirty[i % CHUNK / 64];
        uint64_t bits = atomic_load_explicit(word, memory_order_acquire) & (~UINT64_C(0) << (i % 64));

        if (bits == 0) {
            i = (i | 63u) + 1;
            continue;
        }
        i = (i & ~63u) + (uint32_t)__builtin_ctzll(bits);
        atomic_fetch_and_explicit(word, ~(UINT64_C(1) << (i % 64)), memory_order_acq_rel);
        return i;
    }
    return FLEET_NONE;
}
