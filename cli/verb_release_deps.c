#include "verb.h"

#include "api.h"
#include "release_ref.h"

static enum cli_exit show_lists(struct cli *cli, const json_t *deps)
{
    static const struct cli_column rollouts[] = {
        {"rollout", "id", CLI_KIND_NUMBER}, {"state", "state", CLI_KIND_STATE}, {"name", "name"}, {NULL}};
    static const struct cli_column images[] = {{"image", "sha256", CLI_KIND_SHORT},
                                               {"slot", "slot"},
                                               {"size", "size", CLI_KIND_BYTES},
                                               {"held", "held"},
                                               {"shared with", "shared_with", CLI_KIND_SHORT},
                                               {NULL}};
    const json_t *list = json_object_get(deps, "rollouts");

    if (cli_arg(cli->args, "columns") != NULL)
        return CLI_DONE;
    if (json_array_size(list) > 0) {
        fputc('\n', cli->out);
        if (cli_print_items(cli, list, rollouts) != CLI_DONE)
            return CLI_REFUSED;
    }
    fputc('\n', cli->out);
    return cli_print_items(cli, json_object_get(deps, "images"), images);
}

enum cli_exit cli_run_release_deps(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column fields[] = {
        {"release", "release"},
        {"devices running it", "devices_running"},
        {"devices pinned to it", "devices_pinned"},
        {"updates under way", "attempts_open"},
        {"withdrawable", "withdrawable"},
        {"why not", "why"},
        {"rollouts", "rollouts", .extra = true, .inside = true},
        {"images", "images", .extra = true, .inside = true},
        {NULL},
    };
    auto_reply struct cli_reply reply = {0};
    auto_free char *path = NULL;
    char id[OTTER_DIGEST_HEX + 1];
    enum cli_exit code = cli_release_resolve(cli, args->operand[0], id);

    if (code != CLI_DONE)
        return code;
    path = cli_api_path("releases", id, "/deps");
    if (path == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);
    if (code == CLI_DONE)
        code = cli_api_result(cli, &reply, fields);
    if (code == CLI_DONE && cli->format == CLI_FORMAT_TABLE)
        code = show_lists(cli, reply.json);
    return code;
}
