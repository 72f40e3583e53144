/* Which columns of a list, or lines of an object, are shown: a verb's own, or those that --columns names. */
#ifndef OTTER_CLI_COLUMNS_H
#define OTTER_CLI_COLUMNS_H

#include "output.h"
#include "parse.h"

#define CLI_COLUMNS_MAX 40u

struct cli_chosen {
    struct cli_piece piece;
    const struct cli_column *all;
    struct cli_column column[CLI_COLUMNS_MAX];
    char *owned[CLI_COLUMNS_MAX]; /* names that --columns gave as paths */
    size_t count;
    char wrong[64]; /* the word that was refused */
};

/*
 * --columns takes a column's name (blanks also as '_'; case does not matter), its member's path, or a path
 * into a column that is an object or an array (attributes.site). Another word is refused, with the names that
 * there are. The caller frees with cli_chosen_free, also after a failure.
 */
enum cli_exit cli_columns_choose(struct cli *cli, const struct cli_column *all, struct cli_chosen *ret);
void cli_chosen_free(struct cli_chosen *c);
#define auto_chosen HOST_CLEANUP(cli_chosen_free)

/* Before anything is asked of the server: is --columns right? */
enum cli_exit cli_columns_check(struct cli *cli, const struct cli_column *all);

#endif
