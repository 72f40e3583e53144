#include "ports/posix/flash_file.h"

#include "core/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void invert(uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        p[i] = (uint8_t)~p[i];
}

static bool all_zero(const uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* Whole reads and writes in file terms; 0 or a negative errno. A file shorter than the map cannot be: open
 * checks. */
static int file_read(int fd, uint32_t off, uint8_t *buf, uint32_t len)
{
    while (len > 0) {
        ssize_t n = pread(fd, buf, len, off);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        buf += n;
        off += (uint32_t)n;
        len -= (uint32_t)n;
    }
    return 0;
}

/* Keeps the page in step: a small write goes into it, too, any other drops it. */
static void page_wrote(struct otter_flash_file *f, uint32_t off, const uint8_t *buf, uint32_t len)
{
    if (f->page_at == UINT32_MAX || off >= f->page_at + sizeof(f->page) || off + len <= f->page_at)
        return;
    if (buf != NULL && off >= f->page_at && off - f->page_at + len <= sizeof(f->page))
        memcpy(f->page + (off - f->page_at), buf, len);
    else
        f->page_at = UINT32_MAX;
}

static int file_write(struct otter_flash_file *f, uint32_t off, const uint8_t *buf, uint32_t len)
{
    page_wrote(f, off, buf, len);
    while (len > 0) {
        ssize_t n = pwrite(f->fd, buf, len, off);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            f->page_at = UINT32_MAX;
            return n < 0 ? -errno : -EIO;
        }
        buf += n;
        off += (uint32_t)n;
        len -= (uint32_t)n;
    }
    return 0;
}

/* Erased flash is zeros in the file: a hole where the file system can, written zeros where it cannot. */
static int file_zero(struct otter_flash_file *f, uint32_t off, uint32_t len)
{
    static const uint8_t zeros[CHUNK];
    int r = 0;

    page_wrote(f, off, NULL, len);
    if (len == 0 || fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len) == 0)
        return 0;
    while (r == 0 && len > 0) {
        uint32_t n = len < CHUNK ? len : CHUNK;

        r = file_write(f, off, zeros, n);
        off += n;
        len -= n;
    }
    return r;
}

/* Within one page, by the page; else straight from the file. */
static int read_bytes(struct otter_flash_file *f, uint32_t addr, uint8_t *buf, uint32_t len)
{
    uint32_t off = addr - f->flash.map->base, at = off - off % (uint32_t)sizeof(f->page);
    int r;

    if (!in_map(f->flash.map, addr, len) || off % sizeof(f->page) + len > sizeof(f->page))
        return otter_flash_file_peek(f, addr, buf, len);
    if (f->page_at != at) {
        f->page_at = UINT32_MAX;
        r = file_read(f->fd, at, f->page, sizeof(f->page));
        if (r != 0)
            return r;
        f->page_at = at;
    }
    memcpy(buf, f->page + (off - at), len);
    invert(buf, len);
    return 0;
}

static enum otter_status read_op(struct otter_flash *self, uint32_t addr, void *buf, uint32_t len)
{
    struct otter_flash_file *f = OTTER_CONTAINER_OF(self, struct otter_flash_file, flash);

    if (f->power_off || read_bytes(f, addr, buf, len) != 0)
        return OTTER_IO_ERROR;
    return OTTER_OK;
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
    for (uint32_t i = 0; i < len; i++) {
        if ((old[i] & data[i]) != data[i])
            return false;
        if (map->write_once && old[i] != 0xff)
            return false;
    }
    for (uint32_t i = 0; i < len; i++)
        old[i] = data[i];
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

    if (read_bytes(f, addr, now, len) != 0)
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
        if (file_write(f, addr - map->base, now, len) != 0)
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
            r = file_write(f, off + i, edge, part - i < sizeof(edge) ? part - i : (uint32_t)sizeof(edge));
    } else {
        r = file_zero(f, off, kind == 3 ? size : part);
    }
    if (r == 0)
        r = file_read(f->fd, off + part, edge, n);
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
    return file_write(f, off + part, edge, n);
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
    r = file_zero(f, addr - self->map->base, size);
    return r == 0 ? OTTER_OK : OTTER_FLASH_ERROR;
}

static void init(struct otter_flash_file *f, int fd, const struct otter_flash_map *map)
{
    memset(f, 0, sizeof(*f));
    f->flash.map = map;
    f->flash.read = read_op;
    f->flash.program = program_op;
    f->flash.erase = erase_op;
    f->fd = fd;
    f->page_at = UINT32_MAX;
}

/* Takes fd over: closed on error. */
static int adopt(struct otter_flash_file *f, int fd, const struct otter_flash_map *map)
{
    struct stat st;
    int r = fstat(fd, &st) == 0 ? 0 : -errno;

    if (r == 0 && st.st_size == 0)
        r = ftruncate(fd, map->size) == 0 ? 0 : -errno;
    else if (r == 0 && st.st_size != map->size)
        r = -EINVAL;
    if (r != 0)
        close(fd);
    else
        init(f, fd, map);
    return r;
}

int otter_flash_file_open(struct otter_flash_file *f, const char *path, const struct otter_flash_map *map)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    return fd < 0 ? -errno : adopt(f, fd, map);
}

int otter_flash_file_open_memory(struct otter_flash_file *f, const struct otter_flash_map *map)
{
    int fd = memfd_create("otter-flash", MFD_CLOEXEC);

    return fd < 0 ? -errno : adopt(f, fd, map);
}

void otter_flash_file_close(struct otter_flash_file *f)
{
    if (f == NULL || f->fd < 0)
        return;
    close(f->fd);
    f->fd = -1;
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
            r = file_zero(f, addr - f->flash.map->base, n);
        else
            r = file_write(f, addr - f->flash.map->base, piece, n);
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
    r = file_read(f->fd, addr - f->flash.map->base, buf, len);
    if (r == 0)
        invert(buf, len);
    return r;
}
