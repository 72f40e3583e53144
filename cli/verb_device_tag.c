#include "verb.h"

#include "api.h"
#include "bulk.h"

const struct cli_option cli_options_device_tag[] = {
    {"add", CLI_OPTION_LIST, "TAG", "tag to add"},
    {"remove", CLI_OPTION_LIST, "TAG", "tag to remove"},
    CLI_BULK_OPTIONS,
    {NULL},
};

static json_t *list(const struct cli_args *args, const char *option)
{
    json_t *out = json_array();

    for (size_t i = 0; i < cli_arg_count(args, option); i++)
        json_array_append_new(out, json_string(cli_arg_at(args, option, i)));
    return out;
}

enum cli_exit cli_run_device_tag(struct cli *cli, const struct cli_args *args)
{
    struct cli_bulk bulk = {.verb = "label", .does = "Change the tags of", .did = "changed"};

    if (cli_arg(args, "add") == NULL && cli_arg(args, "remove") == NULL)
        return cli_fail(cli, CLI_USAGE, "--add TAG or --remove TAG is missing");
    bulk.members =
        json_pack("{s:o, s:o}", "add_tags", list(args, "add"), "remove_tags", list(args, "remove"));
    return bulk.members != NULL ? cli_bulk_operands(cli, args, bulk) : cli_fail_memory(cli);
}
