#include "verb.h"

#include "keys.h"
#include "output.h"

const struct cli_option cli_options_key_show[] = {
    CLI_KEY_OPTIONS,
    {NULL},
};

enum cli_exit cli_run_key_show(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_column columns[] = {
        {"kid", "kid"}, {"keyhash", "keyhash"}, {"spki", "spki"}, {NULL}};
    auto_json json_t *o = json_object();
    char spki[CLI_SPKI_STR];
    struct cli_public key;
    enum cli_exit code = cli_public_load(cli, args->operand[0], &key);

    if (code != CLI_DONE)
        return code;
    cli_spki_format(&key, spki);
    cli_put_kid(o, "kid", &key.kid);
    cli_put_hex(o, "keyhash", &key.kid);
    cli_put_string(o, "spki", spki);
    return cli_print_object(cli, o, columns);
}
