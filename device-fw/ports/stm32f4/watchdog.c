/*
 * The IWDG: 8 s by its own oscillator, which is of 17 to 47 kHz (DS9405, LSI): 5.4 to 15 s, always longer
 * than the two seconds that a sector's erase may take.
 */
#include "ports/stm32f4/internal.h"

#define LSI_HZ    32000u
#define PRESCALER 64u
#define NOMINAL_S 8u

static IWDG_HandleTypeDef iwdg = {
    .Instance = IWDG,
    .Init = {.Prescaler = IWDG_PRESCALER_64, .Reload = NOMINAL_S * LSI_HZ / PRESCALER - 1},
};

_Static_assert(NOMINAL_S *LSI_HZ / PRESCALER <= 4096, "the reload value has 12 bits");
_Static_assert(2 * 47000 < NOMINAL_S * LSI_HZ, "the longest erase fits, with the fastest oscillator");

/*
 * The HAL's first write starts it, at half a second; then it waits for the oscillator to take our values.
 * Should that never happen, half a second later the chip is reset, which is what a watchdog is for.
 */
void board_watchdog_start(void)
{
    while (HAL_IWDG_Init(&iwdg) != HAL_OK) {
    }
}

void board_watchdog_feed(void)
{
    (void)HAL_IWDG_Refresh(&iwdg);
}
