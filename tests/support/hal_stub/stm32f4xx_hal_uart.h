#ifndef OTTER_HAL_STUB_UART_H
#define OTTER_HAL_STUB_UART_H

#include "stm32f4xx_hal_def.h"

#define UART_WORDLENGTH_8B   0u
#define UART_STOPBITS_1      0u
#define UART_PARITY_NONE     0u
#define UART_HWCONTROL_NONE  0u
#define UART_MODE_TX_RX      0x0cu
#define UART_OVERSAMPLING_16 0u

typedef struct {
    volatile uint32_t DR;
} USART_TypeDef;
extern USART_TypeDef hal_stub_usart3;
#define USART3 (&hal_stub_usart3)

typedef enum {
    HAL_UART_STATE_RESET,
    HAL_UART_STATE_READY = 0x20,
    HAL_UART_STATE_BUSY_TX
} HAL_UART_StateTypeDef;

typedef struct {
    uint32_t BaudRate;
    uint32_t WordLength;
    uint32_t StopBits;
    uint32_t Parity;
    uint32_t Mode;
    uint32_t HwFlowCtl;
    uint32_t OverSampling;
} UART_InitTypeDef;

typedef struct {
    USART_TypeDef *Instance;
    UART_InitTypeDef Init;
    volatile HAL_UART_StateTypeDef gState;
} UART_HandleTypeDef;

HAL_StatusTypeDef HAL_UART_Init(UART_HandleTypeDef *huart);
HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef *huart, const uint8_t *pData, uint16_t Size,
                                    uint32_t Timeout);

#endif
