#include "core/bytes.h"
#include "fleet/records.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DEVICES 5000u

/* As scattered as digests are. */
static struct otter_digest token_of(uint32_t device, uint32_t generation)
{
    uint64_t x = (uint64_t)device * UINT64_C(0x9e3779b97f4a7c15) + generation * UINT64_C(0xd1342543de82ef95);
    struct otter_digest d = {{0}};

    x = (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    otter_put_le64(d.b, x ^ x >> 32);
    otter_put_le32(d.b + 8, device);
    otter_put_le32(d.b + 12, generation);
    return d;
}

static uint32_t find(struct fleet *f, uint32_t device, uint32_t generation)
{
    const struct otter_digest token = token_of(device, generation);

    return fleet_find_token(f, &token);
}

static int setup(void **state)
{
    struct fleet *f = fleet_new(7);
    char id[24];

    assert_true(fleet_reserve(f, DEVICES));
    for (uint32_t i = 0; i < DEVICES; i++) {
        const struct otter_digest token = token_of(i, 0);

        (void)snprintf(id, sizeof(id), "device-%u", i);
        assert_int_equal(fleet_add(f, id, "p", "h", &token), i);
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fleet_free(*state);
    return 0;
}

static void a_second_token_is_as_good_as_the_first_until_it_was_used(void **state)
{
    struct fleet *f = *state;
    const struct otter_digest first = token_of(3, 0), second = token_of(3, 1);
    uint32_t used[4];

    assert_true(fleet_put_second(f, 3, &second, NULL));
    assert_true(fleet_token_is(f, 3, &first) && fleet_second_is(f, 3, &second));
    assert_false(fleet_second_is(f, 4, &second) || fleet_second_is(f, 3, &first));
    assert_int_equal(find(f, 3, 0), 3);
    assert_int_equal(find(f, 3, 1), 3);
    assert_int_equal(fleet_used_seconds(f, used, 4), 0);
    fleet_use_second(f, 3);
    fleet_use_second(f, 3);
    assert_false(fleet_token_is(f, 3, &first));
    assert_true(fleet_token_is(f, 3, &second) && fleet_second_is(f, 3, &second));
    assert_int_equal(find(f, 3, 0), FLEET_NONE);
    assert_int_equal(fleet_used_seconds(f, used, 4), 1);
    assert_int_equal(used[0], 3);
    assert_true(fleet_drop_second(f, 3));
    assert_int_equal(fleet_used_seconds(f, used, 4), 0);
    assert_int_equal(find(f, 3, 0), FLEET_NONE);
    assert_int_equal(find(f, 3, 1), 3);
}

static void a_newer_second_token_takes_the_place_of_the_one_before(void **state)
{
    struct fleet *f = *state;
    const struct otter_digest one = token_of(9, 1), two = token_of(9, 2);

    assert_true(fleet_put_second(f, 9, &one, NULL) && fleet_put_second(f, 9, &two, NULL));
    assert_int_equal(find(f, 9, 1), FLEET_NONE);
    assert_int_equal(find(f, 9, 2), 9);
    assert_int_equal(find(f, 9, 0), 9);
}

static void a_token_that_is_set_ends_the_first_and_the_second(void **state)
{
    struct fleet *f = *state;
    const struct otter_digest second = token_of(9, 1), set = token_of(9, 2);

    assert_true(fleet_put_second(f, 9, &second, NULL) && fleet_set_token(f, 9, &set, NULL));
    assert_int_equal(find(f, 9, 0), FLEET_NONE);
    assert_int_equal(find(f, 9, 1), FLEET_NONE);
    assert_int_equal(find(f, 9, 2), 9);
    assert_true(fleet_put_second(f, 9, &second, NULL));
    fleet_use_second(f, 9);
    assert_true(fleet_set_token(f, 9, &set, NULL)); /* used, and not stored yet */
    assert_int_equal(find(f, 9, 1), FLEET_NONE);
    assert_int_equal(find(f, 9, 2), 9);
}

static void secrets_change_along_with_tokens(void **state)
{
    struct fleet *f = *state;
    const struct otter_digest second = token_of(9, 1), set = token_of(9, 2);
    uint8_t a[FLEET_SECRET] = {1}, b[FLEET_SECRET] = {2}, c[FLEET_SECRET] = {3}, have[FLEET_SECRET];

    assert_true(fleet_set_secret(fleet_lock(f, 9), a));
    fleet_unlock(f, 9);
    assert_false(fleet_second_secret(f, 9, have));
    assert_true(fleet_put_second(f, 9, &second, b) && fleet_second_secret(f, 9, have));
    assert_memory_equal(have, b, sizeof(b));
    fleet_use_second(f, 9);
    assert_true(fleet_secret(fleet_lock(f, 9), have));
    fleet_unlock(f, 9);
    assert_memory_equal(have, b, sizeof(b));
    assert_true(fleet_set_token(f, 9, &set, c) && fleet_secret(fleet_lock(f, 9), have));
    fleet_unlock(f, 9);
    assert_memory_equal(have, c, sizeof(c));
}

/* The index was made for so many and is as full as it may be: it must not grow for it. */
static void a_fleet_changes_all_its_tokens_in_the_room_that_it_has(void **state)
{
    struct fleet *f = *state;
    const struct fleet_table *table = atomic_load(&f->by_token.table);

    for (uint32_t generation = 1; generation <= 8; generation++) {
        for (uint32_t i = 0; i < DEVICES; i++) {
            const struct otter_digest token = token_of(i, generation);

            assert_true(fleet_put_second(f, i, &token, NULL));
            fleet_use_second(f, i);
            assert_true(fleet_drop_second(f, i));
        }
        for (uint32_t i = 0; i < DEVICES; i++) {
            assert_int_equal(find(f, i, generation), i);
            assert_int_equal(find(f, i, generation - 1), FLEET_NONE);
        }
    }
    assert_ptr_equal(atomic_load(&f->by_token.table), table);
}

/* A table that grows between the use of a token and its being stored has it by the new one already. */
static void a_table_that_grows_meanwhile_finds_the_new_token(void **state)
{
    struct fleet *f = *state;
    char id[24];

    for (uint32_t i = 0; i < 100; i++) {
        const struct otter_digest token = token_of(i, 1);

        assert_true(fleet_put_second(f, i, &token, NULL));
        fleet_use_second(f, i);
    }
    for (uint32_t i = DEVICES; i < 3 * DEVICES; i++) {
        const struct otter_digest token = token_of(i, 0);

        (void)snprintf(id, sizeof(id), "device-%u", i);
        assert_int_equal(fleet_add(f, id, "p", "h", &token), i);
    }
    for (uint32_t i = 0; i < 100; i++) {
        assert_true(fleet_drop_second(f, i));
        assert_int_equal(find(f, i, 0), FLEET_NONE);
        assert_int_equal(find(f, i, 1), i);
    }
}

struct asker {
    struct fleet *f;
    atomic_bool over;
    unsigned refused;
};

/* The device has its new token, and shows it: it must be good at each moment of the change. */
static void *ask(void *arg)
{
    struct asker *a = arg;

    while (!atomic_load(&a->over)) {
        const struct otter_digest token = token_of(1, 1);

        a->refused += !fleet_token_is(a->f, 1, &token) && !fleet_second_is(a->f, 1, &token) &&
                      !fleet_token_is(a->f, 1, &token);
        a->refused += fleet_find_token(a->f, &token) != 1 && fleet_find_token(a->f, &token) != 1;
    }
    return NULL;
}

static void a_token_that_is_good_is_so_while_it_changes_place(void **state)
{
    struct asker a = {.f = *state};
    const struct otter_digest token = token_of(1, 1);
    pthread_t thread;

    assert_true(fleet_put_second(a.f, 1, &token, NULL));
    assert_int_equal(pthread_create(&thread, NULL, ask, &a), 0);
    for (unsigned i = 0; i < 2000; i++)
        fleet_use_second(a.f, 1);
    assert_true(fleet_drop_second(a.f, 1));
    for (uint32_t i = 2; i < DEVICES; i++) {
        const struct otter_digest other = token_of(i, 1);

        assert_true(fleet_set_token(a.f, i, &other, NULL));
    }
    atomic_store(&a.over, true);
    (void)pthread_join(thread, NULL);
    assert_int_equal(a.refused, 0);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        EACH(a_second_token_is_as_good_as_the_first_until_it_was_used),
        EACH(a_newer_second_token_takes_the_place_of_the_one_before),
        EACH(a_token_that_is_set_ends_the_first_and_the_second),
        EACH(secrets_change_along_with_tokens),
        EACH(a_fleet_changes_all_its_tokens_in_the_room_that_it_has),
        EACH(a_table_that_grows_meanwhile_finds_the_new_token),
        EACH(a_token_that_is_good_is_so_while_it_changes_place),
    };

    return cmocka_run_group_tests_name("fleet: credentials", tests, NULL, NULL);
}
