#include "service/offer_keys.h"

#include "host/file.h"
#include "host/log.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool path_in(const char *dir, const char *name, char out[PATH_MAX], struct host_error *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
        return true;
    return host_fail(err, HOST_ERROR_FILE, "the data directory's name is too long");
}

void offer_keys_begin(struct offer_keys *keys, struct host_key *key)
{
    keys->held[keys->count++] = key;
    atomic_store(&keys->now, key);
}

static bool same(const struct host_key *a, const struct host_key *b)
{
    return a && b && memcmp(host_key_kid(a)->b, host_key_kid(b)->b, OTTER_DIGEST_LEN) == 0;
}

/* As it was read before: nothing has changed. */
static struct host_key *known(const struct offer_keys *keys, const struct host_key *key)
{
    for (unsigned i = 0; i < keys->count; i++)
        if (same(keys->held[i], key))
            return keys->held[i];
    return NULL;
}

bool offer_keys_read(struct offer_keys *keys, const char *dir, struct host_error *err)
{
    char path[PATH_MAX];
    struct host_key *key, *before;

    if (!path_in(dir, "offer.next.key", path, err))
        return false;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        atomic_store(&keys->next, NULL);
        return true;
    }
    key = host_key_load(path, err);
    if (!key)
        return false;
    before = known(keys, key);
    if (before)
        host_key_free(key);
    else if (keys->count == OFFER_KEYS_HELD) {
        host_key_free(key);
        return host_fail(err, HOST_ERROR_FORMAT, "%s is the %uth key of this run: restart otterd", path,
                         OFFER_KEYS_HELD);
    } else {
        keys->held[keys->count++] = key;
    }
    atomic_store(&keys->next, before ? before : key);
    host_log(HOST_LOG_INFO, "offer-key-waits",
             HOST_LOG_STR("next", "publish a root that names it in the place of the other"));
    return true;
}

bool offer_keys_names(const struct otter_root *root, const struct host_key *key)
{
    const struct otter_root_role *role = &root->role[OTTER_ROLE_OFFER];

    for (unsigned i = 0; key && i < role->count; i++)
        if (memcmp(root->key[role->key[i]].kid.b, host_key_kid(key)->b, OTTER_DIGEST_LEN) == 0)
            return true;
    return false;
}

bool offer_keys_named(const struct offer_keys *keys, const struct otter_root *root)
{
    return offer_keys_names(root, atomic_load(&keys->now)) ||
           offer_keys_names(root, atomic_load(&keys->next));
}

void offer_keys_choose(struct offer_keys *keys, const struct otter_root *root)
{
    struct host_key *next = atomic_load(&keys->next);

    if (offer_keys_names(root, atomic_load(&keys->now)) || !offer_keys_names(root, next))
        return;
    atomic_store(&keys->now, next);
    atomic_store(&keys->next, NULL);
    keys->chosen = true;
}

/* Without a public half in between, the next start makes that of whichever key is there. */
static bool move(const char *from, const char *to, const char *public, struct host_error *err)
{
    (void)unlink(public);
    return rename(from, to) == 0 || host_fail_errno(err, HOST_ERROR_FILE, "%s cannot be moved", from);
}

void offer_keys_settle(struct offer_keys *keys, const char *dir)
{
    struct host_error err = {.kind = HOST_ERROR_NONE};
    char from[PATH_MAX], to[PATH_MAX], public[PATH_MAX];

    if (!keys->chosen)
        return;
    keys->chosen = false;
    if (!path_in(dir, "offer.next.key", from, &err) || !path_in(dir, "offer.key", to, &err) ||
        !path_in(dir, "offer.pub", public, &err) || !move(from, to, public, &err) ||
        !host_dir_sync(dir, &err) ||
        !host_public_save(host_key_point(atomic_load(&keys->now)), public, &err)) {
        host_log(HOST_LOG_ERROR, "offer-key-not-moved", HOST_LOG_STR("detail", err.message),
                 HOST_LOG_STR("next", "it signs all the same; the next start takes it from offer.next.key"));
        return;
    }
    host_log(HOST_LOG_INFO, "offer-key-changed", HOST_LOG_STR("public", public));
}

void offer_keys_free(struct offer_keys *keys)
{
    for (unsigned i = 0; i < keys->count; i++)
        host_key_free(keys->held[i]);
    keys->count = 0;
}
