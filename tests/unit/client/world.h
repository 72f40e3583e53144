/*
 * A device and its server in one process: the client over RAM flash, a network in memory whose other end is a
 * small otterd that signs with real keys, and a clock that jumps to where the client wants to be woken.
 * Defaults make an update from 1.0.0 (slot A) to 1.1.0 (slot B) succeed; a test changes the one thing that it
 * is about.
 */
#ifndef OTTER_TESTS_CLIENT_WORLD_H
#define OTTER_TESTS_CLIENT_WORLD_H

#include "boot/boot.h"
#include "client/client_state.h"
#include "host/crypto.h"
#include "support/memory_net.h"
#include "support/ram_flash.h"
#include "support/signed_image.h"

#include <stdbool.h>
#include <stdint.h>

#define WORLD_IMAGE_MAX (64u * 1024u)
#define WORLD_REPORTS   1024u
#define WORLD_ROOTS     40u
#define WORLD_OUT_MAX   (WORLD_IMAGE_MAX + 8192u)
#define WORLD_ATTEMPT   111u
#define OTTER_TEST_DAY  UINT64_C(86400000)

struct world;

struct world_image {
    uint8_t bytes[WORLD_IMAGE_MAX];
    uint32_t size;
    struct otter_digest digest;
};

/* What the server saw in a poll. */
struct world_poll {
    struct otter_poll poll;
    uint64_t at_ms;
};

struct world_server {
    /* Poll. */
    uint16_t poll_status; /* 200 or 204 or an error */
    bool empty_offer;
    const char *poll_headers; /* further header lines, each with CRLF */
    const struct host_key *offer_key;
    void (*tweak_offer)(struct world *w, struct otter_offer *offer);
    /* Manifest. */
    const struct host_key *release_key;
    void (*tweak_manifest)(struct world *w, struct otter_manifest *manifest);
    /* Blobs. */
    uint16_t image_status; /* 0 = as asked: 200 or 206 */
    bool ignore_range;
    int range_skew[3]; /* added to Content-Range's first, last and total */
    bool no_content_range;
    const char *image_plan;   /* per request: 'd' drop, '4' 404, '.' or its end as asked */
    unsigned root_authorized; /* requests for roots that carried Authorization */
    const char *etag;         /* instead of "<digest>"; "" = none */
    uint32_t corrupt_at;      /* this byte of the image's replies is flipped; UINT32_MAX = none */
    uint32_t corrupt_times;
    /* Reports. */
    uint16_t report_status;
    const char *report_body;
    /* Roots: version i + 2. */
    unsigned root_count;
    /* All: asked first; 0 = go on, else the status of the reply. NULL = nobody asks. */
    unsigned (*gate)(struct world *w, const struct memory_request *r);
    const char *gate_headers; /* of what the gate answers itself; NULL = none */
    /* All: a raw reply for a target that begins with raw_target. */
    const char *raw_target;
    const char *raw_reply;

    /* Seen. */
    unsigned polls, connections, image_requests, root_requests, manifest_requests, attributes;
    struct world_poll last_poll;
    struct otter_report report[WORLD_REPORTS];
    unsigned reports;
    char last_head[2048]; /* of the last request */
    char last_body[4096];
    char blob_head[2048]; /* of the last one for the image */
    char poll_head[2048];
    char attributes_head[2048];
};

struct world {
    struct ram_flash flash;
    struct otter_journal journal;
    struct otter_factory factory;
    struct otter_image_keys keys;
    struct otter_handover handover;
    struct otter_client_hooks hooks;
    struct otter_client client;
    struct otter_random random;
    uint64_t seed;
    uint64_t now;
    const char *boot_row; /* of boot/decide.c's table, at the last reset */

    struct host_key *root_key, *release_key, *offer_key, *image_key, *image_key2, *stranger;
    struct otter_root root;           /* version 1 */
    char *root_envelope[WORLD_ROOTS]; /* version i + 2 */
    struct otter_manifest manifest;
    char *manifest_envelope;
    size_t manifest_len;
    struct otter_digest manifest_digest;
    struct world_image old_image, new_image;

    struct world_server server;
    struct memory_net net;
    uint8_t net_out[WORLD_OUT_MAX];

    /* Hooks. */
    enum otter_selftest_result self_test;
    unsigned self_test_asked;
    bool may_install;
    unsigned may_install_asked;
    bool seen[OTTER_STATUS_COUNT]; /* reasons of events */
};

/* cmocka fixtures: *state is a struct world, booted on the confirmed 1.0.0 in slot A. */
int world_setup(void **state);
int world_teardown(void **state);

void world_image_build(struct world *w, struct world_image *image, const struct signed_image_options *o);
/* Signs the manifest anew, from w->manifest and server.tweak_manifest. */
void world_publish(struct world *w);
/* Adds a root: `root` is signed by w->root_key. Its version is the next one. */
void world_add_root(struct world *w, struct otter_root *root);

/* The bootloader, over the flash as it stands, and the client of the image that it chose. */
void world_reset(struct world *w);
void world_reset_by(struct world *w, enum otter_reset_cause cause);
/* The other end of w->net. */
void world_serve(struct memory_net *net, const struct memory_request *r);

/* Only the client, with w->handover as it is. */
enum otter_status world_start(struct world *w, enum otter_slot link_slot);

/* Steps until the client asks for a reset (true) or `until_ms` has come (false). */
bool world_run_until(struct world *w, uint64_t until_ms);
/* Steps for `ms` of the device's time. */
bool world_run(struct world *w, uint64_t ms);

struct otter_client_view world_view(const struct world *w);

/* A report in this state has reached the server; *ret may be NULL. */
bool world_reported(const struct world *w, enum otter_update_state state, struct otter_report *ret);

#endif
