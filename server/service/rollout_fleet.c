/* Whom a rollout is for, counted over the fleet: phases are dealt from it, members taken down by it. */
#include "service/rollout_fleet.h"

#include "core/bytes.h"
#include "service/groups.h"

#include <stdlib.h>
#include <string.h>

static bool hardware_fits(const struct otter_manifest *m, const char *hardware)
{
    for (unsigned h = 0; h < m->hardware_count; h++)
        if (strcmp(m->hardware[h], hardware) == 0)
            return true;
    return false;
}

static bool is_member(const struct rollout_scope *s, uint32_t index)
{
    return !s->closed || (index / 8 < s->members_len && (s->members[index / 8] >> index % 8 & 1u) != 0);
}

enum match { NO_MATCH, MATCH, OTHER_HARDWARE };

/* Of the device in its lock. */
static enum match look(const struct rollout_scope *s, const struct fleet_device *d,
                       struct policy_place *ret_place)
{
    struct policy_subject subject;

    if (strcmp(d->kind->product, s->manifest->product) != 0 || (d->marks & FLEET_RETIRED))
        return NO_MATCH;
    device_subject(d, s->now, &subject);
    if (!policy_target_matches(s->target, &subject))
        return NO_MATCH;
    ret_place->group_bits = groups_phase_bits(s->c, s->plan, &subject);
    return hardware_fits(s->manifest, d->kind->hardware) ? MATCH : OTHER_HARDWARE;
}

static int by_position(const void *a, const void *b)
{
    const struct policy_place *x = a, *y = b;

    return (x->position > y->position) - (x->position < y->position);
}

static bool room_for(struct rollout_places *p, size_t *room)
{
    size_t more = *room ? *room * 2 : 256;
    struct policy_place *grown;

    if (p->count < *room)
        return true;
    grown = realloc(p->place, more * sizeof(*grown));
    if (!grown)
        return false;
    p->place = grown;
    *room = more;
    return true;
}

bool rollout_places(struct svc *svc, const struct rollout_scope *scope, struct rollout_places *ret)
{
    uint32_t count = fleet_count(svc->fleet);
    size_t room = 0;

    *ret = (struct rollout_places){.place = NULL};
    for (uint32_t i = 0; i < count; i++) {
        const struct fleet_device *d = fleet_lock(svc->fleet, i);
        struct policy_place place = {0};
        enum match match = is_member(scope, i) ? look(scope, d, &place) : NO_MATCH;
        const char *hardware = d->kind->hardware; /* kinds are never freed */

        fleet_unlock(svc->fleet, i);
        if (match == OTHER_HARDWARE) {
            ret->other_hardware = hardware;
            ret->others++;
            ret->named |= policy_target_names(scope->target, POLICY_FIELD_HARDWARE, hardware);
        }
        if (match != MATCH)
            continue;
        if (!room_for(ret, &room)) {
            rollout_places_free(ret);
            return false;
        }
        place.position = policy_position(&otter_crypto_openssl, scope->seed, d->id); /* id: the like */
        ret->place[ret->count++] = place;
    }
    if (ret->count > 0)
        qsort(ret->place, ret->count, sizeof(*ret->place), by_position);
    return true;
}

void rollout_places_free(struct rollout_places *places)
{
    free(places->place);
    *places = (struct rollout_places){.place = NULL};
}

static enum otter_status keep_bits(struct svc *svc, int64_t rollout, const uint8_t *bits, size_t len)
{
    struct store_members row = {.rollout = rollout, .bits = bits, .len = len};

    return svc->writer->ops->members_put(svc->writer, &row);
}

enum otter_status rollout_members_take(struct svc *svc, int64_t rollout, const struct rollout_chooser *who)
{
    uint32_t count = fleet_count(svc->fleet);
    size_t len = ((size_t)count + 7) / 8;
    auto_free uint8_t *bits = calloc(len + 1, 1);

    if (!bits)
        return OTTER_INTERNAL;
    for (uint32_t i = 0; i < count; i++) {
        bool chosen = who->chooses(who, fleet_lock(svc->fleet, i), i);

        fleet_unlock(svc->fleet, i);
        if (chosen)
            bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << i % 8);
    }
    return keep_bits(svc, rollout, bits, len);
}

bool rollout_selects(const struct rollout_scope *scope, const struct fleet_device *d)
{
    struct policy_place place;

    return look(scope, d, &place) == MATCH;
}
