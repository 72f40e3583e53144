/* How often a device polls that is in saved groups: kept in its record until something about it changes. */
#include "service/groups.h"

#include <string.h>

/* fleet_pace: 0 = look; else the first group's place in catalog.paced, from 1; or in none of them. */
#define PACE_NONE UINT8_MAX

static unsigned place_of(const struct catalog *c, const struct policy_subject *subject)
{
    unsigned i = 0;

    while (i < c->paced_count && !policy_target_matches(&c->paced[i]->target, subject))
        i++;
    return i;
}

/* Kept where nothing but a change of the device or of the groups can make it wrong. */
static void keep(struct svc *svc, const struct catalog *c, uint32_t index, unsigned place)
{
    bool none = place == c->paced_count;

    if (c->pace_moves || (!none && place + 1 >= PACE_NONE))
        return;
    fleet_set_pace(svc->fleet, index, none ? PACE_NONE : (uint8_t)(place + 1));
    /* A newer catalog forgets all paces once its generation shows: perhaps before this one was set. */
    if (atomic_load(&svc->generation) != c->generation)
        fleet_set_pace(svc->fleet, index, 0);
}

static unsigned look(struct svc *svc, const struct catalog *c, uint32_t index)
{
    struct policy_subject subject;
    unsigned place;

    device_subject(fleet_lock(svc->fleet, index), svc_now(svc), &subject);
    place = place_of(c, &subject);
    keep(svc, c, index, place); /* under the lock, as are the changes that take it away */
    fleet_unlock(svc->fleet, index);
    return place;
}

static uint32_t of_groups(struct svc *svc, uint32_t index)
{
    auto_catalog struct catalog *c = NULL;
    unsigned place, known = fleet_pace(svc->fleet, index);

    if (known == PACE_NONE)
        return svc->config.poll_interval_s;
    c = catalog_get(svc);
    place = known ? known - 1 : look(svc, c, index);
    return place < c->paced_count ? c->paced[place]->row.poll_interval : svc->config.poll_interval_s;
}

uint32_t groups_poll_interval(struct svc *svc, uint32_t index)
{
    return atomic_load_explicit(&svc->paced, memory_order_acquire) ? of_groups(svc, index)
                                                                   : svc->config.poll_interval_s;
}

void device_changed(struct svc *svc, struct fleet_device *d, uint32_t index)
{
    fleet_unsettle(d);
    fleet_set_pace(svc->fleet, index, 0);
    progress_tell(svc, index);
}

static bool same_groups(const struct catalog *a, const struct catalog *b)
{
    bool same = a->group_count == b->group_count;

    for (size_t i = 0; same && i < a->group_count; i++) {
        const struct store_group *x = &a->groups[i].row, *y = &b->groups[i].row;

        same = strcmp(x->name, y->name) == 0 && strcmp(x->target, y->target) == 0 &&
               x->poll_interval == y->poll_interval;
    }
    return same;
}

void groups_published(struct svc *svc, const struct catalog *before, const struct catalog *now)
{
    atomic_store_explicit(&svc->paced, now->paced_count > 0, memory_order_release);
    if (before && !same_groups(before, now))
        fleet_forget_paces(svc->fleet);
}
