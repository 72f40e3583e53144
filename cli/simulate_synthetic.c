/* A fleet that nobody has: hardware and zones by shares, by the seed. */
#include "simulate.h"

#include "core/bytes.h"
#include "expression.h"
#include "parse.h"
#include "policy/target.h"
#include "simulator/random.h"

#include <stdlib.h>
#include <string.h>

#define KINDS 32u

/* "a=70,b=30", or "a,b" in equal parts. */
struct mix {
    struct cli_piece piece;
    unsigned count;
    struct {
        char name[OTTER_NAME_BUF];
        uint32_t upto; /* of the shares so far */
    } of[KINDS];
};

static bool one_share(struct cli_piece *piece, const char *text)
{
    struct mix *mix = OTTER_CONTAINER_OF(piece, struct mix, piece);
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    uint64_t share = 1;

    if (mix->count == KINDS || len == 0 || len >= OTTER_NAME_BUF ||
        (equals && (!cli_parse_number(equals + 1, 1000000, false, &share) || share == 0)))
        return false;
    memcpy(mix->of[mix->count].name, text, len);
    mix->of[mix->count].upto = (uint32_t)share + (mix->count ? mix->of[mix->count - 1].upto : 0);
    mix->count++;
    return true;
}

static enum cli_exit read_mix(struct cli_sim *sim, const char *option, const char *usual, struct mix *ret)
{
    const char *text = cli_arg(sim->args, option);

    *ret = (struct mix){.piece = {one_share}};
    if (cli_split(text ? text : usual, ',', &ret->piece))
        return CLI_DONE;
    return cli_fail(sim->cli, CLI_USAGE, "--%s %s: expected names with their shares, as %s", option, text,
                    strcmp(option, "hardware") == 0 ? "rev-b=70,rev-c=30" : "Europe/Berlin=60,UTC=40");
}

static const char *draw(struct dice *dice, const struct mix *mix)
{
    unsigned at = below(dice, mix->of[mix->count - 1].upto), i = 0;

    while (at >= mix->of[i].upto)
        i++;
    return mix->of[i].name;
}

static enum cli_exit check_zones(struct cli_sim *sim, const struct mix *zones)
{
    for (unsigned i = 0; i < zones->count; i++)
        if (cli_sim_zone(&sim->fleet, zones->of[i].name) == NULL)
            return cli_fail(sim->cli, CLI_USAGE, "--zones: there is no time zone \"%s\"", zones->of[i].name);
    return CLI_DONE;
}

/* Runs what the release may follow. */
static struct otter_running runs(const struct cli_sim *sim)
{
    const struct otter_manifest *m = &sim->manifest;

    return (struct otter_running){
        .version = m->has_requires_from ? m->requires_from : (struct otter_version){0},
        .slot = m->image[0].slot == OTTER_SLOT_ANY ? OTTER_SLOT_ANY : otter_slot_other(m->image[0].slot),
        .confirmed = true};
}

/* The site's tag, "" without sites; the site as a number. */
static uint16_t site_of(struct cli_sim *sim, struct dice *dice, uint64_t sites, char tags[2 * OTTER_NAME_BUF])
{
    memset(tags, 0, 2 * (size_t)OTTER_NAME_BUF);
    if (sites == 0)
        return SIM_NO_SITE;
    snprintf(tags, OTTER_NAME_BUF, "%.40s%u", sim->plan.site_prefix, below(dice, (unsigned)sites) + 1);
    return cli_sim_site(&sim->fleet, tags);
}

struct making {
    struct mix hardware, zones;
    uint64_t sites;
    struct dice dice;
    struct policy_target target;
};

static void make_device(struct cli_sim *sim, struct making *m, uint32_t i)
{
    struct cli_sim_fleet *f = &sim->fleet;
    const char *hardware = draw(&m->dice, &m->hardware), *zone = draw(&m->dice, &m->zones);
    char tags[2 * OTTER_NAME_BUF], attrs[POLICY_ZONE_MAX + 8] = "tz";
    struct policy_subject subject;

    snprintf(f->id[i], OTTER_NAME_BUF, "sim-%06lu", (unsigned long)i + 1);
    snprintf(f->product[i], OTTER_NAME_BUF, "%s", sim->manifest.product);
    snprintf(f->hardware[i], OTTER_NAME_BUF, "%s", hardware);
    snprintf(attrs + 3, sizeof(attrs) - 4, "%s", zone);
    f->running[i] = runs(sim);
    f->device[i] = (struct sim_device){.zone = cli_sim_zone(f, zone),
                                       .epoch = sim->manifest.epoch,
                                       .sequence = sim->manifest.sequence - 1,
                                       .interval_s = sim->interval_s,
                                       .site = site_of(sim, &m->dice, m->sites, tags)};
    subject = (struct policy_subject){.product = f->product[i],
                                      .hardware = f->hardware[i],
                                      .id = f->id[i],
                                      .held = "no",
                                      .pinned = "no",
                                      .seen = "yes",
                                      .has_version = true,
                                      .version = f->running[i].version,
                                      .last_seen = (uint32_t)sim->start,
                                      .now = sim->start,
                                      .tags = tags,
                                      .attrs = {attrs, NULL}};
    f->device[i].in_target = policy_target_matches(&m->target, &subject);
    cli_sim_place(sim, i);
}

static enum cli_exit read_target(struct cli_sim *sim, struct policy_target *ret)
{
    struct policy_target_error err;

    if (policy_target_compile(sim->target, strlen(sim->target), ret, &err))
        return CLI_DONE;
    return cli_fail(sim->cli, CLI_USAGE, "--target, at character %zu: %s", err.at + 1, err.what);
}

static enum cli_exit read_all(struct cli_sim *sim, struct making *m)
{
    const char *sites = cli_arg(sim->args, "sites");
    enum cli_exit code = read_mix(sim, "hardware", sim->manifest.hardware[0], &m->hardware);

    if (code == CLI_DONE)
        code = read_mix(sim, "zones", sim->plan.zone[0] ? sim->plan.zone : "UTC", &m->zones);
    if (code == CLI_DONE)
        code = check_zones(sim, &m->zones);
    if (code == CLI_DONE && sites != NULL && !cli_parse_number(sites, SIM_SITES, false, &m->sites))
        return cli_fail(sim->cli, CLI_USAGE, "--sites %s: expected a number up to %u", sites, SIM_SITES);
    for (unsigned i = 0; i < sim->plan.phase_count && code == CLI_DONE; i++)
        if (sim->plan.phase[i].width == POLICY_WIDTH_GROUP)
            return cli_fail(sim->cli, CLI_USAGE,
                            "phases[%u] is the group %s, and groups are the server's: leave out --devices", i,
                            sim->plan.phase[i].group);
    return code == CLI_DONE ? read_target(sim, &m->target) : code;
}

enum cli_exit cli_sim_synthetic(struct cli_sim *sim)
{
    auto_free struct making *m = calloc(1, sizeof(*m));
    enum cli_exit code;
    uint32_t selected = 0;

    if (m == NULL)
        return cli_fail_memory(sim->cli);
    code = read_all(sim, m);
    if (code == CLI_DONE)
        code = cli_sim_room(sim, sim->devices);
    if (code != CLI_DONE)
        return code;
    m->dice.state = sim->model.seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    sim->fleet.count = sim->devices;
    for (uint32_t i = 0; i < sim->devices; i++) {
        make_device(sim, m, i);
        selected += sim->fleet.device[i].in_target;
    }
    if (selected == 0)
        return cli_fail(sim->cli, CLI_REFUSED, "the target selects none of the %lu devices",
                        (unsigned long)sim->devices);
    return CLI_DONE;
}
