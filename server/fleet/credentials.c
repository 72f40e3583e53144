/*
 * How a device's token changes. A record holds one token; a second one lies beside it (second.h) from when it
 * was offered until it was used. Finding takes no lock, so a token is put into a record in two halves:
 * whoever sees one of each refuses the old one, and finds the new one beside the record still.
 */
#include "core/bytes.h"
#include "fleet/records.h"

#include <stdlib.h>
#include <string.h>

static uint64_t half(const uint8_t token[FLEET_TOKEN], unsigned i)
{
    return otter_le64(token + (size_t)8 * i);
}

void fleet_token_put(struct fleet_device *d, const uint8_t token[FLEET_TOKEN])
{
    for (unsigned i = 0; i < 2; i++)
        atomic_store_explicit(&d->token[i], half(token, i), memory_order_relaxed);
}

void fleet_token_get(const struct fleet_device *d, uint8_t ret[FLEET_TOKEN])
{
    for (unsigned i = 0; i < 2; i++)
        otter_put_le64(ret + (size_t)8 * i, atomic_load_explicit(&d->token[i], memory_order_relaxed));
}

bool fleet_token_is(const struct fleet *fleet, uint32_t index, const struct otter_digest *token_hash)
{
    const struct fleet_device *d = fleet_peek(fleet, index);
    uint64_t differs = 0;

    for (unsigned i = 0; i < 2; i++)
        differs |= atomic_load_explicit(&d->token[i], memory_order_relaxed) ^ half(token_hash->b, i);
    return differs == 0;
}

/* The record's token is another one from now on, and is found by it. The writer's thread. */
static bool move(struct fleet *f, uint32_t index, const uint8_t from[FLEET_TOKEN],
                 const uint8_t to[FLEET_TOKEN])
{
    return fleet_index_move(&f->by_token, otter_le64(from), otter_le64(to), index, &f->token_hasher);
}

bool fleet_set_token(struct fleet *fleet, uint32_t index, const struct otter_digest *token_hash,
                     const uint8_t *secret)
{
    uint8_t old[FLEET_TOKEN];
    struct fleet_device *d;
    bool ok;

    if (!fleet_drop_second(fleet, index))
        return false;
    d = fleet_lock(fleet, index);
    fleet_token_get(d, old);
    fleet_token_put(d, token_hash->b);
    ok = !secret || fleet_set_secret(d, secret);
    fleet_unlock(fleet, index);
    return ok && move(fleet, index, old, token_hash->b);
}

bool fleet_put_second(struct fleet *fleet, uint32_t index, const struct otter_digest *token_hash,
                      const uint8_t *secret)
{
    struct second *s;
    bool ok;

    if (!fleet_drop_second(fleet, index))
        return false;
    s = calloc(1, sizeof(*s));
    if (!s)
        return false;
    s->index = index;
    s->has_secret = secret != NULL;
    memcpy(s->token, token_hash->b, FLEET_TOKEN);
    if (secret)
        memcpy(s->secret, secret, FLEET_SECRET);
    (void)pthread_mutex_lock(&fleet->seconds.lock);
    ok = second_add(&fleet->seconds, s);
    (void)pthread_mutex_unlock(&fleet->seconds.lock);
    if (!ok)
        free(s);
    return ok;
}

bool fleet_drop_second(struct fleet *fleet, uint32_t index)
{
    struct second *s;
    bool ok = true;

    if (atomic_load_explicit(&fleet->seconds.count, memory_order_acquire) == 0)
        return true;
    (void)pthread_mutex_lock(&fleet->seconds.lock);
    s = second_of(&fleet->seconds, index);
    if (s && s->used)
        ok = move(fleet, index, s->first, s->token);
    if (s)
        second_drop(&fleet->seconds, s);
    (void)pthread_mutex_unlock(&fleet->seconds.lock);
    return ok;
}

bool fleet_second_is(struct fleet *fleet, uint32_t index, const struct otter_digest *token_hash)
{
    const struct second *s;
    bool is;

    if (atomic_load_explicit(&fleet->seconds.count, memory_order_acquire) == 0)
        return false;
    (void)pthread_mutex_lock(&fleet->seconds.lock);
    s = second_of(&fleet->seconds, index);
    is = s && otter_equal_ct(s->token, token_hash->b, FLEET_TOKEN);
    (void)pthread_mutex_unlock(&fleet->seconds.lock);
    return is;
}

uint32_t fleet_find_second(struct fleet *fleet, const struct otter_digest *token_hash)
{
    uint32_t index = FLEET_NONE;
    const struct second *s;

    if (atomic_load_explicit(&fleet->seconds.count, memory_order_acquire) == 0)
        return FLEET_NONE;
    (void)pthread_mutex_lock(&fleet->seconds.lock);
    s = second_by_token(&fleet->seconds, token_hash->b);
    if (s)
        index = s->index;
    (void)pthread_mutex_unlock(&fleet->seconds.lock);
    return index;
}

bool fleet_second_secret(struct fleet *fleet, uint32_t index, uint8_t ret_secret[FLEET_SECRET])
{
    const struct second *s;
    bool held;

    if (atomic_load_explicit(&fleet->seconds.count, memory_order_acquire) == 0)
        return false;
    (void)pthread_mutex_lock(&fleet->seconds.lock);
    s = second_of(&fleet->seconds, index);
    held = s && s->has_secret;
    if (held)
        memcpy(ret_secret, s->secret, FLEET_SECRET);
    (void)pthread_mutex_unlock(&fleet->seconds.lock);
    return held;
}

void fleet_use_second(struct fleet *fleet, uint32_t index)
{
    struct fleet_device *d;
    struct second *s;

    (void)pthread_mutex_lock(&fleet->seconds.lock);
    s = second_of(&fleet->seconds, index);
    if (s && !s->used) {
        d = fleet_lock(fleet, index);
        fleet_token_get(d, s->first);
        fleet_token_put(d, s->token);
        if (s->has_secret)
            (void)fleet_set_secret(d, s->secret); /* there is room: it held the old one */
        fleet_unlock(fleet, index);
        second_use(&fleet->seconds, s);
    }
    (void)pthread_mutex_unlock(&fleet->seconds.lock);
}

unsigned fleet_used_seconds(struct fleet *fleet, uint32_t *ret, unsigned max)
{
    unsigned n = 0;

    if (atomic_load_explicit(&fleet->seconds.used, memory_order_acquire) == 0)
        return 0;
    (void)pthread_mutex_lock(&fleet->seconds.lock);
    for (const struct second *s = fleet->seconds.used_first; s && n < max; s = s->next_used)
        ret[n++] = s->index;
    (void)pthread_mutex_unlock(&fleet->seconds.lock);
    return n;
}
