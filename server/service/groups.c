/* Saved groups for operators: put, shown, listed, deleted. The writer runs a change alone in its batch, so
 * that the catalog is what the store holds. */
#include "service/groups.h"

#include "core/bytes.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static json_t *json_group(const struct store_group *row)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:I}", "name", row->name, "target", row->target, "poll_interval",
                     row->poll_interval ? json_integer((json_int_t)row->poll_interval) : json_null(),
                     "created", (json_int_t)row->created, "updated", (json_int_t)row->updated);
}

/* Who uses a group: what does not compile, or has no phase, with this in its place. */
struct users {
    json_t *groups, *rollouts;
    struct policy_target_error error; /* of the last */
};

static bool compiles(struct group_finder *finder, const char *self, const char *text, struct users *u)
{
    struct policy_target target;

    finder->groups.self = self;
    return policy_target_compile_in(text, strlen(text), &finder->groups, &target, &u->error);
}

static bool has_phase(const struct catalog_rollout *r, const char *group)
{
    for (unsigned i = 0; i < r->plan.phase_count; i++)
        if (r->plan.phase[i].width == POLICY_WIDTH_GROUP && strcmp(r->plan.phase[i].group, group) == 0)
            return true;
    return false;
}

/* False when out of memory; else the lists are the caller's. */
static bool find_users(const struct catalog *c, const struct store_group *instead, struct users *u)
{
    struct group_finder finder = group_finder(c);
    bool gone = instead->target[0] == '\0';

    *u = (struct users){.groups = json_array(), .rollouts = json_array()};
    finder.instead = instead;
    for (size_t i = 0; i < c->group_count; i++) {
        const struct store_group *row = &c->groups[i].row;

        if (strcmp(row->name, instead->name) != 0 && !compiles(&finder, row->name, row->target, u))
            (void)json_array_append_new(u->groups, json_string(row->name));
    }
    for (size_t i = 0; i < c->rollout_count; i++) {
        const struct catalog_rollout *r = &c->rollouts[i];

        if (rollout_is_live(r->state) &&
            ((gone && has_phase(r, instead->name)) || !compiles(&finder, NULL, r->row.target, u)))
            (void)json_array_append_new(u->rollouts, json_integer(r->row.id));
    }
    return u->groups && u->rollouts;
}

/* The first of them in words; "" = there is none. */
static void name_user(const struct users *u, char ret[OTTER_NAME_BUF + 16])
{
    ret[0] = '\0';
    if (json_array_size(u->rollouts) > 0)
        (void)snprintf(ret, OTTER_NAME_BUF + 16, "rollout %lld",
                       (long long)json_integer_value(json_array_get(u->rollouts, 0)));
    else if (json_array_size(u->groups) > 0)
        (void)snprintf(ret, OTTER_NAME_BUF + 16, "group %s", json_string_value(json_array_get(u->groups, 0)));
}

static void drop_users(struct users *u)
{
    json_decref(u->groups);
    json_decref(u->rollouts);
}

static enum otter_status read_interval(struct svc_call *call, uint32_t *ret)
{
    const json_t *interval = json_object_get(call->in.json, "poll_interval");

    if (!interval || json_is_null(interval))
        return OTTER_OK;
    if (!json_is_integer(interval) || json_integer_value(interval) < GROUP_POLL_MIN ||
        json_integer_value(interval) > GROUP_POLL_MAX)
        return svc_refuse(call, OTTER_BAD_VALUE, "poll_interval: seconds from %u to %u, or null",
                          GROUP_POLL_MIN, GROUP_POLL_MAX);
    *ret = (uint32_t)json_integer_value(interval);
    return OTTER_OK;
}

static enum otter_status read_group(struct svc_call *call, struct store_group *row)
{
    static const char *const members[] = {"*target", "poll_interval", NULL};
    enum otter_status status = svc_shape(call->in.json, members, &call->out.error);
    const char *target, *name = call->in.id;

    if (status != OTTER_OK)
        return status;
    if (!name || !otter_name_valid(name, strlen(name)) || !isalnum((unsigned char)name[0]))
        return svc_refuse(call, OTTER_NOT_FOUND,
                          "no group has such a name: [A-Za-z0-9._-]{1,64}, first a letter or digit");
    if (!host_json_get_string(call->in.json, "target", HOST_JSON_REQUIRED, POLICY_TARGET_MAX, &target,
                              &call->out.error))
        return svc_refuse_host(call);
    (void)snprintf(row->name, sizeof(row->name), "%s", name);
    (void)snprintf(row->target, sizeof(row->target), "%s", target);
    return read_interval(call, &row->poll_interval);
}

/* Does it compile by itself, and whatever names it with it? */
static enum otter_status check(struct svc_call *call, const struct catalog *c, const struct store_group *row)
{
    struct group_finder finder = group_finder(c);
    char user[OTTER_NAME_BUF + 16];
    struct users u = {0};
    bool ok;

    if (!compiles(&finder, row->name, row->target, &u))
        return target_refuse(call, "target", &u.error);
    ok = find_users(c, row, &u);
    name_user(&u, user);
    drop_users(&u);
    if (!ok)
        return OTTER_INTERNAL;
    if (user[0])
        return svc_refuse(call, OTTER_CONFLICT, "with this, %s would be over a bound: %s", user,
                          u.error.what);
    return OTTER_OK;
}

static enum otter_status store_group(struct svc *svc, struct svc_call *call, const struct store_group *row)
{
    struct svc_effects *effects = effects_of(call);
    enum otter_status status = svc_stored(call, svc->writer->ops->group_put(svc->writer, row));

    if (!effects)
        return OTTER_INTERNAL;
    effects->catalog = true;
    return status;
}

enum otter_status op_group_put(struct svc *svc, struct svc_call *call)
{
    const struct catalog *c = svc->catalog;
    const struct catalog_group *before = call->in.id ? group_find(c, call->in.id) : NULL;
    struct store_group row = {.created = svc_now(svc)};
    enum otter_status status = read_group(call, &row);

    if (status == OTTER_OK)
        status = check(call, c, &row);
    if (status != OTTER_OK)
        return status;
    if (!before && c->group_count == GROUPS_MAX)
        return svc_refuse(call, OTTER_CONFLICT, "there are %u groups already, and no more are kept",
                          GROUPS_MAX);
    row.updated = row.created;
    if (before)
        row.created = before->row.created;
    status = store_group(svc, call, &row);
    if (status != OTTER_OK)
        return status;
    call->out.created = !before;
    call->out.json = json_group(&row);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

static const struct catalog_group *find(const struct catalog *c, struct svc_call *call)
{
    const struct catalog_group *g = call->in.id ? group_find(c, call->in.id) : NULL;

    if (!g)
        (void)svc_refuse(call, OTTER_NOT_FOUND, "there is no group \"%.64s\"",
                         call->in.id ? call->in.id : "");
    return g;
}

enum otter_status op_group_delete(struct svc *svc, struct svc_call *call)
{
    const struct catalog_group *g = find(svc->catalog, call);
    struct svc_effects *effects = effects_of(call);
    char user[OTTER_NAME_BUF + 16];
    struct store_group gone = {0};
    struct users u;
    bool ok;

    if (!g)
        return OTTER_NOT_FOUND;
    memcpy(gone.name, g->row.name, sizeof(gone.name));
    ok = find_users(svc->catalog, &gone, &u);
    name_user(&u, user);
    drop_users(&u);
    if (!ok || !effects)
        return OTTER_INTERNAL;
    if (user[0])
        return svc_refuse(call, OTTER_CONFLICT, "group %s is used by %s", gone.name, user);
    effects->catalog = true;
    return svc_stored(call, svc->writer->ops->group_delete(svc->writer, gone.name));
}

/* Devices in service, or also retired ones where the group asks for them. */
static uint32_t count_devices(struct svc *svc, const struct policy_target *target)
{
    bool retired = policy_target_names(target, POLICY_FIELD_STATE, "retired");
    uint32_t count = fleet_count(svc->fleet), in = 0;
    int64_t now = svc_now(svc);

    for (uint32_t i = 0; i < count; i++) {
        struct policy_subject subject;

        if (!retired && fleet_is_retired(svc->fleet, i))
            continue;
        device_subject(fleet_lock(svc->fleet, i), now, &subject);
        in += policy_target_matches(target, &subject);
        fleet_unlock(svc->fleet, i);
    }
    return in;
}

enum otter_status op_group_get(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    const struct catalog_group *g = find(c, call);
    struct store_group gone = {0};
    struct users u;

    if (!g)
        return OTTER_NOT_FOUND;
    memcpy(gone.name, g->row.name, sizeof(gone.name));
    if (!find_users(c, &gone, &u)) {
        drop_users(&u);
        return OTTER_INTERNAL;
    }
    call->out.json = json_group(&g->row);
    (void)json_object_set_new(call->out.json, "devices", json_integer(count_devices(svc, &g->target)));
    (void)json_object_set_new(call->out.json, "used_by",
                              json_pack("{s:o, s:o}", "groups", u.groups, "rollouts", u.rollouts));
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

enum otter_status op_group_list(struct svc *svc, struct svc_call *call)
{
    static const char *const sorts[] = {"name", "poll_interval", "created", "updated", NULL};
    auto_catalog struct catalog *c = catalog_get(svc);
    auto_json json_t *items = json_array();
    struct list_page page;
    enum otter_status status = list_begin(&page, call, sorts);

    if (status != OTTER_OK)
        return status;
    for (size_t i = 0; i < c->group_count; i++) {
        struct policy_subject s = {.id = c->groups[i].row.name};

        if (list_wants(&page, &s))
            (void)json_array_append_new(items, json_group(&c->groups[i].row));
    }
    return list_end_small(&page, items);
}
