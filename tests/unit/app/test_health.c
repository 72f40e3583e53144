/* What the example application's self-test takes for healthy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/health.h"

#include "core/bytes.h"

static uint32_t image_crc; /* of the image, as flash reads now */

uint32_t identity_image_crc(const struct identity *id)
{
    (void)id;
    return image_crc;
}

static void test_readings_and_image_decide(void **state)
{
    static const struct {
        struct sensor sensor;
        uint32_t crc_at_start, crc_now;
        enum otter_selftest_result result;
    } table[] = {
        {{.samples = 0, .lowest = INT32_MAX, .highest = INT32_MIN}, 7, 7, OTTER_SELFTEST_RUNNING},
        {{.samples = 15, .lowest = 2000, .highest = 2100}, 7, 7, OTTER_SELFTEST_RUNNING},
        {{.samples = 15, .lowest = 2000, .highest = 2000}, 7, 8, OTTER_SELFTEST_RUNNING},
        {{.samples = 16, .lowest = 2000, .highest = 2100}, 7, 7, OTTER_SELFTEST_PASSED},
        {{.samples = 4000, .lowest = -4000, .highest = 12500}, 7, 7, OTTER_SELFTEST_PASSED},
        {{.samples = 16, .lowest = 2000, .highest = 2000}, 7, 7, OTTER_SELFTEST_FAILED}, /* it stands still */
        {{.samples = 16, .lowest = -4001, .highest = 2100}, 7, 7, OTTER_SELFTEST_FAILED},
        {{.samples = 16, .lowest = 2000, .highest = 12501}, 7, 7, OTTER_SELFTEST_FAILED},
        {{.samples = 16, .lowest = 2000, .highest = 2100}, 7, 8, OTTER_SELFTEST_FAILED},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(table); i++) {
        static const struct identity identity;
        struct health health;

        image_crc = table[i].crc_at_start;
        health_init(&health, &identity, &table[i].sensor);
        image_crc = table[i].crc_now;
        assert_int_equal(health_test(&health), table[i].result);
        assert_int_equal(health_image_is_whole(&health), table[i].crc_at_start == table[i].crc_now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_readings_and_image_decide)};

    return cmocka_run_group_tests_name("app-health", tests, NULL, NULL);
}
