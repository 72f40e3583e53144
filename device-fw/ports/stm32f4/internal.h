/* What the files of this port ask of each other. */
#ifndef OTTER_STM32F4_INTERNAL_H
#define OTTER_STM32F4_INTERNAL_H

#include "port/board.h"

#include <stm32f4xx_hal.h>

/* 168 MHz, and the 48 MHz that the RNG needs; from the ST-Link's 8 MHz, else from the chip's own 16. */
bool clock_init(void);

/* USART3 at 115200 8N1: the ST-Link's serial port. */
void uart_init(void);

/* Pins and clocks of the Ethernet controller. */
void rmii_connect(void);

/* Has a frame come since the last one was asked for? False while the link is down. */
bool link_eth_pending(void);

#endif
