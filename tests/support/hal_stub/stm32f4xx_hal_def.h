/*
 * Declarations of ST's HAL (STM32F4, 1.8) and CMSIS, as far as device-fw/ports/stm32f4 uses them: enough to
 * compile the port where ST's package is not, and to stand a fake behind it (tests/unit/stm32f4). Written for
 * that, by the HAL's documentation; names are ST's. Macros are functions here, so that the fake sees them.
 */
#ifndef OTTER_HAL_STUB_DEF_H
#define OTTER_HAL_STUB_DEF_H

#include <stddef.h>
#include <stdint.h>

typedef enum { HAL_OK, HAL_ERROR, HAL_BUSY, HAL_TIMEOUT } HAL_StatusTypeDef;
typedef enum { HAL_UNLOCKED, HAL_LOCKED } HAL_LockTypeDef;
typedef enum { DISABLE, ENABLE } FunctionalState;

/* Core */
typedef struct {
    volatile uint32_t VTOR;
} SCB_Type;
extern SCB_Type hal_stub_scb;
#define SCB (&hal_stub_scb)

void __enable_irq(void);
void __WFI(void);

void SystemCoreClockUpdate(void);
HAL_StatusTypeDef HAL_Init(void);
uint32_t HAL_GetTick(void);
void HAL_IncTick(void);
void HAL_Delay(uint32_t Delay);

#endif
