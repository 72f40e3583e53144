#include "verb.h"

#include "member.h"
#include "plan.h"
#include "plan/plan_json.h"
#include "rollout_action.h"
#include "simulate.h"

#include <stdlib.h>
#include <string.h>

#define ZERO_DIGEST "0000000000000000000000000000000000000000000000000000000000000000"

const struct cli_option cli_options_rollout_simulate[] = {
    CLI_PLAN_OPTIONS,
    {"devices", CLI_OPTION_VALUE, "N", "a synthetic fleet of N; else the server's devices"},
    {"hardware", CLI_OPTION_VALUE, "NAME=SHARE,...", "of a synthetic fleet, as rev-b=70,rev-c=30"},
    {"zones", CLI_OPTION_VALUE, "ZONE=SHARE,...", "of a synthetic fleet, as Europe/Berlin=60,UTC=40"},
    {"sites", CLI_OPTION_VALUE, "N", "of a synthetic fleet, for --site-bandwidth"},
    {"size", CLI_OPTION_VALUE, "BYTES", "of the image where no release is given; 512KiB if not given"},
    {"seed", CLI_OPTION_VALUE, "N", "of chance: the same gives the same; 1 if not given"},
    {"start", CLI_OPTION_VALUE, "WHEN", "of the rollout; now if not given"},
    {"for", CLI_OPTION_VALUE, "TIME", "no longer than that; 26w if not given"},
    {"bad", CLI_OPTION_VALUE, "PERCENT[:REASON]",
     "devices that revert the release whenever they try; 0 if not given, by self-test"},
    {"flaky", CLI_OPTION_VALUE, "PERCENT[:REASON]",
     "updates that fail once, and may succeed when repeated; 0 if not given, by net-lost"},
    {"silent", CLI_OPTION_VALUE, "PERCENT", "devices not heard of again once they install; 0 if not given"},
    {"sleepers", CLI_OPTION_VALUE, "PERCENT", "devices that poll once a day; 0 if not given"},
    {"poll", CLI_OPTION_VALUE, "TIME", "from poll to poll, as the server asks for; 1h if not given"},
    {"jitter", CLI_OPTION_VALUE, "TIME", "up to so late comes a poll; 10s if not given"},
    {"download", CLI_OPTION_VALUE, "TIME", "half to one and a half of it; 5m if not given"},
    {"install", CLI_OPTION_VALUE, "TIME", "the like, with reboot and self-test; 1m if not given"},
    {"operator", CLI_OPTION_VALUE, "TIME",
     "until somebody opens what is opened by hand; at once if not given"},
    {"away", CLI_OPTION_VALUE, "TIME", "who was not seen for so long does not poll; 7d if not given"},
    {"what-if", CLI_OPTION_VALUE, "PERCENT,...",
     "bad releases to try as well, or none; 1%,5%,20% if not given"},
    {"svg", CLI_OPTION_VALUE, "FILE", "write the curve as a picture"},
    {NULL},
};

const char cli_notes_rollout_simulate[] =
    "Of a rollout by its number, as if it began anew; or by the options that rollout create takes. The "
    "decisions are\nthe server's own, in virtual time; nothing is changed on the server. With --devices no "
    "server is needed: --release\nand --target may then be left out.\n\n"
    "For each bad release of --what-if the answer is whether the gates stop it, when, and how many devices "
    "had been\ngranted and lost by then.";

static void usual(struct cli_sim *sim)
{
    sim->model = (struct sim_model){.seed = 1,
                                    .bad_reason = OTTER_SELF_TEST,
                                    .flaky_reason = OTTER_NET_LOST,
                                    .jitter_s = 10,
                                    .download_s = 300,
                                    .install_s = 60};
    sim->start = (int64_t)sim->cli->now;
    sim->until = INT64_C(26) * 7 * 86400;
    sim->away_s = INT64_C(7) * 86400;
    sim->interval_s = 3600;
    sim->size = 512u << 10;
    sim->whatifs = 3;
    memcpy(sim->whatif, (const uint16_t[]){100, 500, 2000}, 3 * sizeof(uint16_t));
}

/* ---- the plan ---- */

/* A rollout that exists has its plan already. */
static enum cli_exit check_alone(struct cli *cli, const struct cli_args *args)
{
    static const struct cli_option plan[] = {CLI_PLAN_OPTIONS, {NULL}};

    for (const struct cli_option *o = plan; o->name != NULL; o++)
        if (cli_arg(args, o->name) != NULL)
            return cli_fail(cli, CLI_USAGE, "--%s is for a rollout that is not made yet, without its number",
                            o->name);
    return CLI_DONE;
}

static enum cli_exit plan_of_rollout(struct cli_sim *sim, const char *id, json_t **ret)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = check_alone(sim->cli, sim->args);

    if (code == CLI_DONE)
        code = cli_rollout_get(sim->cli, id, &reply);
    if (code != CLI_DONE)
        return code;
    *ret = json_deep_copy(json_object_get(reply.json, "plan"));
    if (!json_is_object(*ret))
        return cli_fail(sim->cli, CLI_UNREACHABLE, "the server says no plan of rollout %s", id);
    cli_put_string(*ret, "release", cli_member_text(reply.json, "release"));
    cli_put_string(*ret, "target", cli_member_text(reply.json, "target"));
    return CLI_DONE;
}

/* Without a server no release is looked up: any will do to go back with. */
static enum cli_exit plan_of_options(struct cli_sim *sim, json_t **ret)
{
    enum cli_exit code;

    if (sim->devices == 0 || cli_arg(sim->args, "release") != NULL)
        return cli_plan_body(sim->cli, sim->args, ret);
    code = cli_plan_members(sim->cli, sim->args, ret);
    if (code == CLI_DONE && json_is_string(json_object_get(*ret, "rollback_release")))
        cli_put_string(*ret, "rollback_release", ZERO_DIGEST);
    if (code == CLI_DONE && json_object_get(*ret, "release") != NULL)
        json_object_del(*ret, "release");
    return code;
}

static enum cli_exit read_plan(struct cli_sim *sim)
{
    auto_json json_t *body = NULL;
    struct host_error err = {0};
    enum cli_exit code = sim->args->operand_count > 0 ? plan_of_rollout(sim, sim->args->operand[0], &body)
                                                      : plan_of_options(sim, &body);

    if (code != CLI_DONE)
        return code;
    if (plan_parse(body, &sim->plan, &err) != OTTER_OK)
        return cli_fail(sim->cli, CLI_REFUSED, "%s", err.message);
    if (sim->plan.zone[0] && cli_sim_zone(&sim->fleet, sim->plan.zone) == NULL)
        return cli_fail(sim->cli, CLI_REFUSED, "tz: there is no time zone \"%s\"", sim->plan.zone);
    snprintf(sim->release, sizeof(sim->release), "%s", cli_member_text(body, "release"));
    snprintf(sim->target, sizeof(sim->target), "%s",
             json_object_get(body, "target") ? cli_member_text(body, "target") : "all");
    return CLI_DONE;
}

/* Options of one kind of fleet with the other one. */
static enum cli_exit check_fleet(struct cli_sim *sim)
{
    static const char *const synthetic[] = {"hardware", "zones", "sites", "size"};

    if (sim->devices > 0 && sim->args->operand_count > 0)
        return cli_fail(sim->cli, CLI_USAGE,
                        "--devices is for a rollout that is not made yet, without its number");
    for (size_t i = 0; i < OTTER_ARRAY_LEN(synthetic); i++)
        if (sim->devices == 0 && cli_arg(sim->args, synthetic[i]) != NULL)
            return cli_fail(sim->cli, CLI_USAGE, "--%s is of a synthetic fleet: give --devices",
                            synthetic[i]);
    return CLI_DONE;
}

/* ---- the runs ---- */

static void run(struct cli_sim *sim, uint16_t bad, struct sim_result *ret)
{
    struct sim_spec spec = {.plan = &sim->plan,
                            .manifest = &sim->manifest,
                            .root_epoch = sim->manifest.epoch,
                            .device = sim->fleet.device,
                            .count = sim->fleet.count,
                            .start = sim->start,
                            .until = sim->until,
                            .model = sim->model};

    spec.model.bad = bad;
    sim_run(&spec, &sim->room, ret);
}

/* The arrays do not move any more. */
static void bind_words(struct cli_sim_fleet *f)
{
    for (uint32_t i = 0; i < f->count; i++) {
        f->device[i].id = f->id[i];
        f->device[i].product = f->product[i];
        f->device[i].hardware = f->hardware[i];
        f->device[i].running = &f->running[i];
    }
}

static json_t *what_if(struct cli_sim *sim, struct sim_result *room)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < sim->whatifs; i++) {
        run(sim, sim->whatif[i], room);
        (void)json_array_append_new(list, cli_sim_whatif_json(sim, sim->whatif[i], room));
    }
    return list;
}

static enum cli_exit run_all(struct cli_sim *sim)
{
    auto_free struct sim_result *result = calloc(1, sizeof(*result));
    const char *svg = cli_arg(sim->args, "svg");
    auto_json json_t *json = NULL;
    enum cli_exit code = CLI_DONE;

    if (result == NULL)
        return cli_fail_memory(sim->cli);
    bind_words(&sim->fleet);
    run(sim, sim->model.bad, result);
    json = cli_sim_json(sim, result);
    if (json == NULL)
        return cli_fail_memory(sim->cli);
    if (svg != NULL && sim->cli->dry_run)
        cli_note(sim->cli, "Would write %s", svg);
    else if (svg != NULL)
        code = cli_sim_svg(sim, result, svg);
    if (code != CLI_DONE)
        return code;
    (void)json_object_set_new(json, "what_if", what_if(sim, result));
    return cli_sim_show(sim->cli, json);
}

enum cli_exit cli_run_rollout_simulate(struct cli *cli, const struct cli_args *args)
{
    struct cli_sim *sim = calloc(1, sizeof(*sim));
    enum cli_exit code;

    if (sim == NULL)
        return cli_fail_memory(cli);
    sim->cli = cli;
    sim->args = args;
    usual(sim);
    code = cli_sim_options(sim);
    if (code == CLI_DONE)
        code = check_fleet(sim);
    if (code == CLI_DONE)
        code = read_plan(sim);
    if (code == CLI_DONE)
        code = cli_sim_release(sim);
    if (code == CLI_DONE)
        code = sim->devices > 0 ? cli_sim_synthetic(sim) : cli_sim_fetch(sim);
    if (code == CLI_DONE)
        code = run_all(sim);
    cli_sim_free(sim);
    return code;
}
