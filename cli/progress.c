#include "progress.h"

#include "fold.h"
#include "width.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_MAX     30u
#define BAR_MIN     4u
#define PERCENT_MAX 100u

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

/* As double: n * width may not fit. */
static size_t cells_of(uint64_t n, uint64_t total, size_t width)
{
    size_t cells = total > 0 ? (size_t)((double)n / (double)total * (double)width) : 0;

    return n > 0 && cells == 0 ? 1 : cells;
}

void cli_bar_parts(const struct cli_bar_part *part, size_t parts, uint64_t total, size_t width, char *out)
{
    uint64_t all = 0;
    size_t at = 0, here;

    for (size_t i = 0; i < parts; i++)
        all += part[i].n;
    total = all > total ? all : total;
    for (size_t i = 0; i < parts; i++) {
        here = cells_of(part[i].n, total, width);
        here = here < width - at ? here : width - at;
        memset(out + at, part[i].mark, here);
        at += here;
    }
    memset(out + at, '-', width - at);
    /* Rounding leaves nothing open where nothing is. */
    if (all == total && at > 0 && at < width)
        memset(out + at, out[at - 1], width - at);
    out[width] = '\0';
}

static unsigned percent_of(uint64_t done, uint64_t total)
{
    double share = total > 0 && done < total ? (double)done / (double)total : 1.0;

    return (unsigned)(share * PERCENT_MAX);
}

void cli_progress(struct cli *cli, const char *name, uint64_t done, uint64_t total, const char *what)
{
    char bar[BAR_MAX + 1], tail[64];
    char *shown = cli->err_tty ? cli_printable(name) : NULL;
    size_t room, width, next;

    if (shown == NULL)
        return;
    snprintf(tail, sizeof(tail), "%3u%% of %s", percent_of(done, total), what);
    /* The last column stays free: some terminals go to the next line there. */
    room = cli->err_screen > cli_width(tail) + 2 ? cli->err_screen - cli_width(tail) - 2 : 0;
    width = room > (size_t)2 * BAR_MAX ? BAR_MAX : room / 2;
    fputs("\r\033[K", cli->err);
    if (width >= BAR_MIN) {
        cli_bar(done, total, width, bar);
        fprintf(cli->err, "%.*s [%s] ", (int)cli_fold(shown, room - width - 3, &next), shown, bar);
    }
    fputs(tail, cli->err);
    fflush(cli->err);
    free(shown);
}

void cli_progress_end(struct cli *cli)
{
    if (cli->err_tty)
        fputs("\r\033[K", cli->err);
}
