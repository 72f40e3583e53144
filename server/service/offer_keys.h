/*
 * The keys that otterd signs offers with: the one in use, offer.key, and one that waits, offer.next.key, for
 * the root that names it and no longer the other. From the moment that root is published it signs: devices
 * that know only the old one meet an unknown key, follow the roots, and ask again.
 */
#ifndef OTTER_SERVICE_OFFER_KEYS_H
#define OTTER_SERVICE_OFFER_KEYS_H

#include "core/documents.h"
#include "host/crypto.h"

#include <stdbool.h>

#define OFFER_KEYS_HELD 8u

struct svc;

struct offer_keys {
    struct host_key *_Atomic now;           /* signs */
    struct host_key *_Atomic next;          /* NULL: none waits */
    struct host_key *held[OFFER_KEYS_HELD]; /* all that there were, to the end: a poll may be signing */
    unsigned count;
    bool chosen; /* under the catalog's lock: now is not yet offer.key on disk */
};

/* Takes offer.key's over; the first, before there are threads. */
void offer_keys_begin(struct offer_keys *keys, struct host_key *key);

/* Reads offer.next.key of a directory, if it is there: at the start, and by SIGHUP. Main thread. */
bool offer_keys_read(struct offer_keys *keys, const char *dir, struct host_error *err);

/* Does the root name it in its offer role? NULL: it does not. */
bool offer_keys_names(const struct otter_root *root, const struct host_key *key);

/* Does the root name a key that we hold? */
bool offer_keys_named(const struct offer_keys *keys, const struct otter_root *root);

/* Has the waiting key sign if the root names it and not the other. With the catalog's lock held, so that
 * whoever meets the new key finds the new root. */
void offer_keys_choose(struct offer_keys *keys, const struct otter_root *root);

/* What was chosen becomes offer.key and offer.pub. A crash before it costs nothing: the next start chooses
 * again. Writer thread, or before the threads start. */
void offer_keys_settle(struct offer_keys *keys, const char *dir);

void offer_keys_free(struct offer_keys *keys);

#endif
