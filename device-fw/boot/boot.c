#include "boot/boot.h"

#include "boot/keys.h"
#include "core/bytes.h"

#include <string.h>

/* One rejection for each slot, then a jump or nothing. */
#define ROUNDS 3

/* What lies in a slot, whatever the journal thinks of it. */
struct found {
    enum otter_status status; /* OK: info and digest hold */
    bool pad_magic;
    uint32_t counter;
    struct otter_digest digest;
    struct otter_digest kid;
};

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, OTTER_DIGEST_LEN) == 0;
}

static bool trailer_is_good(struct otter_flash *flash, const struct otter_slot_layout *slot)
{
    uint8_t magic[OTTER_TRAILER_MAGIC_LEN];

    return flash->read(flash, slot->base + slot->size - OTTER_TRAILER_MAGIC_LEN, magic,
                       OTTER_TRAILER_MAGIC_LEN) == OTTER_OK &&
           otter_image_trailer_good(magic, flash->map->trailer_align);
}

static void examine(const struct otter_boot *boot, enum otter_slot slot, struct found *ret)
{
    const struct otter_flash_map *map = boot->flash->map;
    const struct otter_slot_layout *layout = &map->slot[slot];
    struct otter_flash_source source;
    struct otter_image_info info;

    memset(ret, 0, sizeof(*ret));
    otter_flash_source_init(&source, boot->flash, layout->base, layout->size - layout->trailer_size);
    ret->pad_magic = trailer_is_good(boot->flash, layout);
    ret->status = otter_verify_image(boot->crypto, boot->keys, &source.source, &info, &ret->digest);
    if (ret->status != OTTER_OK)
        return;
    ret->counter = info.has_counter ? info.counter : 0;
    ret->kid = info.key;
    /* An image of the other slot, or one whose vectors the core cannot take, would only crash. */
    if ((info.header.flags & OTTER_IMAGE_ROM_FIXED) != 0 && info.header.load_addr != layout->base)
        ret->status = OTTER_IMAGE_LINK;
    else if (info.header.header_size % map->header_size != 0)
        ret->status = OTTER_IMAGE_HEADER;
}

static bool is_confirmed(const struct otter_journal_live *live, enum otter_slot slot, const struct found *f)
{
    return f->status == OTTER_OK && live->confirmed.present && live->confirmed.slot == slot &&
           same(&live->confirmed.digest, &f->digest);
}

/* Takes journalled key revocations to the images found: a revoked key's image is not authentic any more. */
static void obey_revocations(const struct otter_boot *boot, struct found found[2])
{
    const struct otter_journal_live *live = &boot->journal->live;
    struct otter_image_keys keys = *boot->keys;
    const struct otter_digest *confirmed_kid = NULL;

    for (unsigned i = 0; i < 2; i++)
        if (is_confirmed(live, (enum otter_slot)i, &found[i]))
            confirmed_kid = &found[i].kid;
    otter_image_keys_revoke(&keys, live, confirmed_kid);
    for (unsigned i = 0; i < 2; i++)
        if (found[i].status == OTTER_OK && otter_image_key_is_revoked(&keys, &found[i].kid))
            found[i].status = OTTER_IMAGE_KEY_REVOKED;
}

static uint32_t counter_floor(const struct otter_journal_live *live, const struct found found[2])
{
    uint32_t floor = live->confirmed.present ? live->confirmed.counter : 0;

    for (unsigned i = 0; i < 2; i++)
        if (is_confirmed(live, (enum otter_slot)i, &found[i]) && found[i].counter > floor)
            floor = found[i].counter;
    return floor;
}

static bool has_record(const struct otter_journal *j, const struct otter_digest *digest)
{
    const struct otter_journal_live *live = &j->live;

    return (live->confirmed.present && same(&live->confirmed.digest, digest)) ||
           (live->has_previous && same(&live->previous, digest)) ||
           (live->pending.present && same(&live->pending.digest, digest)) ||
           otter_journal_is_rejected(j, digest, NULL) || otter_journal_install_count(j, digest) > 0;
}

static void slot_facts(const struct otter_journal *j, enum otter_slot slot, const struct found *f,
                       uint32_t floor, struct otter_boot_slot_facts *ret)
{
    const struct otter_pending *pending = &j->live.pending;

    memset(ret, 0, sizeof(*ret));
    ret->authentic = f->status;
    ret->pad_magic = f->pad_magic;
    ret->is_pending =
        pending->present && pending->slot == slot && !otter_journal_is_rejected(j, &pending->digest, NULL);
    if (f->status != OTTER_OK)
        return;
    ret->counter_ok = f->counter >= floor;
    ret->is_confirmed = is_confirmed(&j->live, slot, f);
    ret->rejected = otter_journal_is_rejected(j, &f->digest, NULL);
    ret->has_record = has_record(j, &f->digest);
    if (ret->is_pending && !ret->is_confirmed && !same(&pending->digest, &f->digest))
        ret->authentic = OTTER_TRIAL_IMAGE;
}

/* The digest that the candidate in `slot` has, or should have. */
static const struct otter_digest *candidate_digest(const struct otter_boot_facts *facts, enum otter_slot slot,
                                                   const struct otter_journal_live *live,
                                                   const struct found found[2])
{
    return facts->slot[slot].is_pending ? &live->pending.digest : &found[slot].digest;
}

static void gather(const struct otter_boot *boot, const struct found found[2], enum otter_reset_cause cause,
                   struct otter_boot_facts *ret)
{
    const struct otter_journal_live *live = &boot->journal->live;
    uint32_t floor = counter_floor(live, found);
    enum otter_slot slot;

    memset(ret, 0, sizeof(*ret));
    ret->has_confirmed = live->confirmed.present;
    ret->trial_boots_max = OTTER_TRIAL_BOOTS;
    ret->cause = cause == OTTER_RESET_WATCHDOG ? OTTER_BOOT_CAUSE_WATCHDOG : OTTER_BOOT_CAUSE_OTHER;
    for (unsigned i = 0; i < 2; i++)
        slot_facts(boot->journal, (enum otter_slot)i, &found[i], floor, &ret->slot[i]);
    if (!otter_boot_candidate(ret, &slot) || !live->trial.present ||
        !same(&live->trial.digest, candidate_digest(ret, slot, live, found)))
        return;
    ret->trial_boots_used = live->trial.boots_used;
    ret->trial_self_test_passed = live->trial.self_test_passed;
    ret->trial_hung = live->trial.hung;
}

static enum otter_status apply_reject(const struct otter_boot *boot, const struct otter_boot_facts *facts,
                                      const struct found found[2], const struct otter_boot_decision *decision)
{
    const struct otter_rejected rejected = {
        .digest = *candidate_digest(facts, decision->slot, &boot->journal->live, found),
        .cause = otter_status_code(decision->why[decision->slot]),
    };

    return otter_journal_add_rejected(boot->journal, &rejected);
}

/* Counted before the jump, so that an image that never comes back has used its boot, too. */
static enum otter_status apply_trial(const struct otter_boot *boot, const struct otter_boot_facts *facts,
                                     const struct found *f)
{
    uint8_t used = facts->trial_boots_used;
    const struct otter_trial trial = {
        .present = true,
        .digest = f->digest,
        .boots_used = used < UINT8_MAX ? (uint8_t)(used + 1) : used,
        .self_test_passed = facts->trial_self_test_passed,
        .hung = facts->trial_hung || (used > 0 && facts->cause == OTTER_BOOT_CAUSE_WATCHDOG),
    };

    return otter_journal_set_trial(boot->journal, &trial);
}

static uint64_t factory_epoch(const struct otter_boot *boot)
{
    uint64_t epoch = 0;

    if (boot->factory != NULL)
        (void)otter_root_epoch(boot->factory->root, boot->factory->root_len, &epoch);
    return epoch;
}

static enum otter_status apply_first(const struct otter_boot *boot, enum otter_slot slot,
                                     const struct found *f)
{
    const struct otter_confirmed confirmed = {
        .present = true,
        .slot = slot,
        .digest = f->digest,
        .epoch = factory_epoch(boot),
        .sequence = boot->factory != NULL ? boot->factory->sequence : 0,
        .counter = f->counter,
    };

    return otter_journal_set_confirmed(boot->journal, &confirmed);
}

static enum otter_status apply_fallback(const struct otter_boot *boot, enum otter_slot slot,
                                        const struct found *f)
{
    struct otter_confirmed confirmed = boot->journal->live.confirmed;

    confirmed.slot = slot;
    confirmed.digest = f->digest;
    return otter_journal_set_confirmed(boot->journal, &confirmed);
}

static enum otter_status apply(const struct otter_boot *boot, const struct otter_boot_facts *facts,
                               const struct found found[2], const struct otter_boot_decision *decision)
{
    switch (decision->action) {
    case OTTER_BOOT_REJECT:
        return apply_reject(boot, facts, found, decision);
    case OTTER_BOOT_TRIAL:
        return apply_trial(boot, facts, &found[decision->slot]);
    case OTTER_BOOT_FIRST:
        return apply_first(boot, decision->slot, &found[decision->slot]);
    case OTTER_BOOT_FALLBACK:
        return apply_fallback(boot, decision->slot, &found[decision->slot]);
    case OTTER_BOOT_CONFIRMED:
    case OTTER_BOOT_NOTHING:
        break;
    }
    return OTTER_OK;
}

static void hand_over(const struct otter_boot *boot, enum otter_reset_cause cause,
                      const struct otter_boot_decision *decision, struct otter_handover *ret)
{
    bool trial = decision->action == OTTER_BOOT_TRIAL;

    memset(ret, 0, sizeof(*ret));
    ret->slot = (uint8_t)decision->slot;
    ret->trial = trial;
    ret->boots_used = trial ? boot->journal->live.trial.boots_used : 0;
    ret->reset_cause = (uint8_t)cause;
    otter_handover_seal(ret);
}

/*
 * Once a reset: opening says the newest entry again, and a device that looks for something bootable all day
 * would wear the journal out with that. After an error it is read anew.
 */
static enum otter_status open_journal(struct otter_boot *boot)
{
    enum otter_status status = OTTER_OK;

    if (!boot->is_open)
        status = otter_journal_open(boot->journal, boot->flash);
    boot->is_open = status == OTTER_OK;
    return status;
}

/* Rejected in this run: the cause says more than that it is on the list now. What is wrong with the image
 * itself says more than either. */
static void say_rejections(const enum otter_status rejected[2], struct otter_boot_decision *decision)
{
    for (unsigned i = 0; i < 2; i++)
        if (rejected[i] != OTTER_OK &&
            (decision->why[i] == OTTER_OK || decision->why[i] == OTTER_REJECTED_BEFORE))
            decision->why[i] = rejected[i];
}

enum otter_status otter_boot_run(struct otter_boot *boot, enum otter_reset_cause cause,
                                 struct otter_boot_decision *ret, struct otter_handover *ret_handover)
{
    struct otter_boot_decision decision;
    struct otter_boot_facts facts;
    struct found found[2];
    enum otter_status rejected[2] = {OTTER_OK, OTTER_OK};
    enum otter_status status = open_journal(boot);

    if (status != OTTER_OK)
        return status;
    for (unsigned i = 0; i < 2; i++)
        examine(boot, (enum otter_slot)i, &found[i]);
    obey_revocations(boot, found);
    for (unsigned round = 0; round < ROUNDS; round++) {
        gather(boot, found, cause, &facts);
        otter_boot_decide(&facts, &decision);
        status = apply(boot, &facts, found, &decision);
        if (status != OTTER_OK || decision.action != OTTER_BOOT_REJECT)
            break;
        rejected[decision.slot] = decision.why[decision.slot];
    }
    say_rejections(rejected, &decision);
    boot->is_open = status == OTTER_OK;
    if (status != OTTER_OK)
        return status;
    if (decision.jump)
        hand_over(boot, cause, &decision, ret_handover);
    *ret = decision;
    return OTTER_OK;
}
