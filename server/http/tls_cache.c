#include "http/tls_cache.h"

#include "host/crypto.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY UINT32_MAX

struct entry {
    unsigned char id[HTTP_TLS_ID_MAX];
    size_t id_len;
    void *data; /* NULL: the entry is free */
    size_t len;
    uint32_t next;         /* of the same bucket, or of the free ones */
    uint32_t newer, older; /* by the last use */
};

struct http_tls_cache {
    pthread_mutex_t lock;
    struct entry *entry; /* max of them */
    uint32_t *bucket;    /* max of them: the first entry of each, or NOBODY */
    uint32_t max, count;
    uint32_t free, newest, oldest;
};

struct http_tls_cache *http_tls_cache_new(unsigned max)
{
    struct http_tls_cache *cache = calloc(1, sizeof *cache);

    if (!cache)
        return NULL;
    cache->entry = calloc(max, sizeof *cache->entry);
    cache->bucket = malloc(max * sizeof *cache->bucket);
    if (!cache->entry || !cache->bucket) {
        free(cache->entry);
        free(cache->bucket);
        free(cache);
        return NULL;
    }
    pthread_mutex_init(&cache->lock, NULL);
    cache->max = max;
    cache->newest = cache->oldest = NOBODY;
    for (uint32_t i = 0; i < max; i++) {
        cache->bucket[i] = NOBODY;
        cache->entry[i].next = i + 1 < max ? i + 1 : NOBODY;
    }
    return cache;
}

static void wipe(struct entry *e)
{
    if (e->data)
        host_wipe(e->data, e->len); /* the session's secrets */
    free(e->data);
    e->data = NULL;
}

void http_tls_cache_free(struct http_tls_cache *cache)
{
    if (!cache)
        return;
    for (uint32_t i = 0; i < cache->max; i++)
        wipe(&cache->entry[i]);
    pthread_mutex_destroy(&cache->lock);
    free(cache->entry);
    free(cache->bucket);
    free(cache);
}

/* IDs of sessions that are kept are random, and our own: their first bytes spread well. */
static uint32_t *bucket_of(struct http_tls_cache *cache, const void *id, size_t id_len)
{
    uint32_t hash = 0;

    memcpy(&hash, id, id_len < sizeof hash ? id_len : sizeof hash);
    return &cache->bucket[hash % cache->max];
}

/* The link that leads to the entry, or to NOBODY. */
static uint32_t *find(struct http_tls_cache *cache, const void *id, size_t id_len)
{
    uint32_t *link = bucket_of(cache, id, id_len);

    while (*link != NOBODY) {
        struct entry *e = &cache->entry[*link];

        if (e->id_len == id_len && memcmp(e->id, id, id_len) == 0)
            break;
        link = &e->next;
    }
    return link;
}

static void unlink_age(struct http_tls_cache *cache, const struct entry *e)
{
    *(e->newer == NOBODY ? &cache->newest : &cache->entry[e->newer].older) = e->older;
    *(e->older == NOBODY ? &cache->oldest : &cache->entry[e->older].newer) = e->newer;
}

static void link_newest(struct http_tls_cache *cache, uint32_t at)
{
    struct entry *e = &cache->entry[at];

    e->newer = NOBODY;
    e->older = cache->newest;
    *(cache->newest == NOBODY ? &cache->oldest : &cache->entry[cache->newest].newer) = at;
    cache->newest = at;
}

static void take_out(struct http_tls_cache *cache, uint32_t *link)
{
    uint32_t at = *link;
    struct entry *e = &cache->entry[at];

    *link = e->next;
    unlink_age(cache, e);
    wipe(e);
    e->next = cache->free;
    cache->free = at;
    cache->count--;
}

static void put(struct http_tls_cache *cache, const void *id, size_t id_len, void *data, size_t len)
{
    uint32_t *link = find(cache, id, id_len);
    struct entry *e;
    uint32_t at;

    if (*link != NOBODY)
        take_out(cache, link);
    else if (cache->count == cache->max)
        take_out(cache, find(cache, cache->entry[cache->oldest].id, cache->entry[cache->oldest].id_len));
    at = cache->free;
    e = &cache->entry[at];
    cache->free = e->next;
    cache->count++;
    memcpy(e->id, id, id_len);
    e->id_len = id_len;
    e->data = data;
    e->len = len;
    link = bucket_of(cache, id, id_len);
    e->next = *link;
    *link = at;
    link_newest(cache, at);
}

bool http_tls_cache_put(struct http_tls_cache *cache, const void *id, size_t id_len, const void *data,
                        size_t len)
{
    void *copy;

    if (id_len == 0 || id_len > HTTP_TLS_ID_MAX || len == 0 || len > HTTP_TLS_SESSION_MAX)
        return false;
    copy = malloc(len);
    if (!copy)
        return false;
    memcpy(copy, data, len);
    pthread_mutex_lock(&cache->lock);
    put(cache, id, id_len, copy, len);
    pthread_mutex_unlock(&cache->lock);
    return true;
}

size_t http_tls_cache_get(struct http_tls_cache *cache, const void *id, size_t id_len,
                          unsigned char out[HTTP_TLS_SESSION_MAX])
{
    size_t len = 0;
    uint32_t at;

    if (id_len == 0 || id_len > HTTP_TLS_ID_MAX)
        return 0;
    pthread_mutex_lock(&cache->lock);
    at = *find(cache, id, id_len);
    if (at != NOBODY) {
        len = cache->entry[at].len;
        memcpy(out, cache->entry[at].data, len);
        unlink_age(cache, &cache->entry[at]);
        link_newest(cache, at);
    }
    pthread_mutex_unlock(&cache->lock);
    return len;
}

void http_tls_cache_remove(struct http_tls_cache *cache, const void *id, size_t id_len)
{
    uint32_t *link;

    if (id_len == 0 || id_len > HTTP_TLS_ID_MAX)
        return;
    pthread_mutex_lock(&cache->lock);
    link = find(cache, id, id_len);
    if (*link != NOBODY)
        take_out(cache, link);
    pthread_mutex_unlock(&cache->lock);
}

unsigned http_tls_cache_count(struct http_tls_cache *cache)
{
    unsigned count;

    pthread_mutex_lock(&cache->lock);
    count = cache->count;
    pthread_mutex_unlock(&cache->lock);
    return count;
}
