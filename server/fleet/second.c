#include "fleet/second.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64u

void second_init(struct second_table *t)
{
    memset(t, 0, sizeof(*t));
    (void)pthread_mutex_init(&t->lock, NULL);
}

static void forget(struct second *s)
{
    explicit_bzero(s, sizeof(*s));
    free(s);
}

void second_destroy(struct second_table *t)
{
    for (uint32_t i = 0; i < t->buckets; i++) {
        while (t->by_index[i]) {
            struct second *s = t->by_index[i];

            t->by_index[i] = s->next_by_index;
            forget(s);
        }
    }
    free(t->by_index);
    free(t->by_token);
    (void)pthread_mutex_destroy(&t->lock);
}

/* A token is a digest: its first bytes are as good as random. */
static uint32_t of_token(const struct second_table *t, const uint8_t token[FLEET_TOKEN])
{
    return otter_le32(token) & (t->buckets - 1);
}

static uint32_t of_index(const struct second_table *t, uint32_t index)
{
    return index & (t->buckets - 1);
}

struct second *second_of(const struct second_table *t, uint32_t index)
{
    struct second *s = t->buckets ? t->by_index[of_index(t, index)] : NULL;

    while (s && s->index != index)
        s = s->next_by_index;
    return s;
}

struct second *second_by_token(const struct second_table *t, const uint8_t token[FLEET_TOKEN])
{
    struct second *s = t->buckets ? t->by_token[of_token(t, token)] : NULL;

    while (s && !otter_equal_ct(s->token, token, FLEET_TOKEN))
        s = s->next_by_token;
    return s;
}

static void put(struct second_table *t, struct second *s)
{
    struct second **by_index = &t->by_index[of_index(t, s->index)];
    struct second **by_token = &t->by_token[of_token(t, s->token)];

    s->next_by_index = *by_index;
    *by_index = s;
    s->next_by_token = *by_token;
    *by_token = s;
}

/* Twice the buckets; false (unchanged) when out of memory. */
static bool grow(struct second_table *t)
{
    uint32_t buckets = t->buckets ? t->buckets * 2 : FIRST_BUCKETS; /* at most 2^25: a record each */
    struct second_table grown = {.buckets = buckets,
                                 .by_index = calloc(buckets, sizeof(*grown.by_index)),
                                 .by_token = calloc(buckets, sizeof(*grown.by_token))};

    if (!grown.by_index || !grown.by_token) {
        free(grown.by_index);
        free(grown.by_token);
        return false;
    }
    for (uint32_t i = 0; i < t->buckets; i++) {
        for (struct second *s = t->by_index[i], *next; s; s = next) {
            next = s->next_by_index;
            put(&grown, s);
        }
    }
    free(t->by_index);
    free(t->by_token);
    t->buckets = buckets;
    t->by_index = grown.by_index;
    t->by_token = grown.by_token;
    return true;
}

bool second_add(struct second_table *t, struct second *s)
{
    uint32_t count = atomic_load_explicit(&t->count, memory_order_relaxed);

    if (count >= t->buckets && !grow(t))
        return false;
    put(t, s);
    atomic_store_explicit(&t->count, count + 1, memory_order_release);
    return true;
}

void second_use(struct second_table *t, struct second *s)
{
    s->used = true;
    s->next_used = t->used_first;
    t->used_first = s;
    atomic_fetch_add_explicit(&t->used, 1, memory_order_release);
}

/* Those that were used are stored soon, the newest first: the list is short, and walked but a step. */
static void unuse(struct second_table *t, const struct second *s)
{
    struct second **at = &t->used_first;

    while (*at != s)
        at = &(*at)->next_used;
    *at = s->next_used;
    atomic_fetch_sub_explicit(&t->used, 1, memory_order_relaxed);
}

void second_drop(struct second_table *t, struct second *s)
{
    struct second **by_index = &t->by_index[of_index(t, s->index)];
    struct second **by_token = &t->by_token[of_token(t, s->token)];

    while (*by_index != s)
        by_index = &(*by_index)->next_by_index;
    *by_index = s->next_by_index;
    while (*by_token != s)
        by_token = &(*by_token)->next_by_token;
    *by_token = s->next_by_token;
    if (s->used)
        unuse(t, s);
    atomic_fetch_sub_explicit(&t->count, 1, memory_order_release);
    forget(s);
}
