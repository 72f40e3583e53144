/* Every row of the boot table, and that the order of the rows is the order of the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "boot/decide.h"

#include <string.h>

#define BLANK                                                                                                \
    {                                                                                                        \
        .authentic = OTTER_IMAGE_MAGIC                                                                       \
    }
#define GOOD .authentic = OTTER_OK, .counter_ok = true
#define CONFIRMED                                                                                            \
    {                                                                                                        \
        GOOD, .is_confirmed = true, .has_record = true                                                       \
    }
#define FORMER                                                                                               \
    {                                                                                                        \
        GOOD, .has_record = true                                                                             \
    }
#define PENDING                                                                                              \
    {                                                                                                        \
        GOOD, .is_pending = true, .has_record = true                                                         \
    }
#define PADDED                                                                                               \
    {                                                                                                        \
        GOOD, .pad_magic = true                                                                              \
    }
#define REJECTED                                                                                             \
    {                                                                                                        \
        GOOD, .rejected = true, .has_record = true                                                           \
    }
#define OLD                                                                                                  \
    {                                                                                                        \
        .authentic = OTTER_OK, .counter_ok = false, .has_record = true                                       \
    }
#define BROKEN                                                                                               \
    {                                                                                                        \
        .authentic = OTTER_IMAGE_HASH                                                                        \
    }

static const struct {
    const char *what;
    struct otter_boot_facts facts; /* trial_boots_max is set to 3 below */
    const char *row;
    enum otter_boot_action action;
    enum otter_slot slot;
    enum otter_status why_a, why_b;
} table[] = {
    /* without a confirmed record */
    {"a new device boots A", {false, {{GOOD}, {GOOD}}}, "first-a", OTTER_BOOT_FIRST, OTTER_SLOT_A, 0, 0},
    {"a new device whose A is damaged boots B",
     {false, {BROKEN, {GOOD}}},
     "first-b",
     OTTER_BOOT_FIRST,
     OTTER_SLOT_B,
     OTTER_IMAGE_HASH,
     0},
    {"a padded image is no trial before something is confirmed",
     {false, {PADDED, BLANK}},
     "first-a",
     OTTER_BOOT_FIRST,
     OTTER_SLOT_A,
     0,
     OTTER_IMAGE_MAGIC},
    {"a padded B is no trial before A is confirmed",
     {false, {{GOOD}, PADDED}},
     "first-a",
     OTTER_BOOT_FIRST,
     OTTER_SLOT_A,
     0,
     0},
    {"a blank device says why",
     {false, {BLANK, BROKEN}},
     "nothing-yet",
     OTTER_BOOT_NOTHING,
     OTTER_SLOT_A,
     OTTER_IMAGE_MAGIC,
     OTTER_IMAGE_HASH},
    {"a rejected image is not the first one",
     {false, {REJECTED, BLANK}},
     "nothing-yet",
     OTTER_BOOT_NOTHING,
     OTTER_SLOT_A,
     OTTER_REJECTED_BEFORE,
     OTTER_IMAGE_MAGIC},

    /* the confirmed image */
    {"the confirmed image boots",
     {true, {CONFIRMED, BLANK}},
     "confirmed",
     OTTER_BOOT_CONFIRMED,
     OTTER_SLOT_A,
     0,
     OTTER_IMAGE_MAGIC},
    {"the confirmed image boots from B, whatever A holds",
     {true, {FORMER, CONFIRMED}},
     "confirmed",
     OTTER_BOOT_CONFIRMED,
     OTTER_SLOT_B,
     0,
     0},
    {"the confirmed image boots beside a rejected one",
     {true, {CONFIRMED, REJECTED}},
     "confirmed",
     OTTER_BOOT_CONFIRMED,
     OTTER_SLOT_A,
     0,
     OTTER_REJECTED_BEFORE},
    {"a pending record of the confirmed image asks for nothing",
     {true, {{GOOD, .is_confirmed = true, .is_pending = true}, BLANK}},
     "confirmed",
     OTTER_BOOT_CONFIRMED,
     OTTER_SLOT_A,
     0,
     OTTER_IMAGE_MAGIC},
    {"a former image with pad magic is not tried again",
     {true, {{GOOD, .pad_magic = true, .has_record = true}, CONFIRMED}},
     "confirmed",
     OTTER_BOOT_CONFIRMED,
     OTTER_SLOT_B,
     0,
     0},

    /* a candidate */
    {"a pending image gets its first trial",
     {true, {CONFIRMED, PENDING}},
     "trial",
     OTTER_BOOT_TRIAL,
     OTTER_SLOT_B,
     0,
     0},
    {"a pending image gets its last trial, after the watchdog, too",
     {true, {CONFIRMED, PENDING}, .trial_boots_used = 2, .cause = OTTER_BOOT_CAUSE_WATCHDOG},
     "trial",
     OTTER_BOOT_TRIAL,
     OTTER_SLOT_B,
     0,
     0},
    {"a padded image gets a trial",
     {true, {PADDED, CONFIRMED}},
     "trial",
     OTTER_BOOT_TRIAL,
     OTTER_SLOT_A,
     0,
     0},
    {"a pending image comes before a padded one",
     {true, {PADDED, PENDING}},
     "trial",
     OTTER_BOOT_TRIAL,
     OTTER_SLOT_B,
     0,
     0},
    {"a pending image that is damaged is rejected",
     {true, {CONFIRMED, {.authentic = OTTER_IMAGE_SIGNATURE, .is_pending = true}}},
     "candidate-damaged",
     OTTER_BOOT_REJECT,
     OTTER_SLOT_B,
     0,
     OTTER_TRIAL_IMAGE},
    {"a pending image below the floor is rejected",
     {true, {CONFIRMED, {.authentic = OTTER_OK, .is_pending = true}}},
     "candidate-below-floor",
     OTTER_BOOT_REJECT,
     OTTER_SLOT_B,
     0,
     OTTER_IMAGE_FLOOR},
    {"a padded image below the floor is not tried",
     {true, {CONFIRMED, {.authentic = OTTER_OK, .pad_magic = true}}},
     "confirmed",
     OTTER_BOOT_CONFIRMED,
     OTTER_SLOT_A,
     0,
     OTTER_IMAGE_FLOOR},
    {"a padded image that was rejected is not tried",
     {true, {CONFIRMED, {GOOD, .pad_magic = true, .rejected = true}}},
     "confirmed",
     OTTER_BOOT_CONFIRMED,
     OTTER_SLOT_A,
     0,
     OTTER_REJECTED_BEFORE},
    {"a candidate without alternative is tried on and on",
     {true, {BROKEN, PENDING}, .trial_boots_used = 9, .cause = OTTER_BOOT_CAUSE_WATCHDOG},
     "trial-no-other",
     OTTER_BOOT_TRIAL,
     OTTER_SLOT_B,
     OTTER_IMAGE_HASH,
     0},
    {"an alternative below the floor is none",
     {true, {OLD, PENDING}, .trial_boots_used = 3},
     "trial-no-other",
     OTTER_BOOT_TRIAL,
     OTTER_SLOT_B,
     OTTER_IMAGE_FLOOR,
     0},

    /* trials used up */
    {"hangs to the end: watchdog",
     {true, {CONFIRMED, PENDING}, .trial_boots_used = 3, .cause = OTTER_BOOT_CAUSE_WATCHDOG},
     "trial-hangs",
     OTTER_BOOT_REJECT,
     OTTER_SLOT_B,
     0,
     OTTER_WATCHDOG},
    {"passed its self-test once and hangs: watchdog",
     {true,
      {CONFIRMED, PENDING},
      .trial_boots_used = 3,
      .trial_self_test_passed = true,
      .cause = OTTER_BOOT_CAUSE_WATCHDOG},
     "trial-hangs",
     OTTER_BOOT_REJECT,
     OTTER_SLOT_B,
     0,
     OTTER_WATCHDOG},
    {"passed its self-test, but no server",
     {true, {CONFIRMED, PENDING}, .trial_boots_used = 3, .trial_self_test_passed = true, .trial_hung = true},
     "trial-no-server",
     OTTER_BOOT_REJECT,
     OTTER_SLOT_B,
     0,
     OTTER_TRIAL_NO_SERVER},
    {"hung before, then lost power: watchdog",
     {true, {CONFIRMED, PENDING}, .trial_boots_used = 3, .trial_hung = true},
     "trial-hung",
     OTTER_BOOT_REJECT,
     OTTER_SLOT_B,
     0,
     OTTER_WATCHDOG},
    {"never came to an end: trial-deadline",
     {true, {PADDED, CONFIRMED}, .trial_boots_used = 4},
     "trial-deadline",
     OTTER_BOOT_REJECT,
     OTTER_SLOT_A,
     OTTER_TRIAL_DEADLINE,
     0},

    /* the confirmed image is damaged */
    {"the former image stands in",
     {true, {BROKEN, FORMER}},
     "fallback",
     OTTER_BOOT_FALLBACK,
     OTTER_SLOT_B,
     OTTER_IMAGE_HASH,
     0},
    {"never one below the floor",
     {true, {BROKEN, OLD}},
     "nothing",
     OTTER_BOOT_NOTHING,
     OTTER_SLOT_A,
     OTTER_IMAGE_HASH,
     OTTER_IMAGE_FLOOR},
    {"not a rejected one, as long as there is another",
     {true, {REJECTED, FORMER}},
     "fallback",
     OTTER_BOOT_FALLBACK,
     OTTER_SLOT_B,
     OTTER_REJECTED_BEFORE,
     0},
    {"a rejected one is tried again before nothing at all is",
     {true, {REJECTED, BROKEN}},
     "trial-rejected",
     OTTER_BOOT_TRIAL,
     OTTER_SLOT_A,
     OTTER_REJECTED_BEFORE,
     OTTER_IMAGE_HASH},
    {"but never one below the floor",
     {true, {BROKEN, {.authentic = OTTER_OK, .rejected = true, .has_record = true}}},
     "nothing",
     OTTER_BOOT_NOTHING,
     OTTER_SLOT_A,
     OTTER_IMAGE_HASH,
     OTTER_IMAGE_FLOOR},
    {"never one by a revoked key",
     {true, {BROKEN, {.authentic = OTTER_IMAGE_KEY_REVOKED, .counter_ok = true}}},
     "nothing",
     OTTER_BOOT_NOTHING,
     OTTER_SLOT_A,
     OTTER_IMAGE_HASH,
     OTTER_IMAGE_KEY_REVOKED},
};

static void test_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct otter_boot_facts facts = table[i].facts;
        struct otter_boot_decision d;

        facts.trial_boots_max = 3;
        otter_boot_decide(&facts, &d);
        if (strcmp(d.row, table[i].row) != 0 || d.action != table[i].action || d.slot != table[i].slot ||
            d.why[0] != table[i].why_a || d.why[1] != table[i].why_b)
            fail_msg("%s: row %s, action %d, slot %s, why %s and %s", table[i].what, d.row, d.action,
                     otter_slot_name(d.slot), otter_status_name(d.why[0]), otter_status_name(d.why[1]));
        assert_int_equal(d.jump, d.action != OTTER_BOOT_NOTHING && d.action != OTTER_BOOT_REJECT);
    }
}

/* The i-th of all combinations of facts about one slot that are worth telling apart. */
#define SLOT_CASES 96u
static void slot_case(unsigned i, struct otter_boot_slot_facts *s)
{
    static const enum otter_status authentic[] = {OTTER_OK, OTTER_IMAGE_HASH, OTTER_IMAGE_KEY_REVOKED};

    s->counter_ok = i & 1;
    s->is_confirmed = i & 2;
    s->is_pending = i & 4;
    s->rejected = i & 8;
    s->pad_magic = i & 16;
    s->has_record = s->is_confirmed || s->is_pending || s->rejected;
    s->authentic = authentic[i / 32];
}

/* Whatever the facts are: only an authentic image is jumped to, none below the floor unless confirmed, and a
 * rejected one on trial alone. */
static void check_safe(const struct otter_boot_facts *facts)
{
    const struct otter_boot_slot_facts *s;
    struct otter_boot_decision d;

    otter_boot_decide(facts, &d);
    s = &facts->slot[d.slot];
    if (!d.jump)
        return;
    assert_int_equal(s->authentic, OTTER_OK);
    assert_true(s->is_confirmed || s->counter_ok);
    assert_true(s->is_confirmed || s->is_pending || !s->rejected || d.action == OTTER_BOOT_TRIAL);
    if (d.action == OTTER_BOOT_FIRST)
        assert_false(facts->has_confirmed);
    if (d.action == OTTER_BOOT_CONFIRMED)
        assert_true(s->is_confirmed);
}

static void test_no_combination_of_facts_boots_what_must_not_boot(void **state)
{
    struct otter_boot_facts facts = {.trial_boots_max = 3};

    (void)state;
    for (unsigned a = 0; a < SLOT_CASES; a++)
        for (unsigned b = 0; b < SLOT_CASES; b++)
            for (unsigned rest = 0; rest < 16; rest++) {
                slot_case(a, &facts.slot[0]);
                slot_case(b, &facts.slot[1]);
                facts.has_confirmed = rest & 1;
                facts.trial_boots_used = rest & 2 ? 3 : 0;
                facts.trial_self_test_passed = rest & 4;
                facts.cause = rest & 8 ? OTTER_BOOT_CAUSE_WATCHDOG : OTTER_BOOT_CAUSE_OTHER;
                check_safe(&facts);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_no_combination_of_facts_boots_what_must_not_boot),
    };

    return cmocka_run_group_tests_name("boot-decide", tests, NULL, NULL);
}
