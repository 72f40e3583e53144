/* A rollout that is simulated: its options, its release and its fleet, and what came of it. */
#ifndef OTTER_CLI_SIMULATE_H
#define OTTER_CLI_SIMULATE_H

#include "api.h"
#include "options.h"

#include "host/zone.h"
#include "simulator/simulator.h"

#define CLI_SIM_DEVICES 1000000u
#define CLI_SIM_ZONES   512u
#define CLI_SIM_WHATIFS 8u

/* A zone of the machine's as the policy asks for it. What was found last is kept: most ask for the same day.
 */
struct cli_sim_zone {
    struct policy_zone zone; /* first: what is passed leads back here */
    const struct host_zone *host;
    int64_t from, until;
    int32_t offset;
};

struct cli_sim_fleet {
    uint32_t count;
    struct sim_device *device;
    struct otter_running *running; /* of each */
    char (*id)[OTTER_NAME_BUF], (*product)[OTTER_NAME_BUF], (*hardware)[OTTER_NAME_BUF];
    unsigned zones;
    struct cli_sim_zone zone[CLI_SIM_ZONES];
    unsigned sites;
    char site[SIM_SITES][OTTER_NAME_BUF];
};

struct cli_sim {
    struct cli *cli;
    const struct cli_args *args;
    struct policy_plan plan;
    struct otter_manifest manifest;
    char release[OTTER_DIGEST_HEX + 1]; /* "": none of the server's */
    char target[8192];
    struct sim_model model;
    int64_t start, until, away_s;
    uint32_t interval_s, devices; /* devices: of a synthetic fleet; 0: the server's */
    uint64_t size;
    uint16_t whatif[CLI_SIM_WHATIFS];
    unsigned whatifs;
    struct cli_sim_fleet fleet;
    struct sim_room room;
};

void cli_sim_free(struct cli_sim *sim);

/* The options that are not the plan's. */
enum cli_exit cli_sim_options(struct cli_sim *sim);

/* Room for `count` devices. */
enum cli_exit cli_sim_room(struct cli_sim *sim, uint32_t count);
/* An IANA name; NULL: there is no such zone, or there are too many. */
const struct policy_zone *cli_sim_zone(struct cli_sim_fleet *fleet, const char *name);
/* A site's number; SIM_NO_SITE: too many. */
uint16_t cli_sim_site(struct cli_sim_fleet *fleet, const char *tag);
/* The device's place in the rollout, by a seed of its own. */
void cli_sim_place(struct cli_sim *sim, uint32_t i);

/* sim->manifest of sim->release, as the server has it; or one for a synthetic fleet. */
enum cli_exit cli_sim_release(struct cli_sim *sim);
/* The server's devices that the target selects; or a synthetic fleet. */
enum cli_exit cli_sim_fetch(struct cli_sim *sim);
enum cli_exit cli_sim_synthetic(struct cli_sim *sim);

/* All that is shown, as JSON: the run, and those of bad releases. A new reference; NULL: out of memory. */
json_t *cli_sim_json(const struct cli_sim *sim, const struct sim_result *result);
json_t *cli_sim_whatif_json(const struct cli_sim *sim, uint16_t bad, const struct sim_result *result);

/* "3d 22h", "5h 10m", "4m 30s". */
#define CLI_SIM_SPAN 48u
void cli_sim_span(uint64_t seconds, char out[CLI_SIM_SPAN]);

enum cli_exit cli_sim_show(struct cli *cli, const json_t *run);
/* Writes the curve to a file. */
enum cli_exit cli_sim_svg(const struct cli_sim *sim, const struct sim_result *result, const char *path);

#endif
