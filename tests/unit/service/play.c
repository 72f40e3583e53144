#include "play.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state;
/* The service's own, since its writer draws at any time. */
static uint64_t shuffle_state;

/* xorshift64* */
static unsigned draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (unsigned)(*state * UINT64_C(2685821657736338717) >> 33);
}

unsigned play_below(unsigned n)
{
    return draw(&random_state) % n;
}

bool play_one_in(unsigned n)
{
    return play_below(n) == 0;
}

static void shuffle(void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)draw(&shuffle_state);
}

static uint64_t play_mono_ms(void)
{
    return (uint64_t)(world_clock - WORLD_NOW + 1000) * 1000;
}

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

    (void)snprintf(from, sizeof(from), "%02u:%02u", play_below(24), 15 * play_below(4));
    (void)snprintf(to, sizeof(to), "%02u:%02u", play_below(24), 15 * play_below(4) + 1);
    return json_pack("{s:o, s:s, s:s}", "days",
                     play_one_in(2) ? json_string("all") : json_pack("[s,s]", "fri", "sat"), "from", from,
                     "to", to);
}

static void maybe(json_t *plan, const char *name, unsigned rarity, json_t *value)
{
    if (play_one_in(rarity))
        (void)json_object_set_new(plan, name, value);
    else
        json_decref(value);
}

static json_t *random_plan(void)
{
    static const char *const phases[] = {"[100]", "[20,100]", "[10,40,100]", "[5,50,80,100]"};
    static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"};
    json_t *plan =
        json_pack("{s:o, s:b}", "phases", json_loads(phases[play_below(4)], 0, NULL), "auto", play_one_in(2));

    maybe(plan, "max_active", 3, json_integer(1 + play_below(3)));
    maybe(plan, "per_minute", 3, json_integer(1 + play_below(3)));
    maybe(plan, "bytes_per_second", 4, json_integer(1 + play_below(100)));
    maybe(plan, "site", 2, json_pack("{s:s, s:i}", "prefix", "site-", "bytes_per_second", 1 + play_below(3)));
    maybe(plan, "tz", 2, json_string(zones[play_below(4)]));
    maybe(plan, "windows", 4, json_pack("[o]", random_window()));
    maybe(plan, "not_before", 6, json_integer(WORLD_NOW + play_below(20000)));
    maybe(plan, "not_after", 6, json_integer(WORLD_NOW + 20000 + play_below(100000)));
    maybe(plan, "allow_downgrade", 3, json_true());
    maybe(plan, "on_failure", 3, json_string("halt"));
    maybe(plan, "join", 4, json_false());
    maybe(plan, "priority", 3, json_integer(play_below(3)));
    maybe(plan, "retries", 2,
          json_pack("[{s:s, s:i, s:i}]", "reason", "*", "tries", 3 + play_below(9), "wait",
                    play_below(play_one_in(2) ? 90 : 3000)));
    return plan;
}

/* Of one that an operator may roll back. */
static void plan_the_way_back(struct play *p, json_t *plan)
{
    memcpy(p->w->release, p->release_id[0], sizeof(p->w->release));
    (void)json_object_set_new(plan, "on_failure", json_string("rollback"));
    (void)json_object_set_new(plan, "rollback_release", json_string(p->release_id[1]));
}

static void make_rollout(struct play *p)
{
    static const char *const targets[] = {"all",
                                          "all",
                                          "all",
                                          "tag == lab",
                                          "not version >= 1.2.0",
                                          "not tag == lab and id != device-003",
                                          "attr.tz == UTC or tag == site-a",
                                          "last_seen within 1h",
                                          "last_seen < 30m ago or tag == lab",
                                          "seen == no or first_seen within 3h",
                                          "state in (idle, failed, reverted, never-seen)",
                                          "state in (cancelled, downloading, succeeded) or tag == lab",
                                          "not reason in (aborted, up-to-date)"};
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE, .in.json = random_plan()};

    memcpy(p->w->release, p->release_id[play_below(PLAY_RELEASES)], sizeof(p->w->release));
    if (p->rollouts == 2)
        plan_the_way_back(p, call.in.json);
    (void)json_object_set_new(call.in.json, "release", json_string(p->w->release));
    (void)json_object_set_new(call.in.json, "target",
                              json_string(targets[play_below(OTTER_ARRAY_LEN(targets))]));
    if (world_run(p->w, &call) == OTTER_OK) {
        int64_t id = json_integer_value(json_object_get(call.out.json, "id"));

        p->rollout[p->rollouts++] = id;
        if (!play_one_in(6)) /* else a draft for a while */
            (void)world_action(p->w, id, "start");
    }
    json_decref(call.in.json);
    svc_call_clear(&call);
}

/* ---- what happens to devices and rollouts ---- */

void play_change(struct play *p, const char *verb, unsigned device, json_t *body)
{
    (void)json_object_set_new(body, "ids", json_pack("[s]", world_device(device)));
    run_json(p, SVC_DEVICE_CHANGE, verb, 0, body);
}

static void act_mark(struct play *p)
{
    static const char *const verbs[] = {"hold",  "unhold",    "unhold", "unpin",
                                        "unpin", "reinstate", "retry",  "retry"};
    unsigned device = play_below(p->devices);

    if (play_one_in(8))
        play_change(p, "retire", device, json_pack("{s:s}", "reason", "old"));
    else if (play_one_in(6))
        play_change(p, "pin", device,
                    json_pack("{s:s}", "release", p->release_id[play_below(PLAY_RELEASES)]));
    else
        play_change(p, verbs[play_below(OTTER_ARRAY_LEN(verbs))], device, json_object());
}

static void act_label(struct play *p)
{
    static const char *const tags[] = {"lab", "site-a", "site-b"};
    static const char *const zones[] = {"UTC", "Pacific/Apia", "Nowhere/Atlantis", "Europe/London"};
    unsigned device = play_below(p->devices);

    if (play_one_in(2))
        play_change(p, "label", device,
                    json_pack("{s:[s]}", play_one_in(2) ? "add_tags" : "remove_tags", tags[play_below(3)]));
    else
        play_change(p, "label", device, json_pack("{s:{s:s}}", "attributes", "tz", zones[play_below(4)]));
}

static void act_rollout(struct play *p)
{
    static const char *const actions[] = {"pause", "resume", "resume", "advance", "advance", "start"};
    int64_t id = p->rollout[play_below(p->rollouts)];

    if (play_one_in(40))
        (void)world_action(p->w, id, play_one_in(2) ? "abort" : "rollback");
    else
        (void)world_action(p->w, id, actions[play_below(OTTER_ARRAY_LEN(actions))]);
    if (play_one_in(15) && p->rollouts < PLAY_ROLLOUTS)
        make_rollout(p);
}

/* One more device, that no rollout took down as a member. */
static void act_enrol(struct play *p)
{
    if (p->devices == PLAY_DEVICES + PLAY_LATE || !play_one_in(10))
        return;
    run_json(p, SVC_DEVICE_BATCH, NULL, 0,
             json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "items", "id", world_device(p->devices), "product",
                       WORLD_PRODUCT, "hardware", WORLD_HARDWARE, "secret",
                       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    p->devices++;
}

void play_unfreeze(struct play *p)
{
    run_json(p, SVC_FREEZE, "unfreeze", 0, json_object());
}

static void act_freeze(struct play *p)
{
    if (play_one_in(5))
        run_json(p, SVC_FREEZE, "freeze", 0, json_pack("{s:s}", "reason", "fire"));
    else
        play_unfreeze(p);
}

void play_wait_until(int64_t at)
{
    world_clock = at;
}

static void act_clock(struct play *p)
{
    static const int64_t steps[] = {1, 20, 61, 600, 3600, (int64_t)5 * 3600};

    (void)p;
    play_wait_until(world_clock + steps[play_below(OTTER_ARRAY_LEN(steps))]);
}

struct play_newest play_newest_of(struct play *p, unsigned device)
{
    auto_json json_t *d = world_get(p->w, SVC_DEVICE_GET, world_device(device), 0);
    const json_t *attempt = json_object_get(d, "attempt");
    const char *state = json_string_value(json_object_get(attempt, "state"));

    if (!state)
        return (struct play_newest){0};
    return (struct play_newest){.id = (uint64_t)json_integer_value(json_object_get(attempt, "id")),
                                .rollout = json_integer_value(json_object_get(attempt, "rollout")),
                                .open =
                                    !otter_update_finished(otter_update_state_find(state, strlen(state)))};
}

static void report(struct play *p, unsigned device, enum otter_update_state state, enum otter_status reason)
{
    struct play_newest newest = play_newest_of(p, device);

    if (newest.open)
        (void)world_report(p->w, device, newest.id, ++p->device[device].step, state, reason, NULL);
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
    unsigned device = play_below(p->devices), word = play_below(OTTER_ARRAY_LEN(words));

    report(p, device, words[word].state, words[word].reason);
}

enum otter_status play_poll(struct play *p, unsigned device, unsigned *ret_after)
{
    const struct play_claims *claims = &p->device[device];
    struct svc_call call;
    enum otter_status status;

    memset(&call, 0, sizeof(call));
    world_fill_poll(&call, &(struct world_poll){.device = device});
    call.in.poll.running = claims->running;
    call.in.poll.sequence = claims->sequence;
    (void)snprintf(call.in.poll.product, sizeof(call.in.poll.product), "%s", claims->product);
    (void)snprintf(call.in.poll.hardware, sizeof(call.in.poll.hardware), "%s", claims->hardware);
    status = world_run(p->w, &call);
    if (ret_after)
        *ret_after = call.out.retry_after;
    svc_call_clear(&call);
    return status;
}

/* What a retired device says is not believed. */
static void poll_as(struct play *p, unsigned device, const struct play_claims *claims)
{
    struct play_claims before = p->device[device];

    p->device[device] = *claims;
    if (play_poll(p, device, NULL) != OTTER_OK)
        p->device[device] = before;
}

/* It runs something else from now on: one of the releases, perhaps on trial. */
static void act_other_image(struct play *p)
{
    unsigned device = play_below(p->devices);
    const struct otter_manifest *m = &p->release[play_below(PLAY_RELEASES)];
    unsigned image = play_below(m->image_count);
    struct play_claims claims = p->device[device];

    if (play_one_in(2)) { /* back to the factory's */
        claims.running = (struct otter_running){.slot = OTTER_SLOT_A, .confirmed = true};
        claims.sequence = 0;
    } else {
        claims.running =
            (struct otter_running){.version = m->version,
                                   .sha256 = m->image[image].sha256,
                                   .slot = play_one_in(6) ? OTTER_SLOT_ANY : m->image[image].slot,
                                   .confirmed = !play_one_in(4)};
        claims.sequence = m->sequence;
    }
    poll_as(p, device, &claims);
}

/* It says of itself what its registration does not. */
static void act_pose(struct play *p)
{
    unsigned device = play_below(p->devices);
    struct play_claims claims = p->device[device];

    claims.product = play_one_in(6) ? "other" : WORLD_PRODUCT;
    claims.hardware = play_one_in(6) ? "board-9" : WORLD_HARDWARE;
    poll_as(p, device, &claims);
}

/* Many want it at once. */
static void act_rush(struct play *p)
{
    unsigned from = play_below(p->devices), count = 2 + play_below(3);

    for (unsigned i = 0; i < count; i++) {
        (void)play_poll(p, (from + i) % p->devices, NULL);
        play_rest(p);
    }
}

/* One loses time and again, and is to try again. */
static void act_bad_luck(struct play *p)
{
    unsigned device = play_below(p->devices), count = 1 + play_below(4);

    for (unsigned i = 0; i < count; i++) {
        (void)play_poll(p, device, NULL);
        report(p, device, OTTER_UPDATE_FAILED, OTTER_FLASH_ERROR);
        play_wait_until(world_clock + (play_one_in(2) ? 1000 : 10));
        play_rest(p);
    }
}

/* What a device poses as is known by its polls alone: of one that is retired, no more. */
static void act_restart(struct play *p)
{
    if (!play_one_in(10))
        return;
    world_restart(p->w);
    for (unsigned i = 0; i < p->devices; i++)
        if (strcmp(p->device[i].product, WORLD_PRODUCT) != 0 ||
            strcmp(p->device[i].hardware, WORLD_HARDWARE) != 0)
            if (play_poll(p, i, NULL) != OTTER_OK) {
                p->device[i].product = WORLD_PRODUCT;
                p->device[i].hardware = WORLD_HARDWARE;
            }
}

void play_rest(struct play *p)
{
    if (p->rested_at != world_clock) /* what has become due is done behind the first call */
        (void)world_action(p->w, 0, "none");
    p->rested_at = world_clock;
    (void)world_action(p->w, 0, "none");
}

void play_step(struct play *p)
{
    static void (*const acts[])(struct play *) = {
        act_mark,   act_label, act_rollout,     act_rollout, act_freeze, act_clock, act_clock,   act_report,
        act_report, act_rush,  act_other_image, act_restart, act_pose,   act_enrol, act_bad_luck};

    acts[play_below(OTTER_ARRAY_LEN(acts))](p);
    play_rest(p);
}

/* ---- the beginning ---- */

void play_bad_day(struct play *p)
{
    struct otter_root root;

    world_sql(
        p->w,
        "UPDATE releases SET withdrawn = 1 WHERE num = 3; UPDATE releases SET pruned = 1 WHERE num = 4");
    world_root(p->w, 2, &root);
    root.sequence_epoch = 2;
    assert_int_equal(world_publish_root(p->w, &root, (struct host_key *[]){p->w->root_key, NULL}), OTTER_OK);
}

/* Not all is newer and better than what came before. */
static void publish(struct play *p, unsigned i)
{
    struct otter_manifest *m = &p->release[i];

    world_make_release(p->w, i + 1, m);
    if (i == 2) /* a lower version of a higher sequence */
        m->sequence = 10;
    if (i == 3)
        m->expires = WORLD_NOW + 60000;
    if (i == 4) {
        m->has_requires_from = true;
        m->requires_from = (struct otter_version){.major = 1, .minor = 2};
    }
    if (i == 5) {
        m->has_requires_below = true;
        m->requires_below = (struct otter_version){.major = 1, .minor = 4};
    }
    assert_int_equal(world_publish(p->w, m, p->w->release_key), OTTER_OK);
    memcpy(p->release_id[i], p->w->release, sizeof(p->w->release));
}

static void label_all(struct play *p)
{
    run_json(
        p, SVC_DEVICE_CHANGE, "label", 0,
        json_pack("{s:[s,s,s], s:[s]}", "ids", "device-000", "device-001", "device-007", "add_tags", "lab"));
    run_json(p, SVC_DEVICE_CHANGE, "label", 0,
             json_pack("{s:s, s:[s]}", "target", "not id in (device-004, device-006)", "add_tags", "site-a"));
}

void play_begin(struct play *p, uint64_t seed)
{
    void *w;

    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    shuffle_state = ~random_state;
    world_config.mono_ms = play_mono_ms;
    world_config.shuffle = shuffle;
    assert_int_equal(world_setup_with_root(&w), 0);
    memset(p, 0, sizeof(*p));
    p->w = w;
    p->devices = PLAY_DEVICES;
    world_devices(w, PLAY_DEVICES);
    for (unsigned i = 0; i < PLAY_DEVICES + PLAY_LATE; i++)
        p->device[i] = (struct play_claims){.running = {.slot = OTTER_SLOT_A, .confirmed = true},
                                            .product = WORLD_PRODUCT,
                                            .hardware = WORLD_HARDWARE};
    for (unsigned i = 0; i < PLAY_RELEASES; i++)
        publish(p, i);
    label_all(p);
    for (unsigned tries = 0; p->rollouts < PLAY_ROLLOUTS - 3 && tries < 3 * PLAY_ROLLOUTS; tries++)
        make_rollout(p);
    assert_true(p->rollouts > 0);
    play_rest(p);
}

void play_end(struct play *p)
{
    void *w = p->w;

    world_teardown(&w);
}
