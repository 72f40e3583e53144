/* The bootloader's own table of names against the one of core: it says no other name, and misses none. */
#include "core/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

const char *boot_status_name(enum otter_status status); /* boot/names.c, compiled by that name */

static bool has_name(enum otter_status status)
{
    return strcmp(boot_status_name(status), "?") != 0;
}

static void its_names_are_cores(void **state)
{
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; i <= OTTER_STATUS_COUNT; i++) {
        enum otter_status status = (enum otter_status)i;

        if (!has_name(status))
            continue;
        count++;
        assert_string_equal(boot_status_name(status), otter_status_name(status));
    }
    assert_true(count > 0);
}

/* What only a download can find wrong with an image. */
static bool is_the_clients(enum otter_status status)
{
    return status == OTTER_IMAGE_LENGTH || status == OTTER_IMAGE_DIGEST || status == OTTER_IMAGE_REREAD ||
           status == OTTER_IMAGE_VERSION || status == OTTER_IMAGE_COUNTER;
}

static void it_has_a_name_for_whatever_may_be_wrong_with_an_image(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++) {
        enum otter_status status = (enum otter_status)i;

        if (otter_status_group(status) == 'I' && !is_the_clients(status) && !has_name(status))
            fail_msg("no name for %s", otter_status_name(status));
    }
}

/* Journalled by the CRC-32 of the name: without one, the application could not say why. */
static void it_has_a_name_for_each_cause_of_a_rejection(void **state)
{
    static const enum otter_status causes[] = {OTTER_TRIAL_IMAGE, OTTER_IMAGE_FLOOR, OTTER_WATCHDOG,
                                               OTTER_TRIAL_NO_SERVER, OTTER_TRIAL_DEADLINE};

    (void)state;
    for (unsigned i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        assert_true(has_name(causes[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_names_are_cores),
        cmocka_unit_test(it_has_a_name_for_whatever_may_be_wrong_with_an_image),
        cmocka_unit_test(it_has_a_name_for_each_cause_of_a_rejection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
