/* Would devices that follow the newest root still take a release that was published under an older one? */
#include "service/internal.h"

#include "core/bytes.h"

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

enum otter_status release_trusted(struct svc *svc, struct svc_call *call, const struct catalog_release *r)
{
    const struct otter_root *root = &svc->catalog->root;
    struct judging j = {.visitor.row = judge, .root = root, .status = OTTER_INTERNAL};
    enum otter_status status =
        svc_stored(call, svc->writer->ops->release_get(svc->writer, &r->id, &j.visitor));

    if (status != OTTER_OK || j.status == OTTER_OK)
        return status;
    return svc_refuse(
        call, j.status,
        "devices would refuse the release under root %llu: %s: make it again with a higher sequence,"
        " sign it by the root's release keys, and publish that",
        (unsigned long long)root->version, otter_status_meaning(j.status));
}
