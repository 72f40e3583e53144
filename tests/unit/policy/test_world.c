/*
 * Random worlds (world.h), and an auditor who trusts nothing but the list of what happened: what was granted,
 * how it ended, what gates and operators did. Each rule is checked by reading that list anew, without the
 * policy's functions where there is another way.
 */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WORLDS 40u

static struct world world;
static uint64_t seed;
static unsigned long told_count, granted_count;

#define MUST(holds, what)                                                                                    \
    do {                                                                                                     \
        if (!(holds))                                                                                        \
            fail_msg("world %llu: %s", (unsigned long long)seed, (what));                                    \
    } while (0)

static bool lost(enum otter_update_state state)
{
    return state == OTTER_UPDATE_FAILED || state == OTTER_UPDATE_REVERTED || state == OTTER_UPDATE_TIMED_OUT;
}

/* Every refusal has its reason and its facts; what it says of time is so. */
static void look(const struct world *w, const struct policy_facts *facts, enum otter_status answer)
{
    struct policy_facts then = *facts;
    struct policy_told told, again;

    (void)w;
    told_count++;
    MUST(policy_explain(facts, &told) == answer && policy_decide(facts) == answer,
         "explain and decide differ");
    MUST(strcmp(told.rule, otter_status_name(answer)) == 0, "another rule is told");
    MUST(policy_refuses(answer) == (answer != OTTER_OK), "no refusal of the table");
    MUST((told.count > 0) == (answer != OTTER_OK) && told.count <= POLICY_TOLD_FACTS, "no fact is told");
    for (unsigned i = 0; i < told.count; i++)
        MUST(told.fact[i].name && told.fact[i].have[0] && told.fact[i].need[0], "an empty fact");
    if (told.next_change_at == 0)
        return;
    MUST(told.next_change_at > (int64_t)facts->now, "a change in the past is told");
    then.now = (uint64_t)told.next_change_at - 1;
    MUST((policy_decide(&then) == OTTER_OK) == (answer == OTTER_OK), "it changes before it was told to");
    then.now++;
    MUST(policy_explain(&then, &again) != answer, "it does not change when it was told to");
}

static bool is_of(const struct world_event *e, enum world_kind kind, unsigned rollout)
{
    return e->kind == kind && e->rollout == rollout;
}

static void never_above_the_cap(unsigned r)
{
    unsigned open = 0, cap = world.rollout[r].plan.max_active;
    bool is_open[WORLD_DEVICES] = {false};

    for (unsigned i = 0; i < world.event_count; i++) {
        const struct world_event *e = &world.event[i];

        if (is_of(e, WORLD_GRANT, r)) {
            MUST(!is_open[e->device], "granted while an attempt is open");
            is_open[e->device] = true;
            open++;
            MUST(cap == 0 || open <= cap, "above the cap");
        } else if (is_of(e, WORLD_END, r) && is_open[e->device]) {
            is_open[e->device] = false;
            open--;
        }
    }
}

static bool at_site(const struct world_event *e, unsigned site)
{
    return site == WORLD_SITES || world.device[e->device].site == site;
}

/* From each grant on: never more in a minute than the rate, never more bytes than the seconds until the next
 * paid for. site: WORLD_SITES for all. */
static void never_faster(unsigned r, unsigned site, uint32_t per_minute, uint64_t bytes_per_s)
{
    for (unsigned i = 0; i < world.event_count; i++) {
        uint64_t in_a_minute = 0, bytes = 0;

        if (!is_of(&world.event[i], WORLD_GRANT, r) || !at_site(&world.event[i], site))
            continue;
        for (unsigned k = i; k < world.event_count; k++) {
            const struct world_event *e = &world.event[k];
            uint64_t passed_us = (uint64_t)(e->at_us - world.event[i].at_us);

            if (!is_of(e, WORLD_GRANT, r) || !at_site(e, site))
                continue;
            in_a_minute += passed_us < 60000000;
            MUST(per_minute == 0 || in_a_minute <= per_minute, "more in a minute than the rate");
            MUST(bytes_per_s == 0 || bytes * 1000000 <= bytes_per_s * passed_us,
                 "more bytes than a second has");
            bytes += WORLD_BYTES;
        }
    }
}

/* A ramp of one a minute, half as many again each ten minutes, begins anew with each phase and resume: in the
 * first twenty minutes there are at most 10 + 10. */
static void never_above_the_ramp(unsigned r)
{
    int64_t since = 0;
    unsigned in_slow = 0;

    for (unsigned i = 0; i < world.event_count && world.rollout[r].plan.ramp_start; i++) {
        const struct world_event *e = &world.event[i];

        if (is_of(e, WORLD_START, r) || is_of(e, WORLD_ADVANCE, r) || is_of(e, WORLD_RESUME, r)) {
            since = e->at_us;
            in_slow = 0;
        }
        in_slow += is_of(e, WORLD_GRANT, r) && e->at_us < since + 1200 * WORLD_S;
        MUST(in_slow <= 21, "above the ramp");
    }
}

/* By the clock on the wall alone: right but on the day after a change. */
static bool naive_window(const struct policy_plan *p, int64_t local)
{
    unsigned minute = (unsigned)(local / 60 % 1440), day = (unsigned)((local / 86400 + 3) % 7);

    for (unsigned i = 0; i < p->window_count; i++) {
        const struct policy_window_spec *s = &p->window[i];
        bool today = s->days >> day & 1, yesterday = s->days >> (day + 6) % 7 & 1, night = s->to <= s->from;

        if ((today && minute >= s->from && (night || minute < s->to)) ||
            (yesterday && night && minute < s->to))
            return true;
    }
    return p->window_count == 0;
}

static void never_outside_the_times(unsigned r)
{
    const struct policy_plan *p = &world.rollout[r].plan;

    for (unsigned i = 0; i < world.event_count; i++) {
        const struct world_event *e = &world.event[i];
        const struct policy_zone *zone =
            world.device[e->device].zone ? world.device[e->device].zone : &policy_zone_utc;
        int64_t t = e->at_us / WORLD_S, until, offset = zone->offset(zone, t, &until);

        if (!is_of(e, WORLD_GRANT, r))
            continue;
        MUST(t >= p->not_before && (p->not_after == 0 || t < p->not_after),
             "before the start or after the end");
        if (zone->offset(zone, t - 2 * 86400, &until) == offset)
            MUST(naive_window(p, t + offset), "outside a window");
    }
}

/* What the auditor knows of a rollout while reading. */
struct ledger {
    unsigned phase;
    bool running, warned, approved, tried[WORLD_DEVICES], open[WORLD_DEVICES];
    enum otter_update_state ended[WORLD_DEVICES];
    unsigned good[POLICY_PHASES_MAX], bad[POLICY_PHASES_MAX], acknowledged;
    int64_t through_us;
};

static unsigned phase_of(unsigned r, unsigned device)
{
    const struct policy_place *place = &world.device[device].place[r];

    for (unsigned i = 0; i < world.rollout[r].plan.phase_count; i++)
        if (place->position < world.rollout[r].upto[i] || place->group_bits >> i & 1)
            return i + 1;
    return 99;
}

static bool over_threshold(unsigned r, const struct ledger *l)
{
    const struct policy_phase_spec *s = &world.rollout[r].plan.phase[l->phase - 1];
    unsigned bad = l->bad[l->phase - 1], devices = world.rollout[r].devices[l->phase - 1];
    unsigned sample = s->min_sample < devices ? s->min_sample : devices;

    bad = bad > l->acknowledged ? bad - l->acknowledged : 0;
    return bad > 0 && bad + l->good[l->phase - 1] >= sample &&
           100.0 * bad / (bad + l->good[l->phase - 1]) > s->failure_share / 100.0 + 1e-9;
}

static bool enough_succeeded(unsigned r, const struct ledger *l)
{
    unsigned bad = l->bad[l->phase - 1], good = l->good[l->phase - 1];

    bad = bad > l->acknowledged ? bad - l->acknowledged : 0;
    return good + bad == 0 || 100.0 * good / (good + bad) >=
                                  world.rollout[r].plan.phase[l->phase - 1].success_share / 100.0 - 1e-9;
}

static void may_go_on(unsigned r, const struct ledger *l, const struct world_event *e)
{
    const struct policy_phase_spec *s = &world.rollout[r].plan.phase[l->phase - 1];

    MUST(l->running, "it goes on while it does not run");
    MUST(!over_threshold(r, l) || l->warned, "it goes on over its failure threshold");
    if (e->kind == WORLD_GRANT) {
        MUST(phase_of(r, e->device) <= l->phase, "granted in a phase that is not open");
        return;
    }
    for (unsigned d = 0; d < WORLD_DEVICES; d++)
        MUST(!l->open[d], "past a gate with attempts open");
    if (e->kind == WORLD_COMPLETE) {
        MUST(l->phase == world.rollout[r].plan.phase_count, "complete before the last phase");
        return;
    }
    MUST(enough_succeeded(r, l), "past a gate with too few successes");
    if (e->kind == WORLD_THROUGH)
        return;
    MUST(!s->approval || l->approved, "past a gate without approval");
    MUST(l->through_us / WORLD_S + s->soak_s <= e->at_us / WORLD_S, "past a gate before it soaked");
}

static void note_end(unsigned r, struct ledger *l, const struct world_event *e)
{
    unsigned phase = phase_of(r, e->device) - 1;

    MUST(l->tried[e->device], "an end without an attempt");
    if (!l->open[e->device]) {
        MUST(l->ended[e->device] == OTTER_UPDATE_TIMED_OUT && e->state == OTTER_UPDATE_SUCCEEDED,
             "counted twice");
        l->bad[phase]--;
    }
    if (lost(e->state))
        l->bad[phase]++;
    else
        l->good[phase]++;
    l->ended[e->device] = e->state;
    l->open[e->device] = false;
}

static void note(unsigned r, struct ledger *l, const struct world_event *e)
{
    switch (e->kind) {
    case WORLD_START:
    case WORLD_ADVANCE:
        l->phase++;
        l->running = true;
        l->warned = l->approved = false;
        l->acknowledged = 0;
        break;
    case WORLD_GRANT:
        l->tried[e->device] = l->open[e->device] = true;
        break;
    case WORLD_END:
        note_end(r, l, e);
        break;
    case WORLD_RESUME:
        l->running = true;
        break;
    case WORLD_WARN:
        l->warned = true;
        break;
    case WORLD_APPROVE:
        l->approved = true;
        break;
    case WORLD_THROUGH:
        l->through_us = e->at_us;
        break;
    case WORLD_HALT:
    case WORLD_COMPLETE:
    case WORLD_ROLL_BACK:
    case WORLD_PAUSE:
        l->running = false;
        break;
    default:
        break;
    }
}

static void never_past_a_gate(unsigned r)
{
    struct ledger l = {0};
    bool halted = false;

    for (unsigned i = 0; i < world.event_count; i++) {
        const struct world_event *e = &world.event[i];

        if (e->rollout != r || e->kind == WORLD_HOLD)
            continue;
        if (e->kind == WORLD_GRANT || e->kind == WORLD_ADVANCE || e->kind == WORLD_COMPLETE ||
            (e->kind == WORLD_THROUGH && l.phase < world.rollout[r].plan.phase_count))
            may_go_on(r, &l, e);
        if (e->kind == WORLD_HALT || e->kind == WORLD_WARN || e->kind == WORLD_ROLL_BACK)
            MUST(over_threshold(r, &l), "stopped below its failure threshold");
        if (e->kind == WORLD_RESUME && halted)
            l.acknowledged = l.bad[l.phase - 1];
        if (e->kind == WORLD_HALT || e->kind == WORLD_RESUME)
            halted = e->kind == WORLD_HALT;
        note(r, &l, e);
    }
}

/* One attempt at a time, and another only as the plan's retries say, or an operator. */
static void never_again_but_by_retry(unsigned device)
{
    unsigned losses[WORLD_ROLLOUTS] = {0}, in_a_row = 0;
    bool over[WORLD_ROLLOUTS] = {false}, open = false;
    const struct world_event *last[WORLD_ROLLOUTS] = {NULL}, *end = NULL;

    for (unsigned i = 0; i < world.event_count; i++) {
        const struct world_event *e = &world.event[i];

        if (e->device != device)
            continue;
        if (e->kind == WORLD_RETRY) {
            over[e->rollout] = false;
            losses[e->rollout] = 0;
        } else if (e->kind == WORLD_END) {
            open = open && last[e->rollout] != NULL && last[e->rollout]->kind != WORLD_GRANT;
            over[e->rollout] = true;
            losses[e->rollout] = lost(e->state) ? losses[e->rollout] + 1 : 0;
            in_a_row = lost(e->state) ? in_a_row + 1 : 0;
            last[e->rollout] = end = e;
        } else if (e->kind == WORLD_GRANT) {
            const struct policy_retry *retry =
                over[e->rollout]
                    ? policy_plan_retry(&world.rollout[e->rollout].plan, last[e->rollout]->reason)
                    : NULL;

            MUST(!open, "two attempts of a device at once");
            MUST(!over[e->rollout] ||
                     (retry && losses[e->rollout] > 0 && losses[e->rollout] <= retry->tries &&
                      e->at_us / WORLD_S >= last[e->rollout]->at_us / WORLD_S +
                                                ((int64_t)retry->wait_s << (losses[e->rollout] - 1))),
                 "again without a retry");
            MUST(in_a_row < 3 || e->at_us / WORLD_S >= end->at_us / WORLD_S + 3600, "out of the penalty box");
            open = true;
            last[e->rollout] = e;
        }
    }
}

static void never_to_whom_it_is_not(unsigned r)
{
    bool held[WORLD_DEVICES] = {false};

    for (unsigned i = 0; i < world.event_count; i++) {
        const struct world_event *e = &world.event[i];
        const struct world_device *d = &world.device[e->device];

        if (e->kind == WORLD_HOLD)
            held[e->device] = !held[e->device];
        if (!is_of(e, WORLD_GRANT, r))
            continue;
        granted_count++;
        MUST(!held[e->device], "granted while held");
        MUST(d->in_target[r] && e->at_us / WORLD_S >= d->appears_s, "granted outside the target");
        MUST(world.rollout[r].plan.join || d->member[r], "granted to one who may not join");
    }
}

/* The events alone give the state, also when each report comes twice. */
static void replay_gives_the_same_state(void)
{
    static struct world_state state;

    memset(&state, 0, sizeof(state));
    for (unsigned i = 0; i < world.event_count; i++) {
        MUST(world_apply(&world, &state, &world.event[i]), "an event is refused at the replay");
        if (world.event[i].kind == WORLD_END)
            MUST(!world_apply(&world, &state, &world.event[i]), "a report counts twice");
    }
    state.at_us = world.now.at_us;
    MUST(memcmp(&state, &world.now, sizeof(state)) == 0, "the replay leads to another state");
}

static void rules_hold_in_random_worlds(void **state)
{
    unsigned seen[WORLD_RETRY + 1] = {0}, refused = 0;

    (void)state;
    for (seed = 1; seed <= WORLDS; seed++) {
        world_make(&world, seed);
        world_run(&world, look);
        MUST(world.event_count < WORLD_EVENTS, "more events than there is room for");
        for (unsigned r = 0; r < WORLD_ROLLOUTS; r++) {
            const struct policy_plan *p = &world.rollout[r].plan;

            never_above_the_cap(r);
            never_faster(r, WORLD_SITES, p->per_minute, p->bytes_per_s);
            for (unsigned site = 0; site < WORLD_SITES; site++)
                never_faster(r, site, 0, p->site_bytes_per_s);
            never_above_the_ramp(r);
            never_outside_the_times(r);
            never_past_a_gate(r);
            never_to_whom_it_is_not(r);
        }
        for (unsigned d = 0; d < WORLD_DEVICES; d++)
            never_again_but_by_retry(d);
        replay_gives_the_same_state();
        for (unsigned i = 0; i < world.event_count; i++)
            seen[world.event[i].kind]++;
        refused += world.refused_reports;
    }
    for (unsigned kind = 0; kind <= WORLD_RETRY; kind++)
        assert_int_not_equal(seen[kind], 0); /* or the worlds are too tame */
    assert_int_not_equal(refused, 0);
    print_message("%u worlds: %lu decisions, %lu grants\n", WORLDS, told_count, granted_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rules_hold_in_random_worlds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
