#include "port/board.h"
#include "check/parts.h"
#include "core/bytes.h"

#include <string.h>

/* Turns of a loop that should see time pass, within the watchdog's time. */
#define BUSY_TURNS 5000000u
#define IDLE_TURNS 1000u
#define LINK_MS    5000u

extern const char otter_link_slot[], otter_slot_base[];

static enum otter_slot link_slot(void)
{
    return (uintptr_t)otter_link_slot == 1 ? OTTER_SLOT_A : OTTER_SLOT_B;
}

const char *check_map(void)
{
    const struct otter_flash_map *map = board_flash()->map;

    if (otter_flash_map_find(board_hardware) != map)
        return "board_hardware names the map of board_flash()";
    if (map->slot[link_slot()].base != (uintptr_t)otter_slot_base)
        return "the linker script's slot is the map's";
    return NULL;
}

const char *check_handover(void)
{
    const struct otter_handover *handover = board_handover();

    if (!otter_handover_valid(handover))
        return "the bootloader's hand-over is there: one address for both, and nothing clears it";
    if (handover->slot != (uint8_t)link_slot())
        return "the bootloader names the slot that this program is linked for";
    return NULL;
}

const char *check_clock(void)
{
    uint64_t began = board_ms(), last = began;

    for (uint32_t i = 0; i < BUSY_TURNS && last - began < 100; i++) {
        uint64_t now = board_ms();

        if (now < last)
            return "time does not go back";
        last = now;
    }
    if (last - began < 100)
        return "time goes on";
    for (uint32_t i = 0; i < IDLE_TURNS && board_ms() - began < 300; i++)
        board_idle(5);
    return board_ms() - began < 300 ? "time goes on while the board idles" : NULL;
}

const char *check_random(void)
{
    struct otter_random *random = board_random();
    uint8_t a[256], b[256], seen[256] = {0};
    unsigned distinct = 0;

    random->fill(random, a, sizeof(a));
    random->fill(random, b, sizeof(b));
    if (memcmp(a, b, sizeof(a)) == 0)
        return "no two fills are alike";
    for (unsigned i = 0; i < sizeof(a); i++) {
        distinct += seen[a[i]] == 0;
        seen[a[i]] = 1;
    }
    /* 256 draws of 256 leave 162 different ones on average; below 100 chance does not come. */
    return distinct >= 100 ? NULL : "bytes are spread";
}

/* An ARP probe (RFC 5227) for an address of documentation: it claims nothing. */
static const uint8_t probe[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   1, 8, 6,
                                  0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0, 0, 1,
                                  0,    0,    0,    0,    0,    0,    0, 0, 0, 0, 192, 0, 2, 1};

const char *check_link(void)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    static uint8_t frame[OTTER_FRAME_MAX];
    const struct otter_frame_piece whole = {probe, sizeof(probe)};
    const struct otter_frame_piece pieces[] = {
        {probe, 14}, {probe + 14, 1}, {probe + 15, sizeof(probe) - 15}};
    const struct otter_frame_piece long_one[] = {{frame, sizeof(frame)}, {frame, 1}};
    struct otter_link *link = board_link();
    uint64_t began = board_ms();

    if (!link->start(link, mac))
        return "the controller answers";
    while (!link->is_up(link) && board_ms() - began < LINK_MS)
        board_idle(10);
    if (!link->is_up(link))
        return "there is a carrier: is the cable in?";
    if (!link->send(link, &whole, 1) || !link->send(link, pieces, OTTER_ARRAY_LEN(pieces)))
        return "a frame of any pieces is taken";
    if (link->send(link, long_one, OTTER_ARRAY_LEN(long_one)))
        return "a frame that is too long is refused";
    for (unsigned i = 0; i < 1000; i++)
        if (link->receive(link, frame, sizeof(frame)) > sizeof(frame))
            return "a frame received fits where it goes";
    return NULL;
}
