/* What is known of the terminals that results and errors go to, and text that fits them. */
#ifndef OTTER_CLI_TERMINAL_H
#define OTTER_CLI_TERMINAL_H

#include "cli.h"

/*
 * Fills out_tty, err_tty, color, screen and err_screen. A width is COLUMNS, else the terminal's own, else 80.
 * Colours: only on a terminal, not with NO_COLOR (any text), not where TERM is dumb or absent.
 */
void cli_terminal_look(struct cli *cli);

/* Are colours right for it? Pure; NULL: the variable is not set. */
bool cli_terminal_colors(bool tty, const char *no_color, const char *term);

/* Columns by COLUMNS (NULL: not set) and by what the terminal says (0: nothing). Pure. */
unsigned cli_terminal_columns(const char *columns, unsigned said);

/* Lines of the terminal that out is; 0: it has not said. */
unsigned cli_terminal_rows(const struct cli *cli);

/* Lines for people to out: on a terminal they are folded at the screen's edge. Escape sequences are kept:
 * text of others goes by cli_note (cli.h) or cli_printable (width.h). */
void cli_put_text(struct cli *cli, const char *text);

#endif
