/* Reports: journalled when a state changes, sent oldest first until acknowledged (protocol.md, Device
 * protocol v1). */
#include "client/internal.h"

#include <string.h>

#define REPLY_MAX 512u

bool otter_report_held(const struct otter_client *c, uint64_t attempt, enum otter_update_state state)
{
    const struct otter_journal_live *live = &c->config.journal->live;

    for (unsigned i = 0; i < live->report_count; i++) {
        if (live->report[i].attempt == attempt && live->report[i].state == state)
            return true;
    }
    return false;
}

enum otter_status otter_report_add(struct otter_client *c, uint64_t attempt, enum otter_update_state state,
                                   enum otter_status reason)
{
    const struct otter_journal_live *live = &c->config.journal->live;
    struct otter_held_report held = {attempt, 1, state, otter_status_code(reason)};
    enum otter_status status;

    otter_client_event(c, state, reason, "entered");
    if (attempt == 0 || (c->said_attempt == attempt && c->said_state == state))
        return OTTER_OK;
    if (live->step_attempt == attempt)
        held.step = live->step + 1;
    status = otter_journal_add_report(c->config.journal, &held);
    if (status != OTTER_OK)
        return status;
    c->said_attempt = attempt;
    c->said_state = state;
    c->reports_blocked = false;
    return OTTER_OK;
}

void otter_report_explain(struct otter_client *c, const char *what, uint32_t number)
{
    const struct otter_journal_live *live = &c->config.journal->live;
    char digits[OTTER_DIGITS];
    const char *shown = otter_request_digits(number, digits);
    size_t n = strlen(what), m = strlen(shown) + 1;
    const struct otter_held_report *newest;

    if (live->report_count == 0 || n + m > sizeof(c->explanation))
        return;
    newest = &live->report[live->report_count - 1];
    /* Flash may not have taken this boot's newest: what is held is then another one. */
    if (newest->attempt != c->said_attempt || newest->state != c->said_state)
        return;
    memcpy(c->explanation, what, n);
    memcpy(c->explanation + n, shown, m);
    c->explained_attempt = newest->attempt;
    c->explained_step = newest->step;
}

static void from_held(const struct otter_client *c, const struct otter_held_report *held,
                      struct otter_report *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->attempt = held->attempt;
    ret->step = held->step;
    ret->state = held->state;
    ret->reason = otter_status_of_code(held->reason);
    if (c->has_offer && held->attempt == c->offer.attempt && held->state == OTTER_UPDATE_DOWNLOADING) {
        ret->has_bytes = true;
        ret->bytes = c->dl.received;
    }
    if (held->attempt == c->explained_attempt && held->step == c->explained_step)
        memcpy(ret->detail, c->explanation, sizeof(c->explanation));
}

bool otter_report_newest(const struct otter_client *c, struct otter_report *ret)
{
    const struct otter_journal_live *live = &c->config.journal->live;

    if (live->report_count == 0)
        return false;
    from_held(c, &live->report[live->report_count - 1], ret);
    return true;
}

static bool begin(struct otter_client *c, uint64_t now)
{
    struct otter_request r;
    struct otter_report report;
    size_t cap;
    char *body = otter_request_body(c, &cap);
    int len;

    from_held(c, &c->config.journal->live.report[0], &report);
    len = otter_report_encode(c->config.factory->device, &c->facts.running, &report, body, cap);
    if (len < 0)
        return false;
    otter_request_init(c, &r, "POST", "/v1/device/report");
    r.body_len = (uint32_t)len;
    return otter_exchange_begin(c, &r, now);
}

/*
 * Which replies keep a report? 401, 403, 408, 429 and 5xx may turn out otherwise later. Every other one
 * acknowledges: 404, 409 and 410 say so, and a report that the server calls malformed (400, 413) would block
 * those behind it for ever.
 */
static bool keeps(uint16_t status)
{
    return status < 200 || (status >= 300 && status < 400) || status == 401 || status == 403 ||
           status == 408 || status == 429 || status >= 500;
}

/* Does the server call the attempt off? Once installed, it is finished and counted whatever it says. */
static bool called_off(const struct otter_client *c, uint64_t attempt)
{
    uint16_t status = c->ex.http.head.status;
    bool go_on;

    if (!c->has_offer || c->installed || attempt != c->offer.attempt)
        return false;
    if (status == 404 || status == 410)
        return true;
    return status == 200 && otter_report_reply_decode(c->buf, c->buf_len, &go_on) && !go_on;
}

static void answered(struct otter_client *c)
{
    struct otter_held_report held = c->config.journal->live.report[0];

    if (keeps(c->ex.http.head.status)) {
        c->last_error = otter_exchange_refusal(c);
        c->reports_blocked = true;
        return;
    }
    /* Not dropped (a flash error): it would be sent again at once, for ever. */
    if (otter_journal_drop_report(c->config.journal, held.attempt, held.step) != OTTER_OK)
        c->reports_blocked = true;
    if (!called_off(c, held.attempt))
        return;
    otter_client_event(c, OTTER_UPDATE_CANCELLED, OTTER_STOPPED, "the server said not to continue");
    c->refused_attempt = c->offer.attempt;
    c->refused_manifest = c->offer.manifest.sha256;
    c->refused_reason = OTTER_STOPPED;
    otter_client_attempt_ended(c);
    c->after = OTTER_PHASE_FINISH;
}

enum otter_client_want otter_phase_report(struct otter_client *c, uint64_t now)
{
    enum otter_status why = OTTER_NET_UNREACHABLE;

    if (!c->ex.busy) {
        if (c->config.journal->live.report_count == 0 || c->reports_blocked)
            return otter_client_go(c, c->after);
        if (begin(c, now))
            return OTTER_WANT_STEP;
        c->reports_blocked = true;
        return otter_client_go(c, c->after);
    }
    switch (otter_exchange_collect(c, now, REPLY_MAX, &why)) {
    case OTTER_EX_WAIT:
        return otter_exchange_wait(c);
    case OTTER_EX_DONE:
        answered(c);
        return OTTER_WANT_STEP;
    case OTTER_EX_FAILED:
        /* Not the cycle's failure: a report that no server takes must not keep a trial from its poll. */
        c->last_error = why;
        c->reports_blocked = true;
        return OTTER_WANT_STEP;
    case OTTER_EX_MORE:
    case OTTER_EX_HEAD:
    case OTTER_EX_BODY:
    default:
        return OTTER_WANT_STEP;
    }
}
