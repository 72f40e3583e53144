#include "verb.h"

#include "api.h"
#include "confirm.h"
#include "member.h"
#include "parse.h"

#include <inttypes.h>
#include <stdlib.h>

#define KEEP_MAX 1000000u

const struct cli_option cli_options_server_gc[] = {
    {"keep", CLI_OPTION_VALUE, "N", "images of the N newest releases of each product stay", .required = true},
    {"orphans-older-than", CLI_OPTION_VALUE, "TIME",
     "blobs of no release, and uploads, that are older: 1d if not given"},
    {"yes", CLI_OPTION_FLAG, NULL, "do not ask"},
    {NULL},
};

const char cli_notes_server_gc[] =
    "Drops images from the server's disk that nothing needs: never those of a rollout that is not over, of a "
    "pin, "
    "of an\nupdate under way, of what a device runs, or of a kept release. Manifests and history stay; "
    "publishing "
    "the release\nagain brings images back. On a terminal it says what would go, and asks.";

static void put_kept(struct cli *cli, const json_t *reply)
{
    json_t *kept = json_object_get(reply, "kept"), *n;
    const char *between = "kept: ", *name;

    json_object_foreach(kept, name, n)
    {
        if (json_integer_value(n) <= 0)
            continue;
        fprintf(cli->out, "%s%" PRId64 " %s", between, (int64_t)json_integer_value(n), name);
        between = ", ";
    }
    if (between[0] == ',')
        fputc('\n', cli->out);
}

/* What went, or would go. */
static enum cli_exit show(struct cli *cli, const struct cli_reply *reply)
{
    static const struct cli_column columns[] = {
        {"id", "id", CLI_KIND_SHORT}, {"product", "product"}, {"version", "version"}, {NULL}};
    static const struct cli_column fields[] = {{"releases", "releases"},
                                               {"blobs", "blobs", CLI_KIND_NUMBER},
                                               {"bytes", "bytes", CLI_KIND_BYTES},
                                               {"uploads", "uploads", CLI_KIND_NUMBER},
                                               {"kept", "kept"},
                                               {NULL}};
    const json_t *releases = json_object_get(reply->json, "releases");
    char bytes[CLI_BYTES_STR];
    enum cli_exit code = CLI_DONE;

    if (cli->format != CLI_FORMAT_TABLE)
        return cli_api_result(cli, reply, fields);
    if (json_array_size(releases) > 0)
        code = cli_print_items(cli, releases, columns);
    cli_bytes_format(cli_member_number(reply->json, "bytes"), bytes);
    cli_note(cli, "%s%" PRIu64 " blobs of %s, of %zu releases, and %" PRIu64 " old uploads",
             cli->dry_run ? "would go: " : "gone: ", cli_member_number(reply->json, "blobs"), bytes,
             json_array_size(releases), cli_member_number(reply->json, "uploads"));
    put_kept(cli, reply->json);
    return code;
}

static enum cli_exit post(struct cli *cli, uint64_t keep, const char *older, uint64_t seconds,
                          struct cli_reply *ret)
{
    json_t *body = json_pack("{s:I}", "keep", (json_int_t)keep);

    if (body == NULL)
        return cli_fail_memory(cli);
    if (older != NULL)
        cli_put_uint(body, "orphans_older_than", seconds);
    return cli_api_send(cli, "POST", "/api/v1/server/gc", body, true, ret);
}

static enum cli_exit ask(struct cli *cli, uint64_t keep, const char *older, uint64_t seconds)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    cli->dry_run = true;
    code = post(cli, keep, older, seconds, &reply);
    if (code == CLI_DONE)
        code = show(cli, &reply);
    cli->dry_run = false;
    fflush(cli->out);
    return code == CLI_DONE ? cli_confirm(cli, "Drop them?") : code;
}

enum cli_exit cli_run_server_gc(struct cli *cli, const struct cli_args *args)
{
    const char *text = cli_arg(args, "keep"), *older = cli_arg(args, "orphans-older-than");
    auto_reply struct cli_reply reply = {0};
    uint64_t keep, seconds = 0;
    enum cli_exit code = CLI_DONE;

    if (!cli_parse_number(text, KEEP_MAX, false, &keep) || keep == 0)
        return cli_fail(cli, CLI_USAGE, "--keep %s: expected a number from 1 on", text);
    if (older != NULL && !cli_parse_duration(older, &seconds))
        return cli_fail(cli, CLI_USAGE, "--orphans-older-than %s: expected a duration, as 12h or 7d", older);
    if (!cli->dry_run && !cli_arg_flag(args, "yes") && cli_can_ask(cli))
        code = ask(cli, keep, older, seconds);
    if (code == CLI_DONE)
        code = post(cli, keep, older, seconds, &reply);
    return code == CLI_DONE ? show(cli, &reply) : code;
}
