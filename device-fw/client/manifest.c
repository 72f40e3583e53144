/* The manifest of an offer: fetched by its digest, judged in the one order of checks. */
#include "client/internal.h"

static bool begin(struct otter_client *c, uint64_t now)
{
    struct otter_request r;
    struct otter_url url;

    return otter_request_blob(c, &r, &url, &c->offer.manifest.sha256) && otter_exchange_begin(c, &r, now);
}

enum otter_client_want otter_phase_manifest(struct otter_client *c, uint64_t now)
{
    enum otter_status why = OTTER_NET_UNREACHABLE;

    if (!c->ex.busy) {
        return begin(c, now) ? OTTER_WANT_STEP : otter_client_fetch_failed(c, now, why);
    }
    /* The offer's decoder bounds manifest.size by the same maximum. */
    switch (otter_exchange_collect(c, now, OTTER_ENVELOPE_MAX, &why)) {
    case OTTER_EX_WAIT:
        return otter_exchange_wait(c);
    case OTTER_EX_DONE:
        if (c->ex.http.head.status != 200)
            return otter_client_fetch_failed(c, now, otter_exchange_refusal(c));
        return otter_client_go(c, OTTER_PHASE_JUDGE);
    case OTTER_EX_FAILED:
        return otter_client_fetch_failed(c, now, why);
    case OTTER_EX_MORE:
    case OTTER_EX_HEAD:
    case OTTER_EX_BODY:
    default:
        return OTTER_WANT_STEP;
    }
}

/* By the manifest's `created`, and never beyond what its offer says of the time: else a date far ahead, which
 * a stolen release key may sign, would make the device refuse all offers to come, and its server's
 * certificate with them. */
static enum otter_status raise_floor(struct otter_client *c)
{
    uint64_t created = c->doc.manifest.created < c->offer.issued ? c->doc.manifest.created : c->offer.issued;
    enum otter_status status = OTTER_OK;

    if (created > c->config.journal->live.time_floor)
        status = otter_journal_set_time_floor(c->config.journal, created);
    if (status == OTTER_OK && created > c->facts.time_floor)
        c->facts.time_floor = created;
    return status;
}

enum otter_client_want otter_phase_judge(struct otter_client *c, uint64_t now)
{
    enum otter_status status;

    /* No decoder yet, and we say so in each poll (caps.ram = 0): an offered delta is passed over, not
     * refused. */
    c->offer.has_delta = false;
    status = otter_verify_manifest(c->config.crypto, &c->root, &c->facts, &c->offer, c->buf, c->buf_len,
                                   &c->jws, &c->doc.manifest, &c->image);
    /* A root that we have not seen yet may know the key, or have begun a new epoch. */
    if ((status == OTTER_UNKNOWN_KEY || status == OTTER_WRONG_EPOCH) &&
        otter_roots_try(c, OTTER_PHASE_REFUSE)) {
        c->refusal = status;
        return OTTER_WANT_STEP;
    }
    if (status == OTTER_MANIFEST_SIZE || status == OTTER_MANIFEST_DIGEST)
        return otter_client_wrong_bytes(c, now, status);
    if (status != OTTER_OK)
        return otter_client_attempt_failed(c, status);
    status = raise_floor(c);
    return status == OTTER_OK ? otter_client_go(c, OTTER_PHASE_HELD) : otter_client_attempt_failed(c, status);
}
