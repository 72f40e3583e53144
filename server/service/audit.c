/* Entries of the audit log, appended in the writer's transactions, and the key that signs its head. */
#include "service/audit.h"

#include "service/internal.h"

#include "core/bytes.h"
#include "host/file.h"
#include "host/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct newest {
    struct store_audit_visitor visitor;
    uint64_t num; /* 0: there is none */
    struct otter_digest hash;
};

static bool take_newest(struct store_audit_visitor *self, const struct audit_entry *row)
{
    struct newest *n = OTTER_CONTAINER_OF(self, struct newest, visitor);

    n->num = row->num;
    n->hash = row->hash;
    return false;
}

/* The subject as it is kept: cut where a character ends. */
static void cut(const char *text, char out[AUDIT_SUBJECT_MAX + 1])
{
    size_t n = strnlen(text, AUDIT_SUBJECT_MAX + 1);

    if (n > AUDIT_SUBJECT_MAX)
        for (n = AUDIT_SUBJECT_MAX; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
            ;
    memcpy(out, text, n);
    out[n] = '\0';
}

/* One that is too long is known by its digest. */
static char *detail_text(const json_t *detail)
{
    char *text = json_dumps(detail, JSON_COMPACT);
    char hex[OTTER_DIGEST_HEX + 1];
    struct otter_digest digest;
    size_t len = text ? strlen(text) : 0;
    auto_json json_t *brief = NULL;

    if (len <= AUDIT_DETAIL_MAX)
        return text;
    otter_sha256_of(&otter_crypto_openssl, text, len, &digest);
    otter_hex_encode(digest.b, OTTER_DIGEST_LEN, hex);
    free(text);
    brief = json_pack("{s:s, s:I}", "sha256", hex, "bytes", (json_int_t)len);
    return brief ? json_dumps(brief, JSON_COMPACT) : NULL;
}

static enum otter_status append(struct svc *svc, struct audit_entry *e)
{
    struct newest newest = {.visitor.row = take_newest};
    struct store *store = svc->writer;
    enum otter_status status = store->ops->audit_back(store, INT64_MAX, &newest.visitor);

    if (status != OTTER_OK)
        return status;
    e->num = newest.num + 1;
    e->prev = newest.hash;
    e->at = svc_now(svc);
    if (!audit_seal(e))
        return OTTER_INTERNAL;
    status = store->ops->audit_add(store, e);
    svc->audit.appended = svc->audit.appended || status == OTTER_OK;
    return status == OTTER_OK ? audit_tail_keep(svc) : status;
}

enum otter_status audit_note(struct svc *svc, const char *who, const char *act, const char *subject,
                             json_t *detail)
{
    char kept[AUDIT_SUBJECT_MAX + 1];
    auto_free char *text = detail ? detail_text(detail) : NULL;
    struct audit_entry e = {.who = who, .act = act, .subject = kept, .detail = text};

    json_decref(detail);
    if (!text)
        return OTTER_INTERNAL;
    cut(subject, kept);
    return append(svc, &e);
}

/* ---- what the log says of itself ---- */

static json_t *json_key(const struct svc *svc)
{
    char b64[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1], kid[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1];
    uint8_t spki[OTTER_SPKI_LEN];

    otter_spki_from_point(host_key_point(svc->audit.key), spki);
    otter_b64_encode(spki, sizeof(spki), b64);
    otter_b64_encode(host_key_kid(svc->audit.key)->b, OTTER_DIGEST_LEN, kid);
    return json_pack("{s:s, s:s}", "kid", kid, "spki", b64);
}

struct notice {
    struct store_audit_visitor visitor;
    json_t *detail;
};

static bool take_notice(struct store_audit_visitor *self, const struct audit_entry *row)
{
    OTTER_CONTAINER_OF(self, struct notice, visitor)->detail = json_loads(row->detail, 0, NULL);
    return false;
}

/* Does the newest entry about a key name another one than ours? */
static enum otter_status key_is_new(struct svc *svc, const char *spki, bool *ret)
{
    struct notice n = {.visitor.row = take_notice};
    enum otter_status status = svc->writer->ops->audit_notice(svc->writer, &n.visitor);
    const char *known = json_string_value(json_object_get(n.detail, "spki"));

    *ret = !known || strcmp(known, spki) != 0;
    json_decref(n.detail);
    return status == OTTER_NOT_FOUND ? OTTER_OK : status;
}

static enum otter_status say_key(struct svc *svc)
{
    json_t *key = json_key(svc);
    const char *spki = json_string_value(json_object_get(key, "spki"));
    bool is_new = false;
    enum otter_status status = spki ? key_is_new(svc, spki, &is_new) : OTTER_INTERNAL;

    if (status == OTTER_OK && is_new)
        return audit_note(svc, "", AUDIT_ACT_KEY, "log", key);
    json_decref(key);
    return status;
}

/* A backup was put back: what the log held behind this place is lost. */
static enum otter_status say_restored(struct svc *svc)
{
    struct store *store = svc->writer;
    int64_t made = 0;
    enum otter_status status = store->ops->meta_get(store, AUDIT_META_RESTORED, &made);

    if (status == OTTER_NOT_FOUND || (status == OTTER_OK && made == 0))
        return OTTER_OK;
    if (status == OTTER_OK)
        status = audit_note(svc, "", "restore", "server", json_pack("{s:I}", "backup_of", (json_int_t)made));
    return status == OTTER_OK ? store->ops->meta_put(store, AUDIT_META_RESTORED, 0) : status;
}

enum otter_status audit_begin(struct svc *svc, bool *ret_said)
{
    enum otter_status status = OTTER_OK;

    *ret_said = false;
    if (svc->audit.announced)
        return OTTER_OK;
    status = say_key(svc);
    if (status == OTTER_OK)
        status = say_restored(svc);
    *ret_said = status == OTTER_OK;
    return status;
}

void audit_begin_alone(struct svc *svc)
{
    struct store *store = svc->writer;
    bool said = false;
    enum otter_status status = store->ops->begin(store, true);

    if (status == OTTER_OK)
        status = audit_begin(svc, &said);
    if (status == OTTER_OK && said)
        status = store->ops->commit(store);
    else
        store->ops->rollback(store);
    svc->audit.announced = status == OTTER_OK;
    if (status != OTTER_OK)
        host_log(HOST_LOG_WARNING, "audit-not-begun", HOST_LOG_STR("why", otter_status_name(status)),
                 HOST_LOG_STR("next", "the first act that can be stored begins the log"));
}

void audit_turn(struct svc *svc)
{
    if (svc->audit.appended && svc->audit.tail)
        audit_tail_wake(svc->audit.tail);
    svc->audit.appended = false;
}

/* ---- the key ---- */

static bool path_in(const struct svc *svc, const char *name, char out[PATH_MAX], struct host_error *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", svc->dir, name) < PATH_MAX)
        return true;
    return host_fail(err, HOST_ERROR_FILE, "the data directory's name is too long");
}

static bool make_key(const char *path, struct host_error *err)
{
    auto_key struct host_key *made = host_key_generate(err);

    if (!made || !host_key_save(made, path, err))
        return false;
    host_log(HOST_LOG_INFO, "audit-key-made", HOST_LOG_STR("private", path));
    return true;
}

/* Is the public half that of our key? It is written anew when an operator has put another key in its place.
 */
static bool public_fits(const struct svc *svc, const char *path)
{
    uint8_t point[OTTER_POINT_LEN];

    return access(path, F_OK) == 0 && host_public_load(path, point, NULL) &&
           memcmp(point, host_key_point(svc->audit.key), OTTER_POINT_LEN) == 0;
}

bool audit_key_open(struct svc *svc, struct host_error *err)
{
    char key[PATH_MAX], public[PATH_MAX];

    if (!path_in(svc, "audit.key", key, err) || !path_in(svc, "audit.pub", public, err))
        return false;
    if (access(key, F_OK) != 0 && errno == ENOENT && !make_key(key, err))
        return false;
    svc->audit.key = host_key_load(key, err);
    if (!svc->audit.key)
        return false;
    return public_fits(svc, public) || host_public_save(host_key_point(svc->audit.key), public, err);
}
