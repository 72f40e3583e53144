/* Phases of a plan and their gates, as JSON. */
#include "plan/plan_parts.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

static const char *const gates[] = {"manual", "auto"};

#define GATE_MEMBERS 5u

/* What of a gate is read and written alike; the members point into *p. */
static void gate_members(struct policy_phase_spec *p, struct plan_member ret[GATE_MEMBERS])
{
    const struct plan_member members[GATE_MEMBERS] = {
        {"success", PLAN_SHARE, 0, PLAN_SHARE_ALL, {.u16 = &p->success_share}},
        {"failure", PLAN_SHARE, 0, PLAN_SHARE_ALL, {.u16 = &p->failure_share}},
        {"min_sample", PLAN_COUNT, 1, UINT32_MAX, {.u32 = &p->min_sample}},
        {"soak", PLAN_SPAN, 0, PLAN_SPAN_MAX, {.u32 = &p->soak_s}},
        {"approval", PLAN_FLAG, 0, 1, {.b = &p->approval}},
    };

    memcpy(ret, members, sizeof(members));
}

static enum otter_status read_percent(const json_t *value, const char *path, struct policy_phase_spec *p,
                                      struct host_error *err)
{
    p->width = POLICY_WIDTH_PERCENT;
    p->value = (uint32_t)json_integer_value(value);
    if (json_is_integer(value) && json_integer_value(value) >= 1 && json_integer_value(value) <= 100)
        return OTTER_OK;
    return plan_wrong(err, OTTER_BAD_PHASES, path,
                      "a whole percentage from 1 to 100; phases rise and end at 100, such as [5,25,100]");
}

/* Exactly one of percent, count and group says how wide it is. */
static enum otter_status read_width(const json_t *obj, const char *path, struct policy_phase_spec *p,
                                    struct host_error *err)
{
    const json_t *percent = json_object_get(obj, "percent"), *count = json_object_get(obj, "count"),
                 *group = json_object_get(obj, "group");
    int given = (percent && !json_is_null(percent)) + (count && !json_is_null(count)) +
                (group && !json_is_null(group));

    if (given != 1)
        return plan_wrong(err, OTTER_BAD_PHASES, path, "exactly one of percent, count and group");
    if (percent && !json_is_null(percent))
        return read_percent(percent, path, p, err);
    if (group && !json_is_null(group)) {
        p->width = POLICY_WIDTH_GROUP;
        p->value = 0;
        if (!json_is_string(group) || !otter_name_valid(json_string_value(group), json_string_length(group)))
            return plan_wrong(err, OTTER_BAD_PHASES, path, "group: the name of a saved group");
        (void)snprintf(p->group, sizeof(p->group), "%s", json_string_value(group));
        return OTTER_OK;
    }
    p->width = POLICY_WIDTH_COUNT;
    p->value = (uint32_t)json_integer_value(count);
    if (!json_is_integer(count) || json_integer_value(count) < 1 || json_integer_value(count) > UINT32_MAX)
        return plan_wrong(err, OTTER_BAD_PHASES, path, "count: devices, at least 1");
    return OTTER_OK;
}

static enum otter_status read_phase(const json_t *json, const char *path, struct policy_phase_spec *p,
                                    struct host_error *err)
{
    static const char *const also[] = {"percent", "count", "group", "gate", NULL};
    struct plan_member members[GATE_MEMBERS];
    unsigned gate = p->automatic;
    enum otter_status status;

    gate_members(p, members);
    if (json_is_number(json))
        return read_percent(json, path, p, err);
    if (!json_is_object(json))
        return plan_wrong(err, OTTER_BAD_PHASES, path,
                          "a whole percentage, or an object with percent, count or group");
    status = plan_members_read(json, members, GATE_MEMBERS, also, path, err);
    if (status == OTTER_OK)
        status = plan_word_read(json, "gate", gates, OTTER_ARRAY_LEN(gates), path, &gate, err);
    p->automatic = gate != 0;
    return status == OTTER_OK ? read_width(json, path, p, err) : status;
}

enum otter_status plan_phases_read(const json_t *body, struct policy_plan *plan, struct host_error *err)
{
    const json_t *phases = json_object_get(body, "phases"), *on_failure = json_object_get(body, "on_failure");
    struct policy_phase_spec usual = plan->phase[0];
    size_t n = json_array_size(phases);

    usual.automatic = json_is_true(json_object_get(body, "auto"));
    plan->phase[0].automatic = usual.automatic;
    if (!phases || json_is_null(phases))
        return OTTER_OK;
    if (!json_is_array(phases) || n < 1 || n > POLICY_PHASES_MAX)
        return plan_wrong(err, OTTER_BAD_PHASES, "phases", "1 to 16 of them, such as [5,25,100]");
    plan->phase_count = (unsigned)n;
    for (unsigned i = 0; i < n; i++) {
        const json_t *json = json_array_get(phases, i);
        enum otter_status status;
        char path[PLAN_PATH_MAX];

        plan->phase[i] = usual;
        if (json_is_number(json) && (!on_failure || json_is_null(on_failure)))
            plan->phase[i].failure_share = PLAN_SHARE_ALL;
        (void)snprintf(path, sizeof(path), "phases[%u]", i);
        status = read_phase(json, path, &plan->phase[i], err);
        if (status != OTTER_OK)
            return status;
    }
    return OTTER_OK;
}

json_t *plan_phase_json(const struct policy_phase_spec *spec)
{
    struct policy_phase_spec p = *spec;
    struct plan_member members[GATE_MEMBERS];
    json_t *json = json_object();
    bool ok;

    gate_members(&p, members);
    if (p.width == POLICY_WIDTH_GROUP)
        ok = json_object_set_new(json, "group", json_string(p.group)) == 0;
    else
        ok = json_object_set_new(json, p.width == POLICY_WIDTH_COUNT ? "count" : "percent",
                                 json_integer(p.value)) == 0;
    ok = ok && plan_members_write(json, members, GATE_MEMBERS) &&
         json_object_set_new(json, "gate", json_string(gates[p.automatic])) == 0;
    if (ok)
        return json;
    json_decref(json);
    return NULL;
}
