#include "ports/posix/flash_file.h"

#include "core/bytes.h"

#include <errno.h>
#include <string.h>

#define CHUNK 4096u

/* Small, seeded, good enough for tearing: splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static bool in_map(const struct otter_flash_map *map, uint32_t addr, uint32_t len)
{
    return addr >= map->base && addr - map->base <= map->size && len <= map->size - (addr - map->base);
}

static bool touches_factory(const struct otter_flash_map *map, uint32_t addr, uint32_t len)
{
    return addr < map->factory_base + map->factory_size && addr + len > map->factory_base;
}

/* Word by word: whole images pass here, again and again. */
static void invert(uint8_t *p, uint32_t len)
{
    uint64_t word;

    for (; len >= sizeof(word); p += sizeof(word), len -= (uint32_t)sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        word = ~word;
        memcpy(p, &word, sizeof(word));
    }
    while (len-- > 0)
        p[len] = (uint8_t)~p[len];
}

/* At most CHUNK bytes. */
static bool all_zero(const uint8_t *p, uint32_t len)
{
    static const uint8_t zeros[CHUNK];

    return memcmp(p, zeros, len) == 0;
}

/* A host that fails is no flash that fails: the device stops as it stands, and the owner is told. */
static int host(struct otter_flash_file *f, int r)
{
    if (r != 0 && f->error == 0)
        f->error = r;
    if (r != 0)
        f->power_off = true;
    return r;
}

static int bytes_read(struct otter_flash_file *f, uint32_t off, void *buf, uint32_t len)
{
    return host(f, f->bytes->read(f->bytes, off, buf, len));
}

static int bytes_write(struct otter_flash_file *f, uint32_t off, const void *buf, uint32_t len)
{
    return host(f, f->bytes->write(f->bytes, off, buf, len));
}

static int bytes_zero(struct otter_flash_file *f, uint32_t off, uint32_t len)
{
    return host(f, f->bytes->zero(f->bytes, off, len));
}

/* In flash terms; false outside the map, too. */
static bool read_flash(struct otter_flash_file *f, uint32_t addr, uint8_t *buf, uint32_t len)
{
    if (!in_map(f->flash.map, addr, len) || bytes_read(f, addr - f->flash.map->base, buf, len) != 0)
        return false;
    invert(buf, len);
    return true;
}

static enum otter_status read_op(struct otter_flash *self, uint32_t addr, void *buf, uint32_t len)
{
    struct otter_flash_file *f = OTTER_CONTAINER_OF(self, struct otter_flash_file, flash);

    return !f->power_off && read_flash(f, addr, buf, len) ? OTTER_OK : OTTER_IO_ERROR;
}

/* A unit in which the power failed: each bit that was to fall has fallen or not. */
static void tear_unit(uint8_t *old, const uint8_t *data, uint32_t unit, uint64_t *random)
{
    for (uint32_t i = 0; i < unit; i++)
        old[i] &= (uint8_t)(data[i] | next_random(random));
}

/* Programs whole units over `old` (both in flash terms); false if the rules forbid it. */
static bool merge(const struct otter_flash_map *map, uint8_t *old, const uint8_t *data, uint32_t len)
{
    uint8_t rises = 0, written = 0; /* bits that would go from 0 to 1; that are 0 already */

    for (uint32_t i = 0; i < len; i++) {
        rises |= (uint8_t)(data[i] & ~old[i]);
        written |= (uint8_t)~old[i];
    }
    if (rises != 0 || (map->write_once && written != 0))
        return false;
    memcpy(old, data, len);
    return true;
}

/* At most CHUNK bytes. */
static enum otter_status program_piece(struct otter_flash_file *f, uint32_t addr, const uint8_t *data,
                                       uint32_t len)
{
    const struct otter_flash_map *map = f->flash.map;
    uint32_t unit = map->program_unit;
    uint64_t before_cut = f->cut_at > f->operations ? f->cut_at - f->operations - 1 : UINT64_MAX;
    uint32_t whole = before_cut < len / unit ? (uint32_t)before_cut * unit : len;
    uint8_t now[CHUNK], was[CHUNK];

    if (!read_flash(f, addr, now, len))
        return OTTER_FLASH_ERROR;
    memcpy(was, now, len);
    if (!merge(map, now, data, len))
        return OTTER_FLASH_ERROR;
    if (whole < len) {
        uint64_t random = f->seed ^ f->cut_at * UINT64_C(0xd1342543de82ef95);

        memcpy(now + whole, was + whole, len - whole);
        tear_unit(now + whole, data + whole, unit, &random);
        f->power_off = true;
    }
    f->operations += whole / unit + (whole < len);
    f->programmed += whole;
    /* Programming 0xff changes nothing: leaving the hole alone keeps the file sparse. */
    if (memcmp(now, was, len) != 0) {
        invert(now, len);
        if (bytes_write(f, addr - map->base, now, len) != 0)
            return OTTER_FLASH_ERROR;
    }
    return f->power_off ? OTTER_FLASH_ERROR : OTTER_OK;
}

static enum otter_status program_op(struct otter_flash *self, uint32_t addr, const void *buf, uint32_t len)
{
    struct otter_flash_file *f = OTTER_CONTAINER_OF(self, struct otter_flash_file, flash);
    const uint8_t *data = buf;

    if (f->power_off || !in_map(self->map, addr, len) || touches_factory(self->map, addr, len) ||
        (addr | len) % self->map->program_unit != 0)
        return OTTER_FLASH_ERROR;
    while (len > 0) {
        uint32_t n = len < CHUNK ? len : CHUNK;
        enum otter_status status = program_piece(f, addr, data, n);

        if (status != OTTER_OK)
            return status;
        addr += n;
        data += n;
        len -= n;
    }
    return OTTER_OK;
}

/*
 * An erase interrupted: it may not have begun, may have erased a part, may be in the phase in which a part
 * programs its cells to 0 beforehand, or may have left cells that read erased here and there.
 */
static int tear_erase(struct otter_flash_file *f, uint32_t off, uint32_t size)
{
    uint64_t random = f->seed ^ f->cut_at * UINT64_C(0xd1342543de82ef95);
    uint64_t kind = next_random(&random) % 4;
    uint32_t part = (uint32_t)(next_random(&random) % size);
    uint8_t edge[64];
    uint32_t n = size - part < sizeof(edge) ? size - part : (uint32_t)sizeof(edge);
    int r = 0;

    if (kind == 0)
        return 0;
    if (kind == 2) {
        memset(edge, 0xff, sizeof(edge)); /* programmed to 0, inverted */
        for (uint32_t i = 0; r == 0 && i < part; i += (uint32_t)sizeof(edge))
            r = bytes_write(f, off + i, edge, part - i < sizeof(edge) ? part - i : (uint32_t)sizeof(edge));
    } else {
        r = bytes_zero(f, off, kind == 3 ? size : part);
    }
    if (r == 0)
        r = bytes_read(f, off + part, edge, n);
    if (r != 0)
        return r;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t weak = (uint8_t)next_random(&random);

        if (kind == 3) { /* all erased, but for cells that still read as programmed here and there */
            weak &= (uint8_t)next_random(&random);
            edge[i] = (uint8_t)(weak & next_random(&random));
        } else {
            edge[i] &= weak;
        }
    }
    return bytes_write(f, off + part, edge, n);
}

static enum otter_status erase_op(struct otter_flash *self, uint32_t addr)
{
    struct otter_flash_file *f = OTTER_CONTAINER_OF(self, struct otter_flash_file, flash);
    uint32_t size, base = otter_flash_sector(self->map, addr, &size);
    int r;

    if (f->power_off || size == 0 || base != addr || touches_factory(self->map, addr, size))
        return OTTER_FLASH_ERROR;
    f->operations++;
    if (f->operations == f->cut_at) {
        f->power_off = true;
        (void)tear_erase(f, addr - self->map->base, size); /* the power is off: nobody hears of an error */
        return OTTER_FLASH_ERROR;
    }
    f->erases++;
    r = bytes_zero(f, addr - self->map->base, size);
    return r == 0 ? OTTER_OK : OTTER_FLASH_ERROR;
}

void otter_flash_file_init(struct otter_flash_file *f, struct otter_flash_bytes *bytes,
                           const struct otter_flash_map *map)
{
    *f = (struct otter_flash_file){
        .flash = {.map = map, .read = read_op, .program = program_op, .erase = erase_op},
        .bytes = bytes,
    };
}

int otter_flash_file_open(struct otter_flash_file *f, const char *path, const struct otter_flash_map *map)
{
    struct otter_flash_bytes *bytes;
    int r = path != NULL ? otter_bytes_file_open(path, map->size, &bytes)
                         : otter_bytes_memory_open(map->size, &bytes);

    if (r == 0)
        otter_flash_file_init(f, bytes, map);
    return r;
}

int otter_flash_file_open_memory(struct otter_flash_file *f, const struct otter_flash_map *map)
{
    return otter_flash_file_open(f, NULL, map);
}

void otter_flash_file_close(struct otter_flash_file *f)
{
    if (f == NULL || f->bytes == NULL)
        return;
    f->bytes->close(f->bytes);
    f->bytes = NULL;
}

void otter_flash_file_rest(struct otter_flash_file *f)
{
    f->bytes->rest(f->bytes);
}

void otter_flash_file_power_on(struct otter_flash_file *f)
{
    f->power_off = false;
    f->cut_at = 0;
}

int otter_flash_file_load(struct otter_flash_file *f, uint32_t addr, const void *buf, uint32_t len)
{
    const uint8_t *data = buf;
    uint8_t piece[CHUNK];
    int r = 0;

    if (!in_map(f->flash.map, addr, len))
        return -ERANGE;
    while (r == 0 && len > 0) {
        uint32_t n = len < CHUNK ? len : CHUNK;

        memcpy(piece, data, n);
        invert(piece, n);
        if (all_zero(piece, n))
            r = bytes_zero(f, addr - f->flash.map->base, n);
        else
            r = bytes_write(f, addr - f->flash.map->base, piece, n);
        addr += n;
        data += n;
        len -= n;
    }
    return r;
}

int otter_flash_file_peek(const struct otter_flash_file *f, uint32_t addr, void *buf, uint32_t len)
{
    int r;

    if (!in_map(f->flash.map, addr, len))
        return -ERANGE;
    r = f->bytes->read(f->bytes, addr - f->flash.map->base, buf, len);
    if (r == 0)
        invert(buf, len);
    return r;
}
