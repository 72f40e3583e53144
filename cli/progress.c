#include "progress.h"

#include <string.h>

void cli_bar(uint64_t done, uint64_t total, size_t width, char *out)
{
    size_t full;

    if (done > total)
        done = total;
    /* As double: done * width may not fit. Whole only when it is done. */
    full = total == 0 ? 0 : (size_t)((double)done / (double)total * (double)width);
    if (full >= width)
        full = done == total ? width : width - 1;
    memset(out, '#', full);
    memset(out + full, '-', width - full);
    out[width] = '\0';
}
