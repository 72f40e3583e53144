/* Windows and retries of a plan, as JSON. */
#include "plan/plan_parts.h"

#include "core/bytes.h"

#include <string.h>

/* ---- windows ---- */

static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static enum otter_status read_days(const json_t *json, const char *path, uint8_t *ret, struct host_error *err)
{
    static const char what[] = "days: \"all\", or an array of mon, tue, wed, thu, fri, sat, sun";
    unsigned bits = 0;

    if (!json || json_is_null(json) ||
        (json_is_string(json) && strcmp(json_string_value(json), "all") == 0)) {
        *ret = POLICY_DAYS_ALL;
        return OTTER_OK;
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        const char *name = json_string_value(json_array_get(json, i));
        unsigned day = 0;

        while (name && day < OTTER_ARRAY_LEN(days) && strcmp(days[day], name) != 0)
            day++;
        if (!name || day == OTTER_ARRAY_LEN(days))
            return plan_wrong(err, OTTER_BAD_VALUE, path, what);
        bits |= 1u << day;
    }
    *ret = (uint8_t)bits;
    return bits ? OTTER_OK : plan_wrong(err, OTTER_BAD_VALUE, path, what);
}

static void window_members(struct policy_window_spec *w, struct plan_member ret[2])
{
    ret[0] = (struct plan_member){"from", PLAN_MINUTE, 0, 1440, {.u16 = &w->from}};
    ret[1] = (struct plan_member){"to", PLAN_MINUTE, 0, 1440, {.u16 = &w->to}};
}

enum otter_status plan_window_read(const json_t *json, const char *path, struct policy_plan *plan,
                                   struct host_error *err)
{
    static const char *const also[] = {"days", NULL};
    struct policy_window_spec *w = &plan->window[plan->window_count++];
    struct plan_member members[2];
    enum otter_status status;

    window_members(w, members);
    status = plan_members_read(json, members, 2, also, path, err);
    if (status != OTTER_OK)
        return status;
    if (!json_is_string(json_object_get(json, "from")) || !json_is_string(json_object_get(json, "to")))
        return plan_wrong(err, OTTER_BAD_VALUE, path, "from and to are needed, such as \"22:00\"");
    return read_days(json_object_get(json, "days"), path, &w->days, err);
}

json_t *plan_window_json(const struct policy_window_spec *spec)
{
    struct policy_window_spec w = *spec;
    struct plan_member members[2];
    json_t *json = json_object(), *list = w.days == POLICY_DAYS_ALL ? json_string("all") : json_array();

    window_members(&w, members);
    for (unsigned d = 0; w.days != POLICY_DAYS_ALL && d < OTTER_ARRAY_LEN(days); d++)
        if (w.days >> d & 1u)
            (void)json_array_append_new(list, json_string(days[d]));
    if (json_object_set_new(json, "days", list) == 0 && plan_members_write(json, members, 2))
        return json;
    json_decref(json);
    return NULL;
}

/* ---- retries ---- */

enum otter_status plan_retry_read(const json_t *json, const char *path, struct policy_plan *plan,
                                  struct host_error *err)
{
    static const char *const also[] = {"reason", "tries", NULL};
    struct policy_retry *r = &plan->retry[plan->retry_count++];
    const struct plan_member members[] = {{"wait", PLAN_SPAN, 0, PLAN_SPAN_MAX, {.u32 = &r->wait_s}}};
    enum otter_status status = plan_members_read(json, members, OTTER_ARRAY_LEN(members), also, path, err);
    const json_t *tries = json_object_get(json, "tries"), *reason = json_object_get(json, "reason");

    if (status != OTTER_OK)
        return status;
    if (!json_is_integer(tries) || json_integer_value(tries) < 1 || json_integer_value(tries) > UINT8_MAX)
        return plan_wrong(err, OTTER_BAD_VALUE, path, "tries: an integer from 1 to 255");
    r->tries = (uint8_t)json_integer_value(tries);
    r->reason = OTTER_OK;
    if (!json_is_string(reason))
        return plan_wrong(err, OTTER_BAD_VALUE, path, "reason: \"*\", or the name of a reason");
    if (strcmp(json_string_value(reason), "*") != 0)
        r->reason = otter_status_find(json_string_value(reason), (unsigned)json_string_length(reason));
    if (r->reason != OTTER_STATUS_COUNT)
        return OTTER_OK;
    (void)host_fail(err, HOST_ERROR_FORMAT,
                    "%s.reason: there is no reason \"%.64s\": \"*\", or one of docs/rollouts.md, as "
                    "self-test, trial-no-server, image-digest, net-lost, deadline, silent",
                    path, json_string_value(reason));
    return OTTER_BAD_VALUE;
}

json_t *plan_retry_json(const struct policy_retry *r)
{
    return json_pack("{s:s, s:i, s:I}", "reason", r->reason == OTTER_OK ? "*" : otter_status_name(r->reason),
                     "tries", (int)r->tries, "wait", (json_int_t)r->wait_s);
}
