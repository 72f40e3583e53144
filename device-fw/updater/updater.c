#include "updater/updater.h"

#include "boot/keys.h"
#include "crypto/crypto_bearssl.h"
#include "updater/secure.h"
#include "updater/settings.h"

#include <string.h>

#define RETRY_MS 60000u /* flash that cannot be read */

/* ---- beginning ---- */

static enum otter_status load_factory(struct otter_updater *u)
{
    enum otter_status status = otter_settings_read(u->config.flash, u->raw, &u->factory);

    if (status == OTTER_OK)
        status = otter_settings_override(&u->factory, &u->config);
    u->has_factory = status == OTTER_OK;
    if (u->has_factory)
        otter_image_keys_init(&otter_crypto_bearssl, &u->factory, &u->keys);
    return status;
}

/* Once: TCP/IP, whose controller it asks again as long as it does not answer. */
static void start_stack(struct otter_updater *u)
{
    (void)otter_stack_init(&u->stack, u->config.link, u->factory.mac, u->factory.device, u->config.random);
    u->has_stack = true;
}

/* Behind load_factory, which uses the same memory. */
static enum otter_status start_client(struct otter_updater *u, uint64_t now)
{
    const struct otter_updater_config *own = &u->config;
    const struct otter_client_config config = {
        .flash = own->flash,
        .journal = &u->journal,
        .net = otter_updater_secure(&u->stream.net, own->random, own->wall_clock),
        .random = own->random,
        .crypto = &otter_crypto_bearssl,
        .factory = u->has_factory ? &u->factory : NULL,
        .keys = &u->keys,
        .handover = own->handover,
        .hooks = own->hooks,
        .timing = own->timing,
        .link_slot = own->link_slot,
        .ram = own->ram,
    };

    otter_lwip_net_init(&u->stream, &u->stack);
    return otter_client_init(&u->client, &config, now);
}

static enum otter_status begin(struct otter_updater *u, uint64_t now)
{
    enum otter_status factory = load_factory(u);
    enum otter_status status = otter_journal_open(&u->journal, u->config.flash);

    u->has_journal = status == OTTER_OK;
    if (!u->has_journal) {
        memset(&u->client, 0, sizeof(u->client)); /* it is shown, as one that is off */
        return status;
    }
    status = start_client(u, now);
    if (status == OTTER_OK)
        start_stack(u);
    /* Without factory data the client knows no more than that. */
    return status == OTTER_UNKNOWN_DEVICE ? factory : status;
}

enum otter_status otter_updater_init(struct otter_updater *u, const struct otter_updater_config *config,
                                     uint64_t now_ms)
{
    memset(u, 0, sizeof(*u));
    u->config = *config;
    u->boot_ms = now_ms;
    u->retry_ms = now_ms + RETRY_MS;
    u->off = begin(u, now_ms);
    return u->off;
}

/* ---- going on ---- */

static void retry(struct otter_updater *u, uint64_t now)
{
    if (u->has_journal || now < u->retry_ms)
        return;
    u->retry_ms = now + RETRY_MS;
    u->off = begin(u, now);
}

/* Without a journal there is no client that would end a trial. */
static bool trial_is_over(const struct otter_updater *u, uint64_t now)
{
    const struct otter_client_timing *timing =
        u->config.timing != NULL ? u->config.timing : &otter_client_timing_default;
    const struct otter_handover *handover = u->config.handover;

    return handover != NULL && otter_handover_valid(handover) && handover->trial != 0 &&
           now - u->boot_ms >= timing->trial_deadline_ms;
}

static uint32_t until(uint64_t wake_ms, uint64_t now, uint32_t at_most)
{
    if (wake_ms <= now)
        return 0;
    return wake_ms - now < at_most ? (uint32_t)(wake_ms - now) : at_most;
}

struct otter_updater_next otter_updater_step(struct otter_updater *u, uint64_t now_ms)
{
    struct otter_updater_next ret = {.idle_ms = OTTER_UPDATER_IDLE_MS};
    struct otter_client_next next;
    uint32_t timer;

    retry(u, now_ms);
    if (!u->has_journal) {
        ret.want_reset = trial_is_over(u, now_ms);
        return ret;
    }
    if (u->has_stack) {
        timer = otter_stack_poll(&u->stack, now_ms);
        ret.idle_ms = timer < ret.idle_ms ? timer : ret.idle_ms;
    }
    next = otter_client_step(&u->client, now_ms);
    ret.want_reset = next.want == OTTER_WANT_RESET;
    ret.idle_ms = next.want == OTTER_WANT_STEP ? 0 : until(next.wake_ms, now_ms, ret.idle_ms);
    return ret;
}

void otter_updater_view(const struct otter_updater *u, struct otter_updater_view *ret)
{
    memset(ret, 0, sizeof(*ret));
    otter_client_view(&u->client, &ret->client);
    ret->off = u->off;
    ret->link = u->has_stack && otter_stack_has_link(&u->stack);
    if (u->has_stack)
        otter_stack_address(&u->stack, ret->address);
}

void otter_updater_poll_now(struct otter_updater *u)
{
    otter_client_poll_now(&u->client);
}
