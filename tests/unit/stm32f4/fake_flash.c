/*
 * NOR cells, and what the CPU sees of them at 0x08000000: the caches' old truth, until they are flushed in
 * the manner of the manual. Read-only, so that a store past the HAL faults.
 */
#include "fake_hal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define KB(n) ((uint32_t)(n)*1024u)

struct fake_flash fake_flash;
FLASH_ProcessTypeDef pFlash;

static uint8_t cells[FAKE_FLASH_SIZE];
static uint32_t dirty_from, dirty_to; /* offsets that the CPU does not see yet */

/* Both caches: off, reset, on. Only then the view follows the cells. */
static struct {
    bool off, was_reset;
} cache[2];

static uint8_t *view(void)
{
    return (uint8_t *)(uintptr_t)FAKE_FLASH_BASE;
}

void fake_flash_init(void)
{
    static bool is_mapped;

    if (!is_mapped && mmap(view(), FAKE_FLASH_SIZE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != view())
        abort();
    is_mapped = true;
    mprotect(view(), FAKE_FLASH_SIZE, PROT_READ | PROT_WRITE);
    memset(cells, 0xff, sizeof(cells));
    memset(view(), 0xff, FAKE_FLASH_SIZE);
    mprotect(view(), FAKE_FLASH_SIZE, PROT_READ);
    memset(&fake_flash, 0, sizeof(fake_flash));
    memset(&pFlash, 0, sizeof(pFlash));
    memset(cache, 0, sizeof(cache));
    fake_flash.is_locked = true;
    dirty_from = dirty_to = 0;
}

const uint8_t *fake_flash_cells(uint32_t addr)
{
    return cells + (addr - FAKE_FLASH_BASE);
}

static void touch(uint32_t off, uint32_t len)
{
    if (dirty_from == dirty_to) {
        dirty_from = off;
        dirty_to = off + len;
    }
    if (off < dirty_from)
        dirty_from = off;
    if (off + len > dirty_to)
        dirty_to = off + len;
}

static void show(void)
{
    if (dirty_from == dirty_to)
        return;
    mprotect(view(), FAKE_FLASH_SIZE, PROT_READ | PROT_WRITE);
    memcpy(view() + dirty_from, cells + dirty_from, dirty_to - dirty_from);
    mprotect(view(), FAKE_FLASH_SIZE, PROT_READ);
    dirty_from = dirty_to = 0;
}

/* ---- caches ---- */

static void cache_off(unsigned i)
{
    cache[i].off = true;
}

static void cache_reset(unsigned i)
{
    cache[i].was_reset = cache[i].off; /* the bit can be written only while the cache is off */
}

static void cache_on(unsigned i)
{
    cache[i].off = false;
    if (!cache[0].was_reset || !cache[1].was_reset)
        return;
    cache[0].was_reset = cache[1].was_reset = false;
    show();
}

void __HAL_FLASH_INSTRUCTION_CACHE_DISABLE(void)
{
    cache_off(0);
}

void __HAL_FLASH_INSTRUCTION_CACHE_RESET(void)
{
    cache_reset(0);
}

void __HAL_FLASH_INSTRUCTION_CACHE_ENABLE(void)
{
    cache_on(0);
}

void __HAL_FLASH_DATA_CACHE_DISABLE(void)
{
    cache_off(1);
}

void __HAL_FLASH_DATA_CACHE_RESET(void)
{
    cache_reset(1);
}

void __HAL_FLASH_DATA_CACHE_ENABLE(void)
{
    cache_on(1);
}

/* ---- controller ---- */

HAL_StatusTypeDef HAL_FLASH_Unlock(void)
{
    if (fake_flash.unlock_fails)
        return HAL_ERROR;
    fake_flash.is_locked = false;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_FLASH_Lock(void)
{
    fake_flash.is_locked = true;
    return HAL_OK;
}

void __HAL_FLASH_CLEAR_FLAG(uint32_t flags)
{
    fake_flash.flags &= ~flags;
}

/* 4 x 16K, 64K, 7 x 128K, and once more. */
static uint32_t sector_size(uint32_t number)
{
    return number % 12 < 4 ? KB(16) : number % 12 == 4 ? KB(64) : KB(128);
}

static uint32_t sector_offset(uint32_t number)
{
    uint32_t off = 0;

    for (uint32_t i = 0; i < number; i++)
        off += sector_size(i);
    return off;
}

static uint32_t sector_at(uint32_t off)
{
    uint32_t number = 0;

    while (off >= sector_offset(number + 1))
        number++;
    return number;
}

static HAL_StatusTypeDef fail(uint32_t flag)
{
    pFlash.ErrorCode = flag;
    return HAL_ERROR;
}

/* What an operation meets before it begins, and the fault that is its own. HAL_OK: it goes on. */
static HAL_StatusTypeDef begin(uint32_t sector, bool *ret_silent)
{
    enum fake_flash_fault fault = fake_flash.operations + 1 == fake_flash.at ? fake_flash.fault : FAULT_NONE;

    *ret_silent = fault == FAULT_SILENT;
    if (pFlash.Lock == HAL_LOCKED)
        return HAL_BUSY;
    if (fake_flash.flags != 0) { /* of an operation before: the HAL takes it for this one's */
        fake_flash.flags = 0;
        return fail(FLASH_FLAG_PGSERR);
    }
    if (fake_flash.is_locked)
        return fail(FLASH_FLAG_PGSERR);
    if ((fake_flash.protected >> sector & 1) != 0)
        return fail(FLASH_FLAG_WRPERR);
    fake_flash.operations++;
    if (fault == FAULT_TIMEOUT)
        return HAL_TIMEOUT;
    if (fault == FAULT_KEEPS_LOCK)
        pFlash.Lock = HAL_LOCKED;
    return fault == FAULT_ERROR || fault == FAULT_KEEPS_LOCK ? fail(FLASH_FLAG_OPERR) : HAL_OK;
}

HAL_StatusTypeDef HAL_FLASH_Program(uint32_t TypeProgram, uint32_t Address, uint64_t Data)
{
    uint32_t off = Address - FAKE_FLASH_BASE;
    HAL_StatusTypeDef status;
    bool silent;

    if (TypeProgram != FLASH_TYPEPROGRAM_WORD || Address % 4 != 0 || off > FAKE_FLASH_SIZE - 4)
        return fail(FLASH_FLAG_PGAERR);
    status = begin(sector_at(off), &silent);
    if (status != HAL_OK)
        return status;
    for (unsigned i = 0; i < 4; i++)
        cells[off + i] &= (uint8_t)(Data >> 8 * i);
    if (silent)
        cells[off] |= 1;
    touch(off, 4);
    return HAL_OK;
}

HAL_StatusTypeDef HAL_FLASHEx_Erase(FLASH_EraseInitTypeDef *pEraseInit, uint32_t *SectorError)
{
    uint32_t number = pEraseInit->Sector, off;
    HAL_StatusTypeDef status;
    bool silent;

    *SectorError = 0xffffffffu;
    if (pEraseInit->TypeErase != FLASH_TYPEERASE_SECTORS || pEraseInit->NbSectors != 1 || number > 23 ||
        pEraseInit->VoltageRange != FLASH_VOLTAGE_RANGE_3)
        return fail(FLASH_FLAG_PGPERR);
    fake_flash.fed = fake_chip.watchdog_fed;
    status = begin(number, &silent);
    if (status != HAL_OK) {
        *SectorError = number;
        return status;
    }
    fake_flash.erased_number = number > 11 ? number + 4 : number;
    off = sector_offset(number);
    memset(cells + off, 0xff, sector_size(number));
    if (silent)
        cells[off + sector_size(number) - 1] = 0xfe;
    touch(off, sector_size(number));
    return HAL_OK;
}
