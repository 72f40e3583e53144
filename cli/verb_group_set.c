#include "verb.h"

#include "api.h"
#include "expression.h"
#include "parse.h"
#include "show_group.h"

#include <stdlib.h>
#include <string.h>

const struct cli_option cli_options_group_set[] = {
    {"target", CLI_OPTION_VALUE, "EXPR", "which devices are in it", .required = true},
    {"poll", CLI_OPTION_VALUE, "TIME", "how often they poll; the server's interval if not given"},
    {NULL},
};

const char cli_notes_group_set[] =
    "In a target, group == \"NAME\" stands for what is set here, and so does group in (A, B). A group that "
    "is "
    "there\nalready is replaced: what names it goes by the new target at once, running rollouts too.\n\n"
    "Of a device in several groups the shortest --poll counts. --dry-run checks the target, and all that "
    "names the\ngroup.";

static enum cli_exit make_body(struct cli *cli, const struct cli_args *args, char **ret, size_t *ret_len)
{
    const char *poll = cli_arg(args, "poll");
    auto_json json_t *body = json_object();
    uint64_t seconds = 0;

    if (poll != NULL && !cli_parse_duration(poll, &seconds))
        return cli_fail(cli, CLI_USAGE, "--poll %s: a time with its unit, such as 60s, 15m or 1d", poll);
    cli_put_string(body, "target", cli_arg(args, "target"));
    if (poll != NULL)
        cli_put_uint(body, "poll_interval", seconds);
    *ret = host_json_dump(body, ret_len);
    return *ret != NULL ? CLI_DONE : cli_fail_memory(cli);
}

enum cli_exit cli_run_group_set(struct cli *cli, const struct cli_args *args)
{
    auto_free char *path = cli_api_path("groups", args->operand[0], ""), *body = NULL;
    auto_reply struct cli_reply reply = {0};
    size_t len = 0;
    enum cli_exit code = path != NULL ? make_body(cli, args, &body, &len) : cli_fail_memory(cli);

    if (code != CLI_DONE)
        return code;
    code = cli_api(
        cli,
        &(struct cli_request){
            .method = "PUT", .path = path, .body = body, .body_len = len, .changing = true, .tolerate = true},
        &reply);
    if (code != CLI_DONE)
        return cli_expression_problem(cli, code, &reply, cli_arg(args, "target"));
    return cli_api_result(cli, &reply, cli_group_fields);
}
