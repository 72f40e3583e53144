/* The fleet of a simulation: room for it, and the server's own. */
#include "simulate.h"

#include "core/bytes.h"
#include "host/crypto.h"
#include "member.h"
#include "pages.h"
#include "policy/cohort.h"

#include <stdlib.h>
#include <string.h>

void cli_sim_free(struct cli_sim *sim)
{
    free(sim->fleet.device);
    free(sim->fleet.running);
    free(sim->fleet.id);
    free(sim->fleet.product);
    free(sim->fleet.hardware);
    free(sim->room.part);
    free(sim->room.entry);
    free(sim->room.place);
    free(sim);
}

static bool grow(void *array, size_t size, uint32_t count)
{
    void **at = array, *more = reallocarray(*at, count, size);

    if (more != NULL)
        *at = more;
    return more != NULL;
}

enum cli_exit cli_sim_room(struct cli_sim *sim, uint32_t count)
{
    struct cli_sim_fleet *f = &sim->fleet;

    if (grow(&f->device, sizeof(*f->device), count) && grow(&f->running, sizeof(*f->running), count) &&
        grow(&f->id, sizeof(*f->id), count) && grow(&f->product, sizeof(*f->product), count) &&
        grow(&f->hardware, sizeof(*f->hardware), count) &&
        grow(&sim->room.part, sizeof(*sim->room.part), count) &&
        grow(&sim->room.entry, sizeof(*sim->room.entry), count) &&
        grow(&sim->room.place, sizeof(*sim->room.place), count))
        return CLI_DONE;
    return cli_fail_memory(sim->cli);
}

static int32_t offset(const struct policy_zone *self, int64_t t, int64_t *ret_until)
{
    struct cli_sim_zone *z = (struct cli_sim_zone *)(uintptr_t)self;

    if (t < z->from || t >= z->until) {
        z->offset = host_zone_offset(z->host, t, &z->until);
        z->from = t;
    }
    *ret_until = z->until;
    return z->offset;
}

const struct policy_zone *cli_sim_zone(struct cli_sim_fleet *fleet, const char *name)
{
    const struct host_zone *host = host_zone_find(name);
    unsigned i = 0;

    while (i < fleet->zones && fleet->zone[i].host != host)
        i++;
    if (host == NULL || i == CLI_SIM_ZONES)
        return NULL;
    if (i == fleet->zones)
        fleet->zone[fleet->zones++] = (struct cli_sim_zone){.zone.offset = offset, .host = host};
    return &fleet->zone[i].zone;
}

uint16_t cli_sim_site(struct cli_sim_fleet *fleet, const char *tag)
{
    unsigned i = 0;

    while (i < fleet->sites && strcmp(fleet->site[i], tag) != 0)
        i++;
    if (i == SIM_SITES)
        return SIM_NO_SITE;
    if (i == fleet->sites)
        snprintf(fleet->site[fleet->sites++], OTTER_NAME_BUF, "%s", tag);
    return (uint16_t)i;
}

void cli_sim_place(struct cli_sim *sim, uint32_t i)
{
    uint8_t seed[POLICY_SEED_LEN] = {0};

    otter_put_le32(seed, (uint32_t)sim->model.seed);
    otter_put_le32(seed + 4, (uint32_t)(sim->model.seed >> 32));
    sim->fleet.device[i].position = policy_position(&otter_crypto_openssl, seed, sim->fleet.id[i]);
}

/* ---- the server's ---- */

struct fetching {
    struct cli_pages pages;
    struct cli_sim *sim;
    unsigned phase; /* whose group is asked for */
};

static void read_running(const json_t *json, const struct otter_manifest *m, struct otter_running *ret)
{
    const char *slot = cli_member_text(json, "slot"), *version = cli_member_text(json, "version"),
               *sha = cli_member_text(json, "sha256");

    *ret = (struct otter_running){
        .slot = m->image_count > 0 && m->image[0].slot == OTTER_SLOT_A ? OTTER_SLOT_B : OTTER_SLOT_A,
        .confirmed = true};
    if (!json_is_object(json))
        return; /* it has not polled yet: whatever it runs, let it fit */
    (void)otter_version_parse(version, strlen(version), &ret->version);
    (void)otter_slot_parse(slot, strlen(slot), &ret->slot);
    (void)otter_hex_decode(sha, strlen(sha), ret->sha256.b, OTTER_DIGEST_LEN);
    ret->confirmed = json_is_true(json_object_get(json, "confirmed"));
}

static uint16_t site_of(struct cli_sim *sim, const json_t *tags)
{
    size_t len = strlen(sim->plan.site_prefix), i;
    const json_t *tag;

    json_array_foreach(tags, i, tag)
    {
        if (len > 0 && strncmp(json_string_value(tag), sim->plan.site_prefix, len) == 0)
            return cli_sim_site(&sim->fleet, json_string_value(tag));
    }
    return SIM_NO_SITE;
}

static const struct policy_zone *zone_of(struct cli_sim *sim, const json_t *json)
{
    const char *own = cli_member_text(json_object_get(json, "attributes"), "tz");
    const struct policy_zone *zone = *own ? cli_sim_zone(&sim->fleet, own) : NULL;

    if (zone == NULL && sim->plan.zone[0])
        zone = cli_sim_zone(&sim->fleet, sim->plan.zone);
    return zone;
}

static bool pinned_elsewhere(const struct cli_sim *sim, const json_t *json)
{
    const json_t *pinned = json_object_get(json, "pinned");

    return json_is_object(pinned) && strcmp(cli_member_text(pinned, "release"), sim->release) != 0;
}

static void take_device(struct cli_sim *sim, const json_t *json, uint32_t i)
{
    struct cli_sim_fleet *f = &sim->fleet;
    const json_t *pose = json_object_get(json, "polls_as");
    int64_t seen = json_integer_value(json_object_get(json, "last_seen"));

    if (!json_is_object(pose))
        pose = json;
    snprintf(f->id[i], OTTER_NAME_BUF, "%s", cli_member_text(json, "id"));
    snprintf(f->product[i], OTTER_NAME_BUF, "%s", cli_member_text(pose, "product"));
    snprintf(f->hardware[i], OTTER_NAME_BUF, "%s", cli_member_text(pose, "hardware"));
    read_running(json_object_get(json, "running"), &sim->manifest, &f->running[i]);
    f->device[i] =
        (struct sim_device){.zone = zone_of(sim, json),
                            .epoch = (uint64_t)json_integer_value(json_object_get(json, "epoch")),
                            .sequence = (uint64_t)json_integer_value(json_object_get(json, "sequence")),
                            .interval_s = sim->interval_s,
                            .site = site_of(sim, json_object_get(json, "tags")),
                            .in_target = true,
                            .retired = json_is_object(json_object_get(json, "retired")),
                            .held = json_is_object(json_object_get(json, "held")),
                            .pinned_elsewhere = pinned_elsewhere(sim, json),
                            .away = seen + sim->away_s < (int64_t)sim->cli->now};
    cli_sim_place(sim, i);
}

/* Those of another product or hardware are none of the rollout's. */
static bool fits(const struct cli_sim *sim, const json_t *json)
{
    const char *hardware = cli_member_text(json, "hardware");

    for (unsigned i = 0; i < sim->manifest.hardware_count; i++)
        if (strcmp(sim->manifest.hardware[i], hardware) == 0)
            return strcmp(sim->manifest.product, cli_member_text(json, "product")) == 0;
    return false;
}

static enum cli_exit take_page(struct cli_pages *self, struct cli *cli, const json_t *items)
{
    struct cli_sim *sim = OTTER_CONTAINER_OF(self, struct fetching, pages)->sim;
    enum cli_exit code = cli_sim_room(sim, sim->fleet.count + (uint32_t)json_array_size(items) + 1);
    const json_t *item;
    size_t i;

    (void)cli;
    if (code != CLI_DONE)
        return code;
    json_array_foreach(items, i, item)
    {
        if (fits(sim, item))
            take_device(sim, item, sim->fleet.count++);
    }
    return CLI_DONE;
}

static int by_id(const void *id, const void *row)
{
    return strcmp(id, row);
}

/* Who is in the group: pages are sorted by id, and so is what was taken of them. */
static enum cli_exit take_members(struct cli_pages *self, struct cli *cli, const json_t *items)
{
    struct fetching *f = OTTER_CONTAINER_OF(self, struct fetching, pages);
    struct cli_sim_fleet *fleet = &f->sim->fleet;
    const json_t *item;
    size_t i;

    (void)cli;
    json_array_foreach(items, i, item)
    {
        const char(*found)[OTTER_NAME_BUF] =
            bsearch(cli_member_text(item, "id"), fleet->id, fleet->count, sizeof(*fleet->id), by_id);

        if (found != NULL)
            fleet->device[found - (const char(*)[OTTER_NAME_BUF])fleet->id].group_bits |= 1u << f->phase;
    }
    return CLI_DONE;
}

static enum cli_exit fetch_groups(struct cli_sim *sim)
{
    enum cli_exit code = CLI_DONE;

    for (unsigned i = 0; i < sim->plan.phase_count && code == CLI_DONE; i++) {
        struct fetching f = {.pages = {.page = take_members}, .sim = sim, .phase = i};
        char filter[OTTER_NAME_BUF + 16];

        if (sim->plan.phase[i].width != POLICY_WIDTH_GROUP)
            continue;
        snprintf(filter, sizeof(filter), "group == %s", sim->plan.phase[i].group);
        code = cli_api_pages(sim->cli, "/api/v1/devices", filter, "id", UINT64_MAX, &f.pages);
    }
    return code;
}

static bool sorted(const struct cli_sim_fleet *f)
{
    for (uint32_t i = 1; i < f->count; i++)
        if (strcmp(f->id[i - 1], f->id[i]) > 0)
            return false;
    return true;
}

enum cli_exit cli_sim_fetch(struct cli_sim *sim)
{
    struct fetching f = {.pages = {.page = take_page}, .sim = sim};
    enum cli_exit code = cli_api_pages(sim->cli, "/api/v1/devices", sim->target, "id", UINT64_MAX, &f.pages);

    if (code == CLI_DONE && sim->fleet.count == 0)
        return cli_fail(sim->cli, CLI_REFUSED,
                        "the target selects no device of product %s on the release's hardware",
                        sim->manifest.product);
    if (code == CLI_DONE && !sorted(&sim->fleet))
        return cli_fail(sim->cli, CLI_UNREACHABLE, "the server's list of devices is not sorted by id");
    return code == CLI_DONE ? fetch_groups(sim) : code;
}
