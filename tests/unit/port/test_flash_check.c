/* The check of flash drivers: our own pass it, and each defect that it is for is called by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "port/flash_check.h"

#include "core/bytes.h"
#include "ports/posix/flash_file.h"
#include "ram_flash.h"

#include <string.h>

static const struct otter_flash_map *const maps[] = {&otter_map_nucleo_f429zi, &otter_map_mps2_an386,
                                                     &otter_map_f407, &otter_map_h743};

static void test_the_file_driver_passes_on_every_map(void **state)
{
    (void)state;
    for (unsigned m = 0; m < OTTER_ARRAY_LEN(maps); m++) {
        const struct otter_flash_map *map = maps[m];
        struct otter_flash_file f;

        assert_int_equal(otter_flash_file_open_memory(&f, map), 0);
        /* A sector amid others, and the last one, behind which nothing lies. */
        assert_null(otter_flash_check(&f.flash, map->journal_base));
        assert_null(otter_flash_check(&f.flash, map->slot[1].base));
        otter_flash_file_close(&f);
    }
}

static void test_flash_in_memory_passes(void **state)
{
    struct ram_flash f;
    uint32_t last = ram_flash_map_small.base + ram_flash_map_small.size - 0x4000;

    (void)state;
    ram_flash_init(&f, &ram_flash_map_small);
    assert_null(otter_flash_check(&f.flash, ram_flash_map_small.base));
    assert_null(otter_flash_check(&f.flash, last));
    ram_flash_free(&f);
}

static void test_a_scratch_sector_that_is_none_is_not_touched(void **state)
{
    static const uint32_t wrong[] = {0x08000004, 0x07ffc000, 0x08034000, 0};
    struct ram_flash f;

    (void)state;
    ram_flash_init(&f, &ram_flash_map_small);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(wrong); i++)
        assert_string_equal(otter_flash_check(&f.flash, wrong[i]),
                            "the scratch sector is a sector of the map");
    assert_int_equal(f.erases + f.programs, 0);
    ram_flash_free(&f);
}

/* ---- a driver with one defect ---- */

struct bad_flash {
    struct otter_flash flash;
    struct ram_flash *ram;
    unsigned defect;
};

enum {
    ERASE_DOES_NOTHING,
    ERASE_LEAVES_THE_END,
    ERASE_TAKES_THE_NEXT,
    ERASE_TAKES_THE_ONE_BEFORE,
    ERASE_ROUNDS_DOWN,
    PROGRAM_IS_A_WORD_TOO_LONG,
    PROGRAM_DOES_ONE_UNIT,
    PROGRAM_ROUNDS_ITS_SOURCE,
    PROGRAM_SETS_BITS,
    PROGRAM_ROUNDS_DOWN,
    READ_ROUNDS_DOWN,
    NO_BOUNDS,
    ERROR_IS_SWALLOWED,
    DEFECTS
};

static const char *const found_as[DEFECTS] = {
    [ERASE_DOES_NOTHING] = "an erase leaves the whole sector 0xff",
    [ERASE_LEAVES_THE_END] = "an erase leaves the whole sector 0xff",
    [ERASE_TAKES_THE_NEXT] = "an erase leaves the sectors beside it alone",
    [ERASE_TAKES_THE_ONE_BEFORE] = "an erase leaves the sectors beside it alone",
    [ERASE_ROUNDS_DOWN] = "an erase at no sector's base is an error that changes nothing",
    [PROGRAM_IS_A_WORD_TOO_LONG] = "a unit programmed reads back, and nothing else changes",
    [PROGRAM_DOES_ONE_UNIT] = "several units are programmed at once, up to the sector's end",
    [PROGRAM_ROUNDS_ITS_SOURCE] = "a program takes its bytes from any address",
    [PROGRAM_SETS_BITS] = "a program clears bits and sets none",
    [PROGRAM_ROUNDS_DOWN] =
        "a program at no unit's edge, or of no whole units, is an error that changes nothing",
    [READ_ROUNDS_DOWN] = "a read takes any address and length",
    [NO_BOUNDS] = "an address outside the flash is an error",
    [ERROR_IS_SWALLOWED] =
        "a program at no unit's edge, or of no whole units, is an error that changes nothing",
};

static struct bad_flash *bad_of(struct otter_flash *flash)
{
    return OTTER_CONTAINER_OF(flash, struct bad_flash, flash);
}

static bool outside(const struct otter_flash_map *map, uint32_t addr, uint32_t len)
{
    return addr < map->base || addr - map->base > map->size || len > map->size - (addr - map->base);
}

static enum otter_status bad_read(struct otter_flash *self, uint32_t addr, void *buf, uint32_t len)
{
    struct bad_flash *b = bad_of(self);

    if (b->defect == NO_BOUNDS && outside(self->map, addr, len))
        return OTTER_OK;
    if (b->defect == READ_ROUNDS_DOWN)
        addr &= ~3u;
    return b->ram->flash.read(&b->ram->flash, addr, buf, len);
}

static enum otter_status bad_program(struct otter_flash *self, uint32_t addr, const void *buf, uint32_t len)
{
    struct bad_flash *b = bad_of(self);
    struct otter_flash *ram = &b->ram->flash;
    const uint8_t *in = buf;
    enum otter_status status;

    if (outside(self->map, addr, len))
        return b->defect == NO_BOUNDS ? OTTER_OK : OTTER_FLASH_ERROR;
    if (b->defect == PROGRAM_ROUNDS_DOWN)
        addr &= ~3u;
    if (b->defect == PROGRAM_ROUNDS_ITS_SOURCE)
        in = (const uint8_t *)((uintptr_t)buf & ~(uintptr_t)3);
    if (b->defect == PROGRAM_SETS_BITS && addr % 4 == 0 && len % 4 == 0) {
        memcpy(ram_flash_at(b->ram, addr), in, len);
        return OTTER_OK;
    }
    if (b->defect == PROGRAM_DOES_ONE_UNIT && len % 4 == 0)
        len = 4;
    status = ram->program(ram, addr, in, len);
    if (b->defect == PROGRAM_IS_A_WORD_TOO_LONG && status == OTTER_OK && !outside(self->map, addr, len + 4))
        ram_flash_at(b->ram, addr)[len] = 0;
    return b->defect == ERROR_IS_SWALLOWED ? OTTER_OK : status;
}

static enum otter_status bad_erase(struct otter_flash *self, uint32_t addr)
{
    struct bad_flash *b = bad_of(self);
    struct otter_flash *ram = &b->ram->flash;
    enum otter_status status;
    uint32_t size = 0x4000;

    if (outside(self->map, addr, 4))
        return b->defect == NO_BOUNDS ? OTTER_OK : OTTER_FLASH_ERROR;
    if (b->defect == ERASE_ROUNDS_DOWN)
        addr &= ~(size - 1);
    if (b->defect == ERASE_DOES_NOTHING)
        return OTTER_OK;
    status = ram->erase(ram, addr);
    if (status != OTTER_OK)
        return status;
    if (b->defect == ERASE_LEAVES_THE_END)
        ram_flash_at(b->ram, addr + size)[-1] = 0;
    if (b->defect == ERASE_TAKES_THE_NEXT)
        *ram_flash_at(b->ram, addr + size) ^= 1;
    if (b->defect == ERASE_TAKES_THE_ONE_BEFORE)
        ram_flash_at(b->ram, addr)[-1] ^= 1;
    return OTTER_OK;
}

static void test_each_defect_is_called_by_its_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DEFECTS; i++) {
        struct ram_flash ram;
        struct bad_flash bad = {.ram = &ram, .defect = i};

        ram_flash_init(&ram, &ram_flash_map_small);
        bad.flash = (struct otter_flash){&ram_flash_map_small, bad_read, bad_program, bad_erase};
        assert_string_equal(otter_flash_check(&bad.flash, 0x08010000), found_as[i]);
        ram_flash_free(&ram);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_file_driver_passes_on_every_map),
        cmocka_unit_test(test_flash_in_memory_passes),
        cmocka_unit_test(test_a_scratch_sector_that_is_none_is_not_touched),
        cmocka_unit_test(test_each_defect_is_called_by_its_name),
    };

    return cmocka_run_group_tests_name("flash-check", tests, NULL, NULL);
}
