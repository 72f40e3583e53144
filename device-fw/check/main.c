/*
 * Does a board keep the contracts of port/? The first program that a porter puts into slot A: tries each
 * part, one line a part, and at the end lets the watchdog bite. The first sector of the other slot is erased.
 */
#include "check/parts.h"

#include "port/board.h"
#include "port/console.h"

static const struct {
    const char *name;
    const char *(*broken)(void); /* NULL, or which rule does not hold */
} parts[] = {
    {"map", check_map},       {"hand-over", check_handover}, {"clock", check_clock},
    {"random", check_random}, {"flash", check_flash},        {"protection", check_protection},
    {"ethernet", check_link},
};

static unsigned run(void)
{
    unsigned failed = 0;

    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *broken;

        board_watchdog_feed();
        broken = parts[i].broken();
        console_text("check: ");
        console_text(parts[i].name);
        console_line(broken == NULL ? " ok" : " FAILED");
        if (broken != NULL)
            console_pair("check:   does not hold:", broken);
        failed += broken != NULL;
    }
    return failed;
}

static _Noreturn void stand(void)
{
    for (;;) {
        board_watchdog_feed();
        board_led(board_ms() / 250 % 2 != 0);
        board_idle(100);
    }
}

int main(void)
{
    const struct otter_handover *handover = board_handover();
    unsigned failed;

    board_init();
    console_pair("check: board", board_hardware);
    if (otter_handover_valid(handover) && handover->reset_cause == OTTER_RESET_WATCHDOG) {
        console_line("check: watchdog ok");
        console_line("check: done");
        stand();
    }
    failed = run();
    check_say_times();
    if (failed > 0) {
        console_line("check: stopped before the watchdog");
        stand();
    }
    console_line("check: feeds the watchdog no more, which must reset the board");
    for (;;)
        board_idle(100);
}
