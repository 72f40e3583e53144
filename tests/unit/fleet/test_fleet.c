#include "core/bytes.h"
#include "fleet/fleet.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY 20000u

static int setup(void **state)
{
    *state = fleet_new(12345);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    fleet_free(*state);
    return 0;
}

static void token_of(uint32_t i, struct otter_digest *ret)
{
    memset(ret, 0, sizeof(*ret));
    /* All in a few buckets of the index: the worst that hashes can do. */
    otter_put_le32(ret->b, i % 7);
    otter_put_le32(ret->b + 8, i);
}

static uint32_t add(struct fleet *f, uint32_t i)
{
    struct otter_digest token;
    char id[24];

    (void)snprintf(id, sizeof(id), "device-%u", i);
    token_of(i, &token);
    return fleet_add(f, id, i % 2 ? "odd" : "even", "board", &token);
}

static void devices_are_found_by_id(void **state)
{
    struct fleet *f = *state;
    char id[24];

    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(add(f, i), i);
    assert_int_equal(fleet_count(f), MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof(id), "device-%u", i);
        assert_int_equal(fleet_find(f, id), i);
        assert_string_equal(fleet_peek(f, i)->kind->product, i % 2 ? "odd" : "even");
    }
    assert_int_equal(fleet_find(f, "device-x"), FLEET_NONE);
    assert_int_equal(fleet_find(f, ""), FLEET_NONE);
}

static void devices_are_found_by_token_even_if_hashes_collide(void **state)
{
    struct fleet *f = *state;
    struct otter_digest token;

    for (uint32_t i = 0; i < 500; i++)
        add(f, i);
    for (uint32_t i = 0; i < 500; i++) {
        token_of(i, &token);
        assert_int_equal(fleet_find_token(f, &token), i);
    }
    token_of(500, &token);
    assert_int_equal(fleet_find_token(f, &token), FLEET_NONE);
}

static void dirty_marks_come_once_and_in_order(void **state)
{
    static const uint32_t marked[] = {0, 5, 63, 64, 4095, 4096, 8191, 9999};
    struct fleet *f = *state;
    uint32_t at = 0;

    for (uint32_t i = 0; i < 10000; i++)
        add(f, i);
    assert_int_equal(fleet_take_dirty(f, 0), FLEET_NONE);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(marked); i++) {
        fleet_mark_dirty(f, marked[OTTER_ARRAY_LEN(marked) - 1 - i]);
        fleet_mark_dirty(f, marked[OTTER_ARRAY_LEN(marked) - 1 - i]);
    }
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(marked); i++) {
        at = fleet_take_dirty(f, at);
        assert_int_equal(at, marked[i]);
        at++;
    }
    assert_int_equal(fleet_take_dirty(f, at), FLEET_NONE);
    assert_int_equal(fleet_take_dirty(f, 0), FLEET_NONE);
}

/* A sweep goes forward only: what is marked behind it waits for the next one. */
static void mark_behind_the_sweep_waits(void **state)
{
    struct fleet *f = *state;

    for (uint32_t i = 0; i < 10; i++)
        add(f, i);
    fleet_mark_dirty(f, 5);
    assert_int_equal(fleet_take_dirty(f, 0), 5);
    fleet_mark_dirty(f, 3);
    assert_int_equal(fleet_take_dirty(f, 6), FLEET_NONE);
    assert_int_equal(fleet_take_dirty(f, 0), 3);
}

/* Two kinds of marks: who is stored as dirty has been stored as seen, too; not the other way round. */
static void who_was_seen_waits_for_its_part(void **state)
{
    struct fleet *f = *state;

    for (uint32_t i = 0; i < 10000; i++)
        add(f, i);
    for (uint32_t i = 0; i < 5; i++)
        fleet_mark_seen(f, 4094 + i);
    fleet_mark_seen(f, 9999);
    fleet_mark_dirty(f, 4096);
    fleet_mark_dirty(f, 9999);
    assert_int_equal(fleet_take_dirty(f, 0), 4096);
    assert_int_equal(fleet_take_seen(f, 0, 4094), FLEET_NONE);
    assert_int_equal(fleet_take_seen(f, 0, 4095), 4094);
    assert_int_equal(fleet_take_seen(f, 4095, 4096), 4095);
    assert_int_equal(fleet_take_seen(f, 0, 10000), 4097);
    assert_int_equal(fleet_take_seen(f, 0, FLEET_MAX), 4098);
    assert_int_equal(fleet_take_seen(f, 0, FLEET_MAX), 9999);
    assert_int_equal(fleet_take_seen(f, 0, FLEET_MAX), FLEET_NONE);
    assert_int_equal(fleet_take_dirty(f, 0), 9999);
}

static void labels_are_copied_and_replaced(void **state)
{
    struct fleet *f = *state;
    struct fleet_device *d;

    add(f, 0);
    d = fleet_lock(f, 0);
    assert_null(fleet_tags(d));
    assert_true(fleet_set_labels(d, "a\0", 3, NULL, 0, "n\0v\0", 5));
    assert_string_equal(fleet_tags(d), "a");
    assert_null(fleet_own_attrs(d));
    assert_memory_equal(fleet_operator_attrs(d), "n\0v\0", 5);
    assert_true(fleet_set_labels(d, NULL, 0, "x\0y\0", 5, NULL, 0));
    assert_null(fleet_tags(d));
    assert_memory_equal(fleet_own_attrs(d), "x\0y\0", 5);
    assert_true(fleet_set_labels(d, NULL, 0, NULL, 0, NULL, 0));
    assert_null(fleet_own_attrs(d));
    fleet_unlock(f, 0);
}

static void many_devices_share_what_they_say(void **state)
{
    struct fleet *f = *state;
    struct fleet_said said = {.sha256.b = {1}, .version = {1, 2, 3, 4}, .epoch = 5, .sequence = 6, .root = 7};
    const struct fleet_said *first;
    struct fleet_device *d;

    for (uint32_t i = 0; i < 3; i++) {
        add(f, i);
        d = fleet_lock(f, i);
        assert_int_equal(d->said->sequence, 0);
        assert_true(fleet_say(f, d, &said));
        assert_true(fleet_said_equal(d->said, &said));
        fleet_unlock(f, i);
    }
    first = fleet_lock(f, 0)->said;
    fleet_unlock(f, 0);
    assert_ptr_equal(fleet_lock(f, 2)->said, first);
    fleet_unlock(f, 2);
    said.root = 8;
    d = fleet_lock(f, 1);
    assert_true(fleet_say(f, d, &said));
    assert_int_equal(d->said->root, 8);
    fleet_unlock(f, 1);
    assert_int_equal(fleet_lock(f, 0)->said->root, 7);
    fleet_unlock(f, 0);
}

/* More than are shared, all different, again and again; the sanitizers see what is not freed, or too early.
 */
static void fleet_of_many_builds_keeps_them_apart(void **state)
{
    struct fleet *f = *state;
    struct fleet_said said = {.epoch = 1};

    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 3000; i++) {
            if (round == 0)
                add(f, i);
            otter_put_le32(said.sha256.b, i + round);
            assert_true(fleet_say(f, fleet_lock(f, i), &said));
            fleet_unlock(f, i);
        }
        for (uint32_t i = 0; i < 3000; i++) {
            assert_int_equal(otter_le32(fleet_lock(f, i)->said->sha256.b), i + round);
            fleet_unlock(f, i);
        }
    }
}

static void reserved_fleet_takes_more_than_was_reserved(void **state)
{
    struct fleet *f = *state;
    char id[24];

    assert_false(fleet_reserve(f, FLEET_MAX + 1));
    assert_true(fleet_reserve(f, 3000));
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(add(f, i), i);
    for (uint32_t i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof(id), "device-%u", i);
        assert_int_equal(fleet_find(f, id), i);
    }
}

struct reader {
    struct fleet *fleet;
    _Atomic bool stop;
    _Atomic uint32_t missed;
};

/* Two threads move devices from one thing said to the other. */
static void *say_all(void *arg)
{
    struct reader *r = arg;
    struct fleet_said said = {0};

    for (uint32_t i = 0; !atomic_load(&r->stop); i++) {
        struct fleet_device *d = fleet_lock(r->fleet, i % 100);

        said.sha256.b[0] = (uint8_t)(i % 3);
        if (d->said->sha256.b[0] > 2 || !fleet_say(r->fleet, d, &said))
            atomic_fetch_add(&r->missed, 1);
        fleet_unlock(r->fleet, i % 100);
    }
    return NULL;
}

static void threads_say_at_once(void **state)
{
    struct reader r = {.fleet = *state};
    pthread_t thread[2];

    for (uint32_t i = 0; i < 100; i++)
        add(r.fleet, i);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, say_all, &r), 0);
    for (uint32_t i = 100; i < MANY / 4; i++)
        assert_int_equal(add(r.fleet, i), i);
    atomic_store(&r.stop, true);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(atomic_load(&r.missed), 0);
}

/* Whoever is counted is found, also while the index grows under the reader. */
static void *read_all(void *arg)
{
    struct reader *r = arg;
    char id[24];

    while (!atomic_load(&r->stop)) {
        uint32_t count = fleet_count(r->fleet);

        for (uint32_t i = 0; i < count; i += 37) {
            (void)snprintf(id, sizeof(id), "device-%u", i);
            if (fleet_find(r->fleet, id) != i)
                atomic_fetch_add(&r->missed, 1);
        }
    }
    return NULL;
}

static void readers_miss_nobody_while_the_fleet_grows(void **state)
{
    struct reader r = {.fleet = *state};
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(add(r.fleet, i), i);
    atomic_store(&r.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&r.missed), 0);
}

static void marks_stay_until_they_are_set_anew(void **state)
{
    struct fleet *f = *state;
    struct fleet_device *d;
    struct otter_digest token;

    for (uint32_t i = 0; i < 3; i++)
        (void)add(f, i);
    token_of(1, &token);
    d = fleet_lock(f, 1);
    fleet_set_retry(d, true);
    assert_int_equal(fleet_pin(d), 0);
    assert_true(fleet_set_marks(f, 1, d, FLEET_PINNED | FLEET_RETIRED, 77));
    assert_int_equal(d->marks, FLEET_PINNED | FLEET_RETIRED | FLEET_RETRY);
    assert_int_equal(fleet_pin(d), 77);
    fleet_unlock(f, 1);
    assert_int_equal(fleet_in_service(f), 2);
    assert_true(fleet_is_retired(f, 1));
    assert_false(fleet_is_retired(f, 0) || fleet_is_retired(f, 2));
    assert_int_equal(fleet_find(f, "device-1"), 1);
    assert_int_equal(fleet_find_token(f, &token), FLEET_NONE);
    d = fleet_lock(f, 1);
    assert_true(fleet_set_marks(f, 1, d, FLEET_RETIRED, 0)); /* again: counted once */
    assert_int_equal(fleet_in_service(f), 2);
    assert_true(fleet_set_marks(f, 1, d, 0, 0));
    fleet_set_retry(d, false);
    assert_int_equal(d->marks, 0);
    fleet_unlock(f, 1);
    assert_int_equal(fleet_in_service(f), 3);
    assert_int_equal(fleet_find_token(f, &token), 1);
}

static void a_pose_is_kept_while_it_differs_from_the_enrolment(void **state)
{
    struct fleet *f = *state;
    struct fleet_device *d;

    (void)add(f, 1);
    d = fleet_lock(f, 0);
    assert_true(fleet_pose(d, "odd", "board"));
    assert_null(d->extra); /* costs nothing */
    assert_ptr_equal(fleet_pose_of(d), d->kind);
    assert_true(fleet_pose(d, "odd", "other-board"));
    assert_string_equal(fleet_pose_of(d)->hardware, "other-board");
    assert_true(fleet_pose(d, "even", "other-board"));
    assert_string_equal(fleet_pose_of(d)->product, "even");
    assert_string_equal(d->kind->product, "odd");
    assert_true(fleet_pose(d, "odd", "board"));
    assert_ptr_equal(fleet_pose_of(d), d->kind);
    assert_true(fleet_pose(d, "odd", "third"));
    fleet_unlock(f, 0); /* freed with the fleet */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(devices_are_found_by_id, setup, teardown),
        cmocka_unit_test_setup_teardown(devices_are_found_by_token_even_if_hashes_collide, setup, teardown),
        cmocka_unit_test_setup_teardown(dirty_marks_come_once_and_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(mark_behind_the_sweep_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(who_was_seen_waits_for_its_part, setup, teardown),
        cmocka_unit_test_setup_teardown(labels_are_copied_and_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(many_devices_share_what_they_say, setup, teardown),
        cmocka_unit_test_setup_teardown(fleet_of_many_builds_keeps_them_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(reserved_fleet_takes_more_than_was_reserved, setup, teardown),
        cmocka_unit_test_setup_teardown(marks_stay_until_they_are_set_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pose_is_kept_while_it_differs_from_the_enrolment, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_say_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(readers_miss_nobody_while_the_fleet_grows, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
