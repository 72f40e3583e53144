#include "verb.h"

#include "audit_log.h"
#include "host/cleanup.h"
#include "host/file.h"
#include "output.h"
#include "parse.h"

const struct cli_option cli_options_audit_head[] = {
    {"save", CLI_OPTION_VALUE, "FILE", "keep the signed head, for otter audit verify --head FILE"},
    {NULL},
};

const char cli_notes_audit_head[] =
    "The head says which entry is the newest, and what its hash is, signed by the server. Whoever keeps one "
    "elsewhere sees\nlater whether all up to that entry is still as it was: also after a backup was put "
    "back.";

enum cli_exit cli_run_audit_head(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {{"num", "num", CLI_KIND_NUMBER},
                                                {"hash", "hash"},
                                                {"signed", "at", CLI_KIND_TIME},
                                                {"by", "kid"},
                                                {NULL}};
    const char *save = cli_arg(args, "save");
    auto_json json_t *o = json_object();
    auto_free char *envelope = NULL;
    struct host_error err = {0};
    struct audit_head head;
    struct otter_jws jws;
    char kid[CLI_KID_STR];
    size_t len = 0;
    enum cli_exit code = cli_audit_head(cli, &envelope, &len);

    if (code != CLI_DONE)
        return code;
    if (!audit_head_read(envelope, len, &jws, &head))
        return cli_fail(cli, CLI_UNREACHABLE, "the reply is no head of an audit log: is this an otterd?");
    if (save != NULL && !cli->dry_run && !host_file_write(save, envelope, len, 0644, HOST_FILE_REPLACE, &err))
        return cli_fail_error(cli, &err);
    cli_kid_format(&head.kid, kid);
    cli_put_uint(o, "num", head.num);
    cli_put_hex(o, "hash", &head.hash);
    cli_put_uint(o, "at", (uint64_t)head.at);
    cli_put_string(o, "kid", kid);
    return cli_print_object(cli, o, columns);
}
