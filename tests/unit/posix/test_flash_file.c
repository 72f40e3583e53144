/* The file behaves as NOR flash does: its rules, its sparseness, its power cuts; and the maps are the
 * boards'. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ports/posix/flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct otter_flash_map *const maps[] = {&otter_map_nucleo_f429zi, &otter_map_mps2_an386,
                                                     &otter_map_f407, &otter_map_h743};
#define MAPS (sizeof(maps) / sizeof(maps[0]))

static void open_f429(struct otter_flash_file *f)
{
    assert_int_equal(otter_flash_file_open_memory(f, &otter_map_nucleo_f429zi), 0);
}

/* ---- maps ---- */

static void test_regions_are_whole_sectors_and_do_not_overlap(void **state)
{
    (void)state;
    for (unsigned m = 0; m < MAPS; m++) {
        const struct otter_flash_map *map = maps[m];
        const struct {
            uint32_t base, size;
        } regions[] = {{map->journal_base, map->journal_half},
                       {map->journal_base + map->journal_half, map->journal_half},
                       {map->factory_base, map->factory_size},
                       {map->slot[0].base, map->slot[0].size},
                       {map->slot[1].base, map->slot[1].size}};

        for (unsigned i = 0; i < 5; i++) {
            uint32_t size, at = regions[i].base, end = regions[i].base + regions[i].size;

            assert_true(at >= map->base && end <= map->base + map->size);
            while (at < end) {
                assert_int_equal(otter_flash_sector(map, at, &size), at);
                assert_true(size > 0);
                at += size;
            }
            assert_int_equal(at, end);
            for (unsigned k = 0; k < i; k++)
                assert_true(end <= regions[k].base || regions[i].base >= regions[k].base + regions[k].size);
        }
        assert_true(map->journal_half >= 16384);
        assert_int_equal(map->slot[0].size, map->slot[1].size);
        assert_int_equal(map->slot[0].trailer_size, otter_image_trailer_size(map->trailer_align));
        assert_int_equal(32 % map->program_unit, 0);
        assert_ptr_equal(otter_flash_map_find(map->hardware), map);
    }
    assert_null(otter_flash_map_find("nucleo"));
}

static void test_the_f429_map_is_the_documented_one(void **state)
{
    static const struct {
        uint32_t addr, base, size;
    } table[] = {
        {0x08000000, 0x08000000, 0x4000},
        {0x08007fff, 0x08004000, 0x4000},
        {0x08008000, 0x08008000, 0x4000},
        {0x08010001, 0x08010000, 0x10000},
        {0x08020000, 0x08020000, 0x20000},
        {0x080fffff, 0x080e0000, 0x20000},
        {0x08100000, 0x08100000, 0x4000},
        {0x08110000, 0x08110000, 0x10000},
        {0x08120000, 0x08120000, 0x20000},
        {0x081fffff, 0x081e0000, 0x20000},
        {0x08200000, 0, 0},
        {0x07ffffff, 0, 0},
    };
    const struct otter_flash_map *map = &otter_map_nucleo_f429zi;

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint32_t size = 1;

        assert_int_equal(otter_flash_sector(map, table[i].addr, &size), table[i].base);
        assert_int_equal(size, table[i].size);
    }
    assert_int_equal(map->slot[0].base, 0x08020000);
    assert_int_equal(map->slot[1].base, 0x08120000);
    assert_int_equal(map->slot[0].size - map->slot[0].trailer_size, 915920);
    assert_int_equal(otter_map_mps2_an386.slot[0].base, 0x21020000);
    assert_int_equal(otter_map_mps2_an386.slot[1].base, 0x21120000);
    assert_int_equal(otter_map_mps2_an386.factory_base, 0x21010000);
}

/* ---- rules ---- */

static void test_blank_reads_erased_and_programming_clears_bits(void **state)
{
    const uint8_t first[4] = {0xf0, 0xff, 0x0f, 0xff}, second[4] = {0x30, 0xff, 0x0f, 0x00};
    struct otter_flash_file f;
    uint8_t b[4];

    (void)state;
    open_f429(&f);
    assert_int_equal(f.flash.read(&f.flash, 0x08020000, b, 4), OTTER_OK);
    assert_memory_equal(b, "\xff\xff\xff\xff", 4);
    assert_int_equal(f.flash.program(&f.flash, 0x08020000, first, 4), OTTER_OK);
    assert_int_equal(f.flash.program(&f.flash, 0x08020000, second, 4), OTTER_OK);
    assert_int_equal(f.flash.program(&f.flash, 0x08020000, first, 4), OTTER_FLASH_ERROR);
    assert_int_equal(f.flash.read(&f.flash, 0x08020000, b, 4), OTTER_OK);
    assert_memory_equal(b, second, 4);
    assert_int_equal(f.flash.erase(&f.flash, 0x08020000), OTTER_OK);
    assert_int_equal(f.flash.read(&f.flash, 0x08020000, b, 4), OTTER_OK);
    assert_memory_equal(b, "\xff\xff\xff\xff", 4);
    assert_int_equal(f.operations, 3);
    assert_int_equal(f.erases, 1);
    otter_flash_file_close(&f);
}

static void test_misuse_is_an_error_that_changes_nothing(void **state)
{
    static const struct {
        uint32_t addr, len;
    } programs[] = {
        {0x08020002, 4}, {0x08020000, 3}, {0x07fffffc, 4},          {0x081ffffc, 8},
        {0x08200000, 4}, {0x08010000, 4}, {0x0801fffc, 0x08020000}, {0xfffffffc, 4},
    };
    static const uint32_t erases[] = {0x08020004, 0x08010000, 0x08200000, 0x07ff0000};
    struct otter_flash_file f;
    uint8_t b[8] = {0};

    (void)state;
    open_f429(&f);
    for (unsigned i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        assert_int_equal(f.flash.program(&f.flash, programs[i].addr, b, programs[i].len), OTTER_FLASH_ERROR);
    for (unsigned i = 0; i < sizeof(erases) / sizeof(erases[0]); i++)
        assert_int_equal(f.flash.erase(&f.flash, erases[i]), OTTER_FLASH_ERROR);
    assert_int_equal(f.flash.read(&f.flash, 0x081ffffc, b, 8), OTTER_IO_ERROR);
    assert_int_equal(otter_flash_file_load(&f, 0x081ffffc, b, 8), -ERANGE);
    assert_int_equal(f.operations, 0);
    otter_flash_file_close(&f);
}

static void test_a_write_once_unit_takes_one_write(void **state)
{
    struct otter_flash_file f;
    uint8_t b[32] = {0};

    (void)state;
    assert_int_equal(otter_flash_file_open_memory(&f, &otter_map_h743), 0);
    assert_int_equal(f.flash.program(&f.flash, 0x08040000, b, 32), OTTER_OK);
    assert_int_equal(f.flash.program(&f.flash, 0x08040000, b, 32), OTTER_FLASH_ERROR);
    assert_int_equal(f.flash.program(&f.flash, 0x08040010, b, 32), OTTER_FLASH_ERROR);
    otter_flash_file_close(&f);
}

static void test_large_programs_and_loads_read_back(void **state)
{
    static uint8_t in[10000], out[10000];
    struct otter_flash_file f;

    (void)state;
    for (unsigned i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)(i * 7);
    open_f429(&f);
    assert_int_equal(f.flash.program(&f.flash, 0x08020000, in, sizeof(in)), OTTER_OK);
    assert_int_equal(f.operations, sizeof(in) / 4);
    assert_int_equal(f.flash.read(&f.flash, 0x08020000, out, sizeof(out)), OTTER_OK);
    assert_memory_equal(in, out, sizeof(in));
    assert_int_equal(otter_flash_file_load(&f, 0x08010000, in, sizeof(in)), 0);
    assert_int_equal(otter_flash_file_peek(&f, 0x08010000, out, sizeof(out)), 0);
    assert_memory_equal(in, out, sizeof(in));
    otter_flash_file_close(&f);
}

/* ---- the file ---- */

static void test_the_file_keeps_and_is_sparse(void **state)
{
    char path[] = "/tmp/otter-flash-XXXXXX";
    struct otter_flash_file f;
    uint8_t b[4] = {1, 2, 3, 4};
    struct stat st;

    (void)state;
    close(mkstemp(path));
    assert_int_equal(otter_flash_file_open(&f, path, &otter_map_nucleo_f429zi), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 2 << 20);
    assert_true(st.st_blocks * 512 < 65536);
    for (uint32_t at = 0x08020000; at < 0x08040000; at += 4)
        assert_int_equal(f.flash.program(&f.flash, at, b, 4), OTTER_OK);
    otter_flash_file_close(&f);
    assert_int_equal(otter_flash_file_open(&f, path, &otter_map_nucleo_f429zi), 0);
    memset(b, 0, sizeof(b));
    assert_int_equal(f.flash.read(&f.flash, 0x0803fffc, b, 4), OTTER_OK);
    assert_memory_equal(b, "\1\2\3\4", 4);
    assert_int_equal(f.flash.erase(&f.flash, 0x08020000), OTTER_OK);
    otter_flash_file_close(&f);
    otter_flash_file_close(&f);
    assert_int_equal(otter_flash_file_open(&f, path, &otter_map_f407), -EINVAL);
    unlink(path);
    assert_int_equal(otter_flash_file_open(&f, "/nonexistent/x", &otter_map_f407), -ENOENT);
}

/* ---- power cuts ---- */

static void test_a_cut_tears_one_unit_and_then_nothing_works(void **state)
{
    static const uint8_t zeros[16];
    struct otter_flash_file f;
    uint8_t b[16];

    (void)state;
    open_f429(&f);
    f.cut_at = 3;
    f.seed = 7;
    assert_int_equal(f.flash.program(&f.flash, 0x08020000, zeros, 16), OTTER_FLASH_ERROR);
    assert_true(f.power_off);
    assert_int_equal(f.operations, 3);
    assert_int_equal(f.flash.read(&f.flash, 0x08020000, b, 16), OTTER_IO_ERROR);
    assert_int_equal(f.flash.program(&f.flash, 0x08030000, zeros, 16), OTTER_FLASH_ERROR);
    assert_int_equal(f.flash.erase(&f.flash, 0x08040000), OTTER_FLASH_ERROR);
    assert_int_equal(otter_flash_file_peek(&f, 0x08020000, b, 16), 0);
    assert_memory_equal(b, zeros, 8);
    assert_memory_equal(b + 12, "\xff\xff\xff\xff", 4);
    otter_flash_file_power_on(&f);
    assert_int_equal(f.flash.read(&f.flash, 0x08020000, b, 16), OTTER_OK);
    assert_int_equal(f.flash.program(&f.flash, 0x08030000, zeros, 16), OTTER_OK);
    otter_flash_file_close(&f);
}

static void test_tearing_repeats_with_the_seed_and_differs_without(void **state)
{
    static const uint8_t zeros[4];
    uint8_t seen[8][4];
    unsigned distinct = 0;

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct otter_flash_file f;

        open_f429(&f);
        f.cut_at = 1;
        f.seed = i / 2;
        (void)f.flash.program(&f.flash, 0x08020000, zeros, 4);
        assert_int_equal(otter_flash_file_peek(&f, 0x08020000, seen[i], 4), 0);
        if (i % 2 == 1)
            assert_memory_equal(seen[i], seen[i - 1], 4);
        else if (i > 0)
            distinct += memcmp(seen[i], seen[i - 2], 4) != 0;
        otter_flash_file_close(&f);
    }
    assert_true(distinct >= 2);
}

static void test_a_cut_erase_may_leave_anything_in_its_sector_and_nothing_beyond(void **state)
{
    static uint8_t data[0x4000], sector[0x4000], other[0x4000];
    unsigned changed = 0, blank = 0;

    (void)state;
    memset(data, 0x5a, sizeof(data));
    for (uint64_t seed = 0; seed < 32; seed++) {
        struct otter_flash_file f;
        bool all_ff = true;

        open_f429(&f);
        otter_flash_file_load(&f, 0x08008000, data, sizeof(data));
        otter_flash_file_load(&f, 0x0800c000, data, sizeof(data));
        f.cut_at = 1;
        f.seed = seed;
        assert_int_equal(f.flash.erase(&f.flash, 0x08008000), OTTER_FLASH_ERROR);
        assert_true(f.power_off);
        otter_flash_file_peek(&f, 0x08008000, sector, sizeof(sector));
        otter_flash_file_peek(&f, 0x0800c000, other, sizeof(other));
        assert_memory_equal(other, data, sizeof(data));
        for (unsigned i = 0; i < sizeof(sector); i++)
            all_ff = all_ff && sector[i] == 0xff;
        changed += memcmp(sector, data, sizeof(data)) != 0;
        blank += all_ff;
        otter_flash_file_close(&f);
    }
    assert_true(changed > 8 && changed < 32);
    assert_int_equal(blank, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions_are_whole_sectors_and_do_not_overlap),
        cmocka_unit_test(test_the_f429_map_is_the_documented_one),
        cmocka_unit_test(test_blank_reads_erased_and_programming_clears_bits),
        cmocka_unit_test(test_misuse_is_an_error_that_changes_nothing),
        cmocka_unit_test(test_a_write_once_unit_takes_one_write),
        cmocka_unit_test(test_large_programs_and_loads_read_back),
        cmocka_unit_test(test_the_file_keeps_and_is_sparse),
        cmocka_unit_test(test_a_cut_tears_one_unit_and_then_nothing_works),
        cmocka_unit_test(test_tearing_repeats_with_the_seed_and_differs_without),
        cmocka_unit_test(test_a_cut_erase_may_leave_anything_in_its_sector_and_nothing_beyond),
    };

    return cmocka_run_group_tests_name("flash-file", tests, NULL, NULL);
}
