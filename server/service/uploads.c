#include "service/internal.h"

#include "core/bytes.h"

#include <errno.h>
#include <string.h>

int svc_blob_open(struct svc *svc, const struct otter_digest *digest, uint64_t *ret_size)
{
    return svc->blobs->ops->open(svc->blobs, digest, ret_size);
}

enum otter_status svc_blob_fault(enum otter_status absent)
{
    if (errno == ENOENT)
        return absent;
    return errno == EMFILE || errno == ENFILE ? OTTER_TOO_BUSY : OTTER_IO_ERROR;
}

struct host_mapped *svc_blob_map(struct svc *svc, const struct otter_digest *digest)
{
    return svc->blobs->ops->map(svc->blobs, digest);
}

bool svc_blobs_public(struct svc *svc)
{
    return svc->config.blobs_public;
}

/* An upload's id is the digest that was announced. */
static bool parse_id(const char *id, struct otter_digest *ret)
{
    return otter_hex_decode(id, strnlen(id, OTTER_DIGEST_HEX + 1), ret->b, OTTER_DIGEST_LEN);
}

enum otter_status svc_upload_stat(struct svc *svc, const char *id, uint64_t *ret_offset, uint64_t *ret_size)
{
    struct otter_digest digest;

    return parse_id(id, &digest) ? svc->blobs->ops->stat(svc->blobs, &digest, ret_offset, ret_size)
                                 : OTTER_NOT_FOUND;
}

enum otter_status svc_upload_append(struct svc *svc, const char *id, uint64_t offset, const void *data,
                                    size_t len)
{
    struct otter_digest digest;

    return parse_id(id, &digest) ? svc->blobs->ops->append(svc->blobs, &digest, offset, data, len)
                                 : OTTER_NOT_FOUND;
}

enum otter_status svc_upload_finish(struct svc *svc, const char *id, struct host_error *ret_error)
{
    struct otter_digest digest;

    if (parse_id(id, &digest))
        return svc->blobs->ops->finish(svc->blobs, &digest, ret_error);
    (void)host_fail(ret_error, HOST_ERROR_FORMAT, "no such upload");
    return OTTER_NOT_FOUND;
}

static json_t *body(const struct svc_call *call, uint64_t offset)
{
    if (call->out.held || call->in.dry_run)
        return json_pack("{s:b}", "held", (int)call->out.held);
    return json_pack("{s:s, s:I, s:I}", "id", call->out.id, "offset", (json_int_t)offset, "size",
                     (json_int_t)call->in.number);
}

enum otter_status op_upload_create(struct svc *svc, struct svc_call *call)
{
    const struct blobs_ops *ops = svc->blobs->ops;
    enum otter_status status = OTTER_OK;
    uint64_t size, offset = 0;

    if (call->in.number == 0 || call->in.number > OTTER_INT_MAX)
        return svc_refuse(call, OTTER_BAD_VALUE, "size must be at least 1");
    if (call->in.number > svc->config.max_blob)
        return svc_refuse(call, OTTER_BODY_TOO_LARGE, "size %llu is over this server's limit of %llu bytes",
                          (unsigned long long)call->in.number, (unsigned long long)svc->config.max_blob);
    call->out.held = ops->held(svc->blobs, &call->in.digest, &size);
    if (call->out.held && !call->in.dry_run)
        gc_announced(svc, &call->in.digest);
    if (!call->out.held && !call->in.dry_run)
        status = ops->begin(svc->blobs, &call->in.digest, call->in.number, &offset);
    if (status == OTTER_CONFLICT)
        return svc_refuse(
            call, status,
            "this digest is being uploaded with another size: give that one, or wait until the upload is"
            " given up, 7 days after its last byte");
    if (status != OTTER_OK)
        return svc_refuse(call, status, "the upload cannot begin: %s", otter_status_meaning(status));
    call->out.created = !call->out.held && !call->in.dry_run;
    if (call->out.created) /* else there is no upload to name */
        otter_hex_encode(call->in.digest.b, OTTER_DIGEST_LEN, call->out.id);
    call->out.json = body(call, offset);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}
