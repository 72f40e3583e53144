/*
 * Would devices that follow the newest root still take a release that was published under an older one? What
 * they would refuse is not rolled out any further: a root that takes its trust away halts what runs.
 */
#include "service/health.h"
#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <stdio.h>

/* As this transaction sees it: a root that was just published is not in the catalog yet. */
struct newest {
    struct store_root_visitor visitor;
    struct otter_root root;
    enum otter_status status;
};

static bool take_root(struct store_root_visitor *self, const struct store_root *row)
{
    struct newest *n = OTTER_CONTAINER_OF(self, struct newest, visitor);
    struct otter_jws jws;

    n->status = otter_jws_decode(row->envelope, row->len, &jws);
    if (n->status == OTTER_OK)
        n->status = otter_root_decode(&otter_crypto_openssl, jws.payload, jws.payload_len, &n->root);
    return n->status == OTTER_OK; /* the last one is the newest */
}

struct judging {
    struct store_release_visitor visitor;
    const struct otter_root *root;
    enum otter_status status;
};

static bool judge(struct store_release_visitor *self, const struct store_release *row)
{
    struct judging *j = OTTER_CONTAINER_OF(self, struct judging, visitor);
    struct otter_jws jws;

    j->status = otter_jws_decode(row->envelope, row->len, &jws);
    if (j->status == OTTER_OK)
        j->status = otter_verify_role(&otter_crypto_openssl, j->root, OTTER_ROLE_RELEASE, &jws);
    if (j->status == OTTER_OK && row->epoch != j->root->sequence_epoch)
        j->status = OTTER_WRONG_EPOCH;
    return false;
}

/* *ret: OK, or what devices would say. */
static enum otter_status judge_by(struct svc *svc, const struct otter_root *root,
                                  const struct catalog_release *r, enum otter_status *ret)
{
    struct judging j = {.visitor.row = judge, .root = root, .status = OTTER_INTERNAL};
    enum otter_status status = svc->writer->ops->release_get(svc->writer, &r->id, &j.visitor);

    *ret = j.status;
    return status;
}

enum otter_status release_trusted(struct svc *svc, struct host_error *err, const struct catalog_release *r)
{
    struct newest n = {.visitor.row = take_root, .status = OTTER_NO_ROOT};
    enum otter_status status = svc->writer->ops->roots(svc->writer, &n.visitor), verdict = OTTER_OK;

    if (status == OTTER_OK)
        status = n.status;
    if (status == OTTER_OK)
        status = judge_by(svc, &n.root, r, &verdict);
    if (status != OTTER_OK || verdict == OTTER_OK)
        return status;
    (void)host_fail(err, HOST_ERROR_FORMAT,
                    "devices would refuse the release under root %llu: %s: make it again with a higher"
                    " sequence, sign it by the root's release keys, and publish that",
                    (unsigned long long)n.root.version, otter_status_meaning(verdict));
    return verdict;
}

bool release_distrusted(enum otter_status status)
{
    return otter_status_group(status) == 'D' || status == OTTER_WRONG_EPOCH;
}

/* Rollouts that run, as this transaction sees them, one after the other. */
struct running {
    struct store_rollout_visitor visitor;
    int64_t after;
    struct store_rollout next;
    bool found;
};

static bool take_running(struct store_rollout_visitor *self, const struct store_rollout *row)
{
    struct running *r = OTTER_CONTAINER_OF(self, struct running, visitor);

    if (row->id <= r->after || policy_rollout_state_find(row->state) != POLICY_ROLLOUT_RUNNING)
        return true;
    r->next = *row;
    r->found = true;
    return false;
}

static enum otter_status halt(struct svc *svc, struct svc_call *call, struct store_rollout *row,
                              const struct otter_root *root, enum otter_status why)
{
    char text[STORE_REASON_MAX + 1];
    enum otter_status status;

    (void)snprintf(text, sizeof(text), "%s: devices would refuse its release under root %llu",
                   otter_status_name(why), (unsigned long long)root->version);
    rollout_enter(svc, row, POLICY_ROLLOUT_HALTED, text);
    status = svc->writer->ops->rollout_update(svc->writer, row);
    if (status == OTTER_OK)
        status = rollout_event(svc, row->id, "halted", rollout_who(call),
                               json_pack("{s:s, s:I}", "reason", text, "root", (json_int_t)root->version));
    if (!events_rollout_halted(svc, call, row, text))
        return OTTER_INTERNAL;
    return status;
}

enum otter_status release_trust_changes(struct svc *svc, struct svc_call *call, const struct otter_root *root)
{
    struct running r = {.visitor.row = take_running};
    enum otter_status status = svc->writer->ops->rollouts(svc->writer, &r.visitor), verdict;

    while (status == OTTER_OK && r.found) {
        const struct catalog_release *release = catalog_release_by_num(svc->catalog, r.next.release);

        verdict = OTTER_OK;
        if (release)
            status = judge_by(svc, root, release, &verdict);
        if (status == OTTER_OK && verdict != OTTER_OK)
            status = halt(svc, call, &r.next, root, verdict);
        r.after = r.next.id;
        r.found = false;
        if (status == OTTER_OK)
            status = svc->writer->ops->rollouts(svc->writer, &r.visitor);
    }
    return status;
}
