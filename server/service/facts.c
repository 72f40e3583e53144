#include "service/facts.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

/* For each rollout of each poll that is looked at: snprintf was a third of all its instructions. */
static void put_name(char to[OTTER_NAME_BUF], const char *from)
{
    size_t len = strnlen(from, OTTER_NAME_MAX);

    memcpy(to, from, len);
    to[len] = '\0';
}

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

static void of_words(const struct fleet_device *d, struct device_facts *ret)
{
    const struct fleet_kind *pose = fleet_pose_of(d);

    put_name(ret->product, pose->product);
    put_name(ret->hardware, pose->hardware);
    facts_of_running(d, &ret->running);
    ret->f.product = ret->product;
    ret->f.hardware = ret->hardware;
    ret->f.running = &ret->running;
    ret->f.epoch = d->said->epoch;
    ret->f.sequence = d->said->sequence;
}

/* Memory knows the newest attempt. Where it was lost, how often before is the store's to say: once, as far
 * as memory knows, and long ago. */
static void of_attempt(const struct fleet_device *d, const struct catalog_rollout *r,
                       struct device_facts *ret)
{
    bool here = d->attempt != 0 && d->attempt_rollout == (uint32_t)r->row.id;

    ret->took_part = here;
    ret->f.attempt_ended = here && device_attempt_over(d);
    ret->f.attempt_elsewhere = !here && device_attempt_open(d);
    if (ret->f.attempt_ended && events_is_lost((enum otter_update_state)d->attempt_state)) {
        ret->f.losses_here = 1;
        ret->f.last_reason = (enum otter_status)d->attempt_reason;
    }
}

static void of_target(const struct catalog *c, const struct catalog_rollout *r, const struct fleet_device *d,
                      int64_t at, struct device_facts *ret)
{
    struct policy_subject subject;

    device_subject(d, at, &subject);
    ret->f.in_target = ret->took_part || policy_target_matches(&r->target, &subject);
    ret->group_bits = groups_phase_bits(c, &r->plan, &subject);
    ret->target_until = ret->took_part ? 0 : policy_target_changes_at(&r->target, &subject);
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

/* Asked of windows alone: most plans have none. */
static void of_zone(const struct catalog_rollout *r, const struct fleet_device *d, struct device_facts *ret)
{
    if (r->plan.window_count == 0)
        return;
    ret->f.zone =
        zone_choose(&ret->zone, &r->plan, zone_of_attributes(fleet_operator_attrs(d), fleet_own_attrs(d)));
    ret->f.no_zone = ret->f.zone == NULL;
}

static void of_pace(struct svc *svc, const struct catalog_rollout *r, struct device_facts *ret)
{
    ret->image = policy_free_slot_image(ret->f.manifest, ret->running.slot);
    ret->pace = (struct pace_ask){.rollout = r->row.id,
                                  .plan = &r->plan,
                                  .since = facts_ramp_since(&r->row),
                                  .site = ret->site[0] ? ret->site : NULL,
                                  .bytes = ret->image < 0 ? 0 : ret->f.manifest->image[ret->image].size,
                                  .now_us = svc_pace_now_us(svc)};
    pace_facts(&svc->paces, &ret->pace, &ret->f);
}

void facts_of_row(const struct store_rollout *row, struct device_facts *facts)
{
    of_phase(row, facts);
    facts->pace.since = facts_ramp_since(row);
}

void facts_of_device(struct svc *svc, const struct catalog *c, const struct catalog_rollout *r,
                     const struct fleet_device *d, uint32_t index, int64_t at, struct device_facts *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->f.now = (uint64_t)at;
    of_rollout(c, r, &ret->f);
    of_words(d, ret);
    of_marks(d, r, &ret->f);
    of_attempt(d, r, ret);
    of_target(c, r, d, at, ret);
    facts_site(&r->plan, d, ret->site);
    of_pace(svc, r, ret);
    if (!ret->f.in_target)
        return; /* most rollouts of most polls end here: no refusal up to that one asks for what follows */
    ret->position = policy_position(&otter_crypto_openssl, r->row.seed, d->id);
    ret->f.cohort = (unsigned)(ret->position >> 32);
    of_phase(&r->row, ret);
    ret->f.member = ret->took_part || catalog_is_member(r, index);
    of_zone(r, d, ret);
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
    put_name(facts->product, poll->product);
    put_name(facts->hardware, poll->hardware);
    facts->running = poll->running;
    facts->f.epoch = poll->epoch;
    facts->f.sequence = poll->sequence;
    facts->f.attempt_elsewhere = false; /* polls with an open attempt are answered with that one */
    facts->image = policy_free_slot_image(facts->f.manifest, facts->running.slot);
    facts->pace.bytes = facts->image < 0 ? 0 : facts->f.manifest->image[facts->image].size;
}
