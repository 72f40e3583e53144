#include "verb.h"

#include "api.h"
#include "fold.h"
#include "host/clock.h"
#include "parse.h"
#include "rollout_action.h"
#include "show_rollout.h"
#include "terminal.h"

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
    char *last;        /* the last picture on the terminal, to draw over; elsewhere the last plain line */
};

/* The end of a picture, as many lines as there is room for: what has left the screen cannot be drawn over. */
static const char *end_of(const char *text, size_t lines)
{
    for (size_t n = cli_fold_lines(text, 0); n > lines; n--)
        text = strchr(text, '\n') + 1; /* every line of a picture has its line feed */
    return text;
}

/* The picture replaces the last one, also where the terminal has been made narrower or lower since. */
static void draw_over(struct cli *cli, struct watch *w, char *text)
{
    size_t was = 0, rows;

    cli_terminal_look(cli);
    rows = cli_terminal_rows(cli);
    if (w->last != NULL)
        was = cli_fold_lines(w->last, cli->screen);
    if (rows > 0 && was >= rows)
        was = rows - 1;
    if (was > 0)
        fprintf(cli->out, "\033[%zuA\r\033[J", was);
    fputs(rows > 1 ? end_of(text, rows - 1) : text, cli->out);
    free(w->last);
    w->last = text;
}

/* On a terminal a picture; elsewhere a line is written whenever it has changed. */
static enum cli_exit draw(struct cli *cli, struct watch *w, const json_t *rollout)
{
    auto_free char *text =
        cli->out_tty ? cli_rollout_text(rollout, cli->color, cli->screen) : cli_rollout_line(rollout);

    if (text == NULL)
        return cli_fail_memory(cli);
    if (cli->out_tty) {
        draw_over(cli, w, HOST_STEAL(text));
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
    text = cli_rollout_text(reply->json, cli->color, cli->screen);
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
