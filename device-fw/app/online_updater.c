#include "app/online.h"

#include "app/wire.h"
#include "core/bytes.h"
#include "port/board.h"
#include "port/console.h"
#include "port/tune.h"
#include "updater/updater.h"

#include <string.h>

static struct online {
    struct otter_client_hooks hooks;
    struct otter_updater updater;
    struct otter_client_timing timing;
    const struct health *health;
    bool fails;
    bool was_up;                      /* the link, as it was said last */
    char address[OTTER_ADDRESS_TEXT]; /* likewise */
} online;

/* ---- hooks ---- */

static enum otter_selftest_result self_test(struct otter_client_hooks *self)
{
    const struct online *o = OTTER_CONTAINER_OF(self, struct online, hooks);

    return o->fails ? OTTER_SELFTEST_FAILED : health_test(o->health);
}

/* update: STATE REASON text; a dash where the event belongs to no attempt. */
static void event(struct otter_client_hooks *self, enum otter_update_state state, enum otter_status reason,
                  const char *text)
{
    (void)self;
    console_text("update: ");
    console_text(state == OTTER_UPDATE_STATE_COUNT ? "-" : otter_update_state_name(state));
    console_text(" ");
    console_text(otter_status_name(reason));
    console_text(" ");
    console_line(text);
    if (state == OTTER_UPDATE_SUCCEEDED)
        console_line("app: confirmed");
}

/* ---- the network, when it changes ---- */

static void watch_network(struct online *o)
{
    struct otter_updater_view view;

    otter_updater_view(&o->updater, &view);
    if (view.link != o->was_up)
        console_line(view.link ? "net: link up" : "net: link down");
    if (strcmp(view.address, o->address) != 0 && view.address[0] != '\0')
        console_pair("net: address", view.address);
    o->was_up = view.link;
    memcpy(o->address, view.address, sizeof(o->address));
}

/* ---- */

void online_init(const struct identity *identity, const struct health *health, bool fails)
{
    static const char attributes[] = "{\"app\":\"" APP_VERSION "\"}";
    struct online *o = &online;
    enum otter_status status;

    o->health = health;
    o->fails = fails;
    o->hooks = (struct otter_client_hooks){.self_test = self_test, .event = event, .attributes = attributes};
    o->timing = otter_client_timing_default;
    board_tune(&o->timing);
    status = otter_updater_init(&o->updater,
                                &(struct otter_updater_config){
                                    .flash = board_flash(),
                                    .link = wire_link(),
                                    .random = board_random(),
                                    .handover = board_handover(),
                                    .hooks = &o->hooks,
                                    .timing = &o->timing,
                                    .link_slot = identity->slot,
                                },
                                board_ms());
    if (status != OTTER_OK)
        console_pair("update: off", otter_status_name(status));
}

uint32_t online_step(uint64_t now_ms)
{
    struct otter_updater_next next = otter_updater_step(&online.updater, now_ms);

    watch_network(&online);
    if (next.want_reset) {
        console_line("app: reset");
        board_reset();
    }
    return next.idle_ms;
}
