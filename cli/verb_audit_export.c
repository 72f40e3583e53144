#include "verb.h"

#include "audit_log.h"

#include <string.h>

const struct cli_option cli_options_audit_export[] = {
    {"out", CLI_OPTION_VALUE, "FILE", "the file to write; -, as without: standard output"},
    {NULL},
};

const char cli_notes_audit_export[] = "A line an entry, in JSON, and the signed head last. `otter audit "
                                      "verify FILE` checks it without the server.";

static enum cli_exit fetch(struct cli_audit_writer *self, struct cli *cli, FILE *to)
{
    (void)self;
    return cli_audit_fetch(cli, to);
}

enum cli_exit cli_run_audit_export(struct cli *cli, const struct cli_args *args)
{
    struct cli_audit_writer writer = {.write_to = fetch};
    const char *out = cli_arg(args, "out");

    if (cli->format == CLI_FORMAT_CSV || cli->format == CLI_FORMAT_JSON)
        return cli_fail(cli, CLI_USAGE,
                        "an export is JSON lines\notter audit list has the entries as a list");
    if (out == NULL || strcmp(out, "-") == 0)
        return cli_audit_fetch(cli, cli->out);
    return cli->dry_run ? CLI_DONE : cli_audit_save(cli, out, true, &writer);
}
