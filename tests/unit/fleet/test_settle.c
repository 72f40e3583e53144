/* For how long a device is answered without being looked at. */
#include "fleet/fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW INT64_C(1800000000)

static void device_is_settled_until_generation_or_time_changes(void **state)
{
    static const struct {
        int64_t until; /* seconds from now; 0: whatever the time */
        uint32_t settled_in, asked_in;
        int64_t later;
        bool settled;
    } cases[] = {
        {0, 1, 1, 0, true},
        {0, 1, 1, 100000000, true},
        {0, 1, 2, 0, false},
        {0, 50000, 50000 - 32768, 0, false},
        {0, 0x80000005, 0x80000005, 0, true}, /* the catalog was read two thousand million times */
        {600, 7, 7, 0, true},
        {600, 7, 7, 539, true},
        {600, 7, 7, 600, false},
        {600, 7, 7, 601, false},
        {600, 7, 7, 100000000, false},
        {600, 7, 8, 10, false},
        {600, 50000, 50000, 10, true},
        {100000000, 7, 7, 99999939, true}, /* three years */
        {100000000, 7, 7, 100000000, false},
        {-5, 7, 7, 0, false},
        {1, 7, 7, 0, false}, /* in the same minute: not worth it */
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fleet_device d = {0};

        fleet_settle(&d, cases[i].settled_in, NOW, cases[i].until ? NOW + cases[i].until : 0);
        if (fleet_settled(&d, cases[i].asked_in, NOW + cases[i].later) != cases[i].settled)
            fail_msg("case %u", i);
    }
}

static void nothing_said_is_not_settled(void **state)
{
    struct fleet_device d = {0};

    (void)state;
    assert_false(fleet_settled(&d, 0, NOW));
    assert_false(fleet_settled(&d, 1, NOW));
}

/* Whatever the moment: never beyond what was said, and never shorter than that by a minute. */
static void no_device_is_settled_for_longer_than_said(void **state)
{
    (void)state;
    for (int64_t now = NOW; now < NOW + 20000000; now += 9973)
        for (int64_t for_s = 1; for_s <= 36000; for_s += 397) {
            struct fleet_device d = {0};

            fleet_settle(&d, 3, now, now + for_s);
            assert_false(fleet_settled(&d, 3, now + for_s));
            if (for_s > 60)
                assert_true(fleet_settled(&d, 3, now + for_s - 60));
            fleet_unsettle(&d);
            assert_false(fleet_settled(&d, 3, now));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(device_is_settled_until_generation_or_time_changes),
        cmocka_unit_test(nothing_said_is_not_settled),
        cmocka_unit_test(no_device_is_settled_for_longer_than_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
