/* The updater without an application: the loop of updater/updater.h, and no more. For its size. */
#include "port/board.h"
#include "updater/updater.h"

extern const char otter_link_slot[];

static struct otter_updater updater;

int main(void)
{
    struct otter_updater_next next;

    board_init();
    (void)otter_updater_init(&updater,
                             &(struct otter_updater_config){
                                 .flash = board_flash(),
                                 .link = board_link(),
                                 .random = board_random(),
                                 .handover = board_handover(),
                                 .link_slot = (uintptr_t)otter_link_slot == 2 ? OTTER_SLOT_B : OTTER_SLOT_A,
                             },
                             board_ms());
    for (;;) {
        next = otter_updater_step(&updater, board_ms());
        board_watchdog_feed();
        if (next.want_reset)
            board_reset();
        board_idle(next.idle_ms);
    }
}
