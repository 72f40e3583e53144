/*
 * SQLite's write-ahead log, as its file format page has it:
 *
 *   header: magic, version, page size, sequence, salt 1, salt 2, checksum 1, checksum 2   (8 x 4 bytes, big
 * endian) frame:  page, size after a commit (else 0), salt 1, salt 2, checksum 1, checksum 2    (6 x 4), then
 * the page
 *
 * A frame's checksums go on from those of the frame before. SQLite takes the log up to the first frame that
 * is not right, as the end of what a crash left. Frames of the same log that are right behind such a one were
 * written after it: then it is no end, but damage, and what lies behind is lost without a word.
 */
#include "store/sqlite_internal.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD       32u
#define FRAME_HEAD 24u
#define PAGE       4096u
#define MAGIC      0x377f0682u /* the last bit: checksums over big-endian words */
#define LOOKED_AT  (UINT64_C(1) << 30)

struct sums {
    uint32_t a, b;
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct sums add(struct sums s, const uint8_t *data, size_t len, bool big)
{
    for (size_t i = 0; i + 8 <= len; i += 8) {
        s.a += (big ? be32(data + i) : otter_le32(data + i)) + s.b;
        s.b += (big ? be32(data + i + 4) : otter_le32(data + i + 4)) + s.a;
    }
    return s;
}

static struct sums sums_at(const uint8_t *p)
{
    return (struct sums){be32(p), be32(p + 4)};
}

static bool same(struct sums a, struct sums b)
{
    return a.a == b.a && a.b == b.b;
}

/* Transactions that end behind the first frame that is not right. */
static uint64_t look(int fd, uint64_t size)
{
    uint8_t head[HEAD], frame[FRAME_HEAD + PAGE];
    uint64_t lost = 0;
    struct sums seed;
    bool big, broken;

    if (!host_pread_all(fd, head, sizeof(head), 0) || (be32(head) & ~1u) != MAGIC || be32(head + 8) != PAGE)
        return 0;
    big = be32(head) & 1;
    seed = add((struct sums){0}, head, HEAD - 8, big);
    broken = !same(seed, sums_at(head + 24));
    for (uint64_t at = HEAD; at + sizeof(frame) <= size; at += sizeof(frame)) {
        bool right;

        if (!host_pread_all(fd, frame, sizeof(frame), (off_t)at))
            break;
        right = memcmp(frame + 8, head + 16, 8) == 0 &&
                same(add(add(seed, frame, 8, big), frame + FRAME_HEAD, PAGE, big), sums_at(frame + 16));
        lost += broken && right && be32(frame + 4) != 0;
        broken = broken || !right;
        seed = sums_at(frame + 16);
    }
    return lost;
}

uint64_t store_sqlite_log_lost(const char *path)
{
    char wal[PATH_MAX];
    auto_close int fd = -1;
    struct stat st;

    if (snprintf(wal, sizeof(wal), "%s-wal", path) >= (int)sizeof(wal))
        return 0;
    fd = open(wal, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < (off_t)HEAD || (uint64_t)st.st_size > LOOKED_AT)
        return 0;
    return look(fd, (uint64_t)st.st_size);
}
