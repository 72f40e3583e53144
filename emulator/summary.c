#include "summary.h"

#include "core/bytes.h"

#include <inttypes.h>
#include <string.h>

static void add_version(struct emu_summary *s, const struct otter_version *v)
{
    uint32_t at = 0;

    while (at < s->version_count && otter_version_compare(&s->version[at].version, v) < 0)
        at++;
    if (at < s->version_count && otter_version_compare(&s->version[at].version, v) == 0) {
        s->version[at].devices++;
        return;
    }
    if (s->version_count == EMU_VERSIONS_MAX) {
        s->other_versions++;
        return;
    }
    memmove(&s->version[at + 1], &s->version[at], (s->version_count - at) * sizeof(s->version[0]));
    s->version[at].version = *v;
    s->version[at].devices = 1;
    s->version_count++;
}

void emu_summary_add(struct emu_summary *s, const struct emu_expect *expect, const struct emu_outcome *o)
{
    s->devices++;
    s->met += emu_expect_met(expect, o);
    s->idle += emu_outcome_idle(o);
    if (o->has_version)
        add_version(s, &o->version);
    else
        s->no_version++;
    s->stand[o->stand]++;
    if (o->has_report)
        s->state[o->state]++;
    if (o->reason != OTTER_OK)
        s->reason[o->reason]++;
    if (o->error != OTTER_OK)
        s->error[o->error]++;
}

static void put(json_t *object, const char *name, uint64_t value)
{
    (void)json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *versions_json(const struct emu_summary *s)
{
    json_t *object = json_object();

    for (uint32_t i = 0; i < s->version_count; i++) {
        char text[OTTER_VERSION_STR];

        otter_version_format(&s->version[i].version, text);
        put(object, text, s->version[i].devices);
    }
    if (s->other_versions > 0)
        put(object, "other", s->other_versions);
    if (s->no_version > 0)
        put(object, "none", s->no_version);
    return object;
}

static json_t *statuses_json(const uint32_t count[OTTER_STATUS_COUNT])
{
    json_t *object = json_object();

    for (unsigned i = OTTER_OK + 1; i < OTTER_STATUS_COUNT; i++)
        if (count[i] > 0)
            put(object, otter_status_name((enum otter_status)i), count[i]);
    return object;
}

json_t *emu_summary_json(const struct emu_summary *s, bool ok, double seconds)
{
    const struct {
        const char *name;
        uint64_t value;
    } totals[] = {
        {"reverts", s->total.reverts},
        {"boots", s->total.boots},
        {"watchdogs", s->total.watchdogs},
        {"cuts", s->total.cuts},
        {"polls", s->total.polls},
        {"bytes", s->total.received},
        {"sent", s->total.sent},
        {"drops", s->total.drops},
        {"corrupted", s->total.corrupted},
        {"sockets", s->total.sockets},
        {"tls_handshakes", s->total.handshakes},
        {"tls_resumed", s->total.resumed},
        {"flash_operations", s->total.operations},
        {"flash_erases", s->total.erases},
        {"flash_stored", s->total.stored},
        {"flash_held", s->total.held},
    };
    json_t *j = json_object();
    json_t *stands = json_object(), *states = json_object();

    for (unsigned i = 0; i < EMU_STAND_COUNT; i++)
        if (s->stand[i] > 0)
            put(stands, emu_stand_name((enum emu_stand)i), s->stand[i]);
    for (unsigned i = 0; i < OTTER_UPDATE_STATE_COUNT; i++)
        if (s->state[i] > 0)
            put(states, otter_update_state_name((enum otter_update_state)i), s->state[i]);
    (void)json_object_set_new(j, "ok", json_boolean(ok));
    put(j, "devices", s->devices);
    put(j, "met", s->met);
    put(j, "idle", s->idle);
    (void)json_object_set_new(j, "by_version", versions_json(s));
    (void)json_object_set_new(j, "by_state", stands);
    (void)json_object_set_new(j, "by_report", states);
    (void)json_object_set_new(j, "reasons", statuses_json(s->reason));
    (void)json_object_set_new(j, "errors", statuses_json(s->error));
    (void)json_object_set_new(j, "failures", statuses_json(s->failure));
    for (size_t i = 0; i < OTTER_ARRAY_LEN(totals); i++)
        put(j, totals[i].name, totals[i].value);
    put(j, "milliseconds", (uint64_t)(seconds * 1000));
    return j;
}

void emu_summary_print(FILE *out, const struct emu_summary *s, bool ok, double seconds)
{
    fprintf(out, "%" PRIu32 " devices, %.1f s: %s\n", s->devices, seconds,
            ok ? "as expected" : "NOT as expected");
    for (uint32_t i = 0; i < s->version_count; i++) {
        char text[OTTER_VERSION_STR];

        otter_version_format(&s->version[i].version, text);
        fprintf(out, "  version %-14s %6" PRIu32 "\n", text, s->version[i].devices);
    }
    for (unsigned i = 0; i < EMU_STAND_COUNT; i++)
        if (s->stand[i] > 0)
            fprintf(out, "  %-22s %6" PRIu32 "\n", emu_stand_name((enum emu_stand)i), s->stand[i]);
    for (unsigned i = OTTER_OK + 1; i < OTTER_STATUS_COUNT; i++)
        if (s->reason[i] > 0)
            fprintf(out, "  refused: %-13s %6" PRIu32 "\n", otter_status_name((enum otter_status)i),
                    s->reason[i]);
    for (unsigned i = OTTER_OK + 1; i < OTTER_STATUS_COUNT; i++)
        if (s->error[i] > 0)
            fprintf(out, "  poll fails: %-15s %6" PRIu32 "  (%s)\n", otter_status_name((enum otter_status)i),
                    s->error[i], otter_status_meaning((enum otter_status)i));
    fprintf(out,
            "  %" PRIu64 " boots, %" PRIu64 " reverts, %" PRIu64 " watchdog resets, %" PRIu64
            " power cuts, %" PRIu64 " polls, %.1f MB received\n",
            s->total.boots, s->total.reverts, s->total.watchdogs, s->total.cuts, s->total.polls,
            (double)s->total.received / 1e6);
    if (s->total.handshakes > 0)
        fprintf(out, "  %" PRIu64 " TLS handshakes, %" PRIu64 " of them resumed\n", s->total.handshakes,
                s->total.resumed);
}

void emu_summary_progress(char *out, size_t cap, const struct emu_summary *s, double seconds)
{
    size_t at = (size_t)snprintf(out, cap, "%5.0f s ", seconds);

    for (uint32_t i = 0; i < s->version_count && at < cap; i++) {
        char text[OTTER_VERSION_STR];

        otter_version_format(&s->version[i].version, text);
        at += (size_t)snprintf(out + at, cap - at, " %s: %" PRIu32, text, s->version[i].devices);
    }
    if (at < cap)
        snprintf(out + at, cap - at, "  trial: %" PRIu32 "  polls: %" PRIu64 "  %.1f MB",
                 s->stand[EMU_STAND_TRIAL], s->total.polls, (double)s->total.received / 1e6);
}
