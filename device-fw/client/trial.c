/* The trial of a new image, from its first boot to its confirm or its end; and what a reset left unfinished.
 */
#include "client/internal.h"

#include <string.h>

#define SELF_TEST_MS 1000u /* a self-test that still runs is asked again at least this often */

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/*
 * Confirmed is written first: from then on the image is the one, and what remains is sweeping, which a reset
 * may interrupt anywhere. An entry that flash does not take stays to be swept at the next boot.
 */
static void sweep(struct otter_client *c)
{
    struct otter_journal *j = c->config.journal;
    struct otter_installs none = {c->facts.running.sha256, 0};
    static const struct otter_pending no_pending;
    static const struct otter_trial no_trial;
    static const struct otter_checkpoint no_checkpoint;

    if (j->live.trial.present && same(&j->live.trial.digest, &none.digest))
        (void)otter_journal_set_trial(j, &no_trial);
    if (otter_journal_install_count(j, &none.digest) > 0)
        (void)otter_journal_set_installs(j, &none);
    if (j->live.checkpoint.present && same(&j->live.checkpoint.digest, &none.digest))
        (void)otter_journal_set_checkpoint(j, &no_checkpoint);
    if (j->live.pending.present && same(&j->live.pending.digest, &none.digest))
        (void)otter_journal_set_pending(j, &no_pending);
}

/* The bootloader chose the confirmed image although another was pending: tell why, and forget it. */
static void reverted(struct otter_client *c)
{
    struct otter_journal *j = c->config.journal;
    struct otter_pending pending = j->live.pending;
    struct otter_installs installs = {pending.digest, otter_journal_install_count(j, &pending.digest)};
    static const struct otter_pending no_pending;
    enum otter_status cause = OTTER_TRIAL_IMAGE; /* not even tried: the slot does not hold what was pending */
    struct otter_status_code code;

    if (otter_journal_is_rejected(j, &pending.digest, &code))
        cause = otter_status_of_code(code);
    /* The report before the record is cleared: a reset in between repeats nothing, since it is held. */
    if (!otter_report_held(c, pending.attempt, OTTER_UPDATE_REVERTED) &&
        otter_report_add(c, pending.attempt, OTTER_UPDATE_REVERTED, cause) != OTTER_OK)
        return;
    if (otter_journal_set_pending(j, &no_pending) != OTTER_OK)
        return;
    otter_client_attempt_ended(c);
    /* The image is not to blame when no server answered: it may come again (install.c takes it off the list).
     */
    if (cause == OTTER_TRIAL_NO_SERVER && installs.count > 0) {
        installs.count--;
        (void)otter_journal_set_installs(j, &installs);
    }
}

void otter_trial_settle(struct otter_client *c)
{
    const struct otter_journal_live *live = &c->config.journal->live;
    const struct otter_digest *running = &c->facts.running.sha256;
    bool is_pending = live->pending.present && same(&live->pending.digest, running);

    if (!c->on_trial) {
        if (live->confirmed.present && same(&live->confirmed.digest, running))
            sweep(c);
        if (live->pending.present && !same(&live->pending.digest, running))
            reverted(c);
        return;
    }
    /* Once an attempt: at the first of its boots. */
    if (is_pending && c->config.handover->boots_used <= 1 &&
        !otter_report_held(c, live->pending.attempt, OTTER_UPDATE_TESTING))
        (void)otter_report_add(c, live->pending.attempt, OTTER_UPDATE_TESTING, OTTER_OK);
}

static void self_test(struct otter_client *c)
{
    struct otter_journal *j = c->config.journal;
    struct otter_client_hooks *hooks = c->config.hooks;
    enum otter_selftest_result result = OTTER_SELFTEST_PASSED;
    struct otter_rejected rejected = {c->facts.running.sha256, otter_status_code(OTTER_SELF_TEST)};
    struct otter_trial trial = j->live.trial;

    if (hooks != NULL && hooks->self_test != NULL)
        result = hooks->self_test(hooks);
    if (result == OTTER_SELFTEST_RUNNING)
        return;
    if (result == OTTER_SELFTEST_FAILED) {
        /* Reset also when flash refuses the entry: then the trial's boots run out. */
        otter_client_event(c, OTTER_UPDATE_TESTING, OTTER_SELF_TEST, "self-test failed");
        (void)otter_journal_add_rejected(j, &rejected);
        c->trial_over = true;
        return;
    }
    otter_client_event(c, OTTER_UPDATE_TESTING, OTTER_OK, "self-test passed");
    c->self_test_passed = true;
    /* For the bootloader: a trial that ends now ends for want of a server. */
    if (trial.present && !trial.self_test_passed && same(&trial.digest, &c->facts.running.sha256)) {
        trial.self_test_passed = true;
        (void)otter_journal_set_trial(j, &trial);
    }
}

/* What becomes the confirmed entry: the pending one, or for an image put there by other means what it says
 * itself. */
static struct otter_confirmed to_confirm(const struct otter_client *c)
{
    const struct otter_journal_live *live = &c->config.journal->live;
    struct otter_confirmed confirmed = {
        .present = true,
        .slot = c->facts.running.slot,
        .digest = c->facts.running.sha256,
        .epoch = c->facts.epoch,
        .sequence = c->facts.sequence,
        .counter = c->facts.counter_floor,
    };

    if (live->pending.present && same(&live->pending.digest, &confirmed.digest)) {
        confirmed.epoch = live->pending.epoch;
        confirmed.sequence = live->pending.sequence;
        confirmed.counter = live->pending.counter;
    } else if (c->running.has_counter && c->running.counter > confirmed.counter) {
        confirmed.counter = c->running.counter;
    }
    return confirmed;
}

static void confirm(struct otter_client *c, uint64_t now)
{
    struct otter_confirmed confirmed = to_confirm(c);
    enum otter_status status = otter_journal_set_confirmed(c->config.journal, &confirmed);

    if (status != OTTER_OK) {
        /* Tried again after the next authenticated reply, until the deadline. */
        c->last_error = status;
        c->server_seen = false;
        return;
    }
    sweep(c);
    c->on_trial = false;
    c->facts.running.confirmed = true;
    c->facts.epoch = confirmed.epoch;
    c->facts.sequence = confirmed.sequence;
    c->facts.counter_floor = confirmed.counter;
    otter_roots_revoke(c);
    c->ended = 0;
    if (c->config.journal->live.ended != 0)
        (void)otter_journal_set_ended(c->config.journal, 0);
    otter_client_event(c, OTTER_UPDATE_SUCCEEDED, OTTER_OK, "confirmed");
    c->next_poll_ms = now; /* the poll that says so is what the server counts */
    c->fresh = true;
}

uint64_t otter_trial_step(struct otter_client *c, uint64_t now)
{
    uint64_t deadline = c->boot_ms + c->timing.trial_deadline_ms;

    if (now >= deadline) {
        otter_client_event(c, OTTER_UPDATE_TESTING, OTTER_TRIAL_DEADLINE, "trial deadline: reset");
        c->trial_over = true;
        return now;
    }
    /* Switched off, it can prove nothing: the deadline is all there is. */
    if (c->phase == OTTER_PHASE_OFF || c->trial_over)
        return deadline;
    if (!c->self_test_passed)
        self_test(c);
    if (c->self_test_passed && c->server_seen)
        confirm(c, now);
    if (c->self_test_passed || now + SELF_TEST_MS > deadline)
        return deadline;
    return now + SELF_TEST_MS;
}
