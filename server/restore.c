#include "server/restore.h"

#include "service/offline.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static void print_finding(struct offline_listener *self, const char *what)
{
    (void)self;
    printf("damaged: %s\n", what);
}

static void print_contents(const struct offline_contents *c)
{
    printf("schema %u: %" PRId64 " devices, %" PRId64 " releases, %" PRId64 " rollouts, %" PRId64
           " attempts; %" PRIu64 " blobs of %" PRIu64 " bytes\n",
           c->schema, c->devices, c->releases, c->rollouts, c->attempts, c->blobs, c->blob_bytes);
}

int check_database(const char *data_dir)
{
    struct offline_listener listener = {.found = print_finding};
    struct offline_contents contents;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    int status = 0;

    if (!offline_check(data_dir, &listener, &contents, &status, &err)) {
        fprintf(stderr, "otterd: %s\n", err.message);
        return status;
    }
    print_contents(&contents);
    if (status == 0)
        printf("%s is sound\n", data_dir);
    else
        printf("go on from the newest backup: otterd --restore BACKUP --data NEW\n");
    return status;
}

static void format_time(int64_t at, char *out, size_t cap)
{
    time_t t = (time_t)at;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || strftime(out, cap, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(out, cap, "%" PRId64, at);
}

int restore_backup(const char *backup_dir, const char *data_dir)
{
    struct offline_restored done;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    char made[32];
    int status = 0;

    if (!offline_restore(backup_dir, data_dir, &done, &status, &err)) {
        fprintf(stderr, "otterd: %s\n", err.message);
        return status;
    }
    format_time(done.time, made, sizeof made);
    printf("restored %s, made %s by otterd %s, into %s\n", backup_dir, made, done.version, data_dir);
    print_contents(&done.contents);
    printf("attempts go on from %" PRIu64 "\n", done.contents.next_attempt);
    printf("what was done after the backup is lost: publish roots and releases of that time again\n");
    printf("next: otterd --data %s\n", data_dir);
    return 0;
}
