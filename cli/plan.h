/*
 * What a rollout is to be, from a command line: the options, the file of --plan, and the body of POST
 * /api/v1/rollouts (and of what else takes a plan) that is made of them.
 */
#ifndef OTTER_CLI_PLAN_H
#define OTTER_CLI_PLAN_H

#include "api.h"
#include "options.h"

/* What each verb that takes a plan takes. release and target may also stand in the file. */
#define CLI_PLAN_OPTIONS                                                                                     \
    {"release", CLI_OPTION_VALUE, "R", "id or its beginning, PRODUCT@VERSION, or VERSION"},                  \
        {"target", CLI_OPTION_VALUE, "EXPR", "devices: \"all\", or as tag == \"lab\" and version < 1.2.0"},  \
        {"plan", CLI_OPTION_VALUE, "FILE", "plan as JSON; options say it instead of its members"},           \
        {"name", CLI_OPTION_VALUE, "TEXT", "what people call it"},                                           \
        {"priority", CLI_OPTION_VALUE, "N",                                                                  \
         "-1000 to 1000, 0 if not given: the higher one goes first where rollouts overlap"},                 \
        {"phases", CLI_OPTION_VALUE, "5,25,100",                                                             \
         "percents, devices and groups, as 10dev,5%,group:lab,100; the last is 100: 100 if not given"},      \
        {"auto", CLI_OPTION_FLAG, NULL, "all gates open by themselves"},                                     \
        {"gate", CLI_OPTION_VALUE, "auto|manual,...", "of each phase: does the next open by itself?",        \
         .words = "auto manual"},                                                                            \
        {"success", CLI_OPTION_VALUE, "PERCENT,...",                                                         \
         "of each phase: so many of the finished must have succeeded; 100 if not given"},                    \
        {"failure", CLI_OPTION_VALUE, "PERCENT,...",                                                         \
         "of each phase: more lost than that is acted upon (--on-failure); 10 if not given"},                \
        {"min-sample", CLI_OPTION_VALUE, "N,...",                                                            \
         "of each phase: finished devices before --failure is looked at; 20 if not given"},                  \
        {"soak", CLI_OPTION_VALUE, "TIME,...", "of each phase: to wait before the next one opens"},          \
        {"approval", CLI_OPTION_VALUE, "yes|no,...",                                                         \
         "of each phase: must a second operator approve the next one?", .words = "yes no"},                  \
        {"on-failure", CLI_OPTION_VALUE, "warn|halt|rollback", "over --failure; halt if not given",          \
         .words = "warn halt rollback"},                                                                     \
        {"rollback-release", CLI_OPTION_VALUE, "R", "the release to go back with: higher than this one"},    \
        {"allow-downgrade", CLI_OPTION_FLAG, NULL, "also devices that run a higher version"},                \
        {"no-join", CLI_OPTION_FLAG, NULL, "no devices that match only after the start"},                    \
        {"max-active", CLI_OPTION_VALUE, "N", "updates under way at one time"},                              \
        {"per-minute", CLI_OPTION_VALUE, "N", "devices granted a minute"},                                   \
        {"ramp", CLI_OPTION_VALUE, "START:FACTOR:EVERY",                                                     \
         "up to --per-minute from START a minute, times FACTOR every EVERY, as 10:2:5m"},                    \
        {"bandwidth", CLI_OPTION_VALUE, "RATE", "bytes of images a second over all devices, as 5MB/s"},      \
        {"site-bandwidth", CLI_OPTION_VALUE, "PREFIX=RATE",                                                  \
         "the like of each site, which is a device's tag that begins so: site-=1MB/s"},                      \
        {"not-before", CLI_OPTION_VALUE, "WHEN", "begin, as 2026-11-24T22:00:00Z"},                          \
        {"not-after", CLI_OPTION_VALUE, "WHEN", "grant nothing from then on"},                               \
        {"tz", CLI_OPTION_VALUE, "ZONE",                                                                     \
         "of --window for devices without an attribute tz, as Europe/Berlin; UTC if not given"},             \
        {"window", CLI_OPTION_LIST, "'DAYS FROM-TO'",                                                        \
         "grant only then, by the device's clock, as 'mon-fri 22:00-05:00'; may be repeated"},               \
        {"deadline", CLI_OPTION_VALUE, "TIME", "of an update, or none: lost after that; 1d if not given"},   \
        {"silence", CLI_OPTION_VALUE, "TIME",                                                                \
         "of a device that is installing, or none: lost after that; 1h if not given"},                       \
    {                                                                                                        \
        "retry", CLI_OPTION_LIST, "REASON=TRIES:WAIT",                                                       \
            "repeat lost updates, as net-lost=3:10m or *=1:1h; may be repeated"                              \
    }

/* The body, whole but for what the server checks: the releases are resolved there. *ret is the caller's. */
enum cli_exit cli_plan_body(struct cli *cli, const struct cli_args *args, json_t **ret);

/* The like, of which nothing is missed and no release resolved. */
enum cli_exit cli_plan_members(struct cli *cli, const struct cli_args *args, json_t **ret);

/* What cli_api answered (with `tolerate`) to such a body, as an exit status: a refusal is printed here, with
 * the option or the file that said what is refused. */
enum cli_exit cli_plan_problem(struct cli *cli, const struct cli_args *args, enum cli_exit code,
                               const struct cli_reply *reply, const json_t *body);

/* What a plan is sent for. */
struct cli_plan_use {
    const char *path;
    bool creating; /* something is made of it */
};

/* The body sent; a refusal as above. */
enum cli_exit cli_plan_post(struct cli *cli, const struct cli_args *args, const struct cli_plan_use *use,
                            struct cli_reply *ret);

/* The option that sets a member of the plan, by its path as the API writes it: "phases[1].success" is
 * "success". NULL: none. Pure. */
const char *cli_plan_option_of(const char *path);

#endif
