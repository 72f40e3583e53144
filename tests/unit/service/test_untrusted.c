/* What devices say that cannot be so: nothing is counted twice, nothing is believed. */
#include "world.h"

#include "core/bytes.h"

#include <string.h>

#define CASES_MAX 24u
#define STRANGER  (CASES_MAX - 1u) /* a device that has no part in any case */

static int setup_rollout(void **state)
{
    if (world_setup_with_devices(state, CASES_MAX) != 0)
        return -1;
    assert_int_equal(world_rollout(*state, "all", "[100]", false), 1);
    return 0;
}

enum said {
    END,
    REPORT,     /* by the device */
    FOREIGN,    /* the like by another one */
    LAST,       /* as `last` of a poll on the old image */
    POLL_OLD,   /* confirmed, on the image it has always had */
    POLL_TRIAL, /* on the new one, not confirmed */
    POLL_NEW,   /* on the new one, confirmed */
    POLL_OTHER  /* confirmed, on an image that is nobody's */
};

struct saying {
    enum said said;
    uint32_t step;
    enum otter_update_state state;
    enum otter_status reason, expected;
};

#define DOWNLOADING(step)                                                                                    \
    {                                                                                                        \
        REPORT, step, OTTER_UPDATE_DOWNLOADING, OTTER_OK, OTTER_OK                                           \
    }
#define INSTALLED(step)                                                                                      \
    {                                                                                                        \
        REPORT, step, OTTER_UPDATE_INSTALLED, OTTER_OK, OTTER_OK                                             \
    }
#define FAILED(step)                                                                                         \
    {                                                                                                        \
        REPORT, step, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, OTTER_OK                                         \
    }

static const struct {
    const char *what;
    struct saying says[8];
    const char *state; /* at the end */
    bool offered;      /* is the same attempt offered again to the old image? */
} cases[] = {
    {"each report three times",
     {DOWNLOADING(1), DOWNLOADING(1), INSTALLED(2), INSTALLED(2), DOWNLOADING(1), INSTALLED(2)},
     "installed",
     true},
    {"a loss three times", {FAILED(1), FAILED(1), FAILED(1)}, "failed", false},
    {"a loss, and the like under a new number",
     {FAILED(1), {REPORT, 2, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, OTTER_ATTEMPT_CLOSED}},
     "failed",
     false},
    {"a loss, then another kind of loss",
     {FAILED(1), {REPORT, 2, OTTER_UPDATE_REVERTED, OTTER_WATCHDOG, OTTER_ATTEMPT_CLOSED}},
     "failed",
     false},
    {"reports in the wrong order",
     {INSTALLED(3), DOWNLOADING(1), {REPORT, 2, OTTER_UPDATE_DOWNLOADED, OTTER_OK, OTTER_OK}},
     "installed",
     true},
    {"a way back under a higher number",
     {INSTALLED(1), {REPORT, 2, OTTER_UPDATE_DOWNLOADING, OTTER_OK, OTTER_BAD_TRANSITION}},
     "installed",
     true},
    {"success by report",
     {INSTALLED(1), {REPORT, 2, OTTER_UPDATE_SUCCEEDED, OTTER_OK, OTTER_BAD_TRANSITION}},
     "installed",
     true},
    {"success by report, and a poll on the old image",
     {INSTALLED(1), {REPORT, 2, OTTER_UPDATE_SUCCEEDED, OTTER_OK, OTTER_BAD_TRANSITION}, {POLL_OLD}},
     "installed",
     true},
    {"success as the poll's last word, on the old image",
     {INSTALLED(1), {LAST, 9, OTTER_UPDATE_SUCCEEDED, OTTER_OK, OTTER_OK}, {POLL_OLD}},
     "installed",
     true},
    {"a trial is no success", {INSTALLED(1), {POLL_TRIAL}, {POLL_TRIAL}}, "installed", true},
    {"an image that nobody offered", {INSTALLED(1), {POLL_OTHER}}, "installed", true},
    {"a loss after the success was proven",
     {INSTALLED(1), {POLL_NEW}, {REPORT, 2, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, OTTER_ATTEMPT_CLOSED}},
     "succeeded",
     false},
    {"success proven twice", {{POLL_NEW}, {POLL_NEW}, {POLL_NEW}}, "succeeded", false},
    {"a loss that another device tells of",
     {DOWNLOADING(1), {FOREIGN, 2, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, OTTER_NOT_FOUND}},
     "downloading",
     true},
    {"a proof after a loss: the attempt has ended", {FAILED(1), {POLL_NEW}}, "failed", false},
    {"timed-out and cancelled are the server's words",
     {DOWNLOADING(1),
      {REPORT, 2, OTTER_UPDATE_TIMED_OUT, OTTER_DEADLINE, OTTER_BAD_TRANSITION},
      {REPORT, 3, OTTER_UPDATE_CANCELLED, OTTER_ABORTED, OTTER_BAD_TRANSITION}},
     "downloading",
     true},
};

static void say(struct world *w, unsigned device, uint64_t attempt, const struct saying *s)
{
    static const struct otter_digest other = {.b = {0x77}};
    struct otter_report last = {.attempt = attempt, .step = s->step, .state = s->state, .reason = s->reason};
    struct world_poll p = {.device = device, .confirmed = s->said != POLL_TRIAL};

    if (s->said == REPORT || s->said == FOREIGN) {
        unsigned by = s->said == FOREIGN ? STRANGER : device;

        assert_int_equal(world_report(w, by, attempt, s->step, s->state, s->reason, NULL), s->expected);
        return;
    }
    if (s->said == LAST)
        p.last = &last;
    if (s->said == POLL_TRIAL || s->said == POLL_NEW)
        p.sha = &w->manifest.image[1].sha256;
    if (s->said == POLL_OTHER)
        p.sha = &other;
    assert_int_equal(world_poll(w, &p, NULL, NULL), OTTER_OK);
}

static void play(struct world *w, unsigned i)
{
    uint64_t attempt = world_ask(w, i);

    assert_int_not_equal(attempt, 0);
    for (const struct saying *s = cases[i].says; s->said != END; s++)
        say(w, i, attempt, s);
    world_expect_state(w, i, cases[i].state);
    assert_int_equal(world_ask(w, i), cases[i].offered ? attempt : 0);
    world_expect_state(w, i, cases[i].state);
}

/* Counts are those of the devices' states, and nothing else. */
static void expect_counts(struct world *w, unsigned played)
{
    static const char *const states[] = {"offered",   "downloading", "downloaded", "installed", "testing",
                                         "succeeded", "failed",      "reverted",   "timed-out", "cancelled"};

    for (unsigned s = 0; s < OTTER_ARRAY_LEN(states); s++) {
        unsigned expected = 0;

        for (unsigned i = 0; i < played; i++)
            expected += strcmp(cases[i].state, states[s]) == 0;
        assert_int_equal(world_count(w, 1, states[s]), expected);
    }
}

static void nothing_is_counted_twice_and_nothing_believed(void **state)
{
    struct world *w = *state;

    assert_true(OTTER_ARRAY_LEN(cases) < STRANGER);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        print_message("%s\n", cases[i].what);
        play(w, i);
        expect_counts(w, i + 1);
    }
    world_restart(w); /* and so it is in the store */
    expect_counts(w, OTTER_ARRAY_LEN(cases));
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++)
        world_expect_state(w, i, cases[i].state);
}

static void reports_for_a_cancelled_attempt_change_nothing(void **state)
{
    static const enum otter_update_state late[] = {OTTER_UPDATE_INSTALLED, OTTER_UPDATE_FAILED,
                                                   OTTER_UPDATE_REVERTED};
    struct world *w = *state;
    bool go_on = true;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(late); i++)
        assert_int_equal(world_ask(w, i), 111 + i);
    assert_int_equal(world_action(w, 1, "abort"), OTTER_OK);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(late); i++) {
        assert_int_equal(world_ask(w, i), 0); /* which cancels it */
        assert_int_equal(world_report(w, i, 111 + i, 5, late[i], OTTER_SELF_TEST, &go_on),
                         OTTER_ATTEMPT_CLOSED);
        world_expect_state(w, i, "cancelled");
    }
    assert_int_equal(world_count(w, 1, "cancelled"), 3);
    assert_int_equal(world_count(w, 1, "failed"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup_rollout, world_teardown)
        T(nothing_is_counted_twice_and_nothing_believed),
        T(reports_for_a_cancelled_attempt_change_nothing),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
