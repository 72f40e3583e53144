/* Inside server/store only: blobs as files. */
#ifndef OTTER_STORE_BLOBS_INTERNAL_H
#define OTTER_STORE_BLOBS_INTERNAL_H

#include "store/blobs.h"
#include "store/blobs_maps.h"

#include <limits.h>
#include <pthread.h>
#include <time.h>

/* An upload in progress; the file's length is its offset, so that both cannot disagree after a crash. */
struct upload {
    struct upload *next;
    struct otter_digest digest;
    uint64_t size;
    uint64_t offset;
    int64_t
        touched_ms; /* monotonic, so that a clock set ahead gives up no upload; before 0: before the boot */
    bool busy;      /* a thread is at it; others are sent away */
};

#define BLOBS_FOLDERS 256u

/* What was found in blobs/aa when it was last read. */
struct blobs_folder {
    struct timespec changed;
    bool settled; /* a change since then would show in the folder's time */
    uint64_t count, bytes;
};

struct blobs_file {
    struct blobs base;
    struct blobs_ops ops;
    char blobs_dir[PATH_MAX];
    char tmp_dir[PATH_MAX];
    pthread_mutex_t lock;  /* guards the list and the members of its entries */
    pthread_mutex_t place; /* held while an upload gets its name, and by hold */
    struct upload *uploads;
    pthread_mutex_t usage_lock; /* guards the folders */
    struct blobs_folder folders[BLOBS_FOLDERS];
    struct blobs_maps maps;
};

#define BLOBS_PATH_MAX (PATH_MAX + OTTER_DIGEST_HEX + 32)

struct blobs_file *blobs_file_of(struct blobs *blobs);
void blobs_file_path(const struct blobs_file *b, const struct otter_digest *digest, char out[BLOBS_PATH_MAX]);
/* Makes blobs/aa and syncs its parent. */
bool blobs_file_fan(const struct blobs_file *b, const struct otter_digest *digest, char out[BLOBS_PATH_MAX],
                    struct host_error *err);
enum otter_status blobs_errno_status(int error);

/* Finds the uploads of a former run in tmp/; other files there are leftovers and go. */
bool blobs_uploads_load(struct blobs_file *b, struct host_error *err);
void blobs_uploads_free(struct blobs_file *b);
void blobs_upload_ops(struct blobs_ops *ops);
void blobs_file_usage(struct blobs *self, uint64_t *ret_count, uint64_t *ret_bytes);

#endif
