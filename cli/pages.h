/* Lists of the operators' API, a page at a time. */
#ifndef OTTER_CLI_PAGES_H
#define OTTER_CLI_PAGES_H

#include "cli.h"

#include "host/json.h"

/* Who is given a list's pages, one by one; an exit status that is not CLI_DONE ends it. */
struct cli_pages {
    enum cli_exit (*page)(struct cli_pages *self, struct cli *cli, const json_t *items);
    bool more; /* afterwards: the list goes on behind `most` */
};

/* The first `most` items of a list; filter and sort may be NULL. */
enum cli_exit cli_api_pages(struct cli *cli, const char *path, const char *filter, const char *sort,
                            uint64_t most, struct cli_pages *to);

#endif
