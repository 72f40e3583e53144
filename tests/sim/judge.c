/* What must hold at every moment of a device's life. */
#include "device.h"

#include "journal/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERASES_MAX 3u /* of one sector, without a cut; each cut may add two */
#define REREADS    2u

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, OTTER_DIGEST_LEN) == 0;
}

void sim_fail(struct sim_device *d, const char *format, ...)
{
    va_list args;

    if (d->judge.failed)
        return;
    d->judge.failed = true;
    va_start(args, format);
    vsnprintf(d->judge.why, sizeof(d->judge.why), format, args);
    va_end(args);
}

static const struct sim_release *find_release(const struct sim_device *d, const struct otter_digest *digest)
{
    for (unsigned i = 0; i < SIM_RELEASES; i++)
        if (same(&d->m->release[i].digest, digest))
            return &d->m->release[i];
    return NULL;
}

static bool holds(const struct sim_device *d, const struct sim_release *r)
{
    uint32_t base = d->flash.flash.map->slot[r->slot].base;

    return memcmp(sim_flash_at(&d->flash, base), r->bytes, r->size) == 0 &&
           sim_flash_is_firm(&d->flash, base, r->size);
}

const struct sim_release *sim_judge_slot(const struct sim_device *d, enum otter_slot slot)
{
    for (unsigned i = 0; i < SIM_RELEASES; i++)
        if (d->m->release[i].slot == slot && holds(d, &d->m->release[i]))
            return &d->m->release[i];
    return NULL;
}

/* ---- the journal ---- */

static bool is_lower(const struct otter_confirmed *c, const struct sim_judge *floor)
{
    return c->epoch < floor->epoch || (c->epoch == floor->epoch && c->sequence < floor->sequence) ||
           c->counter < floor->counter;
}

/* What may become the confirmed one: what has a licence, or what is left when the confirmed one is ruined. */
static void judge_confirmed(struct sim_device *d)
{
    const struct otter_confirmed *c = &d->journal.live.confirmed;
    const struct sim_release *before = find_release(d, &d->judge.confirmed);
    const struct sim_release *r = find_release(d, &c->digest);
    struct sim_judge *j = &d->judge;

    if (!c->present && before != NULL)
        sim_fail(d, "the confirmed record is gone");
    if (!c->present || (before == r && before != NULL))
        return;
    if (r == NULL || !holds(d, r))
        sim_fail(d, "confirmed is what its slot does not hold");
    else if (!(j->has_licence && same(&j->licence, &c->digest)) && before != NULL && holds(d, before))
        sim_fail(d, "confirmed without self-test and authenticated reply");
    if (is_lower(c, j))
        sim_fail(d, "confirmed %u.%u, counter %u, below %u.%u, %u", (unsigned)c->epoch, (unsigned)c->sequence,
                 c->counter, (unsigned)j->epoch, (unsigned)j->sequence, j->counter);
    j->confirmed = c->digest;
    j->epoch = c->epoch;
    j->sequence = c->sequence;
    j->counter = c->counter;
}

static void judge_pending(struct sim_device *d)
{
    const struct otter_pending *p = &d->journal.live.pending;
    const struct sim_release *r = find_release(d, &p->digest);

    if (p->present && (r == NULL || !holds(d, r)))
        sim_fail(d, "pending is what its slot does not hold");
}

static uint64_t hash_bytes(uint64_t h, const void *data, size_t len)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* Of the live set, value by value as it lies on flash. */
static uint64_t hash_live(const struct otter_journal_live *live)
{
    uint64_t h = hash_bytes(UINT64_C(0xcbf29ce484222325), &live->root_version, sizeof(live->root_version));
    uint8_t value[OTTER_VALUE_MAX];

    for (unsigned i = 0; otter_value_type(i) != OTTER_RECORD_VOID; i++) {
        uint16_t len = otter_value_encode(otter_value_type(i), live, value);

        h = hash_bytes(hash_bytes(h, &len, sizeof(len)), value, len);
    }
    return h;
}

/* The live set changes behind an append alone: then the cursor has moved. */
static void look_at_journal(struct sim_device *d)
{
    struct sim_judge *j = &d->judge;
    uint64_t live;

    if (j->is_opening ||
        (j->is_known && j->turn == d->journal.now.turn && j->serial == d->journal.now.serial))
        return;
    live = hash_live(&d->journal.live);
    if (!j->is_known && live != j->live && live != j->live_or)
        sim_fail(d, "the journal's live set is neither the acknowledged one nor the one on its way");
    j->live = j->live_or = live;
    j->is_known = true;
    j->turn = d->journal.now.turn;
    j->serial = d->journal.now.serial;
    judge_confirmed(d);
    judge_pending(d);
}

void sim_judge_look(struct sim_device *d)
{
    look_at_journal(d);
    if (d->flash.broken != NULL)
        sim_fail(d, "%s", d->flash.broken);
}

void sim_judge_begin(struct sim_device *d)
{
    const struct otter_confirmed *c = &d->journal.live.confirmed;

    memset(&d->judge, 0, sizeof(d->judge));
    d->judge.live = d->judge.live_or = hash_live(&d->journal.live);
    if (!c->present)
        return;
    d->judge.confirmed = c->digest;
    d->judge.epoch = c->epoch;
    d->judge.sequence = c->sequence;
    d->judge.counter = c->counter;
}

enum otter_status sim_judge_open(struct sim_device *d)
{
    enum otter_status status;

    d->judge.is_known = false;
    d->judge.is_opening = true;
    status = otter_journal_open(&d->journal, &d->flash.flash);
    d->judge.is_opening = false;
    if (status == OTTER_OK)
        sim_judge_look(d);
    return status;
}

void sim_judge_cut(struct sim_device *d, uint64_t live, uint64_t next)
{
    /* Cut again before the journal was open: nothing has been decided since. */
    if (!d->judge.is_opening) {
        d->judge.live = live;
        d->judge.live_or = next;
    }
    d->judge.is_opening = false;
}

/* ---- the device ---- */

void sim_judge_jump(struct sim_device *d, enum otter_slot slot)
{
    const struct sim_release *r = sim_judge_slot(d, slot);

    if (r == NULL)
        sim_fail(d, "row %s jumps to a slot that holds no authentic image", d->row);
    else if (r->counter < d->judge.counter)
        sim_fail(d, "row %s jumps to an image below the counter floor", d->row);
    d->judge.self_test_passed = false;
    d->judge.answered = false;
}

void sim_judge_licence(struct sim_device *d)
{
    const struct sim_release *r;

    if (!d->judge.self_test_passed || !d->judge.answered)
        return;
    r = sim_judge_slot(d, (enum otter_slot)d->handover.slot);
    if (r == NULL)
        return;
    d->judge.has_licence = true;
    d->judge.licence = r->digest;
}

static void judge_erases(struct sim_device *d)
{
    for (unsigned i = 0; i < SIM_SECTORS; i++)
        if (d->flash.erases[i] > ERASES_MAX + 2 * d->cuts)
            sim_fail(d, "sector %u was erased %u times", i, d->flash.erases[i]);
}

void sim_judge_end(struct sim_device *d)
{
    judge_erases(d);
    for (unsigned i = 0; i < REREADS && !d->judge.failed; i++) {
        struct otter_journal again;
        char root[OTTER_PAYLOAD_MAX + 1];
        uint16_t len;

        if (otter_journal_open(&again, &d->flash.flash) != OTTER_OK ||
            otter_journal_get_root(&again, root, &len) != OTTER_OK)
            sim_fail(d, "the journal cannot be read again");
        else if (hash_live(&again.live) != d->judge.live)
            sim_fail(d, "the journal reads differently later");
        else if ((len > 0) != (d->journal.live.root_version > 0))
            sim_fail(d, "the root is gone");
    }
}
