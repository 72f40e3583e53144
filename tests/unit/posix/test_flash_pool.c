/* Many flashes in one pool: what is equal is stored once, and still each behaves as if it had a file of its
 * own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "ports/posix/blocks.h"
#include "ports/posix/flash_file.h"
#include "ports/posix/flash_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAP   (&otter_map_nucleo_f429zi)
#define SLOT  0x08020000u
#define IMAGE (40 * OTTER_BLOCK)

static uint8_t image[IMAGE];

static struct otter_flash_pool *new_pool(uint32_t megabytes)
{
    struct otter_flash_pool *pool = NULL;

    for (uint32_t i = 0; i < sizeof(image); i++)
        image[i] = (uint8_t)(i * 7 + i / OTTER_BLOCK);
    assert_int_equal(otter_flash_pool_open("/tmp", megabytes, &pool), 0);
    return pool;
}

static void open_share(struct otter_flash_pool *pool, struct otter_flash_file *f)
{
    struct otter_flash_bytes *bytes;

    assert_int_equal(otter_flash_pool_share(pool, MAP->size, &bytes), 0);
    otter_flash_file_init(f, bytes, MAP);
}

static uint64_t blocks_of(const struct otter_flash_pool *pool)
{
    struct otter_flash_pool_use use;

    otter_flash_pool_use(pool, &use);
    return use.bytes / OTTER_BLOCK;
}

static void assert_holds(struct otter_flash_file *f, uint32_t addr, const uint8_t *want, uint32_t len)
{
    static uint8_t got[IMAGE];

    assert_int_equal(f->flash.read(&f->flash, addr, got, len), OTTER_OK);
    assert_memory_equal(got, want, len);
}

static void equal_images_take_the_room_of_one(void **state)
{
    struct otter_flash_pool *pool = new_pool(16);
    struct otter_flash_pool_use use;
    struct otter_flash_file f[20];

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        open_share(pool, &f[i]);
        for (uint32_t at = 0; at < IMAGE; at += 1024) /* as a download does */
            assert_int_equal(f[i].flash.program(&f[i].flash, SLOT + at, image + at, 1024), OTTER_OK);
    }
    otter_flash_pool_use(pool, &use);
    assert_int_equal(use.bytes, IMAGE);
    assert_int_equal(use.held, 20 * IMAGE);
    assert_true(use.bytes_max <= IMAGE + OTTER_BLOCK); /* and the block under way */
    for (unsigned i = 0; i < 20; i++) {
        assert_holds(&f[i], SLOT, image, IMAGE);
        otter_flash_file_close(&f[i]);
    }
    otter_flash_pool_close(pool);
}

static void what_one_device_writes_or_erases_no_other_sees(void **state)
{
    struct otter_flash_pool *pool = new_pool(16);
    const uint8_t change[4] = {0};
    uint8_t blank[64];
    struct otter_flash_file a, b, c;

    (void)state;
    memset(blank, 0xff, sizeof(blank));
    open_share(pool, &a);
    open_share(pool, &b);
    open_share(pool, &c);
    assert_int_equal(otter_flash_file_load(&a, SLOT, image, IMAGE), 0);
    assert_int_equal(otter_flash_file_load(&b, SLOT, image, IMAGE), 0);
    assert_int_equal(otter_flash_file_load(&c, SLOT, image, IMAGE), 0);
    assert_int_equal(a.flash.program(&a.flash, SLOT + 100, change, 4), OTTER_OK);
    assert_int_equal(b.flash.erase(&b.flash, SLOT), OTTER_OK);
    assert_holds(&a, SLOT + 100, change, 4);
    assert_holds(&a, SLOT + OTTER_BLOCK, image + OTTER_BLOCK, IMAGE - OTTER_BLOCK);
    assert_holds(&b, SLOT, blank, sizeof(blank));
    assert_holds(&c, SLOT, image, IMAGE);
    assert_int_equal(blocks_of(pool), IMAGE / OTTER_BLOCK + 1);
    otter_flash_file_close(&a);
    otter_flash_file_close(&b);
    assert_holds(&c, SLOT, image, IMAGE);
    otter_flash_file_close(&c);
    otter_flash_pool_close(pool);
}

static void a_torn_write_stays_with_the_device_that_lost_power(void **state)
{
    struct otter_flash_pool *pool = new_pool(16);
    struct otter_flash_file torn, whole;
    uint8_t got[8];

    (void)state;
    open_share(pool, &torn);
    open_share(pool, &whole);
    assert_int_equal(otter_flash_file_load(&torn, SLOT, image, OTTER_BLOCK), 0);
    assert_int_equal(otter_flash_file_load(&whole, SLOT, image, OTTER_BLOCK), 0);
    torn.cut_at = 2;
    torn.seed = 5;
    assert_int_equal(torn.flash.program(&torn.flash, SLOT + OTTER_BLOCK, image, 1024), OTTER_FLASH_ERROR);
    assert_int_equal(whole.flash.program(&whole.flash, SLOT + OTTER_BLOCK, image, 1024), OTTER_OK);
    otter_flash_file_power_on(&torn);
    assert_int_equal(torn.error, 0); /* the device's own fate, none of the host's */
    assert_holds(&torn, SLOT + OTTER_BLOCK, image, 4);
    assert_int_equal(otter_flash_file_peek(&torn, SLOT + OTTER_BLOCK + 4, got, 8), 0);
    assert_memory_not_equal(got, image + 4, 4);
    assert_memory_equal(got + 4, "\xff\xff\xff\xff", 4);
    assert_holds(&whole, SLOT + OTTER_BLOCK, image, 1024);
    torn.cut_at = torn.operations + 1;
    assert_int_equal(torn.flash.erase(&torn.flash, SLOT), OTTER_FLASH_ERROR);
    assert_holds(&whole, SLOT, image, OTTER_BLOCK);
    otter_flash_file_close(&torn);
    otter_flash_file_close(&whole);
    otter_flash_pool_close(pool);
}

static void what_nobody_holds_is_room_for_the_next(void **state)
{
    struct otter_flash_pool *pool = new_pool(16);
    struct otter_flash_pool_use use;
    struct otter_flash_file f;

    (void)state;
    for (uint8_t round = 0; round < 10; round++) {
        open_share(pool, &f);
        for (uint32_t i = 0; i < sizeof(image); i++)
            image[i] = (uint8_t)(image[i] * 5 + round);
        assert_int_equal(otter_flash_file_load(&f, SLOT, image, IMAGE), 0);
        assert_holds(&f, SLOT, image, IMAGE);
        if (round % 2 == 0)
            assert_int_equal(f.flash.erase(&f.flash, SLOT), OTTER_OK);
        otter_flash_file_close(&f);
    }
    otter_flash_pool_use(pool, &use);
    assert_int_equal(use.bytes, 0);
    assert_int_equal(use.held, 0);
    assert_int_equal(use.bytes_max, IMAGE);
    otter_flash_pool_close(pool);
}

static void a_full_pool_says_so_and_harms_nobody(void **state)
{
    struct otter_flash_pool *pool = new_pool(1); /* 256 blocks */
    struct otter_flash_file a, b;
    uint8_t own[OTTER_BLOCK];
    uint32_t fitted = 0;

    (void)state;
    open_share(pool, &a);
    open_share(pool, &b);
    assert_int_equal(otter_flash_file_load(&b, SLOT, image, OTTER_BLOCK), 0);
    for (int r = 0; r == 0; fitted += r == 0) {
        memset(own, 0x5a, sizeof(own));
        memcpy(own, &fitted, sizeof(fitted));
        r = otter_flash_file_load(&a, SLOT + fitted * OTTER_BLOCK, own, OTTER_BLOCK);
        assert_true(r == 0 || r == -ENOSPC);
        assert_true(fitted < 300);
    }
    assert_int_equal(fitted, 255);
    assert_int_equal(a.error, -ENOSPC);
    assert_true(a.power_off); /* the device does not run on over flash that lost a write */
    assert_holds(&b, SLOT, image, OTTER_BLOCK);
    assert_int_equal(b.flash.program(&b.flash, SLOT + OTTER_BLOCK, image, 1024), OTTER_FLASH_ERROR);
    assert_int_equal(b.error, -ENOSPC);
    otter_flash_file_power_on(&b);
    assert_holds(&b, SLOT, image, OTTER_BLOCK);
    otter_flash_file_close(&a);
    assert_int_equal(b.flash.program(&b.flash, SLOT + OTTER_BLOCK, image, 1024), OTTER_OK);
    otter_flash_file_close(&b);
    otter_flash_pool_close(pool);
}

#define MANY (12 * 220)

static void a_content(uint32_t of, uint8_t fill, uint8_t data[OTTER_BLOCK])
{
    memset(data, fill, OTTER_BLOCK);
    memcpy(data + of % 220 * 16, &of, sizeof(of));
}

/* More contents than the cache has lines (1,024), and than there were chains at first; each changes once. */
static void thousands_of_contents_are_told_apart(void **state)
{
    static uint8_t data[OTTER_BLOCK];
    struct otter_flash_pool *pool = new_pool(64);
    struct otter_flash_file f[12];

    (void)state;
    for (unsigned i = 0; i < 12; i++)
        open_share(pool, &f[i]);
    for (uint32_t n = 0; n < 3 * MANY; n++) {
        uint32_t of = n % MANY, before = of < 1024 ? of : of - 1024; /* which has the same line */

        a_content(of, n < MANY ? 0x77 : 0x55, data);
        if (n < 2 * MANY)
            assert_int_equal(
                otter_flash_file_load(&f[of / 220], SLOT + of % 220 * OTTER_BLOCK, data, OTTER_BLOCK), 0);
        a_content(before, n < MANY ? 0x77 : 0x55, data);
        assert_holds(&f[before / 220], SLOT + before % 220 * OTTER_BLOCK, data, OTTER_BLOCK);
    }
    assert_int_equal(blocks_of(pool), MANY);
    for (unsigned i = 0; i < 12; i++)
        otter_flash_file_close(&f[i]);
    assert_int_equal(blocks_of(pool), 0);
    otter_flash_pool_close(pool);
}

/* One step of blocks.c's hash, over the first of its words. */
static uint64_t step(uint64_t word)
{
    uint64_t x = (1 ^ word) * UINT64_C(0x9e3779b97f4a7c15);

    return x ^ x >> 29;
}

/* Made so that the second word undoes in the hash what the first one changed. */
static void equal_hashes_do_not_make_equal_contents(void **state)
{
    uint64_t one[OTTER_BLOCK / 8] = {1, 0, 0, 0, 7}, other[OTTER_BLOCK / 8] = {2};
    struct otter_flash_pool *pool = new_pool(16);
    struct otter_flash_file f;

    (void)state;
    other[4] = one[4] ^ step(~one[0]) ^ step(~other[0]); /* the pool sees them inverted */
    open_share(pool, &f);
    assert_int_equal(otter_flash_file_load(&f, SLOT, one, sizeof(one)), 0);
    assert_int_equal(otter_flash_file_load(&f, SLOT + OTTER_BLOCK, other, sizeof(other)), 0);
    assert_holds(&f, SLOT, (const uint8_t *)one, sizeof(one));
    assert_holds(&f, SLOT + OTTER_BLOCK, (const uint8_t *)other, sizeof(other));
    otter_flash_file_close(&f);
    otter_flash_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_images_take_the_room_of_one),
        cmocka_unit_test(what_one_device_writes_or_erases_no_other_sees),
        cmocka_unit_test(a_torn_write_stays_with_the_device_that_lost_power),
        cmocka_unit_test(what_nobody_holds_is_room_for_the_next),
        cmocka_unit_test(a_full_pool_says_so_and_harms_nobody),
        cmocka_unit_test(thousands_of_contents_are_told_apart),
        cmocka_unit_test(equal_hashes_do_not_make_equal_contents),
    };

    return cmocka_run_group_tests_name("flash-pool", tests, NULL, NULL);
}
