/*
 * What ST's HAL is built with: it includes this file by this name. Modules that the port calls, and DMA,
 * without which the UART's header does not stand.
 */
#ifndef STM32F4XX_HAL_CONF_H
#define STM32F4XX_HAL_CONF_H

#define HAL_MODULE_ENABLED
#define HAL_CORTEX_MODULE_ENABLED
#define HAL_DMA_MODULE_ENABLED
#define HAL_ETH_MODULE_ENABLED
#define HAL_FLASH_MODULE_ENABLED
#define HAL_GPIO_MODULE_ENABLED
#define HAL_IWDG_MODULE_ENABLED
#define HAL_PWR_MODULE_ENABLED
#define HAL_RCC_MODULE_ENABLED
#define HAL_RNG_MODULE_ENABLED
#define HAL_UART_MODULE_ENABLED

#define HSE_VALUE            8000000U /* the ST-Link's clock (UM1974, MCO) */
#define HSE_STARTUP_TIMEOUT  100U     /* ms */
#define HSI_VALUE            16000000U
#define LSI_VALUE            32000U
#define LSE_VALUE            32768U
#define LSE_STARTUP_TIMEOUT  5000U
#define EXTERNAL_CLOCK_VALUE 12288000U

#define VDD_VALUE                3300U
#define TICK_INT_PRIORITY        15U
#define USE_RTOS                 0U
#define PREFETCH_ENABLE          1U
#define INSTRUCTION_CACHE_ENABLE 1U
#define DATA_CACHE_ENABLE        1U

#define USE_HAL_ETH_REGISTER_CALLBACKS  0U
#define USE_HAL_RNG_REGISTER_CALLBACKS  0U
#define USE_HAL_UART_REGISTER_CALLBACKS 0U

/* The MAC's own memory holds one frame: what comes in a burst waits here (TCP_WND is six segments). */
#define ETH_RX_DESC_CNT 8U
#define ETH_TX_DESC_CNT 4U

/* ms: a PHY that does not answer must not outlast the watchdog (ST's template waits for 65 s). */
#define PHY_READ_TO  10U
#define PHY_WRITE_TO 10U

#include "stm32f4xx_hal_rcc.h"

#include "stm32f4xx_hal_gpio.h"

#include "stm32f4xx_hal_dma.h"

#include "stm32f4xx_hal_cortex.h"

#include "stm32f4xx_hal_eth.h"

#include "stm32f4xx_hal_flash.h"

#include "stm32f4xx_hal_iwdg.h"

#include "stm32f4xx_hal_pwr.h"

#include "stm32f4xx_hal_rng.h"

#include "stm32f4xx_hal_uart.h"

#define assert_param(expr) ((void)0U)

#endif
