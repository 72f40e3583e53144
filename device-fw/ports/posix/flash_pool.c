#include "ports/posix/flash_pool.h"

#include "core/bytes.h"
#include "ports/posix/blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct otter_flash_pool {
    struct otter_blocks blocks;
    uint64_t held; /* blocks, in all shares */
};

/* The blocks of a share that are not blank, rising by their place. */
struct piece {
    uint32_t place; /* offset / OTTER_BLOCK */
    uint32_t number;
};

struct share {
    struct otter_flash_bytes bytes;
    struct otter_flash_pool *pool;
    struct piece *piece;
    uint32_t count, cap;
};

static struct share *from_bytes(struct otter_flash_bytes *self)
{
    return OTTER_CONTAINER_OF(self, struct share, bytes);
}

/* Index of the first piece at `place` or behind it. */
static uint32_t find(const struct share *s, uint32_t place)
{
    uint32_t from = 0, to = s->count;

    while (from < to) {
        uint32_t mid = from + (to - from) / 2;

        if (s->piece[mid].place < place)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static bool is_at(const struct share *s, uint32_t at, uint32_t place)
{
    return at < s->count && s->piece[at].place == place;
}

static void remove_pieces(struct share *s, uint32_t at, uint32_t count)
{
    if (count == 0)
        return;
    memmove(s->piece + at, s->piece + at + count, (s->count - at - count) * sizeof(*s->piece));
    s->count -= count;
    s->pool->held -= count;
}

static int make_room(struct share *s)
{
    uint32_t cap = s->cap + s->cap / 2 + 8;
    struct piece *more = s->count == s->cap ? reallocarray(s->piece, cap, sizeof(*more)) : s->piece;

    if (more == NULL)
        return -ENOMEM;
    s->cap = s->count == s->cap ? cap : s->cap;
    s->piece = more;
    return 0;
}

/* The block at `place`, which belongs at `at`, is `number` from now on. There is room for one more. */
static void settle(struct share *s, uint32_t at, uint32_t place, uint32_t number)
{
    if (is_at(s, at, place) && number == 0) {
        remove_pieces(s, at, 1);
    } else if (is_at(s, at, place)) {
        s->piece[at].number = number;
    } else if (number != 0) {
        memmove(s->piece + at + 1, s->piece + at, (s->count - at) * sizeof(*s->piece));
        s->piece[at] = (struct piece){place, number};
        s->count++;
        s->pool->held++;
    }
}

/* Bytes of the block at off that lie within len. */
static uint32_t part_of(uint32_t off, uint32_t len)
{
    uint32_t room = OTTER_BLOCK - off % OTTER_BLOCK;

    return len < room ? len : room;
}

static int share_read(struct otter_flash_bytes *self, uint32_t off, void *buf, uint32_t len)
{
    struct share *s = from_bytes(self);
    uint8_t *out = buf;

    while (len > 0) {
        uint32_t n = part_of(off, len), at = find(s, off / OTTER_BLOCK);
        const uint8_t *data = NULL;

        if (is_at(s, at, off / OTTER_BLOCK)) {
            data = otter_blocks_get(&s->pool->blocks, s->piece[at].number);
            if (data == NULL)
                return -EIO;
            memcpy(out, data + off % OTTER_BLOCK, n);
        } else {
            memset(out, 0, n);
        }
        out += n;
        off += n;
        len -= n;
    }
    return 0;
}

/* Within one block; data NULL = zeros. */
static int write_part(struct share *s, uint32_t off, const uint8_t *data, uint32_t len)
{
    uint32_t place = off / OTTER_BLOCK, at = find(s, place);
    uint32_t number = is_at(s, at, place) ? s->piece[at].number : 0;
    const uint8_t *now = number != 0 ? otter_blocks_get(&s->pool->blocks, number) : NULL;
    uint8_t whole[OTTER_BLOCK] = {0};
    int r = number != 0 && now == NULL ? -EIO : make_room(s);

    if (now != NULL)
        memcpy(whole, now, sizeof(whole));
    if (data != NULL)
        memcpy(whole + off % OTTER_BLOCK, data, len);
    else
        memset(whole + off % OTTER_BLOCK, 0, len);
    if (r == 0)
        r = otter_blocks_put(&s->pool->blocks, &number, whole);
    if (r == 0)
        settle(s, at, place, number);
    return r;
}

static int share_write(struct otter_flash_bytes *self, uint32_t off, const void *buf, uint32_t len)
{
    const uint8_t *data = buf;
    int r = 0;

    while (r == 0 && len > 0) {
        uint32_t n = part_of(off, len);

        r = write_part(from_bytes(self), off, data, n);
        data += n;
        off += n;
        len -= n;
    }
    return r;
}

/* Whole blocks are let go, however many; at most two are blank in part. */
static int share_zero(struct otter_flash_bytes *self, uint32_t off, uint32_t len)
{
    struct share *s = from_bytes(self);
    uint32_t first = (off + OTTER_BLOCK - 1) / OTTER_BLOCK, end = (off + len) / OTTER_BLOCK;
    uint32_t head = part_of(off, len), tail = (off + len) % OTTER_BLOCK, from, to;
    int r = 0;

    if (first > end) /* within one block */
        return write_part(s, off, NULL, len);
    if (off % OTTER_BLOCK != 0)
        r = write_part(s, off, NULL, head);
    if (r == 0 && tail != 0)
        r = write_part(s, off + len - tail, NULL, tail);
    from = find(s, first);
    to = find(s, end);
    for (uint32_t i = from; i < to; i++)
        otter_blocks_drop(&s->pool->blocks, s->piece[i].number);
    remove_pieces(s, from, to - from);
    return r;
}

static void share_rest(struct otter_flash_bytes *self)
{
    (void)self; /* nothing of its own is open */
}

static void share_close(struct otter_flash_bytes *self)
{
    struct share *s = from_bytes(self);

    for (uint32_t i = 0; i < s->count; i++)
        otter_blocks_drop(&s->pool->blocks, s->piece[i].number);
    remove_pieces(s, 0, s->count);
    free(s->piece);
    free(s);
}

int otter_flash_pool_share(struct otter_flash_pool *pool, uint32_t size, struct otter_flash_bytes **ret)
{
    struct share *s = size % OTTER_BLOCK == 0 ? calloc(1, sizeof(*s)) : NULL;

    if (s == NULL)
        return size % OTTER_BLOCK == 0 ? -ENOMEM : -EINVAL;
    s->bytes = (struct otter_flash_bytes){share_read, share_write, share_zero, share_rest, share_close};
    s->pool = pool;
    *ret = &s->bytes;
    return 0;
}

/* Without a name, also where the file system has no O_TMPFILE. */
static int nameless(const char *dir)
{
    char *path = NULL;
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0)
        return fd;
    if (asprintf(&path, "%s/otter-flash-XXXXXX", dir) < 0)
        return -ENOMEM;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        fd = -errno;
    else
        (void)unlink(path);
    free(path);
    return fd;
}

int otter_flash_pool_open(const char *dir, uint32_t megabytes, struct otter_flash_pool **ret)
{
    struct otter_flash_pool *pool = calloc(1, sizeof(*pool));
    uint64_t limit = ((uint64_t)megabytes << 20) / OTTER_BLOCK;
    int fd = pool != NULL ? nameless(dir) : -ENOMEM, r;

    r = fd < 0 ? fd
               : otter_blocks_init(&pool->blocks, fd, limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX - 1);
    if (r != 0)
        free(pool);
    else
        *ret = pool;
    return r;
}

void otter_flash_pool_close(struct otter_flash_pool *pool)
{
    if (pool == NULL)
        return;
    otter_blocks_free(&pool->blocks);
    free(pool);
}

void otter_flash_pool_use(const struct otter_flash_pool *pool, struct otter_flash_pool_use *ret)
{
    *ret = (struct otter_flash_pool_use){
        .bytes = (uint64_t)pool->blocks.used * OTTER_BLOCK,
        .bytes_max = (uint64_t)pool->blocks.used_max * OTTER_BLOCK,
        .held = pool->held * OTTER_BLOCK,
        .limit = (uint64_t)pool->blocks.limit * OTTER_BLOCK,
    };
}
