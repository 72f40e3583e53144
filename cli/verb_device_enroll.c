#include "verb.h"

#include "csv.h"
#include "host/crypto.h"
#include "host/file.h"
#include "register.h"

#include <string.h>

const struct cli_option cli_options_device_enroll[] = {
    {"from", CLI_OPTION_VALUE, "CSV", "devices: id,product,hardware,secret[,tags]"},
    {NULL},
};

const char cli_notes_device_enroll[] =
    "FACTORY is a factory.bin of `otter device provision`. In a CSV the secret is 32 bytes in base64url or "
    "hex, tags\n"
    "are parted by ';'. Devices that are registered already with the same secret stay as they are.";

static bool parse_secret(const char *text, uint8_t ret[OTTER_SECRET_LEN])
{
    size_t len = strlen(text);

    return otter_hex_decode(text, len, ret, OTTER_SECRET_LEN) ||
           otter_b64_decode(text, len, ret, OTTER_SECRET_LEN) == (int)OTTER_SECRET_LEN;
}

static enum cli_exit add_row(struct cli *cli, const char *path, const struct cli_csv *csv, size_t row,
                             json_t *devices)
{
    static const char *const needed[] = {"id", "product", "hardware", "secret"};
    const char *cell[4];
    uint8_t secret[OTTER_SECRET_LEN];

    for (size_t i = 0; i < OTTER_ARRAY_LEN(needed); i++) {
        cell[i] = cli_csv_get(csv, row, needed[i]);
        if (cell[i] == NULL || cell[i][0] == '\0')
            return cli_fail(cli, CLI_REFUSED, "%s:%u: %s is missing", path, csv->line[row], needed[i]);
    }
    if (!otter_device_id_valid(cell[0], strlen(cell[0])))
        return cli_fail(cli, CLI_REFUSED, "%s:%u: \"%s\" is no device id", path, csv->line[row], cell[0]);
    if (!parse_secret(cell[3], secret))
        return cli_fail(cli, CLI_REFUSED, "%s:%u: the secret is not 32 bytes in base64url or hex", path,
                        csv->line[row]);
    json_array_append_new(devices, cli_device_json(cell[0], cell[1], cell[2], secret,
                                                   cli_tags_json(cli_csv_get(csv, row, "tags"))));
    host_wipe(secret, sizeof(secret));
    return CLI_DONE;
}

static enum cli_exit add_csv(struct cli *cli, const char *path, json_t *devices)
{
    static const char *const known[] = {"id", "product", "hardware", "secret", "tags", NULL};
    struct host_error err = {0};
    struct cli_csv csv;
    enum cli_exit code = CLI_DONE;

    if (!cli_csv_load(path, &csv, &err))
        return cli_fail_error(cli, &err);
    if (cli_csv_unknown(&csv, known) != NULL)
        code = cli_fail(cli, CLI_REFUSED,
                        "%s:1: unknown column %s: expected id, product, hardware, secret, tags", path,
                        cli_csv_unknown(&csv, known));
    for (size_t i = 0; code == CLI_DONE && i < csv.rows; i++)
        code = add_row(cli, path, &csv, i, devices);
    cli_csv_free(&csv);
    return code;
}

static enum cli_exit add_factory(struct cli *cli, const char *path, json_t *devices)
{
    struct host_error err = {0};
    auto_free char *data = NULL;
    struct otter_factory f;
    enum otter_status status;
    size_t len;

    if (!host_file_read(path, OTTER_FACTORY_MAX, &data, &len, &err))
        return cli_fail_error(cli, &err);
    status = otter_factory_decode((const uint8_t *)data, len, &f);
    host_wipe(data, len);
    if (status != OTTER_OK)
        return cli_fail_status(cli, path, status);
    if (f.fleet_key) {
        host_wipe(f.secret, sizeof(f.secret));
        return cli_fail(cli, CLI_REFUSED, "%s: its secret is a fleet key: the device enrols itself", path);
    }
    json_array_append_new(devices, cli_device_json(f.device, f.product, f.hardware, f.secret, NULL));
    host_wipe(f.secret, sizeof(f.secret));
    return CLI_DONE;
}

enum cli_exit cli_run_device_enroll(struct cli *cli, const struct cli_args *args)
{
    const char *from = cli_arg(args, "from");
    auto_json json_t *devices = json_array();
    struct cli_registered done = {0};
    enum cli_exit code = CLI_DONE;

    if (from == NULL && args->operand_count == 0)
        return cli_fail(cli, CLI_USAGE, "--from CSV or factory files are missing");
    if (from != NULL)
        code = add_csv(cli, from, devices);
    for (size_t i = 0; code == CLI_DONE && i < args->operand_count; i++)
        code = add_factory(cli, args->operand[i], devices);
    if (code == CLI_DONE)
        code = cli_register(cli, devices, &done);
    if (code == CLI_DONE)
        cli_note(cli, "Enrolled %zu devices%s, %zu were registered already", done.created,
                 cli->dry_run ? " (dry run: none)" : "", done.unchanged);
    return code;
}
