/* The console: USART3 on PD8 and PD9, the ST-Link's virtual serial port (UM1974, 6.9). */
#include "ports/stm32f4/internal.h"

#define PATIENCE_MS 5u /* a character takes 87 us */

static UART_HandleTypeDef uart;

void uart_init(void)
{
    GPIO_InitTypeDef pins = {.Pin = GPIO_PIN_8 | GPIO_PIN_9,
                             .Mode = GPIO_MODE_AF_PP,
                             .Pull = GPIO_PULLUP,
                             .Speed = GPIO_SPEED_FREQ_LOW,
                             .Alternate = GPIO_AF7_USART3};

    __HAL_RCC_GPIOD_CLK_ENABLE();
    __HAL_RCC_USART3_CLK_ENABLE();
    HAL_GPIO_Init(GPIOD, &pins);
    uart.Instance = USART3;
    uart.Init = (UART_InitTypeDef){.BaudRate = 115200,
                                   .WordLength = UART_WORDLENGTH_8B,
                                   .StopBits = UART_STOPBITS_1,
                                   .Parity = UART_PARITY_NONE,
                                   .Mode = UART_MODE_TX_RX,
                                   .HwFlowCtl = UART_HWCONTROL_NONE,
                                   .OverSampling = UART_OVERSAMPLING_16};
    (void)HAL_UART_Init(&uart); /* without a console the device still does its work */
}

/*
 * Before uart_init the handle is zero, by which the HAL refuses. Found busy, it was left by a fault, whose
 * report this is.
 */
void board_putc(char c)
{
    if (uart.gState == HAL_UART_STATE_BUSY_TX)
        uart.gState = HAL_UART_STATE_READY;
    (void)HAL_UART_Transmit(&uart, (const uint8_t *)&c, 1, PATIENCE_MS);
}
