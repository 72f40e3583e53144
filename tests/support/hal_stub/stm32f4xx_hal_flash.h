#ifndef OTTER_HAL_STUB_FLASH_H
#define OTTER_HAL_STUB_FLASH_H

#include "stm32f4xx_hal_def.h"

#define FLASH_TYPEPROGRAM_WORD  2u
#define FLASH_TYPEERASE_SECTORS 0u
#define FLASH_VOLTAGE_RANGE_3   2u
#define FLASH_LATENCY_5         5u

#define FLASH_FLAG_EOP    0x00001u
#define FLASH_FLAG_OPERR  0x00002u
#define FLASH_FLAG_WRPERR 0x00010u
#define FLASH_FLAG_PGAERR 0x00020u
#define FLASH_FLAG_PGPERR 0x00040u
#define FLASH_FLAG_PGSERR 0x00080u
#define FLASH_FLAG_RDERR  0x00100u
#define FLASH_FLAG_BSY    0x10000u

typedef struct {
    HAL_LockTypeDef Lock;
    volatile uint32_t ErrorCode;
} FLASH_ProcessTypeDef;

typedef struct {
    uint32_t TypeErase;
    uint32_t Banks;
    uint32_t Sector;
    uint32_t NbSectors;
    uint32_t VoltageRange;
} FLASH_EraseInitTypeDef;

HAL_StatusTypeDef HAL_FLASH_Unlock(void);
HAL_StatusTypeDef HAL_FLASH_Lock(void);
HAL_StatusTypeDef HAL_FLASH_Program(uint32_t TypeProgram, uint32_t Address, uint64_t Data);
HAL_StatusTypeDef HAL_FLASHEx_Erase(FLASH_EraseInitTypeDef *pEraseInit, uint32_t *SectorError);

void __HAL_FLASH_CLEAR_FLAG(uint32_t flags);
void __HAL_FLASH_INSTRUCTION_CACHE_DISABLE(void);
void __HAL_FLASH_INSTRUCTION_CACHE_RESET(void);
void __HAL_FLASH_INSTRUCTION_CACHE_ENABLE(void);
void __HAL_FLASH_DATA_CACHE_DISABLE(void);
void __HAL_FLASH_DATA_CACHE_RESET(void);
void __HAL_FLASH_DATA_CACHE_ENABLE(void);

#endif
