#include "core/bytes.h"
#include "fleet/fill.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY  20000u
#define HALF  8192u
#define SAYS  3000u /* more than are shared */
#define KINDS 400u  /* the like */

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

struct device {
    char id[24], product[24];
    struct otter_digest token;
    struct fleet_said said;
};

static void describe(uint32_t i, struct device *ret)
{
    memset(ret, 0, sizeof(*ret));
    (void)snprintf(ret->id, sizeof(ret->id), "device-%u", i);
    (void)snprintf(ret->product, sizeof(ret->product), "product-%u", i % KINDS);
    otter_put_le32(ret->token.b, i * 2654435761u);
    otter_put_le32(ret->said.sha256.b, i % SAYS);
    ret->said.root = i % 5;
}

static bool place(struct fleet_hand *hand, uint32_t i)
{
    struct device device;
    struct fleet_device *d;

    describe(i, &device);
    d = fleet_place(hand, i, device.id, device.product, "board", &device.token);
    return d && d == fleet_placed(hand, i) && (i % 7 == 0 || fleet_place_said(hand, d, &device.said));
}

struct filler {
    struct fleet *fleet;
    uint32_t from, upto;
    bool ok;
};

static void *fill(void *arg)
{
    struct filler *f = arg;
    struct fleet_hand *hand = fleet_hand_new(f->fleet);

    f->ok = hand != NULL;
    for (uint32_t i = f->from; i < f->upto && f->ok; i++)
        f->ok = place(hand, i);
    fleet_hand_free(hand);
    return NULL;
}

static void fill_by_two(struct fleet *fleet)
{
    struct filler f[2] = {{.fleet = fleet, .from = 0, .upto = HALF},
                          {.fleet = fleet, .from = HALF, .upto = MANY}};
    pthread_t thread[2];

    assert_true(fleet_reserve(fleet, MANY));
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, fill, &f[i]), 0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_true(f[0].ok && f[1].ok);
}

static void expect(struct fleet *fleet, uint32_t i)
{
    static const struct fleet_said nothing;
    struct device device;
    struct fleet_device *d;

    describe(i, &device);
    assert_int_equal(fleet_find(fleet, device.id), i);
    assert_int_equal(fleet_find_token(fleet, &device.token), i);
    d = fleet_lock(fleet, i);
    assert_string_equal(d->id, device.id);
    assert_string_equal(d->kind->product, device.product);
    assert_true(fleet_said_equal(d->said, i % 7 == 0 ? &nothing : &device.said));
    assert_int_equal(d->attempt, 0);
    fleet_unlock(fleet, i);
}

static void two_hands_fill_what_one_thread_would_add(void **state)
{
    struct fleet *fleet = *state;

    fill_by_two(fleet);
    assert_int_equal(fleet_count(fleet), 0);
    assert_true(fleet_filled(fleet, MANY));
    assert_int_equal(fleet_count(fleet), MANY);
    assert_int_equal(fleet_in_service(fleet), MANY);
    for (uint32_t i = 0; i < MANY; i++)
        expect(fleet, i);
    assert_int_equal(fleet_find(fleet, "device-x"), FLEET_NONE);
}

/* References that a hand had in reserve went back: the last device that says it frees it (under the leak
 * sanitizer). */
static void a_filled_fleet_goes_on_like_any_other(void **state)
{
    struct fleet *fleet = *state;
    struct fleet_said said = {.epoch = 9};
    struct device device;

    fill_by_two(fleet);
    assert_true(fleet_filled(fleet, MANY));
    for (uint32_t i = 0; i < MANY; i++) {
        assert_true(fleet_say(fleet, fleet_lock(fleet, i), &said));
        fleet_unlock(fleet, i);
    }
    for (uint32_t i = MANY; i < 2 * MANY; i++) {
        describe(i, &device);
        assert_int_equal(fleet_add(fleet, device.id, device.product, "board", &device.token), i);
    }
    for (uint32_t i = MANY; i < 2 * MANY; i++) {
        describe(i, &device);
        assert_int_equal(fleet_find(fleet, device.id), i);
    }
    fleet_mark_dirty(fleet, MANY - 1);
    fleet_mark_dirty(fleet, MANY);
    assert_int_equal(fleet_take_dirty(fleet, 0), MANY - 1);
    assert_int_equal(fleet_take_dirty(fleet, 0), MANY);
}

static void a_fleet_with_an_empty_place_is_refused(void **state)
{
    struct fleet *fleet = *state;
    struct fleet_hand *hand = fleet_hand_new(fleet);

    assert_true(fleet_reserve(fleet, 3));
    assert_true(place(hand, 0) && place(hand, 2));
    assert_null(fleet_placed(hand, 1));
    fleet_hand_free(hand);
    assert_false(fleet_filled(fleet, 3));
    assert_int_equal(fleet_count(fleet), 0);
}

static void an_empty_fleet_is_filled_at_once(void **state)
{
    struct fleet *fleet = *state;

    assert_true(fleet_reserve(fleet, 0));
    assert_true(fleet_filled(fleet, 0));
    assert_int_equal(fleet_find(fleet, "device-0"), FLEET_NONE);
}

static void a_large_fleet_is_all_zero_where_nothing_is(void **state)
{
    struct fleet *fleet = *state;
    uint32_t devices = 700001;
    struct fleet_hand *hand = fleet_hand_new(fleet);

    assert_true(fleet_reserve(fleet, devices));
    assert_true(place(hand, devices - 1));
    assert_null(fleet_placed(hand, 0));
    assert_null(fleet_placed(hand, devices - 2));
    fleet_hand_free(hand);
    assert_false(fleet_filled(fleet, devices));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_hands_fill_what_one_thread_would_add, setup, teardown),
        cmocka_unit_test_setup_teardown(a_filled_fleet_goes_on_like_any_other, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fleet_with_an_empty_place_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_fleet_is_filled_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_fleet_is_all_zero_where_nothing_is, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
