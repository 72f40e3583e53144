#include "fleet/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGE ((size_t)2 << 20)

static size_t whole_pages(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (size + page - 1) / page * page;
}

void *pages_take(size_t size)
{
    char *all, *begin;
    size_t before;

    if (size < LARGE)
        return calloc(1, size);
    if (size > SIZE_MAX - LARGE)
        return NULL;
    all = mmap(NULL, size + LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    /* Only pages that begin at a multiple of their size are large; the rest of what was asked for goes back.
     */
    before = (LARGE - (uintptr_t)all % LARGE) % LARGE;
    begin = all + before;
    if (before > 0)
        (void)munmap(all, before);
    (void)munmap(begin + whole_pages(size), LARGE - before);
    (void)madvise(begin, whole_pages(size), MADV_HUGEPAGE); /* a matter of speed alone */
    return begin;
}

void pages_free(void *pages, size_t size)
{
    if (size < LARGE)
        free(pages);
    else if (pages)
        (void)munmap(pages, size);
}
