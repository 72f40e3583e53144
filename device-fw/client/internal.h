/* Between the updater's own files. Each function works on the one client that it is given; none blocks. */
#ifndef OTTER_CLIENT_INTERNAL_H
#define OTTER_CLIENT_INTERNAL_H

#include "client/client_state.h"

#define OTTER_INSTALLS_MAX   3u /* of one digest, without a confirm */
#define OTTER_ATTRIBUTES_MAX 1024u
#define OTTER_DAY_MS         UINT64_C(86400000)

/* ---- request.c: the request's text, into client->buf ---- */

#define OTTER_REQUEST_HEAD   1024u /* the body waits behind this many bytes until the head is written */
#define OTTER_REQUEST_TARGET (OTTER_URL_MAX + 96u)

struct otter_request {
    const struct otter_url *url;
    const char *tls_name; /* asked for with https only */
    const char *method;
    char target[OTTER_REQUEST_TARGET]; /* path */
    bool authorize;
    bool names_device;    /* in the head: the body does not */
    uint32_t body_len;    /* JSON at client->buf + OTTER_REQUEST_HEAD */
    uint32_t range_from;  /* 0 = the whole */
    const char *if_range; /* with range_from */
};

/* A request to the server that is in turn. target is the path without its prefix. */
void otter_request_init(const struct otter_client *c, struct otter_request *r, const char *method,
                        const char *target);

/*
 * One for <prefix>/<digest>. The prefix is the offer's `blobs`, a URL or a path below the server's URL;
 * /v1/blobs without one. *url is storage for it. False if it is neither.
 */
bool otter_request_blob(const struct otter_client *c, struct otter_request *r, struct otter_url *url,
                        const struct otter_digest *digest);

/* Where a body is encoded, and how much fits. */
char *otter_request_body(struct otter_client *c, size_t *ret_cap);

/* Head and body to the start of client->buf: their length, or 0 if the head is too long. */
uint32_t otter_request_write(struct otter_client *c, const struct otter_request *r);

/* The device's secret: of the journal's token if there is one, else the factory's. Its token is base64url of
 * it, unless it is a fleet key. */
void otter_request_secret(const struct otter_client *c, uint8_t ret[OTTER_SECRET_LEN]);

/* Before the request in client->buf is sent again: a nonce proves once (Otter-HMAC). */
void otter_request_renew(struct otter_client *c);

/* Decimal digits of v and a NUL; returns where they begin. */
#define OTTER_DIGITS 11u
const char *otter_request_digits(uint32_t v, char buf[OTTER_DIGITS]);

/* ---- exchange.c: one request and its response ---- */

enum otter_exchange_result {
    OTTER_EX_WAIT,  /* for the network */
    OTTER_EX_MORE,  /* call again */
    OTTER_EX_HEAD,  /* ex.http.head is there */
    OTTER_EX_BODY,  /* a piece */
    OTTER_EX_DONE,  /* whole; ex.http.head is still there */
    OTTER_EX_FAILED /* the connection is closed, *ret_why says why */
};

/* Begins; connects unless the connection to the same origin is open. False: cannot (NET_UNREACHABLE, in
 * effect). */
bool otter_exchange_begin(struct otter_client *c, const struct otter_request *r, uint64_t now);
/* Hands out pieces of at most `max` bytes of the body (> 0). */
enum otter_exchange_result otter_exchange_step(struct otter_client *c, uint64_t now, uint32_t max,
                                               const uint8_t **ret_body, uint32_t *ret_len,
                                               enum otter_status *ret_why);
/* Gathers a body of at most `max` bytes in client->buf, NUL-terminated; longer: TOO_LARGE, or none if not
 * 200. */
enum otter_exchange_result otter_exchange_collect(struct otter_client *c, uint64_t now, uint32_t max,
                                                  enum otter_status *ret_why);
void otter_exchange_close(struct otter_client *c);
/* What to do while an exchange waits: sets wake_ms. */
enum otter_client_want otter_exchange_wait(struct otter_client *c);
/* ... and for which direction. */
bool otter_exchange_waits_to_send(const struct otter_client *c);
/* HTTP_REDIRECT for 3xx, else HTTP_STATUS. */
enum otter_status otter_exchange_refusal(const struct otter_client *c);

/* ---- client.c ---- */

/* Leaves the phase for another one to be run at the next step. */
enum otter_client_want otter_client_go(struct otter_client *c, enum otter_phase phase);
enum otter_client_want otter_client_sleep(struct otter_client *c, uint64_t until_ms);
void otter_client_event(struct otter_client *c, enum otter_update_state state, enum otter_status reason,
                        const char *text);
uint32_t otter_client_random(struct otter_client *c);
/* Reports held first, then roots if due, then the poll. */
enum otter_client_want otter_client_begin_cycle(struct otter_client *c);
/* Something between us and the server failed: backs off, and turns to the other server. */
enum otter_client_want otter_client_cycle_failed(struct otter_client *c, uint64_t now, enum otter_status why);
/* The like for an offer that is not to be believed: polls tell the server. */
enum otter_client_want otter_client_offer_refused(struct otter_client *c, uint64_t now,
                                                  enum otter_status why);
/* The attempt is over by our own judgement: report `failed`, remember it, poll again when it is time. */
enum otter_client_want otter_client_attempt_failed(struct otter_client *c, enum otter_status reason);
/* The attempt came to nothing: the cycle's end waits longer each time (phase FINISH). */
void otter_client_attempt_ended(struct otter_client *c);
/* A blob could not be fetched: backs off; after OTTER_FETCH_TRIES of them the attempt fails. */
#define OTTER_FETCH_TRIES 8u
enum otter_client_want otter_client_fetch_failed(struct otter_client *c, uint64_t now, enum otter_status why);
/*
 * A blob of other bytes than offered: the blob may be wrong, or the wire, which without TLS may change any
 * byte. So it is fetched again, after a back-off; after OTTER_WRONG_TRIES of them the attempt fails.
 */
#define OTTER_WRONG_TRIES 4u
enum otter_client_want otter_client_wrong_bytes(struct otter_client *c, uint64_t now, enum otter_status why);
/* Keys of the factory data less those revoked by the root or the journal. */
void otter_client_image_keys(const struct otter_client *c, struct otter_image_keys *ret);

/* ---- report.c ---- */

/* Journals a state change of an attempt (0: nothing to tell); repeats of this boot's newest are dropped. */
enum otter_status otter_report_add(struct otter_client *c, uint64_t attempt, enum otter_update_state state,
                                   enum otter_status reason);
bool otter_report_held(const struct otter_client *c, uint64_t attempt, enum otter_update_state state);
/* Gives the newest held report a detail, "<what><number>", until it is acknowledged or the device resets. */
void otter_report_explain(struct otter_client *c, const char *what, uint32_t number);
/* The newest report not yet acknowledged; false if there is none. */
bool otter_report_newest(const struct otter_client *c, struct otter_report *ret);

/* ---- roots.c ---- */

/* The newest root held, from the journal or the factory data. */
enum otter_status otter_roots_load(struct otter_client *c);
/* Starts a run unless this poll has had one; *c is then in phase ROOTS, and afterwards in `after`. */
bool otter_roots_try(struct otter_client *c, enum otter_phase after);
/* Tells the bootloader of revoked image keys: never the last one, never the confirmed image's. */
void otter_roots_revoke(struct otter_client *c);

/* ---- token.c ---- */

/* Has the device no token of its own yet, and a fleet key to ask for being taken? */
bool otter_token_lacks(const struct otter_client *c);
/* Is a token to be offered: asked for by the newest reply to a poll, or made in a cycle that was cut short?
 */
bool otter_token_due(const struct otter_client *c);

/* ---- trial.c ---- */

/* At boot: finishes what a reset cut short, tells of a revert, begins a trial. */
void otter_trial_settle(struct otter_client *c);
/* Each step on trial: self-test, deadline, confirm. Returns when to come again at the latest. */
uint64_t otter_trial_step(struct otter_client *c, uint64_t now);

/* ---- the phases, a file each for poll, manifest, download, install ---- */

enum otter_client_want otter_phase_report(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_roots(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_token(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_poll(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_offer(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_attributes(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_manifest(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_judge(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_held(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_rehash(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_download(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_verify(struct otter_client *c, uint64_t now);
enum otter_client_want otter_phase_install(struct otter_client *c, uint64_t now);

#endif
