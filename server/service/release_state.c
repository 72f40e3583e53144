/* What a transaction of the writer sees of a release: calls before it in the same one may have withdrawn it
 * or brought it back, of which the catalog knows nothing yet. */
#include "service/rollout_fleet.h"

#include "core/bytes.h"

#include <stdio.h>

struct reader {
    struct store_release_visitor visitor;
    struct catalog_release *release;
};

static bool read_state(struct store_release_visitor *self, const struct store_release *row)
{
    struct catalog_release *r = OTTER_CONTAINER_OF(self, struct reader, visitor)->release;

    r->withdrawn = row->withdrawn;
    r->pruned = row->pruned;
    (void)snprintf(r->withdrawn_reason, sizeof(r->withdrawn_reason), "%s", row->withdrawn_reason);
    return false;
}

enum otter_status release_now(struct svc *svc, const struct catalog_release *known,
                              struct catalog_release *ret)
{
    struct reader r = {.visitor.row = read_state, .release = ret};

    *ret = *known;
    return svc->writer->ops->release_get(svc->writer, &known->id, &r.visitor);
}

enum otter_status release_put(struct svc *svc, const struct catalog_release *now)
{
    struct store_release row = {.num = now->num,
                                .withdrawn = now->withdrawn,
                                .withdrawn_reason = now->withdrawn_reason,
                                .pruned = now->pruned};

    return svc->writer->ops->release_update(svc->writer, &row);
}

enum otter_status release_refusal(const struct catalog_release *release, struct host_error *err)
{
    if (release->withdrawn) {
        (void)host_fail(err, HOST_ERROR_FORMAT,
                        "the release was withdrawn (otter release show): publish a new one");
        return OTTER_RELEASE_WITHDRAWN;
    }
    if (release->pruned) {
        (void)host_fail(err, HOST_ERROR_FORMAT,
                        "the release's images were removed from the server: publish it again with them");
        return OTTER_IMAGES_PRUNED;
    }
    return OTTER_OK;
}

enum otter_status release_usable(struct svc *svc, struct host_error *err, const struct catalog_release *known)
{
    struct catalog_release now;
    enum otter_status status = release_now(svc, known, &now);

    if (status == OTTER_OK)
        status = release_refusal(&now, err);
    return status == OTTER_OK ? release_trusted(svc, err, known) : status;
}
