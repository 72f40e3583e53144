/* One change of many devices: of those that a command line names, or of those that --target selects. */
#ifndef OTTER_CLI_BULK_H
#define OTTER_CLI_BULK_H

#include "cli.h"
#include "options.h"

#include "host/json.h"

/* What each of these verbs takes beside its own options. */
#define CLI_BULK_OPTIONS                                                                                     \
    {"target", CLI_OPTION_VALUE, "EXPR", "instead of IDs: the devices that the expression selects"},         \
    {                                                                                                        \
        "yes", CLI_OPTION_FLAG, NULL, "of --target: do not ask"                                              \
    }

struct cli_bulk {
    const char *verb; /* POST /api/v1/devices/VERB */
    const char *does; /* of the question: "Hold", "Change tags of" */
    const char *did;  /* of the summary: "held", "tagged" */
    json_t *members;  /* of the body beside ids or target; borrowed, NULL = none */
    const char *const *id;
    size_t count;
    bool grave; /* many devices are cut off: --target wants --yes where nobody can be asked */
};

/*
 * Sends it, a thousand ids a request, and says how many were matched and changed; refused devices are named
 * on err, and make the result CLI_REFUSED. On a terminal --target asks first, with the number that a dry run
 * has matched; --yes and --dry-run do not.
 */
enum cli_exit cli_bulk(struct cli *cli, const struct cli_args *args, const struct cli_bulk *bulk);

/* The like of a verb whose operands are all ids. */
enum cli_exit cli_bulk_operands(struct cli *cli, const struct cli_args *args, struct cli_bulk bulk);

/* {"reason": --reason}, {} without it; NULL when out of memory. */
json_t *cli_bulk_reason(const struct cli_args *args);

#endif
