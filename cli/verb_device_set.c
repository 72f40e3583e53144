#include "verb.h"

#include "api.h"
#include "bulk.h"

#include <stdlib.h>
#include <string.h>

const struct cli_option cli_options_device_set[] = {
    CLI_BULK_OPTIONS,
    {NULL},
};

const char cli_notes_device_set[] = "Words with a '=' are attributes, the others devices: no id has one. An "
                                    "operator's attribute wins over the "
                                    "device's\nown of the same name.";

enum cli_exit cli_run_device_set(struct cli *cli, const struct cli_args *args)
{
    auto_free const char **id = calloc(args->operand_count + 1, sizeof(*id));
    auto_json json_t *attributes = json_object(), *members = json_pack("{s:O}", "attributes", attributes);
    struct cli_bulk bulk = {
        .verb = "label", .does = "Set attributes of", .did = "changed", .members = members, .id = id};

    if (id == NULL || members == NULL)
        return cli_fail_memory(cli);
    for (size_t i = 0; i < args->operand_count; i++) {
        const char *word = args->operand[i];
        size_t len = strcspn(word, "=");

        if (word[len] == '\0')
            id[bulk.count++] = word;
        else if (len == 0)
            return cli_fail(cli, CLI_USAGE, "\"%s\": expected NAME=VALUE, or NAME= to remove one", word);
        else
            json_object_setn_new(attributes, word, len,
                                 word[len + 1] == '\0' ? json_null() : json_string(word + len + 1));
    }
    if (json_object_size(attributes) == 0)
        return cli_fail(cli, CLI_USAGE, "NAME=VALUE is missing; NAME= removes one");
    return cli_bulk(cli, args, &bulk);
}
