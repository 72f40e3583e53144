#include "fleet/said.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

void said_init(struct said_table *table)
{
    memset(table, 0, sizeof(*table));
    (void)pthread_mutex_init(&table->lock, NULL);
}

void said_destroy(struct said_table *table)
{
    (void)pthread_mutex_destroy(&table->lock);
}

bool fleet_said_equal(const struct fleet_said *a, const struct fleet_said *b)
{
    return memcmp(a->sha256.b, b->sha256.b, OTTER_DIGEST_LEN) == 0 &&
           otter_version_compare(&a->version, &b->version) == 0 && a->epoch == b->epoch &&
           a->sequence == b->sequence && a->root == b->root;
}

/* A digest is as good as random; who makes up colliding ones meets SAID_SHARED of them at most. */
static struct said_entry **bucket_of(struct said_table *table, const struct fleet_said *said)
{
    return &table->bucket[(said->sha256.b[0] ^ said->root) % SAID_BUCKETS];
}

static struct said_entry *find(struct said_table *table, const struct fleet_said *said)
{
    for (struct said_entry *e = *bucket_of(table, said); e; e = e->next)
        if (fleet_said_equal(&e->said, said))
            return e;
    return NULL;
}

static struct said_entry *make(struct said_table *table, const struct fleet_said *said)
{
    struct said_entry *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    e->said = *said;
    e->shared = table->shared < SAID_SHARED;
    if (e->shared) {
        struct said_entry **bucket = bucket_of(table, said);

        e->next = *bucket;
        *bucket = e;
        table->shared++;
    }
    return e;
}

struct fleet_said *said_get(struct said_table *table, const struct fleet_said *said, uint32_t refs)
{
    struct said_entry *e;

    (void)pthread_mutex_lock(&table->lock);
    e = find(table, said);
    if (!e)
        e = make(table, said);
    if (e)
        e->refs += refs; /* one a device, and a hand's: fits */
    (void)pthread_mutex_unlock(&table->lock);
    return e ? &e->said : NULL;
}

static void take_out(struct said_table *table, const struct said_entry *e)
{
    struct said_entry **at = bucket_of(table, &e->said);

    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    table->shared--;
}

void said_put(struct said_table *table, struct fleet_said *said, uint32_t refs)
{
    struct said_entry *e;

    if (said == &table->nothing)
        return;
    (void)pthread_mutex_lock(&table->lock);
    e = OTTER_CONTAINER_OF(said, struct said_entry, said);
    e->refs -= refs;
    if (e->refs == 0) {
        if (e->shared)
            take_out(table, e);
        free(e);
    }
    (void)pthread_mutex_unlock(&table->lock);
}
