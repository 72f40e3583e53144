#include "verb.h"

#include "api.h"
#include "document.h"
#include "host/file.h"
#include "parse.h"
#include "show_root.h"

const struct cli_option cli_options_root_show[] = {
    {"number", CLI_OPTION_VALUE, "N", "the server's root N; its newest if not given"},
    {"save", CLI_OPTION_VALUE, "FILE", "write the server's envelope to FILE, too"},
    {NULL},
};

static enum cli_exit newest_number(struct cli *cli, uint64_t *ret)
{
    auto_json json_t *items = NULL;
    enum cli_exit code = cli_api_all(cli, "/api/v1/roots", &items);
    const json_t *item;
    size_t i;

    *ret = 0;
    json_array_foreach(items, i, item)
    {
        json_int_t version = json_integer_value(json_object_get(item, "version"));

        *ret = version > 0 && (uint64_t)version > *ret ? (uint64_t)version : *ret;
    }
    if (code == CLI_DONE && *ret == 0)
        return cli_fail(cli, CLI_REFUSED, "no-root: the server has no root yet\n%s", cli_hint("no-root"));
    return code;
}

static enum cli_exit fetch(struct cli *cli, const struct cli_args *args, struct cli_document *ret)
{
    const char *number = cli_arg(args, "number");
    auto_reply struct cli_reply reply = {0};
    uint64_t n = 0;
    enum cli_exit code = CLI_DONE;
    char path[64];

    if (number != NULL && !cli_parse_number(number, OTTER_INT_MAX, false, &n))
        return cli_fail(cli, CLI_USAGE, "--number %s: expected a number", number);
    if (number == NULL)
        code = newest_number(cli, &n);
    if (code != CLI_DONE)
        return code;
    snprintf(path, sizeof(path), "/api/v1/roots/%llu", (unsigned long long)n);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);
    if (code != CLI_DONE)
        return code;
    return cli_document_take(cli, path, HOST_STEAL(reply.http.body), reply.http.body_len, ret);
}

enum cli_exit cli_run_root_show(struct cli *cli, const struct cli_args *args)
{
    const char *path = args->operand_count > 0 ? args->operand[0] : NULL, *save = cli_arg(args, "save");
    auto_document struct cli_document d = {0};
    struct host_error err = {0};
    struct otter_root root;
    enum cli_exit code = path != NULL ? cli_document_load(cli, path, &d) : fetch(cli, args, &d);

    if (code == CLI_DONE)
        code = cli_document_root(cli, path != NULL ? path : "the server's root", &d, &root);
    if (code == CLI_DONE && save != NULL && !cli->dry_run &&
        !host_file_write(save, d.text, d.len, 0644, HOST_FILE_REPLACE, &err))
        code = cli_fail_error(cli, &err);
    return code == CLI_DONE ? cli_show_root(cli, path, &d, &root) : code;
}
