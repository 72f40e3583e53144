/*
 * What bootloader and application need of a board, besides flash (flash.h), frames (link.h), randomness and
 * the hand-over (system.h). One implementation is linked in, a file a purpose, in device-fw/ports/<port>;
 * what is missing is a link error. Main loop only, unless said otherwise.
 */
#ifndef OTTER_PORT_BOARD_H
#define OTTER_PORT_BOARD_H

#include "port/flash.h"
#include "port/link.h"
#include "port/system.h"

/* The hardware name, "nucleo-f429zi": that of its flash map. */
extern const char board_hardware[];

/* Clocks, console, memory protection. Once, first, by bootloader and application each. */
void board_init(void);

/* Milliseconds since board_init; monotone, does not wrap. */
uint64_t board_ms(void);

/* Waits, for a bounded time, until the console takes the character. Harmless before board_init. */
void board_putc(char c);

void board_led(bool on);

/* Why the chip was reset. The bootloader asks, once, and hands it over. */
enum otter_reset_cause board_reset_cause(void);

/* The board's only ones; static, never NULL. */
struct otter_flash *board_flash(void);
struct otter_random *board_random(void);
struct otter_link *board_link(void);

/* In RAM that nothing clears at a start (system.h). */
struct otter_handover *board_handover(void);

/*
 * The watchdog: 8 s nominal, longer than the longest sector erase. Once started it cannot be stopped (where a
 * debugger's board can, it does not). The bootloader starts it before each jump; feeding it unstarted is
 * harmless.
 */
void board_watchdog_start(void);
void board_watchdog_feed(void);

/* The bootloader's: told at each look that finds nothing to boot. A board may show it, or leave. */
void board_stranded(void);

/* Resets the chip, as OTTER_RESET_SOFTWARE. */
_Noreturn void board_reset(void);

/*
 * Starts the program whose vector table is at `vectors` (a slot's base plus its image's header): interrupts
 * and tick off, VTOR, stack, jump. The bootloader's last act.
 */
_Noreturn void board_jump(uint32_t vectors);

/* Sleeps until an interrupt, for max_ms at the longest; returns early whenever a frame may have come. */
void board_idle(uint32_t max_ms);

#endif
