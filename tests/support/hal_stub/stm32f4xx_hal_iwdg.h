#ifndef OTTER_HAL_STUB_IWDG_H
#define OTTER_HAL_STUB_IWDG_H

#include "stm32f4xx_hal_def.h"

#define IWDG_PRESCALER_64 4u

typedef struct {
    volatile uint32_t KR;
} IWDG_TypeDef;
extern IWDG_TypeDef hal_stub_iwdg;
#define IWDG (&hal_stub_iwdg)

typedef struct {
    uint32_t Prescaler;
    uint32_t Reload;
} IWDG_InitTypeDef;

typedef struct {
    IWDG_TypeDef *Instance;
    IWDG_InitTypeDef Init;
} IWDG_HandleTypeDef;

HAL_StatusTypeDef HAL_IWDG_Init(IWDG_HandleTypeDef *hiwdg);
HAL_StatusTypeDef HAL_IWDG_Refresh(IWDG_HandleTypeDef *hiwdg);

#endif
