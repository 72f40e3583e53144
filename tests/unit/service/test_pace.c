/* Who may begin, and when: caps, rates, bytes, windows, retries; polls that come at the same time. */
#include "world.h"

#include "core/bytes.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define DEVICES 24u
#define THREADS 8u

static int setup(void **state)
{
    return world_setup_with_devices(state, DEVICES);
}

/* A share of the devices, each of which polls `times` times. */
struct poller {
    pthread_t thread;
    struct world *w;
    unsigned first, times;
    uint64_t attempts[DEVICES];
    bool failed;
};

static void poll_once(struct poller *p, unsigned device)
{
    struct otter_offer offer;

    if (world_poll(p->w, &(struct world_poll){.device = device, .confirmed = true}, &offer, NULL) != OTTER_OK)
        p->failed = true;
    else if (!offer.empty)
        p->attempts[device] = offer.attempt;
}

static void *poll_many(void *arg)
{
    struct poller *p = arg;

    for (unsigned i = 0; i < p->times; i++)
        for (unsigned device = p->first; device < DEVICES; device += THREADS / 2) /* two threads a device */
            poll_once(p, device);
    return NULL;
}

/* All devices at once, several times; how many attempts there are behind it. */
static unsigned poll_in_parallel(struct world *w, unsigned times)
{
    static struct poller pollers[THREADS];
    bool granted[DEVICES] = {false};
    unsigned n = 0;

    memset(pollers, 0, sizeof(pollers));
    for (unsigned i = 0; i < THREADS; i++) {
        pollers[i].w = w;
        pollers[i].first = i % (THREADS / 2);
        pollers[i].times = times;
        assert_int_equal(pthread_create(&pollers[i].thread, NULL, poll_many, &pollers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(pollers[i].thread, NULL), 0);
        assert_false(pollers[i].failed);
        for (unsigned d = 0; d < DEVICES; d++)
            granted[d] = granted[d] || pollers[i].attempts[d] != 0;
    }
    for (unsigned d = 0; d < DEVICES; d++)
        n += granted[d];
    assert_int_equal(world_count(w, 1, "offered"), n);
    return n;
}

static void patch(struct world *w, unsigned device, json_t *json)
{
    struct svc_call call = {.op = SVC_DEVICE_PATCH, .in.id = world_device(device), .in.json = json};

    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void tag(struct world *w, unsigned device, const char *tag)
{
    patch(w, device, json_pack("{s:{s:[s]}}", "tags", "add", tag));
}

static void attribute(struct world *w, unsigned device, const char *name, const char *value)
{
    patch(w, device, json_pack("{s:{s:s}}", "attributes", name, value));
}

static void parallel_polls_never_pass_a_bound(void **state)
{
    static const struct {
        const char *plan;
        unsigned granted; /* at first, and after each minute */
        unsigned a_minute;
    } cases[] = {
        {"{\"max_active\":5}", 5, 0},
        {"{\"per_minute\":1}", 1, 1},
        {"{\"per_minute\":60}", 1, 1},       /* one each second: the clock stands while they poll */
        {"{\"bytes_per_second\":30}", 1, 1}, /* an image has some 1,700 bytes */
        {"{\"bytes_per_second\":300}", 1, 1},
        {"{\"site\":{\"prefix\":\"site-\",\"bytes_per_second\":30}}", 3,
         2}, /* two sites, one device without */
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        void *fresh = NULL;
        struct world *w;

        assert_int_equal(setup(&fresh), 0);
        w = fresh;
        for (unsigned d = 0; d < DEVICES - 1; d++)
            tag(w, d, d % 2 ? "site-a" : "site-b");
        (void)world_rollout_plan(w, "all", cases[i].plan);
        print_message("%s\n", cases[i].plan);
        assert_int_equal(poll_in_parallel(w, 3), cases[i].granted);
        for (unsigned minute = 1; minute <= 3; minute++) {
            world_clock += 60;
            assert_int_equal(poll_in_parallel(w, 2), cases[i].granted + minute * cases[i].a_minute);
        }
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

/* What was refused holds no place: one that ends makes room for exactly one. */
static void place_under_the_cap_is_free_when_its_attempt_ends(void **state)
{
    struct world *w = *state;

    (void)world_rollout_plan(w, "all", "{\"max_active\":2}");
    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_ask(w, 1), 112);
    for (unsigned d = 2; d < DEVICES; d++)
        assert_int_equal(world_ask(w, d), 0);
    assert_int_equal(world_report(w, 0, 111, 1, OTTER_UPDATE_FAILED, OTTER_IMAGE_DIGEST, NULL), OTTER_OK);
    assert_int_equal(world_ask(w, 7), 113);
    assert_int_equal(world_ask(w, 8), 0);
    world_restart(w);
    assert_int_equal(world_ask(w, 8), 0);
    assert_int_equal(world_ask(w, 1), 112);
}

static void meters_survive_a_restart(void **state)
{
    struct world *w = *state;

    (void)world_rollout_plan(w, "all", "{\"per_minute\":1}");
    assert_int_equal(world_ask(w, 0), 111);
    world_clock += 30;
    world_restart(w);
    assert_int_equal(world_ask(w, 1), 0);
    world_clock += 30;
    assert_int_equal(world_ask(w, 1), 112);
    assert_int_equal(world_ask(w, 2), 0);
}

/* What was granted when the ramp was at its top is not paid for at the rate of its foot, from which it rises
 * again. */
static void ramp_that_begins_anew_owes_nothing_after_a_restart(void **state)
{
    struct world *w = *state;

    (void)world_rollout_plan(w, "all",
                             "{\"per_minute\":60, \"ramp\":{\"start\":1, \"factor\":60, \"every\":60}}");
    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_ask(w, 1), 0);
    world_clock += 60;
    for (unsigned d = 1; d <= 10; d++, world_clock++)
        assert_int_equal(world_ask(w, d), 111 + d);
    assert_int_equal(world_action(w, 1, "pause"), OTTER_OK);
    world_clock += 5;
    assert_int_equal(world_action(w, 1, "resume"), OTTER_OK);
    world_restart(w);
    assert_int_equal(world_ask(w, 11), 122);
    assert_int_equal(world_ask(w, 12), 0);
    world_clock += 59;
    assert_int_equal(world_ask(w, 12), 0);
    world_clock += 1;
    assert_int_equal(world_ask(w, 12), 123);
}

/* The bytes of a site are those that the device's tag names now; one without such a tag has none to keep. */
static void device_that_moves_to_another_site_asks_for_that_ones_bytes(void **state)
{
    struct world *w = *state;

    tag(w, 0, "site-a");
    tag(w, 1, "site-a");
    (void)world_rollout_plan(w, "all", "{\"site\":{\"prefix\":\"site-\",\"bytes_per_second\":1}}");
    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_ask(w, 1), 0);
    patch(w, 1, json_pack("{s:{s:[s], s:[s]}}", "tags", "add", "site-b", "remove", "site-a"));
    assert_int_equal(world_ask(w, 1), 112);
    assert_int_equal(world_ask(w, 2), 113);
    assert_int_equal(world_ask(w, 3), 114);
    world_restart(w);
    tag(w, 4, "site-b");
    assert_int_equal(world_ask(w, 4), 0);
}

/* A limit on file sizes stands for a full disk: the grant is taken back, and with it its minute. */
static void grant_that_is_not_stored_costs_nothing(void **state)
{
    struct world *w = *state;
    struct rlimit before, none;

    (void)signal(SIGXFSZ, SIG_IGN);
    (void)world_rollout_plan(w, "all", "{\"per_minute\":1, \"bytes_per_second\":30}");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 1;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_int_equal(world_ask(w, 0), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(world_ask(w, 1), 111);
    assert_int_equal(world_ask(w, 0), 0);
}

/* 2027-01-15 08:00:00 UTC, a Friday, is WORLD_NOW. */
static void device_is_told_when_its_window_opens(void **state)
{
    static const struct {
        unsigned device;
        const char *tz; /* of the device; NULL: none */
        int64_t opens;  /* from WORLD_NOW */
    } cases[] = {
        {0, NULL, 1800},            /* 08:30 in the rollout's zone, UTC */
        {1, "Europe/Oslo", 84600},  /* there it is over for today: tomorrow at 07:30 UTC */
        {2, "Asia/Kolkata", 68400}, /* 03:00 UTC */
        {3, "Mars/Olympus", 1800},
    };
    struct world *w = *state;
    unsigned after;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++)
        if (cases[i].tz)
            attribute(w, cases[i].device, "tz", cases[i].tz);
    (void)world_rollout_plan(
        w, "all", "{\"windows\":[{\"days\":\"all\", \"from\":\"08:30\", \"to\":\"08:45\"}], \"tz\":\"UTC\"}");
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(cases); i++) {
        world_clock = WORLD_NOW + cases[i].opens - 20;
        assert_int_equal(world_ask_after(w, cases[i].device, &after), 0);
        assert_in_range(after, 20, 20 + 17);
        assert_int_equal(world_ask_after(w, cases[i].device, &after), 0); /* the like from memory */
        assert_in_range(after, 20, 20 + 17);
        world_clock += 20;
        assert_int_not_equal(world_ask(w, cases[i].device), 0);
        world_clock += 15 * 60; /* closed again; what is open goes on */
        assert_int_not_equal(world_ask(w, cases[i].device), 0);
        assert_int_equal(world_ask_after(w, cases[i].device + 10, &after), 0);
    }
}

/* The plan's zone was known when it was made, and is not on this machine: nobody is granted by another
 * zone's clock; a device that names its own goes by that. */
static void window_in_a_zone_that_is_not_there_is_closed(void **state)
{
    struct world *w = *state;
    unsigned after;

    attribute(w, 1, "tz", "Europe/Oslo");
    (void)world_rollout_plan(w, "all",
                             "{\"windows\":[{\"days\":\"all\", \"from\":\"00:00\", \"to\":\"24:00\"}], "
                             "\"tz\":\"Atlantis/Poseidonis\"}");
    assert_int_equal(world_ask_after(w, 0, &after), 0);
    assert_in_range(after, 53, 68);
    assert_int_not_equal(world_ask(w, 1), 0);
    attribute(w, 0, "tz", "Asia/Kathmandu");
    assert_int_not_equal(world_ask(w, 0), 0);
}

/* A device's word for its zone is anything at all: it counts as none. */
static void hostile_zones_of_devices_count_as_none(void **state)
{
    static const char *const names[] = {"../../etc/passwd", "/etc/passwd", "Europe/../../../etc/passwd",
                                        "leapseconds",      "right/UTC",   "%s%s%s%n",
                                        "UTC\xc3\xa9",      "EST5EDT4",    ""};
    struct world *w = *state;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(names); i++)
        attribute(w, i, "tz", names[i]);
    (void)world_rollout_plan(w, "all",
                             "{\"windows\":[{\"days\":\"all\", \"from\":\"13:40\", \"to\":\"13:50\"}], "
                             "\"tz\":\"Asia/Kathmandu\"}");
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(names); i++)
        assert_int_not_equal(world_ask(w, i), 0); /* 08:00 UTC is 13:45 there */
}

/* A device that waits for a moment is looked at when it has come, whether it polled in between or not. */
static void quiet_device_is_looked_at_when_its_time_comes(void **state)
{
    struct world *w = *state;
    char plan[64];
    unsigned after;

    (void)snprintf(plan, sizeof(plan), "{\"not_before\":%lld}", (long long)WORLD_NOW + 3000);
    (void)world_rollout_plan(w, "all", plan);
    for (int64_t t = 0; t < 3000; t += 250) {
        world_clock = WORLD_NOW + t;
        assert_int_equal(world_ask_after(w, 0, &after), 0);
        assert_in_range(after, 5, 68);
    }
    world_clock = WORLD_NOW + 2999;
    assert_int_equal(world_ask(w, 1), 0);
    world_clock = WORLD_NOW + 3000;
    assert_int_equal(world_ask(w, 0), 111);
    assert_int_equal(world_ask(w, 1), 112);
    assert_int_equal(world_ask(w, 2), 113);
}

static void lose(struct world *w, unsigned device, uint64_t attempt, enum otter_status reason)
{
    assert_int_equal(world_report(w, device, attempt, 1, OTTER_UPDATE_FAILED, reason, NULL), OTTER_OK);
}

static void lost_attempt_is_repeated_after_its_wait_and_counts_once(void **state)
{
    struct world *w = *state;

    (void)world_rollout_plan(w, "all",
                             "{\"retries\":[{\"reason\":\"image-digest\", \"tries\":2, \"wait\":600}]}");
    assert_int_equal(world_ask(w, 0), 111);
    lose(w, 0, 111, OTTER_IMAGE_DIGEST);
    assert_int_equal(world_count(w, 1, "failed"), 1);
    world_clock += 599;
    assert_int_equal(world_ask(w, 0), 0);
    world_clock += 1;
    assert_int_equal(world_ask(w, 0), 112);
    assert_int_equal(world_count(w, 1, "failed"), 0); /* it is at it again */
    assert_int_equal(world_count(w, 1, "offered"), 1);
    lose(w, 0, 112, OTTER_IMAGE_DIGEST);
    world_clock += 1199; /* twice as long */
    world_restart(w);
    assert_int_equal(world_ask(w, 0), 0);
    world_clock += 1;
    assert_int_equal(world_ask(w, 0), 113);
    lose(w, 0, 113, OTTER_IMAGE_DIGEST);
    world_clock += 10000000 / 20;
    assert_int_equal(world_ask(w, 0), 0); /* that was the last */
    assert_int_equal(world_count(w, 1, "failed"), 1);
    /* another reason has no retry */
    assert_int_equal(world_ask(w, 1), 114);
    lose(w, 1, 114, OTTER_SELF_TEST);
    world_clock += 10000;
    assert_int_equal(world_ask(w, 1), 0);
    assert_int_equal(world_count(w, 1, "failed"), 2);
}

/* Its losses are in whatever rollout; and it holds no place while it waits. */
static void device_in_the_penalty_box_holds_no_place(void **state)
{
    struct world *w = *state;

    (void)world_rollout_plan(w, "all",
                             "{\"max_active\":1, \"retries\":[{\"reason\":\"*\", \"tries\":9, \"wait\":1}]}");
    for (uint64_t attempt = 111; attempt < 114; attempt++) {
        world_clock += 10;
        assert_int_equal(world_ask(w, 0), attempt);
        lose(w, 0, attempt, OTTER_IMAGE_DIGEST);
    }
    world_clock += 600;
    assert_int_equal(world_ask(w, 0), 0); /* the plan's wait is over long ago */
    assert_int_equal(world_ask(w, 1), 114);
    assert_int_equal(world_report(w, 1, 114, 1, OTTER_UPDATE_FAILED, OTTER_SELF_TEST, NULL), OTTER_OK);
    world_clock += 3599 - 600;
    assert_int_equal(world_ask(w, 0), 0);
    world_clock += 1;
    assert_int_equal(world_ask(w, 0), 115);
}

/* A clock that is set right by a few seconds lets nobody out of its wait. */
static void small_step_back_of_the_clock_ends_no_wait(void **state)
{
    struct world *w = *state;

    (void)world_rollout_plan(w, "all", "{\"retries\":[{\"reason\":\"*\", \"tries\":1, \"wait\":600}]}");
    assert_int_equal(world_ask(w, 0), 111);
    lose(w, 0, 111, OTTER_IMAGE_DIGEST);
    world_clock -= 3;
    assert_int_equal(world_ask(w, 0), 0);
    world_clock += 602;
    assert_int_equal(world_ask(w, 0), 0);
    world_clock += 1;
    assert_int_equal(world_ask(w, 0), 112);
}

/* The clock was a year ahead when the attempt was lost, and is right again. */
static void loss_in_a_time_to_come_keeps_nobody_waiting(void **state)
{
    struct world *w = *state;

    (void)world_rollout_plan(w, "all", "{\"retries\":[{\"reason\":\"*\", \"tries\":1, \"wait\":60}]}");
    assert_int_equal(world_ask(w, 0), 111);
    world_clock += 900000;
    lose(w, 0, 111, OTTER_IMAGE_DIGEST);
    world_clock -= 900000;
    assert_int_equal(world_ask(w, 0), 112);
}

/* While a rollout of higher rank only waits for its window, the one behind it does not take the device. */
static void rollout_of_higher_rank_comes_first_even_while_it_waits(void **state)
{
    struct world *w = *state;
    struct otter_offer offer;
    const struct world_poll p = {.device = 0, .confirmed = true};

    (void)world_rollout(w, "all", "[100]", false);
    world_release(w, 2);
    assert_int_equal(
        world_rollout_plan(w, "id != \"device-001\"",
                           "{\"windows\":[{\"days\":\"all\", \"from\":\"08:30\", \"to\":\"09:00\"}]}"),
        2);
    assert_int_equal(world_ask(w, 0), 0);
    assert_int_equal(world_ask(w, 1), 111); /* the second one does not select it */
    world_clock += 1800;
    assert_int_equal(world_poll(w, &p, &offer, NULL), OTTER_OK);
    assert_int_equal(offer.attempt, 112);
    assert_memory_equal(offer.image.sha256.b, w->manifest.image[1].sha256.b, OTTER_DIGEST_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
        cmocka_unit_test(parallel_polls_never_pass_a_bound),
        T(place_under_the_cap_is_free_when_its_attempt_ends),
        T(meters_survive_a_restart),
        T(ramp_that_begins_anew_owes_nothing_after_a_restart),
        T(device_that_moves_to_another_site_asks_for_that_ones_bytes),
        T(grant_that_is_not_stored_costs_nothing),
        T(device_is_told_when_its_window_opens),
        T(window_in_a_zone_that_is_not_there_is_closed),
        T(hostile_zones_of_devices_count_as_none),
        T(quiet_device_is_looked_at_when_its_time_comes),
        T(lost_attempt_is_repeated_after_its_wait_and_counts_once),
        T(device_in_the_penalty_box_holds_no_place),
        T(small_step_back_of_the_clock_ends_no_wait),
        T(loss_in_a_time_to_come_keeps_nobody_waiting),
        T(rollout_of_higher_rank_comes_first_even_while_it_waits),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
