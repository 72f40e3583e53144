#include "boot/decide.h"

#include "core/bytes.h"

/* The facts as bits, about: A, B; C the candidate; R the rest, the slot that C does not take; X the confirmed
 * one. */
enum fact {
    CONFIRMED = 1 << 0, /* there is a confirmed record */
    A_GOOD = 1 << 1,
    B_GOOD = 1 << 2,
    CANDIDATE = 1 << 3,
    C_AUTHENTIC = 1 << 4,
    C_ABOVE_FLOOR = 1 << 5,
    R_GOOD = 1 << 6, /* the rest could be booted instead */
    USED_UP = 1 << 7,
    HANGS = 1 << 8, /* the last trial boot ended by the watchdog */
    HUNG = 1 << 9,  /* an earlier one did */
    PASSED = 1 << 10,
    X_AUTHENTIC = 1 << 11,
    OTHER_GOOD = 1 << 12, /* a slot that is not the confirmed one could be booted */
    LAST_CHANCE = 1 << 13 /* one could but for its having been rejected */
};

enum subject { NONE, SLOT_A, SLOT_B, THE_CANDIDATE, THE_CONFIRMED, THE_OTHER, THE_REJECTED };

/*
 * The policy. A fallback below the counter floor, or rejected, is not GOOD. A candidate
 * without any alternative goes on being tried: rejecting it would leave nothing. When the confirmed image is
 * damaged, the other one is booted if it is good, and recorded as confirmed with the floors of the old
 * record: a device that is online can be repaired, a dead one cannot, and nothing comes back that the floors
 * exclude. For the same reason a rejected one is tried again when there is nothing else at all: what it
 * failed may have passed, and it must prove itself before it is confirmed.
 */
static const struct row {
    const char *name;
    uint16_t must, must_not;
    enum otter_boot_action action;
    enum subject subject;
    enum otter_status why; /* of a rejection */
} rows[] = {
    {"first-a", A_GOOD, CONFIRMED, OTTER_BOOT_FIRST, SLOT_A, OTTER_OK},
    {"first-b", B_GOOD, CONFIRMED, OTTER_BOOT_FIRST, SLOT_B, OTTER_OK},
    {"nothing-yet", 0, CONFIRMED, OTTER_BOOT_NOTHING, NONE, OTTER_OK},
    {"candidate-damaged", CANDIDATE, C_AUTHENTIC, OTTER_BOOT_REJECT, THE_CANDIDATE, OTTER_TRIAL_IMAGE},
    {"candidate-below-floor", CANDIDATE, C_ABOVE_FLOOR, OTTER_BOOT_REJECT, THE_CANDIDATE, OTTER_IMAGE_FLOOR},
    {"trial-no-other", CANDIDATE, R_GOOD, OTTER_BOOT_TRIAL, THE_CANDIDATE, OTTER_OK},
    {"trial-hangs", CANDIDATE | USED_UP | HANGS, 0, OTTER_BOOT_REJECT, THE_CANDIDATE, OTTER_WATCHDOG},
    {"trial-no-server", CANDIDATE | USED_UP | PASSED, 0, OTTER_BOOT_REJECT, THE_CANDIDATE,
     OTTER_TRIAL_NO_SERVER},
    {"trial-hung", CANDIDATE | USED_UP | HUNG, 0, OTTER_BOOT_REJECT, THE_CANDIDATE, OTTER_WATCHDOG},
    {"trial-deadline", CANDIDATE | USED_UP, 0, OTTER_BOOT_REJECT, THE_CANDIDATE, OTTER_TRIAL_DEADLINE},
    {"trial", CANDIDATE, 0, OTTER_BOOT_TRIAL, THE_CANDIDATE, OTTER_OK},
    {"confirmed", X_AUTHENTIC, 0, OTTER_BOOT_CONFIRMED, THE_CONFIRMED, OTTER_OK},
    {"fallback", OTHER_GOOD, 0, OTTER_BOOT_FALLBACK, THE_OTHER, OTTER_OK},
    {"trial-rejected", LAST_CHANCE, 0, OTTER_BOOT_TRIAL, THE_REJECTED, OTTER_OK},
    {"nothing", 0, 0, OTTER_BOOT_NOTHING, NONE, OTTER_OK},
};

/* Could be booted without a trial: what was confirmed, or else is authentic, not below the floor, not
 * rejected. */
static bool is_good(const struct otter_boot_slot_facts *s)
{
    return s->authentic == OTTER_OK && (s->is_confirmed || (s->counter_ok && !s->rejected));
}

static bool asks_by_pad(const struct otter_boot_slot_facts *s)
{
    return s->pad_magic && !s->has_record && !s->is_confirmed && is_good(s);
}

bool otter_boot_candidate(const struct otter_boot_facts *facts, enum otter_slot *ret)
{
    for (unsigned i = 0; facts->has_confirmed && i < 2; i++)
        if (facts->slot[i].is_pending && !facts->slot[i].is_confirmed) {
            *ret = (enum otter_slot)i;
            return true;
        }
    for (unsigned i = 0; facts->has_confirmed && i < 2; i++)
        if (asks_by_pad(&facts->slot[i])) {
            *ret = (enum otter_slot)i;
            return true;
        }
    return false;
}

static unsigned candidate_bits(const struct otter_boot_facts *facts, enum otter_slot slot)
{
    const struct otter_boot_slot_facts *s = &facts->slot[slot];
    unsigned bits = CANDIDATE;

    bits |= s->authentic == OTTER_OK ? C_AUTHENTIC : 0;
    bits |= s->counter_ok ? C_ABOVE_FLOOR : 0;
    bits |= is_good(&facts->slot[otter_slot_other(slot)]) ? R_GOOD : 0;
    bits |= facts->trial_boots_used >= facts->trial_boots_max ? USED_UP : 0;
    bits |= facts->cause == OTTER_BOOT_CAUSE_WATCHDOG ? HANGS : 0;
    bits |= facts->trial_hung ? HUNG : 0;
    bits |= facts->trial_self_test_passed ? PASSED : 0;
    return bits;
}

/* Slots by subject, as far as they exist. */
struct subjects {
    enum otter_slot candidate, confirmed, other, rejected;
};

static unsigned look(const struct otter_boot_facts *facts, struct subjects *who)
{
    unsigned bits = facts->has_confirmed ? CONFIRMED : 0;

    bits |= is_good(&facts->slot[OTTER_SLOT_A]) ? A_GOOD : 0;
    bits |= is_good(&facts->slot[OTTER_SLOT_B]) ? B_GOOD : 0;
    if (otter_boot_candidate(facts, &who->candidate))
        bits |= candidate_bits(facts, who->candidate);
    for (unsigned i = 2; i-- > 0;) { /* A last, so that it is preferred */
        const struct otter_boot_slot_facts *s = &facts->slot[i];

        if (s->is_confirmed && s->authentic == OTTER_OK) {
            who->confirmed = (enum otter_slot)i;
            bits |= X_AUTHENTIC;
        } else if (!s->is_confirmed && is_good(s)) {
            who->other = (enum otter_slot)i;
            bits |= OTHER_GOOD;
        } else if (s->authentic == OTTER_OK && s->counter_ok) {
            who->rejected = (enum otter_slot)i;
            bits |= LAST_CHANCE;
        }
    }
    return bits;
}

static enum otter_slot slot_of(enum subject subject, const struct subjects *who)
{
    switch (subject) {
    case THE_CANDIDATE:
        return who->candidate;
    case THE_CONFIRMED:
        return who->confirmed;
    case THE_OTHER:
        return who->other;
    case THE_REJECTED:
        return who->rejected;
    case SLOT_B:
        return OTTER_SLOT_B;
    case NONE:
    case SLOT_A:
        break;
    }
    return OTTER_SLOT_A;
}

static enum otter_status why_not(const struct otter_boot_slot_facts *s)
{
    if (s->authentic != OTTER_OK)
        return s->authentic;
    if (s->is_confirmed)
        return OTTER_OK;
    if (!s->counter_ok)
        return OTTER_IMAGE_FLOOR;
    return s->rejected ? OTTER_REJECTED_BEFORE : OTTER_OK;
}

void otter_boot_decide(const struct otter_boot_facts *facts, struct otter_boot_decision *ret)
{
    struct subjects who = {OTTER_SLOT_A, OTTER_SLOT_A, OTTER_SLOT_A, OTTER_SLOT_A};
    unsigned bits = look(facts, &who);
    const struct row *row = rows;

    /* The last row matches anything. */
    while ((bits & row->must) != row->must || (bits & row->must_not) != 0)
        row++;
    ret->action = row->action;
    ret->jump = row->action != OTTER_BOOT_NOTHING && row->action != OTTER_BOOT_REJECT;
    ret->slot = slot_of(row->subject, &who);
    ret->row = row->name;
    for (unsigned i = 0; i < 2; i++)
        ret->why[i] = why_not(&facts->slot[i]);
    if (row->action == OTTER_BOOT_REJECT)
        ret->why[ret->slot] = row->why;
}
