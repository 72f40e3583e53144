/* What the example application needs of a board. One file a board, chosen in meson.build. */
#ifndef OTTER_APP_BOARD_H
#define OTTER_APP_BOARD_H

#include <stdbool.h>
#include <stdint.h>

/* "nucleo-f429zi": the hardware name of its flash map. */
extern const char board_hardware[];

/* Clock tick and console. Once, first. */
void board_init(void);

/* Milliseconds since board_init; wraps after 49 days. */
uint32_t board_ms(void);

/* SysTick's interrupt. */
void board_tick(void);

/* Waits, for a bounded time, until the console takes the character. */
void board_putc(char c);

void board_led(bool on);

/* The bootloader has started the watchdog (8 s nominal): each pass of the main loop feeds it. */
void board_feed_watchdog(void);

/* Resets the chip (startup.c). */
_Noreturn void app_restart(void);

/* Sleeps until the next interrupt. */
static inline void board_idle(void)
{
    __asm__ volatile("wfi");
}

#endif
