/*
 * struct otter_client, so that it can be placed statically. Its members are the updater's own: applications
 * read otter_client_view() instead.
 */
#ifndef OTTER_CLIENT_STATE_H
#define OTTER_CLIENT_STATE_H

#include "client/client.h"
#include "client/http.h"
#include "client/url.h"

#define OTTER_CLIENT_RX 1024u

/* The order is that of an update. */
enum otter_phase {
    OTTER_PHASE_OFF,    /* no factory data, or slot-confused: waits out a trial, no more */
    OTTER_PHASE_IDLE,   /* until next_poll_ms */
    OTTER_PHASE_FINISH, /* close, and wait for the next poll */
    OTTER_PHASE_REFUSE, /* `refusal` stands: newer roots did not help */
    OTTER_PHASE_REPORT, /* held reports, oldest first; then `after` */
    OTTER_PHASE_ROOTS,  /* GET /v1/roots/<N+1> until 404; then `after_roots` */
    OTTER_PHASE_TOKEN,  /* a token of its own, offered under the one it has; then `after` */
    OTTER_PHASE_POLL,
    OTTER_PHASE_OFFER,      /* one signature check */
    OTTER_PHASE_ATTRIBUTES, /* once after boot */
    OTTER_PHASE_MANIFEST,
    OTTER_PHASE_JUDGE,  /* the manifest's signatures and all its checks */
    OTTER_PHASE_HELD,   /* does the slot hold the image already, wholly or in part? */
    OTTER_PHASE_REHASH, /* of the part that a checkpoint says is there */
    OTTER_PHASE_DOWNLOAD,
    OTTER_PHASE_VERIFY,  /* re-read */
    OTTER_PHASE_INSTALL, /* may_install, pending record */
    OTTER_PHASE_RESET,
    OTTER_PHASE_COUNT
};

/* One request and its response over the one connection (exchange.c). */
struct otter_exchange {
    bool open;   /* a connection to `peer` is open, or being opened */
    bool reused; /* it has carried a response before: it may have gone stale */
    bool busy;   /* a request is under way */
    bool sent;
    bool answered; /* a byte of the response has come */
    struct otter_url peer;
    const char *tls_name;
    uint32_t out_len, out_at; /* the request, in client->buf */
    uint32_t proof_at;        /* where the nonce of its Otter-HMAC stands; 0 = it has none */
    uint32_t rx_at, rx_len;
    uint64_t progress_ms; /* last byte in or out */
    uint64_t window_ms;   /* minimum rate: start of the window, and bytes in it */
    uint32_t window_bytes;
    struct otter_http http;
    uint8_t rx[OTTER_CLIENT_RX];
};

/* The image on its way into the slot (download.c). programmed = received - chunk_len. */
struct otter_download {
    uint64_t attempt; /* that this is the state of: the same one, offered again, goes on; 0 = none */
    enum otter_slot slot;
    struct otter_digest digest;
    uint32_t base, size;
    uint32_t received;  /* bytes hashed, from the image's start */
    uint32_t erased_to; /* offset up to which the slot is erased for this image */
    uint32_t clean_to;  /* checkpointed erased_to of an earlier boot: blank if it reads blank */
    uint32_t skip;      /* bytes of a 200 that are held already */
    uint32_t opened_at; /* `received` when the request was sent */
    uint32_t chunk_len;
    bool erase_trailer;
    bool checkpoint_due;           /* of the sector erased last */
    bool plain;                    /* a Range was answered wrongly: ask for the whole */
    uint64_t resume_ms;            /* do not reconnect earlier */
    char etag[OTTER_ETAG_MAX + 1]; /* strong validator for If-Range; "" = not known */
    struct otter_sha256 sha;
    uint8_t chunk[OTTER_CLIENT_CHUNK];
};

struct otter_client {
    struct otter_client_config config;
    struct otter_client_timing timing;
    enum otter_phase phase;
    enum otter_phase after;       /* REPORT */
    enum otter_phase after_roots; /* ROOTS */
    uint64_t wake_ms;
    uint64_t boot_ms;
    enum otter_status last_error;
    enum otter_status off_reason; /* phase OFF */
    enum otter_status refusal;    /* phase REFUSE */

    /* Who we are. */
    struct otter_device_facts facts;
    struct otter_image_info running;
    struct otter_root root;
    struct otter_url server[2];
    uint8_t server_count, server_at;

    /* Poll cycle. */
    bool fresh; /* ask for a signed reply */
    bool attributes_sent;
    bool roots_due;
    bool roots_ran; /* at most one run a poll */
    bool roots_advanced;
    bool reports_blocked; /* one was not taken in this cycle */
    bool poll_asked;      /* otter_client_poll_now */
    uint8_t roots_left;
    uint32_t failures;
    uint64_t next_poll_ms;
    uint64_t verified_ms; /* last verified offer, or boot */
    uint64_t fresh_ms;    /* last reply to fresh:1 */
    uint64_t roots_ms;    /* last run that ended in 404 */
    bool installs_cleared;
    bool stale;
    enum otter_status
        refused; /* newest refusal of an offer or root since the last good offer; told in polls */
    uint64_t polls;
    uint8_t nonce[OTTER_NONCE_LEN];

    /* Trial. */
    bool on_trial;
    bool self_test_passed; /* in this boot */
    bool server_seen;      /* an authenticated 200 in this boot */
    bool trial_over;       /* reset is all that is left */

    /* Attempt. */
    bool has_offer;
    bool installed; /* the pending record is written */
    bool stopped;
    struct otter_offer offer;
    uint64_t deadline_ms;
    uint64_t ask_install_ms;
    unsigned image;           /* index in manifest.image */
    uint64_t refused_attempt; /* an offer already answered with `failed`, and why */
    struct otter_digest refused_manifest;
    enum otter_status refused_reason;
    uint32_t ended;        /* attempts that came to nothing, less one a day without any */
    uint64_t ended_ms;     /* the newest of them, or boot */
    bool cool_down;        /* one ended in this cycle, or by this boot: no other begins */
    uint64_t rotate_ms;    /* no other token is made before */
    uint64_t said_attempt; /* newest report of this boot: not said twice */
    enum otter_update_state said_state;
    uint64_t explained_attempt; /* a held report's detail, in RAM alone */
    uint32_t explained_step;
    char explanation[24];
    uint64_t fetch_attempt; /* under way; failures to fetch an artifact of it; 0 = none */
    uint8_t fetch_failures;
    uint8_t wrong_bytes; /* artifacts of it that came whole, and were not what was offered */

    struct otter_exchange ex;
    struct otter_download dl;
    struct otter_jws jws; /* scratch of verify */
    union {
        struct otter_manifest manifest; /* JUDGE .. INSTALL */
        struct otter_root next_root;    /* ROOTS */
    } doc;
    uint32_t buf_len;
    char buf[OTTER_ENVELOPE_MAX + 1]; /* the request while it is sent, then the body of the response */
};

#endif
