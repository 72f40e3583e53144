#include "verb.h"

#include "api.h"
#include "show_device.h"

#include <string.h>

const struct cli_option cli_options_device_set[] = {{NULL}};
const char cli_notes_device_set[] = "An operator's attribute wins over the device's own of the same name.";

enum cli_exit cli_run_device_set(struct cli *cli, const struct cli_args *args)
{
    auto_free char *path = cli_api_path("devices", args->operand[0], "");
    auto_reply struct cli_reply reply = {0};
    auto_json json_t *attributes = json_object();
    enum cli_exit code;

    for (size_t i = 1; i < args->operand_count; i++) {
        const char *pair = args->operand[i];
        size_t len = strcspn(pair, "=");

        if (len == 0 || pair[len] != '=')
            return cli_fail(cli, CLI_USAGE, "\"%s\": expected NAME=VALUE, or NAME= to remove one", pair);
        json_object_setn_new(attributes, pair, len,
                             pair[len + 1] == '\0' ? json_null() : json_string(pair + len + 1));
    }
    if (path == NULL)
        return cli_fail_memory(cli);
    code = cli_api_send(cli, "PATCH", path, json_pack("{s:O}", "attributes", attributes), false, &reply);
    return code == CLI_DONE ? cli_api_result(cli, &reply, cli_device_fields) : code;
}
