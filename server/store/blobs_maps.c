#include "store/blobs_maps.h"

#include "host/cleanup.h"
#include "host/strict.h"

#include <fcntl.h>
#include <string.h>

void blobs_maps_init(struct blobs_maps *maps, uint64_t max)
{
    memset(maps, 0, sizeof *maps);
    (void)pthread_mutex_init(&maps->lock, NULL);
    maps->max = max;
    maps->faults = host_mapped_faults();
}

static void take_out(struct blobs_maps *maps, struct blobs_map *m)
{
    maps->bytes -= m->mapped->len;
    host_mapped_drop(m->mapped);
    m->mapped = NULL;
}

void blobs_maps_free(struct blobs_maps *maps)
{
    for (unsigned i = 0; i < BLOBS_MAPS_MAX; i++) {
        if (maps->place[i].mapped)
            take_out(maps, &maps->place[i]);
    }
    (void)pthread_mutex_destroy(&maps->lock);
}

static struct blobs_map *find(struct blobs_maps *maps, const struct otter_digest *digest)
{
    for (unsigned i = 0; i < BLOBS_MAPS_MAX; i++) {
        struct blobs_map *m = &maps->place[i];

        if (m->mapped && memcmp(&m->digest, digest, sizeof *digest) == 0)
            return m;
    }
    return NULL;
}

/* Does the mapping show the file of now? Not one that took its place, and not one that was cut or unreadable.
 */
static bool is_of(const struct blobs_map *m, const struct stat *file)
{
    return m->file.st_dev == file->st_dev && m->file.st_ino == file->st_ino &&
           m->file.st_size == file->st_size && m->file.st_mtim.tv_sec == file->st_mtim.tv_sec &&
           m->file.st_mtim.tv_nsec == file->st_mtim.tv_nsec && m->faults == host_mapped_faults();
}

/* New users come through the lock, which is held: who is alone stays alone. */
static bool is_unread(const struct blobs_map *m)
{
    return atomic_load_explicit(&m->mapped->users, memory_order_acquire) == 1;
}

/* A free place with room for so many bytes; NULL: the others are being read. */
static struct blobs_map *room(struct blobs_maps *maps, uint64_t size)
{
    for (;;) {
        struct blobs_map *place = NULL, *oldest = NULL;

        for (unsigned i = 0; i < BLOBS_MAPS_MAX; i++) {
            struct blobs_map *m = &maps->place[i];

            if (!m->mapped)
                place = m;
            else if (is_unread(m) && (!oldest || m->read_ms < oldest->read_ms))
                oldest = m;
        }
        if (place && maps->bytes + size <= maps->max)
            return place;
        if (!oldest)
            return NULL;
        take_out(maps, oldest);
    }
}

static struct blobs_map *add(struct blobs_maps *maps, const struct otter_digest *digest, const char *path)
{
    auto_close int fd = host_open_strict(path, O_RDONLY | O_NONBLOCK, 0);
    unsigned faults = host_mapped_faults();
    struct blobs_map *m;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
        (uint64_t)st.st_size > maps->max)
        return NULL;
    m = room(maps, (uint64_t)st.st_size);
    if (!m)
        return NULL;
    m->mapped = host_mapped_new(fd, (size_t)st.st_size);
    if (!m->mapped)
        return NULL;
    m->digest = *digest;
    m->file = st;
    m->faults = faults;
    maps->bytes += (uint64_t)st.st_size;
    return m;
}

static bool is_trusted(struct blobs_maps *maps, uint64_t now_ms)
{
    unsigned faults = host_mapped_faults();

    if (faults != maps->faults)
        maps->from_ms = now_ms + BLOBS_MAPS_DOUBT_MS;
    maps->faults = faults;
    return now_ms >= maps->from_ms;
}

/* One whose file was looked at in this very millisecond: where many ask for one, most need no look at it. */
static struct host_mapped *looked_at(struct blobs_maps *maps, const struct otter_digest *digest,
                                     uint64_t now_ms)
{
    struct host_mapped *mapped = NULL;
    struct blobs_map *m;

    pthread_mutex_lock(&maps->lock);
    m = find(maps, digest);
    if (m && m->read_ms == now_ms && m->faults == host_mapped_faults())
        mapped = host_mapped_use(m->mapped);
    pthread_mutex_unlock(&maps->lock);
    return mapped;
}

static struct host_mapped *look_at(struct blobs_maps *maps, const struct otter_digest *digest,
                                   const char *path, uint64_t now_ms)
{
    struct host_mapped *mapped = NULL;
    struct blobs_map *m;
    struct stat st;
    bool there;

    there = lstat(path, &st) == 0;
    pthread_mutex_lock(&maps->lock);
    m = find(maps, digest);
    if (m && (!there || !is_of(m, &st))) {
        take_out(maps, m);
        m = NULL;
    }
    if (!m && there && is_trusted(maps, now_ms))
        m = add(maps, digest, path);
    if (m) {
        m->read_ms = now_ms;
        mapped = host_mapped_use(m->mapped);
    }
    pthread_mutex_unlock(&maps->lock);
    return mapped;
}

struct host_mapped *blobs_maps_get(struct blobs_maps *maps, const struct otter_digest *digest,
                                   const char *path, uint64_t now_ms)
{
    struct host_mapped *mapped;

    if (maps->max == 0)
        return NULL;
    mapped = looked_at(maps, digest, now_ms);
    return mapped ? mapped : look_at(maps, digest, path, now_ms);
}

void blobs_maps_remove(struct blobs_maps *maps, const struct otter_digest *digest)
{
    struct blobs_map *m;

    pthread_mutex_lock(&maps->lock);
    m = find(maps, digest);
    if (m)
        take_out(maps, m);
    pthread_mutex_unlock(&maps->lock);
}

void blobs_maps_rest(struct blobs_maps *maps, uint64_t now_ms)
{
    pthread_mutex_lock(&maps->lock);
    for (unsigned i = 0; i < BLOBS_MAPS_MAX; i++) {
        struct blobs_map *m = &maps->place[i];

        if (m->mapped && is_unread(m) && now_ms - m->read_ms >= BLOBS_MAPS_IDLE_MS)
            take_out(maps, m);
    }
    pthread_mutex_unlock(&maps->lock);
}
