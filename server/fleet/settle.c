/*
 * A device for which nothing is to be granted says so in 32 bits, which a million of them have:
 *
 *   0                                   look at it
 *   0 generation (31)                   nothing, as long as that catalog holds
 *   1 until in 8 s (19) generation (12) the like, up to that moment at the latest
 *
 * Times and generations come round: a device is then looked at later than it could be, by SETTLE_MAX at the
 * most, which is why no longer time is written down; it is never granted what it should not be, since that is
 * decided elsewhere.
 */
#include "fleet/fleet.h"

#define TIMED      0x80000000u
#define GENERATION 0xfffu
#define UNTIL      0x7ffffu
#define UNIT_S     8
#define SETTLE_MAX 3600

void fleet_settle(struct fleet_device *d, uint32_t generation, int64_t now, int64_t until)
{
    if (until == 0) {
        d->settled = generation & ~TIMED;
        return;
    }
    if (until > now + SETTLE_MAX)
        until = now + SETTLE_MAX;
    d->settled = until / UNIT_S <= now / UNIT_S
                     ? 0
                     : TIMED | ((uint32_t)(until / UNIT_S) & UNTIL) << 12 | (generation & GENERATION);
}

bool fleet_settled(const struct fleet_device *d, uint32_t generation, int64_t now)
{
    uint32_t left;

    if (d->settled == 0)
        return false;
    if ((d->settled & TIMED) == 0)
        return d->settled == (generation & ~TIMED);
    left = ((d->settled >> 12 & UNTIL) - (uint32_t)(now / UNIT_S)) & UNTIL;
    return (d->settled & GENERATION) == (generation & GENERATION) && left > 0 && left <= SETTLE_MAX / UNIT_S;
}
