/* A question that is asked again and again: an answer that fails to come is told by who asks. */
#ifndef OTTER_CLI_ASK_H
#define OTTER_CLI_ASK_H

#include "api.h"

/*
 * cli_api once, of which nothing is written to err: what it would have said goes to *ret_told, malloc'ed
 * (NULL when out of memory), the empty text where it has succeeded.
 */
enum cli_exit cli_ask(struct cli *cli, const struct cli_request *request, struct cli_reply *ret,
                      char **ret_told);

/* The first line of it, cut out in place, without "otter NOUN VERB: ". */
const char *cli_told_line(char *told);

#endif
