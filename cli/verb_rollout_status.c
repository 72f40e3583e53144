#include "verb.h"

#include "api.h"
#include "host/clock.h"
#include "parse.h"
#include "rollout_action.h"
#include "show_rollout.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct cli_option cli_options_rollout_status[] = {
    {"watch", CLI_OPTION_FLAG, NULL, "until it is complete or aborted; exit 1 when aborted"},
    {"interval", CLI_OPTION_VALUE, "TIME", "of --watch: how often to ask; 1s if not given"},
    {"timeout", CLI_OPTION_VALUE, "TIME", "of --watch: exit 6 if it has not ended by then"},
    {NULL},
};

struct watch {
    const char *path;
    uint64_t interval; /* seconds */
    uint64_t deadline; /* by host_clock_mono_ms; 0 = none */
    unsigned lines;    /* of the last picture on the terminal, to draw over */
    char *last;        /* the last plain line */
};

static unsigned count_lines(const char *s)
{
    unsigned n = 0;

    for (; *s != '\0'; s++)
        n += *s == '\n';
    return n;
}

/* On a terminal the picture replaces the last one; elsewhere a line is written whenever it has changed. */
static enum cli_exit draw(struct cli *cli, struct watch *w, const json_t *rollout)
{
    auto_free char *text = cli->out_tty ? cli_rollout_text(rollout, cli->color) : cli_rollout_line(rollout);

    if (text == NULL)
        return cli_fail_memory(cli);
    if (cli->out_tty) {
        if (w->lines > 0)
            fprintf(cli->out, "\033[%uA\033[J", w->lines);
        fputs(text, cli->out);
        w->lines = count_lines(text);
    } else if (w->last == NULL || strcmp(w->last, text) != 0) {
        fprintf(cli->out, "%s\n", text);
        free(w->last);
        w->last = HOST_STEAL(text);
    }
    fflush(cli->out);
    return CLI_DONE;
}

static enum cli_exit show(struct cli *cli, const struct cli_reply *reply)
{
    auto_free char *text = NULL;

    if (cli->format != CLI_FORMAT_TABLE)
        return cli_api_result(cli, reply, cli_rollout_columns);
    text = cli_rollout_text(reply->json, cli->color);
    if (text == NULL)
        return cli_fail_memory(cli);
    fputs(text, cli->out);
    return CLI_DONE;
}

static bool aborted(const json_t *rollout)
{
    const char *state = json_string_value(json_object_get(rollout, "state"));

    return state != NULL && strcmp(state, "aborted") == 0;
}

static enum cli_exit watch(struct cli *cli, struct watch *w)
{
    for (;;) {
        auto_reply struct cli_reply reply = {0};
        enum cli_exit code = cli_api(cli, &(struct cli_request){.method = "GET", .path = w->path}, &reply);

        if (code == CLI_DONE && cli->format == CLI_FORMAT_TABLE)
            code = draw(cli, w, reply.json);
        if (code != CLI_DONE)
            return code;
        if (cli_rollout_ended(reply.json)) {
            if (cli->format != CLI_FORMAT_TABLE)
                code = cli_api_result(cli, &reply, cli_rollout_columns);
            return code == CLI_DONE && aborted(reply.json) ? CLI_REFUSED : code;
        }
        if (w->deadline != 0 && host_clock_mono_ms() + w->interval * 1000 > w->deadline)
            return cli_fail(cli, CLI_NOT_IN_TIME, "the rollout has not ended in time; it goes on");
        sleep((unsigned)w->interval);
    }
}

enum cli_exit cli_run_rollout_status(struct cli *cli, const struct cli_args *args)
{
    const char *interval = cli_arg(args, "interval"), *timeout = cli_arg(args, "timeout");
    auto_reply struct cli_reply reply = {0};
    struct watch w = {.interval = 1};
    uint64_t number, seconds;
    char path[64];
    enum cli_exit code = cli_rollout_id(cli, args->operand[0], &number);

    if (code != CLI_DONE)
        return code;
    snprintf(path, sizeof(path), "/api/v1/rollouts/%llu", (unsigned long long)number);
    w.path = path;
    if (interval != NULL && (!cli_parse_duration(interval, &w.interval) || w.interval > 3600))
        return cli_fail(cli, CLI_USAGE, "--interval %s: expected a duration up to 1h, as 2s", interval);
    if (timeout != NULL) {
        if (!cli_parse_duration(timeout, &seconds))
            return cli_fail(cli, CLI_USAGE, "--timeout %s: expected a duration, as 10m", timeout);
        w.deadline = host_clock_mono_ms() + seconds * 1000;
    }
    if (cli_arg_flag(args, "watch")) {
        code = watch(cli, &w);
        free(w.last);
        return code;
    }
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);
    return code == CLI_DONE ? show(cli, &reply) : code;
}
