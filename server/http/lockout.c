#include "http/lockout.h"

#include "core/bytes.h"
#include "host/crypto.h"
#include "http/headers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    uint8_t key[HTTP_SITE];
    uint32_t wrong; /* in a row; 0: the place is free */
    int64_t last, until;
};

struct http_lockout {
    pthread_mutex_t lock;
    unsigned free;
    uint8_t seed[OTTER_DIGEST_LEN]; /* so that nobody chooses addresses that share a set */
    struct entry set[LOCKOUT_SETS][LOCKOUT_WAYS];
};

struct http_lockout *http_lockout_new(unsigned free)
{
    struct http_lockout *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->free = free;
    host_random(l->seed, sizeof(l->seed));
    (void)pthread_mutex_init(&l->lock, NULL);
    return l;
}

void http_lockout_free(struct http_lockout *l)
{
    if (!l)
        return;
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

static struct entry *set_of(struct http_lockout *l, const uint8_t key[HTTP_SITE])
{
    struct otter_digest hash;

    otter_hmac_sha256(&otter_crypto_openssl, l->seed, sizeof(l->seed), key, HTTP_SITE, &hash);
    return l->set[otter_be64(hash.b) % LOCKOUT_SETS];
}

/* What is known of the address and not yet forgotten; NULL: nothing. */
static struct entry *find(struct entry *set, const uint8_t key[HTTP_SITE], int64_t now)
{
    for (unsigned i = 0; i < LOCKOUT_WAYS; i++) {
        struct entry *e = &set[i];

        if (e->wrong == 0 || memcmp(e->key, key, HTTP_SITE) != 0)
            continue;
        if (now - (e->until > e->last ? e->until : e->last) < (int64_t)LOCKOUT_FORGET_S)
            return e;
        e->wrong = 0;
    }
    return NULL;
}

static struct entry *make_room(struct entry *set, const uint8_t key[HTTP_SITE])
{
    struct entry *least = &set[0];

    for (unsigned i = 1; i < LOCKOUT_WAYS; i++)
        if (set[i].wrong < least->wrong || (set[i].wrong == least->wrong && set[i].last < least->last))
            least = &set[i];
    *least = (struct entry){.wrong = 0};
    memcpy(least->key, key, HTTP_SITE);
    return least;
}

unsigned http_lockout_left(struct http_lockout *l, const char *address, int64_t now)
{
    uint8_t key[HTTP_SITE];
    const struct entry *e;
    int64_t left;

    if (l->free == 0 || !http_site_of(address, key))
        return 0;
    (void)pthread_mutex_lock(&l->lock);
    e = find(set_of(l, key), key, now);
    left = e ? e->until - now : 0;
    (void)pthread_mutex_unlock(&l->lock);
    return left > 0 ? (unsigned)left : 0;
}

static int64_t locked_for(uint32_t over)
{
    uint32_t doublings = over - 1;

    return doublings >= 8 || LOCKOUT_FIRST_S << doublings > LOCKOUT_MAX_S ? LOCKOUT_MAX_S
                                                                          : LOCKOUT_FIRST_S << doublings;
}

bool http_lockout_wrong(struct http_lockout *l, const char *address, int64_t now)
{
    uint8_t key[HTTP_SITE];
    struct entry *set, *e;
    bool locked;

    if (l->free == 0 || !http_site_of(address, key))
        return false;
    (void)pthread_mutex_lock(&l->lock);
    set = set_of(l, key);
    e = find(set, key, now);
    if (!e)
        e = make_room(set, key);
    if (e->wrong < UINT32_MAX)
        e->wrong++;
    e->last = now;
    locked = e->wrong > l->free;
    if (locked)
        e->until = now + locked_for(e->wrong - l->free);
    (void)pthread_mutex_unlock(&l->lock);
    return locked;
}

void http_lockout_right(struct http_lockout *l, const char *address)
{
    uint8_t key[HTTP_SITE];
    struct entry *e;

    if (l->free == 0 || !http_site_of(address, key))
        return;
    (void)pthread_mutex_lock(&l->lock);
    e = find(set_of(l, key), key, INT64_MIN / 2);
    if (e)
        e->wrong = 0;
    (void)pthread_mutex_unlock(&l->lock);
}
