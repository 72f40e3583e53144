/* Each device's connections come from an address of its own, as long as there are enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/source.h"

#include <stdlib.h>

#define LOOPBACK 0x7f000000u
#define FLEET    1000000u

static struct emu_sources of(const char *text)
{
    struct emu_sources s = {0};

    assert_true(emu_sources_parse(text, &s));
    return s;
}

static void networks_are_taken_and_what_is_none_is_not(void **state)
{
    static const char *const bad[] = {
        "",           "127.0.0.0",     "127.0.0.0/",   "127.0.0.0/7",  "127.0.0.0/31", "127.0.0.1/8",
        "127.0.0/8",  "127.0.0.0/8 ",  "127.0.0.0/-8", "localhost/8",  "::1/8",        "300.0.0.0/8",
        "10.1.0.0/8", "127.0.0.0.0/8", "/8",           "127.0.0.0/08x"};
    struct emu_sources s = {1, 2};

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(emu_sources_parse(bad[i], &s));
    assert_int_equal(s.first, 1);
    assert_int_equal(of("127.0.0.0/8").first, LOOPBACK + 1);
    assert_int_equal(of("127.0.0.0/8").count, 0xfffffe);
    assert_int_equal(of("10.1.2.4/30").count, 2);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void a_million_devices_have_an_address_each_within_the_network(void **state)
{
    struct emu_sources s = of("127.0.0.0/8");
    uint32_t *seen = calloc(FLEET, sizeof(*seen));

    (void)state;
    assert_non_null(seen);
    for (uint32_t i = 0; i < FLEET; i++) {
        seen[i] = emu_source_of(&s, i);
        assert_true(seen[i] > LOOPBACK && seen[i] < LOOPBACK + 0xffffff); /* neither the first nor the last */
    }
    assert_true(seen[1] >> 8 != seen[0] >> 8); /* neighbours are far apart */
    qsort(seen, FLEET, sizeof(*seen), by_value);
    for (uint32_t i = 1; i < FLEET; i++)
        assert_true(seen[i - 1] != seen[i]);
    free(seen);
}

static void every_address_of_a_small_network_is_used_before_one_is_used_again(void **state)
{
    static const char *const networks[] = {"10.0.0.0/30", "10.0.0.0/29", "10.0.0.0/24", "10.0.0.0/16"};

    (void)state;
    for (unsigned n = 0; n < 4; n++) {
        struct emu_sources s = of(networks[n]);
        uint8_t *used = calloc(s.count, 1);

        assert_non_null(used);
        for (uint32_t i = 0; i < 2 * s.count; i++) {
            uint32_t at = emu_source_of(&s, i) - s.first;

            assert_true(at < s.count);
            assert_int_equal(used[at]++, i / s.count);
        }
        free(used);
    }
}

static void without_a_network_the_system_chooses(void **state)
{
    const struct emu_sources none = {0};

    (void)state;
    assert_int_equal(emu_source_of(&none, 7), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_taken_and_what_is_none_is_not),
        cmocka_unit_test(a_million_devices_have_an_address_each_within_the_network),
        cmocka_unit_test(every_address_of_a_small_network_is_used_before_one_is_used_again),
        cmocka_unit_test(without_a_network_the_system_chooses),
    };

    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
