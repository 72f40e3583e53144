/* The simulator by outcomes that are known beforehand, and by an auditor of what it tells. */
#include "../policy/zones.h"
#include "scene.h"

#include <stdlib.h>
#include <string.h>

static const unsigned THREE[] = {5, 25, 100, 0}, ONE[] = {100, 0};

static struct scene s;

static int drop(void **state)
{
    (void)state;
    scene_free(&s);
    return 0;
}

static void good_release_updates_all(void **state)
{
    (void)state;
    scene_make(&s, 2000, THREE);
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.outcome, SIM_COMPLETE);
    assert_int_equal(s.result.updated, 2000);
    assert_int_equal(s.result.lost, 0);
    assert_int_equal(s.result.grants, 2000);
    assert_int_equal(s.result.outstanding, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(s.result.of[i].granted, s.result.of[i].devices);
        assert_true(s.result.of[i].opened > 0 && s.result.of[i].through >= s.result.of[i].opened);
        assert_int_equal(scene_count(&s, SIM_GRANT, i + 1), s.result.of[i].devices);
    }
    assert_in_range(s.result.of[0].devices, 50, 150);
    /* An hour until all have polled, and seven and a half minutes of work, each phase; a quarter of spread.
     */
    assert_in_range(s.result.decided - SCENE_START, 3 * 3600, 3 * 3600 * 5 / 4 + 3 * 600);
}

static void a_fifth_bad_halts_in_the_first_phase(void **state)
{
    (void)state;
    scene_make(&s, 5000, THREE);
    s.spec.model.bad = 2000;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.outcome, SIM_HALTED);
    assert_int_equal(s.result.phase, 1);
    assert_int_equal(s.result.gate.sample, 20);
    assert_true(s.result.gate.lost * 10 > s.result.gate.finished);
    /* At the 20th that finishes, or as soon as more than a tenth of them is lost. */
    assert_in_range(s.result.gate.finished, 20, 60);
    assert_int_equal(s.result.at.lost, s.result.gate.lost);
    assert_int_equal(s.result.at.updated + s.result.at.lost, s.result.gate.finished);
    assert_int_equal(s.result.at.granted, s.result.gate.finished + s.result.at.active);
    assert_int_equal(s.result.granted, s.result.at.granted);              /* none begins after the halt */
    assert_int_equal(s.result.updated + s.result.lost, s.result.granted); /* who was at it ends */
}

static void one_percent_bad_passes(void **state)
{
    (void)state;
    scene_make(&s, 5000, THREE);
    s.spec.model.bad = 100;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.outcome, SIM_COMPLETE);
    assert_int_equal(s.result.updated + s.result.lost, 5000);
    assert_in_range(s.result.lost, 25, 75);
}

static void who_is_bad_at_one_share_is_at_a_larger_one(void **state)
{
    bool lost[3][1000] = {{false}};
    static const uint16_t shares[] = {100, 500, 2000};

    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        if (k > 0)
            scene_free(&s);
        scene_make(&s, 1000, ONE);
        s.plan.on_failure = POLICY_FAILURE_WARN;
        s.spec.model.bad = shares[k];
        scene_run(&s);
        for (size_t i = 0; i < s.note_count; i++)
            if (s.note[i].kind == SIM_END && s.note[i].state == OTTER_UPDATE_REVERTED)
                lost[k][s.note[i].device] = true;
    }
    for (unsigned i = 0; i < 1000; i++)
        assert_true((!lost[0][i] || lost[1][i]) && (!lost[1][i] || lost[2][i]));
}

/* One device loses; the threshold is at, or just below, its share. */
static void threshold_is_passed_by_more_only(void **state)
{
    static const struct {
        uint16_t failure;
        uint32_t min_sample;
        enum sim_outcome expected;
    } cases[] = {
        {1000, 20, SIM_COMPLETE}, /* 10 of 100 are not more than 10 % */
        {999, 100, SIM_HALTED},
        {0, 1, SIM_HALTED},
        {10000, 1, SIM_COMPLETE},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t bad = 0;

        if (i > 0)
            scene_free(&s);
        scene_make(&s, 100, ONE);
        s.plan.phase[0].failure_share = cases[i].failure;
        s.plan.phase[0].min_sample = cases[i].min_sample == 20 ? 100 : cases[i].min_sample;
        s.spec.model.bad = 1000;
        for (s.spec.model.seed = 1; bad != 10; s.spec.model.seed++) { /* until chance makes just ten bad */
            struct policy_plan plan = s.plan;

            s.plan.on_failure = POLICY_FAILURE_WARN;
            scene_run(&s);
            s.plan = plan;
            bad = s.result.lost;
        }
        s.spec.model.seed--;
        scene_run(&s);
        scene_audit(&s);
        assert_int_equal(s.result.outcome, cases[i].expected);
        if (cases[i].min_sample == 100)
            assert_int_equal(s.result.gate.finished, 100);
    }
}

static void too_few_successes_wait_for_an_operator(void **state)
{
    (void)state;
    scene_make(&s, 1000, THREE);
    s.plan.phase[0].success_share = 10000;
    s.plan.on_failure = POLICY_FAILURE_WARN;
    s.spec.model.bad = 1000;
    scene_run(&s);
    assert_int_equal(s.result.outcome, SIM_TOO_FEW);
    assert_int_equal(s.result.phase, 1);
    assert_int_equal(s.result.granted, s.result.of[0].devices);
}

static void over_the_threshold_it_is_as_the_plan_says(void **state)
{
    static const struct {
        enum policy_on_failure on_failure;
        enum sim_outcome expected;
    } cases[] = {{POLICY_FAILURE_WARN, SIM_COMPLETE},
                 {POLICY_FAILURE_HALT, SIM_HALTED},
                 {POLICY_FAILURE_ROLLBACK, SIM_ROLLED_BACK}};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        if (i > 0)
            scene_free(&s);
        scene_make(&s, 1000, THREE);
        s.plan.on_failure = cases[i].on_failure;
        s.spec.model.bad = 3000;
        scene_run(&s);
        assert_int_equal(s.result.outcome, cases[i].expected);
        assert_int_equal(s.result.of[0].warned != 0, cases[i].on_failure == POLICY_FAILURE_WARN);
    }
}

static void cap_is_reached_and_never_passed(void **state)
{
    (void)state;
    scene_make(&s, 2000, THREE);
    s.plan.max_active = 7;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.outcome, SIM_COMPLETE);
    assert_int_equal(s.result.most_active, 7);
    assert_true(s.result.refused[OTTER_CAP_REACHED] > 0);
}

static uint32_t granted_by(int64_t seconds)
{
    uint32_t n = 0;

    for (size_t i = 0; i < s.note_count; i++)
        n += s.note[i].kind == SIM_GRANT && s.note[i].at_us < (SCENE_START + seconds) * SIM_S;
    return n;
}

static void ramp_doubles_up_to_its_rate(void **state)
{
    (void)state;
    scene_make(&s, 400, ONE);
    s.plan.per_minute = 16;
    s.plan.ramp_start = 2;
    s.plan.ramp_factor = 200;
    s.plan.ramp_every_s = 600;
    for (uint32_t i = 0; i < 400; i++)
        s.device[i].interval_s = 5;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.updated, 400);
    /* 2, 4, 8, then 16 a minute; somebody polls within seconds of each turn. */
    assert_in_range(granted_by(600), 18, 21);
    assert_in_range(granted_by(1200), 55, 62);
    assert_in_range(granted_by(1800), 125, 144);
    assert_in_range(granted_by(2400), 260, 306);
}

static void bytes_are_paid_for(void **state)
{
    (void)state;
    scene_make(&s, 300, ONE);
    s.plan.bytes_per_s = SCENE_BYTES / 60; /* a device a minute */
    s.spec.model.jitter_s = 10;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.updated, 300);
    assert_true(s.result.ended - SCENE_START >= 299 * 60);
}

static void sites_pay_for_themselves(void **state)
{
    int64_t ends[2];

    (void)state;
    for (unsigned sites = 1; sites <= 2; sites++) {
        if (sites > 1)
            scene_free(&s);
        scene_make(&s, 200, ONE);
        memcpy(s.plan.site_prefix, "site-", 6);
        s.plan.site_bytes_per_s = SCENE_BYTES / 60;
        for (uint32_t i = 0; i < 200; i++)
            s.device[i].site = (uint16_t)(i % sites);
        scene_run(&s);
        assert_int_equal(s.result.updated, 200);
        ends[sites - 1] = s.result.ended - SCENE_START;
    }
    assert_true(ends[0] >= 199 * 60 && ends[1] >= 99 * 60 && ends[1] < ends[0] * 3 / 4);
}

static void soak_and_operators_take_their_time(void **state)
{
    (void)state;
    scene_make(&s, 500, THREE);
    s.plan.phase[0].soak_s = 7200;
    s.plan.phase[1].automatic = false;
    s.plan.phase[1].approval = true;
    s.spec.model.operator_s = 3600;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.outcome, SIM_COMPLETE);
    assert_true(s.result.by_hand);
    assert_int_equal(s.result.of[1].opened - s.result.of[0].through, 7200);
    assert_int_equal(s.result.of[2].opened - s.result.of[1].through, 7200); /* approves, then advances */
}

/* Sunday's hour from one to two comes twice in New York: the window of 22:00 to 04:00 has seven hours. */
static void windows_hold_in_each_zone_and_as_clocks_change(void **state)
{
    static const struct test_zone *const zones[] = {&test_berlin, &test_new_york, &test_lord_howe};
    int64_t last = 0;

    (void)state;
    scene_make(&s, 3000, ONE);
    s.plan.window_count = 1;
    s.plan.window[0] = (struct policy_window_spec){POLICY_DAYS_ALL, 22 * 60, 4 * 60};
    s.plan.not_before = SCENE_START + SCENE_DAY;
    s.plan.max_active = 10; /* so that it takes some nights */
    for (uint32_t i = 0; i < 3000; i++)
        s.device[i].zone = &zones[i % 3]->zone;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.updated, 3000);
    /* Of the night of the change: 2026-11-01T02:00Z to 09:00Z; at 08:30Z it is 03:30 in standard time. */
    for (size_t i = 0; i < s.note_count; i++)
        if (s.note[i].kind == SIM_GRANT && s.note[i].device % 3 == 1 &&
            s.note[i].at_us < INT64_C(1793545200) * SIM_S)
            last = s.note[i].at_us / SIM_S;
    assert_in_range(last, 1793520000 + 1800, 1793523600); /* after 08:30Z, in the seventh hour */
}

static void nothing_begins_outside_the_rollouts_time(void **state)
{
    (void)state;
    scene_make(&s, 1000, THREE);
    s.plan.not_before = SCENE_START + SCENE_DAY;
    s.plan.not_after = SCENE_START + SCENE_DAY + 5400;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.of[0].granted, s.result.of[0].devices);
    assert_true(s.result.granted < 1000);
    assert_int_equal(s.result.outcome, SIM_COMPLETE); /* nobody may be granted any more */
}

static void silent_devices_are_lost_after_their_silence(void **state)
{
    (void)state;
    scene_make(&s, 400, ONE);
    s.plan.phase[0].failure_share = 10000;
    s.spec.model.silent = 500;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.outcome, SIM_COMPLETE);
    assert_true(s.result.lost > 5 && s.result.of[0].tally.timed_out == s.result.lost);
    for (size_t i = 0; i < s.note_count; i++)
        if (s.note[i].kind == SIM_END && s.note[i].state == OTTER_UPDATE_TIMED_OUT)
            assert_int_equal(s.note[i].status, OTTER_SILENT);
    /* Three polls of an hour, though the plan would be content with one. */
    assert_true(s.result.ended - SCENE_START > 3 * 3600);
}

static void slow_devices_are_given_up_and_come_late(void **state)
{
    (void)state;
    scene_make(&s, 50, ONE);
    s.plan.deadline_s = 600;
    s.plan.silence_s = 0;
    s.plan.phase[0].failure_share = 10000;
    s.spec.model.download_s = 2000; /* 1000 to 3000 */
    s.spec.model.install_s = 0;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.tries_lost, 50);
    assert_int_equal(s.result.of[0].tally.timed_out + s.result.of[0].tally.succeeded, 50);
    assert_int_equal(s.result.of[0].tally.succeeded, s.result.updated);
}

static void without_bounds_a_silent_device_holds_its_phase(void **state)
{
    (void)state;
    scene_make(&s, 400, THREE);
    s.plan.silence_s = s.plan.deadline_s = 0;
    s.spec.model.silent = 10000;
    scene_run(&s);
    assert_int_equal(s.result.outcome, SIM_UNFINISHED);
    assert_int_equal(s.result.phase, 1);
    assert_int_equal(s.result.outstanding, s.result.of[0].devices);
}

static void away_devices_hold_their_phase_and_are_told(void **state)
{
    (void)state;
    scene_make(&s, 1000, THREE);
    for (uint32_t i = 0; i < 1000; i++)
        s.device[i].away = s.device[i].position < POLICY_POSITION(200);
    scene_run(&s);
    assert_int_equal(s.result.outcome, SIM_UNFINISHED);
    assert_int_equal(s.result.phase, 1);
    assert_true(s.result.away > 0 && s.result.outstanding == s.result.away);
}

static void retries_cure_what_is_flaky_and_count_once(void **state)
{
    (void)state;
    scene_make(&s, 2000, ONE);
    s.plan.phase[0].failure_share = 10000;
    s.plan.retry_count = 1;
    s.plan.retry[0] = (struct policy_retry){OTTER_OK, 5, 600};
    s.spec.model.flaky = 2000;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.outcome, SIM_COMPLETE);
    assert_int_equal(s.result.granted, 2000);
    assert_int_equal(s.result.updated + s.result.lost, 2000);
    assert_true(s.result.lost <= 2); /* six times in a row: one in 15,625 */
    assert_int_equal(s.result.grants, s.result.updated + s.result.tries_lost);
    assert_true(s.result.refused[OTTER_RETRY_LATER] > 0 && s.result.refused[OTTER_PENALTY_BOX] > 0);
}

static void those_it_is_not_for_are_left_alone(void **state)
{
    (void)state;
    scene_make(&s, 1000, THREE);
    for (uint32_t i = 0; i < 1000; i++) {
        s.device[i].held = i % 10 == 0;
        s.device[i].retired = i % 10 == 1;
        s.device[i].in_target = i % 10 != 2;
        s.device[i].hardware = i % 10 == 3 ? "other" : "h";
        s.device[i].sequence = i % 10 == 4 ? 2 : 1;
    }
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.outcome, SIM_COMPLETE);
    assert_int_equal(s.result.updated, 500);
    assert_int_equal(s.result.targeted, 800);
}

static void phase_of_held_devices_proves_nothing(void **state)
{
    (void)state;
    scene_make(&s, 1000, THREE);
    for (uint32_t i = 0; i < 1000; i++)
        s.device[i].held = s.device[i].position < POLICY_POSITION(500);
    scene_run(&s);
    assert_int_equal(s.result.outcome, SIM_TOO_FEW);
    assert_int_equal(s.result.phase, 1);
    assert_int_equal(s.result.grants, 0);
}

static void sleepers_come_once_a_day(void **state)
{
    (void)state;
    scene_make(&s, 1000, ONE);
    s.spec.model.sleepers = 5000;
    scene_run(&s);
    scene_audit(&s);
    assert_int_equal(s.result.updated, 1000);
    assert_in_range(granted_by(3 * 3600), 500, 640);
    assert_in_range(s.result.ended - SCENE_START, 20 * 3600, 25 * 3600);
}

/* By members: what lies between them is not compared. */
static bool same(const struct sim_result *a, const struct sim_result *b)
{
    bool ret = a->outcome == b->outcome && a->decided == b->decided && a->ended == b->ended &&
               a->updated == b->updated && a->lost == b->lost && a->grants == b->grants &&
               a->polls == b->polls && a->points == b->points &&
               memcmp(a->refused, b->refused, sizeof(a->refused)) == 0;

    for (unsigned i = 0; ret && i < a->points; i++)
        ret = a->point[i].at == b->point[i].at && a->point[i].granted == b->point[i].granted &&
              a->point[i].active == b->point[i].active;
    return ret;
}

static void same_seed_same_result_another_seed_another(void **state)
{
    static struct sim_result first;

    (void)state;
    scene_make(&s, 1500, THREE);
    s.spec.model = (struct sim_model){.seed = 7,
                                      .bad = 300,
                                      .bad_reason = OTTER_SELF_TEST,
                                      .flaky = 200,
                                      .flaky_reason = OTTER_NET_LOST,
                                      .silent = 50,
                                      .sleepers = 1000,
                                      .jitter_s = 30,
                                      .download_s = 300,
                                      .install_s = 60};
    scene_run(&s);
    first = s.result;
    scene_run(&s);
    assert_true(same(&first, &s.result));
    s.spec.model.seed = 8;
    scene_run(&s);
    assert_false(same(&first, &s.result));
}

static void curve_rises_within_its_room(void **state)
{
    (void)state;
    scene_make(&s, 5000, THREE);
    s.plan.max_active = 5;
    scene_run(&s);
    assert_in_range(s.result.points, SIM_POINTS / 4, SIM_POINTS);
    for (unsigned i = 1; i < s.result.points; i++) {
        assert_true(s.result.point[i].at >= s.result.point[i - 1].at);
        assert_true(s.result.point[i].updated >= s.result.point[i - 1].updated);
    }
    assert_int_equal(s.result.point[s.result.points - 1].updated, 5000);
}

static void ends_at_its_time(void **state)
{
    (void)state;
    scene_make(&s, 1000, THREE);
    s.spec.until = SCENE_START + 1800;
    scene_run(&s);
    assert_int_equal(s.result.outcome, SIM_UNFINISHED);
    for (size_t i = 0; i < s.note_count; i++)
        assert_true(s.note[i].at_us < s.spec.until * SIM_S);
}

static void models_have_bounds(void **state)
{
    static const struct {
        struct sim_model model;
        const char *what;
    } cases[] = {
        {{.bad = 10001}, "bad"},
        {{.flaky = 10001}, "flaky"},
        {{.silent = 65535}, "silent"},
        {{.sleepers = 10001}, "sleepers"},
        {{.jitter_s = 31536001}, "jitter"},
        {{.download_s = UINT32_MAX}, "download"},
        {{.install_s = UINT32_MAX}, "install"},
        {{.operator_s = UINT32_MAX}, "operator"},
    };
    const struct sim_model most = {.bad = 10000, .flaky = 10000, .download_s = 31536000};
    const char *what = NULL;

    (void)state;
    assert_true(sim_model_valid(&most, &what));
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_false(sim_model_valid(&cases[i].model, &what));
        assert_int_equal(strncmp(what, cases[i].what, strlen(cases[i].what)), 0);
    }
}

#define T(name) cmocka_unit_test_teardown(name, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(good_release_updates_all),
        T(a_fifth_bad_halts_in_the_first_phase),
        T(one_percent_bad_passes),
        T(who_is_bad_at_one_share_is_at_a_larger_one),
        T(threshold_is_passed_by_more_only),
        T(too_few_successes_wait_for_an_operator),
        T(over_the_threshold_it_is_as_the_plan_says),
        T(cap_is_reached_and_never_passed),
        T(ramp_doubles_up_to_its_rate),
        T(bytes_are_paid_for),
        T(sites_pay_for_themselves),
        T(soak_and_operators_take_their_time),
        T(windows_hold_in_each_zone_and_as_clocks_change),
        T(nothing_begins_outside_the_rollouts_time),
        T(silent_devices_are_lost_after_their_silence),
        T(slow_devices_are_given_up_and_come_late),
        T(without_bounds_a_silent_device_holds_its_phase),
        T(away_devices_hold_their_phase_and_are_told),
        T(retries_cure_what_is_flaky_and_count_once),
        T(those_it_is_not_for_are_left_alone),
        T(phase_of_held_devices_proves_nothing),
        T(sleepers_come_once_a_day),
        T(same_seed_same_result_another_seed_another),
        T(curve_rises_within_its_room),
        T(ends_at_its_time),
        cmocka_unit_test(models_have_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
