/* The check of an audit log: a pure walk over its lines, which stops at the first that is wrong. */
#include "host/audit.h"

#include "core/bytes.h"
#include "core/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum audit_fault fault(struct audit_walk *w, enum audit_fault which, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum audit_fault fault(struct audit_walk *w, enum audit_fault which, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(w->why, sizeof w->why, fmt, args);
    va_end(args);
    return which;
}

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, OTTER_DIGEST_LEN) == 0;
}

/* ---- what entries say about the log itself ---- */

struct notice {
    bool has_key, has_through, has_hash;
    uint8_t spki[OTTER_SPKI_LEN];
    uint64_t through;
    struct otter_digest hash;
};

static void read_notice(const char *detail, struct notice *ret)
{
    enum { SPKI, THROUGH, HASH, COUNT };
    struct otter_json_field fields[COUNT] = {[SPKI] = {"spki", OTTER_JSON_STRING, true, 0},
                                             [THROUGH] = {"through", OTTER_JSON_NUMBER, true, 0},
                                             [HASH] = {"hash", OTTER_JSON_STRING, true, 0}};
    struct otter_json json;

    *ret = (struct notice){.has_key = false};
    if (otter_json_parse(&json, detail, strlen(detail)) != OTTER_OK ||
        otter_json_fields(&json, 0, fields, COUNT, true) != OTTER_OK)
        return;
    ret->has_key = fields[SPKI].index && otter_json_b64(&json, fields[SPKI].index, ret->spki, OTTER_SPKI_LEN);
    ret->has_through =
        fields[THROUGH].index && otter_json_uint(&json, fields[THROUGH].index, OTTER_INT_MAX, &ret->through);
    ret->has_hash =
        fields[HASH].index && otter_json_hex(&json, fields[HASH].index, ret->hash.b, OTTER_DIGEST_LEN);
}

static bool key_known(const struct audit_walk *w, const uint8_t *point)
{
    for (unsigned i = 0; i < w->key_count; i++)
        if (memcmp(w->keys[i], point, OTTER_POINT_LEN) == 0)
            return true;
    return false;
}

static void keep_key(struct audit_walk *w, const uint8_t *point)
{
    if (!point || key_known(w, point) || w->key_count == AUDIT_KEYS_MAX)
        return;
    memcpy(w->keys[w->key_count++], point, OTTER_POINT_LEN);
}

static void heed(struct audit_walk *w, const struct audit_entry *e)
{
    bool pruned = strcmp(e->act, AUDIT_ACT_PRUNE) == 0;
    struct notice n;

    if (e->who[0] != '\0' && !pruned) /* an operator's act names no key */
        return;
    if (!pruned && strcmp(e->act, AUDIT_ACT_KEY) != 0)
        return;
    read_notice(e->detail, &n);
    if (n.has_key)
        keep_key(w, otter_spki_point(n.spki, OTTER_SPKI_LEN));
    if (pruned && n.has_through && n.has_hash && n.through + 1 == w->first && same(&n.hash, &w->before_first))
        w->cut_named = true;
}

/* ---- entries ---- */

/* The first line of a file that follows another. */
static enum audit_fault join(struct audit_walk *w, const struct audit_entry *e)
{
    w->joining = false;
    if (w->ended_early)
        return fault(w, AUDIT_CUT, "the file before ends with entry %" PRIu64 ", one before it with %" PRIu64,
                     w->ended_early, w->joint);
    if (e->num > w->joint + 1)
        return fault(w, AUDIT_MISSING, "entries %" PRIu64 " to %" PRIu64 " are in neither file", w->joint + 1,
                     e->num - 1);
    if (e->num == w->joint + 1 && !same(&e->prev, &w->joint_hash))
        return fault(w, AUDIT_UNCHAINED, "entry %" PRIu64 " does not follow the end of the file before",
                     e->num);
    return AUDIT_GOOD;
}

static enum audit_fault begin(struct audit_walk *w, const struct audit_entry *e)
{
    static const struct otter_digest zero;

    if (w->joining)
        return join(w, e);
    w->first = e->num;
    w->before_first = e->prev;
    if (e->num == 1 && !same(&e->prev, &zero))
        return fault(w, AUDIT_UNCHAINED, "entry 1 names an entry before it");
    return AUDIT_GOOD;
}

static enum audit_fault follow(struct audit_walk *w, const struct audit_entry *e)
{
    if (e->num <= w->num)
        return fault(w, AUDIT_MISPLACED, "entry %" PRIu64 " stands behind entry %" PRIu64, e->num, w->num);
    if (e->num > w->num + 2)
        return fault(w, AUDIT_MISSING, "entries %" PRIu64 " to %" PRIu64 " are missing before it", w->num + 1,
                     e->num - 1);
    if (e->num == w->num + 2)
        return fault(w, AUDIT_MISSING, "entry %" PRIu64 " is missing before it", w->num + 1);
    if (!same(&e->prev, &w->hash))
        return fault(w, AUDIT_UNCHAINED, "entry %" PRIu64 " was written behind another entry %" PRIu64,
                     e->num, w->num);
    return AUDIT_GOOD;
}

/* Is it the entry of a head that was kept, or of the end of the file before? */
static enum audit_fault compare(struct audit_walk *w, const struct audit_entry *e)
{
    for (unsigned i = 0; i < w->known_count; i++) {
        struct audit_known *k = &w->known[i];

        if (k->head.num != e->num)
            continue;
        k->met = same(&k->head.hash, &e->hash);
        if (k->met)
            continue;
        w->known_at_fault = k->name;
        return fault(w, AUDIT_OTHER_HEAD, "entry %" PRIu64 " is not the one that the head of %.100s is of",
                     e->num, k->name);
    }
    if (e->num == w->joint && !same(&e->hash, &w->joint_hash))
        return fault(w, AUDIT_UNCHAINED, "entry %" PRIu64 " is not the one of the file before", e->num);
    return AUDIT_GOOD;
}

static enum audit_fault take_entry(struct audit_walk *w, const struct audit_record *r)
{
    const struct audit_entry *e = &r->entry;
    enum audit_fault found;

    if (!same(&e->hash, &r->made))
        return fault(w, AUDIT_CHANGED, "entry %" PRIu64 " is not what its hash was made of", e->num);
    found = w->num == 0 ? begin(w, e) : follow(w, e);
    if (found == AUDIT_GOOD)
        found = compare(w, e);
    if (found != AUDIT_GOOD)
        return found;
    w->num = e->num;
    w->hash = e->hash;
    w->entries += e->num > w->joint;
    heed(w, e);
    return AUDIT_GOOD;
}

/* ---- heads ---- */

static bool is_of(const uint8_t *point, const struct otter_digest *id)
{
    struct otter_digest kid;

    otter_key_id(&otter_crypto_openssl, point, &kid);
    return same(&kid, id);
}

/* By a key of the log, or the one that its owner knows. */
static enum audit_fault check_signature(struct audit_walk *w, const struct otter_jws *jws, const char *name)
{
    const struct otter_crypto *crypto = &otter_crypto_openssl;
    const uint8_t *key = NULL;
    struct otter_digest hash;

    for (unsigned i = 0; i <= w->key_count && !key; i++) {
        const uint8_t *point = i < w->key_count ? w->keys[i] : w->key;

        if (point && is_of(point, &jws->signature[0].kid))
            key = point;
    }
    if (!key)
        return fault(w, AUDIT_STRANGE_KEY, "%.100s is signed by a key that is none of this log's", name);
    otter_jws_signing_hash(crypto, jws, 0, &hash);
    if (crypto->p256_verify(key, hash.b, jws->signature[0].sig))
        return AUDIT_GOOD;
    return fault(w, AUDIT_UNSIGNED, "the signature of %.100s is not good", name);
}

static enum audit_fault take_head(struct audit_walk *w, const struct otter_jws *jws)
{
    enum audit_fault found = check_signature(w, jws, "the head");

    if (found != AUDIT_GOOD)
        return found;
    w->headed = true;
    if (w->head.num > w->num)
        return fault(w, AUDIT_CUT, "the head is of entry %" PRIu64 ", and the log ends with entry %" PRIu64,
                     w->head.num, w->num);
    if (w->head.num < w->num || !same(&w->head.hash, &w->hash))
        return fault(w, AUDIT_OTHER_HEAD, "the head is of another entry than the one before it");
    return AUDIT_GOOD;
}

enum audit_fault audit_walk_line(struct audit_walk *w, const char *line, size_t len)
{
    struct audit_record record;
    struct otter_jws jws;

    w->line++;
    if (w->headed)
        return fault(w, AUDIT_NO_ENTRY, "something stands behind the head");
    if (audit_read(line, len, &record))
        return take_entry(w, &record);
    if (w->num > 0 && audit_head_read(line, len, &jws, &w->head))
        return take_head(w, &jws);
    return fault(w, AUDIT_NO_ENTRY, "the line is no entry of an audit log");
}

void audit_walk_next_file(struct audit_walk *w)
{
    if (w->num == 0)
        return;
    w->ended_early = w->num < w->joint ? w->num : 0; /* never held against the joint */
    if (w->num > w->joint) {
        w->joint = w->num;
        w->joint_hash = w->hash;
    }
    w->joining = true;
    w->headed = false;
    w->num = 0;
}

bool audit_walk_know(struct audit_walk *w, const char *name, const char *envelope, size_t len)
{
    struct audit_known *k = &w->known[w->known_count];
    struct otter_jws jws;

    if (w->known_count == AUDIT_HEADS_MAX || !audit_head_read(envelope, len, &jws, &k->head))
        return false;
    k->name = name;
    k->envelope = envelope;
    k->len = len;
    k->met = false;
    w->known_count++;
    return true;
}

static enum audit_fault end_known(struct audit_walk *w, const struct audit_known *k)
{
    struct audit_head head;
    struct otter_jws jws;
    enum audit_fault found;

    w->known_at_fault = k->name;
    if (!audit_head_read(k->envelope, k->len, &jws, &head))
        return fault(w, AUDIT_UNSIGNED, "%.100s is no head", k->name);
    found = check_signature(w, &jws, k->name);
    if (found != AUDIT_GOOD || k->met)
        return found;
    if (head.num > w->num)
        return fault(w, AUDIT_CUT,
                     "the head of %.100s is of entry %" PRIu64 ", and the log ends with entry %" PRIu64,
                     k->name, head.num, w->num);
    return fault(w, AUDIT_BEGINS_LATE,
                 "the head of %.100s is of entry %" PRIu64 ", which was archived: give its file, too",
                 k->name, head.num);
}

enum audit_fault audit_walk_end(struct audit_walk *w)
{
    if (w->num == 0)
        return fault(w, AUDIT_NO_HEAD, "the log is empty");
    if (w->first > 1 && !w->cut_named)
        return fault(w, AUDIT_BEGINS_LATE, "the log begins with entry %" PRIu64, w->first);
    if (w->num < w->joint)
        return fault(w, AUDIT_CUT, "the last file ends with entry %" PRIu64 ", the one before with %" PRIu64,
                     w->num, w->joint);
    if (w->key && !key_known(w, w->key))
        return fault(w, AUDIT_STRANGE_KEY, "the key that was given is none of this log's");
    if (w->key && w->headed && !is_of(w->key, &w->head.kid))
        return fault(w, AUDIT_STRANGE_KEY,
                     "the head is by another key than the one given: entries that name keys are anybody's");
    for (unsigned i = 0; i < w->known_count; i++) {
        enum audit_fault found = end_known(w, &w->known[i]);

        if (found != AUDIT_GOOD)
            return found;
    }
    w->known_at_fault = NULL;
    if (!w->headed && w->known_count == 0)
        return fault(w, AUDIT_NO_HEAD, "what was cut off behind entry %" PRIu64 " cannot be seen", w->num);
    return AUDIT_GOOD;
}
