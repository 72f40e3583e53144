#include "verb.h"

#include "api.h"
#include "core/bytes.h"
#include "fleet_key.h"
#include "host/crypto.h"

#include <unistd.h>

const struct cli_option cli_options_fleet_key_new[] = {
    {"out", CLI_OPTION_VALUE, "FILE", "the key; never overwritten", .required = true},
    {NULL},
};

const char cli_notes_fleet_key_new[] =
    "Makes a key that all devices of a product have from the factory (`otter device provision --fleet-key "
    "FILE`). A device\nproves it at its first boot, and gets a token of its own for it; the server takes "
    "that "
    "where `[devices] enrol` has the\nword fleet-key. The file is the factory's alone: who has it can make "
    "devices of the product, with ids that are free.";

static enum cli_exit send_key(struct cli *cli, const char *product, const uint8_t key[OTTER_SECRET_LEN],
                              struct cli_reply *ret)
{
    char text[OTTER_B64_LEN(OTTER_SECRET_LEN) + 1];
    json_t *body;

    otter_b64_encode(key, OTTER_SECRET_LEN, text);
    body = json_pack("{s:s, s:s}", "product", product, "secret", text);
    host_wipe(text, sizeof(text));
    return body != NULL ? cli_api_send(cli, "POST", "/api/v1/fleet-keys", body, false, ret)
                        : cli_fail_memory(cli);
}

enum cli_exit cli_run_fleet_key_new(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"product", "product"}, {"created", "created", CLI_KIND_TIME}, {"id", "id"}, {NULL}};
    const char *out = cli_arg(args, "out");
    auto_reply struct cli_reply reply = {0};
    uint8_t key[OTTER_SECRET_LEN];
    enum cli_exit code = CLI_DONE;

    if (access(out, F_OK) == 0)
        return cli_fail(cli, CLI_FILE, "%s exists already; a key is never overwritten", out);
    host_random(key, sizeof(key));
    if (!cli->dry_run)
        code = cli_fleet_key_write(cli, out, key);
    if (code == CLI_DONE) {
        code = send_key(cli, args->operand[0], key, &reply);
        /* Refused: nobody knows it. Else the server may have it: the file must stay. */
        if (code == CLI_REFUSED && !cli->dry_run)
            (void)unlink(out);
    }
    host_wipe(key, sizeof(key));
    return code == CLI_DONE ? cli_api_result(cli, &reply, columns) : code;
}
