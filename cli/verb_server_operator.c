#include "verb.h"

#include "api.h"

#include <stdlib.h>
#include <string.h>

const char cli_notes_server_operator[] =
    "add NAME shows the new operator's token, once: hand it over in private. It goes into a file for "
    "--token-file, or\ninto OTTER_TOKEN. remove NAME takes it back at once. `admin`, whose token is in "
    "admin.token, adds and removes\nothers, and alone does. One that got lost is replaced by remove and "
    "add.";

static enum cli_exit add(struct cli *cli, const char *name)
{
    static const struct cli_column columns[] = {
        {"name", "name"}, {"created", "created", CLI_KIND_TIME}, {"token", "token", .extra = true}, {NULL}};
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code =
        cli_api_send(cli, "POST", "/api/v1/operators", json_pack("{s:s}", "name", name), false, &reply);

    if (code != CLI_DONE)
        return code;
    if (cli->dry_run)
        cli_note(cli, "dry run: nothing was changed, and there is no token");
    return cli_api_result(cli, &reply, columns);
}

static enum cli_exit drop(struct cli *cli, const char *name)
{
    auto_free char *path = cli_api_path("operators", name, "");
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    if (path == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli, &(struct cli_request){.method = "DELETE", .path = path, .changing = true}, &reply);
    if (code == CLI_DONE)
        cli_note(cli, "Operator %s %s", name, cli->dry_run ? "would be removed" : "is removed");
    return code;
}

static enum cli_exit list(struct cli *cli, const char *name)
{
    static const struct cli_column columns[] = {
        {"name", "name"}, {"created", "created", CLI_KIND_TIME}, {NULL}};

    (void)name;
    return cli_api_list(cli, "/api/v1/operators", columns);
}

enum cli_exit cli_run_server_operator(struct cli *cli, const struct cli_args *args)
{
    static const struct {
        const char *word;
        size_t operands; /* the word among them */
        enum cli_exit (*run)(struct cli *cli, const char *name);
    } acts[] = {{"list", 1, list}, {"add", 2, add}, {"remove", 2, drop}};

    for (size_t i = 0; i < OTTER_ARRAY_LEN(acts); i++)
        if (strcmp(args->operand[0], acts[i].word) == 0 && args->operand_count == acts[i].operands)
            return acts[i].run(cli, acts[i].operands > 1 ? args->operand[1] : NULL);
    return cli_fail(cli, CLI_USAGE, "%s: expected list, add NAME or remove NAME", args->operand[0]);
}
