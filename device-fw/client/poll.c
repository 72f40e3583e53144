/* The poll, the offer that answers it, and the attributes that follow the first one. */
#include "client/backoff.h"
#include "client/internal.h"

#include "core/bytes.h"

#include <string.h>

#define OFFER_MAX 1536u /* protocol.md: of a reply to a poll */

/* ---- POLL ---- */

static bool begin(struct otter_client *c, uint64_t now)
{
    const struct otter_factory *factory = c->config.factory;
    struct otter_poll poll = {0};
    struct otter_request r;
    size_t cap;
    char *body = otter_request_body(c, &cap);
    int len;

    memcpy(poll.device, factory->device, sizeof(poll.device));
    memcpy(poll.product, factory->product, sizeof(poll.product));
    memcpy(poll.hardware, factory->hardware, sizeof(poll.hardware));
    c->config.random->fill(c->config.random, c->nonce, sizeof(c->nonce));
    memcpy(poll.nonce, c->nonce, sizeof(poll.nonce));
    poll.running = c->facts.running;
    poll.epoch = c->facts.epoch;
    poll.sequence = c->facts.sequence;
    poll.root = c->root.version;
    poll.fresh = c->fresh || c->on_trial;
    poll.stale = c->stale;
    poll.refused = c->refused;
    poll.has_last = otter_report_newest(c, &poll.last);
    len = otter_poll_encode(&poll, body, cap);
    if (len < 0)
        return false;
    otter_request_init(c, &r, "POST", "/v1/device/poll");
    r.body_len = (uint32_t)len;
    return otter_exchange_begin(c, &r, now);
}

/* The server answered as it should: failures are over, and the next poll is set. */
static void reached(struct otter_client *c, uint64_t now)
{
    const struct otter_http_head *head = &c->ex.http.head;
    uint32_t wait;

    c->polls++;
    c->last_error = OTTER_OK;
    c->failures = 0;
    if (c->config.journal->live.failures != 0)
        (void)otter_journal_set_failures(c->config.journal,
                                         0); /* costs a longer wait after a reset, no more */
    if (c->on_trial)
        wait = otter_trial_wait_ms(c->timing.trial_poll_ms, otter_client_random(c));
    else
        wait = otter_poll_wait_ms(otter_retry_after_s(head->has_retry_after, head->retry_after),
                                  otter_client_random(c));
    c->next_poll_ms = now + wait;
}

/* Otter-Root is a hint: it can make us ask, nothing else. */
static bool hinted(const struct otter_client *c)
{
    const struct otter_http_head *head = &c->ex.http.head;

    return head->has_root && head->root > c->root.version;
}

static enum otter_client_want go_on(struct otter_client *c, enum otter_phase next)
{
    if (hinted(c) && otter_roots_try(c, next))
        return OTTER_WANT_STEP;
    if (!c->on_trial && otter_token_due(c)) {
        c->after = next;
        return otter_client_go(c, OTTER_PHASE_TOKEN);
    }
    if (!c->attributes_sent && !c->on_trial && c->config.hooks != NULL &&
        c->config.hooks->attributes != NULL) {
        c->after = next;
        return otter_client_go(c, OTTER_PHASE_ATTRIBUTES);
    }
    return otter_client_go(c, next);
}

/* What came is no answer to a poll: refused, as an offer that does not verify, and told to the server
 * likewise. */
static enum otter_client_want no_answer(struct otter_client *c, uint64_t now, enum otter_status why)
{
    if (why == OTTER_HTTP_MALFORMED || why == OTTER_HTTP_REDIRECT || why == OTTER_TOO_LARGE)
        return otter_client_offer_refused(c, now, why);
    return otter_client_cycle_failed(c, now, why);
}

static enum otter_client_want answered(struct otter_client *c, uint64_t now)
{
    if (c->ex.http.head.status == 200)
        return otter_client_go(c, OTTER_PHASE_OFFER);
    /* Known, and asked to wait for an operator: no failure, so that it comes again when it was told to. */
    if (c->ex.http.head.status == 403)
        c->failures = 0;
    if (c->ex.http.head.status != 204)
        return no_answer(c, now, otter_exchange_refusal(c));
    reached(c, now);
    return go_on(c, OTTER_PHASE_FINISH);
}

enum otter_client_want otter_phase_poll(struct otter_client *c, uint64_t now)
{
    enum otter_status why = OTTER_NET_UNREACHABLE;

    if (!c->ex.busy)
        return begin(c, now) ? OTTER_WANT_STEP : otter_client_cycle_failed(c, now, why);
    switch (otter_exchange_collect(c, now, OFFER_MAX, &why)) {
    case OTTER_EX_WAIT:
        return otter_exchange_wait(c);
    case OTTER_EX_DONE:
        return answered(c, now);
    case OTTER_EX_FAILED:
        return no_answer(c, now, why);
    case OTTER_EX_MORE:
    case OTTER_EX_HEAD:
    case OTTER_EX_BODY:
    default:
        return OTTER_WANT_STEP;
    }
}

/* ---- OFFER ---- */

/* Has this very offer been answered with `failed` already? */
static bool refused_already(struct otter_client *c)
{
    if (c->refused_attempt == c->offer.attempt &&
        memcmp(c->refused_manifest.b, c->offer.manifest.sha256.b, OTTER_DIGEST_LEN) == 0) {
        c->last_error = c->refused_reason;
        return true;
    }
    /* Before a reset: the report is still to be taken. */
    return otter_report_held(c, c->offer.attempt, OTTER_UPDATE_FAILED);
}

/* May this image be installed on this device at all? OK, or the refusal. */
static enum otter_status admit(const struct otter_client *c)
{
    struct otter_status_code cause;

    if (otter_journal_is_rejected(c->config.journal, &c->offer.image.sha256, &cause) &&
        otter_status_of_code(cause) != OTTER_TRIAL_NO_SERVER)
        return OTTER_REJECTED_BEFORE;
    if (otter_journal_install_count(c->config.journal, &c->offer.image.sha256) >= OTTER_INSTALLS_MAX)
        return OTTER_INSTALL_LIMIT;
    return OTTER_OK;
}

/* Is it another one than the attempt under way, which then came to nothing? So is one of another image. */
static bool replaces(const struct otter_client *c)
{
    if (c->fetch_attempt == 0)
        return false;
    return c->fetch_attempt != c->offer.attempt ||
           (c->dl.attempt == c->fetch_attempt &&
            memcmp(c->dl.digest.b, c->offer.image.sha256.b, OTTER_DIGEST_LEN) != 0);
}

static enum otter_client_want consider(struct otter_client *c, uint64_t now)
{
    enum otter_status status;

    /* On trial an offer proves the server, nothing more: trial.c confirms. */
    if (c->on_trial || c->offer.empty || c->cool_down || refused_already(c))
        return go_on(c, OTTER_PHASE_FINISH);
    if (replaces(c)) {
        otter_client_attempt_ended(c);
        return go_on(c, OTTER_PHASE_FINISH);
    }
    c->has_offer = true;
    c->installed = false;
    /* Both below 2^53 (offer's decoder) and deadline > issued: no wrap. */
    c->deadline_ms = now + (c->offer.deadline - c->offer.issued) * 1000;
    if (c->fetch_attempt != c->offer.attempt) {
        c->fetch_attempt = c->offer.attempt;
        c->fetch_failures = 0;
        c->wrong_bytes = 0;
    }
    status = admit(c);
    if (status != OTTER_OK)
        return otter_client_attempt_failed(c, status);
    return go_on(c, OTTER_PHASE_MANIFEST);
}

enum otter_client_want otter_phase_offer(struct otter_client *c, uint64_t now)
{
    enum otter_status status = otter_verify_offer(c->config.crypto, &c->root, &c->facts, c->nonce, c->buf,
                                                  c->buf_len, &c->jws, &c->offer);

    /* Keys change with roots: ask once before believing that the server is a stranger. */
    if ((status == OTTER_UNKNOWN_KEY || status == OTTER_ROOT_EXPIRED) &&
        otter_roots_try(c, OTTER_PHASE_REFUSE)) {
        c->refusal = status;
        return OTTER_WANT_STEP;
    }
    if (status != OTTER_OK)
        return otter_client_offer_refused(c, now, status);
    reached(c, now);
    c->refused = OTTER_OK;
    c->verified_ms = now;
    c->fresh_ms = now;
    c->fresh = false;
    c->stale = false;
    c->server_seen = true;
    return consider(c, now);
}

/* ---- ATTRIBUTES ---- */

static bool begin_attributes(struct otter_client *c, uint64_t now)
{
    const char *text = c->config.hooks->attributes;
    struct otter_request r;
    size_t cap;
    char *body = otter_request_body(c, &cap);
    size_t len = strlen(text);

    if (len == 0 || len > OTTER_ATTRIBUTES_MAX || len > cap)
        return false;
    memcpy(body, text, len); /* bytes of a length, no string: NOLINT(bugprone-not-null-terminated-result) */
    otter_request_init(c, &r, "PUT", "/v1/device/attributes");
    r.names_device = true;
    r.body_len = (uint32_t)len;
    return otter_exchange_begin(c, &r, now);
}

/* Attributes are a courtesy: whatever becomes of them, the update goes on. Only 5xx and silence bring a
 * second try. */
enum otter_client_want otter_phase_attributes(struct otter_client *c, uint64_t now)
{
    enum otter_status why;

    if (!c->ex.busy) {
        c->attributes_sent = true;
        return begin_attributes(c, now) ? OTTER_WANT_STEP : otter_client_go(c, c->after);
    }
    switch (otter_exchange_collect(c, now, OTTER_ENVELOPE_MAX, &why)) {
    case OTTER_EX_WAIT:
        return otter_exchange_wait(c);
    case OTTER_EX_DONE:
        c->attributes_sent = c->ex.http.head.status < 500;
        return otter_client_go(c, c->after);
    case OTTER_EX_FAILED:
        c->attributes_sent = false;
        return otter_client_go(c, c->after);
    case OTTER_EX_MORE:
    case OTTER_EX_HEAD:
    case OTTER_EX_BODY:
    default:
        return OTTER_WANT_STEP;
    }
}
