/* The devices' clocks, and the heap of timers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/clock.h"
#include "emulator/fault.h"
#include "emulator/heap.h"

#include "core/bytes.h"

static void clock_runs_at_its_rate(void **state)
{
    struct emu_clock c;

    (void)state;
    emu_clock_start(&c, 5000, 20);
    assert_int_equal(emu_clock_ms(&c, 5000), 0);
    assert_int_equal(emu_clock_ms(&c, 6000), 20);
    assert_int_equal(emu_clock_ms(&c, 4000), 0); /* before its start */
}

static void clock_does_not_jump_when_its_rate_changes(void **state)
{
    struct emu_clock c;

    (void)state;
    emu_clock_start(&c, 0, 100);
    emu_clock_set_rate(&c, 10000, 1); /* shows 1,000 ms */
    assert_int_equal(emu_clock_ms(&c, 10000), 1000);
    assert_int_equal(emu_clock_ms(&c, 12000), 1002);
    emu_clock_set_rate(&c, 12000, 0);
    assert_int_equal(emu_clock_ms(&c, 999000), 1002);
    emu_clock_set_rate(&c, 999000, 100);
    assert_int_equal(emu_clock_ms(&c, 1000000), 1102);
}

static void clock_tells_the_first_microsecond_of_a_device_time(void **state)
{
    static const struct {
        uint32_t rate;
        uint64_t device_ms, expected;
    } rows[] = {
        {1, 5, 1000 + 5000}, {20, 5, 1000 + 250},       {3, 1, 1000 + 334}, {7, 0, 1000},
        {0, 5, EMU_NEVER},   {1, EMU_NEVER, EMU_NEVER}, {100000, 1, 1001},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct emu_clock c;
        uint64_t at;

        emu_clock_start(&c, 1000, rows[i].rate);
        at = emu_clock_real_at(&c, rows[i].device_ms);
        assert_int_equal(at, rows[i].expected);
        if (at == EMU_NEVER)
            continue;
        assert_true(emu_clock_ms(&c, at) >= rows[i].device_ms);
        if (at > 1000)
            assert_true(emu_clock_ms(&c, at - 1) < rows[i].device_ms);
    }
}

static void heap_gives_timers_in_order_of_time(void **state)
{
    enum { N = 300 };
    struct emu_timer timers[N] = {0};
    struct emu_heap h;
    struct emu_rng rng = {.state = 42};
    uint64_t last = 0;
    unsigned seen = 0;

    (void)state;
    assert_true(emu_heap_init(&h, N));
    for (unsigned i = 0; i < N; i++)
        emu_heap_set(&h, &timers[i], emu_rng_next(&rng) % 1000);
    for (unsigned i = 0; i < N; i += 2) /* moved, earlier and later */
        emu_heap_set(&h, &timers[i], emu_rng_next(&rng) % 1000);
    for (unsigned i = 0; i < N; i += 3)
        emu_heap_remove(&h, &timers[i]);
    for (struct emu_timer *t; (t = emu_heap_first(&h)) != NULL; seen++) {
        assert_true(t->due_us >= last);
        last = t->due_us;
        assert_int_not_equal((t - timers) % 3, 0);
        emu_heap_remove(&h, t);
        assert_int_equal(t->place, 0);
    }
    assert_int_equal(seen, N - N / 3);
    emu_heap_free(&h);
}

static void heap_removes_a_timer_that_is_not_set_without_harm(void **state)
{
    struct emu_timer a = {0}, b = {0};
    struct emu_heap h;

    (void)state;
    assert_true(emu_heap_init(&h, 2));
    emu_heap_remove(&h, &a);
    emu_heap_set(&h, &b, 7);
    emu_heap_remove(&h, &a);
    assert_ptr_equal(emu_heap_first(&h), &b);
    emu_heap_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_runs_at_its_rate),
        cmocka_unit_test(clock_does_not_jump_when_its_rate_changes),
        cmocka_unit_test(clock_tells_the_first_microsecond_of_a_device_time),
        cmocka_unit_test(heap_gives_timers_in_order_of_time),
        cmocka_unit_test(heap_removes_a_timer_that_is_not_set_without_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
