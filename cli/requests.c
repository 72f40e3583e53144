#include "requests.h"

#include "api.h"
#include "core/names.h"
#include "member.h"

#include <inttypes.h>
#include <string.h>

#define IDS_MAX 1000u /* of one request: docs/openapi.yaml */

static json_t *make_items(const struct cli_args *args, const char *token)
{
    json_t *items = json_array();

    for (size_t i = 0; i < args->operand_count; i++) {
        json_t *item = json_object();

        cli_put_string(item, "id", args->operand[i]);
        if (token != NULL)
            cli_put_string(item, "fingerprint", token);
        json_array_append_new(items, item);
    }
    return items;
}

static void print_errors(struct cli *cli, const json_t *errors)
{
    const json_t *error;
    size_t i;

    json_array_foreach(errors, i, error)
    {
        cli_fail(cli, CLI_REFUSED, "%s: %s: %s", cli_member_text(error, "id"), cli_member_text(error, "code"),
                 cli_member_text(error, "detail"));
    }
}

static enum cli_exit check(struct cli *cli, const struct cli_args *args, const char *token)
{
    if (args->operand_count > IDS_MAX)
        return cli_fail(cli, CLI_USAGE, "at most %u devices at once", IDS_MAX);
    if (token != NULL && args->operand_count != 1)
        return cli_fail(cli, CLI_USAGE, "--token is of one device");
    for (size_t i = 0; i < args->operand_count; i++)
        if (!otter_device_id_valid(args->operand[i], strlen(args->operand[i])))
            return cli_fail(cli, CLI_USAGE, "\"%s\" is no device id\notter device requests shows who asks",
                            args->operand[i]);
    return CLI_DONE;
}

static enum cli_exit show(struct cli *cli, const struct cli_reply *reply, const char *did)
{
    static const struct cli_column columns[] = {{"matched", "matched", CLI_KIND_NUMBER},
                                                {"changed", "changed", CLI_KIND_NUMBER},
                                                {"errors", "errors", .extra = true},
                                                {NULL}};

    if (cli->format != CLI_FORMAT_TABLE)
        return cli_api_result(cli, reply, columns);
    cli_note(cli, "%" PRIu64 " %s%s", cli_member_number(reply->json, "changed"),
             cli->dry_run ? "would be " : "", did);
    return CLI_DONE;
}

enum cli_exit cli_requests_decide(struct cli *cli, const struct cli_args *args, const char *verb,
                                  const char *did)
{
    const char *token = cli_arg(args, "token");
    auto_reply struct cli_reply reply = {0};
    char path[64];
    const json_t *errors;
    enum cli_exit code = check(cli, args, token);

    if (code != CLI_DONE)
        return code;
    snprintf(path, sizeof(path), "/api/v1/requests/%s", verb);
    code =
        cli_api_send(cli, "POST", path, json_pack("{s:o}", "items", make_items(args, token)), true, &reply);
    if (code != CLI_DONE)
        return code;
    errors = json_object_get(reply.json, "errors");
    print_errors(cli, errors);
    code = show(cli, &reply, did);
    return json_array_size(errors) > 0 ? CLI_REFUSED : code;
}
