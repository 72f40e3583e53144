/* What a backup does with files, in a thread of its own but for the last part. */
#ifndef OTTER_SERVICE_BACKUP_WORK_H
#define OTTER_SERVICE_BACKUP_WORK_H

#include "service/backup_note.h"
#include "service/internal.h"
#include "store/blobs_walk.h"

struct backup_work {
    struct blobs_walker walker;
    char dir[PATH_MAX];  /* the backup's */
    char data[PATH_MAX]; /* the server's */
    bool made;           /* by us: taken away again if the backup fails */
    atomic_bool *stopping;
    atomic_bool finished; /* the thread is through; ok and error are set */
    bool ok;
    struct host_error error;
    struct backup_note note;
    uint64_t linked, copied;
    uint8_t fans[256]; /* directories that got a blob since they were synced */
};

void backup_work_init(struct backup_work *w, struct svc *svc, const char *dir);
/* What there would be to do: sizes and numbers. */
void backup_work_estimate(struct svc *svc, struct backup_work *w);

/* For pthread_create, of a struct backup_work. Gather: keys, and the blobs that there are. Again: the blobs
 * that came meanwhile, and a sync of the database as far as it is copied. Clean: takes all away. */
void *backup_work_gather(void *work);
void *backup_work_again(void *work);
void *backup_work_clean(void *work);

/* After the copy of the database: the last blobs, digest, syncs, backup.json. False with work->error. */
bool backup_work_finish(struct backup_work *w, int64_t now);

enum otter_status backup_error_status(const struct host_error *error);
enum otter_status backup_work_status(const struct backup_work *w);

#endif
