/* The whole boot policy as one table over facts: the first matching row wins, the order is the meaning. Pure.
 */
#ifndef OTTER_BOOT_DECIDE_H
#define OTTER_BOOT_DECIDE_H

#include "core/names.h"
#include "core/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Per slot: what the bootloader found out by reading and verifying it. */
struct otter_boot_slot_facts {
    enum otter_status authentic; /* OK, or why not; TRIAL_IMAGE: a pending slot holds another digest */
    bool counter_ok;             /* SEC_CNT (0 if absent) not below the floor */
    bool is_confirmed;           /* its digest is the confirmed record's, in this slot */
    bool is_pending; /* the pending record names this slot, and its digest has not been rejected */
    bool rejected;   /* its digest is on the rejected list */
    bool pad_magic;  /* MCUboot trailer magic good: imgtool --pad */
    bool has_record; /* the journal knows its digest by more than a trial */
};

struct otter_boot_facts {
    bool has_confirmed;
    struct otter_boot_slot_facts slot[2];
    uint8_t trial_boots_used; /* of the candidate on trial (otter_boot_candidate); 0 if none */
    uint8_t trial_boots_max;
    bool trial_self_test_passed; /* in one of these boots */
    bool trial_hung;             /* one of these boots, before the last, ended by the watchdog */
    enum otter_reset_cause_fact {
        OTTER_BOOT_CAUSE_OTHER,
        OTTER_BOOT_CAUSE_WATCHDOG
    } cause; /* of this reset */
};

enum otter_boot_action {
    OTTER_BOOT_NOTHING,   /* nothing bootable */
    OTTER_BOOT_CONFIRMED, /* jump to the confirmed image */
    OTTER_BOOT_TRIAL,     /* count a trial boot, then jump */
    OTTER_BOOT_FIRST,     /* no confirmed record: record it as confirmed, then jump */
    OTTER_BOOT_REJECT,    /* record the candidate as rejected with `why`, then decide again */
    OTTER_BOOT_FALLBACK   /* confirmed image damaged: record the other as confirmed, floors kept, then jump */
};

struct otter_boot_decision {
    enum otter_boot_action action;
    bool jump;
    enum otter_slot slot;
    enum otter_status why[2]; /* per slot: OK, or why it is not the one; of a REJECT's slot: the cause */
    const char *row;          /* name of the table's row, for logs and tests; static */
};

/*
 * The image that asks for a trial, in *ret: the pending one, else a padded one that is good and has no
 * record. False if there is none. Of *facts it reads has_confirmed and slot[] alone.
 */
bool otter_boot_candidate(const struct otter_boot_facts *facts, enum otter_slot *ret);

void otter_boot_decide(const struct otter_boot_facts *facts, struct otter_boot_decision *ret);

#endif
