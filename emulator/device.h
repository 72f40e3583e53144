/*
 * One emulated device: its flash file, its bootloader's work at every restart, and then the running
 * "application", which is the updater of the firmware, a self-test that obeys the image's self-test TLV, and
 * a watchdog.
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
#include "options.h"
#include "ports/posix/flash_file.h"
#include "secure.h"

/* Nominal watchdog period (protocol.md, Boot), and how long a bootloader that found nothing bootable waits.
 */
#define EMU_WATCHDOG_MS 8000u
#define EMU_RETRY_MS    5000u

/* What all devices of a process share. */
struct emu_world {
    const struct emu_options *options;
    const struct otter_crypto *crypto;
    struct otter_random *random;
    struct emu_events events;
    struct emu_links links;
    uint32_t devices;
    uint32_t failure[OTTER_STATUS_COUNT]; /* named by updaters since the run began */
    uint16_t ca_len;                      /* of --cacert; 0 = as provisioned */
    uint8_t ca[OTTER_CA_MAX];
};

struct emu_counters {
    uint64_t boots, reverts, watchdogs, cuts, polls;
};

struct emu_device {
    struct emu_world *world;
    uint32_t index; /* in the fleet */
    enum emu_stand stand;
    struct otter_flash_file flash;
    struct emu_link link;
    struct emu_secure secure;
    struct emu_clock clock;
    struct emu_counters total;
    struct emu_outcome outcome;

    /* The loop's (loop.c). */
    struct emu_timer timer;
    struct emu_device *next; /* in the queue it waits in */
    bool queued;

    /* Since the last restart. */
    enum otter_reset_cause cause;
    bool has_factory;
    bool self_test_fails;
    bool polling;   /* a poll has been sent, its answer not come */
    bool was_trial; /* the boot before was one, from was_slot */
    enum otter_slot was_slot;
    uint64_t polls_seen;
    uint64_t polls_at_confirm;
    struct otter_factory factory;
    struct otter_image_keys keys;
    struct otter_journal journal;
    bool journal_is_open; /* by a bootloader that found nothing and will look again */
    struct otter_handover handover;
    struct otter_client_hooks hooks;
    struct otter_client client;
};

/*
 * Opens the flash at `path`; one that is new gets the member's factory data and image. The device is off. On
 * failure nothing is left open; a file just created stays.
 */
bool emu_device_open(struct emu_device *d, struct emu_world *world, uint32_t index,
                     const struct emu_member *member, const char *path, struct host_error *err);
void emu_device_close(struct emu_device *d);

/* What the device waits for after a pass. */
struct emu_wait {
    bool again;      /* nothing: pass again soon */
    uint64_t due_us; /* on the loop's clock; EMU_NEVER = only an event of its socket */
};

/* Restarts it, or runs it for a bounded time, at world->links.now_us. */
struct emu_wait emu_device_pass(struct emu_device *d);

/* Its clock stands still from now on / runs again: while it queues for a socket. */
void emu_device_hold(struct emu_device *d);

/* May its next pass open a socket? */
bool emu_device_may_connect(const struct emu_device *d);

#endif
