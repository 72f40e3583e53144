#include "cmocka_first.h"

#include "hardware.h"
#include "port/flash.h"

static void test_the_boards_are_those_of_the_devices(void **state)
{
    (void)state;
    for (unsigned i = 0; cli_hardware_at(i) != NULL; i++) {
        const struct cli_hardware *h = cli_hardware_at(i);
        const struct otter_flash_map *map = otter_flash_map_find(h->name);

        assert_non_null(map);
        assert_int_equal(h->header_size, map->header_size);
        assert_int_equal(h->align, map->trailer_align);
        assert_int_equal(h->factory, map->factory_base);
        for (unsigned slot = 0; slot < 2; slot++) {
            assert_int_equal(h->link[slot], map->slot[slot].base);
            assert_int_equal(h->slot_size, map->slot[slot].size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_boards_are_those_of_the_devices)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
