#ifndef OTTER_HAL_STUB_RNG_H
#define OTTER_HAL_STUB_RNG_H

#include "stm32f4xx_hal_def.h"

#define RNG_IT_CEI    0x20u
#define RNG_IT_SEI    0x40u
#define RNG_FLAG_CECS 0x02u
#define RNG_FLAG_SECS 0x04u

typedef struct {
    volatile uint32_t CR;
    volatile uint32_t SR;
} RNG_TypeDef;
extern RNG_TypeDef hal_stub_rng;
#define RNG (&hal_stub_rng)

typedef struct {
    RNG_TypeDef *Instance;
} RNG_HandleTypeDef;

HAL_StatusTypeDef HAL_RNG_Init(RNG_HandleTypeDef *hrng);
HAL_StatusTypeDef HAL_RNG_DeInit(RNG_HandleTypeDef *hrng);
HAL_StatusTypeDef HAL_RNG_GenerateRandomNumber(RNG_HandleTypeDef *hrng, uint32_t *random32bit);
int __HAL_RNG_GET_FLAG(const RNG_HandleTypeDef *hrng, uint32_t flag);
int __HAL_RNG_GET_IT(const RNG_HandleTypeDef *hrng, uint32_t interrupt);

#endif
