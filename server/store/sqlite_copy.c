/*
 * Copies of the database: whole ones before the schema changes, and one that grows in steps while the writer
 * goes on. The latter is SQLite's backup on the writer's own connection: what that connection commits
 * meanwhile goes into the pages copied already, so that the copy never starts anew.
 */
#include "store/sqlite_internal.h"

#include "host/cleanup.h"
#include "host/copy.h"
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store_copy {
    sqlite3 *to;
    sqlite3_backup *backup;
};

void store_sqlite_copy_end(struct store_copy *copy)
{
    if (!copy)
        return;
    if (copy->backup)
        (void)sqlite3_backup_finish(copy->backup);
    (void)sqlite3_close(copy->to);
    free(copy);
}

/* A file of our own, so that it is nobody else's to read. What is not whole is never looked at: no journal.
 */
static bool open_target(struct store_copy *copy, const char *path, struct host_error *err)
{
    auto_close int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "'%s' cannot be made", path);
    errno = 0;
    if (sqlite3_open_v2(path, &copy->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
        sqlite3_exec(copy->to,
                     "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024", NULL,
                     NULL, NULL) == SQLITE_OK)
        return true;
    return host_fail_errno(err, HOST_ERROR_FILE, "'%s' cannot be written", path);
}

static struct store_copy *begin(sqlite3 *from, const char *path, struct host_error *err)
{
    struct store_copy *copy = calloc(1, sizeof(*copy));

    if (!copy) {
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    if (open_target(copy, path, err)) {
        copy->backup = sqlite3_backup_init(copy->to, "main", from, "main");
        if (copy->backup)
            return copy;
        (void)host_fail(err, HOST_ERROR_FILE, "'%s' cannot be written: %s", path, sqlite3_errmsg(copy->to));
    }
    store_sqlite_copy_end(copy);
    return NULL;
}

struct store_copy *store_sqlite_copy_begin(struct store *writer, const char *path, struct host_error *err)
{
    return begin(store_sqlite_of(writer)->db, path, err);
}

enum otter_status store_sqlite_copy_step(struct store_copy *copy, int pages, int *ret_left)
{
    int rc;

    errno = 0;
    rc = sqlite3_backup_step(copy->backup, pages);
    *ret_left = rc == SQLITE_DONE ? 0 : sqlite3_backup_remaining(copy->backup);
    return store_sqlite_status_after(rc);
}

bool store_sqlite_copy_whole(sqlite3 *db, const char *path, struct host_error *err)
{
    struct store_copy *copy = begin(db, path, err);
    enum otter_status status = OTTER_OK;
    int left = 1;

    if (!copy)
        return false;
    while (status == OTTER_OK && left > 0)
        status = store_sqlite_copy_step(copy, -1, &left);
    store_sqlite_copy_end(copy);
    if (status == OTTER_OK)
        return host_file_sync(path, err);
    return host_fail(err, HOST_ERROR_FILE, "'%s' cannot be written: %s", path, otter_status_meaning(status));
}

static void kept_name(const char *path, unsigned version, const char *suffix, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%s.before-%u%s", path, version, suffix);
}

/* The schema of a database file that nobody has open: bytes 60 to 63 of its header. -1: no such file. */
static int schema_of_file(const char *path)
{
    auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t b[4];

    if (fd < 0 || !host_pread_all(fd, b, sizeof(b), 60))
        return -1;
    return (int)((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
}

/*
 * By way of another name, so that what has the name is whole. A copy of an older schema than the database has
 * now was made by a start that was cut short among the changes: it stays. One of the same schema is older
 * than the database, which went on from it when it was put back.
 */
bool store_sqlite_keep(sqlite3 *db, unsigned version, struct host_error *err)
{
    const char *path = sqlite3_db_filename(db, "main");
    char kept[PATH_MAX], part[PATH_MAX], dir[PATH_MAX];
    char *slash;
    int schema;

    if (strlen(path) > PATH_MAX - 40)
        return host_fail(err, HOST_ERROR_FILE, "the data directory's name is too long");
    kept_name(path, version, "", kept);
    schema = schema_of_file(kept);
    if (schema >= 0 && schema < store_sqlite_user_version(db))
        return true;
    kept_name(path, version, ".part", part);
    (void)unlink(part); /* of a start that was cut short */
    if (!store_sqlite_copy_whole(db, part, err) ||
        (rename(part, kept) != 0 && !host_fail_errno(err, HOST_ERROR_FILE, "'%s' cannot be made", kept))) {
        (void)unlink(part);
        return false;
    }
    (void)snprintf(dir, sizeof(dir), "%s", path);
    slash = strrchr(dir, '/');
    if (slash)
        slash[1] = '\0';
    return host_dir_sync(slash ? dir : ".", err);
}

const char *store_sqlite_kept(const char *path, unsigned above, unsigned upto, char out[PATH_MAX])
{
    if (strlen(path) > PATH_MAX - 40)
        return NULL;
    for (unsigned version = upto; version > above; version--) {
        kept_name(path, version, "", out);
        if (access(out, F_OK) == 0)
            return out;
    }
    return NULL;
}
