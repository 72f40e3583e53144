#include "plan.h"

#include "core/bytes.h"
#include "expression.h"
#include "plan_phases.h"
#include "plan_value.h"
#include "release_ref.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX_LEN (256u << 10)

static json_t *no(const char *s)
{
    (void)s;
    return json_false();
}

static json_t *yes(const char *s)
{
    (void)s;
    return json_true();
}

/* Options that set one member each; of a list each value is an item. */
static const struct row {
    const char *option, *member;
    json_t *(*value)(const char *s);
    const char *expected;
    bool list;
} rows[] = {
    {"release", "release", cli_plan_text, "a release"},
    {"target", "target", cli_plan_text, "an expression"},
    {"name", "name", cli_plan_text, "a name"},
    {"priority", "priority", cli_plan_priority, "a number from -1000 to 1000 (--priority=-1)"},
    {"on-failure", "on_failure", cli_plan_on_failure, "warn, halt or rollback"},
    {"rollback-release", "rollback_release", cli_plan_text, "a release"},
    {"allow-downgrade", "allow_downgrade", yes, NULL},
    {"no-join", "join", no, NULL},
    {"max-active", "max_active", cli_plan_count, "a number of devices"},
    {"per-minute", "per_minute", cli_plan_count, "a number of devices"},
    {"ramp", "ramp", cli_plan_ramp, "START:FACTOR:EVERY, as 10:2:5m"},
    {"bandwidth", "bytes_per_second", cli_plan_rate, "a rate, as 5MB/s or 512KiB/s"},
    {"site-bandwidth", "site", cli_plan_site, "PREFIX=RATE, as site-=1MB/s"},
    {"not-before", "not_before", cli_plan_time, "a time, as 2026-11-24T22:00:00Z"},
    {"not-after", "not_after", cli_plan_time, "a time, as 2026-11-24T22:00:00Z"},
    {"tz", "tz", cli_plan_text, "an IANA zone, as Europe/Berlin"},
    {"window", "windows", cli_plan_window,
     "'DAYS FROM-TO', as 'mon-fri 22:00-05:00' or 'sat,sun 00:00-24:00'", .list = true},
    {"deadline", "deadline", cli_plan_duration, "a duration, as 12h, or none"},
    {"silence", "silence", cli_plan_duration, "a duration, as 2h, or none"},
    {"retry", "retries", cli_plan_retry, "REASON=TRIES:WAIT, as net-lost=3:10m or *=1:1h", .list = true},
};

static enum cli_exit malformed(struct cli *cli, const struct row *row, const char *text)
{
    return cli_fail(cli, CLI_USAGE, "--%s %s: expected %s", row->option, text, row->expected);
}

static enum cli_exit put_list(struct cli *cli, const struct cli_args *args, const struct row *row,
                              json_t *body)
{
    json_t *items = json_array();

    json_object_set_new(body, row->member, items);
    for (size_t i = 0; i < cli_arg_count(args, row->option); i++)
        if (json_array_append_new(items, row->value(cli_arg_at(args, row->option, i))) != 0)
            return malformed(cli, row, cli_arg_at(args, row->option, i));
    return CLI_DONE;
}

static enum cli_exit put_options(struct cli *cli, const struct cli_args *args, json_t *body)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        const char *text = cli_arg(args, row->option);
        enum cli_exit code = CLI_DONE;

        if (row->list && cli_arg_count(args, row->option) > 0)
            code = put_list(cli, args, row, body);
        else if (!row->list && text != NULL && json_object_set_new(body, row->member, row->value(text)) != 0)
            code = malformed(cli, row, text);
        if (code != CLI_DONE)
            return code;
    }
    return CLI_DONE;
}

static enum cli_exit load(struct cli *cli, const char *path, json_t **ret)
{
    struct host_error err = {0};

    *ret = path == NULL ? json_object() : host_json_load_file(path, FILE_MAX_LEN, &err);
    if (*ret == NULL)
        return path == NULL ? cli_fail_memory(cli) : cli_fail_error(cli, &err);
    if (!json_is_object(*ret))
        return cli_fail(cli, CLI_USAGE, "--plan %s: expected an object, {\"release\": ...}", path);
    return CLI_DONE;
}

static enum cli_exit check_given(struct cli *cli, const json_t *body)
{
    static const char *const needed[] = {"release", "target"};

    for (size_t i = 0; i < OTTER_ARRAY_LEN(needed); i++)
        if (!json_is_string(json_object_get(body, needed[i])))
            return cli_fail(cli, CLI_USAGE, "--%s is missing, and so is \"%s\" in a --plan", needed[i],
                            needed[i]);
    return CLI_DONE;
}

/* A release as people name it becomes its id. */
static enum cli_exit resolve(struct cli *cli, json_t *body, const char *member)
{
    const char *ref = json_string_value(json_object_get(body, member));
    char id[OTTER_DIGEST_HEX + 1];
    enum cli_exit code;

    if (ref == NULL)
        return CLI_DONE;
    code = cli_release_resolve(cli, ref, id);
    if (code == CLI_DONE)
        cli_put_string(body, member, id);
    return code;
}

enum cli_exit cli_plan_members(struct cli *cli, const struct cli_args *args, json_t **ret)
{
    auto_json json_t *body = NULL;
    enum cli_exit code = load(cli, cli_arg(args, "plan"), &body);

    if (code == CLI_DONE)
        code = put_options(cli, args, body);
    if (code == CLI_DONE)
        code = cli_plan_phases(cli, args, body);
    if (code == CLI_DONE)
        *ret = HOST_STEAL(body);
    return code;
}

enum cli_exit cli_plan_body(struct cli *cli, const struct cli_args *args, json_t **ret)
{
    auto_json json_t *body = NULL;
    enum cli_exit code = cli_plan_members(cli, args, &body);

    if (code == CLI_DONE)
        code = check_given(cli, body);
    if (code == CLI_DONE)
        code = resolve(cli, body, "release");
    if (code == CLI_DONE)
        code = resolve(cli, body, "rollback_release");
    if (code == CLI_DONE)
        *ret = HOST_STEAL(body);
    return code;
}

const char *cli_plan_option_of(const char *path)
{
    size_t len = strspn(path, "abcdefghijklmnopqrstuvwxyz_");
    const char *dot = path + len;

    if (len == 6 && memcmp(path, "phases", 6) == 0) {
        dot += *dot == '[' ? strcspn(dot, ".") : 0;
        if (*dot == '.' &&
            (path = cli_plan_phase_option(dot + 1, strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz_"))))
            return path;
        return "phases";
    }
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        if (strlen(rows[i].member) == len && memcmp(rows[i].member, path, len) == 0)
            return rows[i].option;
    return NULL;
}

enum cli_exit cli_plan_problem(struct cli *cli, const struct cli_args *args, enum cli_exit code,
                               const struct cli_reply *reply, const json_t *body)
{
    const char *detail = json_string_value(json_object_get(reply->json, "detail"));
    const char *option, *plan = cli_arg(args, "plan");

    code = cli_expression_problem(cli, code, reply, json_string_value(json_object_get(body, "target")));
    option = code == CLI_REFUSED && detail != NULL ? cli_plan_option_of(detail) : NULL;
    if (option != NULL && cli_arg(args, option) != NULL)
        fprintf(cli->err, "--%s said so\n", option);
    else if (option != NULL && plan != NULL)
        fprintf(cli->err, "%s said so; --%s says otherwise\n", plan, option);
    else if (option != NULL)
        fprintf(cli->err, "--%s says it\n", option);
    else if (plan != NULL && code == CLI_REFUSED && strcmp(cli_api_code(reply), "unknown-member") == 0)
        fprintf(cli->err, "%s said so\n", plan);
    return code;
}

enum cli_exit cli_plan_post(struct cli *cli, const struct cli_args *args, const struct cli_plan_use *use,
                            struct cli_reply *ret)
{
    auto_json json_t *body = NULL;
    auto_free char *sent = NULL;
    enum cli_exit code = cli_plan_body(cli, args, &body);
    size_t len = 0;

    if (code != CLI_DONE)
        return code;
    sent = host_json_dump(body, &len);
    if (sent == NULL)
        return cli_fail_memory(cli);
    code = cli_api(cli,
                   &(struct cli_request){.method = "POST",
                                         .path = use->path,
                                         .body = sent,
                                         .body_len = len,
                                         .creating = use->creating,
                                         .changing = use->creating,
                                         .tolerate = true},
                   ret);
    return cli_plan_problem(cli, args, code, ret, body);
}
