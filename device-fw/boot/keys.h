/* The image keys that bootloader and updater trust: those of the factory data, less the revoked ones. Pure.
 */
#ifndef OTTER_BOOT_KEYS_H
#define OTTER_BOOT_KEYS_H

#include "journal/journal.h"

#include "core/factory.h"

/* The factory's keys with their ids computed, none revoked. factory NULL (blank): no keys. */
void otter_image_keys_init(const struct otter_crypto *crypto, const struct otter_factory *factory,
                           struct otter_image_keys *ret);

/*
 * Applies the journal's `revoked` records, oldest first: never the key of the confirmed image
 * (`confirmed_kid`, its KEYHASH; NULL = not known), and never the last key that is left.
 */
void otter_image_keys_revoke(struct otter_image_keys *keys, const struct otter_journal_live *live,
                             const struct otter_digest *confirmed_kid);

/* Is a key id among keys->revoked? */
bool otter_image_key_is_revoked(const struct otter_image_keys *keys, const struct otter_digest *kid);

#endif
