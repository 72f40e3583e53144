/* Blobs as files: whole or not at all. (The way through the services is in tests/unit/service.) */
#include "core/bytes.h"
#include "host/crypto.h"
#include "store/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char dir[64];
    struct blobs *blobs;
};

static struct blobs *open_blobs(const char *dir)
{
    struct host_error err = {0};
    struct blobs *b = blobs_file_open(dir, 0, &err);

    if (!b)
        fail_msg("%s", err.message);
    return b;
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    (void)snprintf(p->dir, sizeof(p->dir), "/tmp/otter-blobs-XXXXXX");
    if (!mkdtemp(p->dir))
        return -1;
    p->blobs = open_blobs(p->dir);
    *state = p;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int teardown(void **state)
{
    struct place *p = *state;

    blobs_close(p->blobs);
    (void)nftw(p->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static void digest_of(const char *text, struct otter_digest *ret)
{
    otter_sha256_of(&otter_crypto_openssl, text, strlen(text), ret);
}

static void small_blob_is_put_at_once_and_lies_under_its_digest(void **state)
{
    struct place *p = *state;
    struct host_error err = {0};
    struct otter_digest d;
    char hex[OTTER_DIGEST_HEX + 1], path[256], text[8];
    uint64_t size = 0;
    int fd;

    digest_of("hello", &d);
    assert_int_equal(p->blobs->ops->open(p->blobs, &d, &size), -1);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(p->blobs->ops->put(p->blobs, &d, "hello", 5, &err), OTTER_OK);
    otter_hex_encode(d.b, OTTER_DIGEST_LEN, hex);
    (void)snprintf(path, sizeof(path), "%s/blobs/%.2s/%s", p->dir, hex, hex);
    assert_int_equal(access(path, F_OK), 0);
    assert_true(p->blobs->ops->held(p->blobs, &d, &size));
    assert_int_equal(size, 5);
    fd = p->blobs->ops->open(p->blobs, &d, &size);
    assert_int_equal(read(fd, text, sizeof(text)), 5);
    assert_int_equal(write(fd, "x", 1), -1); /* read only */
    close(fd);
}

static void two_uploads_do_not_disturb_each_other(void **state)
{
    struct place *p = *state;
    const struct blobs_ops *ops = p->blobs->ops;
    struct host_error err = {0};
    struct otter_digest a, b;
    uint64_t offset, size;

    digest_of("aaaa", &a);
    digest_of("bbbb", &b);
    assert_int_equal(ops->begin(p->blobs, &a, 4, &offset), OTTER_OK);
    assert_int_equal(ops->begin(p->blobs, &b, 4, &offset), OTTER_OK);
    assert_int_equal(ops->append(p->blobs, &a, 0, "aa", 2), OTTER_OK);
    assert_int_equal(ops->append(p->blobs, &b, 0, "bbbb", 4), OTTER_OK);
    assert_int_equal(ops->finish(p->blobs, &b, &err), OTTER_OK);
    assert_int_equal(ops->stat(p->blobs, &a, &offset, &size), OTTER_OK);
    assert_int_equal(offset, 2);
    assert_false(ops->held(p->blobs, &a, &size));
    assert_int_equal(ops->append(p->blobs, &a, 2, "aa", 2), OTTER_OK);
    assert_int_equal(ops->finish(p->blobs, &a, &err), OTTER_OK);
    assert_true(ops->held(p->blobs, &a, &size));
    assert_int_equal(ops->finish(p->blobs, &a, &err), OTTER_NOT_FOUND);
}

static void restart_finds_uploads_and_clears_leftovers(void **state)
{
    struct place *p = *state;
    struct otter_digest d;
    char path[256];
    uint64_t offset, size;
    int fd;

    digest_of("0123456789", &d);
    assert_int_equal(p->blobs->ops->begin(p->blobs, &d, 10, &offset), OTTER_OK);
    assert_int_equal(p->blobs->ops->append(p->blobs, &d, 0, "01234", 5), OTTER_OK);
    blobs_close(p->blobs);
    (void)snprintf(path, sizeof(path), "%s/tmp/leftover", p->dir);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    p->blobs = open_blobs(p->dir);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(p->blobs->ops->stat(p->blobs, &d, &offset, &size), OTTER_OK);
    assert_int_equal(offset, 5);
    assert_int_equal(size, 10);
}

/* Killed between the last byte and its check: whoever resumes must have something to send, or it is never
 * checked. */
static void an_upload_cut_before_its_check_asks_for_its_last_byte_again(void **state)
{
    struct place *p = *state;
    struct host_error err = {0};
    struct otter_digest d;
    uint64_t offset = 0, size;

    digest_of("0123456789", &d);
    assert_int_equal(p->blobs->ops->begin(p->blobs, &d, 10, &offset), OTTER_OK);
    assert_int_equal(p->blobs->ops->append(p->blobs, &d, 0, "0123456789", 10), OTTER_OK);
    blobs_close(p->blobs);
    p->blobs = open_blobs(p->dir);
    assert_int_equal(p->blobs->ops->stat(p->blobs, &d, &offset, &size), OTTER_OK);
    assert_int_equal(offset, 9);
    assert_int_equal(p->blobs->ops->append(p->blobs, &d, 9, "9", 1), OTTER_OK);
    assert_int_equal(p->blobs->ops->finish(p->blobs, &d, &err), OTTER_OK);
    assert_true(p->blobs->ops->held(p->blobs, &d, &size));
}

static void age(const struct place *p, const char *name, time_t seconds)
{
    struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
    char path[256];

    (void)snprintf(path, sizeof(path), "%s/tmp/%s", p->dir, name);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Else what nobody finishes fills the disk for ever, and a size announced wrongly blocks its digest. */
static void uploads_left_for_a_week_are_given_up(void **state)
{
    struct place *p = *state;
    const struct blobs_ops *ops = p->blobs->ops;
    struct otter_digest old, young, third;
    char hex[OTTER_DIGEST_HEX + 1], name[OTTER_DIGEST_HEX + 8];
    uint64_t offset = 0, size;

    digest_of("0123456789", &old);
    digest_of("abcdefghij", &young);
    digest_of("klmnopqrst", &third);
    assert_int_equal(ops->begin(p->blobs, &old, 11, &offset), OTTER_OK);
    assert_int_equal(ops->append(p->blobs, &old, 0, "01234", 5), OTTER_OK);
    assert_int_equal(ops->begin(p->blobs, &old, 10, &offset), OTTER_CONFLICT);
    assert_int_equal(ops->begin(p->blobs, &young, 10, &offset), OTTER_OK);
    otter_hex_encode(old.b, OTTER_DIGEST_LEN, hex);
    (void)snprintf(name, sizeof(name), "%s.11", hex);
    age(p, name, 7 * 86400 + 60);
    otter_hex_encode(young.b, OTTER_DIGEST_LEN, hex);
    (void)snprintf(name, sizeof(name), "%s.10", hex);
    age(p, name, 7 * 86400 - 60);
    blobs_close(p->blobs); /* the files' times count for what was left before the start */
    p->blobs = open_blobs(p->dir);
    ops = p->blobs->ops;
    assert_int_equal(ops->begin(p->blobs, &third, 10, &offset), OTTER_OK);
    assert_int_equal(ops->stat(p->blobs, &old, &offset, &size), OTTER_NOT_FOUND);
    assert_int_equal(ops->stat(p->blobs, &young, &offset, &size), OTTER_OK);
    assert_int_equal(ops->begin(p->blobs, &old, 10, &offset), OTTER_OK);
    assert_int_equal(offset, 0);
}

static void upload_without_a_byte_may_be_announced_with_another_size(void **state)
{
    struct place *p = *state;
    const struct blobs_ops *ops = p->blobs->ops;
    struct otter_digest d;
    uint64_t offset = 9, size = 0;

    digest_of("0123456789", &d);
    assert_int_equal(ops->begin(p->blobs, &d, 1000, &offset), OTTER_OK);
    assert_int_equal(ops->begin(p->blobs, &d, 10, &offset), OTTER_OK);
    assert_int_equal(ops->stat(p->blobs, &d, &offset, &size), OTTER_OK);
    assert_int_equal(offset, 0);
    assert_int_equal(size, 10);
}

/* A limit on file sizes stands for a full disk: what fitted counts as received, and it goes on later. */
static void full_disk_keeps_what_fitted(void **state)
{
    struct place *p = *state;
    const struct blobs_ops *ops = p->blobs->ops;
    static char data[8192];
    struct rlimit before, small;
    struct host_error err = {0};
    struct otter_digest d;
    uint64_t offset = 0, size;
    enum otter_status status;

    memset(data, 'd', sizeof(data));
    otter_sha256_of(&otter_crypto_openssl, data, sizeof(data), &d);
    assert_int_equal(ops->begin(p->blobs, &d, sizeof(data), &offset), OTTER_OK);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 5000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    status = ops->append(p->blobs, &d, 0, data, sizeof(data));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, OTTER_STORE_FULL);
    assert_int_equal(ops->stat(p->blobs, &d, &offset, &size), OTTER_OK);
    assert_in_range(offset, 0, 5000);
    assert_int_equal(ops->append(p->blobs, &d, offset, data + offset, sizeof(data) - offset), OTTER_OK);
    assert_int_equal(ops->finish(p->blobs, &d, &err), OTTER_OK);
}

struct listing {
    struct blobs_visitor visitor;
    unsigned count, stop_at;
    uint64_t bytes;
};

static bool take_blob(struct blobs_visitor *self, const struct blobs_entry *blob)
{
    struct listing *l = OTTER_CONTAINER_OF(self, struct listing, visitor);

    l->count++;
    l->bytes += blob->size;
    return l->count != l->stop_at;
}

static void blobs_are_listed_and_removed_under_the_hands_of_readers(void **state)
{
    struct place *p = *state;
    const struct blobs_ops *ops = p->blobs->ops;
    struct listing all = {.visitor.blob = take_blob}, some = {.visitor.blob = take_blob, .stop_at = 1};
    char path[128], text[8] = "";
    struct otter_digest a, b;
    uint64_t size;
    int fd;

    digest_of("hello", &a);
    digest_of("world!", &b);
    assert_int_equal(ops->put(p->blobs, &a, "hello", 5, NULL), OTTER_OK);
    assert_int_equal(ops->put(p->blobs, &b, "world!", 6, NULL), OTTER_OK);
    (void)snprintf(path, sizeof(path), "%s/blobs/%02x/README", p->dir, a.b[0]);
    fclose(fopen(path, "w")); /* nobody's blob */
    assert_int_equal(ops->list(p->blobs, &all.visitor), OTTER_OK);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.bytes, 11);
    assert_int_equal(ops->list(p->blobs, &some.visitor), OTTER_OK);
    assert_int_equal(some.count, 1);
    fd = ops->open(p->blobs, &a, &size);
    assert_int_equal(ops->remove(p->blobs, &a), OTTER_OK);
    assert_false(ops->held(p->blobs, &a, &size));
    assert_int_equal(read(fd, text, sizeof(text)), 5);
    assert_string_equal(text, "hello");
    close(fd);
    assert_int_equal(ops->remove(p->blobs, &a), OTTER_OK); /* nothing to do */
    assert_true(ops->held(p->blobs, &b, &size));
}

static void uploads_are_given_up_by_age_and_only_counted_in_a_dry_run(void **state)
{
    struct place *p = *state;
    const struct blobs_ops *ops = p->blobs->ops;
    int64_t now = (int64_t)time(NULL);
    struct otter_digest d;
    uint64_t offset, size;

    digest_of("0123456789", &d);
    assert_int_equal(ops->begin(p->blobs, &d, 10, &offset), OTTER_OK);
    assert_int_equal(ops->give_up(p->blobs, now - 100, false), 0);
    assert_int_equal(ops->give_up(p->blobs, now + 100, true), 1);
    assert_int_equal(ops->stat(p->blobs, &d, &offset, &size), OTTER_OK);
    assert_int_equal(ops->give_up(p->blobs, now + 100, false), 1);
    assert_int_equal(ops->stat(p->blobs, &d, &offset, &size), OTTER_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(small_blob_is_put_at_once_and_lies_under_its_digest),
        T(two_uploads_do_not_disturb_each_other),
        T(restart_finds_uploads_and_clears_leftovers),
        T(an_upload_cut_before_its_check_asks_for_its_last_byte_again),
        T(uploads_left_for_a_week_are_given_up),
        T(upload_without_a_byte_may_be_announced_with_another_size),
        T(full_disk_keeps_what_fitted),
        T(blobs_are_listed_and_removed_under_the_hands_of_readers),
        T(uploads_are_given_up_by_age_and_only_counted_in_a_dry_run),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
