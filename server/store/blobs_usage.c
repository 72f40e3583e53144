/*
 * How much the blobs take. Each of the 256 folders is read again only when something came into it or left it,
 * which its time of change tells; a time of just now proves nothing, since clocks of file systems are coarse.
 */
#include "store/blobs_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SETTLED_S 2

static void read_folder(const char *path, struct blobs_folder *f)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    struct stat st;

    f->count = f->bytes = 0;
    while (dir && (entry = readdir(dir))) {
        if (strlen(entry->d_name) != OTTER_DIGEST_HEX ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        f->count++;
        f->bytes += (uint64_t)st.st_size;
    }
    if (dir)
        (void)closedir(dir);
}

static void look(const struct blobs_file *b, unsigned i, struct blobs_folder *f)
{
    char path[BLOBS_PATH_MAX];
    struct timespec now;
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%02x", b->blobs_dir, i);
    if (stat(path, &st) != 0) {
        *f = (struct blobs_folder){0};
        return;
    }
    if (f->settled && f->changed.tv_sec == st.st_mtim.tv_sec && f->changed.tv_nsec == st.st_mtim.tv_nsec)
        return;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    f->changed = st.st_mtim;
    f->settled = now.tv_sec - st.st_mtim.tv_sec >= SETTLED_S;
    read_folder(path, f);
}

void blobs_file_usage(struct blobs *self, uint64_t *ret_count, uint64_t *ret_bytes)
{
    struct blobs_file *b = blobs_file_of(self);

    *ret_count = *ret_bytes = 0;
    (void)pthread_mutex_lock(&b->usage_lock);
    for (unsigned i = 0; i < BLOBS_FOLDERS; i++) {
        look(b, i, &b->folders[i]);
        *ret_count += b->folders[i].count;
        *ret_bytes += b->folders[i].bytes;
    }
    (void)pthread_mutex_unlock(&b->usage_lock);
}
