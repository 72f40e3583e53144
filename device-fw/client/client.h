/*
 * The updater: a non-blocking step machine that an application calls from its main loop.
 *
 *   otter_client_init(&client, &config);
 *   for (;;) {
 *       struct otter_client_next next = otter_client_step(&client, now_ms());
 *       ... feed the watchdog, do the application's work, wait for the network or until next.wake_ms ...
 *       if (next.want == OTTER_WANT_RESET) reset();
 *   }
 *
 * It polls, fetches new roots, verifies offer and manifest, downloads with resume into the other slot,
 * verifies by re-reading, asks for a reset, and after the trial boot confirms and reports until acknowledged
 * (protocol.md). One step does a bounded piece of work: at most one sector erase, or one program of
 * OTTER_CLIENT_CHUNK bytes, or one signature check. No allocation; struct otter_client is the whole state
 * (about 16 KB). Not for interrupts.
 */
#ifndef OTTER_CLIENT_H
#define OTTER_CLIENT_H

#include "journal/journal.h"
#include "port/net.h"
#include "port/system.h"

#include "core/factory.h"
#include "core/verify.h"
#include "core/wire.h"

#define OTTER_CLIENT_CHUNK 1024u

enum otter_client_want {
    OTTER_WANT_STEP, /* call again at once: there is more to do */
    OTTER_WANT_NET,  /* call when the stream is readable/writable, or at wake_ms */
    OTTER_WANT_TIME, /* call at wake_ms */
    OTTER_WANT_RESET /* reset now: everything is on flash */
};

struct otter_client_next {
    enum otter_client_want want;
    uint64_t wake_ms; /* absolute, on the clock passed to step; UINT64_MAX = never */
    bool net_write;   /* WANT_NET: waiting for room to send (else for data) */
};

enum otter_selftest_result { OTTER_SELFTEST_RUNNING, OTTER_SELFTEST_PASSED, OTTER_SELFTEST_FAILED };

/* What the application provides. Embed it; NULL hooks are allowed where said. */
struct otter_client_hooks {
    /* On trial, called every step until it answers; NULL = passed. */
    enum otter_selftest_result (*self_test)(struct otter_client_hooks *self);
    /* May an install (reset into the trial) happen now? NULL = yes. Asked again each minute while false. */
    bool (*may_install)(struct otter_client_hooks *self);
    /* Something happened: for logs. text is English, static. NULL = ignored. */
    void (*event)(struct otter_client_hooks *self, enum otter_update_state state, enum otter_status reason,
                  const char *text);
    /* attributes JSON object (<= 1 KiB) sent once after boot; NULL = none. Static for the client's life. */
    const char *attributes;
};

struct otter_client_timing {
    uint32_t inactivity_ms;     /* 30,000 */
    uint32_t min_bytes_per_s;   /* 64, over 60 s */
    uint32_t backoff_first_ms;  /* 60,000 */
    uint32_t backoff_max_ms;    /* 86,400,000 */
    uint32_t trial_deadline_ms; /* 3,600,000 */
    uint32_t trial_poll_ms;     /* 60,000 */
    uint32_t stale_after_s;     /* 604,800 */
};
extern const struct otter_client_timing otter_client_timing_default;

struct otter_client_config {
    struct otter_flash *flash;
    struct otter_journal *journal; /* open; the client is its only user from here on */
    struct otter_net *net;
    struct otter_random *random;
    const struct otter_crypto *crypto;
    const struct otter_factory *factory;
    const struct otter_image_keys *keys;
    const struct otter_handover *handover;
    struct otter_client_hooks *hooks;
    const struct otter_client_timing *timing; /* NULL = default */
    enum otter_slot link_slot;                /* the slot this image is linked for (its link symbol) */
    uint32_t ram;                             /* for a delta decoder; 0 = takes no deltas */
    bool always_hmac; /* Otter-HMAC over TLS and to this host, too, instead of the token */
};

/* What status screens and tests may read. */
struct otter_client_view {
    const char *phase; /* "idle", "poll", "manifest", "download", ... ; static */
    bool on_trial;
    bool stale;
    bool disabled;                /* slot-confused or no factory data: the updater is off */
    enum otter_status last_error; /* of the last poll cycle; OK after a good one */
    uint64_t attempt;             /* 0 = none */
    uint32_t bytes, size;
    uint64_t polls; /* authenticated replies, 204 or signed */
    uint64_t next_poll_ms;
};

struct otter_client; /* defined in client/client_state.h, so that it can be placed statically */

/* Reads the running image's digest and version from flash. OK, or why the updater is off (view.disabled). */
enum otter_status otter_client_init(struct otter_client *client, const struct otter_client_config *config,
                                    uint64_t now_ms);
struct otter_client_next otter_client_step(struct otter_client *client, uint64_t now_ms);
void otter_client_view(const struct otter_client *client, struct otter_client_view *ret);
/* Polls at the next step, whatever was scheduled. */
void otter_client_poll_now(struct otter_client *client);

#endif
