/* Newer roots, one after the other, each stored before the next is asked for (protocol.md, order of checks).
 */
#include "client/internal.h"

#include "core/bytes.h"

#include <string.h>

#define RUN_MAX 32u

static void adopt(struct otter_client *c, const struct otter_root *root)
{
    uint64_t stored = c->config.journal->live.time_floor;

    c->root = *root;
    /* The factory's root counts, too, and is in no entry. */
    if (stored > c->facts.time_floor)
        c->facts.time_floor = stored;
    if (root->created > c->facts.time_floor)
        c->facts.time_floor = root->created;
}

enum otter_status otter_roots_load(struct otter_client *c)
{
    const struct otter_factory *factory = c->config.factory;
    uint16_t len = 0;
    enum otter_status status =
        otter_root_decode(c->config.crypto, factory->root, factory->root_len, &c->doc.next_root);

    if (status != OTTER_OK)
        return status;
    adopt(c, &c->doc.next_root);
    /* A journal's root that cannot be read costs the chain from the factory's on, not the updater. */
    if (otter_journal_get_root(c->config.journal, c->jws.payload, &len) != OTTER_OK || len == 0)
        return OTTER_OK;
    if (otter_root_decode(c->config.crypto, c->jws.payload, len, &c->doc.next_root) == OTTER_OK &&
        c->doc.next_root.version > c->root.version)
        adopt(c, &c->doc.next_root);
    return OTTER_OK;
}

bool otter_roots_try(struct otter_client *c, enum otter_phase after)
{
    if (c->roots_ran)
        return false;
    c->roots_ran = true;
    c->roots_advanced = false;
    c->roots_left = RUN_MAX;
    c->after_roots = after;
    c->phase = OTTER_PHASE_ROOTS;
    return true;
}

static bool begin(struct otter_client *c, uint64_t now)
{
    static const char prefix[] = "/v1/roots/";
    struct otter_request r;
    char target[sizeof(prefix) + 20];
    char digits[20];
    size_t n = 0;
    size_t at = sizeof(prefix) - 1;
    uint64_t v = c->root.version + 1;

    memcpy(target, prefix, at);
    while (v != 0)
        digits[n++] = (char)('0' + otter_divide(&v, 10));
    while (n > 0)
        target[at++] = digits[--n];
    target[at] = '\0';
    otter_request_init(c, &r, "GET", target);
    r.authorize = false; /* roots are public */
    return otter_exchange_begin(c, &r, now);
}

/* The time floor rises to a root's `created`. A new epoch sets it back to that, too: who could sign manifests
 * until now may have dated one beyond every offer to come, and that is void as his sequences are. */
static enum otter_status set_floor(struct otter_client *c, const struct otter_root *next)
{
    uint64_t stored = c->config.journal->live.time_floor;
    enum otter_status status = OTTER_OK;
    bool anew = next->sequence_epoch > c->root.sequence_epoch;

    if (anew ? next->created != stored : next->created > stored)
        status = otter_journal_set_time_floor(c->config.journal, next->created);
    if (status == OTTER_OK && anew)
        c->facts.time_floor = next->created;
    return status;
}

/* The floor first: should the power go between the two, the root comes once more. */
static enum otter_status accept(struct otter_client *c)
{
    enum otter_status status =
        otter_verify_root_next(c->config.crypto, &c->root, c->buf, c->buf_len, &c->jws, &c->doc.next_root);

    if (status == OTTER_OK)
        status = set_floor(c, &c->doc.next_root);
    if (status == OTTER_OK)
        status = otter_journal_set_root(c->config.journal, c->doc.next_root.version, c->jws.payload,
                                        c->jws.payload_len);
    if (status != OTTER_OK)
        return status;
    adopt(c, &c->doc.next_root);
    otter_roots_revoke(c);
    c->roots_advanced = true;
    return OTTER_OK;
}

/* A poll answered under an older root is asked for anew; a refusal that a newer root might have lifted
 * stands. */
static enum otter_client_want finish(struct otter_client *c)
{
    if (c->roots_advanced) {
        c->has_offer = false;
        return otter_client_go(c, OTTER_PHASE_POLL);
    }
    return otter_client_go(c, c->after_roots);
}

static enum otter_client_want failed(struct otter_client *c, uint64_t now, enum otter_status why)
{
    otter_client_event(c, OTTER_UPDATE_STATE_COUNT, why, "roots");
    if (otter_status_group(why) != 'T')
        c->refused = why;
    /* Nothing is refused for good while newer roots are out of reach. */
    if (c->after_roots == OTTER_PHASE_REFUSE && !c->roots_advanced && otter_status_group(why) == 'T') {
        c->has_offer = false;
        return otter_client_cycle_failed(c, now, why);
    }
    c->last_error = why;
    return finish(c);
}

static enum otter_client_want answered(struct otter_client *c, uint64_t now)
{
    enum otter_status status;

    if (c->ex.http.head.status == 404) {
        c->roots_due = false;
        c->roots_ms = now;
        return finish(c);
    }
    if (c->ex.http.head.status != 200)
        return failed(c, now, otter_exchange_refusal(c));
    status = accept(c);
    if (status != OTTER_OK)
        return failed(c, now, status);
    /* The rest of a long chain is for the next poll. */
    return --c->roots_left == 0 ? finish(c) : OTTER_WANT_STEP;
}

enum otter_client_want otter_phase_roots(struct otter_client *c, uint64_t now)
{
    enum otter_status why = OTTER_NET_UNREACHABLE;

    if (!c->ex.busy)
        return begin(c, now) ? OTTER_WANT_STEP : failed(c, now, why);
    switch (otter_exchange_collect(c, now, OTTER_ENVELOPE_MAX, &why)) {
    case OTTER_EX_WAIT:
        return otter_exchange_wait(c);
    case OTTER_EX_DONE:
        return answered(c, now);
    case OTTER_EX_FAILED:
        return failed(c, now, why);
    case OTTER_EX_MORE:
    case OTTER_EX_HEAD:
    case OTTER_EX_BODY:
    default:
        return OTTER_WANT_STEP;
    }
}

static bool contains(const struct otter_digest *list, unsigned n, const struct otter_digest *digest)
{
    for (unsigned i = 0; i < n; i++) {
        if (memcmp(list[i].b, digest->b, sizeof(digest->b)) == 0)
            return true;
    }
    return false;
}

void otter_roots_revoke(struct otter_client *c)
{
    const struct otter_image_keys *keys = c->config.keys;
    const struct otter_journal_live *live = &c->config.journal->live;
    unsigned good = 0;

    if (c->on_trial)
        return;
    for (unsigned i = 0; i < keys->count; i++)
        good += !contains(live->revoked, live->revoked_count, &keys->kid[i]);
    for (unsigned i = 0; i < keys->count && good > 1; i++) {
        const struct otter_digest *kid = &keys->kid[i];

        if (!contains(c->root.revoked, c->root.revoked_count, kid) ||
            contains(live->revoked, live->revoked_count, kid) ||
            memcmp(c->running.key.b, kid->b, sizeof(kid->b)) == 0)
            continue;
        if (otter_journal_add_revoked(c->config.journal, kid) == OTTER_OK)
            good--;
    }
}

void otter_client_image_keys(const struct otter_client *c, struct otter_image_keys *ret)
{
    const struct otter_journal_live *live = &c->config.journal->live;
    unsigned n = 0;

    *ret = *c->config.keys;
    for (unsigned i = 0; i < c->root.revoked_count && n < OTTER_ARRAY_LEN(ret->revoked); i++)
        ret->revoked[n++] = c->root.revoked[i];
    for (unsigned i = 0; i < live->revoked_count && n < OTTER_ARRAY_LEN(ret->revoked); i++)
        ret->revoked[n++] = live->revoked[i];
    ret->revoked_count = (uint8_t)n;
}
