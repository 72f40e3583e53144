#include "fake_service.h"

#include "core/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

char fake_blob_byte(uint64_t at)
{
    return (char)(at % 251);
}

static void fill_blob(int fd)
{
    char *bytes = malloc(FAKE_BLOB_SIZE);

    for (uint64_t i = 0; i < FAKE_BLOB_SIZE; i++)
        bytes[i] = fake_blob_byte(i);
    if (write(fd, bytes, FAKE_BLOB_SIZE) != (ssize_t)FAKE_BLOB_SIZE)
        abort();
    free(bytes);
}

static void refuse(struct svc_call *call, enum otter_status status, const char *detail)
{
    call->out.status = status;
    snprintf(call->out.error.message, sizeof call->out.error.message, "%s", detail);
}

static void note(struct svc *svc, const struct svc_call *call)
{
    const struct svc_in *in = &call->in;
    char *json = in->json ? json_dumps(in->json, JSON_COMPACT) : NULL;

    pthread_mutex_lock(&svc->lock);
    snprintf(svc->last_text, sizeof svc->last_text,
             "id=%s number=%llu limit=%u filter=%s key=%s dry=%d json=%s", in->id ? in->id : "",
             (unsigned long long)in->number, in->page.limit, in->page.filter ? in->page.filter : "",
             in->idempotency_key ? in->idempotency_key : "", in->dry_run, json ? json : "");
    pthread_mutex_unlock(&svc->lock);
    free(json);
}

static void run_poll(struct svc_call *call)
{
    const struct otter_poll *poll = &call->in.poll;

    call->out.root = 3;
    call->out.retry_after = 3600;
    if (poll->sequence == 503) {
        call->out.retry_after = 77;
        refuse(call, OTTER_NO_ROOT, "");
    } else if (poll->fresh) {
        call->out.body = strdup("{\"offer\":1}");
        call->out.body_len = strlen(call->out.body);
    }
}

static void run_call(struct svc *svc, struct svc_call *call)
{
    struct svc_out *out = &call->out;

    switch (call->op) {
    case SVC_POLL:
        run_poll(call);
        break;
    case SVC_REPORT:
        out->go_on = call->in.report.step == 1;
        if (call->in.report.step == 9)
            refuse(call, OTTER_ATTEMPT_CLOSED, "");
        break;
    case SVC_ATTRIBUTES:
        note(svc, call);
        break;
    case SVC_ROOT_GET:
        if (call->in.number != 1) {
            refuse(call, OTTER_NOT_FOUND, "");
            break;
        }
        out->body = strdup("{\"payload\":\"root\"}");
        out->body_len = strlen(out->body);
        break;
    case SVC_ROOT_PUBLISH:
        if (call->in.body_len < 2 || call->in.body[0] != '{') {
            refuse(call, OTTER_BAD_ENVELOPE, "no envelope");
            break;
        }
        out->created = true;
        out->json = json_pack("{s:I}", "bytes", (json_int_t)call->in.body_len);
        break;
    case SVC_UPLOAD_CREATE:
        svc->upload_size = call->in.number;
        svc->upload_len = 0;
        snprintf(out->id, sizeof out->id, "%s", FAKE_UPLOAD);
        break;
    default:
        note(svc, call);
        out->json = json_pack("{s:i}", "op", (int)call->op);
        break;
    }
}

static void *serve(void *arg)
{
    struct svc *svc = arg;

    pthread_mutex_lock(&svc->lock);
    while (!svc->stop || svc->first) {
        struct svc_call *call = svc->hold ? NULL : svc->first;

        if (!call) {
            pthread_cond_wait(&svc->more, &svc->lock);
            continue;
        }
        svc->first = call->next;
        pthread_mutex_unlock(&svc->lock);
        run_call(svc, call);
        call->done(call);
        pthread_mutex_lock(&svc->lock);
    }
    pthread_mutex_unlock(&svc->lock);
    return NULL;
}

struct svc *fake_open(void)
{
    struct svc *svc = calloc(1, sizeof *svc);

    svc->blob_fd = memfd_create("blob", MFD_CLOEXEC);
    memset(svc->blob.b, 0xab, sizeof svc->blob.b);
    fill_blob(svc->blob_fd);
    pthread_mutex_init(&svc->lock, NULL);
    pthread_cond_init(&svc->more, NULL);
    if (pthread_create(&svc->thread, NULL, serve, svc) != 0)
        abort();
    return svc;
}

void fake_close(struct svc *svc)
{
    pthread_mutex_lock(&svc->lock);
    svc->stop = true;
    svc->hold = false;
    pthread_cond_broadcast(&svc->more);
    pthread_mutex_unlock(&svc->lock);
    pthread_join(svc->thread, NULL);
    pthread_cond_destroy(&svc->more);
    pthread_mutex_destroy(&svc->lock);
    close(svc->blob_fd);
    free(svc);
}

void fake_hold(struct svc *svc, bool hold)
{
    pthread_mutex_lock(&svc->lock);
    svc->hold = hold;
    pthread_cond_broadcast(&svc->more);
    pthread_mutex_unlock(&svc->lock);
}

void fake_wait_calls(struct svc *svc, unsigned n)
{
    pthread_mutex_lock(&svc->lock);
    while (svc->calls < n)
        pthread_cond_wait(&svc->more, &svc->lock);
    pthread_mutex_unlock(&svc->lock);
}

void fake_wait_stats(struct svc *svc, unsigned n)
{
    pthread_mutex_lock(&svc->lock);
    while (svc->stats < n)
        pthread_cond_wait(&svc->more, &svc->lock);
    pthread_mutex_unlock(&svc->lock);
}

/* Polls of product "slow" go to the thread, all others are answered at once. */
bool svc_try(struct svc *svc, struct svc_call *call)
{
    if (call->op != SVC_POLL || strcmp(call->in.poll.product, "slow") == 0)
        return false;
    run_call(svc, call);
    return true;
}

bool svc_admit(struct svc *svc, struct svc_call *call, uint64_t connection, enum policy_asked *ret_asked)
{
    (void)connection;
    *ret_asked = POLICY_ASKS_FOR_GRANT;
    if (!svc->full)
        return true;
    call->out.status = OTTER_TOO_BUSY;
    call->out.retry_after = 42;
    return false;
}

bool svc_submit(struct svc *svc, struct svc_call *call)
{
    bool taken;

    call->next = NULL;
    pthread_mutex_lock(&svc->lock);
    taken = !svc->closing;
    if (taken) {
        if (svc->first)
            svc->last->next = call;
        else
            svc->first = call;
        svc->last = call;
        svc->calls++;
        pthread_cond_broadcast(&svc->more);
    }
    pthread_mutex_unlock(&svc->lock);
    return taken;
}

void svc_call_clear(struct svc_call *call)
{
    json_decref(call->out.json);
    free(call->out.body);
    call->out.json = NULL;
    call->out.body = NULL;
}

enum otter_status svc_auth_operator(struct svc *svc, const char *token, struct svc_asker **ret,
                                    const char **ret_why)
{
    (void)svc;
    *ret_why = NULL;
    *ret = NULL;
    if (strcmp(token, FAKE_ADMIN) != 0)
        return OTTER_UNAUTHORIZED;
    *ret = calloc(1, sizeof **ret);
    if (!*ret)
        return OTTER_INTERNAL;
    (void)snprintf((*ret)->name, OTTER_NAME_BUF, "%s", SVC_ADMIN);
    (*ret)->rights.everywhere = (*ret)->rights.anywhere = POLICY_ALL_RIGHTS;
    return OTTER_OK;
}

void svc_asker_free(struct svc_asker *asker)
{
    free(asker);
}

enum otter_status svc_permitted(const struct svc_asker *asker, enum svc_op op, const char *id,
                                struct host_error *err)
{
    (void)op;
    (void)id;
    (void)err;
    return asker ? OTTER_OK : OTTER_FORBIDDEN;
}

bool svc_may_fetch(struct svc *svc, const struct svc_asker *asker, const struct otter_digest *digest)
{
    (void)svc;
    (void)digest;
    return asker != NULL;
}

/* Its last character is its number. */
bool svc_auth_device(struct svc *svc, const char *device, const char *token, uint32_t *ret_number)
{
    (void)svc;
    *ret_number = (unsigned char)device[strlen(device) - 1];
    return strncmp(device, "dev", 3) == 0 && strcmp(token, FAKE_DEVICE) == 0;
}

bool svc_auth_any_device(struct svc *svc, const char *token, uint32_t *ret_number)
{
    (void)svc;
    *ret_number = '1';
    return strcmp(token, FAKE_DEVICE) == 0;
}

enum otter_status svc_auth_device_hmac(struct svc *svc, const struct svc_proof *p, uint32_t *ret_number)
{
    *ret_number = (unsigned char)p->device[strlen(p->device) - 1];
    snprintf(svc->last_proof, sizeof svc->last_proof, "%s %s %s %.*s %zu %zu", p->device, p->method,
             p->target, (int)p->nonce_len, p->nonce, p->mac_len, p->body_len);
    return svc->proof_status;
}

/* This one takes nobody by a fleet key, and nobody may ask: the real service's tests and e2e have them. */
enum otter_status svc_auth_fleet_key(struct svc *svc, const struct svc_proof *proof, const char *product,
                                     struct otter_digest *ret_key)
{
    (void)svc;
    (void)proof;
    (void)product;
    (void)ret_key;
    return OTTER_UNAUTHORIZED;
}

bool svc_auth_certified(struct svc *svc, const char *device, uint32_t *ret_number)
{
    (void)svc;
    *ret_number = 1;
    return strcmp(device, "dev-1") == 0;
}

bool svc_takes_certified(const struct svc *svc, const char *device)
{
    (void)svc;
    (void)device;
    return false;
}

bool svc_takes_asking(const struct svc *svc)
{
    (void)svc;
    return false;
}

int svc_blob_open(struct svc *svc, const struct otter_digest *digest, uint64_t *ret_size)
{
    if (memcmp(digest, &svc->blob, sizeof *digest) != 0)
        return -1;
    *ret_size = FAKE_BLOB_SIZE;
    return dup(svc->blob_fd);
}

struct host_mapped *svc_blob_map(struct svc *svc, const struct otter_digest *digest)
{
    if (!svc->blob_mapped || memcmp(digest, &svc->blob, sizeof *digest) != 0)
        return NULL;
    return host_mapped_new(svc->blob_fd, FAKE_BLOB_SIZE);
}

enum otter_status svc_blob_fault(enum otter_status absent)
{
    return absent;
}

bool svc_blobs_public(struct svc *svc)
{
    return svc->blobs_public;
}

enum otter_status svc_upload_stat(struct svc *svc, const char *id, uint64_t *ret_offset, uint64_t *ret_size)
{
    enum otter_status status = OTTER_NOT_FOUND;

    pthread_mutex_lock(&svc->lock);
    svc->stats++;
    pthread_cond_broadcast(&svc->more);
    if (svc->upload_size > 0 && strcmp(id, FAKE_UPLOAD) == 0) {
        *ret_offset = svc->upload_len;
        *ret_size = svc->upload_size;
        status = OTTER_OK;
    }
    pthread_mutex_unlock(&svc->lock);
    return status;
}

enum otter_status svc_upload_append(struct svc *svc, const char *id, uint64_t offset, const void *data,
                                    size_t len)
{
    enum otter_status status = OTTER_OK;

    (void)id;
    pthread_mutex_lock(&svc->lock);
    if (offset != svc->upload_len)
        status = OTTER_OFFSET_MISMATCH;
    else if (len > sizeof svc->upload - svc->upload_len)
        status = OTTER_STORE_FULL;
    else {
        memcpy(svc->upload + svc->upload_len, data, len);
        svc->upload_len += len;
    }
    pthread_mutex_unlock(&svc->lock);
    return status;
}

enum otter_status svc_upload_finish(struct svc *svc, const char *id, struct host_error *ret_error)
{
    bool bad;

    (void)id;
    pthread_mutex_lock(&svc->lock);
    bad = svc->upload_bad;
    svc->upload_size = 0;
    pthread_mutex_unlock(&svc->lock);
    if (!bad)
        return OTTER_OK;
    (void)host_fail(ret_error, HOST_ERROR_FORMAT, "the bytes have another digest");
    return OTTER_DIGEST_MISMATCH;
}

json_t *svc_ready(struct svc *svc, const struct svc_loops *loops, bool *ret_ready)
{
    *ret_ready = svc->ready;
    return json_pack("{s:b, s:i, s:i}", "ready", (int)svc->ready, "loops", (int)loops->count, "stuck",
                     (int)loops->stuck);
}
