/* Whom a rollout would reach: who is in which phase, what is to be sent, who is refused by which rule, and by
 * when it may be through. */
#include "world.h"

#include "core/bytes.h"
#include "host/json.h"

#include <string.h>

#define DEVICES 20u

static int with_devices(void **state)
{
    return world_setup_with_devices(state, DEVICES);
}

static json_t *wish(const struct world *w, const char *target, const char *plan)
{
    json_t *body = json_loads(plan, 0, NULL);

    assert_non_null(body);
    (void)json_object_set_new(body, "release", json_string(w->release));
    (void)json_object_set_new(body, "target", json_string(target));
    return body;
}

/* The status; *ret_json (may be NULL) is the caller's. */
static enum otter_status ask(struct world *w, enum svc_op op, uint64_t number, json_t *body,
                             json_t **ret_json)
{
    struct svc_call call = {.op = op, .in.number = number, .in.json = body};
    enum otter_status status = world_run(w, &call);

    if (ret_json)
        *ret_json = json_incref(call.out.json);
    json_decref(body);
    svc_call_clear(&call);
    return status;
}

static json_t *preview_of_plan(struct world *w, const char *target, const char *plan)
{
    json_t *json = NULL;

    assert_int_equal(ask(w, SVC_PLAN_PREVIEW, 0, wish(w, target, plan), &json), OTTER_OK);
    return json;
}

static uint64_t draft(struct world *w, const char *target, const char *plan)
{
    json_t *json = NULL;
    uint64_t id;

    assert_int_equal(ask(w, SVC_ROLLOUT_CREATE, 0, wish(w, target, plan), &json), OTTER_OK);
    id = (uint64_t)json_integer_value(json_object_get(json, "id"));
    json_decref(json);
    return id;
}

static void change(struct world *w, const char *verb, const char *device)
{
    struct svc_call call = {.op = SVC_DEVICE_CHANGE, .in.id = verb};

    call.in.json = json_pack("{s:[s]}", "ids", device);
    if (strcmp(verb, "retire") == 0)
        (void)json_object_set_new(call.in.json, "reason", json_string("old"));
    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void label(struct world *w, const char *device, const char *what, const char *tag)
{
    struct svc_call call = {.op = SVC_DEVICE_CHANGE, .in.id = "label"};

    call.in.json = json_pack("{s:[s], s:[s]}", "ids", device, what, tag);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static json_int_t number(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}

static const json_t *phase(const json_t *preview, size_t i)
{
    return json_array_get(json_object_get(preview, "phases"), i);
}

static json_int_t refused(const json_t *preview, const char *rule)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(preview, "refused"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "rule")), rule) == 0)
            return number(row, "devices");
    }
    return 0;
}

static void devices_are_counted_in_their_phases_with_what_is_to_be_sent(void **state)
{
    struct world *w = *state;
    json_t *p = preview_of_plan(w, "all", "{\"phases\":[{\"count\":3},{\"percent\":100}]}");
    json_int_t size = (json_int_t)w->manifest.image[1].size; /* unheard of: they run slot A */

    assert_int_equal(number(p, "devices"), DEVICES);
    assert_int_equal(number(p, "bytes"), DEVICES * size);
    assert_int_equal(number(phase(p, 0), "devices"), 3);
    assert_int_equal(number(phase(p, 0), "bytes"), 3 * size);
    assert_int_equal(number(phase(p, 1), "devices"), DEVICES - 3);
    assert_int_equal(json_array_size(json_object_get(phase(p, 0), "ids")), 3);
    assert_int_equal(json_array_size(json_object_get(phase(p, 1), "ids")), 10);
    assert_int_equal(number(json_object_get(phase(p, 1), "hardware"), WORLD_HARDWARE), DEVICES - 3);
    assert_int_equal(number(json_object_get(phase(p, 1), "versions"), "0.0.0"), DEVICES - 3);
    assert_int_equal(json_array_size(json_object_get(p, "refused")), 0);
    json_decref(p);
}

static void who_is_refused_is_told_by_rule_and_belongs_to_no_phase_if_it_lasts(void **state)
{
    struct world *w = *state;
    const struct otter_digest *sha = &w->manifest.image[1].sha256;
    json_t *p;

    change(w, "hold", "device-000");
    change(w, "hold", "device-001");
    change(w, "retire", "device-002");
    (void)world_poll(w, &(struct world_poll){.device = 3, .sha = sha, .confirmed = true}, NULL, NULL);
    (void)world_poll(w, &(struct world_poll){.device = 4, .confirmed = false}, NULL, NULL);
    p = preview_of_plan(w, "id != device-005", "{\"max_active\":1}");
    assert_int_equal(refused(p, "held"), 2);
    assert_int_equal(refused(p, "up-to-date"), 1);
    assert_int_equal(refused(p, "device-on-trial"), 1); /* which passes: its phase waits for it */
    assert_int_equal(json_array_size(json_object_get(p, "refused")), 3);
    assert_int_equal(number(p, "devices"), DEVICES - 5);
    json_decref(p);
}

static void a_running_rollout_tells_who_was_granted_before(void **state)
{
    struct world *w = *state;
    uint64_t id = draft(w, "all", "{\"phases\":[100]}"), attempt;
    json_t *p = NULL;

    assert_int_equal(world_action(w, (int64_t)id, "start"), OTTER_OK);
    attempt = world_ask(w, 0);
    assert_true(attempt != 0 && world_ask(w, 1) != 0);
    assert_int_equal(world_report(w, 0, attempt, 1, OTTER_UPDATE_FAILED, OTTER_IMAGE_DIGEST, NULL), OTTER_OK);
    world_restart(w);
    assert_int_equal(ask(w, SVC_ROLLOUT_PREVIEW, id, NULL, &p), OTTER_OK);
    assert_int_equal(number(p, "devices"), DEVICES);
    assert_int_equal(number(phase(p, 0), "granted"), 2);
    assert_int_equal(number(p, "bytes"), (json_int_t)((DEVICES - 2) * w->manifest.image[1].size));
    assert_int_equal(json_array_size(json_object_get(p, "refused")), 0);
    json_decref(p);
    assert_int_equal(world_action(w, (int64_t)id, "abort"), OTTER_OK);
    assert_int_equal(ask(w, SVC_ROLLOUT_PREVIEW, id, NULL, &p), OTTER_OK);
    assert_true(json_is_null(json_object_get(p, "earliest_end"))); /* of one that has ended, none */
    json_decref(p);
}

/* Memory knows a device's newest attempt alone. */
static void a_grant_counts_after_the_device_took_part_in_another_rollout(void **state)
{
    struct world *w = *state;
    uint64_t first = draft(w, "all", "{}"), attempt;
    json_t *p = NULL;

    assert_int_equal(world_action(w, (int64_t)first, "start"), OTTER_OK);
    attempt = world_ask(w, 0);
    assert_int_equal(world_report(w, 0, attempt, 1, OTTER_UPDATE_FAILED, OTTER_IMAGE_DIGEST, NULL), OTTER_OK);
    assert_int_equal(world_action(w, world_rollout(w, "all", "[100]", false), "pause"), OTTER_OK);
    assert_int_equal(world_action(w, (int64_t)first, "pause"), OTTER_OK);
    (void)world_rollout(w, "id == device-000", "[100]", false);
    assert_true(world_ask(w, 0) > attempt);
    assert_int_equal(ask(w, SVC_ROLLOUT_PREVIEW, first, NULL, &p), OTTER_OK);
    assert_int_equal(number(phase(p, 0), "granted"), 1);
    assert_int_equal(number(phase(p, 0), "devices"), DEVICES);
    json_decref(p);
}

/* Nor does the target select it any more: it belongs to its phase all the same. */
static void a_grant_counts_where_the_target_has_lost_the_device_since(void **state)
{
    struct world *w = *state;
    uint64_t first, attempt;
    json_t *p = NULL;

    label(w, "device-000", "add_tags", "lab");
    label(w, "device-001", "add_tags", "lab");
    first = draft(w, "tag == lab", "{\"phases\":[100]}");
    assert_int_equal(world_action(w, (int64_t)first, "start"), OTTER_OK);
    attempt = world_ask(w, 0);
    assert_int_equal(world_report(w, 0, attempt, 1, OTTER_UPDATE_FAILED, OTTER_IMAGE_DIGEST, NULL), OTTER_OK);
    label(w, "device-000", "remove_tags", "lab");
    (void)world_rollout(w, "id == device-000", "[100]", false);
    assert_true(world_ask(w, 0) > attempt);
    assert_int_equal(ask(w, SVC_ROLLOUT_PREVIEW, first, NULL, &p), OTTER_OK);
    assert_int_equal(number(phase(p, 0), "granted"), 1);
    assert_int_equal(number(phase(p, 0), "devices"), 2);
    json_decref(p);
}

static void the_earliest_end_follows_from_caps_windows_and_end(void **state)
{
    /* WORLD_NOW is 2027-01-15 08:00 UTC, a Friday; an update takes a minute. 0: it cannot end. */
    static const struct {
        const char *plan;
        json_int_t seconds;
        const char *bound;
    } rows[] = {
        {"{}", 60, "none"},
        {"{\"max_active\":5}", 240, "max_active"},
        {"{\"per_minute\":1}", 19 * 60 + 60, "per_minute"},
        {"{\"windows\":[{\"days\":\"all\",\"from\":\"22:00\",\"to\":\"05:00\"}]}", 14 * 3600 + 60, "none"},
        {"{\"windows\":[{\"days\":\"all\",\"from\":\"22:00\",\"to\":\"05:00\"}],\"tz\":\"Europe/Berlin\"}",
         13 * 3600 + 60, "none"},
        {"{\"windows\":[{\"days\":[\"sat\"],\"from\":\"22:00\",\"to\":\"22:10\"}],\"per_minute\":1}",
         (38 + 7 * 24) * 3600 + 9 * 60 + 60, "per_minute"},
        {"{\"per_minute\":1,\"not_after\":1800000600}", 0, NULL},
    };
    struct world *w = *state;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        json_t *p = preview_of_plan(w, "all", rows[i].plan);
        const json_t *end = json_object_get(p, "earliest_end");
        json_int_t seconds = json_is_null(end) ? 0 : json_integer_value(end) - WORLD_NOW;

        if (seconds != rows[i].seconds)
            fail_msg("%s: %lld s", rows[i].plan, (long long)seconds);
        if (rows[i].bound)
            assert_string_equal(json_string_value(json_object_get(phase(p, 0), "bound")), rows[i].bound);
        json_decref(p);
    }
}

static void a_plan_is_refused_as_its_creation_would_be_and_nothing_is_made(void **state)
{
    static const struct {
        const char *target, *plan;
        enum otter_status status;
    } rows[] = {
        {"id == nobody", "{}", OTTER_EMPTY_TARGET},
        {"tag ==", "{}", OTTER_BAD_TARGET},
        {"all", "{\"phases\":[10,5]}", OTTER_BAD_PHASES},
        {"all", "{\"tz\":\"Nowhere/Atlantis\"}", OTTER_BAD_VALUE},
        {"all", "{\"phases\":[{\"group\":\"none\"},{\"percent\":100}]}", OTTER_BAD_PHASES},
        {"all",
         "{\"on_failure\":\"rollback\",\"rollback_release\":"
         "\"0000000000000000000000000000000000000000000000000000000000000000\"}",
         OTTER_NOT_FOUND},
        {"all", "{\"pace\":1}", OTTER_UNKNOWN_MEMBER},
        {"all", "{\"priority\":1001}", OTTER_BAD_VALUE},
        {"all", "{\"not_after\":1799999000}", OTTER_BAD_VALUE},
    };
    struct world *w = *state;
    json_t *list = NULL;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        enum otter_status created =
            ask(w, SVC_ROLLOUT_CREATE, 0, wish(w, rows[i].target, rows[i].plan), NULL);
        enum otter_status asked = ask(w, SVC_PLAN_PREVIEW, 0, wish(w, rows[i].target, rows[i].plan), NULL);

        if (created != rows[i].status || asked != created)
            fail_msg("%s %s: %s, created %s", rows[i].target, rows[i].plan, otter_status_name(asked),
                     otter_status_name(created));
    }
    assert_int_equal(ask(w, SVC_PLAN_PREVIEW, 0, wish(w, "all", "{}"), NULL), OTTER_OK);
    assert_int_equal(ask(w, SVC_ROLLOUT_LIST, 0, NULL, &list), OTTER_OK);
    assert_int_equal(json_array_size(json_object_get(list, "items")), 0);
    json_decref(list);
    assert_int_equal(ask(w, SVC_ROLLOUT_PREVIEW, 7, NULL, NULL), OTTER_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, with_devices, world_teardown)
        CASE(devices_are_counted_in_their_phases_with_what_is_to_be_sent),
        CASE(who_is_refused_is_told_by_rule_and_belongs_to_no_phase_if_it_lasts),
        CASE(a_running_rollout_tells_who_was_granted_before),
        CASE(a_grant_counts_after_the_device_took_part_in_another_rollout),
        CASE(a_grant_counts_where_the_target_has_lost_the_device_since),
        CASE(the_earliest_end_follows_from_caps_windows_and_end),
        CASE(a_plan_is_refused_as_its_creation_would_be_and_nothing_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
