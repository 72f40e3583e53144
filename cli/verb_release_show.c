#include "verb.h"

#include "api.h"
#include "document.h"
#include "papers.h"
#include "release_ref.h"
#include "show_release.h"

#include <string.h>
#include <unistd.h>

const struct cli_option cli_options_release_show[] = {
    {"sbom", CLI_OPTION_VALUE, "FILE", "write the bill of materials of a published one to FILE"},
    {NULL},
};

/* People are told what is in the bill of materials; a program is given the server's answer unchanged. */
static enum cli_exit show_published(struct cli *cli, const char *path, const char *save)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);

    if (code == CLI_DONE && !json_is_object(reply.json))
        return cli_api_problem(cli, &reply);
    if (code == CLI_DONE && (save != NULL || cli->format == CLI_FORMAT_TABLE))
        code = cli_papers_fetch(cli, reply.json, save);
    return code == CLI_DONE ? cli_api_result(cli, &reply, cli_release_fields) : code;
}

enum cli_exit cli_run_release_show(struct cli *cli, const struct cli_args *args)
{
    const char *ref = args->operand[0];
    auto_document struct cli_document d = {0};
    auto_free char *path = NULL;
    char id[OTTER_DIGEST_HEX + 1];
    struct otter_manifest m;
    enum cli_exit code;

    if (access(ref, F_OK) == 0 || strchr(ref, '/') != NULL) {
        if (cli_arg(args, "sbom") != NULL)
            return cli_fail(cli, CLI_USAGE,
                            "--sbom is of a published release: a file holds its digest alone");
        code = cli_document_load(cli, ref, &d);
        if (code == CLI_DONE)
            code = cli_document_manifest(cli, ref, &d, &m);
        return code == CLI_DONE ? cli_show_manifest(cli, ref, &d, &m) : code;
    }
    code = cli_release_resolve(cli, ref, id);
    if (code != CLI_DONE)
        return code;
    path = cli_api_path("releases", id, "");
    return path != NULL ? show_published(cli, path, cli_arg(args, "sbom")) : cli_fail_memory(cli);
}
