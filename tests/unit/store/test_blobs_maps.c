/* Blobs that are mapped: which, how many, and until when. */
#include "store/blobs_maps.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE 1000u
#define MAX  (3 * SIZE + 500)

struct place {
    char dir[64];
    struct blobs_maps maps;
    uint64_t now;
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    (void)snprintf(p->dir, sizeof p->dir, "/tmp/otter-maps-XXXXXX");
    if (!mkdtemp(p->dir))
        return -1;
    blobs_maps_init(&p->maps, MAX);
    *state = p;
    return 0;
}

static const char *path_of(const struct place *p, unsigned n)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%u", p->dir, n);
    return path;
}

static int teardown(void **state)
{
    struct place *p = *state;

    blobs_maps_free(&p->maps);
    for (unsigned n = 0; n <= BLOBS_MAPS_MAX; n++)
        (void)unlink(path_of(p, n));
    (void)rmdir(p->dir);
    free(p);
    return 0;
}

/* A file of its own, in the place of what was there. */
static void write_file(const struct place *p, unsigned n, size_t size, char letter)
{
    char bytes[4 * SIZE];
    int fd;

    memset(bytes, letter, sizeof bytes);
    (void)unlink(path_of(p, n));
    fd = open(path_of(p, n), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

static void digest_of(unsigned n, struct otter_digest *ret)
{
    memset(ret, (int)n, sizeof *ret);
}

static struct host_mapped *get(struct place *p, unsigned n)
{
    struct otter_digest digest;

    digest_of(n, &digest);
    return blobs_maps_get(&p->maps, &digest, path_of(p, n), ++p->now);
}

/* Read once, and let go. */
static void look(struct place *p, unsigned n)
{
    struct host_mapped *m = get(p, n);

    assert_non_null(m);
    host_mapped_drop(m);
}

/* Is it mapped, whoever else is? */
static bool is_mapped(const struct place *p, unsigned n)
{
    struct otter_digest digest;

    digest_of(n, &digest);
    for (unsigned i = 0; i < BLOBS_MAPS_MAX; i++)
        if (p->maps.place[i].mapped && memcmp(&p->maps.place[i].digest, &digest, sizeof digest) == 0)
            return true;
    return false;
}

static void all_who_read_a_blob_share_one_mapping(void **state)
{
    struct place *p = *state;
    struct host_mapped *a, *b;

    write_file(p, 1, SIZE, 'a');
    a = get(p, 1);
    b = get(p, 1);
    assert_non_null(a);
    assert_ptr_equal(a, b);
    assert_int_equal(a->len, SIZE);
    assert_int_equal(a->bytes[SIZE - 1], 'a');
    host_mapped_drop(a);
    host_mapped_drop(b);
    assert_true(is_mapped(p, 1));
}

static void what_is_absent_empty_or_larger_than_all_is_not_mapped(void **state)
{
    struct place *p = *state;

    write_file(p, 2, 0, 'a');
    write_file(p, 3, MAX + 1, 'a');
    write_file(p, 4, MAX, 'a');
    assert_null(get(p, 1));
    assert_null(get(p, 2));
    assert_null(get(p, 3));
    look(p, 4);
}

static void with_no_bytes_allowed_nothing_is_mapped(void **state)
{
    struct place *p = *state;

    p->maps.max = 0;
    write_file(p, 1, SIZE, 'a');
    assert_null(get(p, 1));
}

static void a_file_in_the_place_of_another_is_seen_and_readers_of_the_other_read_on(void **state)
{
    struct place *p = *state;
    struct host_mapped *before, *after;

    write_file(p, 1, SIZE, 'a');
    before = get(p, 1);
    write_file(p, 1, SIZE, 'b');
    after = get(p, 1);
    assert_int_equal(before->bytes[0], 'a');
    assert_int_equal(after->bytes[0], 'b');
    assert_int_equal(p->maps.bytes, SIZE);
    host_mapped_drop(before);
    host_mapped_drop(after);
    (void)unlink(path_of(p, 1));
    assert_null(get(p, 1));
    assert_int_equal(p->maps.bytes, 0);
}

static struct host_mapped *get_again(struct place *p, unsigned n)
{
    p->now--;
    return get(p, n);
}

static void a_file_is_looked_at_once_a_millisecond_unless_a_look_at_a_mapping_failed(void **state)
{
    struct place *p = *state;
    struct host_mapped *m, *same;

    write_file(p, 1, SIZE, 'a');
    m = get(p, 1);
    write_file(p, 1, SIZE, 'b');
    same = get_again(p, 1);
    assert_ptr_equal(same, m);
    host_mapped_drop(same);
    host_mapped_drop(m);
    for (unsigned i = 0; i < BLOBS_MAPS_MAX; i++)
        p->maps.place[i].faults++;
    m = get_again(p, 1);
    assert_int_equal(m->bytes[0], 'b');
    host_mapped_drop(m);
}

static void a_file_that_was_cut_is_mapped_anew_as_it_is_now(void **state)
{
    struct place *p = *state;
    struct host_mapped *m;

    write_file(p, 1, SIZE, 'a');
    look(p, 1);
    assert_int_equal(truncate(path_of(p, 1), 10), 0);
    m = get(p, 1);
    assert_int_equal(m->len, 10);
    host_mapped_drop(m);
}

static void after_a_fault_nothing_is_mapped_for_a_while_then_anew(void **state)
{
    struct place *p = *state;
    struct host_mapped *kept, *cut, *anew;

    write_file(p, 1, SIZE, 'a');
    write_file(p, 2, SIZE, 'b');
    kept = get(p, 1);
    cut = get(p, 2);
    assert_int_equal(truncate(path_of(p, 2), 0), 0);
    assert_int_equal(cut->bytes[0], 0);
    assert_null(get(p, 1));
    write_file(p, 2, SIZE, 'b');
    p->now += BLOBS_MAPS_DOUBT_MS - 2;
    assert_null(get(p, 2));
    anew = get(p, 1);
    assert_ptr_not_equal(anew, kept);
    assert_int_equal(anew->bytes[0], 'a');
    host_mapped_drop(anew);
    host_mapped_drop(kept);
    host_mapped_drop(cut);
}

static void a_removed_blob_goes_and_its_readers_read_on(void **state)
{
    struct place *p = *state;
    struct otter_digest digest;
    struct host_mapped *m;

    digest_of(1, &digest);
    blobs_maps_remove(&p->maps, &digest); /* nothing to do */
    write_file(p, 1, SIZE, 'a');
    m = get(p, 1);
    blobs_maps_remove(&p->maps, &digest);
    assert_false(is_mapped(p, 1));
    assert_int_equal(m->bytes[SIZE - 1], 'a');
    host_mapped_drop(m);
    assert_int_equal(p->maps.bytes, 0);
}

static void the_one_not_asked_for_the_longest_makes_room_unless_it_is_read(void **state)
{
    struct place *p = *state;
    struct host_mapped *read[3];

    for (unsigned n = 1; n <= 4; n++)
        write_file(p, n, SIZE, 'a');
    for (unsigned n = 1; n <= 3; n++)
        look(p, n);
    look(p, 1);
    look(p, 4);
    assert_true(is_mapped(p, 1));
    assert_false(is_mapped(p, 2));
    assert_true(is_mapped(p, 3));
    read[0] = get(p, 1);
    look(p, 2); /* 3 goes, though 1 was asked for before 4 */
    look(p, 4);
    look(p, 3);
    assert_true(is_mapped(p, 1));
    read[1] = get(p, 3);
    read[2] = get(p, 4);
    assert_null(get(p, 2)); /* all are being read */
    for (unsigned i = 0; i < 3; i++)
        host_mapped_drop(read[i]);
    look(p, 2);
}

static void there_are_never_more_than_places(void **state)
{
    struct place *p = *state;
    struct host_mapped *m[BLOBS_MAPS_MAX];

    for (unsigned n = 0; n <= BLOBS_MAPS_MAX; n++)
        write_file(p, n, 10, 'a');
    for (unsigned n = 0; n < BLOBS_MAPS_MAX; n++)
        assert_non_null(m[n] = get(p, n));
    assert_null(get(p, BLOBS_MAPS_MAX));
    for (unsigned n = 0; n < BLOBS_MAPS_MAX; n++)
        host_mapped_drop(m[n]);
    look(p, BLOBS_MAPS_MAX);
    assert_false(is_mapped(p, 0));
}

static void who_is_not_asked_for_goes_after_a_while_unless_it_is_read(void **state)
{
    struct place *p = *state;
    struct host_mapped *m;

    write_file(p, 1, SIZE, 'a');
    write_file(p, 2, SIZE, 'b');
    m = get(p, 1);
    look(p, 2);
    blobs_maps_rest(&p->maps, p->now + BLOBS_MAPS_IDLE_MS - 1);
    assert_true(is_mapped(p, 2));
    blobs_maps_rest(&p->maps, p->now + BLOBS_MAPS_IDLE_MS);
    assert_false(is_mapped(p, 2));
    assert_true(is_mapped(p, 1));
    host_mapped_drop(m);
    blobs_maps_rest(&p->maps, p->now + BLOBS_MAPS_IDLE_MS);
    assert_false(is_mapped(p, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(all_who_read_a_blob_share_one_mapping),
        T(what_is_absent_empty_or_larger_than_all_is_not_mapped),
        T(with_no_bytes_allowed_nothing_is_mapped),
        T(a_file_in_the_place_of_another_is_seen_and_readers_of_the_other_read_on),
        T(a_file_is_looked_at_once_a_millisecond_unless_a_look_at_a_mapping_failed),
        T(a_file_that_was_cut_is_mapped_anew_as_it_is_now),
        T(after_a_fault_nothing_is_mapped_for_a_while_then_anew),
        T(a_removed_blob_goes_and_its_readers_read_on),
        T(the_one_not_asked_for_the_longest_makes_room_unless_it_is_read),
        T(there_are_never_more_than_places),
        T(who_is_not_asked_for_goes_after_a_while_unless_it_is_read),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
