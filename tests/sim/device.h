/*
 * A device and its server in one process: flash, bootloader, client, a network in memory, and what must hold
 * at every moment of its life. All that changes lies in struct sim_device and the memory that it owns: copied
 * away and back (snapshot.h), everything is as it was.
 */
#ifndef OTTER_TESTS_SIM_DEVICE_H
#define OTTER_TESTS_SIM_DEVICE_H

#include "flash.h"
#include "material.h"

#include "boot/boot.h"
#include "client/client_state.h"
#include "support/memory_net.h"

#define SIM_NOTHING (-1)

/* What a trial comes to. */
enum sim_fate { SIM_GOOD, SIM_SELF_TEST_FAILS, SIM_HANGS, SIM_NO_SERVER };

/* What the life is about: the phase says it, nothing changes it. */
struct sim_wish {
    int offered; /* release, or SIM_NOTHING */
    enum sim_roots roots;
    enum sim_fate fate;
    enum sim_release_id end; /* runs and is confirmed in the end */
    bool reverts;            /* the server has been told so */
    unsigned lonely_trials;  /* the self-test fails so often, then it passes: nothing else could run */
};

struct sim_server {
    bool attempt_over;
    bool told[OTTER_UPDATE_STATE_COUNT];
    struct otter_running running; /* of the newest poll */
    uint8_t nonce[OTTER_NONCE_LEN];
};

/* What must hold, from one look to the next (judge.c). */
struct sim_judge {
    bool has_licence;
    struct otter_digest licence; /* passed its self-test and heard a server, in one boot: may be confirmed */
    bool self_test_passed, answered; /* in this boot */
    struct otter_digest confirmed;   /* newest seen, and its floors */
    uint64_t epoch, sequence;
    uint32_t counter;
    /* The journal's live set, by a hash: what it must be, or may be after a cut. */
    uint64_t live, live_or;
    bool is_opening, is_known; /* it has been compared since it was opened */
    uint32_t turn, serial;
    bool failed;
    char why[160]; /* the first thing that did not hold */
};

struct sim_device {
    const struct sim_material *m;
    struct sim_wish wish;
    struct sim_flash flash;
    struct otter_journal journal;
    struct otter_handover handover;
    struct otter_client client;
    struct otter_client_hooks hooks;
    struct otter_random random;
    struct memory_net net;
    struct sim_server server;
    struct sim_judge judge;
    uint64_t seed, now, boot_ms;
    enum otter_reset_cause cause; /* of the next boot */
    unsigned boots, cuts, dips, failed_tests;
    const char *row; /* of boot/decide.c, at the last boot */
};

void sim_device_init(struct sim_device *d, const struct sim_material *m);
void sim_device_free(struct sim_device *d);

/* The release's image into its slot, as a programmer or a finished download leaves it. */
void sim_device_put(struct sim_device *d, enum sim_release_id id);
/* And its record, as after a trial. Opens the journal. */
void sim_device_confirm(struct sim_device *d, enum sim_release_id id);

/*
 * From reset to rest: boots and runs until the wish is fulfilled. False: something did not hold. `until` (may
 * be NULL) is asked before each boot and after each step: true ends the life there.
 */
bool sim_device_live(struct sim_device *d, bool (*until)(struct sim_device *d));

/* The other end of d->net. */
void sim_server_serve(struct memory_net *net, const struct memory_request *r);

/* ---- judge.c ---- */

__attribute__((format(printf, 2, 3))) void sim_fail(struct sim_device *d, const char *format, ...);
/* The release that the slot holds, every bit of it for good; NULL if there is none. */
const struct sim_release *sim_judge_slot(const struct sim_device *d, enum otter_slot slot);
/* A look at everything; cheap when nothing has changed. Before each flash operation, and after each step. */
void sim_judge_look(struct sim_device *d);
/* The set-up is over: what the journal says is what is acknowledged. */
void sim_judge_begin(struct sim_device *d);
/* Opens the journal, as bootloader and application each do, and looks. */
enum otter_status sim_judge_open(struct sim_device *d);
/* The bootloader has chosen a slot. */
void sim_judge_jump(struct sim_device *d, enum otter_slot slot);
/* The self-test has passed, or a poll has been answered. */
void sim_judge_licence(struct sim_device *d);
/* The power has failed: the live set is `live`, or `next` if the entry at hand became whole. */
void sim_judge_cut(struct sim_device *d, uint64_t live, uint64_t next);
/* At the end: what the journal says is read the same, again and again. */
void sim_judge_end(struct sim_device *d);

#endif
