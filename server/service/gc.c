/*
 * Removing what no device will ask for again: images of old releases that nothing needs, blobs of no release,
 * uploads that nobody goes on with. Decided in the writer's order with no other call in the same transaction
 * (writer.c), so that a publish is either wholly before it or wholly behind it; the files go after the
 * commit, so that a release never claims images that are gone. Files that were meant to go and are still
 * there (a crash in between) go the next time.
 */
#include "service/gc_plan.h"

#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_MAX     100000u
#define ORPHAN_S     86400u
#define ORPHAN_MAX_S UINT64_C(4000000000)

enum keep {
    KEEP_NEWEST,
    KEEP_ROLLOUT,
    KEEP_PIN,
    KEEP_ATTEMPT,
    KEEP_RUNNING,
    KEEP_SHARED, /* from here on: of blobs, those above of releases */
    KEEP_UPLOAD,
    KEEP_RECENT,
    KEEP_COUNT,
    KEEP_NOT = KEEP_COUNT
};

static const char *const keep_names[KEEP_COUNT] = {"newest",  "rollout", "pin",    "attempt",
                                                   "running", "shared",  "upload", "recent"};

struct gc {
    struct blobs_visitor visitor;
    struct svc *svc;
    struct svc_call *call;
    const struct catalog *c;
    struct digest_map map, papers;
    enum keep *keep; /* one a release; KEEP_NOT: its images may go */
    bool *lost;      /* one a release: an image of it goes */
    uint64_t kept[KEEP_COUNT];
    uint64_t blobs, bytes, uploads;
    unsigned newest;
    struct gc_plan *plan;
    bool memory; /* was enough */
};

static bool is_newer(const struct catalog_release *a, const struct catalog_release *b)
{
    if (a->manifest.epoch != b->manifest.epoch)
        return a->manifest.epoch > b->manifest.epoch;
    return a->manifest.sequence > b->manifest.sequence;
}

/* Withdrawn and pruned ones take nobody's place among the newest. */
static bool ranks(const struct catalog_release *r)
{
    return r->withdrawn == 0 && r->pruned == 0;
}

static bool among_newest(const struct gc *gc, const struct catalog_release *r)
{
    unsigned above = 0;

    if (!ranks(r))
        return false;
    for (size_t i = 0; i < gc->c->release_count && above < gc->newest; i++) {
        const struct catalog_release *other = &gc->c->releases[i];

        above +=
            ranks(other) && strcmp(other->manifest.product, r->manifest.product) == 0 && is_newer(other, r);
    }
    return above < gc->newest;
}

/* The first reason that there is. */
static enum keep reason_of(const struct gc *gc, const struct catalog_release *r,
                           const struct release_use *use)
{
    if (among_newest(gc, r))
        return KEEP_NEWEST;
    if (use->rollouts > 0 || use->ways_back > 0)
        return KEEP_ROLLOUT;
    if (use->pinned > 0)
        return KEEP_PIN;
    if (use->attempts > 0)
        return KEEP_ATTEMPT;
    return use->running > 0 ? KEEP_RUNNING : KEEP_NOT;
}

static bool judge_releases(struct gc *gc)
{
    auto_free struct release_use *uses = release_uses(gc->svc, gc->c, &gc->map, NULL);

    for (size_t i = 0; uses && i < gc->c->release_count; i++) {
        gc->keep[i] = reason_of(gc, &gc->c->releases[i], &uses[i]);
        if (gc->keep[i] != KEEP_NOT)
            gc->kept[gc->keep[i]]++;
    }
    return uses != NULL;
}

/* Does a release that keeps its images have this one? *ret_any: does any that has not been pruned? */
static bool shared(const struct gc *gc, const struct otter_digest *digest, bool *ret_any)
{
    bool kept = false;

    *ret_any = false;
    for (const struct digest_use *u = digest_map_find(&gc->map, digest); u;
         u = digest_map_next(&gc->map, u)) {
        kept = kept || gc->keep[u->release] != KEEP_NOT;
        *ret_any = *ret_any || gc->c->releases[u->release].pruned == 0;
    }
    return kept;
}

static bool doomed_release_has(const struct gc *gc, const struct otter_digest *digest)
{
    for (const struct digest_use *u = digest_map_find(&gc->map, digest); u; u = digest_map_next(&gc->map, u))
        if (gc->keep[u->release] == KEEP_NOT)
            return true;
    return false;
}

static bool uploading(const struct gc *gc, const struct otter_digest *digest)
{
    uint64_t offset, size;

    return gc->svc->blobs->ops->stat(gc->svc->blobs, digest, &offset, &size) == OTTER_OK ||
           gc_was_announced(gc->svc, digest);
}

/* Does the blob go? What stays is counted by its reason, where it would have gone but for that. */
static bool goes(struct gc *gc, const struct blobs_entry *blob)
{
    bool of_release;

    if (catalog_release_by_id(gc->c, &blob->digest)) /* a manifest */
        return false;
    if (digest_map_find(&gc->papers, &blob->digest)) /* what was in it is asked when it is long gone */
        return false;
    if (shared(gc, &blob->digest, &of_release)) {
        gc->kept[KEEP_SHARED] += doomed_release_has(gc, &blob->digest);
        return false;
    }
    if (uploading(gc, &blob->digest)) {
        gc->kept[KEEP_UPLOAD]++;
        return false;
    }
    if (!of_release && blob->written > gc->plan->before) {
        gc->kept[KEEP_RECENT]++;
        return false;
    }
    return true;
}

static bool judge_blob(struct blobs_visitor *self, const struct blobs_entry *blob)
{
    struct gc *gc = OTTER_CONTAINER_OF(self, struct gc, visitor);

    if (!goes(gc, blob))
        return true;
    gc->memory = gc_plan_add(gc->plan, &blob->digest);
    gc->blobs++;
    gc->bytes += blob->size;
    for (const struct digest_use *u = digest_map_find(&gc->map, &blob->digest); u;
         u = digest_map_next(&gc->map, u))
        gc->lost[u->release] = true;
    return gc->memory;
}

static json_t *json_pruned(const struct catalog_release *r)
{
    char version[OTTER_VERSION_STR];

    otter_version_format(&r->manifest.version, version);
    return json_pack("{s:o, s:s, s:s}", "id", json_digest(&r->id), "product", r->manifest.product, "version",
                     version);
}

static enum otter_status mark_releases(struct gc *gc, json_t *list)
{
    enum otter_status status = OTTER_OK;

    for (size_t i = 0; status == OTTER_OK && i < gc->c->release_count; i++) {
        const struct catalog_release *r = &gc->c->releases[i];
        struct catalog_release now;

        if (!gc->lost[i] || r->pruned)
            continue;
        now = *r;
        now.pruned = svc_now(gc->svc);
        status = release_put(gc->svc, &now);
        (void)json_array_append_new(list, json_pruned(r));
    }
    return svc_stored(gc->call, status);
}

static json_t *json_kept(const struct gc *gc)
{
    json_t *kept = json_object();

    for (unsigned i = 0; i < KEEP_COUNT; i++)
        (void)json_object_set_new(kept, keep_names[i], json_integer((json_int_t)gc->kept[i]));
    return kept;
}

static enum otter_status collect(struct gc *gc)
{
    const struct blobs_ops *ops = gc->svc->blobs->ops;
    auto_json json_t *releases = json_array();
    enum otter_status status;

    if (!judge_releases(gc))
        return OTTER_INTERNAL;
    gc->memory = true;
    status = ops->list(gc->svc->blobs, &gc->visitor);
    if (status != OTTER_OK || !gc->memory)
        return gc->memory ? svc_stored(gc->call, status) : OTTER_INTERNAL;
    gc->uploads = ops->give_up(gc->svc->blobs, gc->plan->before, true);
    status = mark_releases(gc, releases);
    if (status != OTTER_OK)
        return status;
    gc->call->out.json =
        json_pack("{s:O, s:I, s:I, s:I, s:o}", "releases", releases, "blobs", (json_int_t)gc->blobs, "bytes",
                  (json_int_t)gc->bytes, "uploads", (json_int_t)gc->uploads, "kept", json_kept(gc));
    return gc->call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

static enum otter_status read_wish(struct gc *gc)
{
    static const char *const members[] = {"*keep", "orphans_older_than", NULL};
    struct svc_call *call = gc->call;
    struct host_error *err = &call->out.error;
    uint64_t keep = 0, older = ORPHAN_S;
    enum otter_status status = svc_shape(call->in.json, members, err);

    if (status != OTTER_OK)
        return status;
    if (!host_json_get_uint(call->in.json, "keep", HOST_JSON_REQUIRED, 1, KEEP_MAX, &keep, err) ||
        !host_json_get_uint(call->in.json, "orphans_older_than", HOST_JSON_OPTIONAL, 0, ORPHAN_MAX_S, &older,
                            err))
        return svc_refuse_host(call);
    gc->newest = (unsigned)keep;
    /* Files have the wall clock's times; one that was set ahead must not make them old. */
    gc->plan->before = svc_steady(gc->svc) - (int64_t)older;
    return OTTER_OK;
}

enum otter_status op_gc(struct svc *svc, struct svc_call *call)
{
    struct svc_effects *effects = effects_of(call);
    size_t n = svc->catalog->release_count + 1;
    auto_free enum keep *keep = calloc(n, sizeof(*keep));
    auto_free bool *lost = calloc(n, sizeof(*lost));
    struct gc gc = {.visitor.blob = judge_blob,
                    .svc = svc,
                    .call = call,
                    .c = svc->catalog,
                    .keep = keep,
                    .lost = lost,
                    .plan = calloc(1, sizeof(*gc.plan))};
    enum otter_status status;

    if (atomic_load(&svc->backup_running)) {
        gc_plan_free(gc.plan);
        return svc_refuse(call, OTTER_CONFLICT,
                          "a backup is being made of these blobs: ask again when it is done");
    }
    if (!effects || !keep || !lost || !gc.plan || !digest_map_make(gc.c, &gc.map) ||
        !digest_map_make_papers(gc.c, &gc.papers)) {
        digest_map_free(&gc.map);
        gc_plan_free(gc.plan);
        return OTTER_INTERNAL;
    }
    status = read_wish(&gc);
    if (status == OTTER_OK)
        status = collect(&gc);
    digest_map_free(&gc.map);
    digest_map_free(&gc.papers);
    effects->gc = gc.plan; /* dropped with the effects, if it comes to nothing */
    effects->catalog = true;
    return status;
}
