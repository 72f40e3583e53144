#include "verb.h"

#include "api.h"
#include "host/clock.h"
#include "parse.h"
#include "rollout_action.h"
#include "show_rollout.h"
#include "watch.h"

#define INTERVAL_DEFAULT 2u
#define INTERVAL_MAX     3600u

const struct cli_option cli_options_rollout_status[] = {
    {"watch", CLI_OPTION_FLAG, NULL, "follow it until it is complete, halted, aborted or rolled back"},
    {"interval", CLI_OPTION_VALUE, "TIME", "of --watch: how often to ask; 2s if not given"},
    {"timeout", CLI_OPTION_VALUE, "TIME", "of --watch: exit 6 if it has not ended by then"},
    {NULL},
};

const char cli_notes_rollout_status[] =
    "--watch draws bars, speed, what is left by it, and what devices wait for in place on a terminal; "
    "elsewhere it\nappends a line for each change. A server that does not answer for a while is asked "
    "again.\nExit status of --watch: 0 complete, 1 halted, aborted or rolled back, 4 not authorised, 6 not "
    "in time, 3 not in time\nand the server was away, or it could not be reached at all. ^C ends the "
    "watching, not the rollout.";

static enum cli_exit read_times(struct cli *cli, const struct cli_args *args, uint64_t *interval,
                                uint64_t *deadline)
{
    const char *every = cli_arg(args, "interval"), *timeout = cli_arg(args, "timeout");
    uint64_t seconds;

    if (every != NULL && (!cli_parse_duration(every, interval) || *interval == 0 || *interval > INTERVAL_MAX))
        return cli_fail(cli, CLI_USAGE, "--interval %s: expected a duration from 1s to 1h, as 2s", every);
    if (timeout == NULL)
        return CLI_DONE;
    if (!cli_parse_duration(timeout, &seconds))
        return cli_fail(cli, CLI_USAGE, "--timeout %s: expected a duration, as 10m", timeout);
    *deadline = host_clock_mono_ms() + seconds * 1000;
    return CLI_DONE;
}

enum cli_exit cli_run_rollout_status(struct cli *cli, const struct cli_args *args)
{
    auto_reply struct cli_reply reply = {0};
    uint64_t number = 0, interval = INTERVAL_DEFAULT, deadline = 0;
    bool watch = cli_arg_flag(args, "watch");
    char path[64];
    enum cli_exit code = cli_rollout_id(cli, args->operand[0], &number);

    if (code == CLI_DONE)
        code = read_times(cli, args, &interval, &deadline);
    if (code == CLI_DONE && !watch && (cli_arg(args, "interval") != NULL || cli_arg(args, "timeout") != NULL))
        code = cli_fail(cli, CLI_USAGE, "--interval and --timeout are for --watch");
    if (code != CLI_DONE)
        return code;
    (void)snprintf(path, sizeof(path), "/api/v1/rollouts/%llu%s", (unsigned long long)number,
                   watch ? "?waiting=1" : "");
    if (watch)
        return cli_watch_rollout(cli, path, interval, deadline);
    code = cli_api(cli, &(struct cli_request){.method = "GET", .path = path}, &reply);
    return code == CLI_DONE ? cli_rollout_show(cli, &reply) : code;
}
