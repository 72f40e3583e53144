/* Saved groups, as they are shown. */
#ifndef OTTER_CLI_SHOW_GROUP_H
#define OTTER_CLI_SHOW_GROUP_H

#include "output.h"

extern const struct cli_column cli_group_columns[]; /* of a list */
extern const struct cli_column cli_group_fields[];  /* of one */

#endif
