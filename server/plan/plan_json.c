#include "plan/plan_parts.h"

#include "core/bytes.h"
#include "policy/moment.h"

#include <stdio.h>
#include <string.h>

#define FACTOR_MIN 100u
#define FACTOR_MAX 10000u

enum otter_status plan_wrong(struct host_error *err, enum otter_status status, const char *path,
                             const char *what)
{
    (void)host_fail(err, HOST_ERROR_FORMAT, "%s: %s", path, what);
    return status;
}

enum otter_status plan_word_read(const json_t *obj, const char *name, const char *const *words,
                                 unsigned count, const char *path, unsigned *ret, struct host_error *err)
{
    const json_t *value = json_object_get(obj, name);
    char all[64] = "";
    size_t len = 0;

    if (!value || json_is_null(value))
        return OTTER_OK;
    for (unsigned i = 0; i < count; i++) {
        if (json_is_string(value) && strcmp(json_string_value(value), words[i]) == 0) {
            *ret = i;
            return OTTER_OK;
        }
        if (len < sizeof(all))
            len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "", words[i]);
    }
    (void)host_fail(err, HOST_ERROR_FORMAT, "%s%s%s: one of %s", path, *path ? "." : "", name, all);
    return OTTER_BAD_VALUE;
}

static const char *const failures[] = {
    [POLICY_FAILURE_WARN] = "warn", [POLICY_FAILURE_HALT] = "halt", [POLICY_FAILURE_ROLLBACK] = "rollback"};

#define PLAN_MEMBERS 10u
#define RAMP_MEMBERS 3u
#define SITE_MEMBERS 2u

/* What is read and written alike; the members point into *p. */
static void plan_members(struct policy_plan *p, struct plan_member ret[PLAN_MEMBERS])
{
    const struct plan_member members[PLAN_MEMBERS] = {
        {"join", PLAN_FLAG, 0, 1, {.b = &p->join}},
        {"allow_downgrade", PLAN_FLAG, 0, 1, {.b = &p->allow_downgrade}},
        {"max_active", PLAN_COUNT, 0, UINT32_MAX, {.u32 = &p->max_active}},
        {"per_minute", PLAN_COUNT, 0, UINT32_MAX, {.u32 = &p->per_minute}},
        {"bytes_per_second", PLAN_AMOUNT, 0, OTTER_INT_MAX, {.u64 = &p->bytes_per_s}},
        {"not_before", PLAN_TIME, 0, POLICY_MOMENT_MAX, {.i64 = &p->not_before}},
        {"not_after", PLAN_TIME, 0, POLICY_MOMENT_MAX, {.i64 = &p->not_after}},
        {"tz", PLAN_TEXT, 0, POLICY_ZONE_MAX, {.text = p->zone}},
        {"deadline", PLAN_SPAN, 0, PLAN_SPAN_MAX, {.u32 = &p->deadline_s}},
        {"silence", PLAN_SPAN, 0, PLAN_SPAN_MAX, {.u32 = &p->silence_s}},
    };

    memcpy(ret, members, sizeof(members));
}

static void ramp_members(struct policy_plan *p, struct plan_member ret[RAMP_MEMBERS])
{
    ret[0] = (struct plan_member){"start", PLAN_COUNT, 1, UINT32_MAX, {.u32 = &p->ramp_start}};
    ret[1] = (struct plan_member){"factor", PLAN_SHARE, FACTOR_MIN, FACTOR_MAX, {.u16 = &p->ramp_factor}};
    ret[2] = (struct plan_member){"every", PLAN_SPAN, 1, PLAN_SPAN_MAX, {.u32 = &p->ramp_every_s}};
}

static void site_members(struct policy_plan *p, struct plan_member ret[SITE_MEMBERS])
{
    ret[0] = (struct plan_member){"prefix", PLAN_TEXT, 1, OTTER_NAME_MAX, {.text = p->site_prefix}};
    ret[1] = (struct plan_member){
        "bytes_per_second", PLAN_AMOUNT, 1, OTTER_INT_MAX, {.u64 = &p->site_bytes_per_s}};
}

/* An object of the plan all of whose members are needed; absent: nothing is read. */
static enum otter_status read_whole(const json_t *body, const char *name, const struct plan_member *members,
                                    unsigned count, struct host_error *err)
{
    const json_t *json = json_object_get(body, name);

    if (!json || json_is_null(json))
        return OTTER_OK;
    for (unsigned i = 0; json_is_object(json) && i < count; i++) {
        if (json_object_get(json, members[i].name) && !json_is_null(json_object_get(json, members[i].name)))
            continue;
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s.%s is missing", name, members[i].name);
        return OTTER_BAD_VALUE;
    }
    return plan_members_read(json, members, count, NULL, name, err);
}

typedef enum otter_status item_reader(const json_t *json, const char *path, struct policy_plan *plan,
                                      struct host_error *err);

static enum otter_status read_list(const json_t *body, const char *name, unsigned max, item_reader *item,
                                   struct policy_plan *plan, struct host_error *err)
{
    const json_t *list = json_object_get(body, name);
    enum otter_status status = OTTER_OK;

    if (!list || json_is_null(list))
        return OTTER_OK;
    if (!json_is_array(list) || json_array_size(list) > max) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s: an array of at most %u", name, max);
        return OTTER_BAD_VALUE;
    }
    for (unsigned i = 0; status == OTTER_OK && i < json_array_size(list); i++) {
        char path[PLAN_PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s[%u]", name, i);
        status = item(json_array_get(list, i), path, plan, err);
    }
    return status;
}

static enum otter_status read_rollback(const json_t *body, struct policy_plan *plan, struct host_error *err)
{
    const json_t *json = json_object_get(body, "rollback_release");
    struct otter_digest id;

    if (!json || json_is_null(json))
        return OTTER_OK;
    plan->rollback_release = json_integer_value(json);
    if (json_is_integer(json) && plan->rollback_release > 0)
        return OTTER_OK;
    if (json_is_string(json) &&
        otter_hex_decode(json_string_value(json), json_string_length(json), id.b, OTTER_DIGEST_LEN))
        return OTTER_OK;
    return plan_wrong(err, OTTER_BAD_VALUE, "rollback_release",
                      "the digest of a release: otter release list");
}

static enum otter_status read_members(const json_t *body, struct policy_plan *plan, struct host_error *err)
{
    static const char *const also[] = {"release", "target",           "name", "priority", "auto",
                                       "phases",  "rollback_release", "ramp", "site",     "windows",
                                       "retries", "on_failure",       NULL};
    struct plan_member members[PLAN_MEMBERS], ramp[RAMP_MEMBERS], site[SITE_MEMBERS];
    unsigned on_failure = plan->on_failure;
    enum otter_status status;

    plan_members(plan, members);
    ramp_members(plan, ramp);
    site_members(plan, site);
    status = plan_members_read(body, members, PLAN_MEMBERS, also, "", err);
    if (status == OTTER_OK)
        status = read_whole(body, "ramp", ramp, RAMP_MEMBERS, err);
    if (status == OTTER_OK)
        status = read_whole(body, "site", site, SITE_MEMBERS, err);
    if (status == OTTER_OK)
        status =
            plan_word_read(body, "on_failure", failures, OTTER_ARRAY_LEN(failures), "", &on_failure, err);
    if (status == OTTER_OK)
        status = read_list(body, "windows", POLICY_WINDOWS_MAX, plan_window_read, plan, err);
    if (status == OTTER_OK)
        status = read_list(body, "retries", POLICY_RETRIES_MAX, plan_retry_read, plan, err);
    plan->on_failure = (enum policy_on_failure)on_failure;
    return status == OTTER_OK ? read_rollback(body, plan, err) : status;
}

enum otter_status plan_parse(const json_t *body, struct policy_plan *ret, struct host_error *err)
{
    const json_t *automatic = json_object_get(body, "auto");
    struct policy_plan_error wrong = {.what = ""};
    struct policy_plan plan;
    enum otter_status status;
    bool named;

    policy_plan_default(&plan);
    status = read_members(body, &plan, err);
    if (status == OTTER_OK && automatic && !json_is_boolean(automatic) && !json_is_null(automatic))
        status = plan_wrong(err, OTTER_BAD_VALUE, "auto", "true or false");
    if (status == OTTER_OK)
        status = plan_phases_read(body, &plan, err);
    if (status != OTTER_OK)
        return status;
    named = json_is_string(json_object_get(body, "rollback_release"));
    if (named)
        plan.rollback_release = 1; /* some release */
    if (policy_plan_valid(&plan, &wrong)) {
        *ret = plan;
        ret->rollback_release = named ? 0 : plan.rollback_release;
        return OTTER_OK;
    }
    return plan_wrong(err, strncmp(wrong.member, "phases", 6) == 0 ? OTTER_BAD_PHASES : OTTER_BAD_VALUE,
                      wrong.member, wrong.what);
}

bool plan_read(const json_t *body, struct policy_plan *ret, struct host_error *err)
{
    return plan_parse(body, ret, err) == OTTER_OK;
}

bool plan_automatic(const struct policy_plan *plan)
{
    for (unsigned i = 0; i < plan->phase_count; i++)
        if (!plan->phase[i].automatic)
            return false;
    return true;
}

/* ---- to JSON ---- */

static bool write_whole(json_t *json, const char *name, bool given, const struct plan_member *members,
                        unsigned count)
{
    json_t *part = given ? json_object() : json_null();
    bool ok = !given || plan_members_write(part, members, count);

    return json_object_set_new(json, name, part) == 0 && ok;
}

static bool write_lists(json_t *json, const struct policy_plan *p)
{
    json_t *phases = json_array(), *windows = json_array(), *retries = json_array();
    bool ok = true;

    for (unsigned i = 0; i < p->phase_count; i++)
        ok = json_array_append_new(phases, plan_phase_json(&p->phase[i])) == 0 && ok;
    for (unsigned i = 0; i < p->window_count; i++)
        ok = json_array_append_new(windows, plan_window_json(&p->window[i])) == 0 && ok;
    for (unsigned i = 0; i < p->retry_count; i++)
        ok = json_array_append_new(retries, plan_retry_json(&p->retry[i])) == 0 && ok;
    ok = json_object_set_new(json, "phases", phases) == 0 && ok;
    ok = json_object_set_new(json, "windows", windows) == 0 && ok;
    return json_object_set_new(json, "retries", retries) == 0 && ok;
}

json_t *plan_json(const struct policy_plan *plan)
{
    struct plan_member members[PLAN_MEMBERS], ramp[RAMP_MEMBERS], site[SITE_MEMBERS];
    struct policy_plan p = *plan; /* rows of members point into what may be changed */
    json_t *json = json_object();
    bool ok;

    plan_members(&p, members);
    ramp_members(&p, ramp);
    site_members(&p, site);
    ok = json_object_set_new(json, "on_failure", json_string(failures[p.on_failure])) == 0 &&
         json_object_set_new(json, "rollback_release",
                             p.rollback_release ? json_integer(p.rollback_release) : json_null()) == 0 &&
         plan_members_write(json, members, PLAN_MEMBERS) &&
         write_whole(json, "ramp", p.ramp_start > 0, ramp, RAMP_MEMBERS) &&
         write_whole(json, "site", p.site_prefix[0] != '\0', site, SITE_MEMBERS) && write_lists(json, &p);
    if (ok)
        return json;
    json_decref(json);
    return NULL;
}
