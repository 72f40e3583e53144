/*
 * Blocks of one size in one file, each content stored once: whoever asks for a content that is there already
 * shares it (copy on write). Equal means equal byte by byte; a hash only finds whom to compare with.
 *
 * A block is named by its number, from 1 on; 0 is the blank block, all zeros, which takes no room. Each
 * holder counts: what nobody holds is free for the next. The file grows to the most that was held at once.
 * One thread.
 */
#ifndef OTTER_POSIX_BLOCKS_H
#define OTTER_POSIX_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#define OTTER_BLOCK 4096u

struct otter_block; /* holders, hash and chain of one number */

struct otter_blocks {
    int fd;                    /* owned */
    struct otter_block *block; /* [0] is unused */
    uint32_t count, cap;       /* numbers given out so far, less those above; room */
    uint32_t limit;            /* most blocks at once */
    uint32_t used, used_max;   /* now, and at most so far */
    uint32_t free_first;       /* chain of free numbers; 0 = none */
    uint32_t *bucket;          /* first number of each chain of equal hashes */
    uint32_t buckets;          /* a power of two */
    uint32_t *line_of;         /* cache: which block each line holds; 0 = none */
    uint8_t *lines;
};

/* Takes fd over, also on failure: an empty file of the caller's. 0 or a negative errno. */
int otter_blocks_init(struct otter_blocks *b, int fd, uint32_t limit);
void otter_blocks_free(struct otter_blocks *b);

/* The block's bytes, until the next call of any; NULL when the file cannot be read. number > 0. */
const uint8_t *otter_blocks_get(struct otter_blocks *b, uint32_t number);

/*
 * One holder of *number now holds `data` instead: its own block rewritten when nobody else holds it, a shared
 * one where there is an equal one, a new one otherwise. Data of zeros gives 0. *number changes on success
 * alone. 0 or a negative errno: -ENOSPC when `limit` blocks are held, or the file system is full. data may
 * not be what get returned.
 */
int otter_blocks_put(struct otter_blocks *b, uint32_t *number, const uint8_t data[OTTER_BLOCK]);

/* One holder of the block lets it go; 0 is harmless. */
void otter_blocks_drop(struct otter_blocks *b, uint32_t number);

#endif
