#include "verb.h"

#include "api.h"

const char cli_notes_audit_list[] =
    "--filter knows who, act, subject and at: who == eve and at within 7d; act == rollout-*. otterd's own "
    "acts are by otterd.\n--sort -num shows the newest first.";

enum cli_exit cli_run_audit_list(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"num", "num", CLI_KIND_NUMBER},
        {"time", "at", CLI_KIND_TIME},
        {"who", "who"},
        {"act", "act"},
        {"subject", "subject"},
        {"detail", "detail", CLI_KIND_DETAIL, .inside = true},
        {"hash", "hash", CLI_KIND_SHORT, .extra = true},
        {"prev", "prev", CLI_KIND_SHORT, .extra = true},
        {NULL},
    };

    (void)args;
    return cli_api_list(cli, "/api/v1/audit", columns);
}
