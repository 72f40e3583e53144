#include "roles.h"

#include "api.h"
#include "parse.h"

#include "host/cleanup.h"

#include <string.h>

const struct cli_column cli_operator_columns[] = {
    {"name", "name"},
    {"roles", "grants", CLI_KIND_GRANT},
    {"tokens", "tokens", CLI_KIND_NUMBER},
    {"created", "created", CLI_KIND_TIME},
    {"disabled", "disabled", CLI_KIND_TIME},
    {NULL},
};

const struct cli_column cli_operator_fields[] = {
    {"name", "name"},
    {"roles", "grants", CLI_KIND_GRANT},
    {"tokens", "tokens"},
    {"created", "created", CLI_KIND_TIME},
    {"disabled", "disabled", CLI_KIND_TIME},
    {NULL},
};

const struct cli_column cli_token_columns[] = {
    {"id", "id", CLI_KIND_NUMBER},
    {"operator", "operator"},
    {"label", "label"},
    {"created", "created", CLI_KIND_TIME},
    {"expires", "expires", CLI_KIND_TIME},
    {"used", "used", CLI_KIND_TIME},
    {"made_by", "made_by", CLI_KIND_NUMBER, .extra = true},
    {NULL},
};

/* "operator:thermo"; without a product for everything. */
static json_t *one_grant(const char *text)
{
    const char *colon = strchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);

    return json_pack("{s:s%, s:s}", "role", text, len, "product", colon != NULL ? colon + 1 : "*");
}

enum cli_exit cli_roles_json(struct cli *cli, const struct cli_args *args, json_t **ret)
{
    json_t *list = json_array();

    for (size_t i = 0; i < cli_arg_count(args, "role"); i++) {
        json_t *grant = one_grant(cli_arg_at(args, "role", i));

        if (grant == NULL) {
            json_decref(list);
            return cli_fail(cli, CLI_USAGE, "--role %s: expected ROLE or ROLE:PRODUCT",
                            cli_arg_at(args, "role", i));
        }
        (void)json_array_append_new(list, grant);
    }
    *ret = list;
    return list != NULL ? CLI_DONE : cli_fail_memory(cli);
}

enum cli_exit cli_token_members(struct cli *cli, const struct cli_args *args, json_t *body)
{
    const char *expires = cli_arg(args, "expires"), *label = cli_arg(args, "label");
    uint64_t seconds = 0;

    if (expires != NULL && strcmp(expires, "never") != 0 && !cli_parse_duration(expires, &seconds))
        return cli_fail(cli, CLI_USAGE, "--expires %s: a time with its unit, such as 12h or 30d, or never",
                        expires);
    if (expires != NULL)
        cli_put_uint(body, "expires_in", seconds);
    if (label != NULL)
        cli_put_string(body, "label", label);
    return CLI_DONE;
}

enum cli_exit cli_operator_change(struct cli *cli, const char *name, json_t *body)
{
    auto_free char *path = cli_api_path("operators", name, "");
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    if (path == NULL) {
        json_decref(body);
        return cli_fail_memory(cli);
    }
    code = cli_api_send(cli, "PATCH", path, body, false, &reply);
    return code == CLI_DONE ? cli_api_result(cli, &reply, cli_operator_fields) : code;
}
