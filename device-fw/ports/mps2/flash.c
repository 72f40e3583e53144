/*
 * NOR flash over memory: an erase sets a sector's bits, programming clears bits and sets none. What an
 * STM32F429 has write-protected, boot sectors and factory data, is refused here, too. The memory is read-only
 * to all other code (mpu.c).
 */
#include "core/bytes.h"
#include "port/board.h"
#include "ports/mps2/mps2.h"

#include <string.h>

#define MAP  (&otter_map_mps2_an386)
#define UNIT 4u

static uint8_t *at(uint32_t addr)
{
    return (uint8_t *)(uintptr_t)addr;
}

/* Unsigned: an address below the base wraps to a distance beyond any size. */
static bool is_within(uint32_t addr, uint32_t len, uint32_t base, uint32_t size)
{
    return addr - base <= size && len <= size - (addr - base);
}

static bool overlaps(uint32_t addr, uint32_t len, uint32_t base, uint32_t size)
{
    return addr < base + size && base < addr + len;
}

static bool is_writable(uint32_t addr, uint32_t len)
{
    return is_within(addr, len, MAP->base, MAP->size) &&
           !overlaps(addr, len, MAP->base, MAP->journal_base - MAP->base) &&
           !overlaps(addr, len, MAP->factory_base, MAP->factory_size);
}

static enum otter_status flash_read(struct otter_flash *self, uint32_t addr, void *buf, uint32_t len)
{
    (void)self;
    if (!is_within(addr, len, MAP->base, MAP->size))
        return OTTER_IO_ERROR;
    memcpy(buf, at(addr), len);
    return OTTER_OK;
}

/* The flash is unlocked. A cut clears some of the bits that it should. */
static enum otter_status program_unit(uint32_t addr, uint32_t value)
{
    uint32_t was = otter_le32(at(addr));

    if ((was & value) != value)
        return OTTER_FLASH_ERROR;
    if (mps2_cut_now()) {
        otter_put_le32(at(addr), was & (value | mps2_cut_random()));
        mps2_cut();
    }
    otter_put_le32(at(addr), value);
    return OTTER_OK;
}

static enum otter_status flash_program(struct otter_flash *self, uint32_t addr, const void *buf, uint32_t len)
{
    const uint8_t *from = (const uint8_t *)buf;
    enum otter_status status = OTTER_OK;

    (void)self;
    if (addr % UNIT != 0 || len % UNIT != 0 || !is_writable(addr, len))
        return OTTER_FLASH_ERROR;
    mps2_flash_unlock();
    for (uint32_t off = 0; off < len && status == OTTER_OK; off += UNIT)
        status = program_unit(addr + off, otter_le32(from + off));
    mps2_flash_lock();
    return status;
}

/* Cells rise in no order: the first part has risen, the next one is on its way, the rest is as it was. */
static void half_erase(uint32_t addr, uint32_t size)
{
    uint32_t done = mps2_cut_random() % size, rising = mps2_cut_random() % (size - done);

    memset(at(addr), 0xff, done);
    for (uint32_t off = done; off < done + rising; off++)
        *at(addr + off) |= (uint8_t)mps2_cut_random();
}

static enum otter_status flash_erase(struct otter_flash *self, uint32_t addr)
{
    uint32_t size;

    (void)self;
    if (otter_flash_sector(MAP, addr, &size) != addr || size == 0 || !is_writable(addr, size))
        return OTTER_FLASH_ERROR;
    mps2_flash_unlock();
    if (mps2_cut_now()) {
        half_erase(addr, size);
        mps2_cut();
    }
    memset(at(addr), 0xff, size);
    mps2_flash_lock();
    return OTTER_OK;
}

struct otter_flash *board_flash(void)
{
    static struct otter_flash flash = {
        .map = MAP,
        .read = flash_read,
        .program = flash_program,
        .erase = flash_erase,
    };

    return &flash;
}
