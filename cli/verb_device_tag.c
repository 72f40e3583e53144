#include "verb.h"

#include "api.h"
#include "show_device.h"

const struct cli_option cli_options_device_tag[] = {
    {"add", CLI_OPTION_LIST, "TAG", "tag to add"},
    {"remove", CLI_OPTION_LIST, "TAG", "tag to remove"},
    {NULL},
};

static json_t *list(const struct cli_args *args, const char *option)
{
    json_t *out = json_array();

    for (size_t i = 0; i < cli_arg_count(args, option); i++)
        json_array_append_new(out, json_string(cli_arg_at(args, option, i)));
    return out;
}

static enum cli_exit tag_one(struct cli *cli, const struct cli_args *args, const char *id, json_t *shown)
{
    auto_free char *path = cli_api_path("devices", id, "");
    auto_reply struct cli_reply reply = {0};
    json_t *body =
        json_pack("{s:{s:o, s:o}}", "tags", "add", list(args, "add"), "remove", list(args, "remove"));
    enum cli_exit code;

    if (path == NULL || body == NULL) {
        json_decref(body);
        return cli_fail_memory(cli);
    }
    code = cli_api_send(cli, "PATCH", path, body, false, &reply);
    if (code == CLI_DONE)
        json_array_append(shown, reply.json);
    return code;
}

enum cli_exit cli_run_device_tag(struct cli *cli, const struct cli_args *args)
{
    auto_json json_t *shown = json_array();
    enum cli_exit code = CLI_DONE;

    if (cli_arg(args, "add") == NULL && cli_arg(args, "remove") == NULL)
        return cli_fail(cli, CLI_USAGE, "--add TAG or --remove TAG is missing");
    for (size_t i = 0; code == CLI_DONE && i < args->operand_count; i++)
        code = tag_one(cli, args, args->operand[i], shown);
    if (code != CLI_DONE) {
        if (json_array_size(shown) > 0)
            fprintf(cli->err, "%zu of %zu devices were changed before that\n", json_array_size(shown),
                    args->operand_count);
        return code;
    }
    return cli_print_items(cli, shown, cli_device_columns);
}
