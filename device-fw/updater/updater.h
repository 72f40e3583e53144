/*
 * The updater as an application calls it: journal, factory data, image keys, TCP/IP, TLS and the client of
 * client/client.h, put together.
 *
 *   static struct otter_updater updater;
 *
 *   otter_updater_init(&updater, &config, board_ms());
 *   for (;;) {
 *       struct otter_updater_next next = otter_updater_step(&updater, board_ms());
 *
 *       board_watchdog_feed();
 *       if (next.want_reset)
 *           board_reset();
 *       ... the application's work ...
 *       board_idle(next.idle_ms);
 *   }
 *
 * Whatever fails, init and step return: without factory data, or with flash that cannot be read, the updater
 * is off, its status says why, and the application runs. Nothing blocks and nothing is allocated. A step does
 * one bounded piece of work, at the longest one sector erase, or the signature checks of one document or of a
 * TLS handshake, so that a watchdog of 8 s may be fed once a step. There is one updater in a program: lwIP
 * and TLS have static memory beside this struct. Main loop only, not for interrupts.
 *
 * Two libraries provide it: updater_tls_dep speaks http and https, updater_plain_dep http alone; it carries
 * no TLS, and https fails there by the name tls-absent.
 */
#ifndef OTTER_UPDATER_H
#define OTTER_UPDATER_H

#include "client/client_state.h"
#include "net/lwip_net.h"
#include "port/flash.h"
#include "port/link.h"
#include "port/system.h"

/* A step is due after so long at the latest, whatever it waits for: an eighth of the watchdog's time. */
#define OTTER_UPDATER_IDLE_MS 1000u

struct otter_updater_config {
    struct otter_flash *flash;
    struct otter_link *link; /* started with the factory data's MAC address */
    struct otter_random *random;
    const struct otter_handover *handover;    /* the bootloader's; not valid: the updater is off */
    struct otter_client_hooks *hooks;         /* client/client.h; NULL = none */
    const struct otter_client_timing *timing; /* NULL = default */
    struct otter_wall_clock *wall_clock;      /* NULL = the board has none */
    enum otter_slot link_slot;                /* the slot that this image is linked for */
    uint32_t ram;                             /* for a delta decoder; 0 = takes no deltas */
    /*
     * Compiled into the image, these win over the factory data, so that an update can move a fleet to another
     * server or CA. A url replaces both of the factory's, and their TLS names. NULL, or ca_len 0: as the
     * factory has it.
     */
    const char *url;
    const char *tls_name;
    const uint8_t *ca; /* DER */
    uint32_t ca_len;
};

struct otter_updater_next {
    bool want_reset; /* reset now: everything is on flash */
    /* 0 = step again at once; else as soon as a frame has come, and so much later at the latest. */
    uint32_t idle_ms;
};

/* What status screens and logs may read. */
struct otter_updater_view {
    struct otter_client_view client;  /* client.disabled: the updater is off */
    enum otter_status off;            /* why; OK = it is on */
    bool link;                        /* there is a carrier */
    char address[OTTER_ADDRESS_TEXT]; /* IPv4, dotted; "" = no carrier, or no lease */
};

/* The whole state. Its members are the updater's own. */
struct otter_updater {
    struct otter_updater_config config;
    enum otter_status off;
    bool has_factory;
    bool has_journal; /* the client runs, if only to wait */
    bool has_stack;   /* it has been started */
    struct otter_stack stack;
    struct otter_lwip_net stream;
    uint64_t boot_ms;
    uint64_t retry_ms; /* without a journal: when to look again */
    struct otter_factory factory;
    struct otter_image_keys keys;
    struct otter_journal journal;
    union {
        struct otter_client client;
        uint8_t raw[OTTER_FACTORY_MAX]; /* the factory data, until they are decoded */
    };
};

/*
 * OK, or why the updater is off: SLOT_CONFUSED (no hand-over, or for the other slot), UNKNOWN_DEVICE (no
 * factory data), BAD_ENCODING or BAD_VALUE (factory data damaged; a url, tls_name or ca that does not fit),
 * WRONG_HARDWARE, FLASH_ERROR or IO_ERROR (flash; tried again each minute), or the image's own defect.
 * An updater that is off is stepped all the same: a trial ends by its deadline.
 */
enum otter_status otter_updater_init(struct otter_updater *u, const struct otter_updater_config *config,
                                     uint64_t now_ms);
struct otter_updater_next otter_updater_step(struct otter_updater *u, uint64_t now_ms);
void otter_updater_view(const struct otter_updater *u, struct otter_updater_view *ret);
/* Polls at the next step, whatever was scheduled. */
void otter_updater_poll_now(struct otter_updater *u);

#endif
