#ifndef OTTER_HAL_STUB_GPIO_H
#define OTTER_HAL_STUB_GPIO_H

#include "stm32f4xx_hal_def.h"

#define GPIO_PIN_0                ((uint16_t)0x0001)
#define GPIO_PIN_1                ((uint16_t)0x0002)
#define GPIO_PIN_2                ((uint16_t)0x0004)
#define GPIO_PIN_4                ((uint16_t)0x0010)
#define GPIO_PIN_5                ((uint16_t)0x0020)
#define GPIO_PIN_7                ((uint16_t)0x0080)
#define GPIO_PIN_8                ((uint16_t)0x0100)
#define GPIO_PIN_9                ((uint16_t)0x0200)
#define GPIO_PIN_11               ((uint16_t)0x0800)
#define GPIO_PIN_13               ((uint16_t)0x2000)
#define GPIO_MODE_OUTPUT_PP       1u
#define GPIO_MODE_AF_PP           2u
#define GPIO_NOPULL               0u
#define GPIO_PULLUP               1u
#define GPIO_SPEED_FREQ_LOW       0u
#define GPIO_SPEED_FREQ_VERY_HIGH 3u
#define GPIO_AF7_USART3           ((uint8_t)0x07)
#define GPIO_AF11_ETH             ((uint8_t)0x0b)

typedef struct {
    volatile uint32_t MODER;
} GPIO_TypeDef;
extern GPIO_TypeDef hal_stub_gpio[7];
#define GPIOA (&hal_stub_gpio[0])
#define GPIOB (&hal_stub_gpio[1])
#define GPIOC (&hal_stub_gpio[2])
#define GPIOD (&hal_stub_gpio[3])
#define GPIOG (&hal_stub_gpio[6])

typedef struct {
    uint32_t Pin;
    uint32_t Mode;
    uint32_t Pull;
    uint32_t Speed;
    uint32_t Alternate;
} GPIO_InitTypeDef;

typedef enum { GPIO_PIN_RESET, GPIO_PIN_SET } GPIO_PinState;

void HAL_GPIO_Init(GPIO_TypeDef *GPIOx, const GPIO_InitTypeDef *GPIO_Init);
void HAL_GPIO_WritePin(GPIO_TypeDef *GPIOx, uint16_t GPIO_Pin, GPIO_PinState PinState);

#endif
