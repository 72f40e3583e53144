#include "check/parts.h"
#include "core/bytes.h"
#include "port/board.h"
#include "port/console.h"
#include "port/flash_check.h"

#include <string.h>

#define PIECE 1024u /* what the updater programs at once */

/* Its address is the value: 1 = A, 2 = B. */
extern const char otter_link_slot[];

static uint32_t erase_ms, program_ms;

/* The board's own, with the watchdog fed before each erase: the check does a dozen of them. */
static enum otter_status fed_erase(struct otter_flash *self, uint32_t addr)
{
    uint64_t began = board_ms();
    enum otter_status status;

    (void)self;
    board_watchdog_feed();
    status = board_flash()->erase(board_flash(), addr);
    if (board_ms() - began > erase_ms)
        erase_ms = (uint32_t)(board_ms() - began);
    return status;
}

static enum otter_status fed_read(struct otter_flash *self, uint32_t addr, void *buf, uint32_t len)
{
    (void)self;
    return board_flash()->read(board_flash(), addr, buf, len);
}

static enum otter_status fed_program(struct otter_flash *self, uint32_t addr, const void *buf, uint32_t len)
{
    (void)self;
    return board_flash()->program(board_flash(), addr, buf, len);
}

static uint32_t scratch(void)
{
    bool in_a = (uintptr_t)otter_link_slot == 1;

    return board_flash()->map->slot[in_a ? OTTER_SLOT_B : OTTER_SLOT_A].base;
}

/* 32 KB, or the sector if it is smaller. It is blank. */
static const char *time_program(void)
{
    static uint8_t zeros[PIECE];
    uint32_t size, at = scratch();
    uint64_t began;

    (void)otter_flash_sector(board_flash()->map, at, &size);
    began = board_ms();
    for (uint32_t off = 0; off < size && off < 32 * PIECE; off += PIECE)
        if (board_flash()->program(board_flash(), at + off, zeros, PIECE) != OTTER_OK)
            return "a blank sector takes 1 KB after the other";
    program_ms = (uint32_t)(board_ms() - began);
    return NULL;
}

const char *check_flash(void)
{
    struct otter_flash fed = {board_flash()->map, fed_read, fed_program, fed_erase};
    const char *broken = otter_flash_check(&fed, scratch());

    if (broken == NULL)
        broken = time_program();
    board_watchdog_feed();
    if (fed_erase(&fed, scratch()) != OTTER_OK)
        return "a sector is erased";
    return broken;
}

/* Is this programmed, with what it holds already? That changes nothing, and protected flash refuses it. */
static bool takes(struct otter_flash *flash, uint32_t addr)
{
    uint8_t held[32];

    return flash->read(flash, addr, held, sizeof(held)) == OTTER_OK &&
           flash->program(flash, addr, held, sizeof(held)) == OTTER_OK;
}

/*
 * Nothing that runs from a slot may write the bootloader or the factory data. Words with ECC are not to be
 * programmed twice: there, only the option bytes tell.
 */
const char *check_protection(void)
{
    struct otter_flash *flash = board_flash();
    const struct otter_flash_map *map = flash->map;

    if (map->write_once)
        return NULL;
    if (takes(flash, map->base))
        return "the bootloader's first sector is write-protected";
    if (takes(flash, map->factory_base))
        return "the factory data are write-protected";
    return NULL;
}

void check_say_times(void)
{
    console_text("check: the longest erase took ms ");
    console_number((int32_t)erase_ms);
    console_text(", 32 KB were programmed in ms ");
    console_number((int32_t)program_ms);
    console_line("");
}
