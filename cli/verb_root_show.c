#include "verb.h"

#include "api.h"
#include "document.h"
#include "host/file.h"
#include "parse.h"
#include "server_root.h"
#include "show_root.h"

const struct cli_option cli_options_root_show[] = {
    {"number", CLI_OPTION_VALUE, "N", "the server's root N; its newest if not given"},
    {"save", CLI_OPTION_VALUE, "FILE", "write the server's envelope to FILE, too"},
    {NULL},
};

static enum cli_exit fetch(struct cli *cli, const struct cli_args *args, struct cli_document *ret)
{
    const char *number = cli_arg(args, "number");
    uint64_t n = 0;
    enum cli_exit code = CLI_DONE;

    if (number != NULL && !cli_parse_number(number, OTTER_INT_MAX, false, &n))
        return cli_fail(cli, CLI_USAGE, "--number %s: expected a number", number);
    if (number == NULL)
        code = cli_root_newest(cli, &n);
    if (code == CLI_DONE && number == NULL && n == 0)
        return cli_fail(cli, CLI_REFUSED, "no-root: the server has no root yet\n%s", cli_hint("no-root"));
    return code == CLI_DONE ? cli_root_fetch(cli, n, ret) : code;
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
