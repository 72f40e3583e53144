#include "bulk.h"

#include "api.h"
#include "confirm.h"
#include "core/bytes.h"
#include "core/names.h"
#include "expression.h"
#include "member.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define IDS_MAX    1000u /* of one request: docs/openapi.yaml */
#define ERRORS_MAX 100u  /* in one reply */

struct sum {
    uint64_t matched, changed;
    json_t *errors;
};

static enum cli_exit post(struct cli *cli, const struct cli_bulk *bulk, const json_t *body,
                          struct cli_reply *ret)
{
    const char *target = json_string_value(json_object_get(body, "target"));
    size_t len = 0;
    auto_free char *sent = host_json_dump(body, &len);
    char path[64];
    enum cli_exit code;

    if (sent == NULL)
        return cli_fail_memory(cli);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", bulk->verb);
    code = cli_api(cli,
                   &(struct cli_request){.method = "POST",
                                         .path = path,
                                         .body = sent,
                                         .body_len = len,
                                         .creating = true,
                                         .changing = true,
                                         .tolerate = true},
                   ret);
    return cli_expression_problem(cli, code, ret, target);
}

/* The members, and the devices from `at` on: as many ids as one request holds, or the target. */
static json_t *make_body(const struct cli_bulk *bulk, const char *target, size_t at)
{
    json_t *body = bulk->members != NULL ? json_copy(bulk->members) : json_object();
    json_t *ids;

    if (target != NULL) {
        cli_put_string(body, "target", target);
        return body;
    }
    ids = json_array();
    for (size_t i = at; i < bulk->count && i < at + IDS_MAX; i++)
        json_array_append_new(ids, json_string(bulk->id[i]));
    json_object_set_new(body, "ids", ids);
    return body;
}

static void print_errors(struct cli *cli, const json_t *errors)
{
    const json_t *error;
    size_t i;

    json_array_foreach(errors, i, error)
    {
        const char *hint = cli_hint(cli_member_text(error, "code"));

        cli_fail(cli, CLI_REFUSED, "%s: %s: %s%s%s", cli_member_text(error, "id"),
                 cli_member_text(error, "code"), cli_member_text(error, "detail"),
                 hint != NULL && i == 0 ? "\n" : "", hint != NULL && i == 0 ? hint : "");
    }
    if (json_array_size(errors) >= ERRORS_MAX)
        fputs("The server names the first 100 of a request: there may be more\n", cli->err);
}

/* The whole as JSON, of however many requests it is the sum. */
static enum cli_exit show(struct cli *cli, const struct cli_bulk *bulk, const struct sum *sum)
{
    static const struct cli_column columns[] = {{"matched", "matched", CLI_KIND_NUMBER},
                                                {"changed", "changed", CLI_KIND_NUMBER},
                                                {"errors", "errors", .extra = true},
                                                {NULL}};
    auto_json json_t *o = NULL;

    if (cli->format == CLI_FORMAT_TABLE) {
        cli_note(cli, "%" PRIu64 " matched, %" PRIu64 " %s%s", sum->matched, sum->changed,
                 cli->dry_run ? "would be " : "", bulk->did);
        return CLI_DONE;
    }
    o = json_pack("{s:I, s:I, s:O}", "matched", (json_int_t)sum->matched, "changed", (json_int_t)sum->changed,
                  "errors", sum->errors);
    return o != NULL ? cli_print_object(cli, o, columns) : cli_fail_memory(cli);
}

static enum cli_exit send_one(struct cli *cli, const struct cli_bulk *bulk, const char *target, size_t at,
                              struct sum *sum)
{
    auto_reply struct cli_reply reply = {0};
    auto_json json_t *body = make_body(bulk, target, at);
    enum cli_exit code = post(cli, bulk, body, &reply);

    if (code != CLI_DONE)
        return code;
    sum->matched += cli_member_number(reply.json, "matched");
    sum->changed += cli_member_number(reply.json, "changed");
    json_array_extend(sum->errors, json_object_get(reply.json, "errors"));
    return CLI_DONE;
}

static enum cli_exit send_all(struct cli *cli, const struct cli_bulk *bulk, const char *target,
                              struct sum *sum)
{
    size_t at = 0;

    do {
        enum cli_exit code = send_one(cli, bulk, target, at, sum);

        if (code != CLI_DONE) {
            if (sum->changed > 0)
                fprintf(cli->err, "%" PRIu64 " devices were %s before that\n", sum->changed, bulk->did);
            return code;
        }
        at += IDS_MAX;
    } while (target == NULL && at < bulk->count);
    return CLI_DONE;
}

/* Asks a dry run how many it would be, and then who sits there. */
static enum cli_exit ask(struct cli *cli, const struct cli_bulk *bulk, const char *target)
{
    auto_json json_t *errors = json_array();
    auto_free char *question = NULL;
    struct sum sum = {.errors = errors};
    enum cli_exit code;

    cli->dry_run = true;
    code = send_one(cli, bulk, target, 0, &sum);
    cli->dry_run = false;
    if (code != CLI_DONE || sum.matched == 0)
        return code;
    if (asprintf(&question, "%s %" PRIu64 " devices (%s; %" PRIu64 " of them would change)?", bulk->does,
                 sum.matched, target, sum.changed) < 0) {
        question = NULL; /* undefined after a failure */
        return cli_fail_memory(cli);
    }
    return cli_confirm(cli, question);
}

static enum cli_exit check(struct cli *cli, const struct cli_args *args, const struct cli_bulk *bulk)
{
    const char *target = cli_arg(args, "target");
    static const char *const of_lists[] = {"filter", "sort", "limit",
                                           "all"}; /* ignored, they would do harm */
    bool decided = cli_arg_flag(args, "yes") || cli->dry_run;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(of_lists); i++)
        if (cli_arg(args, of_lists[i]) != NULL)
            return cli_fail(cli, CLI_USAGE, "--%s is of lists: --target EXPR says which devices to change",
                            of_lists[i]);
    if (target != NULL && bulk->count > 0)
        return cli_fail(cli, CLI_USAGE, "IDs and --target do not go together");
    if (target == NULL && bulk->count == 0)
        return cli_fail(cli, CLI_USAGE,
                        "ID... or --target EXPR is missing\n"
                        "otter device list --filter EXPR shows what an expression selects");
    for (size_t i = 0; i < bulk->count; i++)
        if (!otter_device_id_valid(bulk->id[i], strlen(bulk->id[i])))
            return cli_fail(cli, CLI_USAGE, "\"%s\" is no device id\notter device list shows them",
                            bulk->id[i]);
    if (target == NULL || decided)
        return CLI_DONE;
    if (cli_can_ask(cli))
        return ask(cli, bulk, target);
    if (bulk->grave)
        return cli_fail(cli, CLI_USAGE,
                        "--target without a terminal to ask at: give --yes, too\n"
                        "--dry-run says how many devices it would be");
    return CLI_DONE;
}

enum cli_exit cli_bulk(struct cli *cli, const struct cli_args *args, const struct cli_bulk *bulk)
{
    auto_json json_t *errors = json_array();
    struct sum sum = {.errors = errors};
    enum cli_exit code = check(cli, args, bulk);

    if (code == CLI_DONE)
        code = send_all(cli, bulk, cli_arg(args, "target"), &sum);
    if (code != CLI_DONE)
        return code;
    print_errors(cli, errors);
    code = show(cli, bulk, &sum);
    return json_array_size(errors) > 0 ? CLI_REFUSED : code;
}

enum cli_exit cli_bulk_operands(struct cli *cli, const struct cli_args *args, struct cli_bulk bulk)
{
    enum cli_exit code;

    bulk.id = args->operand;
    bulk.count = args->operand_count;
    code = cli_bulk(cli, args, &bulk);
    json_decref(bulk.members);
    return code;
}

json_t *cli_bulk_reason(const struct cli_args *args)
{
    const char *reason = cli_arg(args, "reason");
    json_t *o = json_object();

    if (reason != NULL)
        cli_put_string(o, "reason", reason);
    return o;
}
