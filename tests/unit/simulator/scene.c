#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take_note(struct sim_watch *self, const struct sim_note *note)
{
    struct scene *s = (struct scene *)((char *)self - offsetof(struct scene, watch));

    if (s->note_count == s->note_cap) {
        s->note_cap = s->note_cap ? 2 * s->note_cap : 1024;
        s->note = realloc(s->note, s->note_cap * sizeof(*s->note));
        assert_non_null(s->note);
    }
    s->note[s->note_count++] = *note;
}

static void make_plan(struct policy_plan *p, const unsigned *percents)
{
    struct policy_phase_spec usual;

    policy_plan_default(p);
    usual = p->phase[0];
    usual.automatic = true;
    usual.success_share = 0;
    for (p->phase_count = 0; percents[p->phase_count]; p->phase_count++) {
        p->phase[p->phase_count] = usual;
        p->phase[p->phase_count].value = percents[p->phase_count];
    }
}

static void make_devices(struct scene *s, uint32_t count)
{
    static struct otter_running running = {.version = {.major = 1}, .slot = OTTER_SLOT_A, .confirmed = true};

    s->device = calloc(count, sizeof(*s->device));
    s->id = calloc(count, sizeof(*s->id));
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(s->id[i], sizeof(s->id[i]), "device-%06u", i);
        s->device[i] = (struct sim_device){.id = s->id[i],
                                           .product = "p",
                                           .hardware = "h",
                                           .running = &running,
                                           .epoch = 1,
                                           .sequence = 1,
                                           .interval_s = 3600,
                                           .site = SIM_NO_SITE,
                                           .in_target = true};
        s->device[i].position = (i * UINT64_C(0x9e3779b97f4a7c15) >> 16) % POLICY_POSITION_END;
    }
}

void scene_make(struct scene *s, uint32_t count, const unsigned *percents)
{
    memset(s, 0, sizeof(*s));
    make_plan(&s->plan, percents);
    make_devices(s, count);
    s->manifest = (struct otter_manifest){
        .product = "p",
        .hardware = {"h"},
        .hardware_count = 1,
        .version = {.major = 2},
        .epoch = 1,
        .sequence = 2,
        .expires = INT64_MAX,
        .image_count = 1,
        .image = {{.slot = OTTER_SLOT_B, .size = SCENE_BYTES, .sha256 = {{1}}}},
    };
    s->room.part = calloc(count, sizeof(*s->room.part));
    s->room.entry = calloc(count, sizeof(*s->room.entry));
    s->room.place = calloc(count, sizeof(*s->room.place));
    s->watch.note = take_note;
    s->spec = (struct sim_spec){
        .plan = &s->plan,
        .manifest = &s->manifest,
        .root_epoch = 1,
        .device = s->device,
        .count = count,
        .start = SCENE_START,
        .until = SCENE_START + 60 * SCENE_DAY,
        .model = {.seed = 1,
                  .bad_reason = OTTER_SELF_TEST,
                  .flaky_reason = OTTER_NET_LOST,
                  .download_s = 300,
                  .install_s = 60},
        .watch = &s->watch,
    };
}

void scene_run(struct scene *s)
{
    s->note_count = 0;
    sim_run(&s->spec, &s->room, &s->result);
}

void scene_free(struct scene *s)
{
    free(s->room.part);
    free(s->room.entry);
    free(s->room.place);
    free(s->device);
    free(s->id);
    free(s->note);
}

uint32_t scene_count(const struct scene *s, enum sim_kind kind, unsigned phase)
{
    uint32_t n = 0;

    for (size_t i = 0; i < s->note_count; i++)
        n += s->note[i].kind == kind && (phase == 0 || s->note[i].phase == phase);
    return n;
}

/* ---- the auditor ---- */

struct audit {
    unsigned phase;
    uint32_t open, good[POLICY_PHASES_MAX + 1], bad[POLICY_PHASES_MAX + 1];
    bool stopped, *at_it;
    int64_t through_us;
};

static bool is_lost(enum otter_update_state state)
{
    return state != OTTER_UPDATE_SUCCEEDED;
}

static bool over_threshold(const struct scene *s, const struct audit *a)
{
    const struct policy_phase_spec *p = &s->plan.phase[a->phase - 1];
    uint32_t devices = s->result.of[a->phase - 1].devices, bad = a->bad[a->phase];
    uint32_t sample = p->min_sample < devices ? p->min_sample : devices, all = bad + a->good[a->phase];

    return all > 0 && all >= sample && 100.0 * bad / all > p->failure_share / 100.0 + 1e-9;
}

static void audit_grant(const struct scene *s, struct audit *a, const struct sim_note *n)
{
    int64_t t = n->at_us / SIM_S;
    const struct policy_zone *zone = s->device[n->device].zone ? s->device[n->device].zone : &policy_zone_utc;

    assert_false(a->stopped);
    assert_false(a->at_it[n->device]);
    assert_in_range(n->phase, 1, a->phase);
    assert_true(s->plan.max_active == 0 || a->open < s->plan.max_active);
    assert_true(t >= s->plan.not_before && (s->plan.not_after == 0 || t < s->plan.not_after));
    assert_true(policy_windows_open(s->plan.window, s->plan.window_count, zone, t));
    a->at_it[n->device] = true;
    a->open++;
}

static void audit_end(const struct scene *s, struct audit *a, const struct sim_note *n)
{
    (void)s;
    if (a->at_it[n->device])
        a->open--;
    else
        a->bad[n->phase]--; /* given up, and came late */
    a->at_it[n->device] = false;
    if (is_lost(n->state))
        a->bad[n->phase]++;
    else
        a->good[n->phase]++;
}

static void audit_opened(const struct scene *s, struct audit *a, const struct sim_note *n)
{
    assert_int_equal(n->phase, a->phase + 1);
    if (a->phase > 0) {
        assert_int_equal(a->open, 0);
        assert_false(over_threshold(s, a) && s->plan.on_failure != POLICY_FAILURE_WARN);
        assert_true(n->at_us / SIM_S >= a->through_us / SIM_S + s->plan.phase[a->phase - 1].soak_s);
    }
    a->phase = n->phase;
}

static void audit_rates(const struct scene *s)
{
    for (size_t i = 0; i < s->note_count; i++) {
        uint64_t in_a_minute = 0, bytes = 0;

        for (size_t k = i; k < s->note_count && s->note[i].kind == SIM_GRANT; k++) {
            int64_t passed = s->note[k].at_us - s->note[i].at_us;

            if (s->note[k].kind != SIM_GRANT)
                continue;
            in_a_minute += passed < 60 * SIM_S;
            assert_true(s->plan.per_minute == 0 || in_a_minute <= s->plan.per_minute);
            assert_true(s->plan.bytes_per_s == 0 || bytes * SIM_S <= s->plan.bytes_per_s * (uint64_t)passed);
            bytes += SCENE_BYTES;
        }
    }
}

void scene_audit(const struct scene *s)
{
    struct audit a = {.at_it = calloc(s->spec.count, sizeof(bool))};
    int64_t at = 0;

    for (size_t i = 0; i < s->note_count; i++) {
        const struct sim_note *n = &s->note[i];

        assert_true(n->at_us >= at);
        at = n->at_us;
        if (n->kind == SIM_GRANT)
            audit_grant(s, &a, n);
        else if (n->kind == SIM_END)
            audit_end(s, &a, n);
        else if (n->kind == SIM_OPENED)
            audit_opened(s, &a, n);
        else if (n->kind == SIM_THROUGH)
            a.through_us = n->at_us;
        else if (n->kind == SIM_VERDICT && n->verdict == POLICY_GATE_HALT)
            assert_true(over_threshold(s, &a));
        a.stopped = a.stopped || (n->kind == SIM_VERDICT && n->verdict == POLICY_GATE_HALT);
    }
    if (s->plan.per_minute || s->plan.bytes_per_s)
        audit_rates(s);
    free(a.at_it);
}
