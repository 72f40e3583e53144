#include "fleet/fleet.h"
#include "fleet/nonces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void each_of_the_last_256_nonces_is_refused_and_older_ones_are_forgotten(void **state)
{
    struct fleet_nonces nonces = {0};

    (void)state;
    for (uint64_t n = 0; n < 1000; n++) {
        assert_true(fleet_nonce_take(&nonces, n));
        for (uint64_t old = n < 255 ? 0 : n - 255; old <= n; old++)
            assert_false(fleet_nonce_take(&nonces, old));
    }
    assert_true(fleet_nonce_take(&nonces, 1000 - 257));
    assert_false(fleet_nonce_take(&nonces, 1000 - 255)); /* a refused one pushes none out */
}

static void a_secret_is_held_for_its_device_alone(void **state)
{
    static const struct otter_digest token[2] = {{{1}}, {{2}}};
    struct fleet *f = fleet_new(1);
    uint8_t secret[FLEET_SECRET], back[FLEET_SECRET] = {0};
    struct fleet_device *d;

    (void)state;
    memset(secret, 7, sizeof(secret));
    assert_int_equal(fleet_add(f, "a", "p", "h", &token[0]), 0);
    assert_int_equal(fleet_add(f, "b", "p", "h", &token[1]), 1);
    d = fleet_lock(f, 0);
    assert_false(fleet_secret(d, back));
    assert_false(fleet_take_nonce(d, 5)); /* no secret, no proof */
    assert_true(fleet_set_secret(d, secret));
    assert_true(fleet_secret(d, back));
    assert_memory_equal(back, secret, sizeof(secret));
    assert_true(fleet_take_nonce(d, 5));
    assert_false(fleet_take_nonce(d, 5));
    fleet_unlock(f, 0);
    d = fleet_lock(f, 1);
    assert_false(fleet_secret(d, back));
    assert_true(fleet_set_secret(d, secret));
    assert_true(fleet_take_nonce(d, 5)); /* another device's nonces are its own */
    fleet_unlock(f, 1);
    fleet_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_the_last_256_nonces_is_refused_and_older_ones_are_forgotten),
        cmocka_unit_test(a_secret_is_held_for_its_device_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
