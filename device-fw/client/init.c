/* Who we are, from flash: the beginning of a boot. */
#include "client/backoff.h"
#include "client/internal.h"

#include <string.h>

/* The running image's digest and version, re-hashed from flash. */
static enum otter_status read_running(struct otter_client *c, enum otter_slot slot)
{
    const struct otter_slot_layout *layout = &c->config.flash->map->slot[slot];
    struct otter_flash_source source;
    struct otter_digest hash;
    enum otter_status status;

    otter_flash_source_init(&source, c->config.flash, layout->base, layout->size - layout->trailer_size);
    status = otter_image_inspect(&source.source, &c->running);
    if (status != OTTER_OK)
        return status;
    status =
        otter_image_digest(c->config.crypto, &source.source, &c->running, &c->facts.running.sha256, &hash);
    c->facts.running.version = c->running.header.version;
    c->facts.running.slot = slot;
    c->facts.running.confirmed = !c->on_trial;
    return status;
}

/* What counts as confirmed: the journal's entry, else the factory's floors. */
static void read_floors(struct otter_client *c)
{
    const struct otter_confirmed *confirmed = &c->config.journal->live.confirmed;

    c->facts.epoch = confirmed->present ? confirmed->epoch : c->root.sequence_epoch;
    c->facts.sequence = confirmed->present ? confirmed->sequence : c->config.factory->sequence;
    c->facts.counter_floor = confirmed->present ? confirmed->counter : 0;
    if (!c->on_trial && c->running.has_counter && c->running.counter > c->facts.counter_floor)
        c->facts.counter_floor = c->running.counter;
}

static enum otter_status read_servers(struct otter_client *c)
{
    const struct otter_factory *factory = c->config.factory;

    if (!otter_url_parse(factory->url[0], &c->server[0]))
        return OTTER_BAD_VALUE;
    c->server_count = 1;
    if (factory->url[1][0] != '\0' && otter_url_parse(factory->url[1], &c->server[1]))
        c->server_count = 2;
    return OTTER_OK;
}

static enum otter_status identify(struct otter_client *c)
{
    const struct otter_client_config *config = &c->config;
    const struct otter_flash_map *map = config->flash->map;
    const struct otter_handover *handover = config->handover;
    enum otter_status status;

    if (handover == NULL || !otter_handover_valid(handover))
        return OTTER_SLOT_CONFUSED;
    c->on_trial = handover->trial != 0; /* switched off or not, a trial ends by its deadline */
    if (config->link_slot > OTTER_SLOT_B || handover->slot != (uint8_t)config->link_slot)
        return OTTER_SLOT_CONFUSED;
    if (config->factory == NULL)
        return OTTER_UNKNOWN_DEVICE;
    if (strcmp(config->factory->hardware, map->hardware) != 0)
        return OTTER_WRONG_HARDWARE;
    c->facts.device = config->factory->device;
    c->facts.product = config->factory->product;
    c->facts.hardware = config->factory->hardware;
    c->facts.slot[0] = map->slot[0];
    c->facts.slot[1] = map->slot[1];
    status = read_running(c, config->link_slot);
    if (status == OTTER_OK)
        status = read_servers(c);
    if (status == OTTER_OK)
        status = otter_roots_load(c);
    return status;
}

enum otter_status otter_client_init(struct otter_client *c, const struct otter_client_config *config,
                                    uint64_t now_ms)
{
    memset(c, 0, sizeof(*c));
    c->config = *config;
    c->timing = config->timing != NULL ? *config->timing : otter_client_timing_default;
    c->boot_ms = c->verified_ms = c->fresh_ms = c->roots_ms = c->ended_ms = now_ms;
    c->said_state = OTTER_UPDATE_STATE_COUNT;
    c->off_reason = identify(c);
    if (c->off_reason != OTTER_OK) {
        c->phase = OTTER_PHASE_OFF;
        return c->off_reason;
    }
    read_floors(c);
    c->fresh = true;
    c->roots_due = true;
    c->failures = config->journal->live.failures;
    c->ended = config->journal->live.ended;
    c->phase = OTTER_PHASE_IDLE;
    c->next_poll_ms = now_ms;
    /* A boot does not undo a long back-off: devices that reset in a loop would forget it each time. */
    if (c->failures > 0 && !c->on_trial)
        c->next_poll_ms += otter_backoff_ms(c->failures, c->timing.backoff_first_ms, c->timing.backoff_max_ms,
                                            otter_client_random(c));
    otter_trial_settle(c);
    otter_roots_revoke(c);
    return OTTER_OK;
}
