#include "service/fleet_groups.h"

#include <stdlib.h>
#include <string.h>

static const char *const age_names[AGE_COUNT] = {"hour", "day", "week", "month", "older", "never"};

const char *group_state_name(unsigned state)
{
    static const char *const others[] = {"idle", "never-seen", "retired"};

    return state < OTTER_UPDATE_STATE_COUNT ? otter_update_state_name((enum otter_update_state)state)
                                            : others[state - OTTER_UPDATE_STATE_COUNT];
}

/* As device_state_name() has it. */
unsigned group_state(const struct fleet_device *d)
{
    if (d->marks & FLEET_RETIRED)
        return OTTER_UPDATE_STATE_COUNT + 2;
    if (d->attempt != 0 && d->attempt_state < OTTER_UPDATE_STATE_COUNT)
        return (unsigned)d->attempt_state;
    return d->flags & FLEET_SEEN ? OTTER_UPDATE_STATE_COUNT : OTTER_UPDATE_STATE_COUNT + 1;
}

void group_numbers_add(struct group_numbers *n, unsigned state, enum group_age age)
{
    n->devices++;
    n->states[state]++;
    n->ages[age]++;
}

static uint32_t hash(const char *key, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)key[i]) * 16777619u;
    return h ^ h >> 16;
}

bool groups_count(struct groups *g, const char *key, size_t len, unsigned state, enum group_age age)
{
    struct group **bucket = &g->bucket[hash(key, len) % GROUP_BUCKETS];

    for (struct group *e = *bucket; e; e = e->next) {
        if (e->len != len || memcmp(e->key, key, len) != 0)
            continue;
        group_numbers_add(&e->n, state, age);
        return true;
    }
    if (g->count == GROUPS_MAX) {
        g->left_out++;
        return true;
    }
    struct group *e = calloc(1, sizeof(*e) + len);

    if (!e)
        return false;
    memcpy(e->key, key, len);
    e->len = (uint16_t)len;
    e->next = *bucket;
    *bucket = e;
    g->count++;
    group_numbers_add(&e->n, state, age);
    return true;
}

void groups_free(struct groups *g)
{
    for (unsigned i = 0; i < GROUP_BUCKETS; i++) {
        for (struct group *e = g->bucket[i], *next; e; e = next) {
            next = e->next;
            free(e);
        }
        g->bucket[i] = NULL;
    }
}

void group_numbers_json(json_t *to, const struct group_numbers *n)
{
    json_t *states = json_object(), *ages = json_object();

    for (unsigned i = 0; i < GROUP_STATES; i++)
        if (n->states[i] > 0)
            (void)json_object_set_new(states, group_state_name(i), json_integer((json_int_t)n->states[i]));
    for (unsigned i = 0; i < AGE_COUNT; i++)
        (void)json_object_set_new(ages, age_names[i], json_integer((json_int_t)n->ages[i]));
    (void)json_object_set_new(to, "devices", json_integer((json_int_t)n->devices));
    (void)json_object_set_new(to, "states", states);
    (void)json_object_set_new(to, "ages", ages);
}

static int order(const void *a, const void *b)
{
    const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;
    size_t n = x->len < y->len ? x->len : y->len;
    int by_key;

    if (x->n.devices != y->n.devices)
        return x->n.devices < y->n.devices ? 1 : -1;
    by_key = memcmp(x->key, y->key, n);
    return by_key ? by_key : (x->len > y->len) - (x->len < y->len);
}

static json_t *json_group(const struct group *e, unsigned columns)
{
    json_t *json = json_object(), *key = json_array();
    const char *at = e->key;

    for (unsigned i = 0; i < columns; i++) {
        bool there = *at++ != 0;

        (void)json_array_append_new(key, there ? json_string(at) : json_null());
        at += strlen(at) + 1;
    }
    (void)json_object_set_new(json, "key", key);
    group_numbers_json(json, &e->n);
    return json;
}

json_t *groups_json(const struct groups *g, unsigned columns)
{
    struct group **all = calloc(g->count + 1, sizeof(*all));
    json_t *list = all ? json_array() : NULL;
    size_t n = 0;

    for (unsigned i = 0; all && i < GROUP_BUCKETS; i++)
        for (struct group *e = g->bucket[i]; e; e = e->next)
            all[n++] = e;
    if (all)
        qsort(all, n, sizeof(struct group *), order);
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(list, json_group(all[i], columns));
    free(all);
    return list;
}
