/*
 * 2 MB of flash in two banks (RM0090, 3): words are programmed at 3.3 V, a 128 KB sector is erased in one to
 * two seconds. Whatever the HAL says, what counts is what reads back; and nothing reads back truly before
 * the ART's caches are flushed.
 */
#include "ports/stm32f4/internal.h"

#include <string.h>

#define UNIT 4u
#define ERRORS                                                                                               \
    (FLASH_FLAG_OPERR | FLASH_FLAG_WRPERR | FLASH_FLAG_PGAERR | FLASH_FLAG_PGPERR | FLASH_FLAG_PGSERR |      \
     FLASH_FLAG_RDERR)

extern FLASH_ProcessTypeDef pFlash; /* the HAL's; no header of it says so */

static const uint8_t *memory(uint32_t addr)
{
    return (const uint8_t *)(uintptr_t)addr;
}

static bool is_inside(const struct otter_flash_map *map, uint32_t addr, uint32_t len)
{
    return addr >= map->base && addr - map->base < map->size && len <= map->size - (addr - map->base);
}

/* Bootloader (all that lies before the journal) and factory data are nobody's to write: option bytes say so,
 * too. */
static bool is_writable(const struct otter_flash_map *map, uint32_t addr, uint32_t len)
{
    return is_inside(map, addr, len) && addr >= map->journal_base &&
           (addr + len <= map->factory_base || addr >= map->factory_base + map->factory_size);
}

static bool only_clears_bits(uint32_t addr, const uint8_t *in, uint32_t len)
{
    const uint8_t *now = memory(addr);

    for (uint32_t i = 0; i < len; i++)
        if ((in[i] & ~now[i]) != 0)
            return false;
    return true;
}

static bool is_blank(uint32_t addr, uint32_t len)
{
    const uint8_t *at = memory(addr);

    for (uint32_t i = 0; i < len; i++)
        if (at[i] != 0xff)
            return false;
    return true;
}

/* Of a sector's base. They are numbered through; the HAL itself knows of the gap behind number 11. */
static uint32_t sector_number(const struct otter_flash_map *map, uint32_t base)
{
    uint32_t number = 0, size;

    for (uint32_t at = map->base; at < base; at += size) {
        (void)otter_flash_sector(map, at, &size);
        number++;
    }
    return number;
}

/*
 * A stale error flag would fail the next operation, whatever it is. The HAL's lock is held here only if an
 * error path of its own forgot it, since there is one user, and no interrupt.
 */
static bool begin(void)
{
    pFlash.Lock = HAL_UNLOCKED;
    if (HAL_FLASH_Unlock() != HAL_OK)
        return false;
    __HAL_FLASH_CLEAR_FLAG(FLASH_FLAG_EOP | ERRORS);
    return true;
}

static void flush_caches(void)
{
    __HAL_FLASH_INSTRUCTION_CACHE_DISABLE();
    __HAL_FLASH_INSTRUCTION_CACHE_RESET();
    __HAL_FLASH_INSTRUCTION_CACHE_ENABLE();
    __HAL_FLASH_DATA_CACHE_DISABLE();
    __HAL_FLASH_DATA_CACHE_RESET();
    __HAL_FLASH_DATA_CACHE_ENABLE();
}

static void end(void)
{
    (void)HAL_FLASH_Lock();
    flush_caches();
}

static bool program_words(uint32_t addr, const uint8_t *in, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += UNIT) {
        uint32_t word;

        memcpy(&word, in + i, UNIT);
        if (HAL_FLASH_Program(FLASH_TYPEPROGRAM_WORD, addr + i, word) != HAL_OK)
            return false;
    }
    return true;
}

static enum otter_status read_op(struct otter_flash *self, uint32_t addr, void *buf, uint32_t len)
{
    if (!is_inside(self->map, addr, len))
        return OTTER_IO_ERROR;
    memcpy(buf, memory(addr), len);
    return OTTER_OK;
}

static enum otter_status program_op(struct otter_flash *self, uint32_t addr, const void *buf, uint32_t len)
{
    bool done;

    if (addr % UNIT != 0 || len % UNIT != 0 || !is_writable(self->map, addr, len) ||
        !only_clears_bits(addr, buf, len))
        return OTTER_FLASH_ERROR;
    done = begin() && program_words(addr, buf, len);
    end();
    return done && memcmp(memory(addr), buf, len) == 0 ? OTTER_OK : OTTER_FLASH_ERROR;
}

static enum otter_status erase_op(struct otter_flash *self, uint32_t addr)
{
    FLASH_EraseInitTypeDef one = {
        .TypeErase = FLASH_TYPEERASE_SECTORS, .NbSectors = 1, .VoltageRange = FLASH_VOLTAGE_RANGE_3};
    uint32_t size, failed;
    bool done;

    if (otter_flash_sector(self->map, addr, &size) != addr || !is_writable(self->map, addr, size))
        return OTTER_FLASH_ERROR;
    one.Sector = sector_number(self->map, addr);
    board_watchdog_feed(); /* the whole of its time for the erase */
    done = begin() && HAL_FLASHEx_Erase(&one, &failed) == HAL_OK;
    end();
    return done && is_blank(addr, size) ? OTTER_OK : OTTER_FLASH_ERROR;
}

struct otter_flash *board_flash(void)
{
    static struct otter_flash flash = {
        .map = &otter_map_nucleo_f429zi, .read = read_op, .program = program_op, .erase = erase_op};

    return &flash;
}
