/* The power fails in every operation of an entry and of a turn, and again while the journal recovers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "geometry.h"
#include "sample.h"

#include <stdlib.h>

#define SEEDS 3u

/* Cases of a run, so that a test that quietly covers nothing would be seen. */
static unsigned cases;

struct scene {
    struct otter_flash_file f;
    struct otter_journal j;
    uint8_t *start; /* flash before the set */
    enum otter_status (*set)(struct otter_journal *j, unsigned n);
    unsigned n;
    struct sample_state old, new;
    uint64_t operations; /* that open and set take together */
    uint64_t open_operations;
};

static void begin(struct scene *s)
{
    journal_restore(&s->f, s->start);
    otter_flash_file_power_on(&s->f);
    s->f.operations = 0;
}

/* What the set does with the power on: the new state, and the number of its operations. */
static void rehearse(struct scene *s)
{
    s->start = journal_copy(&s->f);
    begin(s);
    assert_int_equal(otter_journal_open(&s->j, &s->f.flash), OTTER_OK);
    s->open_operations = s->f.operations;
    sample_take(&s->j, &s->old);
    assert_int_equal(s->set(&s->j, s->n), OTTER_OK);
    sample_take(&s->j, &s->new);
    s->operations = s->f.operations;
    assert_false(sample_same(&s->old, &s->new));
}

/* Runs into the cut at operation k of open and set; recovers, with a second cut at operation again of that if
 * not 0. */
static void cut_and_recover(struct scene *s, uint64_t k, uint64_t seed, uint64_t again)
{
    struct sample_state first, second;

    begin(s);
    s->f.cut_at = k;
    s->f.seed = seed;
    if (otter_journal_open(&s->j, &s->f.flash) == OTTER_OK)
        assert_int_equal(s->set(&s->j, s->n), OTTER_FLASH_ERROR);
    assert_true(s->f.power_off);
    otter_flash_file_power_on(&s->f);
    if (again != 0) {
        s->f.cut_at = s->f.operations + again;
        (void)otter_journal_open(&s->j, &s->f.flash);
        otter_flash_file_power_on(&s->f);
    }
    assert_int_equal(otter_journal_open(&s->j, &s->f.flash), OTTER_OK);
    sample_take(&s->j, &first);
    if (!sample_same(&first, &s->old) && !sample_same(&first, &s->new))
        fail_msg("cut at %u (then %u), seed %u: neither old nor new", (unsigned)k, (unsigned)again,
                 (unsigned)seed);
    assert_int_equal(otter_journal_open(&s->j, &s->f.flash), OTTER_OK);
    sample_take(&s->j, &second);
    assert_true(sample_same(&first, &second));
    /* It goes on working: what was interrupted can be done. */
    assert_int_equal(s->set(&s->j, s->n), OTTER_OK);
    cases++;
}

/* Every `stride`-th operation, and the first and last ones. */
static void sweep(struct scene *s, uint64_t stride)
{
    for (uint64_t k = 1; k <= s->operations; k += k + stride < s->operations ? stride : 1)
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            cut_and_recover(s, k, seed, 0);
}

static void end(struct scene *s)
{
    free(s->start);
    otter_flash_file_close(&s->f);
}

static void test_a_cut_in_an_entry_leaves_old_or_new(void **state)
{
    (void)state;
    for (unsigned g = 0; g < GEOMETRIES; g++)
        for (unsigned i = 0; i < SAMPLE_SETTERS; i++) {
            struct scene s = {.set = sample_setters[i].set, .n = 2};

            if (sample_setters[i].set == sample_setters[1].set)
                continue; /* two entries: the trial's, then the pending's */
            assert_int_equal(otter_flash_file_open_memory(&s.f, geometries[g]), 0);
            assert_int_equal(otter_journal_open(&s.j, &s.f.flash), OTTER_OK);
            assert_int_equal(s.set(&s.j, 1), OTTER_OK);
            rehearse(&s);
            sweep(&s, i == 11 ? 17 : 1);
            end(&s);
        }
}

/* Fills the current half until an entry of so many records would turn it. */
static void fill_half(struct otter_journal *j, uint32_t records)
{
    for (uint32_t i = 1; j->now.write_at + (records + 2) * 32 <= j->flash->map->journal_half; i++)
        assert_int_equal(otter_journal_set_failures(j, 1000 + i), OTTER_OK);
}

/* About to turn away from `half`. */
static void prepare_turn(struct scene *s, const struct otter_flash_map *map, uint8_t half)
{
    assert_int_equal(otter_flash_file_open_memory(&s->f, map), 0);
    assert_int_equal(otter_journal_open(&s->j, &s->f.flash), OTTER_OK);
    sample_fill(&s->j, 1);
    for (uint32_t i = 1; s->j.now.half != half; i++)
        assert_int_equal(otter_journal_set_failures(&s->j, 1000 + i), OTTER_OK);
    fill_half(&s->j, 2);
    rehearse(s);
    assert_true(s->f.erases > 0 && s->operations - s->open_operations > 100 * 32 / map->program_unit);
}

static void test_a_cut_in_a_turn_leaves_old_or_new(void **state)
{
    (void)state;
    for (unsigned g = 0; g < GEOMETRIES; g++)
        for (uint8_t half = 0; half < 2; half++) {
            struct scene s = {.set = sample_setters[0].set, .n = 2};

            prepare_turn(&s, geometries[g], half);
            sweep(&s, g == 0 && half == 0 ? 1 : 7);
            end(&s);
        }
}

static void test_a_cut_in_a_turn_to_a_new_root_leaves_old_or_new(void **state)
{
    struct scene s = {.set = sample_setters[11].set, .n = 2};

    (void)state;
    prepare_turn(&s, geometries[2], 0);
    sweep(&s, 5);
    end(&s);
}

/* First cut at the places that matter most: around the erase, the headers, and the last entries of a turn. */
static void test_a_cut_during_recovery_loses_nothing_either(void **state)
{
    struct scene s = {.set = sample_setters[0].set, .n = 2};
    uint64_t firsts[12];

    (void)state;
    prepare_turn(&s, geometries[0], 1);
    for (unsigned i = 0; i < 6; i++)
        firsts[i] = s.open_operations + 1 + 2 * i;
    for (unsigned i = 6; i < 12; i++)
        firsts[i] = s.operations - 2 * (11 - i);
    for (unsigned i = 0; i < 12; i++)
        for (uint64_t again = 1; again <= 24; again++)
            cut_and_recover(&s, firsts[i], again, again);
    end(&s);
}

static void test_a_cut_while_blank_flash_is_formatted_leaves_an_empty_journal(void **state)
{
    static const struct otter_journal_live nothing;

    (void)state;
    for (unsigned g = 0; g < GEOMETRIES; g++)
        for (uint64_t k = 1; k < 30; k++) {
            struct otter_flash_file f;
            struct otter_journal j;

            assert_int_equal(otter_flash_file_open_memory(&f, geometries[g]), 0);
            f.cut_at = k;
            f.seed = k;
            (void)otter_journal_open(&j, &f.flash);
            otter_flash_file_power_on(&f);
            assert_int_equal(otter_journal_open(&j, &f.flash), OTTER_OK);
            assert_memory_equal(&j.live, &nothing, sizeof(nothing));
            otter_flash_file_close(&f);
            cases++;
        }
}

static int report_cases(void **state)
{
    (void)state;
    print_message("[ cuts     ] %u\n", cases);
    return cases > 3000 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cut_in_an_entry_leaves_old_or_new),
        cmocka_unit_test(test_a_cut_in_a_turn_leaves_old_or_new),
        cmocka_unit_test(test_a_cut_in_a_turn_to_a_new_root_leaves_old_or_new),
        cmocka_unit_test(test_a_cut_during_recovery_loses_nothing_either),
        cmocka_unit_test(test_a_cut_while_blank_flash_is_formatted_leaves_an_empty_journal),
    };

    return cmocka_run_group_tests_name("journal-cuts", tests, NULL, report_cases);
}
