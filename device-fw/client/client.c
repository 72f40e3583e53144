/* The main step. It reads as the protocol: one row a phase, in the order of an update. */
#include "client/backoff.h"
#include "client/internal.h"

#include "core/bytes.h"

#include <string.h>

const struct otter_client_timing otter_client_timing_default = {
    .inactivity_ms = 30000,
    .min_bytes_per_s = 64,
    .backoff_first_ms = 60000,
    .backoff_max_ms = 86400000,
    .trial_deadline_ms = 3600000,
    .trial_poll_ms = 60000,
    .stale_after_s = 604800,
};

static enum otter_client_want phase_off(struct otter_client *c, uint64_t now);
static enum otter_client_want phase_idle(struct otter_client *c, uint64_t now);
static enum otter_client_want phase_finish(struct otter_client *c, uint64_t now);
static enum otter_client_want phase_refuse(struct otter_client *c, uint64_t now);
static enum otter_client_want phase_reset(struct otter_client *c, uint64_t now);

static const struct {
    const char *name;
    enum otter_client_want (*run)(struct otter_client *c, uint64_t now);
    bool in_attempt; /* bound by the offer's deadline */
} phases[OTTER_PHASE_COUNT] = {
    [OTTER_PHASE_OFF] = {"off", phase_off, false},
    [OTTER_PHASE_IDLE] = {"idle", phase_idle, false},
    [OTTER_PHASE_FINISH] = {"finish", phase_finish, false},
    [OTTER_PHASE_REFUSE] = {"refuse", phase_refuse, false},
    [OTTER_PHASE_REPORT] = {"report", otter_phase_report, false},
    [OTTER_PHASE_ROOTS] = {"roots", otter_phase_roots, false},
    [OTTER_PHASE_TOKEN] = {"token", otter_phase_token, false},
    [OTTER_PHASE_POLL] = {"poll", otter_phase_poll, false},
    [OTTER_PHASE_OFFER] = {"offer", otter_phase_offer, false},
    [OTTER_PHASE_ATTRIBUTES] = {"attributes", otter_phase_attributes, false},
    [OTTER_PHASE_MANIFEST] = {"manifest", otter_phase_manifest, true},
    [OTTER_PHASE_JUDGE] = {"judge", otter_phase_judge, true},
    [OTTER_PHASE_HELD] = {"held", otter_phase_held, true},
    [OTTER_PHASE_REHASH] = {"rehash", otter_phase_rehash, true},
    [OTTER_PHASE_DOWNLOAD] = {"download", otter_phase_download, true},
    [OTTER_PHASE_VERIFY] = {"verify", otter_phase_verify, true},
    [OTTER_PHASE_INSTALL] = {"install", otter_phase_install, true},
    [OTTER_PHASE_RESET] = {"reset", phase_reset, false},
};

/* ---- small acts shared by the phases ---- */

enum otter_client_want otter_client_go(struct otter_client *c, enum otter_phase phase)
{
    c->phase = phase;
    return OTTER_WANT_STEP;
}

enum otter_client_want otter_client_sleep(struct otter_client *c, uint64_t until_ms)
{
    c->wake_ms = until_ms;
    return OTTER_WANT_TIME;
}

void otter_client_event(struct otter_client *c, enum otter_update_state state, enum otter_status reason,
                        const char *text)
{
    if (c->config.hooks != NULL && c->config.hooks->event != NULL)
        c->config.hooks->event(c->config.hooks, state, reason, text);
}

uint32_t otter_client_random(struct otter_client *c)
{
    uint8_t b[4];

    c->config.random->fill(c->config.random, b, sizeof(b));
    return otter_le32(b);
}

enum otter_client_want otter_client_begin_cycle(struct otter_client *c)
{
    c->has_offer = false;
    c->roots_ran = false;
    c->reports_blocked = false;
    c->after = OTTER_PHASE_POLL;
    return otter_client_go(c, OTTER_PHASE_REPORT);
}

static uint32_t failure_wait_ms(struct otter_client *c)
{
    const struct otter_http_head *head = &c->ex.http.head;
    uint32_t random = otter_client_random(c);
    uint32_t wait;
    uint32_t least;

    if (c->on_trial)
        return otter_trial_wait_ms(c->timing.trial_poll_ms, random);
    wait = otter_backoff_ms(c->failures, c->timing.backoff_first_ms, c->timing.backoff_max_ms, random);
    if (!head->has_retry_after)
        return wait;
    /* The server's wish is a lower bound, and spread like any other. */
    least = otter_poll_wait_ms(otter_retry_after_s(true, head->retry_after), random);
    return wait > least ? wait : least;
}

static void count_failure(struct otter_client *c)
{
    if (c->failures < OTTER_FAILURES_MAX)
        c->failures++;
    /* Not the first two: a network that comes and goes must not wear the journal out. */
    if (c->failures > 2 && c->failures != c->config.journal->live.failures)
        (void)otter_journal_set_failures(c->config.journal, c->failures);
}

enum otter_client_want otter_client_cycle_failed(struct otter_client *c, uint64_t now, enum otter_status why)
{
    otter_exchange_close(c);
    c->last_error = why;
    /* A trial polls every minute: counted, it would leave the image that comes after it a day's back-off. */
    if (!c->on_trial)
        count_failure(c);
    if (c->server_count > 1)
        c->server_at ^= 1;
    c->next_poll_ms = now + failure_wait_ms(c);
    otter_client_event(c, OTTER_UPDATE_STATE_COUNT, why, "poll cycle failed");
    return otter_client_go(c, OTTER_PHASE_IDLE);
}

/* An offer that is not believed has no attempt to report on: the next polls tell, until one is believed. */
enum otter_client_want otter_client_offer_refused(struct otter_client *c, uint64_t now, enum otter_status why)
{
    c->refused = why;
    c->fresh = true; /* a 204 would not show that it is over */
    return otter_client_cycle_failed(c, now, why);
}

void otter_client_attempt_ended(struct otter_client *c)
{
    c->has_offer = false;
    c->cool_down = true;
    c->fetch_attempt = 0;
}

enum otter_client_want otter_client_attempt_failed(struct otter_client *c, enum otter_status reason)
{
    if (c->ex.busy)
        otter_exchange_close(c);
    c->refused_attempt = c->offer.attempt;
    c->refused_manifest = c->offer.manifest.sha256;
    c->refused_reason = reason;
    c->last_error = reason;
    otter_client_attempt_ended(c);
    /* A report that flash does not take is lost; the refusal is remembered for this boot all the same. */
    (void)otter_report_add(c, c->offer.attempt, OTTER_UPDATE_FAILED, reason);
    c->after = OTTER_PHASE_FINISH;
    return otter_client_go(c, OTTER_PHASE_REPORT);
}

enum otter_client_want otter_client_fetch_failed(struct otter_client *c, uint64_t now, enum otter_status why)
{
    enum otter_client_want want;

    /* The polls between were answered well: back-off goes by the fetches. */
    if (c->failures < c->fetch_failures)
        c->failures = c->fetch_failures;
    if (++c->fetch_failures < OTTER_FETCH_TRIES)
        return otter_client_cycle_failed(c, now, why);
    want = otter_client_attempt_failed(c, why);
    if (why == OTTER_HTTP_STATUS || why == OTTER_HTTP_REDIRECT)
        otter_report_explain(c, "HTTP ", c->ex.http.head.status);
    return want;
}

enum otter_client_want otter_client_wrong_bytes(struct otter_client *c, uint64_t now, enum otter_status why)
{
    if (++c->wrong_bytes >= OTTER_WRONG_TRIES)
        return otter_client_attempt_failed(c, why);
    return otter_client_fetch_failed(c, now, why);
}

/* ---- phases without a file of their own ---- */

static enum otter_client_want phase_off(struct otter_client *c, uint64_t now)
{
    (void)now;
    return otter_client_sleep(c, UINT64_MAX);
}

static enum otter_client_want phase_idle(struct otter_client *c, uint64_t now)
{
    uint64_t at = c->poll_asked ? now : c->next_poll_ms;

    if (now < at)
        return otter_client_sleep(c, at);
    c->poll_asked = false;
    return otter_client_begin_cycle(c);
}

/*
 * Each attempt costs flash, whoever is to blame: a server that offers one that comes to nothing after the
 * other must not wear it out. A day without any forgives one; a reset forgives none, since an image that
 * fails its trial brings one.
 */
static void cool_down(struct otter_client *c, uint64_t now)
{
    struct otter_journal *j = c->config.journal;
    uint32_t ended = c->ended;
    uint64_t at;

    c->cool_down = false;
    for (uint64_t quiet = now - c->ended_ms; quiet >= OTTER_DAY_MS && ended > 0; quiet -= OTTER_DAY_MS)
        ended--;
    if (ended < OTTER_FAILURES_MAX)
        ended++;
    c->ended = ended;
    c->ended_ms = now;
    if (ended != j->live.ended)
        (void)otter_journal_set_ended(j, ended); /* not taken: a reset forgives */
    at = now + otter_cool_down_ms(ended, c->timing.backoff_first_ms, c->timing.backoff_max_ms,
                                  otter_client_random(c));
    if (c->next_poll_ms < at)
        c->next_poll_ms = at;
}

static enum otter_client_want phase_finish(struct otter_client *c, uint64_t now)
{
    otter_exchange_close(c);
    if (c->cool_down)
        cool_down(c, now);
    return otter_client_go(c, OTTER_PHASE_IDLE);
}

static enum otter_client_want phase_refuse(struct otter_client *c, uint64_t now)
{
    if (c->has_offer)
        return otter_client_attempt_failed(c, c->refusal);
    return otter_client_offer_refused(c, now, c->refusal);
}

static enum otter_client_want phase_reset(struct otter_client *c, uint64_t now)
{
    (void)now;
    otter_exchange_close(c);
    return OTTER_WANT_RESET;
}

/* ---- the step ---- */

/* What the clock alone brings. */
static void tick(struct otter_client *c, uint64_t now)
{
    if (now - c->verified_ms >= (uint64_t)c->timing.stale_after_s * 1000)
        c->stale = true;
    if (now - c->fresh_ms >= OTTER_DAY_MS)
        c->fresh = true;
    if (now - c->roots_ms >= OTTER_DAY_MS)
        c->roots_due = true;
    /* Seven days up: what was counted against an image may have been anything else. */
    if (!c->installs_cleared && !c->on_trial && now - c->boot_ms >= 7 * OTTER_DAY_MS) {
        struct otter_journal *j = c->config.journal;

        c->installs_cleared = true;
        while (j->live.installs_count > 0) {
            struct otter_installs none = {j->live.installs[0].digest, 0};
            uint8_t before = j->live.installs_count;

            if (otter_journal_set_installs(j, &none) != OTTER_OK || j->live.installs_count == before)
                break;
        }
    }
}

/* The run of roots that is due comes before a poll, never inside an attempt; and who has no token gets one.
 */
static void before_poll(struct otter_client *c)
{
    if (c->phase != OTTER_PHASE_POLL || c->ex.busy)
        return;
    if (c->roots_due && otter_roots_try(c, OTTER_PHASE_POLL))
        return;
    if (otter_token_lacks(c)) {
        c->after = OTTER_PHASE_POLL;
        c->phase = OTTER_PHASE_TOKEN;
    }
}

struct otter_client_next otter_client_step(struct otter_client *c, uint64_t now)
{
    struct otter_client_next next = {OTTER_WANT_RESET, UINT64_MAX, false};
    uint64_t limit = UINT64_MAX; /* the next thing that the clock brings, whatever the phase waits for */

    c->wake_ms = UINT64_MAX;
    tick(c, now);
    if (c->on_trial)
        limit = otter_trial_step(c, now);
    if (c->trial_over)
        c->phase = OTTER_PHASE_RESET;
    if (phases[c->phase].in_attempt && now >= c->deadline_ms) {
        (void)otter_client_attempt_failed(c, OTTER_DEADLINE);
    } else if (phases[c->phase].in_attempt && c->deadline_ms < limit) {
        limit = c->deadline_ms;
    }
    before_poll(c);
    next.want = phases[c->phase].run(c, now);
    next.wake_ms = c->wake_ms < limit ? c->wake_ms : limit;
    next.net_write = next.want == OTTER_WANT_NET && otter_exchange_waits_to_send(c);
    return next;
}

void otter_client_view(const struct otter_client *c, struct otter_client_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->phase = phases[c->phase].name;
    ret->on_trial = c->on_trial;
    ret->stale = c->stale;
    ret->disabled = c->phase == OTTER_PHASE_OFF;
    ret->last_error = ret->disabled ? c->off_reason : c->last_error;
    ret->polls = c->polls;
    ret->next_poll_ms = c->next_poll_ms;
    if (c->has_offer) {
        ret->attempt = c->offer.attempt;
        ret->bytes = c->dl.received;
        ret->size = (uint32_t)c->offer.image.size;
    }
}

void otter_client_poll_now(struct otter_client *c)
{
    c->poll_asked = true;
}
