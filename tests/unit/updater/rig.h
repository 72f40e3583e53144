/*
 * A board for the updater in memory: flash with an image in slot A, factory data, a hand-over; TCP/IP is one
 * connection to a server that answers each poll with 204 (net/stack.h, played by rig.c).
 */
#ifndef OTTER_TESTS_UPDATER_RIG_H
#define OTTER_TESTS_UPDATER_RIG_H

#include "updater/updater.h"

#include "host/crypto.h"
#include "memory_net.h"
#include "ram_flash.h"

#define RIG_CA_MAX 1024u

struct rig {
    struct ram_flash flash;
    struct otter_factory factory; /* rig_provision writes it to flash */
    struct otter_handover handover;
    struct otter_link link;
    struct otter_random random;
    struct otter_client_hooks hooks;
    struct otter_updater_config config;
    struct otter_updater updater;
    struct otter_client_timing timing; /* of config, default */
    uint64_t now;
    uint8_t ca[RIG_CA_MAX]; /* a CA's certificate */
    uint32_t ca_len;

    /* The stack and the server. */
    struct memory_net net;
    uint8_t out[1024];
    unsigned connections, polls;
    bool link_answers;
    unsigned starts; /* of the stack */
    uint8_t mac[6];
    char hostname[OTTER_NAME_BUF];
    uint64_t stack_ms; /* when it was polled last */
    uint32_t timer_ms; /* until the stack's next timer */
    bool online;
    bool reset_wanted;
};

/* cmocka fixtures: *state is a struct rig, provisioned for http, nothing initialised yet. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* Writes rig->factory to its place. */
void rig_provision(struct rig *r);
enum otter_status rig_init(struct rig *r);
/* Steps for so long, each as soon as the updater wants it; stops at want_reset. */
void rig_run(struct rig *r, uint64_t ms);
struct otter_updater_view rig_view(const struct rig *r);

#endif
