/*
 * What explains and what grants are one: in thousands of random cases (fleets, plans, times, marks, reports)
 * the explanation of a device is asked for, the device polls, and what it gets must be what was explained.
 * The services are the real ones over a real database.
 */
#include "world.h"

#include "core/bytes.h"
#include "core/update_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLDS   20u
#define CASES    500u /* a world */
#define DEVICES  12u
#define RELEASES 4u
#define ROLLOUTS 6u

/* xorshift64*: the same cases in each run. */
static uint64_t random_state;

static unsigned below(unsigned n)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (unsigned)((random_state * UINT64_C(2685821657736338717) >> 33) % n);
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* What a device says in its polls. The first is what an explanation takes for granted of one never heard of.
 */
struct claims {
    struct otter_running running;
    uint64_t sequence;
    uint32_t step; /* of its reports */
};

struct play {
    struct world *w;
    struct claims device[DEVICES];
    struct otter_manifest release[RELEASES];
    char release_id[RELEASES][OTTER_DIGEST_HEX + 1];
    int64_t rollout[ROLLOUTS];
    unsigned offers, refusals, under_way;
    unsigned rules[OTTER_STATUS_COUNT];
};

static void run_json(struct play *p, enum svc_op op, const char *id, uint64_t number, json_t *body)
{
    struct svc_call call = {.op = op, .in.id = id, .in.number = number, .in.json = body};

    (void)world_run(p->w, &call); /* a refusal changes nothing, which is a case, too */
    json_decref(body);
    svc_call_clear(&call);
}

/* ---- rollouts with random plans ---- */

static json_t *random_window(void)
{
    char from[8], to[8];

    (void)snprintf(from, sizeof(from), "%02u:%02u", below(24), 15 * below(4));
    (void)snprintf(to, sizeof(to), "%02u:%02u", below(24), 15 * below(4) + 1);
    return json_pack("{s:o, s:s, s:s}", "days",
                     one_in(2) ? json_string("all") : json_pack("[s,s]", "fri", "sat"), "from", from, "to",
                     to);
}

static void maybe(json_t *plan, const char *name, unsigned rarity, json_t *value)
{
    if (one_in(rarity))
        (void)json_object_set_new(plan, name, value);
    else
        json_decref(value);
}

static json_t *random_plan(void)
{
    static const char *const phases[] = {"[100]", "[20,100]", "[10,40,100]", "[5,50,80,100]"};
    static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"};
    json_t *plan =
        json_pack("{s:o, s:b}", "phases", json_loads(phases[below(4)], 0, NULL), "auto", one_in(2));

    maybe(plan, "max_active", 3, json_integer(1 + below(3)));
    maybe(plan, "per_minute", 3, json_integer(1 + below(3)));
    maybe(plan, "bytes_per_second", 4, json_integer(1 + below(100)));
    maybe(plan, "site", 4, json_pack("{s:s, s:i}", "prefix", "site-", "bytes_per_second", 1 + below(50)));
    maybe(plan, "tz", 2, json_string(zones[below(4)]));
    maybe(plan, "windows", 3, json_pack("[o]", random_window()));
    maybe(plan, "not_before", 6, json_integer(WORLD_NOW + below(20000)));
    maybe(plan, "not_after", 6, json_integer(WORLD_NOW + 20000 + below(100000)));
    maybe(plan, "allow_downgrade", 3, json_true());
    maybe(plan, "on_failure", 3, json_string("warn"));
    maybe(plan, "retries", 3,
          json_pack("[{s:s, s:i, s:i}]", "reason", "*", "tries", 1 + below(3), "wait", below(3000)));
    return plan;
}

static void make_rollout(struct play *p, unsigned i)
{
    static const char *const targets[] = {"all",
                                          "tag == lab",
                                          "not version >= 1.2.0",
                                          "not tag == lab and id != device-003",
                                          "attr.tz == UTC or tag == site-a",
                                          "state in (idle, failed, reverted, never-seen)"};
    auto_json json_t *plan = random_plan();
    auto_free char *text = json_dumps(plan, 0);

    memcpy(p->w->release, p->release_id[below(RELEASES)], sizeof(p->w->release));
    p->rollout[i] = world_rollout_plan(p->w, targets[below(OTTER_ARRAY_LEN(targets))], text);
}

/* ---- what happens to devices and rollouts ---- */

static void change(struct play *p, const char *verb, json_t *body)
{
    (void)json_object_set_new(body, "ids", json_pack("[s]", world_device(below(DEVICES))));
    run_json(p, SVC_DEVICE_CHANGE, verb, 0, body);
}

static void act_mark(struct play *p)
{
    static const char *const verbs[] = {"hold",  "unhold",    "unhold", "unpin",
                                        "unpin", "reinstate", "retry",  "retry"};

    if (one_in(8))
        change(p, "retire", json_pack("{s:s}", "reason", "old"));
    else if (one_in(6))
        change(p, "pin", json_pack("{s:s}", "release", p->w->release));
    else
        change(p, verbs[below(OTTER_ARRAY_LEN(verbs))], json_object());
}

static void act_label(struct play *p)
{
    static const char *const tags[] = {"lab", "site-a", "site-b"};
    static const char *const zones[] = {"UTC", "Pacific/Apia", "Nowhere/Atlantis", "Europe/London"};

    if (one_in(2))
        change(p, "label", json_pack("{s:[s]}", one_in(2) ? "add_tags" : "remove_tags", tags[below(3)]));
    else
        change(p, "label", json_pack("{s:{s:s}}", "attributes", "tz", zones[below(4)]));
}

static void act_rollout(struct play *p)
{
    static const char *const actions[] = {"pause", "resume", "resume", "advance", "advance"};
    int64_t id = p->rollout[below(ROLLOUTS)];

    (void)world_action(p->w, id, one_in(40) ? "abort" : actions[below(OTTER_ARRAY_LEN(actions))]);
}

static void act_freeze(struct play *p)
{
    if (one_in(4))
        run_json(p, SVC_FREEZE, "freeze", 0, json_pack("{s:s}", "reason", "fire"));
    else
        run_json(p, SVC_FREEZE, "unfreeze", 0, json_object());
}

static void act_clock(struct play *p)
{
    static const int64_t steps[] = {1, 20, 61, 600, 3600, 5 * 3600};

    (void)p;
    world_clock += steps[below(OTTER_ARRAY_LEN(steps))];
}

/* The newest attempt of a device: its number (0: none), its rollout, and whether it is open. */
struct newest {
    uint64_t id;
    int64_t rollout;
    bool open;
    enum otter_slot slot;
};

static struct newest newest_of(struct play *p, unsigned device)
{
    auto_json json_t *d = world_get(p->w, SVC_DEVICE_GET, world_device(device), 0);
    const json_t *attempt = json_object_get(d, "attempt");
    const char *state = json_string_value(json_object_get(attempt, "state"));

    if (!state)
        return (struct newest){0};
    return (struct newest){.id = (uint64_t)json_integer_value(json_object_get(attempt, "id")),
                           .rollout = json_integer_value(json_object_get(attempt, "rollout")),
                           .open = !otter_update_finished(otter_update_state_find(state, strlen(state)))};
}

static void act_report(struct play *p)
{
    static const struct {
        enum otter_update_state state;
        enum otter_status reason;
    } words[] = {{OTTER_UPDATE_DOWNLOADING, OTTER_OK},
                 {OTTER_UPDATE_INSTALLED, OTTER_OK},
                 {OTTER_UPDATE_FAILED, OTTER_IMAGE_DIGEST},
                 {OTTER_UPDATE_FAILED, OTTER_FLASH_ERROR},
                 {OTTER_UPDATE_REVERTED, OTTER_SELF_TEST}};
    unsigned device = below(DEVICES), word = below(OTTER_ARRAY_LEN(words));
    struct newest newest = newest_of(p, device);

    if (newest.open)
        (void)world_report(p->w, device, newest.id, ++p->device[device].step, words[word].state,
                           words[word].reason, NULL);
}

static enum otter_status poll(struct play *p, unsigned device)
{
    struct svc_call call;
    enum otter_status status;

    memset(&call, 0, sizeof(call));
    world_fill_poll(&call, &(struct world_poll){.device = device});
    call.in.poll.running = p->device[device].running;
    call.in.poll.sequence = p->device[device].sequence;
    status = world_run(p->w, &call);
    svc_call_clear(&call);
    return status;
}

/* It runs something else from now on: one of the releases, perhaps on trial. */
static void act_other_image(struct play *p)
{
    unsigned device = below(DEVICES);
    const struct otter_manifest *m = &p->release[below(RELEASES)];
    unsigned image = below(m->image_count);

    p->device[device].running = (struct otter_running){.version = m->version,
                                                       .sha256 = m->image[image].sha256,
                                                       .slot = m->image[image].slot,
                                                       .confirmed = !one_in(4)};
    p->device[device].sequence = m->sequence;
    (void)poll(p, device);
}

static void act_restart(struct play *p)
{
    if (one_in(10))
        world_restart(p->w);
}

static void something_happens(struct play *p)
{
    static void (*const acts[])(struct play *) = {act_mark,   act_label,  act_rollout,     act_rollout,
                                                  act_freeze, act_clock,  act_clock,       act_report,
                                                  act_report, act_report, act_other_image, act_restart};

    acts[below(OTTER_ARRAY_LEN(acts))](p);
}

/* ---- a case ---- */

struct expected {
    int64_t offer, under_way; /* rollouts; 0: none */
    char text[2048];
};

static struct expected explain(struct play *p, unsigned device)
{
    struct svc_call call = {.op = SVC_ROLLOUT_EXPLAIN, .in.id = world_device(device)};
    struct expected ret = {0};
    const json_t *r;
    size_t i;

    assert_int_equal(world_run(p->w, &call), OTTER_OK);
    json_array_foreach(json_object_get(call.out.json, "rollouts"), i, r)
    {
        const char *decision = json_string_value(json_object_get(r, "decision"));
        const char *rule = json_string_value(json_object_get(r, "rule"));
        int64_t id = json_integer_value(json_object_get(r, "id"));
        enum otter_status status = otter_status_find(rule, (unsigned)strlen(rule));
        size_t len = strlen(ret.text);

        (void)snprintf(ret.text + len, sizeof(ret.text) - len, " %lld %s/%s", (long long)id, decision, rule);
        if (status < OTTER_STATUS_COUNT)
            p->rules[status]++;
        if (strcmp(decision, "offer") == 0) {
            assert_int_equal(ret.offer, 0); /* one rollout at the most offers */
            ret.offer = id;
        } else if (strcmp(decision, "under-way") == 0) {
            assert_int_equal(ret.under_way, 0);
            ret.under_way = id;
        } else {
            assert_string_not_equal(rule, "ok"); /* every refusal has its reason */
        }
    }
    svc_call_clear(&call);
    return ret;
}

static void one_case(struct play *p, unsigned n)
{
    unsigned device = below(DEVICES);
    struct newest before = newest_of(p, device), after;
    struct expected expected = explain(p, device);
    bool right;

    (void)poll(p, device);
    after = newest_of(p, device);
    if (expected.offer)
        right = after.id > before.id && after.rollout == expected.offer && after.open;
    else if (expected.under_way)
        right = after.id == before.id && after.rollout == expected.under_way && after.open;
    else
        right = after.id == before.id && !after.open;
    if (!right)
        fail_msg("case %u, %s: attempt %llu of rollout %lld became %llu of %lld (%s), explained as%s", n,
                 world_device(device), (unsigned long long)before.id, (long long)before.rollout,
                 (unsigned long long)after.id, (long long)after.rollout, after.open ? "open" : "ended",
                 expected.text);
    p->offers += expected.offer != 0;
    p->under_way += expected.under_way != 0;
    p->refusals += expected.offer == 0 && expected.under_way == 0;
}

static void begin(struct play *p, struct world *w)
{
    memset(p->device, 0, sizeof(p->device));
    p->w = w;
    world_devices(w, DEVICES);
    for (unsigned i = 0; i < DEVICES; i++)
        p->device[i].running = (struct otter_running){.slot = OTTER_SLOT_A, .confirmed = true};
    for (unsigned i = 0; i < RELEASES; i++) {
        world_make_release(w, i + 1, &p->release[i]);
        assert_int_equal(world_publish(w, &p->release[i], w->release_key), OTTER_OK);
        memcpy(p->release_id[i], w->release, sizeof(w->release));
    }
    run_json(
        p, SVC_DEVICE_CHANGE, "label", 0,
        json_pack("{s:[s,s,s], s:[s]}", "ids", "device-000", "device-001", "device-007", "add_tags", "lab"));
    run_json(p, SVC_DEVICE_CHANGE, "label", 0,
             json_pack("{s:[s,s], s:[s]}", "ids", "device-002", "device-005", "add_tags", "site-a"));
    for (unsigned i = 0; i < ROLLOUTS; i++)
        make_rollout(p, i);
}

/* The random cases must have met what they are about. */
static void expect_variety(const struct play *p)
{
    static const enum otter_status rules[] = {
        OTTER_OK,
        OTTER_PAUSED,
        OTTER_NOT_IN_PHASE,
        OTTER_NOT_IN_TARGET,
        OTTER_HELD,
        OTTER_PINNED,
        OTTER_FROZEN,
        OTTER_ATTEMPT_OVER,
        OTTER_SUPERSEDED,
        OTTER_OUTSIDE_WINDOW,
        OTTER_CAP_REACHED,
        OTTER_RATE_REACHED,
        OTTER_RETRY_LATER,
        OTTER_UP_TO_DATE,
        OTTER_DEVICE_ON_TRIAL,
        OTTER_ATTEMPT_ELSEWHERE,
        OTTER_NOT_YET,
        OTTER_BANDWIDTH_REACHED,
        OTTER_DEVICE_RETIRED,
        OTTER_SITE_BANDWIDTH_REACHED,
    };

    for (size_t i = 0; i < OTTER_ARRAY_LEN(rules); i++)
        if (p->rules[rules[i]] == 0)
            fail_msg("no case met %s", otter_status_name(rules[i]));
    assert_true(p->offers > 200 && p->under_way > 200 && p->refusals > 200);
}

static void explanations_and_polls_agree_in_ten_thousand_cases(void **state)
{
    static struct play p;

    (void)state;
    memset(&p, 0, sizeof(p));
    random_state = UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned world = 0; world < WORLDS; world++) {
        void *w;

        assert_int_equal(world_setup_with_root(&w), 0);
        begin(&p, w);
        for (unsigned i = 0; i < CASES; i++) {
            for (unsigned k = below(4); k > 0; k--)
                something_happens(&p);
            one_case(&p, world * CASES + i);
        }
        world_teardown(&w);
    }
    expect_variety(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explanations_and_polls_agree_in_ten_thousand_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
