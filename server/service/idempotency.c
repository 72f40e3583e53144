/* Idempotency-Key: the same request again gets the first one's answer, another one under the key is refused.
 */
#include "service/internal.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 128u

static bool has_key(const struct svc_call *call)
{
    /* An upload is named by its digest: the same again is the same. An operator's token is not kept. */
    return call->op != SVC_UPLOAD_CREATE && call->op != SVC_OPERATOR_ADD && call->op != SVC_TOKEN_NEW &&
           call->in.idempotency_key && *call->in.idempotency_key && !call->in.dry_run;
}

/* Digest over all that makes the request. */
static bool request_digest(const struct svc_call *call, struct otter_digest *ret)
{
    auto_free char *text = NULL;
    const struct otter_crypto *crypto = &otter_crypto_openssl;
    struct otter_sha256 sha;
    uint8_t head[12 + OTTER_DIGEST_LEN];
    size_t len = 0;

    if (call->in.json) {
        text = json_dumps(call->in.json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
        if (!text)
            return false;
        len = strlen(text);
    }
    otter_put_le32(head, (uint32_t)call->op);
    otter_put_le64(head + 4, call->in.number);
    memcpy(head + 12, call->in.digest.b, OTTER_DIGEST_LEN);
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, head, sizeof(head));
    if (call->in.id)
        crypto->sha256_update(&sha, call->in.id, strlen(call->in.id) + 1);
    if (len)
        crypto->sha256_update(&sha, text, len);
    if (call->in.body_len)
        crypto->sha256_update(&sha, call->in.body, call->in.body_len);
    crypto->sha256_final(&sha, ret->b);
    return true;
}

/* An operator's keys are its own: nobody finds another one's answers. A name holds no '/'. */
static void own_key(const struct svc_call *call, char ret[OTTER_NAME_BUF + KEY_MAX + 2])
{
    (void)snprintf(ret, OTTER_NAME_BUF + KEY_MAX + 2, "%s/%s", call->in.asker ? call->in.asker->name : "",
                   call->in.idempotency_key);
}

struct finder {
    struct store_answer_visitor visitor;
    struct svc_call *call;
    struct otter_digest request;
    enum otter_status status;
};

static bool answer_again(struct store_answer_visitor *self, const struct store_answer *row)
{
    struct finder *f = OTTER_CONTAINER_OF(self, struct finder, visitor);

    if (memcmp(row->request.b, f->request.b, OTTER_DIGEST_LEN) != 0) {
        f->status = svc_refuse(f->call, OTTER_IDEMPOTENCY_REUSED,
                               "this Idempotency-Key was used with another request: use a new one");
        return false;
    }
    f->call->out.created = row->created;
    f->call->out.json = row->len ? json_loadb(row->body, row->len, 0, NULL) : NULL;
    f->status = f->call->out.json || row->len == 0 ? OTTER_OK : OTTER_INTERNAL;
    return false;
}

enum otter_status idempotency_check(struct svc *svc, struct svc_call *call, bool *ret_answered)
{
    struct finder f = {.visitor.row = answer_again, .call = call, .status = OTTER_OK};
    char key[OTTER_NAME_BUF + KEY_MAX + 2];
    enum otter_status status;

    if (!has_key(call))
        return OTTER_OK;
    if (strnlen(call->in.idempotency_key, KEY_MAX + 1) > KEY_MAX)
        return svc_refuse(call, OTTER_BAD_VALUE, "Idempotency-Key is longer than %u characters", KEY_MAX);
    if (!request_digest(call, &f.request))
        return OTTER_INTERNAL;
    own_key(call, key);
    status = svc->writer->ops->answer_get(svc->writer, key, &f.visitor);
    if (status == OTTER_NOT_FOUND)
        return OTTER_OK;
    *ret_answered = true;
    return status == OTTER_OK ? f.status : svc_stored(call, status);
}

enum otter_status idempotency_keep(struct svc *svc, struct svc_call *call)
{
    struct store_answer row = {.status = OTTER_OK, .created = call->out.created, .body = ""};
    char key[OTTER_NAME_BUF + KEY_MAX + 2];
    auto_free char *text = NULL;

    if (!has_key(call))
        return OTTER_OK;
    own_key(call, key);
    if (call->out.json) {
        text = json_dumps(call->out.json, JSON_COMPACT);
        if (!text)
            return OTTER_INTERNAL;
        row.body = text;
    }
    if (!request_digest(call, &row.request))
        return OTTER_INTERNAL;
    return svc_stored(call, svc->writer->ops->answer_put(svc->writer, key, svc_steady(svc), &row));
}
