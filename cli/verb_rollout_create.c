#include "verb.h"

#include "api.h"
#include "expression.h"
#include "parse.h"
#include "release_ref.h"
#include "show_rollout.h"

#include <string.h>

#define PHASES_MAX   32u
#define PRIORITY_MAX 1000u /* docs/openapi.yaml */

const struct cli_option cli_options_rollout_create[] = {
    {"release", CLI_OPTION_VALUE, "R", "id or its beginning, PRODUCT@VERSION, or VERSION", .required = true},
    {"target", CLI_OPTION_VALUE, "EXPR", "devices: \"all\", or as tag == \"lab\" and version < 1.2.0",
     .required = true},
    {"phases", CLI_OPTION_VALUE, "5,25,100", "percent of the devices, rising to 100: 100 if not given"},
    {"auto", CLI_OPTION_FLAG, NULL, "open the next phase when all of one have finished and none failed"},
    {"name", CLI_OPTION_VALUE, "TEXT", "what people call it"},
    {"priority", CLI_OPTION_VALUE, "N",
     "-1000 to 1000, 0 if not given: the higher one goes first where rollouts overlap"},
    {NULL},
};

static enum cli_exit add_options(struct cli *cli, const struct cli_args *args, json_t *body)
{
    const char *phases = cli_arg(args, "phases"), *name = cli_arg(args, "name"),
               *priority = cli_arg(args, "priority");
    json_t *list = json_array();
    unsigned phase[PHASES_MAX] = {100};
    size_t n = 1;
    bool below;
    uint64_t v;

    json_object_set_new(body, "phases", list);
    if (phases != NULL && !cli_parse_phases(phases, phase, PHASES_MAX, &n))
        return cli_fail(cli, CLI_USAGE, "--phases %s: expected percents between commas, as 5,25,100", phases);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_integer((json_int_t)phase[i]));
    json_object_set_new(body, "auto", json_boolean(cli_arg_flag(args, "auto")));
    if (name != NULL)
        cli_put_string(body, "name", name);
    if (priority == NULL)
        return CLI_DONE;
    below = priority[0] == '-';
    if (!cli_parse_number(priority + below, PRIORITY_MAX, false, &v))
        return cli_fail(cli, CLI_USAGE, "--priority %s: expected a number from -%u to %u (--priority=-1)",
                        priority, PRIORITY_MAX, PRIORITY_MAX);
    json_object_set_new(body, "priority", json_integer(below ? -(json_int_t)v : (json_int_t)v));
    return CLI_DONE;
}

enum cli_exit cli_run_rollout_create(struct cli *cli, const struct cli_args *args)
{
    const char *target = cli_arg(args, "target");
    auto_json json_t *body = json_object();
    auto_free char *sent = NULL, *shown = NULL;
    auto_reply struct cli_reply reply = {0};
    char id[OTTER_DIGEST_HEX + 1];
    enum cli_exit code = add_options(cli, args, body);
    size_t len;

    if (code == CLI_DONE)
        code = cli_release_resolve(cli, cli_arg(args, "release"), id);
    if (code != CLI_DONE)
        return code;
    cli_put_string(body, "release", id);
    cli_put_string(body, "target", target);
    sent = host_json_dump(body, &len);
    if (sent == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli,
                   &(struct cli_request){.method = "POST",
                                         .path = "/api/v1/rollouts",
                                         .body = sent,
                                         .body_len = len,
                                         .creating = true,
                                         .changing = true,
                                         .tolerate = true},
                   &reply);
    if (code != CLI_DONE)
        return cli_expression_problem(cli, code, &reply, target);
    if (cli->format != CLI_FORMAT_TABLE)
        return cli_api_result(cli, &reply, cli_rollout_columns);
    shown = cli_rollout_text(reply.json, cli->color, cli->screen);
    if (shown == NULL)
        return cli_fail_memory(cli);
    fputs(shown, cli->out);
    if (cli->dry_run)
        cli_note(cli, "Would be created so");
    return CLI_DONE;
}
