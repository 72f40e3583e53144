#include "verb.h"

#include "ask.h"
#include "host/clock.h"
#include "host/crypto.h"
#include "member.h"
#include "parse.h"
#include "rollout_action.h"
#include "show_rollout.h"
#include "wait.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_DEFAULT (UINT64_C(2) * 3600)

const struct cli_option cli_options_rollout_wait[] = {
    {"until", CLI_OPTION_VALUE, "WHAT", "complete, or phase=N: all devices of the phase have finished",
     .required = true, .words = "complete phase="},
    {"timeout", CLI_OPTION_VALUE, "TIME", "90s, 15m, 2h, 1d; 2h if not given"},
    {NULL},
};

const char cli_notes_rollout_wait[] =
    "A line for each change. A server that restarts or cannot be reached is asked again until the timeout; "
    "so "
    "is a\nrollout that is a draft, paused or frozen, or whose next phase an operator must open: the line "
    "says "
    "so.\nExit status: 0 reached, 1 it can no longer be reached (halted, rolled back, aborted, no such phase "
    "or rollout), 4 not "
    "authorised,\n6 not in time, 3 not in time and the server could not be reached at the end.";

struct waiter {
    struct host_http_progress progress;
    struct cli *cli;
    const char *path;
    struct cli_until until;
    uint64_t deadline; /* by host_clock_mono_ms */
    unsigned rounds;   /* without anything new */
    bool lost;         /* the server could not be reached the last time */
    char *last;        /* the last line */
};

static bool before_deadline(struct host_http_progress *self, bool upload, uint64_t done, uint64_t total)
{
    (void)upload;
    (void)done;
    (void)total;
    return host_clock_mono_ms() < OTTER_CONTAINER_OF(self, struct waiter, progress)->deadline;
}

/* A line with its time, unless it is the last one again. Takes text over. */
static enum cli_exit say(struct waiter *w, char *text)
{
    FILE *to = w->cli->format == CLI_FORMAT_TABLE ? w->cli->out : w->cli->err;
    char at[CLI_TIME_STR];

    if (text == NULL)
        return cli_fail_memory(w->cli);
    if (w->last != NULL && strcmp(w->last, text) == 0) {
        free(text);
        return CLI_DONE;
    }
    free(w->last);
    w->last = text;
    w->rounds = 0;
    cli_time_format((uint64_t)host_clock_wall(), at);
    fprintf(to, "%s %s\n", at, text);
    fflush(to);
    return CLI_DONE;
}

/* "running phase 1/2: 9 of 20 finished; ...; paused: otter rollout resume 7 goes on" */
static char *line_of(const json_t *rollout, const struct cli_until *until)
{
    auto_free char *line = cli_rollout_line(rollout);
    char note[256];
    const char *whom = cli_wait_for(rollout, until, note);
    char *out = NULL;

    if (line == NULL ||
        asprintf(&out, "%s%s%s", line, whom != NULL ? "; " : "", whom != NULL ? whom : "") < 0)
        return NULL;
    return out;
}

/* Only a server that is away or busy is asked again; a refusal is final. */
static enum cli_exit missed(struct waiter *w, enum cli_exit code, char *told)
{
    char *line = NULL;

    bool final = code != CLI_UNREACHABLE && before_deadline(&w->progress, false, 0, 0);

    if (final) {
        fputs(told, w->cli->err);
        free(told);
        return code;
    }
    w->lost = true;
    if (asprintf(&line, "%s; asking again", cli_told_line(told)) < 0)
        line = NULL; /* undefined after a failure */
    free(told);
    return say(w, line);
}

static enum cli_exit never(struct waiter *w, const json_t *rollout)
{
    size_t phases = json_array_size(json_object_get(rollout, "phases"));
    const char *state = cli_member_text(rollout, "state"), *why = cli_member_text(rollout, "state_reason");

    if (w->until.phase > phases)
        return cli_fail(w->cli, CLI_REFUSED, "the rollout has %zu phases, no phase %u", phases,
                        w->until.phase);
    if (strcmp(state, "halted") == 0)
        return cli_fail(w->cli, CLI_REFUSED,
                        "the rollout is halted%s%s\nAn operator must decide: otter rollout status %" PRIu64,
                        why[0] != '\0' ? ": " : "", why, cli_member_number(rollout, "id"));
    return cli_fail(w->cli, CLI_REFUSED, "the rollout is %s: that can no longer be reached", state);
}

/* Takes a rollout in; *ret_verdict says whether to go on. */
static enum cli_exit take(struct waiter *w, const struct cli_reply *reply, enum cli_wait *ret_verdict)
{
    enum cli_exit code;

    w->lost = false;
    *ret_verdict = cli_wait_judge(reply->json, &w->until);
    code = say(w, line_of(reply->json, &w->until));
    if (code == CLI_DONE && *ret_verdict == CLI_WAIT_NEVER)
        return never(w, reply->json);
    if (code == CLI_DONE && *ret_verdict == CLI_WAIT_REACHED && w->cli->format != CLI_FORMAT_TABLE)
        return cli_api_result(w->cli, reply, cli_rollout_columns);
    return code;
}

static enum cli_exit too_late(struct waiter *w)
{
    if (w->lost)
        return cli_fail(w->cli, CLI_UNREACHABLE, "not in time, and the server cannot be reached");
    return cli_fail(w->cli, CLI_NOT_IN_TIME, "not in time; the rollout goes on by itself");
}

/* False when the deadline comes first. */
static bool pause_between(struct waiter *w)
{
    uint64_t now = host_clock_mono_ms(), left = w->deadline > now ? w->deadline - now : 0;
    uint32_t random, delay;

    host_random(&random, sizeof(random));
    delay = cli_wait_delay(w->rounds++, random);
    if (delay > left)
        delay = (uint32_t)left;
    (void)nanosleep(&(struct timespec){.tv_sec = delay / 1000, .tv_nsec = (long)(delay % 1000) * 1000000},
                    NULL);
    return host_clock_mono_ms() < w->deadline;
}

static enum cli_exit run(struct waiter *w)
{
    do {
        auto_reply struct cli_reply reply = {0};
        enum cli_wait verdict = CLI_WAIT_ON;
        char *told = NULL;
        enum cli_exit code =
            cli_ask(w->cli, &(struct cli_request){.method = "GET", .path = w->path, .progress = &w->progress},
                    &reply, &told);

        if (code == CLI_DONE) {
            free(told);
            code = take(w, &reply, &verdict);
        } else {
            code = told != NULL ? missed(w, code, told) : code;
        }
        if (code != CLI_DONE || verdict == CLI_WAIT_REACHED)
            return code;
    } while (pause_between(w));
    return too_late(w);
}

enum cli_exit cli_run_rollout_wait(struct cli *cli, const struct cli_args *args)
{
    const char *until = cli_arg(args, "until"), *timeout = cli_arg(args, "timeout");
    struct waiter w = {.progress = {before_deadline}, .cli = cli};
    uint64_t number, seconds = TIMEOUT_DEFAULT;
    char path[64];
    enum cli_exit code = cli_rollout_id(cli, args->operand[0], &number);

    if (code != CLI_DONE)
        return code;
    if (!cli_until_parse(until, &w.until))
        return cli_fail(cli, CLI_USAGE, "--until %s: expected complete or phase=N", until);
    if (timeout != NULL && !cli_parse_duration(timeout, &seconds))
        return cli_fail(cli, CLI_USAGE, "--timeout %s: expected a duration, as 90s, 15m, 2h or 1d", timeout);
    snprintf(path, sizeof(path), "/api/v1/rollouts/%llu", (unsigned long long)number);
    w.path = path;
    w.deadline = host_clock_mono_ms() + seconds * 1000;
    code = run(&w);
    free(w.last);
    return code;
}
