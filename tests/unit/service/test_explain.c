/*
 * What explains and what grants are one: in thousands of random cases (fleets, plans, times, marks, reports)
 * the explanation of a device is asked for, the device polls, and what it gets must be what was explained.
 * The services are the real ones over a real database.
 *
 * The cases are the same in each run. OTTER_SEED=N plays others, from that seed on; what fails names the seed
 * of its play, and OTTER_SEED=N OTTER_PLAYS=1 plays it alone.
 */
#include "play.h"

#include "core/bytes.h"
#include "policy/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED     1u
#define PLAYS    25u
#define CASES    400u /* a play */
#define AT_LEAST 10u  /* cases of each refusal */

/* What all plays have met. */
static struct {
    uint64_t seed; /* of the play that goes on */
    unsigned at;   /* its case */
    unsigned offers, refusals, under_way, changes;
    unsigned rules[OTTER_STATUS_COUNT];
} met;

#define FAIL_CASE(...)                                                                                       \
    do {                                                                                                     \
        print_error("OTTER_SEED=%llu OTTER_PLAYS=1: case %u: ", (unsigned long long)met.seed, met.at);       \
        fail_msg(__VA_ARGS__);                                                                               \
    } while (0)

/* ---- explanations ---- */

/* What a rollout says to a device. */
struct answer {
    int64_t id, next;
    enum otter_status rule;
    bool running;
    char decision[16];
};

struct expected {
    int64_t offer, under_way; /* rollouts; 0: none */
    unsigned count;
    struct answer answer[2 * PLAY_ROLLOUTS + 2];
};

static const char *text_of(const struct expected *e)
{
    static char texts[2][2048];
    static unsigned next;
    char *text = texts[next++ % 2];
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < e->count && len < sizeof(texts[0]); i++)
        len += (size_t)snprintf(text + len, sizeof(texts[0]) - len, " %lld %s/%s", (long long)e->answer[i].id,
                                e->answer[i].decision, otter_status_name(e->answer[i].rule));
    return text;
}

static void take_answer(struct expected *e, const json_t *r)
{
    struct answer *a = &e->answer[e->count++];
    const char *rule = json_string_value(json_object_get(r, "rule"));

    assert_true(e->count <= OTTER_ARRAY_LEN(e->answer));
    a->id = json_integer_value(json_object_get(r, "id"));
    a->next = json_integer_value(json_object_get(r, "next_change_at"));
    a->rule = otter_status_find(rule, (unsigned)strlen(rule));
    a->running = strcmp(json_string_value(json_object_get(r, "state")), "running") == 0;
    (void)snprintf(a->decision, sizeof(a->decision), "%s", json_string_value(json_object_get(r, "decision")));
    if (strcmp(a->decision, "offer") == 0) {
        assert_int_equal(e->offer, 0); /* one rollout at the most offers */
        e->offer = a->id;
    } else if (strcmp(a->decision, "under-way") == 0) {
        assert_int_equal(e->under_way, 0);
        e->under_way = a->id;
    } else if (!policy_refuses(a->rule) || json_object_size(json_object_get(r, "facts")) == 0) {
        FAIL_CASE("rollout %lld refuses by %s, with no facts", (long long)a->id, rule);
    }
}

/* at 0: now */
static struct expected explain(struct play *p, unsigned device, int64_t at)
{
    struct svc_call call = {.op = SVC_ROLLOUT_EXPLAIN, .in.id = world_device(device)};
    struct expected ret = {0};
    char text[24];
    const json_t *r;
    size_t i;

    (void)snprintf(text, sizeof(text), "%lld", (long long)at);
    call.in.at = at ? text : NULL;
    assert_int_equal(world_run(p->w, &call), OTTER_OK);
    json_array_foreach(json_object_get(call.out.json, "rollouts"), i, r)
    {
        take_answer(&ret, r);
    }
    svc_call_clear(&call);
    return ret;
}

static const struct answer *answer_of(const struct expected *e, int64_t id)
{
    for (unsigned i = 0; i < e->count; i++)
        if (e->answer[i].id == id)
            return &e->answer[i];
    FAIL_CASE("rollout %lld says nothing", (long long)id);
    return NULL;
}

/* ---- polls ---- */

/* A device that only has to wait is told to come when it need not wait any more: not for one refusal's end,
 * where the next stands behind it. */
static void expect_return(struct play *p, unsigned device, const struct expected *e, unsigned after)
{
    for (unsigned i = 0; i < e->count; i++) {
        const struct answer *a = &e->answer[i];
        int64_t wait = a->next - world_clock;

        if (!a->running || a->next == 0 || !policy_refusal_passes(a->rule) || wait > 30)
            continue;
        /* A quarter of the interval: the spread. */
        if ((int64_t)after > (wait < 5 ? 5 : wait) + 17 && explain(p, device, a->next).offer == a->id)
            FAIL_CASE(
                "rollout %lld: %s passes in %lld s, and the device is told to come in %u; explained as%s",
                (long long)a->id, otter_status_name(a->rule), (long long)wait, after, text_of(e));
    }
}

/* The poll gets what was explained. */
static struct expected ask_and_compare(struct play *p, unsigned device)
{
    struct play_newest before = play_newest_of(p, device), after;
    struct expected expected = explain(p, device, 0);
    unsigned come_again = 0;
    enum otter_status status = play_poll(p, device, &come_again);
    bool right;

    after = play_newest_of(p, device);
    if (status == OTTER_UNKNOWN_DEVICE) /* retired: not even recalled */
        right = expected.offer == 0 && after.id == before.id;
    else if (expected.offer)
        right = after.id > before.id && after.rollout == expected.offer && after.open;
    else if (expected.under_way)
        right = after.id == before.id && after.rollout == expected.under_way && after.open;
    else
        right = after.id == before.id && !after.open;
    if (!right)
        FAIL_CASE("%s: attempt %llu of rollout %lld (%s) became %llu of %lld (%s), explained as%s",
                  world_device(device), (unsigned long long)before.id, (long long)before.rollout,
                  before.open ? "open" : "ended", (unsigned long long)after.id, (long long)after.rollout,
                  after.open ? "open" : "ended", text_of(&expected));
    if (status == OTTER_OK && !expected.offer && !expected.under_way)
        expect_return(p, device, &expected, come_again);
    play_rest(p);
    return expected;
}

/* ---- what changes an answer, and what does not ---- */

/* What an operator does against a rule. */
static enum otter_status remedy(struct play *p, unsigned device, const struct answer *a)
{
    switch (a->rule) {
    case OTTER_HELD:
        play_change(p, "unhold", device, json_object());
        return OTTER_OK;
    case OTTER_PINNED:
        play_change(p, "unpin", device, json_object());
        return OTTER_OK;
    case OTTER_DEVICE_RETIRED:
        play_change(p, "reinstate", device, json_object());
        return OTTER_OK;
    case OTTER_FROZEN:
        play_unfreeze(p);
        return OTTER_OK;
    case OTTER_NOT_STARTED:
        return world_action(p->w, a->id, "start");
    case OTTER_PAUSED:
    case OTTER_HALTED:
        return world_action(p->w, a->id, "resume");
    default:
        return OTTER_NOT_FOUND;
    }
}

/* Have rollouts moved on by themselves? */
static char *rollouts_of(struct play *p)
{
    auto_json json_t *list = world_get(p->w, SVC_ROLLOUT_LIST, NULL, 0);
    auto_json json_t *states = json_array();
    const json_t *r;
    size_t i;

    json_array_foreach(json_object_get(list, "items"), i, r)
    {
        (void)json_array_append_new(
            states, json_pack("[O,O]", json_object_get(r, "state"), json_object_get(r, "phase")));
    }
    return json_dumps(states, JSON_COMPACT);
}

/* By the time that was named, the rule says no more; and what was explained for that time is so then. */
static void expect_passing(struct play *p, unsigned device, const struct answer *a)
{
    struct expected then = explain(p, device, a->next), later;
    auto_free char *before = rollouts_of(p), *after = NULL;

    play_wait_until(a->next);
    play_rest(p);
    later = explain(p, device, 0);
    after = rollouts_of(p);
    if (strcmp(before, after) != 0)
        return;
    if (strcmp(text_of(&then), text_of(&later)) != 0)
        FAIL_CASE("%s: explained for that time as%s, and then as%s", world_device(device), text_of(&then),
                  text_of(&later));
    if (answer_of(&later, a->id)->rule == a->rule && answer_of(&later, a->id)->next == a->next)
        FAIL_CASE("%s: %s should say no more", world_device(device), otter_status_name(a->rule));
    met.changes++;
}

/* A refusal's cause is taken away, by time or by an operator: then the rule says no more. */
static void expect_change(struct play *p, unsigned device)
{
    struct expected now = explain(p, device, 0), later;
    const struct answer *a = now.count ? &now.answer[play_below(now.count)] : NULL;

    if (!a || !policy_refuses(a->rule))
        return;
    if (a->next > world_clock && a->next - world_clock < 5 * 86400) {
        expect_passing(p, device, a);
        (void)ask_and_compare(p, device);
        return;
    }
    if (remedy(p, device, a) != OTTER_OK)
        return;
    play_rest(p);
    later = explain(p, device, 0);
    if (answer_of(&later, a->id)->rule == a->rule)
        FAIL_CASE("%s: nothing was done against %s", world_device(device), otter_status_name(a->rule));
    met.changes++;
}

/* What does not depend on the hour is the same at any time. */
static void expect_timeless(struct play *p, unsigned device)
{
    static const enum otter_status timeless[] = {
        OTTER_DEVICE_RETIRED, OTTER_WRONG_PRODUCT,    OTTER_WRONG_HARDWARE, OTTER_NOT_STARTED,
        OTTER_ABORTED,        OTTER_ROLLOUT_COMPLETE, OTTER_ROLLED_BACK};
    struct expected now = explain(p, device, 0);
    struct expected then = explain(p, device, world_clock - 500000 + play_below(1000000));

    for (unsigned i = 0; i < now.count; i++)
        for (size_t k = 0; k < OTTER_ARRAY_LEN(timeless); k++)
            if (now.answer[i].rule == timeless[k] && strcmp(now.answer[i].decision, "refuse") == 0)
                assert_int_equal(answer_of(&then, now.answer[i].id)->rule, timeless[k]);
}

/* ---- the cases ---- */

static void one_case(struct play *p)
{
    unsigned device = play_below(p->devices);
    struct expected expected = ask_and_compare(p, device);

    met.offers += expected.offer != 0;
    met.under_way += expected.under_way != 0;
    met.refusals += expected.offer == 0 && expected.under_way == 0;
    for (unsigned i = 0; i < expected.count; i++)
        if (expected.answer[i].rule < OTTER_STATUS_COUNT)
            met.rules[expected.answer[i].rule]++;
    if (play_one_in(8))
        expect_change(p, device);
    if (play_one_in(20))
        expect_timeless(p, device);
}

static void one_play(uint64_t seed)
{
    static struct play p;

    met.seed = seed;
    play_begin(&p, seed);
    for (met.at = 0; met.at < CASES; met.at++) {
        if (met.at == CASES - 40)
            play_bad_day(&p);
        for (unsigned k = play_below(3); k > 0; k--)
            play_step(&p);
        one_case(&p);
    }
    play_end(&p);
}

/* A root that raises the epoch halts what it voids: the rule is for databases of before (policy/decide). */
static bool is_met(enum otter_status rule)
{
    return policy_refuses(rule) && rule != OTTER_WRONG_EPOCH;
}

/* The random cases must have met what they are about: each refusal that the policy has. */
static void expect_variety(void)
{
    bool rare = false;

    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++) {
        bool few = is_met((enum otter_status)i) && met.rules[i] < AT_LEAST;

        if (few)
            print_error("%u cases met %s\n", met.rules[i], otter_status_name((enum otter_status)i));
        rare = rare || few;
    }
    print_message("%u offers, %u under way, %u refusals, %u answers that changed\n", met.offers,
                  met.under_way, met.refusals, met.changes);
    assert_false(rare);
    assert_true(met.offers >= 100 && met.under_way >= 100 && met.refusals >= 100 && met.changes >= 100);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    uint64_t n;

    return text && otter_parse_uint(text, strlen(text), OTTER_INT_MAX, &n) ? n : otherwise;
}

static void explanations_and_polls_agree_in_ten_thousand_cases(void **state)
{
    uint64_t seed = number_of("OTTER_SEED", SEED), plays = number_of("OTTER_PLAYS", PLAYS);

    (void)state;
    for (uint64_t i = 0; i < plays; i++)
        one_play(seed + i);
    if (seed == SEED &&
        plays >= PLAYS) /* the plays of each run of the tests; others are for looking further */
        expect_variety();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explanations_and_polls_agree_in_ten_thousand_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
