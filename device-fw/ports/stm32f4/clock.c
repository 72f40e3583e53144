/*
 * SYSCLK 168 MHz, AHB 168, APB1 42, APB2 84, 48 MHz for the RNG (RM0090, 6.2; DS9405: five wait states at
 * 3.3 V). 180 MHz would leave the RNG without its 48.
 */
#include "ports/stm32f4/internal.h"

/* 2 MHz into the PLL, 336 MHz out of it. */
static const RCC_OscInitTypeDef sources[] = {
    {.OscillatorType = RCC_OSCILLATORTYPE_HSE,
     .HSEState = RCC_HSE_BYPASS,
     .PLL = {.PLLState = RCC_PLL_ON,
             .PLLSource = RCC_PLLSOURCE_HSE,
             .PLLM = 4,
             .PLLN = 168,
             .PLLP = RCC_PLLP_DIV2,
             .PLLQ = 7}},
    {.OscillatorType = RCC_OSCILLATORTYPE_HSI,
     .HSIState = RCC_HSI_ON,
     .HSICalibrationValue = RCC_HSICALIBRATION_DEFAULT,
     .PLL = {.PLLState = RCC_PLL_ON,
             .PLLSource = RCC_PLLSOURCE_HSI,
             .PLLM = 8,
             .PLLN = 168,
             .PLLP = RCC_PLLP_DIV2,
             .PLLQ = 7}},
};

static const RCC_ClkInitTypeDef buses = {
    .ClockType = RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2,
    .SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK,
    .AHBCLKDivider = RCC_SYSCLK_DIV1,
    .APB1CLKDivider = RCC_HCLK_DIV4,
    .APB2CLKDivider = RCC_HCLK_DIV2,
};

/*
 * Also right in an application that finds the clocks as the bootloader set them: the HAL takes a repeated
 * setting of a PLL in use. HAL_RCC_DeInit would not do, since it clears the flags of the reset's cause.
 */
bool clock_init(void)
{
    __HAL_RCC_PWR_CLK_ENABLE();
    __HAL_PWR_VOLTAGESCALING_CONFIG(PWR_REGULATOR_VOLTAGE_SCALE1);
    for (unsigned i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        RCC_OscInitTypeDef source = sources[i];
        RCC_ClkInitTypeDef bus = buses;

        if (HAL_RCC_OscConfig(&source) == HAL_OK)
            return HAL_RCC_ClockConfig(&bus, FLASH_LATENCY_5) == HAL_OK;
    }
    return false;
}
