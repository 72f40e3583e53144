#include "verb.h"

#include "api.h"

enum cli_exit cli_run_root_list(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"version", "version", CLI_KIND_NUMBER},
        {"epoch", "sequence_epoch", CLI_KIND_NUMBER},
        {"created", "created", CLI_KIND_TIME},
        {"expires", "expires", CLI_KIND_TIME},
        {"keys", "keys", .extra = true, .inside = true},
        {"roles", "roles", .extra = true, .inside = true},
        {"revoked", "revoked_images", .extra = true, .inside = true},
        {NULL},
    };

    (void)args;
    return cli_api_list(cli, "/api/v1/roots", columns);
}
