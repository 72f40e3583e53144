/* Where a flash's bytes lie makes no difference to it: a share of a pool, or a file that is opened again and
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "ports/posix/flash_file.h"
#include "ports/posix/flash_pool.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAP  (&otter_map_nucleo_f429zi)
#define SLOT 0x08020000u

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* The same to both, with the same power cuts: one over a share, one over a file of its own. */
static void act(struct otter_flash_file *f, uint32_t kind, uint32_t at, uint32_t len, bool cut)
{
    static uint8_t data[9000];

    memset(data, 0xff - (int)(kind % 7) * 37, sizeof(data)); /* few contents, so that blocks meet */
    f->cut_at = cut ? f->operations + 1 + at % 50 : 0;
    if (kind % 8 == 0)
        (void)f->flash.erase(&f->flash, SLOT + at / 0x20000 * 0x20000);
    else if (kind % 8 == 1)
        (void)otter_flash_file_load(f, SLOT + at, data, len);
    else
        (void)f->flash.program(&f->flash, (SLOT + at) & ~3u, data, (len & ~3u) + 4);
    otter_flash_file_power_on(f);
}

static void a_share_is_at_all_times_what_a_file_would_be(void **state)
{
    static uint8_t want[0x50000], got[0x50000];
    struct otter_flash_pool *pool = NULL;
    struct otter_flash_file share[4], file[4];
    struct otter_flash_pool_use use;
    uint32_t seed = 1;

    (void)state;
    assert_int_equal(otter_flash_pool_open("/tmp", 16, &pool), 0);
    for (unsigned i = 0; i < 4; i++) {
        struct otter_flash_bytes *bytes;

        assert_int_equal(otter_flash_pool_share(pool, MAP->size, &bytes), 0);
        otter_flash_file_init(&share[i], bytes, MAP);
        assert_int_equal(otter_flash_file_open_memory(&file[i], MAP), 0);
        share[i].seed = file[i].seed = i / 2;
    }
    for (unsigned round = 0; round < 1500; round++) {
        uint32_t i = next_random(&seed) % 4, kind = next_random(&seed), at = next_random(&seed) % 0x48000;
        uint32_t len = next_random(&seed) % (kind % 3 == 0 ? 8900 : 300);
        bool cut = next_random(&seed) % 4 == 0;

        act(&share[i], kind, at, len, cut);
        act(&file[i], kind, at, len, cut);
        assert_int_equal(share[i].operations, file[i].operations);
        assert_int_equal(share[i].error, 0);
        assert_int_equal(otter_flash_file_peek(&share[i], SLOT, got, sizeof(got)), 0);
        assert_int_equal(otter_flash_file_peek(&file[i], SLOT, want, sizeof(want)), 0);
        assert_memory_equal(got, want, sizeof(want));
    }
    for (unsigned i = 0; i < 4; i++) {
        otter_flash_file_close(&share[i]);
        otter_flash_file_close(&file[i]);
    }
    otter_flash_pool_use(pool, &use);
    assert_int_equal(use.bytes, 0);
    otter_flash_pool_close(pool);
}

static unsigned descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        count++;
    closedir(d);
    return count;
}

static void a_file_at_rest_holds_no_descriptor_and_its_bytes_come_back(void **state)
{
    char path[] = "/tmp/otter-flash-XXXXXX";
    unsigned before = descriptors();
    static uint8_t image[1024], got[1024];
    struct otter_flash_file f;

    (void)state;
    memset(image, 0x3c, sizeof(image));
    close(mkstemp(path));
    assert_int_equal(otter_flash_file_open(&f, path, MAP), 0);
    assert_int_equal(f.flash.program(&f.flash, SLOT, image, 1024), OTTER_OK);
    assert_int_equal(descriptors(), before + 1);
    otter_flash_file_rest(&f);
    assert_int_equal(descriptors(), before);
    assert_int_equal(f.flash.read(&f.flash, SLOT, got, sizeof(got)), OTTER_OK);
    assert_memory_equal(got, image, sizeof(got));
    otter_flash_file_rest(&f);
    unlink(path);
    assert_int_equal(f.flash.read(&f.flash, SLOT, image, 4), OTTER_IO_ERROR);
    assert_int_equal(f.error, -ENOENT); /* by name */
    otter_flash_file_close(&f);
    assert_int_equal(descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_is_at_all_times_what_a_file_would_be),
        cmocka_unit_test(a_file_at_rest_holds_no_descriptor_and_its_bytes_come_back),
    };

    return cmocka_run_group_tests_name("flash-bytes", tests, NULL, NULL);
}
