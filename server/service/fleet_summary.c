/*
 * The fleet in numbers, from memory: one pass that holds one record's lock at a time, so that no poll waits
 * for it. What changes meanwhile is counted as it was or as it is.
 */
#include "service/fleet_groups.h"
#include "service/rights.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const column_names[BY_COUNT] = {"version", "hardware", "product", "tag", "state"};

struct unknown {
    struct otter_digest sha256;
    struct otter_version version;
    uint64_t devices;
};

struct summary {
    struct svc *svc;
    int64_t now;
    unsigned columns;
    enum group_column by[GROUPS_BY];
    struct list_page page; /* its filter */
    struct digest_map map;
    struct groups groups;
    struct group_numbers all;
    struct unknown *unknown; /* UNKNOWN_MAX of them */
    size_t unknown_count;
    uint64_t retired; /* of those that who asks may see */
};

/* What a device brings to the count, copied out of its lock. */
struct member {
    const char *product, *hardware; /* live as long as the fleet */
    char version[OTTER_VERSION_STR];
    char tags[FLEET_PACK_MAX];
    bool seen, tagged;
    struct fleet_said said;
    unsigned state;
    int64_t last_seen;
};

static bool read_by(struct summary *s, struct svc_call *call)
{
    const char *by = call->in.by && *call->in.by ? call->in.by : "version";

    while (s->columns < GROUPS_BY) {
        size_t len = strcspn(by, ",");
        unsigned i = 0;

        while (i < BY_COUNT && (strlen(column_names[i]) != len || memcmp(column_names[i], by, len) != 0))
            i++;
        if (i == BY_COUNT)
            return false;
        s->by[s->columns++] = (enum group_column)i;
        if (by[len] == '\0')
            return true;
        by += len + 1;
    }
    return false;
}

static bool wants_tags(const struct summary *s)
{
    for (unsigned i = 0; i < s->columns; i++)
        if (s->by[i] == BY_TAG)
            return true;
    return false;
}

static bool look(struct summary *s, bool retired, bool tags, uint32_t index, struct member *m)
{
    const struct fleet_device *d = fleet_lock(s->svc->fleet, index);
    bool seen = rights_see(s->page.call, d->kind->product);
    bool wanted = seen && (retired || !(d->marks & FLEET_RETIRED));
    struct policy_subject subject;

    s->retired += seen && (d->marks & FLEET_RETIRED) != 0;

    if (wanted && s->page.has_filter) {
        device_subject(d, s->now, &subject);
        wanted = list_wants(&s->page, &subject);
    }
    if (wanted) {
        m->product = d->kind->product;
        m->hardware = d->kind->hardware;
        m->said = *d->said;
        m->seen = (d->flags & FLEET_SEEN) != 0;
        m->state = group_state(d);
        m->last_seen = d->last_seen;
        m->tagged = tags && d->extra && d->extra->tags_len > 0;
        if (m->tagged)
            memcpy(m->tags, fleet_tags(d), d->extra->tags_len);
    }
    fleet_unlock(s->svc->fleet, index);
    return wanted;
}

static enum group_age age_of(int64_t now, int64_t last_seen)
{
    int64_t age = now - last_seen; /* below 0: a clock was set back */

    if (last_seen == 0)
        return AGE_NEVER;
    if (age < 3600)
        return AGE_HOUR;
    if (age < 86400)
        return AGE_DAY;
    if (age < (int64_t)7 * 86400)
        return AGE_WEEK;
    return age < (int64_t)30 * 86400 ? AGE_MONTH : AGE_OLDER;
}

static const char *value_of(enum group_column column, const struct member *m, const char *tag)
{
    switch (column) {
    case BY_VERSION:
        return m->seen ? m->version : NULL;
    case BY_HARDWARE:
        return m->hardware;
    case BY_PRODUCT:
        return m->product;
    case BY_TAG:
        return tag;
    case BY_STATE:
        return group_state_name(m->state);
    case BY_COUNT:
        break;
    }
    return NULL;
}

static bool count_in_group(struct summary *s, const struct member *m, const char *tag)
{
    char key[GROUP_KEY_MAX];
    size_t len = 0;

    for (unsigned i = 0; i < s->columns; i++) {
        const char *value = value_of(s->by[i], m, tag);
        size_t n = value ? strnlen(value, OTTER_NAME_MAX) : 0; /* none is longer */

        key[len++] = value != NULL;
        if (n > 0)
            memcpy(key + len, value, n);
        key[len + n] = '\0';
        len += n + 1;
    }
    return groups_count(&s->groups, key, len, m->state, age_of(s->now, m->last_seen));
}

/* A device with many tags is in each tag's group. */
static bool count_groups(struct summary *s, struct member *m)
{
    if (m->seen)
        otter_version_format(&m->said.version, m->version);
    if (!m->tagged)
        return count_in_group(s, m, NULL);
    for (const char *tag = fleet_pack_next(m->tags, NULL); tag; tag = fleet_pack_next(m->tags, tag))
        if (!count_in_group(s, m, tag))
            return false;
    return true;
}

static void count_unknown(struct summary *s, const struct member *m)
{
    if (!m->seen || digest_map_find(&s->map, &m->said.sha256))
        return;
    for (size_t i = 0; i < s->unknown_count; i++) {
        struct unknown *u = &s->unknown[i];

        if (memcmp(u->sha256.b, m->said.sha256.b, OTTER_DIGEST_LEN) != 0 ||
            otter_version_compare(&u->version, &m->said.version) != 0)
            continue;
        u->devices++;
        return;
    }
    if (s->unknown_count < UNKNOWN_MAX)
        s->unknown[s->unknown_count++] =
            (struct unknown){.sha256 = m->said.sha256, .version = m->said.version, .devices = 1};
}

static bool count_fleet(struct summary *s)
{
    bool retired = list_wants_retired(&s->page), tags = wants_tags(s);
    uint32_t count = fleet_count(s->svc->fleet);
    struct member m;

    for (uint32_t i = 0; i < count; i++) {
        if (!look(s, retired, tags, i, &m))
            continue;
        group_numbers_add(&s->all, m.state, age_of(s->now, m.last_seen));
        count_unknown(s, &m);
        if (!count_groups(s, &m))
            return false;
    }
    return true;
}

static int by_devices(const void *a, const void *b)
{
    const struct unknown *x = a, *y = b;

    if (x->devices != y->devices)
        return x->devices < y->devices ? 1 : -1;
    return memcmp(x->sha256.b, y->sha256.b, OTTER_DIGEST_LEN);
}

static json_t *json_unknown(struct summary *s)
{
    json_t *list = json_array();

    qsort(s->unknown, s->unknown_count, sizeof(*s->unknown), by_devices);
    for (size_t i = 0; i < s->unknown_count; i++) {
        char version[OTTER_VERSION_STR];

        otter_version_format(&s->unknown[i].version, version);
        (void)json_array_append_new(list, json_pack("{s:o, s:s, s:I}", "sha256",
                                                    json_digest(&s->unknown[i].sha256), "version", version,
                                                    "devices", (json_int_t)s->unknown[i].devices));
    }
    return list;
}

static json_t *json_summary(struct summary *s, const struct catalog *c)
{
    json_t *by = json_array(), *json;

    for (unsigned i = 0; i < s->columns; i++)
        (void)json_array_append_new(by, json_string(column_names[s->by[i]]));
    json = json_pack("{s:I, s:o, s:I, s:o, s:o, s:I, s:o}", "time", (json_int_t)s->now, "frozen",
                     json_freeze(&c->freeze), "retired", (json_int_t)s->retired, "by", by, "groups",
                     groups_json(&s->groups, s->columns), "left_out", (json_int_t)s->groups.left_out,
                     "unknown_digests", json_unknown(s));
    if (json)
        group_numbers_json(json, &s->all);
    return json;
}

static enum otter_status summarize(struct summary *s, struct svc_call *call, const struct catalog *c)
{
    static const char *const no_sorts[] = {NULL};
    enum otter_status status = list_begin_devices(&s->page, s->svc, call, no_sorts);

    if (status != OTTER_OK)
        return status;
    if (!read_by(s, call))
        return svc_refuse(call, OTTER_BAD_VALUE,
                          "by: one to %u of version, hardware, product, tag and state, with commas between",
                          GROUPS_BY);
    s->unknown = calloc(UNKNOWN_MAX, sizeof(*s->unknown));
    if (s->unknown && digest_map_make(c, &s->map) && count_fleet(s))
        call->out.json = json_summary(s, c);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

enum otter_status op_fleet_summary(struct svc *svc, struct svc_call *call)
{
    auto_catalog struct catalog *c = catalog_get(svc);
    auto_free struct summary *s = calloc(1, sizeof(*s));
    enum otter_status status;

    if (!s)
        return OTTER_INTERNAL;
    s->svc = svc;
    s->now = svc_now(svc);
    status = summarize(s, call, c);
    groups_free(&s->groups);
    digest_map_free(&s->map);
    free(s->unknown);
    (void)list_drop(&s->page, status);
    return status;
}
