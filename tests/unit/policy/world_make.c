/* Where a world comes from: fleets and plans at random, each plan one that may be. */
#include "world.h"
#include "zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICK(d, array) (array)[below((d), sizeof(array) / sizeof((array)[0]))]

static void make_phases(struct dice *d, struct policy_plan *p)
{
    static const uint16_t success[] = {10000, 9000, 5000, 0}, failure[] = {1000, 3000, 10000};
    static const uint32_t sample[] = {1, 5, 20}, soak[] = {0, 600, 7200};
    unsigned percent = 0, count = 0;

    p->phase_count = 1 + below(d, 4);
    for (unsigned i = 0; i < p->phase_count; i++) {
        struct policy_phase_spec *s = &p->phase[i];
        bool last = i + 1 == p->phase_count;

        *s = (struct policy_phase_spec){.width = last ? POLICY_WIDTH_PERCENT : (enum policy_width)below(d, 3),
                                        .success_share = PICK(d, success),
                                        .failure_share = PICK(d, failure),
                                        .min_sample = PICK(d, sample),
                                        .soak_s = PICK(d, soak),
                                        .automatic = !one_in(d, 4),
                                        .approval = !last && one_in(d, 6)};
        s->group[0] = (char)('a' + i);
        if (s->width == POLICY_WIDTH_PERCENT)
            s->value = last ? 100 : (percent += 1 + below(d, 30));
        else if (s->width == POLICY_WIDTH_COUNT)
            s->value = count += 1 + below(d, 10);
    }
}

static void make_pace(struct dice *d, struct policy_plan *p)
{
    static const uint32_t active[] = {0, 0, 1, 3, 10}, rate[] = {0, 0, 1, 5, 60};
    static const uint64_t bytes[] = {0, 0, 0, 100, 1000, 20000};

    p->max_active = PICK(d, active);
    p->per_minute = PICK(d, rate);
    if (p->per_minute > 1 && one_in(d, 2)) {
        p->ramp_start = 1;
        p->ramp_factor = 150;
        p->ramp_every_s = 600;
    }
    p->bytes_per_s = PICK(d, bytes);
    p->site_bytes_per_s = PICK(d, bytes);
    if (p->site_bytes_per_s)
        memcpy(p->site_prefix, "site:", 6);
}

static void make_times(struct dice *d, struct policy_plan *p, int64_t begin_s)
{
    if (one_in(d, 3))
        p->not_before = begin_s + below(d, 86400);
    if (one_in(d, 3))
        p->not_after = begin_s + 86400 + below(d, 3 * 86400);
    p->window_count = one_in(d, 2) ? 0 : 1 + below(d, 2);
    for (unsigned i = 0; i < p->window_count; i++)
        p->window[i] =
            (struct policy_window_spec){(uint8_t)(1 + below(d, POLICY_DAYS_ALL)),
                                        (uint16_t)(below(d, 96) * 15), (uint16_t)(below(d, 97) * 15)};
}

static void make_retries(struct dice *d, struct policy_plan *p)
{
    static const enum otter_status reasons[] = {OTTER_OK, OTTER_NET_LOST, OTTER_DEADLINE};
    static const uint32_t waits[] = {0, 60, 3600};

    p->retry_count = below(d, 3);
    for (unsigned i = 0; i < p->retry_count; i++)
        p->retry[i] =
            (struct policy_retry){reasons[(below(d, 2) + i) % 3], (uint8_t)(1 + below(d, 5)), PICK(d, waits)};
    if (p->retry_count == 2 && p->retry[0].reason == p->retry[1].reason)
        p->retry_count = 1;
}

static void make_rollout(struct world *w, unsigned r)
{
    struct world_rollout *to = &w->rollout[r];
    struct policy_plan_error err;
    struct dice *d = &w->dice;

    policy_plan_default(&to->plan);
    make_phases(d, &to->plan);
    make_pace(d, &to->plan);
    make_times(d, &to->plan, w->begin_s);
    make_retries(d, &to->plan);
    to->plan.on_failure = (enum policy_on_failure)below(d, 3);
    to->plan.rollback_release = to->plan.on_failure == POLICY_FAILURE_ROLLBACK;
    to->plan.join = !one_in(d, 4);
    to->plan.allow_downgrade = one_in(d, 4);
    if (!policy_plan_valid(&to->plan, &err)) {
        (void)fprintf(stderr, "%s: %s\n", err.member, err.what);
        abort();
    }
    to->priority = below(d, 3);
    to->manifest = (struct otter_manifest){.product = "p",
                                           .hardware = {"h"},
                                           .hardware_count = 1,
                                           .version = {.major = 1, .minor = (uint8_t)(1 + below(d, 3))},
                                           .epoch = 1,
                                           .sequence = 10 + r,
                                           .expires = INT64_MAX,
                                           .image_count = 2,
                                           .image = {{.slot = OTTER_SLOT_A}, {.slot = OTTER_SLOT_B}}};
    to->manifest.image[0].sha256.b[0] = (uint8_t)(2 * r + 1);
    to->manifest.image[1].sha256.b[0] = (uint8_t)(2 * r + 2);
}

static void make_device(struct world *w, unsigned i, unsigned bad)
{
    static const struct test_zone *const zones[] = {&test_berlin, &test_new_york, &test_lord_howe,
                                                    &test_kathmandu};
    struct world_device *d = &w->device[i];

    (void)snprintf(d->id, sizeof(d->id), "device-%u", i);
    d->zone = one_in(&w->dice, 6) ? NULL : &PICK(&w->dice, zones)->zone;
    d->site = below(&w->dice, WORLD_SITES + 1);
    d->interval = 600 + below(&w->dice, 3000);
    d->appears_s = w->begin_s + (one_in(&w->dice, 4) ? below(&w->dice, 86400) : 0);
    d->bad = one_in(&w->dice, 15) ? 100 : bad;
    for (unsigned r = 0; r < WORLD_ROLLOUTS; r++) {
        d->in_target[r] = !one_in(&w->dice, 5);
        d->member[r] = d->appears_s == w->begin_s;
        d->place[r].position = throw(&w->dice) % POLICY_POSITION_END;
        for (unsigned k = 0; k < w->rollout[r].plan.phase_count; k++)
            if (w->rollout[r].plan.phase[k].width == POLICY_WIDTH_GROUP && one_in(&w->dice, 8))
                d->place[r].group_bits |= 1u << k;
    }
}

static int by_position(const void *a, const void *b)
{
    const struct policy_place *x = a, *y = b;

    return (x->position > y->position) - (x->position < y->position);
}

static void deal(struct world *w, unsigned r)
{
    struct policy_phase_share shares[POLICY_PHASES_MAX];
    struct policy_place places[WORLD_DEVICES];
    unsigned count = 0;

    for (unsigned i = 0; i < WORLD_DEVICES; i++)
        if (w->device[i].in_target[r] && w->device[i].member[r])
            places[count++] = w->device[i].place[r];
    qsort(places, count, sizeof(places[0]), by_position);
    policy_phases_deal(&w->rollout[r].plan, places, count, shares);
    for (unsigned k = 0; k < w->rollout[r].plan.phase_count; k++) {
        w->rollout[r].upto[k] = shares[k].upto;
        w->rollout[r].devices[k] = shares[k].devices;
    }
}

void world_make(struct world *w, uint64_t seed)
{
    /* Clocks change in Berlin, New York, Lord Howe, or nowhere. */
    static const int64_t begins[] = {1774569600, 1792713600, 1772841600, 1793404800,
                                     1775174400, 1790899200, 1780315200};
    static const unsigned bad[] = {0, 1, 5, 20, 60};
    unsigned share;

    memset(w, 0, sizeof(*w));
    w->dice.state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    w->begin_s = PICK(&w->dice, begins);
    w->end_s = w->begin_s + 4 * 86400;
    w->now.at_us = w->begin_s * WORLD_S;
    share = PICK(&w->dice, bad);
    for (unsigned r = 0; r < WORLD_ROLLOUTS; r++)
        make_rollout(w, r);
    for (unsigned i = 0; i < WORLD_DEVICES; i++) {
        make_device(w, i, share);
        w->poll_us[i] = (w->begin_s + below(&w->dice, w->device[i].interval)) * WORLD_S;
    }
    for (unsigned r = 0; r < WORLD_ROLLOUTS; r++)
        deal(w, r);
}
