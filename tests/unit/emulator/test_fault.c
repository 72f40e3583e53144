/* Faults: parsing, and decisions that follow from a seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/fault.h"

#include "core/bytes.h"

#include <string.h>

static void fault_options_are_read(void **state)
{
    struct emu_fault_plan plan = {.drop_every = 9};

    (void)state;
    assert_true(emu_fault_parse("drop=0.01,corrupt=0.000001,slow=20000,seed=7", &plan));
    assert_int_equal(plan.drop_ppm, 10000);
    assert_int_equal(plan.corrupt_ppm, 1);
    assert_int_equal(plan.bytes_per_s, 20000);
    assert_int_equal(plan.seed, 7);
    assert_int_equal(plan.drop_every, 9); /* another option's */
    assert_true(emu_fault_parse("drop=1", &plan));
    assert_int_equal(plan.drop_ppm, 1000000);
}

static void malformed_fault_options_are_refused(void **state)
{
    static const char *const rows[] = {
        "",          "drop",      "drop=",          "drop=2",         "drop=1.1",        "drop=0.",
        "drop=.5",   "drop=-0.1", "drop=0.1234567", "drop=0.1,",      "drop=0.1,drop=0", "slow=0",
        "slow=-1",   "speed=3",   "drop=0,1",       "corrupt=0.1 ",   "seed=x",          "drop=0.0x",
        "drop =0.1", "=0.1",      "dro=0.1",        "slow=9999999999"};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct emu_fault_plan plan = {.seed = 3};

        if (emu_fault_parse(rows[i], &plan))
            fail_msg("taken: %s", rows[i]);
        assert_int_equal(plan.seed, 3);
        assert_int_equal(plan.drop_ppm, 0);
    }
}

static void the_same_seed_gives_the_same_faults_and_devices_differ(void **state)
{
    const struct emu_fault_plan plan = {.drop_ppm = 200000, .corrupt_ppm = 300000, .seed = 5};
    struct emu_fault_link a, again, other;
    unsigned different = 0;

    (void)state;
    emu_fault_link_init(&a, &plan, 1);
    emu_fault_link_init(&again, &plan, 1);
    emu_fault_link_init(&other, &plan, 2);
    for (unsigned i = 0; i < 1000; i++) {
        struct emu_fault_verdict va = emu_fault_received(&plan, &a, 0, 100);
        struct emu_fault_verdict vb = emu_fault_received(&plan, &again, 0, 100);
        struct emu_fault_verdict vc = emu_fault_received(&plan, &other, 0, 100);

        assert_true(va.drop == vb.drop && va.corrupt == vb.corrupt && va.bit_at == vb.bit_at);
        assert_true(va.bit_at < 800);
        different += va.drop != vc.drop || va.bit_at != vc.bit_at;
    }
    assert_true(different > 100);
}

static void chances_come_as_often_as_asked(void **state)
{
    const struct emu_fault_plan plan = {.drop_ppm = 100000, .corrupt_ppm = 0, .seed = 1};
    struct emu_fault_link link;
    unsigned drops = 0;

    (void)state;
    emu_fault_link_init(&link, &plan, 0);
    for (unsigned i = 0; i < 10000; i++) {
        struct emu_fault_verdict v = emu_fault_received(&plan, &link, 0, 1);

        drops += v.drop;
        assert_false(v.corrupt);
    }
    assert_in_range(drops, 900, 1100); /* the generator is seeded: this is one fixed number */
}

static void a_connection_is_lost_after_so_many_bytes(void **state)
{
    const struct emu_fault_plan plan = {.drop_every = 1000};
    struct emu_fault_link link;

    (void)state;
    emu_fault_link_init(&link, &plan, 0);
    assert_false(emu_fault_received(&plan, &link, 0, 999).drop);
    assert_true(emu_fault_received(&plan, &link, 0, 1).drop);
    assert_false(emu_fault_received(&plan, &link, 0, 500).drop);
    assert_true(emu_fault_received(&plan, &link, 0, 500).drop);
}

static void a_slow_link_lets_through_its_rate(void **state)
{
    const struct emu_fault_plan plan = {.bytes_per_s = 1000};
    struct emu_fault_link link;
    uint64_t now_us = 0;
    uint32_t total = 0;

    (void)state;
    emu_fault_link_init(&link, &plan, 0);
    while (now_us < 10000000) {
        uint32_t n = emu_fault_allow(&plan, &link, now_us, 1024);

        if (n == 0) {
            assert_true(link.free_from_us > now_us);
            now_us = link.free_from_us;
            continue;
        }
        (void)emu_fault_received(&plan, &link, now_us, n);
        total += n;
    }
    assert_int_equal(total, 10000);
}

static void without_faults_all_is_let_through(void **state)
{
    const struct emu_fault_plan plan = {0};
    struct emu_fault_link link;

    (void)state;
    emu_fault_link_init(&link, &plan, 0);
    assert_int_equal(emu_fault_allow(&plan, &link, 0, 4096), 4096);
    for (unsigned i = 0; i < 100; i++) {
        struct emu_fault_verdict v = emu_fault_received(&plan, &link, 0, 100000);

        assert_false(v.drop || v.corrupt);
    }
}

static void cut_options_are_read_or_refused(void **state)
{
    static const struct {
        enum emu_cut_kind kind;
        const char *text;
        bool ok;
        uint64_t from, to, step;
    } rows[] = {
        {EMU_CUT_AT, "17", true, 17, 0, 0},
        {EMU_CUT_AT, "0", false, 0, 0, 0},
        {EMU_CUT_AT, "1:2", false, 0, 0, 0},
        {EMU_CUT_SPREAD, "1:500", true, 1, 500, 0},
        {EMU_CUT_SPREAD, "500:1", false, 0, 0, 0},
        {EMU_CUT_SPREAD, "500", false, 0, 0, 0},
        {EMU_CUT_RANGE, "10:90:20", true, 10, 90, 20},
        {EMU_CUT_RANGE, "10:90", false, 0, 0, 0},
        {EMU_CUT_RANGE, "10:90:0", false, 0, 0, 0},
        {EMU_CUT_RANGE, "10:90:1:1", false, 0, 0, 0},
        {EMU_CUT_SPREAD, "1:x", false, 0, 0, 0},
        {EMU_CUT_AT, "", false, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct emu_cut_plan plan = {0};

        if (emu_cut_parse(rows[i].kind, rows[i].text, &plan) != rows[i].ok)
            fail_msg("row %zu: %s", i, rows[i].text);
        assert_int_equal(plan.kind, rows[i].ok ? rows[i].kind : EMU_CUT_NONE);
        assert_int_equal(plan.from, rows[i].from);
        assert_int_equal(plan.to, rows[i].to);
        assert_int_equal(plan.step, rows[i].step);
    }
}

static void power_is_cut_where_the_plan_says(void **state)
{
    const struct emu_cut_plan none = {0};
    const struct emu_cut_plan at = {.kind = EMU_CUT_AT, .from = 7};
    const struct emu_cut_plan spread = {.kind = EMU_CUT_SPREAD, .from = 100, .to = 200};
    const struct emu_cut_plan range = {.kind = EMU_CUT_RANGE, .from = 10, .to = 30, .step = 10};
    const struct {
        const struct emu_cut_plan *plan;
        uint32_t index, count;
        uint64_t done, expected;
    } rows[] = {
        {&none, 0, 1, 0, 0},      {&at, 3, 9, 0, 7},        {&at, 3, 9, 7, 0},
        {&spread, 0, 11, 0, 100}, {&spread, 5, 11, 0, 150}, {&spread, 10, 11, 0, 200},
        {&spread, 0, 1, 0, 100},  {&spread, 5, 11, 150, 0}, {&range, 0, 1, 0, 10},
        {&range, 0, 1, 10, 20},   {&range, 0, 1, 25, 30},   {&range, 0, 1, 30, 0},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        uint64_t k = emu_cut_next(rows[i].plan, rows[i].index, rows[i].count, rows[i].done);

        if (k != rows[i].expected)
            fail_msg("row %zu: %llu", i, (unsigned long long)k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_options_are_read),
        cmocka_unit_test(malformed_fault_options_are_refused),
        cmocka_unit_test(the_same_seed_gives_the_same_faults_and_devices_differ),
        cmocka_unit_test(chances_come_as_often_as_asked),
        cmocka_unit_test(a_connection_is_lost_after_so_many_bytes),
        cmocka_unit_test(a_slow_link_lets_through_its_rate),
        cmocka_unit_test(without_faults_all_is_let_through),
        cmocka_unit_test(cut_options_are_read_or_refused),
        cmocka_unit_test(power_is_cut_where_the_plan_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
