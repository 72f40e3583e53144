#include "ports/posix/blocks.h"

#include "host/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES       1024u /* of the cache: 4 MB */
#define FIRST_CHAIN 1024u

struct otter_block {
    uint64_t hash;
    uint32_t holders; /* 0 = free */
    uint32_t next;    /* in its hash's chain, or among the free */
};

/* Four lanes of multiply and mix: finds candidates, decides nothing. */
static uint64_t hash_of(const uint8_t data[OTTER_BLOCK])
{
    uint64_t lane[4] = {1, 2, 3, 4}, word[4];

    for (uint32_t at = 0; at < OTTER_BLOCK; at += sizeof(word)) {
        memcpy(word, data + at, sizeof(word));
        for (unsigned i = 0; i < 4; i++) {
            lane[i] = (lane[i] ^ word[i]) * UINT64_C(0x9e3779b97f4a7c15);
            lane[i] ^= lane[i] >> 29;
        }
    }
    for (unsigned i = 1; i < 4; i++)
        lane[0] = (lane[0] ^ lane[i]) * UINT64_C(0xbf58476d1ce4e5b9);
    return lane[0] ^ lane[0] >> 31;
}

static bool is_blank(const uint8_t data[OTTER_BLOCK])
{
    static const uint8_t zeros[OTTER_BLOCK];

    return memcmp(data, zeros, OTTER_BLOCK) == 0;
}

/* ---- the file, and a cache of what it holds ---- */

static off_t place_of(uint32_t number)
{
    return (off_t)(number - 1) * OTTER_BLOCK;
}

static uint8_t *line(struct otter_blocks *b, uint32_t number)
{
    return b->lines + (size_t)(number % LINES) * OTTER_BLOCK;
}

const uint8_t *otter_blocks_get(struct otter_blocks *b, uint32_t number)
{
    if (b->line_of[number % LINES] == number)
        return line(b, number);
    b->line_of[number % LINES] = 0;
    if (!host_pread_all(b->fd, line(b, number), OTTER_BLOCK, place_of(number)))
        return NULL;
    b->line_of[number % LINES] = number;
    return line(b, number);
}

/* Through the cache; on failure the block is unknown. */
static int store(struct otter_blocks *b, uint32_t number, const uint8_t *data)
{
    int r = host_pwrite_all(b->fd, data, OTTER_BLOCK, place_of(number)) ? 0 : -errno;

    b->line_of[number % LINES] = r == 0 ? number : 0;
    if (r == 0)
        memcpy(line(b, number), data, OTTER_BLOCK);
    return r;
}

/* ---- chains of equal hashes ---- */

static uint32_t *chain_of(struct otter_blocks *b, uint64_t hash)
{
    return &b->bucket[hash & (b->buckets - 1)];
}

static void link_in(struct otter_blocks *b, uint32_t number)
{
    uint32_t *first = chain_of(b, b->block[number].hash);

    b->block[number].next = *first;
    *first = number;
}

static void unlink_from(struct otter_blocks *b, uint32_t number)
{
    uint32_t *at = chain_of(b, b->block[number].hash);

    while (*at != number)
        at = &b->block[*at].next;
    *at = b->block[number].next;
}

/* Twice the chains, when there are more blocks than chains. Without memory they stay long. */
static void widen(struct otter_blocks *b)
{
    uint32_t *wider = b->used >= b->buckets ? calloc(b->buckets, 2 * sizeof(*wider)) : NULL;

    if (wider == NULL)
        return;
    free(b->bucket);
    b->bucket = wider;
    b->buckets *= 2;
    for (uint32_t i = 1; i <= b->count; i++)
        if (b->block[i].holders > 0)
            link_in(b, i);
}

static uint32_t find_equal(struct otter_blocks *b, uint64_t hash, const uint8_t *data)
{
    uint32_t number = *chain_of(b, hash);

    for (; number != 0; number = b->block[number].next) {
        const uint8_t *there = b->block[number].hash == hash ? otter_blocks_get(b, number) : NULL;

        if (there != NULL && memcmp(there, data, OTTER_BLOCK) == 0)
            break;
    }
    return number;
}

/* ---- numbers ---- */

static int grow(struct otter_blocks *b)
{
    uint32_t cap = b->cap < b->limit / 2 ? b->cap * 2 : b->limit;
    struct otter_block *more = reallocarray(b->block, (size_t)cap + 1, sizeof(*more));

    if (more == NULL)
        return -ENOMEM;
    b->block = more;
    b->cap = cap;
    return 0;
}

/* A number that nobody holds yet. */
static int take(struct otter_blocks *b, uint32_t *ret)
{
    int r = 0;

    if (b->used == b->limit)
        return -ENOSPC;
    if (b->free_first != 0) {
        *ret = b->free_first;
        b->free_first = b->block[*ret].next;
        return 0;
    }
    if (b->count == b->cap)
        r = grow(b);
    if (r == 0)
        *ret = ++b->count;
    return r;
}

static void give_back(struct otter_blocks *b, uint32_t number)
{
    b->block[number] = (struct otter_block){.next = b->free_first};
    b->free_first = number;
}

void otter_blocks_drop(struct otter_blocks *b, uint32_t number)
{
    if (number == 0 || --b->block[number].holders > 0)
        return;
    unlink_from(b, number);
    give_back(b, number);
    b->used--;
}

/* A content that is not there yet, in a block of its own. */
static int add(struct otter_blocks *b, uint64_t hash, const uint8_t *data, uint32_t *ret)
{
    uint32_t number;
    int r = take(b, &number);

    if (r != 0)
        return r;
    r = store(b, number, data);
    if (r != 0) {
        give_back(b, number);
        return r;
    }
    widen(b);
    b->block[number] = (struct otter_block){.hash = hash, .holders = 1};
    link_in(b, number);
    b->used++;
    b->used_max = b->used > b->used_max ? b->used : b->used_max;
    *ret = number;
    return 0;
}

/* Nobody else holds it: the block stays, its content changes. */
static int rewrite(struct otter_blocks *b, uint32_t number, uint64_t hash, const uint8_t *data)
{
    unlink_from(b, number);
    b->block[number].hash = hash; /* of the content that it has, or, when writing fails, ought to have */
    link_in(b, number);
    return store(b, number, data);
}

int otter_blocks_put(struct otter_blocks *b, uint32_t *number, const uint8_t data[OTTER_BLOCK])
{
    uint64_t hash = hash_of(data);
    uint32_t now = is_blank(data) ? 0 : find_equal(b, hash, data);
    int r = 0;

    if (now != 0 && now == *number)
        return 0;
    if (now != 0)
        b->block[now].holders++;
    else if (!is_blank(data) && *number != 0 && b->block[*number].holders == 1)
        return rewrite(b, *number, hash, data);
    else if (!is_blank(data))
        r = add(b, hash, data, &now);
    if (r != 0)
        return r;
    otter_blocks_drop(b, *number);
    *number = now;
    return 0;
}

int otter_blocks_init(struct otter_blocks *b, int fd, uint32_t limit)
{
    *b = (struct otter_blocks){.fd = fd, .limit = limit, .cap = limit < FIRST_CHAIN ? limit : FIRST_CHAIN};
    b->block = calloc((size_t)b->cap + 1, sizeof(*b->block));
    b->bucket = calloc(FIRST_CHAIN, sizeof(*b->bucket));
    b->buckets = FIRST_CHAIN;
    b->line_of = calloc(LINES, sizeof(*b->line_of));
    b->lines = calloc(LINES, OTTER_BLOCK);
    if (b->block != NULL && b->bucket != NULL && b->line_of != NULL && b->lines != NULL)
        return 0;
    otter_blocks_free(b);
    return -ENOMEM;
}

void otter_blocks_free(struct otter_blocks *b)
{
    if (b->fd >= 0)
        (void)close(b->fd);
    free(b->block);
    free(b->bucket);
    free(b->line_of);
    free(b->lines);
    *b = (struct otter_blocks){.fd = -1};
}
