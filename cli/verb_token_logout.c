#include "verb.h"

#include "api.h"
#include "credentials.h"

#include "host/cleanup.h"

#include <stdio.h>
#include <string.h>

const struct cli_option cli_options_token_logout[] = {
    {"forget", CLI_OPTION_FLAG, NULL, "do not ask the server: its token may count on"},
    {NULL},
};

const char cli_notes_token_logout[] =
    "Revokes the token that `otter login` keeps for this server, with those that were made by it, and "
    "forgets "
    "it. One\nthat counts no more is forgotten, too. `otter logout` is short for it.";

/* Revoked, or nothing any more: then it may be forgotten. */
static enum cli_exit revoke(struct cli *cli, json_t *entry)
{
    auto_reply struct cli_reply reply = {0};
    char path[64];
    enum cli_exit code;

    (void)snprintf(path, sizeof(path), "/api/v1/tokens/%lld",
                   (long long)json_integer_value(json_object_get(entry, "id")));
    cli->token = json_string_value(json_object_get(entry, "token"));
    cli_session_close(cli); /* the token that is kept, whatever else is named */
    code = cli_api(
        cli, &(struct cli_request){.method = "DELETE", .path = path, .changing = true, .tolerate = true},
        &reply);
    cli->token = NULL;
    if (code == CLI_DONE || reply.http.status == 401 || reply.http.status == 404)
        return CLI_DONE;
    return reply.http.status != 0 ? cli_api_problem(cli, &reply) : code;
}

enum cli_exit cli_run_token_logout(struct cli *cli, const struct cli_args *args)
{
    struct host_error err = {0};
    const char *at = cli_session_server(cli);
    auto_free char *server = at != NULL ? strdup(at) : NULL;
    auto_json json_t *entry = server != NULL ? cli_credentials_find(server, &err) : NULL;
    enum cli_exit code = CLI_DONE;

    if (server == NULL)
        return at == NULL ? CLI_USAGE : cli_fail_memory(cli);
    if (err.kind != HOST_ERROR_NONE)
        return cli_fail_error(cli, &err);
    if (entry == NULL)
        return cli_fail(cli, CLI_REFUSED, "nobody is logged in at %s", server);
    if (!cli_arg_flag(args, "forget"))
        code = revoke(cli, entry);
    if (code == CLI_DONE && !cli->dry_run && !cli_credentials_keep(server, NULL, &err))
        return cli_fail_error(cli, &err);
    if (code == CLI_DONE)
        cli_note(cli, "%s at %s", cli->dry_run ? "dry run: would be logged out" : "Logged out", server);
    return code;
}
