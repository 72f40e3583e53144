#ifndef OTTER_HAL_STUB_H
#define OTTER_HAL_STUB_H

#include "stm32f4xx_hal_def.h"

#include "stm32f4xx_hal_conf.h"

#endif
