/*
 * Blobs mapped into memory, one mapping each, for all who read them at the time. Bounded in number and bytes:
 * the one not asked for the longest, and that nobody reads, makes room. Any thread. Inside server/store only.
 */
#ifndef OTTER_STORE_BLOBS_MAPS_H
#define OTTER_STORE_BLOBS_MAPS_H

#include "core/crypto.h"
#include "host/mapped.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>

#define BLOBS_MAPS_MAX     48u    /* below HOST_MAPPED_MAX: some that were taken out may still be read */
#define BLOBS_MAPS_IDLE_MS 60000u /* so long unread, and a mapping goes */
/* So long after a fault nothing is mapped: each fault ends the sessions of TLS (host/mapped.h), and a file
 * that stays unreadable would do that for each who asks. */
#define BLOBS_MAPS_DOUBT_MS 600000u

struct blobs_map {
    struct host_mapped *mapped; /* NULL: the place is free */
    struct otter_digest digest;
    struct stat file; /* as it was mapped */
    unsigned faults;  /* of all mappings then */
    uint64_t read_ms; /* when it was asked for last; its file was looked at in that millisecond, too */
};

struct blobs_maps {
    pthread_mutex_t lock;
    struct blobs_map place[BLOBS_MAPS_MAX];
    uint64_t max, bytes;
    unsigned faults;  /* of all mappings, that are known here */
    uint64_t from_ms; /* from then on there may be mappings */
};

/* max: bytes of all of them; 0 maps nothing. */
void blobs_maps_init(struct blobs_maps *maps, uint64_t max);
void blobs_maps_free(struct blobs_maps *maps);

/*
 * The blob's bytes as its file is now, to the millisecond; the caller is one more user. NULL: it is not
 * there, it is empty, there is no room for it, or there was a fault of late: then it is read from the file.
 */
struct host_mapped *blobs_maps_get(struct blobs_maps *maps, const struct otter_digest *digest,
                                   const char *path, uint64_t now_ms);
/* The blob is no more. Who reads it reads on. */
void blobs_maps_remove(struct blobs_maps *maps, const struct otter_digest *digest);
/* Those that nobody has asked for of late go. */
void blobs_maps_rest(struct blobs_maps *maps, uint64_t now_ms);

#endif
