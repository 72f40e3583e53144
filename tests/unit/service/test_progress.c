/* Who is out is found in turns of the writer: the same is found as in one go, no turn is longer than it may
 * be, and what changes behind the search is not missed. */
#include "play.h"

#include "core/bytes.h"
#include "service/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAYS 6u
#define STEPS 60u
#define FLEET 120u

/* Until a turn leaves nothing for the next: the run behind one call is over when the next is answered. */
static void rest(struct world *w)
{
    unsigned calls = 0;

    (void)world_action(w, 0, "none");
    do {
        (void)world_action(w, 0, "none");
        assert_true(++calls < 200000);
    } while (atomic_load(&w->svc->progress.pending));
}

/* ---- plays ---- */

/* NULL if there is no such rollout. */
static json_t *ask(struct world *w, enum svc_op op, unsigned id)
{
    struct svc_call call = {.op = op, .in.number = id};
    json_t *r = world_run(w, &call) == OTTER_OK ? json_incref(call.out.json) : NULL;

    svc_call_clear(&call);
    return r;
}

/* All that is known of the rollouts, and all that happened to them, in its order. */
static char *told(struct play *p)
{
    json_t *all = json_array();
    char *text;

    for (unsigned id = 1; id <= 2 * PLAY_ROLLOUTS; id++) {
        json_t *r = ask(p->w, SVC_ROLLOUT_GET, id);

        if (r)
            (void)json_array_append_new(
                all, json_pack("{s:O*, s:O*, s:O*}", "state", json_object_get(r, "state"), "reason",
                               json_object_get(r, "state_reason"), "phases", json_object_get(r, "phases")));
        json_decref(r);
        r = ask(p->w, SVC_ROLLOUT_EVENTS, id);
        if (r)
            (void)json_array_append(all, json_object_get(r, "items"));
        json_decref(r);
    }
    text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(all);
    assert_non_null(text);
    return text;
}

static void play(unsigned seed, uint32_t places, char *ret[STEPS])
{
    struct play p;

    world_config.progress_places = places;
    play_begin(&p, seed);
    for (unsigned i = 0; i < STEPS; i++) {
        play_step(&p);
        rest(p.w);
        ret[i] = told(&p);
    }
    play_end(&p);
}

static void same(unsigned seed, unsigned step, const char *turns, const char *whole)
{
    size_t at = 0;

    if (strcmp(turns, whole) == 0)
        return;
    while (turns[at] == whole[at])
        at++;
    at = at > 200 ? at - 200 : 0;
    fail_msg("play %u, step %u, in turns:\n%.400s\nin one go:\n%.400s", seed, step, turns + at, whole + at);
}

static void turns_find_what_one_go_finds(void **state)
{
    char *turns[STEPS], *whole[STEPS];

    (void)state;
    for (unsigned seed = 1; seed <= PLAYS; seed++) {
        play(seed, 1 + seed % 4, turns);
        play(seed, UINT32_MAX, whole);
        for (unsigned i = 0; i < STEPS; i++)
            same(seed, i, turns[i], whole[i]);
        for (unsigned i = 0; i < STEPS; i++) {
            free(turns[i]);
            free(whole[i]);
        }
    }
}

/* ---- turns ---- */

static int setup_fleet(void **state)
{
    struct world *w;

    world_config.progress_places = 2;
    if (world_setup_with_root(state) != 0)
        return -1;
    w = *state;
    world_release(w, 1);
    world_devices(w, FLEET);
    return 0;
}

static void change(struct world *w, const char *verb, json_t *body)
{
    struct svc_call call = {.op = SVC_DEVICE_CHANGE, .in.id = verb, .in.json = body};

    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_decref(body);
    svc_call_clear(&call);
}

static void hold_all(struct world *w)
{
    change(w, "hold", json_pack("{s:s, s:s}", "target", "all", "reason", "why not"));
}

static void unhold(struct world *w, unsigned device)
{
    change(w, "unhold", json_pack("{s:[s]}", "ids", world_device(device)));
}

static void no_turn_looks_at_more_than_its_places_however_many_rollouts_run(void **state)
{
    struct world *w = *state;

    hold_all(w);
    for (unsigned i = 0; i < 5; i++)
        (void)world_rollout(w, "all", "[10,100]", true);
    rest(w);
    for (unsigned i = 1; i <= 5;
         i++) /* in the first phase it is as it was with nobody in it: it proved nothing */
        world_expect_rollout(w, i, "running", 1);
    unhold(w, 7);
    (void)world_action(w, 3, "advance");
    (void)world_action(w, 4, "abort");
    rest(w);
    world_expect_rollout(w, 3, "running", 2);
    assert_true(atomic_load(&w->svc->progress.most) > 0);
    assert_in_range(atomic_load(&w->svc->progress.most), 1, 2 + STORE_PHASES_MAX);
}

static void phase_is_through_as_soon_as_its_last_device_is(void **state)
{
    struct world *w = *state;
    int64_t id;

    hold_all(w);
    for (unsigned i = 0; i < 3; i++)
        unhold(w, 40 * i + 1);
    id = world_rollout(w, "all", "[100]", true);
    for (unsigned i = 0; i < 3; i++) {
        rest(w);
        world_expect_rollout(w, id, "running", 1);
        world_update(w, 40 * i + 1);
    }
    rest(w);
    world_expect_rollout(w, id, "complete", 1);
}

static bool was_complete_before(struct world *w, int64_t id, int64_t at)
{
    json_t *r = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)id);
    json_int_t finished = json_integer_value(json_object_get(r, "finished"));

    json_decref(r);
    return finished != 0 && finished < at;
}

/* The first place has been passed when the device there is wanted back. A machine that is slow may be through
 * before; then it is tried again. */
static void device_that_comes_back_behind_the_search_is_waited_for(void **state)
{
    struct world *w = *state;
    unsigned in_time = 0;

    for (unsigned tries = 0; tries < 20 && in_time < 3; tries++) {
        int64_t id;

        hold_all(w);
        id = world_rollout(w, "all", "[100]", true);
        unhold(w, 0);
        world_clock++;
        rest(w);
        if (was_complete_before(w, id, world_clock))
            continue;
        in_time++;
        world_expect_rollout(w, id, "running", 1);
        (void)world_action(w, id, "abort");
    }
    assert_true(in_time > 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_fleet, world_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_find_what_one_go_finds),
        T(no_turn_looks_at_more_than_its_places_however_many_rollouts_run),
        T(phase_is_through_as_soon_as_its_last_device_is),
        T(device_that_comes_back_behind_the_search_is_waited_for),
    };

    return cmocka_run_group_tests_name("progress in turns", tests, NULL, NULL);
}
