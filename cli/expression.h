/* Refusals of a target expression or a filter, shown with a mark under the place. */
#ifndef OTTER_CLI_EXPRESSION_H
#define OTTER_CLI_EXPRESSION_H

#include "api.h"

/*
 * What cli_api answered with `tolerate`, as an exit status: a 4xx is printed here; where it is `bad-target`,
 * also the expression (NULL = none) and the place. Else `code`, which cli_api has told already.
 */
enum cli_exit cli_expression_problem(struct cli *cli, enum cli_exit code, const struct cli_reply *reply,
                                     const char *expression);

#endif
