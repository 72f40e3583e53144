#include "verb.h"

#include "api.h"
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char cli_notes_server_backup[] = "DIR is a folder on the server's machine, which otterd makes; it must "
                                       "be whole (/var/backups/otter). Only "
                                       "over a\nunix socket, where both are one machine, it may be relative "
                                       "to where `otter` runs. otterd goes on "
                                       "serving; what\nit acknowledged before the end is in the backup. "
                                       "Bring it back with: otterd --restore DIR "
                                       "--data NEW";

static char *absolute(const char *dir)
{
    auto_free char *here = getcwd(NULL, 0);
    char *out = NULL;

    if (dir[0] == '/')
        return strdup(dir);
    if (here == NULL || asprintf(&out, "%s/%s", here, dir) < 0)
        return NULL;
    return out;
}

/* A loopback address may be the near end of a tunnel: only a socket shows that the folder is meant here. */
static enum cli_exit find_dir(struct cli *cli, const char *given, char **ret)
{
    struct cli_config config;
    auto_free char *dir = absolute(given);
    enum cli_exit code = cli_config_load(cli, cli->args, &config);
    bool local;

    if (code != CLI_DONE)
        return code;
    local = strncmp(config.server, "unix:", 5) == 0;
    cli_config_free(&config);
    if (dir == NULL)
        return cli_fail_memory(cli);
    if (given[0] != '/' && !local)
        return cli_fail(cli, CLI_USAGE, "%s: expected a whole path on the server's machine, such as %s",
                        given, dir);
    *ret = HOST_STEAL(dir);
    return CLI_DONE;
}

enum cli_exit cli_run_server_backup(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"dir", "dir"},         {"database", "database_bytes", CLI_KIND_BYTES},
        {"blobs", "blobs"},     {"bytes of blobs", "blob_bytes", CLI_KIND_BYTES},
        {"linked", "linked"},   {"copied", "copied"},
        {"seconds", "seconds"}, {NULL}};
    auto_reply struct cli_reply reply = {0};
    auto_free char *dir = NULL;
    enum cli_exit code = find_dir(cli, args->operand[0], &dir);

    if (code == CLI_DONE)
        code =
            cli_api_send(cli, "POST", "/api/v1/server/backup", json_pack("{s:s}", "dir", dir), false, &reply);
    if (code != CLI_DONE)
        return code;
    if (cli->dry_run)
        cli_note(cli, "dry run: nothing was written; it would be:");
    return cli_api_result(cli, &reply, columns);
}
