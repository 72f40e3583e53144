/*
 * One emulated device: its flash, its bootloader's work at every restart, and then the running "application",
 * which is the updater of the firmware, a self-test that obeys the image's self-test TLV, and a watchdog.
 *
 * A device is awake from its turn until it waits with no socket open; then it rests: its RAM is packed
 * (memory.h), its files are closed. What struct emu_device holds is there all the time, a hundred thousand
 * times.
 */
#ifndef OTTER_EMU_DEVICE_H
#define OTTER_EMU_DEVICE_H

#include "boot/boot.h"
#include "client/client_state.h"
#include "clock.h"
#include "event.h"
#include "fleet.h"
#include "heap.h"
#include "link.h"
#include "memory.h"
#include "options.h"
#include "ports/posix/flash_file.h"
#include "ports/posix/flash_pool.h"
#include "secure.h"

/* Nominal watchdog period (protocol.md, Boot), and how long a bootloader that found nothing bootable waits.
 */
#define EMU_WATCHDOG_MS 8000u
#define EMU_RETRY_MS    5000u

/* The image read last for slots A: most devices of a fleet have the same. */
struct emu_base_image {
    char *path; /* NULL = none yet */
    char *data;
    size_t len;
};

void emu_base_image_free(struct emu_base_image *base);

/* What all devices of a process share. */
struct emu_world {
    const struct emu_options *options;
    const struct otter_crypto *crypto;
    struct otter_random *random;
    struct emu_events events;
    struct emu_links links;
    struct emu_memory memory;
    struct otter_flash_pool *pool; /* NULL: each device has a file (--keep) */
    struct emu_base_image base;
    uint32_t devices;
    uint32_t awake;
    int flash_error;                      /* the host's, a negative errno: the run is over. 0 = none */
    uint32_t failure[OTTER_STATUS_COUNT]; /* named by updaters since the run began */
    bool has_fleet_key;
    uint8_t fleet_key[OTTER_SECRET_LEN];
    uint16_t ca_len; /* of --cacert; 0 = as provisioned */
    uint8_t ca[OTTER_CA_MAX];
};

struct emu_counters {
    uint64_t boots, reverts, watchdogs, cuts, polls;
};

/* What a chip holds in RAM, less its noinit part. */
struct emu_ram {
    struct emu_device *device;
    bool has_factory;
    bool journal_is_open; /* by a bootloader that found nothing and will look again */
    struct otter_factory factory;
    struct otter_image_keys keys;
    struct otter_journal journal;
    struct otter_client_hooks hooks;
    struct otter_client client;
};

struct emu_device {
    struct emu_world *world;
    const char *id;
    uint32_t index; /* in the fleet */
    enum emu_stand stand;
    struct otter_flash_file flash;
    struct emu_link link;
    struct emu_secure secure;
    struct emu_clock clock;
    struct emu_counters total;
    struct emu_outcome outcome;
    struct emu_ram *ram; /* its place; valid while awake */
    struct emu_packed packed;
    bool awake;

    /* The loop's (loop.c). */
    bool queued;
    struct emu_timer timer;
    struct emu_device *next; /* in the queue it waits in */

    /* Since the last restart. */
    enum otter_reset_cause cause;
    bool self_test_fails;
    bool polling;   /* a poll has been sent, its answer not come */
    bool was_trial; /* the boot before was one, from was_slot */
    enum otter_slot was_slot;
    uint64_t polls_seen;
    uint64_t polls_at_confirm;
    struct otter_handover handover;
};

/*
 * Gives the device its flash, in the world's pool, or, without one, in the file `path`; one that is new gets
 * the member's factory data and image. The device is off, and at rest. The member outlives it. On failure
 * nothing is left open; a file just created stays.
 */
bool emu_device_open(struct emu_device *d, struct emu_world *world, uint32_t index,
                     const struct emu_member *member, const char *path, struct host_error *err);
void emu_device_close(struct emu_device *d);

/* What the device waits for after a pass. */
struct emu_wait {
    bool again;      /* nothing: pass again soon */
    uint64_t due_us; /* on the loop's clock; EMU_NEVER = only an event of its socket */
};

/*
 * Restarts it, or runs it for a bounded time, at world->links.now_us. It is awake from here on until a wait
 * with no socket open.
 */
struct emu_wait emu_device_pass(struct emu_device *d);

/* Its clock stands still from now on, until the next pass: while it queues for its turn. */
void emu_device_hold(struct emu_device *d);

#endif
