#include "port/flash_check.h"

#include "core/bytes.h"

#include <string.h>

#define PIECE 32u /* the largest program unit */
#define EDGE  16u

/* The sector under test, erased before each rule. */
struct scratch {
    struct otter_flash *flash;
    uint32_t base, size, unit;
};

static bool reads(const struct scratch *s, uint32_t addr, const uint8_t *expect, uint32_t len)
{
    uint8_t buf[2 * PIECE];

    return s->flash->read(s->flash, addr, buf, len) == OTTER_OK && memcmp(buf, expect, len) == 0;
}

static bool is_blank(const struct scratch *s, uint32_t from, uint32_t to)
{
    uint8_t buf[PIECE], erased[PIECE];

    memset(erased, 0xff, sizeof(erased));
    for (uint32_t at = from; at < to; at += sizeof(buf))
        if (s->flash->read(s->flash, at, buf, sizeof(buf)) != OTTER_OK ||
            memcmp(buf, erased, sizeof(buf)) != 0)
            return false;
    return true;
}

static bool programs(const struct scratch *s, uint32_t addr, const uint8_t *in, uint32_t len)
{
    return s->flash->program(s->flash, addr, in, len) == OTTER_OK;
}

/* Bytes of which no two neighbours are alike, and none is 0xff. */
static void fill(uint8_t *buf, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        buf[i] = (uint8_t)(0x11 + i * 7 % 0xe0);
}

/* ---- the rules: true = it holds. The sector is erased when they begin. ---- */

static bool erase_blanks(const struct scratch *s)
{
    static const uint8_t zeros[PIECE];

    return programs(s, s->base, zeros, PIECE) && programs(s, s->base + s->size - PIECE, zeros, PIECE) &&
           s->flash->erase(s->flash, s->base) == OTTER_OK && is_blank(s, s->base, s->base + s->size);
}

/* What lies beside the sector: its edges, or 0 bytes where the flash ends. */
static bool read_edge(const struct scratch *s, bool behind, uint8_t buf[EDGE], uint32_t *ret_len)
{
    const struct otter_flash_map *map = s->flash->map;
    uint32_t addr = behind ? s->base + s->size : s->base - EDGE;
    uint32_t size;

    *ret_len = behind ? addr - map->base < map->size : s->base > map->base;
    if (*ret_len == 0)
        return true;
    (void)otter_flash_sector(map, addr, &size);
    *ret_len = size > 0 ? EDGE : 0; /* a gap in the map is nobody's */
    return size == 0 || s->flash->read(s->flash, addr, buf, EDGE) == OTTER_OK;
}

static bool erase_spares_neighbours(const struct scratch *s)
{
    uint8_t before[2][EDGE] = {{0}}, after[2][EDGE] = {{0}};
    uint32_t len[2];

    for (unsigned i = 0; i < 2; i++)
        if (!read_edge(s, i == 1, before[i], &len[i]))
            return false;
    if (s->flash->erase(s->flash, s->base) != OTTER_OK)
        return false;
    for (unsigned i = 0; i < 2; i++)
        if (!read_edge(s, i == 1, after[i], &len[i]) || memcmp(before[i], after[i], len[i]) != 0)
            return false;
    return true;
}

static bool program_reads_back(const struct scratch *s)
{
    uint8_t in[2 * PIECE];

    fill(in, s->unit);
    memset(in + s->unit, 0xff, sizeof(in) - s->unit);
    return programs(s, s->base, in, s->unit) && reads(s, s->base, in, sizeof(in)) &&
           is_blank(s, s->base + sizeof(in), s->base + s->size);
}

static bool program_takes_several_units(const struct scratch *s)
{
    uint8_t in[2 * PIECE];
    uint32_t at = s->base + s->size - 2 * PIECE; /* to the sector's last byte */

    fill(in, sizeof(in));
    return programs(s, at, in, sizeof(in)) && reads(s, at, in, sizeof(in)) && is_blank(s, s->base, at);
}

static bool program_takes_any_buffer(const struct scratch *s)
{
    uint8_t in[2 * PIECE];

    fill(in, sizeof(in));
    return programs(s, s->base, in + 1, PIECE) && reads(s, s->base, in + 1, PIECE);
}

static bool read_takes_any_address(const struct scratch *s)
{
    uint8_t in[2 * PIECE];

    fill(in, sizeof(in));
    if (!programs(s, s->base, in, sizeof(in)))
        return false;
    for (uint32_t off = 0; off < 5; off++)
        for (uint32_t len = 1; len < 10; len++)
            if (!reads(s, s->base + off, in + off, len))
                return false;
    return true;
}

/* The journal and cut downloads rest on it: bits fall, and never rise but by an erase. */
static bool program_only_clears_bits(const struct scratch *s)
{
    uint8_t first[PIECE], second[PIECE];

    if (s->flash->map->write_once)
        return true;
    memset(first, 0xf0, sizeof(first));
    memset(second, 0x30, sizeof(second));
    if (!programs(s, s->base, first, PIECE) || !programs(s, s->base, second, PIECE) ||
        !reads(s, s->base, second, PIECE))
        return false;
    (void)s->flash->program(s->flash, s->base, first, PIECE); /* an error or not: nothing may rise */
    return reads(s, s->base, second, PIECE);
}

static bool odd_program_is_refused(const struct scratch *s)
{
    static const uint8_t zeros[2 * PIECE];

    return s->unit == 1 ||
           (!programs(s, s->base + 1, zeros, s->unit) && !programs(s, s->base, zeros, s->unit + 1) &&
            is_blank(s, s->base, s->base + s->size));
}

static bool odd_erase_is_refused(const struct scratch *s)
{
    uint8_t in[PIECE];

    fill(in, sizeof(in));
    return programs(s, s->base, in, PIECE) && s->flash->erase(s->flash, s->base + 4) != OTTER_OK &&
           s->flash->erase(s->flash, s->base + s->size - 4) != OTTER_OK && reads(s, s->base, in, PIECE);
}

static bool outside_is_refused(const struct scratch *s)
{
    static const uint8_t zeros[PIECE];
    const struct otter_flash_map *map = s->flash->map;
    const uint32_t outside[] = {map->base - PIECE, map->base + map->size, 0u - PIECE};
    uint8_t buf[PIECE];

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(outside); i++)
        if (programs(s, outside[i], zeros, PIECE) || s->flash->erase(s->flash, outside[i]) == OTTER_OK ||
            s->flash->read(s->flash, outside[i], buf, PIECE) == OTTER_OK)
            return false;
    /* Begins inside, ends outside. */
    return s->flash->read(s->flash, map->base + map->size - 4, buf, 8) != OTTER_OK;
}

static const struct {
    const char *name;
    bool (*holds)(const struct scratch *s);
} rules[] = {
    {"an erase leaves the whole sector 0xff", erase_blanks},
    {"an erase leaves the sectors beside it alone", erase_spares_neighbours},
    {"a unit programmed reads back, and nothing else changes", program_reads_back},
    {"several units are programmed at once, up to the sector's end", program_takes_several_units},
    {"a program takes its bytes from any address", program_takes_any_buffer},
    {"a read takes any address and length", read_takes_any_address},
    {"a program clears bits and sets none", program_only_clears_bits},
    {"a program at no unit's edge, or of no whole units, is an error that changes nothing",
     odd_program_is_refused},
    {"an erase at no sector's base is an error that changes nothing", odd_erase_is_refused},
    {"an address outside the flash is an error", outside_is_refused},
};

const char *otter_flash_check(struct otter_flash *flash, uint32_t sector)
{
    struct scratch s = {.flash = flash, .base = sector, .unit = flash->map->program_unit};

    if (otter_flash_sector(flash->map, sector, &s.size) != sector || s.size < 4 * PIECE * 2)
        return "the scratch sector is a sector of the map";
    if (PIECE % s.unit != 0)
        return "the program unit divides 32";
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rules); i++)
        if (flash->erase(flash, sector) != OTTER_OK || !rules[i].holds(&s))
            return rules[i].name;
    return flash->erase(flash, sector) == OTTER_OK ? NULL : rules[0].name;
}
