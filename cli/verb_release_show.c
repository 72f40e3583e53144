#include "verb.h"

#include "api.h"
#include "document.h"
#include "release_ref.h"
#include "show_release.h"

#include <string.h>
#include <unistd.h>

enum cli_exit cli_run_release_show(struct cli *cli, const struct cli_args *args)
{
    const char *ref = args->operand[0];
    auto_document struct cli_document d = {0};
    auto_free char *path = NULL;
    char id[OTTER_DIGEST_HEX + 1];
    struct otter_manifest m;
    enum cli_exit code;

    if (access(ref, F_OK) == 0 || strchr(ref, '/') != NULL) {
        code = cli_document_load(cli, ref, &d);
        if (code == CLI_DONE)
            code = cli_document_manifest(cli, ref, &d, &m);
        return code == CLI_DONE ? cli_show_manifest(cli, ref, &d, &m) : code;
    }
    code = cli_release_resolve(cli, ref, id);
    if (code != CLI_DONE)
        return code;
    path = cli_api_path("releases", id, "");
    return path != NULL ? cli_api_show(cli, path, cli_release_fields) : cli_fail_memory(cli);
}
