/* Phases of a rollout as they are dealt and opened, and the list of what happened to it. */
#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

struct rollout_scope rollout_scope_of(const struct svc *svc, const struct catalog_rollout *r)
{
    bool closed = !r->plan.join && (r->members || r->row.phase > 0);

    return (struct rollout_scope){.c = svc->catalog,
                                  .now = svc_now(svc),
                                  .manifest = &r->release->manifest,
                                  .target = &r->target,
                                  .plan = &r->plan,
                                  .seed = r->row.seed,
                                  .closed = closed,
                                  .members = r->members,
                                  .members_len = r->members_len};
}

void rollout_enter(struct svc *svc, struct store_rollout *row, enum policy_rollout_state state,
                   const char *why)
{
    (void)snprintf(row->state, sizeof(row->state), "%s", policy_rollout_state_name(state));
    (void)snprintf(row->state_reason, sizeof(row->state_reason), "%s", why);
    row->state_at = svc_now(svc);
}

/* What an operator did is in the audit log by his call; this is what otterd does by itself. */
static enum otter_status audit_own(struct svc *svc, const struct store_rollout_event *row, json_t *detail)
{
    char act[AUDIT_ACT_MAX + 1], subject[32];

    (void)snprintf(act, sizeof(act), "rollout-%s", row->kind);
    (void)snprintf(subject, sizeof(subject), "rollout %lld", (long long)row->rollout);
    return audit_note(svc, "", act, subject, json_incref(detail));
}

enum otter_status rollout_event(struct svc *svc, int64_t rollout, const char *kind, const char *who,
                                json_t *detail)
{
    auto_json json_t *json = detail;
    auto_free char *text = json ? host_json_dump(json, NULL) : NULL;
    struct store_rollout_event row = {
        .rollout = rollout, .at = svc_now(svc), .kind = kind, .who = who, .detail = text};
    enum otter_status status;

    if (!text)
        return OTTER_INTERNAL;
    status = svc->writer->ops->rollout_event_add(svc->writer, &row);
    return status == OTTER_OK && !*who ? audit_own(svc, &row, json) : status;
}

static void take_share(struct store_phase *phase, const struct policy_phase_share *share)
{
    phase->upto = share->upto;
    phase->devices = share->devices;
    phase->widened = share->widened;
}

void rollout_deal(const struct policy_plan *plan, const struct rollout_places *places,
                  struct store_rollout *row)
{
    struct policy_phase_share shares[POLICY_PHASES_MAX];

    policy_phases_deal(plan, places->place, places->count, shares);
    for (unsigned i = 0; i < plan->phase_count; i++)
        take_share(&row->phases[i], &shares[i]);
}

/* As they were dealt; one that opens is dealt anew. */
json_t *rollout_shares(const struct store_rollout *row)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < row->phase_count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:I, s:I, s:b}", "upto", (json_int_t)row->phases[i].upto, "devices",
                            (json_int_t)row->phases[i].devices, "widened", (int)row->phases[i].widened));
    return list;
}

enum otter_status rollout_open_next(struct svc *svc, const struct catalog_rollout *r,
                                    struct store_rollout *row, const char *who)
{
    struct rollout_scope scope = rollout_scope_of(svc, r);
    struct store_phase *p = &row->phases[row->phase];
    uint64_t from = row->phase > 0 ? row->phases[row->phase - 1].upto : 0;
    struct policy_phase_share share;
    struct rollout_places places;

    if (rollout_places(svc, &scope, &places)) { /* without memory the plan of the creation stands */
        share = policy_phase_deal(&r->plan, row->phase, from, places.place, places.count);
        take_share(p, &share);
        rollout_places_free(&places);
    }
    if (p->upto < from)
        p->upto = from;
    p->opened = svc_now(svc);
    row->phase++;
    row->through_at = 0;
    row->state_reason[0] = '\0';
    return rollout_event(svc, row->id, "phase-opened", who,
                         json_pack("{s:I, s:I, s:I, s:b}", "phase", (json_int_t)row->phase, "upto",
                                   (json_int_t)p->upto, "devices", (json_int_t)p->devices, "widened",
                                   (int)p->widened));
}
