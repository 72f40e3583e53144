#include "policy/decide_release.h"

#include "policy/told.h"

#include <string.h>

int policy_free_slot_image(const struct otter_manifest *manifest, enum otter_slot running)
{
    enum otter_slot wanted = running == OTTER_SLOT_ANY ? OTTER_SLOT_ANY : otter_slot_other(running);

    for (unsigned i = 0; i < manifest->image_count; i++)
        if (manifest->image[i].slot == wanted)
            return (int)i;
    return -1;
}

bool policy_manifest_has(const struct otter_manifest *manifest, const struct otter_digest *sha256)
{
    for (unsigned i = 0; i < manifest->image_count; i++)
        if (memcmp(manifest->image[i].sha256.b, sha256->b, OTTER_DIGEST_LEN) == 0)
            return true;
    return false;
}

bool decide_other_product(const struct policy_facts *f)
{
    return strcmp(f->product, f->manifest->product) != 0;
}

void tell_product(const struct policy_facts *f, struct policy_told *told)
{
    told_words(told, "product", f->product, f->manifest->product);
}

bool decide_other_hardware(const struct policy_facts *f)
{
    for (unsigned i = 0; i < f->manifest->hardware_count; i++)
        if (strcmp(f->hardware, f->manifest->hardware[i]) == 0)
            return false;
    return true;
}

void tell_hardware(const struct policy_facts *f, struct policy_told *told)
{
    struct policy_told_fact *fact = told_add(told, "hardware");

    told_put(fact->have, f->hardware);
    for (unsigned i = 0; i < f->manifest->hardware_count; i++) {
        told_put(fact->need, i > 0 ? ", " : "");
        told_put(fact->need, f->manifest->hardware[i]);
    }
}

bool decide_expired(const struct policy_facts *f)
{
    return f->now >= f->manifest->expires; /* as the device decides: lib/core/verify_manifest.c */
}

void tell_expired(const struct policy_facts *f, struct policy_told *told)
{
    told_times(told, f->now, "before ", (int64_t)f->manifest->expires); /* below 2^53 */
}

bool decide_other_epoch(const struct policy_facts *f)
{
    return f->manifest->epoch != f->root_epoch;
}

void tell_epoch(const struct policy_facts *f, struct policy_told *told)
{
    told_numbers(told, "epoch", f->manifest->epoch, "", f->root_epoch);
}

/* (epoch, sequence) compare as a pair, as on the device. */
bool decide_not_newer(const struct policy_facts *f)
{
    if (f->manifest->epoch != f->epoch)
        return f->manifest->epoch < f->epoch;
    return f->manifest->sequence <= f->sequence;
}

void tell_sequence(const struct policy_facts *f, struct policy_told *told)
{
    told_numbers(told, "epoch", f->manifest->epoch, "at least ", f->epoch);
    told_numbers(told, "sequence", f->manifest->sequence, "above ", f->sequence);
}

bool decide_below_from(const struct policy_facts *f)
{
    return f->manifest->has_requires_from &&
           otter_version_compare(&f->running->version, &f->manifest->requires_from) < 0;
}

void tell_from(const struct policy_facts *f, struct policy_told *told)
{
    told_versions(told, "version", &f->running->version, "at least ", &f->manifest->requires_from);
}

bool decide_not_below(const struct policy_facts *f)
{
    return f->manifest->has_requires_below &&
           otter_version_compare(&f->running->version, &f->manifest->requires_below) >= 0;
}

void tell_below(const struct policy_facts *f, struct policy_told *told)
{
    told_versions(told, "version", &f->running->version, "below ", &f->manifest->requires_below);
}

bool decide_no_image(const struct policy_facts *f)
{
    return policy_free_slot_image(f->manifest, f->running->slot) < 0;
}

void tell_slot(const struct policy_facts *f, struct policy_told *told)
{
    enum otter_slot running = f->running->slot;
    struct policy_told_fact *fact = told_add(told, "slot");

    for (unsigned i = 0; i < f->manifest->image_count; i++) {
        told_put(fact->have, i > 0 ? ", " : "");
        told_put(fact->have, otter_slot_name(f->manifest->image[i].slot));
    }
    told_put(fact->need,
             otter_slot_name(running == OTTER_SLOT_ANY ? OTTER_SLOT_ANY : otter_slot_other(running)));
}
