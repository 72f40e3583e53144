/* A device's RAM is after its rest what it was before, and at rest it is small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/memory.h"
#include "emulator/pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LEN 4096u

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1;
    return *state >> 33;
}

static void what_was_packed_comes_back_and_takes_little_more_at_worst(void **state)
{
    static uint8_t raw[LEN], model[LEN], packed[EMU_PACK_ROOM(LEN)], back[LEN];
    uint64_t random = 3;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        size_t len, changes = next_random(&random) % (round % 10 == 0 ? LEN : 40);

        for (unsigned i = 0; i < LEN; i++)
            raw[i] = model[i] = (uint8_t)next_random(&random);
        for (size_t i = 0; i < changes; i++)
            raw[next_random(&random) % LEN] ^= (uint8_t)next_random(&random);
        len = emu_pack(raw, model, LEN, packed, sizeof(packed));
        assert_true(len <= sizeof(packed));
        assert_true(len <= changes * 12 + 4);
        assert_true(emu_unpack(packed, len, model, LEN, back));
        assert_memory_equal(back, raw, LEN);
        assert_int_equal(emu_pack(raw, model, LEN, packed, len - 1), SIZE_MAX);
        assert_false(emu_unpack(packed, len - 1, model, LEN, back));
    }
    memset(model, 0, LEN);
    for (unsigned i = 0; i < LEN; i++)
        raw[i] = i / 8 % 2 == 0; /* every second word */
    assert_true(emu_pack(raw, model, LEN, packed, sizeof(packed)) <= LEN);
    memset(raw, 1, LEN);
    assert_true(emu_pack(raw, model, LEN, packed, sizeof(packed)) <= sizeof(packed));
}

static void what_nobody_packed_is_told(void **state)
{
    static const uint8_t model[LEN];
    static const uint16_t bad[][2] = {{0, 0}, {LEN, 8}, {LEN - 8, 16}, {0, 64}};
    static uint8_t out[LEN];

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(emu_unpack((const uint8_t *)bad[i], sizeof(bad[i]), model, LEN, out));
    assert_false(emu_unpack(NULL, 0, model, LEN, out));
}

#define DEVICES 200u
#define SIZE    21000u /* no multiple of a word, or of a page */

/* As a device of a fleet: most of it is everybody's. */
static void fill(uint8_t *ram, uint32_t device, uint32_t kind)
{
    uint64_t random = kind;

    for (uint32_t i = 0; i < SIZE; i++)
        ram[i] = (uint8_t)next_random(&random);
    memcpy(ram + 100, &device, sizeof(device));
    memcpy(ram + SIZE - 4, &device, sizeof(device));
}

static unsigned pages(void *ram)
{
    unsigned char in[8] = {0};
    unsigned count = 0;

    assert_int_equal(mincore(ram, SIZE, in), 0);
    for (unsigned i = 0; i < (SIZE + 4095) / 4096; i++)
        count += in[i] & 1;
    return count;
}

static void devices_at_rest_hold_no_pages_and_wake_as_they_were(void **state)
{
    static uint8_t want[SIZE];
    struct emu_packed packed[DEVICES] = {0};
    struct emu_memory m;
    size_t held = 0;

    (void)state;
    assert_true(emu_memory_init(&m, DEVICES, SIZE));
    for (uint32_t i = 0; i < DEVICES; i++) {
        uint8_t *ram = emu_memory_of(&m, i);

        fill(ram, i, i % 3);
        assert_true(emu_memory_rest(&m, i, &packed[i]));
        held += packed[i].len;
        assert_int_equal(pages(ram), 0);
    }
    assert_true(held < DEVICES * 64);
    assert_int_equal(m.models, 4); /* zeros, and one for each kind */
    for (uint32_t i = DEVICES; i-- > 0;) {
        emu_memory_wake(&m, i, &packed[i]);
        assert_null(packed[i].bytes);
        fill(want, i, i % 3);
        assert_memory_equal(emu_memory_of(&m, i), want, SIZE);
    }
    emu_memory_free(&m);
}

/* More kinds than there are models: larger, and as whole. */
static void devices_that_are_like_no_other_wake_as_they_were_too(void **state)
{
    static uint8_t want[SIZE];
    struct emu_packed packed[3 * EMU_MODELS] = {0};
    struct emu_memory m;

    (void)state;
    assert_true(emu_memory_init(&m, 3 * EMU_MODELS, SIZE));
    for (uint32_t i = 0; i < 3 * EMU_MODELS; i++) {
        fill(emu_memory_of(&m, i), i, i);
        assert_true(emu_memory_rest(&m, i, &packed[i]));
    }
    assert_int_equal(m.models, EMU_MODELS);
    for (uint32_t i = 0; i < 3 * EMU_MODELS; i++) {
        emu_memory_wake(&m, i, &packed[i]);
        fill(want, i, i);
        assert_memory_equal(emu_memory_of(&m, i), want, SIZE);
    }
    emu_memory_free(&m);
}

static void a_device_that_resets_wakes_with_zeros(void **state)
{
    static const uint8_t zeros[SIZE];
    struct emu_packed packed = {0};
    struct emu_memory m;

    (void)state;
    assert_true(emu_memory_init(&m, 2, SIZE));
    for (unsigned at_rest = 0; at_rest < 2; at_rest++) {
        fill(emu_memory_of(&m, 1), 1, 1);
        if (at_rest)
            assert_true(emu_memory_rest(&m, 1, &packed));
        emu_memory_forget(&m, 1, &packed);
        emu_memory_wake(&m, 1, &packed);
        assert_memory_equal(emu_memory_of(&m, 1), zeros, SIZE);
    }
    emu_memory_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_back_and_takes_little_more_at_worst),
        cmocka_unit_test(what_nobody_packed_is_told),
        cmocka_unit_test(devices_at_rest_hold_no_pages_and_wake_as_they_were),
        cmocka_unit_test(devices_that_are_like_no_other_wake_as_they_were_too),
        cmocka_unit_test(a_device_that_resets_wakes_with_zeros),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
