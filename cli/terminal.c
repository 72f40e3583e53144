#include "terminal.h"

#include "fold.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80u
#define COLUMNS_MAX     10000u
#define FOLD_INDENT     2u

bool cli_terminal_colors(bool tty, const char *no_color, const char *term)
{
    return tty && (no_color == NULL || no_color[0] == '\0') && term != NULL && term[0] != '\0' &&
           strcmp(term, "dumb") != 0;
}

unsigned cli_terminal_columns(const char *columns, unsigned said)
{
    uint64_t n;

    if (columns != NULL && cli_parse_number(columns, COLUMNS_MAX, false, &n) && n > 0)
        return (unsigned)n;
    return said > 0 ? said : COLUMNS_DEFAULT;
}

static struct winsize size_of(FILE *to)
{
    struct winsize size = {0};

    return ioctl(fileno(to), TIOCGWINSZ, &size) == 0 ? size : (struct winsize){0};
}

void cli_terminal_look(struct cli *cli)
{
    const char *term = getenv("TERM");
    bool out = isatty(fileno(cli->out)) == 1, err = isatty(fileno(cli->err)) == 1;
    bool moves = cli_terminal_colors(true, NULL, term); /* what takes colours takes movements, too */

    cli->out_tty = out && moves;
    cli->err_tty = err && moves;
    cli->color = cli_terminal_colors(out, getenv("NO_COLOR"), term);
    cli->screen = out ? cli_terminal_columns(getenv("COLUMNS"), size_of(cli->out).ws_col) : 0;
    cli->err_screen = err ? cli_terminal_columns(getenv("COLUMNS"), size_of(cli->err).ws_col) : 0;
}

unsigned cli_terminal_rows(const struct cli *cli)
{
    return size_of(cli->out).ws_row;
}

void cli_put_text(struct cli *cli, const char *text)
{
    cli_fold_print(cli->out, text, cli->screen, FOLD_INDENT);
}
