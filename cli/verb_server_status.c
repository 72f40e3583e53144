#include "verb.h"

#include "api.h"

/* What is wrong with the offer key, and what to do. */
static void warn_of_key(struct cli *cli, const json_t *status)
{
    if (!json_is_false(json_object_get(status, "offer_named")))
        return;
    cli_note(
        cli,
        "The newest root does not name the server's offer key: devices refuse whatever it offers. Publish a "
        "root that names it (otter root rotate --offer-key OLD=DIR/offer.pub), or give otterd the key back "
        "that the root names, as DIR/offer.key, and restart it");
}

enum cli_exit cli_run_server_status(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"version", "version"},
        {"time", "time", CLI_KIND_TIME},
        {"root", "root.version"},
        {"root's epoch", "root.sequence_epoch"},
        {"root expires", "root.expires", CLI_KIND_TIME},
        {"devices", "devices"},
        {"releases", "releases"},
        {"rollouts", "rollouts"},
        {"offer key", "offer_kid"},
        {"next offer key", "offer_next_kid"},
        {"frozen", "frozen.reason", .extra = true},
        {NULL},
    };
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    (void)args;
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = "/api/v1/status"}, &reply);
    if (code == CLI_DONE && !json_is_object(reply.json))
        return cli_api_problem(cli, &reply);
    if (code == CLI_DONE)
        code = cli_api_result(cli, &reply, columns);
    if (code == CLI_DONE)
        warn_of_key(cli, reply.json);
    return code;
}
