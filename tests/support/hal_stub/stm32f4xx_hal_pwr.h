#ifndef OTTER_HAL_STUB_PWR_H
#define OTTER_HAL_STUB_PWR_H

#include "stm32f4xx_hal_def.h"

#define PWR_REGULATOR_VOLTAGE_SCALE1 0x0000c000u

void __HAL_PWR_VOLTAGESCALING_CONFIG(uint32_t regulator);

#endif
