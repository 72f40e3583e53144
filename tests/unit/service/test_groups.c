/* Saved groups: what they are refused for, who is in them, what they change for rollouts and polls. */
#include "batch.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 6u
#define SERVERS 60u /* seconds between polls where no group says otherwise */

static int setup_fleet(void **state)
{
    return world_setup_with_devices(state, DEVICES);
}

/* The status; *ret_at (may be NULL) is the place of an error. */
static enum otter_status put(struct world *w, const char *name, const char *body, size_t *ret_at)
{
    struct svc_call call = {.op = SVC_GROUP_PUT, .in.id = name, .in.json = json_loads(body, 0, NULL)};
    enum otter_status status = world_run(w, &call);

    assert_non_null(call.in.json);
    if (ret_at)
        *ret_at = call.out.has_at ? call.out.at : 999;
    json_decref(call.in.json);
    svc_call_clear(&call);
    return status;
}

static void set(struct world *w, const char *name, const char *target, unsigned poll)
{
    char body[512];

    if (poll)
        (void)snprintf(body, sizeof(body), "{\"target\":\"%s\",\"poll_interval\":%u}", target, poll);
    else
        (void)snprintf(body, sizeof(body), "{\"target\":\"%s\"}", target);
    assert_int_equal(put(w, name, body, NULL), OTTER_OK);
}

static enum otter_status drop(struct world *w, const char *name)
{
    struct svc_call call = {.op = SVC_GROUP_DELETE, .in.id = name};
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    return status;
}

static void tag(struct world *w, unsigned device, const char *tag)
{
    batch_begin();
    (void)batch_add(SVC_DEVICE_CHANGE, "label",
                    json_pack("{s:[s], s:[s]}", "ids", world_device(device), "add_tags", tag));
    batch_run(w);
    assert_int_equal(batch.call[1].out.status, OTTER_OK);
    batch_clear();
}

static json_int_t devices_in(struct world *w, const char *name)
{
    json_t *group = world_get(w, SVC_GROUP_GET, name, 0);
    json_int_t n = json_integer_value(json_object_get(group, "devices"));

    json_decref(group);
    return n;
}

static void a_group_is_kept_as_it_was_set_last(void **state)
{
    struct world *w = *state;
    json_t *group;

    set(w, "lab", "tag == lab", 60);
    world_clock += 10;
    set(w, "lab", "tag == lab or id == device-003", 0);
    tag(w, 1, "lab");
    world_restart(w);
    group = world_get(w, SVC_GROUP_GET, "lab", 0);
    assert_string_equal(json_string_value(json_object_get(group, "target")),
                        "tag == lab or id == device-003");
    assert_true(json_is_null(json_object_get(group, "poll_interval")));
    assert_int_equal(json_integer_value(json_object_get(group, "created")) + 10,
                     json_integer_value(json_object_get(group, "updated")));
    json_decref(group);
    assert_int_equal(devices_in(w, "lab"), 2);
    assert_int_equal(drop(w, "lab"), OTTER_OK);
    assert_int_equal(drop(w, "lab"), OTTER_NOT_FOUND);
    world_restart(w);
    assert_int_equal(drop(w, "lab"), OTTER_NOT_FOUND);
}

static void what_is_no_group_is_refused(void **state)
{
    static const struct {
        const char *name, *body;
        enum otter_status status;
        size_t at;
    } rows[] = {
        {"a", "{\"target\":\"tag == \"}", OTTER_BAD_TARGET, 7},
        {"a", "{\"target\":\"group == a\"}", OTTER_BAD_TARGET, 9},
        {"a", "{\"target\":\"tag == x or group == none\"}", OTTER_BAD_TARGET, 21},
        {"lab", "{\"target\":\"group == both\"}", OTTER_BAD_TARGET, 9}, /* which names lab */
        {"a", "{}", OTTER_MISSING_MEMBER, 999},
        {"a", "{\"target\":7}", OTTER_BAD_VALUE, 999},
        {"a", "{\"target\":\"all\",\"poll_interval\":4}", OTTER_BAD_VALUE, 999},
        {"a", "{\"target\":\"all\",\"poll_interval\":604801}", OTTER_BAD_VALUE, 999},
        {"a", "{\"target\":\"all\",\"poll_interval\":\"60s\"}", OTTER_BAD_VALUE, 999},
        {"a", "{\"target\":\"all\",\"name\":\"a\"}", OTTER_UNKNOWN_MEMBER, 999},
        {"a:b", "{\"target\":\"all\"}", OTTER_NOT_FOUND, 999},
    };
    struct world *w = *state;

    set(w, "lab", "tag == lab", 0);
    set(w, "both", "group == lab and group != lab", 0);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        size_t at;
        enum otter_status status = put(w, rows[i].name, rows[i].body, &at);

        if (status != rows[i].status || at != rows[i].at)
            fail_msg("%s: %s at %zu", rows[i].body, otter_status_name(status), at);
    }
    assert_int_equal(devices_in(w, "both"), 0);
}

/* 16 times 8 comparisons are too many for one program; the group alone is not. */
static void a_group_may_not_break_what_names_it(void **state)
{
    struct world *w = *state;
    char target[512] = "group == part";

    set(w, "part", "id == a", 0);
    for (unsigned i = 1; i < 16; i++)
        (void)strcat(target, " or group == part");
    set(w, "all-parts", target, 0);
    assert_int_equal(put(w, "part", "{\"target\":\"id in (a,b,c,d,e,f,g,h)\"}", NULL), OTTER_CONFLICT);
    set(w, "part", "id == b", 0);
}

static void a_rollout_follows_the_group_that_it_names(void **state)
{
    struct world *w = *state;

    tag(w, 1, "lab");
    set(w, "canary", "tag == lab", 0);
    (void)world_rollout(w, "group == canary", "[100]", false);
    assert_int_equal(world_ask(w, 2), 0);
    assert_int_not_equal(world_ask(w, 1), 0);
    set(w, "canary", "tag == lab or id == device-002", 0);
    assert_int_not_equal(world_ask(w, 2), 0);
    assert_int_equal(world_ask(w, 3), 0);
}

static void a_poll_behind_a_change_goes_by_the_new_group(void **state)
{
    struct world *w = *state;
    const struct svc_call *poll;

    set(w, "canary", "id == device-001", 0);
    (void)world_rollout(w, "group == canary", "[100]", false);
    batch_begin();
    (void)batch_add(SVC_GROUP_PUT, "canary", json_pack("{s:s}", "target", "id == device-002"));
    poll = batch_poll(w, 1);
    batch_run(w);
    assert_int_equal(batch.call[1].out.status, OTTER_OK);
    assert_int_equal(poll->out.status, OTTER_OK);
    assert_null(poll->out.body);
    batch_clear();
    assert_int_not_equal(world_ask(w, 2), 0);
}

static void what_is_used_is_not_deleted(void **state)
{
    struct world *w = *state;
    int64_t over, phased;
    json_t *shown;

    set(w, "lab", "id == device-001", 0);
    set(w, "inner", "id == device-002", 0);
    set(w, "outer", "group == inner", 0);
    over = world_rollout(w, "group == outer", "[100]", false);
    phased = world_rollout_plan(w, "all", "{\"phases\":[{\"group\":\"lab\"},{\"percent\":100}]}");
    assert_int_equal(drop(w, "lab"), OTTER_CONFLICT);
    assert_int_equal(drop(w, "inner"), OTTER_CONFLICT);
    assert_int_equal(drop(w, "outer"), OTTER_CONFLICT);
    shown = world_get(w, SVC_GROUP_GET, "inner", 0);
    assert_int_equal(json_array_size(json_object_get(json_object_get(shown, "used_by"), "groups")), 1);
    assert_int_equal(json_array_size(json_object_get(json_object_get(shown, "used_by"), "rollouts")), 1);
    json_decref(shown);
    assert_int_equal(world_action(w, phased, "abort"), OTTER_OK);
    assert_int_equal(drop(w, "lab"), OTTER_OK);
    assert_int_equal(world_action(w, over, "abort"), OTTER_OK);
    assert_int_equal(drop(w, "inner"), OTTER_CONFLICT);
    assert_int_equal(drop(w, "outer"), OTTER_OK);
    assert_int_equal(drop(w, "inner"), OTTER_OK);
    world_restart(w); /* also with rollouts whose groups are gone */
    world_expect_rollout(w, over, "aborted", 1);
}

/* Each sees what those before it did, though they come together. */
/* A complete rollout of `target`, whose one device lost its update. */
static int64_t complete_with_a_loss(struct world *w, const char *target, const char *plan)
{
    int64_t id = world_rollout_plan(w, target, plan);

    for (unsigned i = 0; i < DEVICES; i++) {
        uint64_t attempt = world_ask(w, i);

        if (attempt)
            assert_int_equal(world_report(w, i, attempt, 1, OTTER_UPDATE_FAILED, OTTER_NET_LOST, NULL),
                             OTTER_OK);
    }
    world_expect_rollout(w, id, "complete", 1);
    return id;
}

static enum otter_status retry(struct world *w, unsigned device, char ret_why[512])
{
    struct svc_call call = {.op = SVC_DEVICE_CHANGE,
                            .in.id = "retry",
                            .in.json = json_pack("{s:[s]}", "ids", world_device(device))};
    const json_t *error;
    const char *code;
    enum otter_status status;

    assert_int_equal(world_run(w, &call), OTTER_OK);
    error = json_array_get(json_object_get(call.out.json, "errors"), 0);
    code = json_string_value(json_object_get(error, "code"));
    status = code ? otter_status_find(code, (unsigned)strlen(code)) : OTTER_OK;
    (void)snprintf(ret_why, 512, "%s", error ? json_string_value(json_object_get(error, "detail")) : "");
    json_decref(call.in.json);
    svc_call_clear(&call);
    return status;
}

/* An ended rollout keeps no group from being deleted or changed. What would bring it to life again is refused
 * until its target can be read again; and there is nothing that a start could not read. */
static void an_ended_rollout_goes_on_only_with_a_target_that_can_be_read(void **state)
{
    static const char many[] = "{\"target\":\"id in (a,b,c,d,e,f,g,h)\"}";
    static const struct {
        const char *target;
        unsigned more;      /* comparisons behind it */
        const char *change; /* of the group; NULL: it is deleted */
        enum otter_status status;
        const char *why;
    } rows[] = {
        {"group == part", 0, NULL, OTTER_CONFLICT, "there is no such group: group part"},
        {"group == part or id == device-001", 0, NULL, OTTER_CONFLICT, "there is no such group: group part"},
        {"group == part", 58, many, OTTER_CONFLICT, "too many comparisons"},
        {"group == part", 0, "{\"target\":\"id == device-002\"}", OTTER_OK, ""},
        {"id == device-001", 0, NULL, OTTER_OK, ""},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        char target[900], why[512];
        void *fresh = NULL;
        struct world *w;
        int64_t id;

        print_message("%s, %s\n", rows[i].target, rows[i].change ? rows[i].change : "deleted");
        assert_int_equal(setup_fleet(&fresh), 0);
        w = fresh;
        (void)snprintf(target, sizeof(target), "%s", rows[i].target);
        for (unsigned n = 0; n < rows[i].more; n++)
            (void)strcat(target, " or id == x");
        set(w, "part", "id == device-001", 0);
        id = complete_with_a_loss(w, target, "{\"phases\":[100]}");
        if (rows[i].change)
            assert_int_equal(put(w, "part", rows[i].change, NULL), OTTER_OK);
        else
            assert_int_equal(drop(w, "part"), OTTER_OK);
        for (unsigned times = 0; times < 2; times++) {
            enum otter_status status = retry(w, 1, why);

            if (status != rows[i].status || !strstr(why, rows[i].why))
                fail_msg("%s: %s", otter_status_name(status), why);
            world_expect_rollout(w, id, rows[i].status == OTTER_OK ? "running" : "complete", 1);
            world_restart(w);
        }
        set(w, "part", "id == device-001", 0);
        assert_int_equal(retry(w, 1, why), OTTER_OK);
        assert_true(world_ask(w, 1) != 0);
        assert_int_equal(drop(w, "part"), strstr(target, "group") ? OTTER_CONFLICT : OTTER_OK);
        assert_int_equal(world_teardown(&fresh), 0);
    }
}

/* The groups of what runs are not deleted; they may be changed, and phases and target go by what they are
 * now. Whoever was granted stays. All the same after a start. */
static void a_running_rollout_goes_by_its_groups_as_they_are(void **state)
{
    struct world *w = *state;
    uint64_t granted;

    set(w, "canary", "id == device-001", 0);
    set(w, "fleet", "not tag == out", 0);
    (void)world_rollout(w, "group == fleet", "[{\"group\":\"canary\"},{\"percent\":100}]", true);
    granted = world_ask(w, 1);
    assert_true(granted != 0);
    assert_int_equal(world_ask(w, 2), 0);
    for (unsigned times = 0; times < 2; times++) {
        assert_int_equal(drop(w, "canary"), OTTER_CONFLICT);
        assert_int_equal(drop(w, "fleet"), OTTER_CONFLICT);
        world_restart(w);
    }
    set(w, "canary", "id in (device-002, device-003)", 0);
    set(w, "fleet", "not id in (device-001, device-003)", 0);
    for (unsigned times = 0; times < 2; times++) {
        assert_int_equal(world_ask(w, 1), granted);
        assert_int_equal(world_ask(w, 2), granted + 1);
        assert_int_equal(world_ask(w, 3), 0);
        assert_int_equal(world_ask(w, 4), 0);
        world_restart(w);
    }
    assert_int_equal(world_report(w, 1, granted, 1, OTTER_UPDATE_FAILED, OTTER_NET_LOST, NULL), OTTER_OK);
    assert_int_equal(world_count(w, 1, "failed"), 1);
    assert_int_equal(world_count(w, 1, "offered"), 1);
}

static void groups_that_come_together_are_checked_one_by_one(void **state)
{
    struct world *w = *state;
    const struct svc_call *second;

    set(w, "a", "all", 0);
    set(w, "b", "all", 0);
    batch_begin();
    (void)batch_add(SVC_GROUP_PUT, "a", json_pack("{s:s}", "target", "group == b"));
    second = batch_add(SVC_GROUP_PUT, "b", json_pack("{s:s}", "target", "group == a"));
    batch_run(w);
    assert_int_equal(batch.call[1].out.status, OTTER_OK);
    assert_int_equal(second->out.status, OTTER_BAD_TARGET);
    batch_clear();
    batch_begin();
    (void)batch_add(SVC_GROUP_DELETE, "a", NULL);
    second = batch_add(
        SVC_ROLLOUT_CREATE, NULL,
        json_pack("{s:s, s:s, s:[i]}", "release", w->release, "target", "group == a", "phases", 100));
    batch_run(w);
    assert_int_equal(batch.call[1].out.status, OTTER_OK);
    assert_int_equal(second->out.status, OTTER_BAD_TARGET);
    batch_clear();
    world_restart(w);
}

/* Spread by an eighth to both sides. */
static void expect_pace(struct world *w, unsigned device, unsigned interval)
{
    unsigned after;

    (void)world_ask_after(w, device, &after);
    if (after < interval - interval / 8 || after > interval + interval / 8)
        fail_msg("device %u: %u, not about %u", device, after, interval);
}

static void devices_poll_at_the_shortest_interval_of_their_groups(void **state)
{
    struct world *w = *state;

    tag(w, 1, "lab");
    expect_pace(w, 1, SERVERS);
    set(w, "lab", "tag == lab", 600);
    expect_pace(w, 1, 600);
    expect_pace(w, 1, 600); /* as it is kept, since the first poll of all changed the device */
    expect_pace(w, 1, 600);
    expect_pace(w, 2, SERVERS);
    expect_pace(w, 2, SERVERS);
    expect_pace(w, 2, SERVERS);
    set(w, "few", "id in (device-001, device-002)", 20);
    set(w, "all", "all", 7200);
    expect_pace(w, 1, 20);
    expect_pace(w, 2, 20);
    expect_pace(w, 3, 7200);
    tag(w, 3, "lab");
    expect_pace(w, 3, 600);
    assert_int_equal(drop(w, "few"), OTTER_OK);
    expect_pace(w, 1, 600);
    world_restart(w);
    expect_pace(w, 1, 600);
    expect_pace(w, 4, 7200);
    assert_int_equal(drop(w, "lab"), OTTER_OK);
    assert_int_equal(drop(w, "all"), OTTER_OK);
    expect_pace(w, 3, SERVERS);
}

/* Nothing is said or set: what time alone moves is not kept. */
static void a_new_device_polls_often_for_a_while(void **state)
{
    struct world *w = *state;

    set(w, "new", "first_seen within 1h", 20);
    expect_pace(w, 1, SERVERS); /* it has not been seen before this one */
    expect_pace(w, 1, 20);
    world_clock += 3600;
    expect_pace(w, 1, 20);
    world_clock += 1;
    expect_pace(w, 1, SERVERS);
}

static void lists_know_groups_and_ages(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *filter;
        size_t devices;
    } rows[] = {
        {"group == lab", 1},       {"group != lab", DEVICES - 1}, {"seen == yes", 1},
        {"last_seen < 9s ago", 1}, {"last_seen within 9s", 0},    {"not last_seen within 10s", DEVICES - 1},
    };

    tag(w, 1, "lab");
    set(w, "lab", "tag == lab", 0);
    (void)world_ask(w, 2);
    world_clock += 10;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct svc_call call = {.op = SVC_DEVICE_LIST, .in.page.filter = rows[i].filter};

        assert_int_equal(world_run(w, &call), OTTER_OK);
        if (json_array_size(json_object_get(call.out.json, "items")) != rows[i].devices)
            fail_msg("%s: %zu", rows[i].filter, json_array_size(json_object_get(call.out.json, "items")));
        svc_call_clear(&call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_group_is_kept_as_it_was_set_last, setup_fleet, world_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_group_is_refused, setup_fleet, world_teardown),
        cmocka_unit_test_setup_teardown(a_group_may_not_break_what_names_it, setup_fleet, world_teardown),
        cmocka_unit_test_setup_teardown(a_rollout_follows_the_group_that_it_names, setup_fleet,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_poll_behind_a_change_goes_by_the_new_group, setup_fleet,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(what_is_used_is_not_deleted, setup_fleet, world_teardown),
        cmocka_unit_test(an_ended_rollout_goes_on_only_with_a_target_that_can_be_read),
        cmocka_unit_test_setup_teardown(a_running_rollout_goes_by_its_groups_as_they_are, setup_fleet,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(groups_that_come_together_are_checked_one_by_one, setup_fleet,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(devices_poll_at_the_shortest_interval_of_their_groups, setup_fleet,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_new_device_polls_often_for_a_while, setup_fleet, world_teardown),
        cmocka_unit_test_setup_teardown(lists_know_groups_and_ages, setup_fleet, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
