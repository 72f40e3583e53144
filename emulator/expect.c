#include "expect.h"

#include "core/bytes.h"

#include <string.h>

const char *emu_stand_name(enum emu_stand stand)
{
    static const char *const names[EMU_STAND_COUNT] = {"off",  "confirmed",        "trial",
                                                       "hung", "nothing-bootable", "silent"};

    return (unsigned)stand < EMU_STAND_COUNT ? names[stand] : "?";
}

void emu_outcome_event(struct emu_outcome *o, enum otter_update_state state, enum otter_status reason)
{
    if ((unsigned)state >= OTTER_UPDATE_STATE_COUNT)
        return;
    o->quiet = 0;
    o->has_report = true;
    o->state = state;
    if (otter_update_finished(state))
        o->reason = reason; /* "succeeded" comes with OK */
    else if (reason == OTTER_OK && state <= OTTER_UPDATE_DOWNLOADING)
        o->reason = OTTER_OK; /* a new attempt */
}

bool emu_expect_parse(const char *s, struct emu_expect *ret)
{
    static const char prefix[] = "version=";
    enum emu_stand stand = EMU_STAND_CONFIRMED;
    struct otter_version version;
    size_t len;

    if (strncmp(s, prefix, sizeof(prefix) - 1) == 0)
        s += sizeof(prefix) - 1;
    len = strcspn(s, ":");
    if (!otter_version_parse(s, len, &version))
        return false;
    if (strcmp(s + len, ":trial") == 0)
        stand = EMU_STAND_TRIAL;
    else if (s[len] != '\0' && strcmp(s + len, ":confirmed") != 0)
        return false;
    ret->has_version = true;
    ret->version = version;
    ret->has_stand = true;
    ret->stand = stand;
    return true;
}

bool emu_expect_reason_parse(const char *s, struct emu_expect *ret)
{
    size_t len = strlen(s);
    enum otter_status reason = len <= 64 ? otter_status_find(s, (unsigned)len) : OTTER_STATUS_COUNT;

    if (reason == OTTER_STATUS_COUNT || reason == OTTER_OK)
        return false;
    ret->has_reason = true;
    ret->reason = reason;
    return true;
}

bool emu_expect_any(const struct emu_expect *e)
{
    return e->has_version || e->has_reason;
}

bool emu_expect_met(const struct emu_expect *e, const struct emu_outcome *o)
{
    if (e->has_version && (!o->has_version || otter_version_compare(&e->version, &o->version) != 0))
        return false;
    if (e->has_stand && o->stand != e->stand)
        return false;
    if (e->has_reason && o->reason != e->reason && o->error != e->reason)
        return false;
    if (e->has_reason && o->error == e->reason && otter_status_group(e->reason) == 'T')
        return true; /* it cannot reach the server, and so it never settles */
    return o->settled || (e->has_stand && e->stand == EMU_STAND_TRIAL);
}

bool emu_expect_reached(const struct emu_expect *e, uint32_t met, uint32_t total)
{
    return met >= (e->count > 0 ? e->count : total);
}

bool emu_outcome_idle(const struct emu_outcome *o)
{
    if (o->stand == EMU_STAND_NOTHING || o->stand == EMU_STAND_SILENT)
        return true;
    return o->stand == EMU_STAND_CONFIRMED && o->settled && o->quiet >= EMU_IDLE_POLLS;
}
