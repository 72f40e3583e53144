/* A folder of a few files that an act under scarce memory may change: what it holds, as one text, and as it
 * was at first. */
#ifndef OTTER_TEST_OOM_FOLDER_H
#define OTTER_TEST_OOM_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

struct folder {
    char dir[64];
    char first[80]; /* a copy of it */
};

/* Makes it, empty; whoever fills it then says folder_keep(). */
void folder_make(struct folder *f);
void folder_keep(const struct folder *f);
void folder_remove(const struct folder *f);
/* As it was kept. */
void folder_back(const struct folder *f);
/* Its path, in one of a few buffers. */
const char *folder_path(const struct folder *f, const char *name);

/* Names, kinds and modes, in their order; with `bytes` what each file holds, too. The caller frees. */
char *folder_text(const struct folder *f, bool bytes);

#endif
