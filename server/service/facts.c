#include "service/facts.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

static void of_rollout(const struct catalog *c, const struct catalog_rollout *r, struct policy_facts *f)
{
    f->manifest = &r->release->manifest;
    f->plan = &r->plan;
    f->state = r->state;
    f->open_phase = r->row.phase;
    f->withdrawn = r->release->withdrawn != 0;
    f->pruned = r->release->pruned != 0;
    f->frozen = c->freeze.since != 0;
    f->root_epoch = c->root.sequence_epoch;
}

static void of_marks(const struct fleet_device *d, const struct catalog_rollout *r, struct policy_facts *f)
{
    f->retired = (d->marks & FLEET_RETIRED) != 0;
    f->held = (d->marks & FLEET_HELD) != 0;
    f->pinned_elsewhere = (d->marks & FLEET_PINNED) != 0 && fleet_pin(d) != (uint32_t)r->release->num;
}

void facts_of_running(const struct fleet_device *d, struct otter_running *ret)
{
    *ret = (struct otter_running){.version = d->said->version,
                                  .sha256 = d->said->sha256,
                                  .slot = (enum otter_slot)d->slot,
                                  .confirmed = (d->flags & FLEET_CONFIRMED) != 0};
}

static void of_pose(const struct fleet_device *d, struct policy_facts *f)
{
    const struct fleet_kind *pose = fleet_pose_of(d); /* kinds are never freed */

    f->product = pose->product;
    f->hardware = pose->hardware;
    f->epoch = d->said->epoch;
    f->sequence = d->said->sequence;
}

static void of_poll(const struct otter_poll *poll, struct policy_facts *f)
{
    f->product = poll->product;
    f->hardware = poll->hardware;
    f->epoch = poll->epoch;
    f->sequence = poll->sequence;
    f->attempt_elsewhere = false; /* polls with an open attempt are answered with that one */
}

/* Memory knows the newest attempt. Where it was lost, how often before is the store's to say: once, as far
 * as memory knows, and long ago. */
static void of_attempt(const struct fleet_device *d, const struct catalog_rollout *r,
                       struct device_facts *ret)
{
    bool here = d->attempt != 0 && d->attempt_rollout == (uint32_t)r->row.id;

    ret->took_part = ret->took_part || here;
    ret->f.attempt_ended = here && device_attempt_over(d);
    ret->f.attempt_elsewhere = !here && device_attempt_open(d);
    if (ret->f.attempt_ended && events_is_lost((enum otter_update_state)d->attempt_state)) {
        ret->f.losses_here = 1;
        ret->f.last_reason = (enum otter_status)d->attempt_reason;
    }
}

static void of_target(const struct facts_view *v, const struct catalog_rollout *r, struct device_facts *ret)
{
    ret->f.in_target = ret->took_part || policy_target_matches(&r->target, &v->subject);
    ret->target_until = ret->took_part ? 0 : policy_target_changes_at(&r->target, &v->subject);
}

static void of_phase(const struct store_rollout *row, struct device_facts *ret)
{
    uint64_t upto[POLICY_PHASES_MAX];

    for (unsigned i = 0; i < POLICY_PHASES_MAX; i++)
        upto[i] = i < row->phase_count ? row->phases[i].upto : 0;
    ret->f.device_phase = policy_phase_of(ret->f.plan, upto, ret->group_bits, ret->position);
    ret->f.open_phase = row->phase;
}

void facts_site(const struct policy_plan *plan, const struct fleet_device *d, char ret[OTTER_NAME_BUF])
{
    size_t len = strlen(plan->site_prefix);

    ret[0] = '\0';
    if (plan->site_bytes_per_s == 0)
        return;
    for (const char *tag = fleet_pack_next(fleet_tags(d), NULL); tag;
         tag = fleet_pack_next(fleet_tags(d), tag)) {
        if (strncmp(tag, plan->site_prefix, len) != 0)
            continue;
        (void)snprintf(ret, OTTER_NAME_BUF, "%s", tag);
        return;
    }
}

int64_t facts_ramp_since(const struct store_rollout *row)
{
    int64_t opened =
        row->phase > 0 && row->phase <= row->phase_count ? row->phases[row->phase - 1].opened : 0;

    return opened > row->resumed_at ? opened : row->resumed_at;
}

/* By the clock of the meters, which is never set. What was opened before the clock was set back is through
 * with its ramp: at its start it would stay for as long. */
static int64_t ramp_since(const struct svc *svc, const struct store_rollout *row)
{
    int64_t now = svc_now(svc), since = clockwatch_noted(facts_ramp_since(row), now);

    return since == 0 ? 0 : since - now + svc_pace_now_us(svc) / 1000000;
}

/* Asked of windows alone: most plans have none. */
static void of_zone(const struct catalog_rollout *r, const struct fleet_device *d, struct device_facts *ret)
{
    if (r->plan.window_count == 0)
        return;
    ret->f.zone =
        zone_choose(&ret->zone, &r->plan, zone_of_attributes(fleet_operator_attrs(d), fleet_own_attrs(d)));
    ret->f.no_zone = ret->f.zone == NULL;
}

static uint64_t bytes_of(const struct device_facts *facts)
{
    return facts->image < 0 ? 0 : facts->f.manifest->image[facts->image].size;
}

static void of_pace(struct svc *svc, const struct catalog_rollout *r, struct device_facts *ret)
{
    ret->image = policy_free_slot_image(ret->f.manifest, ret->running.slot);
    ret->pace = (struct pace_ask){.rollout = r->row.id,
                                  .plan = &r->plan,
                                  .since = ramp_since(svc, &r->row),
                                  .site = ret->site[0] ? ret->site : NULL,
                                  .bytes = bytes_of(ret),
                                  .now_us = svc_pace_now_us(svc)};
    pace_facts(&svc->paces, &ret->pace, &ret->f);
}

void facts_of_row(const struct svc *svc, const struct store_rollout *row, struct device_facts *facts)
{
    of_phase(row, facts);
    facts->pace.since = ramp_since(svc, row);
}

void facts_look(struct svc *svc, const struct catalog *c, const struct fleet_device *d, uint32_t index,
                int64_t at, struct facts_view *ret)
{
    ret->svc = svc;
    ret->c = c;
    ret->d = d;
    ret->poll = NULL;
    ret->index = index;
    ret->took_part = false;
    device_subject(d, at, &ret->subject);
}

void facts_first(const struct facts_view *view, const struct catalog_rollout *r, struct device_facts *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->took_part = view->took_part;
    ret->f.now = (uint64_t)view->subject.now;
    of_rollout(view->c, r, &ret->f);
    of_marks(view->d, r, &ret->f);
    of_attempt(view->d, r, ret);
    of_target(view, r, ret);
    if (view->poll)
        of_poll(view->poll, &ret->f);
    else
        of_pose(view->d, &ret->f);
    ret->f.running = &ret->running;
    if (!ret->f.in_target)
        return; /* most rollouts of most polls end here: no refusal up to that one asks for what follows */
    if (view->poll)
        ret->running = view->poll->running;
    else
        facts_of_running(view->d, &ret->running);
}

void facts_rest(const struct facts_view *view, const struct catalog_rollout *r, struct device_facts *ret)
{
    ret->whole = true;
    if (!ret->f.in_target)
        return;
    ret->group_bits = groups_phase_bits(view->c, &r->plan, &view->subject);
    facts_site(&r->plan, view->d, ret->site);
    of_pace(view->svc, r, ret);
    ret->position = policy_position(&otter_crypto_openssl, r->row.seed, view->d->id);
    of_phase(&r->row, ret);
    ret->f.member = ret->took_part || catalog_is_member(r, view->index);
    of_zone(r, view->d, ret);
}

void facts_of_device(struct svc *svc, const struct catalog *c, const struct catalog_rollout *r,
                     const struct fleet_device *d, uint32_t index, int64_t at, struct device_facts *ret)
{
    struct facts_view view;

    facts_look(svc, c, d, index, at, &view);
    facts_first(&view, r, ret);
    facts_rest(&view, r, ret);
}

static bool leads_on(struct svc *svc, const struct catalog *c, const struct catalog_rollout *r,
                     uint32_t index, int64_t at)
{
    struct device_facts facts;
    enum otter_status decision;

    facts_of_device(svc, c, r, fleet_lock(svc->fleet, index), index, at, &facts);
    fleet_unlock(svc->fleet, index);
    facts.f.open_phase = r->row.phase_count;
    decision = policy_decide(&facts.f);
    return otter_version_compare(&r->release->manifest.version, &facts.running.version) > 0 &&
           (decision == OTTER_OK || !policy_refusal_lasts(decision));
}

bool facts_led_on(struct svc *svc, const struct catalog *c, const struct catalog_rollout *r, uint32_t index,
                  int64_t at)
{
    for (size_t i = 0; i < c->rollout_count; i++)
        if (&c->rollouts[i] != r && c->rollouts[i].state != POLICY_ROLLOUT_DRAFT &&
            leads_on(svc, c, &c->rollouts[i], index, at))
            return true;
    return false;
}

void facts_of_poll(const struct otter_poll *poll, struct device_facts *facts)
{
    of_poll(poll, &facts->f);
    facts->running = poll->running;
    facts->image = policy_free_slot_image(facts->f.manifest, facts->running.slot);
    facts->pace.bytes = bytes_of(facts);
}
