/*
 * A token of its own: at the first boot of a device that has a fleet key, and when the server asks for a new
 * one (protocol.md, Tokens of their own). What is made is journalled before it is offered, and is the token
 * only once the server has taken it; whatever is cut short in between is gone on with.
 */
#include "client/internal.h"

#include "core/bytes.h"
#include "core/token.h"

#include <string.h>

_Static_assert(OTTER_SECRET_LEN == OTTER_TOKEN_SECRET, "one length");
_Static_assert(OTTER_SECRET_LEN == OTTER_DIGEST_LEN, "one length");

static const struct otter_digest none;

static bool is_made(const struct otter_client *c)
{
    return memcmp(c->config.journal->live.next_secret.b, none.b, OTTER_DIGEST_LEN) != 0;
}

bool otter_token_lacks(const struct otter_client *c)
{
    return c->config.factory->fleet_key && c->config.journal->live.token[0] == '\0';
}

bool otter_token_due(const struct otter_client *c)
{
    return c->ex.http.head.rotate || is_made(c);
}

/* Each one is written down thrice: who answers at will in the server's place shall not wear out the journal.
 */
#define ROTATE_MS (UINT64_C(60) * 60 * 1000)

static bool may_make(const struct otter_client *c, uint64_t now)
{
    return otter_token_lacks(c) || now >= c->rotate_ms;
}

static bool make(struct otter_client *c, uint64_t now)
{
    uint8_t secret[OTTER_SECRET_LEN];

    if (!otter_token_lacks(c)) /* the first one is nobody's order */
        c->rotate_ms = now + ROTATE_MS;
    c->config.random->fill(c->config.random, secret, sizeof(secret));
    return otter_journal_set_next_secret(c->config.journal, secret) == OTTER_OK;
}

static bool begin(struct otter_client *c, uint64_t now)
{
    const struct otter_factory *factory = c->config.factory;
    uint8_t under[OTTER_SECRET_LEN];
    struct otter_new_token token;
    struct otter_request r;
    size_t cap;
    char *body = otter_request_body(c, &cap);
    int len;

    if (!is_made(c) && !make(c, now))
        return false;
    memcpy(token.device, factory->device, sizeof(token.device));
    memcpy(token.product, factory->product, sizeof(token.product));
    memcpy(token.hardware, factory->hardware, sizeof(token.hardware));
    c->config.random->fill(c->config.random, token.nonce, sizeof(token.nonce));
    memcpy(token.secret, c->config.journal->live.next_secret.b, sizeof(token.secret));
    otter_request_secret(c, under);
    otter_new_token_mask(c->config.crypto, under, &token);
    len = otter_new_token_encode(&token, body, cap);
    if (len < 0)
        return false;
    otter_request_init(c, &r, "POST", otter_token_lacks(c) ? "/v1/device/enrol" : "/v1/device/token");
    r.body_len = (uint32_t)len;
    return otter_exchange_begin(c, &r, now);
}

/* The server has it: from here on it is the token. A cut between the two entries is found by their being one.
 */
static enum otter_status adopt(struct otter_client *c)
{
    char text[OTTER_B64_LEN(OTTER_SECRET_LEN) + 1];
    enum otter_status status;

    otter_b64_encode(c->config.journal->live.next_secret.b, OTTER_SECRET_LEN, text);
    status = otter_journal_set_token(c->config.journal, text);
    return status == OTTER_OK ? otter_journal_set_next_secret(c->config.journal, NULL) : status;
}

/* By who has the new secret, which only the holder of the one before it can have: no other may have us
 * change. */
static bool is_taken(const struct otter_client *c)
{
    char said[OTTER_TOKEN_TAKEN + 1];
    struct otter_new_token token;

    memcpy(token.device, c->config.factory->device, sizeof(token.device));
    memcpy(token.secret, c->config.journal->live.next_secret.b, sizeof(token.secret));
    otter_new_token_taken(c->config.crypto, &token, said);
    return strcmp(c->ex.http.head.etag, said) == 0;
}

static bool is_adopted(const struct otter_client *c)
{
    uint8_t secret[OTTER_SECRET_LEN];

    otter_request_secret(c, secret);
    return memcmp(secret, c->config.journal->live.next_secret.b, sizeof(secret)) == 0;
}

/* A rotation that comes to nothing is gone on with at the next poll; without any token there is none. */
static enum otter_client_want failed(struct otter_client *c, uint64_t now, enum otter_status why)
{
    if (otter_token_lacks(c))
        return otter_client_cycle_failed(c, now, why);
    otter_client_event(c, OTTER_UPDATE_STATE_COUNT, why, "token");
    return otter_client_go(c, c->after);
}

static enum otter_client_want answered(struct otter_client *c, uint64_t now)
{
    uint16_t http = c->ex.http.head.status;
    enum otter_status status = OTTER_OK;

    if (http == 403)
        c->failures = 0; /* an operator decides: poll.c says the same */
    if (http == 204)
        status = is_taken(c) ? adopt(c) : OTTER_BAD_SIGNATURE;
    else if (http == 409 && !otter_token_lacks(c))
        status = otter_journal_set_next_secret(c->config.journal, NULL); /* not wanted any more */
    else
        status = otter_exchange_refusal(c);
    return status == OTTER_OK ? otter_client_go(c, c->after) : failed(c, now, status);
}

enum otter_client_want otter_phase_token(struct otter_client *c, uint64_t now)
{
    enum otter_status why = OTTER_NET_UNREACHABLE;

    if (!c->ex.busy) {
        if (is_made(c) && is_adopted(c)) {
            why = otter_journal_set_next_secret(c->config.journal, NULL);
            return why == OTTER_OK ? otter_client_go(c, c->after) : failed(c, now, why);
        }
        if (!is_made(c) && !may_make(c, now))
            return otter_client_go(c, c->after);
        return begin(c, now) ? OTTER_WANT_STEP : failed(c, now, why);
    }
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
