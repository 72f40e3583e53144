/* --bad: who is chosen, and how it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after those: */
#include <cmocka.h>

#include "emulator/bad.h"

#include "core/bytes.h"

#include <stdio.h>

#define DEVICES 10000u

static const struct otter_version bad_version = {1, 2, 0, 0}, other_version = {1, 2, 1, 0};

static struct emu_bad_plan plan_of(const char *s)
{
    struct emu_bad_plan plan = {0};

    assert_true(emu_bad_parse(s, &plan));
    return plan;
}

static enum emu_badness of(const struct emu_bad_plan *plan, unsigned i)
{
    char device[16];

    snprintf(device, sizeof(device), "dev-%u", i);
    return emu_bad_of(plan, &bad_version, device);
}

static void it_is_written_so_and_not_otherwise(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {
        {"1.2.0:fail=10", true},
        {"1.2.0:silent=100", true},
        {"1.2.0+7:seed=7,hang=1,fail=2,silent=3", true},
        {"1.2.0", false},
        {"1.2.0:", false},
        {"fail=10", false},
        {"1.2:fail=10", false},
        {"1.2.0:fail", false},
        {"1.2.0:=10", false},
        {"1.2.0:fail=", false},
        {"1.2.0:fail=101", false},
        {"1.2.0:fail=60,hang=60", false},
        {"1.2.0:fail=0", false},
        {"1.2.0:seed=7", false},
        {"1.2.0:fail=1,fail=1", false},
        {"1.2.0:fail=1,seed=1,seed=1", false},
        {"1.2.0:fail=1,", false},
        {"1.2.0:explode=1", false},
    };

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct emu_bad_plan plan = {0};

        if (emu_bad_parse(rows[i].text, &plan) != rows[i].ok)
            fail_msg("%s", rows[i].text);
        assert_int_equal(plan.on, rows[i].ok);
    }
}

static void each_kind_befalls_its_share(void **state)
{
    const struct emu_bad_plan plan = plan_of("1.2.0:fail=10,hang=5,silent=2,seed=7");
    unsigned n[EMU_BAD_COUNT] = {0};

    (void)state;
    for (unsigned i = 0; i < DEVICES; i++)
        n[of(&plan, i)]++;
    assert_in_range(n[EMU_BAD_FAIL], 900, 1100);
    assert_in_range(n[EMU_BAD_HANG], 400, 600);
    assert_in_range(n[EMU_BAD_SILENT], 140, 260);
}

static void the_same_devices_each_time_others_by_another_seed(void **state)
{
    const struct emu_bad_plan a = plan_of("1.2.0:fail=50,seed=7"), b = plan_of("1.2.0:fail=50,seed=8");
    unsigned differ = 0;

    (void)state;
    for (unsigned i = 0; i < DEVICES; i++) {
        assert_int_equal(of(&a, i), of(&a, i));
        differ += of(&a, i) != of(&b, i);
    }
    assert_in_range(differ, DEVICES * 4 / 10, DEVICES * 6 / 10);
}

static void other_versions_are_good(void **state)
{
    const struct emu_bad_plan all = plan_of("1.2.0:fail=100"), none = {0};

    (void)state;
    assert_int_equal(emu_bad_of(&all, &bad_version, "dev-1"), EMU_BAD_FAIL);
    assert_int_equal(emu_bad_of(&all, &other_version, "dev-1"), EMU_BAD_NOT);
    assert_int_equal(emu_bad_of(&none, &bad_version, "dev-1"), EMU_BAD_NOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_so_and_not_otherwise),
        cmocka_unit_test(each_kind_befalls_its_share),
        cmocka_unit_test(the_same_devices_each_time_others_by_another_seed),
        cmocka_unit_test(other_versions_are_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
