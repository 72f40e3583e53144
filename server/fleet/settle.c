/*
 * A device for which nothing is to be granted says so in 40 bits (`settled_more` before `settled`), which a
 * million of them have:
 *
 *   0                                    look at it
 *   0 (9)  generation (31)               nothing, as long as that catalog holds
 *   1 until, in minutes (24)  generation (15)    the like, up to that moment at the latest
 *
 * Minutes come round after 31 years, and a generation after 32,768 others: should a device poll in the one
 * that looks like its own, it is looked at in that moment instead. It is never granted what it should not be:
 * that is decided elsewhere.
 */
#include "fleet/fleet.h"

#define MINUTES    0xffffffu
#define TIMED      (UINT64_C(1) << 39)
#define GENERATION 0x7fffu

static void put(struct fleet_device *d, uint64_t bits)
{
    d->settled = (uint32_t)bits;
    d->settled_more = bits >> 32 & 0xff;
}

void fleet_settle(struct fleet_device *d, uint32_t generation, int64_t now, int64_t until)
{
    if (until == 0)
        put(d, generation & 0x7fffffffu);
    else if (until / 60 <= now / 60)
        put(d, 0);
    else
        put(d, TIMED | ((uint64_t)(until / 60) & MINUTES) << 15 | (generation & GENERATION));
}

bool fleet_settled(const struct fleet_device *d, uint32_t generation, int64_t at)
{
    uint64_t bits = (uint64_t)d->settled_more << 32 | d->settled;
    uint32_t left;

    if (bits == 0)
        return false;
    if ((bits & TIMED) == 0)
        return bits == (generation & 0x7fffffffu);
    left = ((uint32_t)(bits >> 15) - (uint32_t)(at / 60)) & MINUTES;
    return (bits & GENERATION) == (generation & GENERATION) && left > 0 && left <= MINUTES / 2;
}

void fleet_unsettle(struct fleet_device *d)
{
    put(d, 0);
}
