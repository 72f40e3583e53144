/*
 * The bootloader's work, from reset to the jump: look (facts), decide (boot/decide.h, a table), apply
 * (journal writes), hand over. The same code runs on the chip and, over a file, in otter-emu at every
 * restart.
 */
#ifndef OTTER_BOOT_H
#define OTTER_BOOT_H

#include "boot/decide.h"
#include "journal/journal.h"
#include "port/system.h"

#include "core/factory.h"

struct otter_boot {
    struct otter_flash *flash;
    const struct otter_crypto *crypto;
    const struct otter_image_keys *keys; /* from the factory data; count 0 = nothing is bootable */
    const struct otter_factory *factory; /* NULL when blank or damaged */
    struct otter_journal *journal;       /* opened by otter_boot_run */
    bool is_open;                        /* it has been, since the reset: false at first */
};

/*
 * Decides and writes what the decision needs before the jump (rejected, confirmed, trial boots). Verifies the
 * MCUboot signature of each slot, its ROM_FIXED address if it has one, and that its vectors are aligned for
 * the board. A pending record outlives the rejection of its image: the client needs its attempt to report,
 * and clears it. OK with *ret filled: ret->jump false means that nothing is bootable, ret->why says why for
 * each slot, and why one has been rejected in this very run; the caller feeds the watchdog and calls again,
 * which writes nothing until something has changed. FLASH_ERROR / IO_ERROR: likewise call again.
 */
enum otter_status otter_boot_run(struct otter_boot *boot, enum otter_reset_cause cause,
                                 struct otter_boot_decision *ret, struct otter_handover *ret_handover);

#endif
