/* Why the chip was reset, by RCC_CSR (RM0090, 6.3.21). Its flags stay until they are cleared. */
#include "ports/stm32f4/internal.h"

/*
 * The first row that is set wins. Power first: what else is set was before it. The pin's flag comes with
 * each of them, and alone it is the button, or a debugger: as good as power.
 */
static const struct {
    uint8_t flag;
    enum otter_reset_cause cause;
} causes[] = {
    {RCC_FLAG_PORRST, OTTER_RESET_POWER},     {RCC_FLAG_BORRST, OTTER_RESET_POWER},
    {RCC_FLAG_IWDGRST, OTTER_RESET_WATCHDOG}, {RCC_FLAG_WWDGRST, OTTER_RESET_WATCHDOG},
    {RCC_FLAG_SFTRST, OTTER_RESET_SOFTWARE},
};

static enum otter_reset_cause read_cause(void)
{
    for (unsigned i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (__HAL_RCC_GET_FLAG(causes[i].flag))
            return causes[i].cause;
    return OTTER_RESET_POWER;
}

enum otter_reset_cause board_reset_cause(void)
{
    enum otter_reset_cause cause = read_cause();

    __HAL_RCC_CLEAR_RESET_FLAGS();
    return cause;
}
