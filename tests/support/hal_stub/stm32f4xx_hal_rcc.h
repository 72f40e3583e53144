#ifndef OTTER_HAL_STUB_RCC_H
#define OTTER_HAL_STUB_RCC_H

#include "stm32f4xx_hal_def.h"

#define RCC_OSCILLATORTYPE_HSE     1u
#define RCC_OSCILLATORTYPE_HSI     2u
#define RCC_HSE_BYPASS             0x00050000u
#define RCC_HSI_ON                 1u
#define RCC_HSICALIBRATION_DEFAULT 0x10u
#define RCC_PLL_ON                 2u
#define RCC_PLLSOURCE_HSI          0u
#define RCC_PLLSOURCE_HSE          0x00400000u
#define RCC_PLLP_DIV2              2u
#define RCC_CLOCKTYPE_SYSCLK       1u
#define RCC_CLOCKTYPE_HCLK         2u
#define RCC_CLOCKTYPE_PCLK1        4u
#define RCC_CLOCKTYPE_PCLK2        8u
#define RCC_SYSCLKSOURCE_PLLCLK    2u
#define RCC_SYSCLK_DIV1            0u
#define RCC_HCLK_DIV2              0x1000u
#define RCC_HCLK_DIV4              0x1400u

#define RCC_FLAG_BORRST  ((uint8_t)0x79)
#define RCC_FLAG_PINRST  ((uint8_t)0x7a)
#define RCC_FLAG_PORRST  ((uint8_t)0x7b)
#define RCC_FLAG_SFTRST  ((uint8_t)0x7c)
#define RCC_FLAG_IWDGRST ((uint8_t)0x7d)
#define RCC_FLAG_WWDGRST ((uint8_t)0x7e)
#define RCC_FLAG_LPWRRST ((uint8_t)0x7f)

typedef struct {
    uint32_t PLLState;
    uint32_t PLLSource;
    uint32_t PLLM;
    uint32_t PLLN;
    uint32_t PLLP;
    uint32_t PLLQ;
} RCC_PLLInitTypeDef;

typedef struct {
    uint32_t OscillatorType;
    uint32_t HSEState;
    uint32_t LSEState;
    uint32_t HSIState;
    uint32_t HSICalibrationValue;
    uint32_t LSIState;
    RCC_PLLInitTypeDef PLL;
} RCC_OscInitTypeDef;

typedef struct {
    uint32_t ClockType;
    uint32_t SYSCLKSource;
    uint32_t AHBCLKDivider;
    uint32_t APB1CLKDivider;
    uint32_t APB2CLKDivider;
} RCC_ClkInitTypeDef;

HAL_StatusTypeDef HAL_RCC_OscConfig(const RCC_OscInitTypeDef *RCC_OscInitStruct);
HAL_StatusTypeDef HAL_RCC_ClockConfig(const RCC_ClkInitTypeDef *RCC_ClkInitStruct, uint32_t FLatency);

uint32_t __HAL_RCC_GET_FLAG(uint8_t flag);
void __HAL_RCC_CLEAR_RESET_FLAGS(void);
void __HAL_RCC_PWR_CLK_ENABLE(void);
void __HAL_RCC_GPIOA_CLK_ENABLE(void);
void __HAL_RCC_GPIOB_CLK_ENABLE(void);
void __HAL_RCC_GPIOC_CLK_ENABLE(void);
void __HAL_RCC_GPIOD_CLK_ENABLE(void);
void __HAL_RCC_GPIOG_CLK_ENABLE(void);
void __HAL_RCC_USART3_CLK_ENABLE(void);
void __HAL_RCC_RNG_CLK_ENABLE(void);
void __HAL_RCC_ETH_CLK_ENABLE(void);

#endif
