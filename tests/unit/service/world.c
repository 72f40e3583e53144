#include "world.h"

#include "core/bytes.h"
#include "core/verify.h"
#include "host/jws.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINK_A 0x08020000u
#define LINK_B 0x08120000u

_Atomic int64_t world_clock = WORLD_NOW;
_Atomic int64_t world_served;

static int64_t read_clock(void)
{
    return world_clock;
}

static int64_t read_served(void)
{
    return world_served;
}

struct svc_config world_config = {.poll_interval_s = 60, .clock = read_clock, .served = read_served};

static void open_server(struct world *w)
{
    struct svc_config config = world_config;
    struct host_error err = {0};
    char token[64];
    int code;

    config.data_dir = w->dir;
    config.plain_devices = w->plain_devices;
    w->svc = svc_open(&config, &err, &code, token);
    if (!w->svc)
        fail_msg("svc_open: %s (exit %d)", err.message, code);
    if (token[0])
        memcpy(w->token, token, sizeof(token));
}

int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct host_error err = {0};

    assert_non_null(w);
    world_clock = WORLD_NOW;
    world_served = 0;
    /* In memory where that is possible: thousands of commits, of which none has to outlive the machine. */
    (void)snprintf(w->dir, sizeof(w->dir), "%s/otter-service-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(w->dir));
    w->root_key = host_key_generate(&err);
    w->release_key = host_key_generate(&err);
    w->image_key = host_key_generate(&err);
    open_server(w);
    *state = w;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

int world_teardown(void **state)
{
    struct world *w = *state;

    svc_close(w->svc);
    host_key_free(w->root_key);
    host_key_free(w->release_key);
    host_key_free(w->image_key);
    (void)nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(w);
    return 0;
}

void world_restart(struct world *w)
{
    svc_close(w->svc);
    open_server(w);
}

void world_restart_after(struct world *w, int64_t seconds)
{
    svc_close(w->svc);
    world_clock += seconds;
    open_server(w);
}

struct waiter {
    struct svc_call *call;
    struct svc_call own;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool done;
};

static void wake(struct svc_call *self)
{
    struct waiter *waiter = OTTER_CONTAINER_OF(self, struct waiter, own);

    pthread_mutex_lock(&waiter->lock);
    waiter->done = true;
    pthread_cond_signal(&waiter->wake);
    pthread_mutex_unlock(&waiter->lock);
}

/* May do anything. */
const struct svc_asker world_admin = {
    .name = SVC_ADMIN, .rights = {.everywhere = POLICY_ALL_RIGHTS, .anywhere = POLICY_ALL_RIGHTS}};

enum otter_status world_run(struct world *w, struct svc_call *call)
{
    struct waiter waiter = {
        .call = call, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

    memset(&call->out, 0, sizeof(call->out));
    if (!call->in.asker)
        call->in.asker = &world_admin;
    if (svc_try(w->svc, call))
        return call->out.status;
    waiter.own = *call;
    waiter.own.done = wake;
    assert_true(svc_submit(w->svc, &waiter.own));
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.done)
        pthread_cond_wait(&waiter.wake, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    call->out = waiter.own.out;
    return call->out.status;
}

const char *world_whose(struct world *w, const char *token)
{
    static char name[OTTER_NAME_BUF];
    struct svc_asker *asker;
    const char *why;

    name[0] = '\0';
    if (svc_auth_operator(w->svc, token, &asker, &why) == OTTER_OK)
        memcpy(name, asker->name, sizeof(name));
    svc_asker_free(asker);
    return name;
}

static void add_key(struct otter_root *root, enum otter_role role, const uint8_t *point,
                    const struct otter_digest *kid)
{
    struct otter_root_role *r = &root->role[role];

    memcpy(root->key[root->key_count].point, point, OTTER_POINT_LEN);
    root->key[root->key_count].kid = *kid;
    r->key[r->count++] = root->key_count++;
    r->threshold = 1;
}

void world_root(const struct world *w, uint64_t version, struct otter_root *ret)
{
    uint8_t point[OTTER_POINT_LEN];
    struct host_error err = {0};
    struct otter_digest kid;
    char path[PATH_MAX + 16];

    memset(ret, 0, sizeof(*ret));
    ret->version = version;
    ret->created = WORLD_NOW - 1000;
    ret->expires = WORLD_NOW + 1000000;
    ret->sequence_epoch = 1;
    (void)snprintf(path, sizeof(path), "%s/offer.pub", w->dir);
    assert_true(host_public_load(path, point, &err));
    otter_key_id(&otter_crypto_openssl, point, &kid);
    add_key(ret, OTTER_ROLE_ROOT, host_key_point(w->root_key), host_key_kid(w->root_key));
    add_key(ret, OTTER_ROLE_RELEASE, host_key_point(w->release_key), host_key_kid(w->release_key));
    add_key(ret, OTTER_ROLE_OFFER, point, &kid);
}

static char *sign(const char *payload, struct host_key *const *by, size_t *ret_len)
{
    struct host_error err = {0};
    char *envelope = NULL, *more;

    if (!host_jws_sign(by[0], payload, strlen(payload), &envelope, ret_len, &err))
        fail_msg("sign: %s", err.message);
    for (unsigned i = 1; by[i]; i++) {
        if (!host_jws_add(by[i], envelope, *ret_len, &more, ret_len, &err))
            fail_msg("add: %s", err.message);
        free(envelope);
        envelope = more;
    }
    return envelope;
}

char *world_sign_root(const struct otter_root *root, struct host_key *const *by, size_t *ret_len)
{
    char payload[OTTER_PAYLOAD_MAX + 1];

    assert_int_equal(otter_root_encode(root, payload, sizeof(payload)), OTTER_OK);
    return sign(payload, by, ret_len);
}

enum otter_status world_publish_root(struct world *w, const struct otter_root *root,
                                     struct host_key *const *by)
{
    struct svc_call call = {.op = SVC_ROOT_PUBLISH};
    char *envelope = world_sign_root(root, by, &call.in.body_len);
    enum otter_status status;

    call.in.body = envelope;
    status = world_run(w, &call);
    if (status == OTTER_OK)
        w->root = *root;
    else
        assert_true(call.out.error.message[0]);
    svc_call_clear(&call);
    free(envelope);
    return status;
}

int world_setup_with_root(void **state)
{
    struct otter_root root;
    struct world *w;

    if (world_setup(state) != 0)
        return -1;
    w = *state;
    world_root(w, 1, &root);
    assert_int_equal(world_publish_root(w, &root, (struct host_key *[]){w->root_key, NULL}), OTTER_OK);
    return 0;
}

int world_setup_with_devices(void **state, unsigned devices)
{
    if (world_setup_with_root(state) != 0)
        return -1;
    world_release(*state, 1);
    world_devices(*state, devices);
    return 0;
}

enum otter_status world_upload(struct world *w, const void *data, size_t len, struct otter_digest *ret_digest)
{
    struct svc_call call = {.op = SVC_UPLOAD_CREATE, .in.number = len};
    struct host_error err = {0};
    enum otter_status status;
    size_t half = len / 2;

    otter_sha256_of(&otter_crypto_openssl, data, len, ret_digest);
    call.in.digest = *ret_digest;
    status = world_run(w, &call);
    if (status == OTTER_OK && !call.out.held) {
        status = svc_upload_append(w->svc, call.out.id, 0, data, half);
        if (status == OTTER_OK)
            status = svc_upload_append(w->svc, call.out.id, half, (const char *)data + half, len - half);
        if (status == OTTER_OK)
            status = svc_upload_finish(w->svc, call.out.id, &err);
    }
    svc_call_clear(&call);
    return status;
}

static size_t put_tlv(uint8_t *out, uint16_t type, const void *data, uint16_t len)
{
    otter_put_le16(out, type);
    otter_put_le16(out + 2, len);
    memcpy(out + 4, data, len);
    return 4u + len;
}

size_t world_image(const struct world *w, const struct otter_version *version, uint32_t link, uint8_t *out,
                   size_t cap)
{
    struct otter_image_header h = {.load_addr = link,
                                   .header_size = 512,
                                   .protected_size = 12,
                                   .image_size = 1000,
                                   .flags = OTTER_IMAGE_ROM_FIXED,
                                   .version = *version};
    uint8_t counter[4] = {1, 0, 0, 0}, sig[OTTER_SIG_LEN], der[OTTER_SIG_DER_MAX];
    struct otter_digest hash;
    size_t at = 512 + 1000, info;

    assert_true(cap >= 2048);
    memset(out, 0x5a, at);
    otter_image_header_encode(&h, out);
    otter_put_le16(out + at, OTTER_TLV_PROT_MAGIC);
    otter_put_le16(out + at + 2, 12);
    at += 4 + put_tlv(out + at + 4, OTTER_TLV_SEC_CNT, counter, 4);
    otter_sha256_of(&otter_crypto_openssl, out, at, &hash);
    info = at;
    at += 4;
    at += put_tlv(out + at, OTTER_TLV_KEYHASH, host_key_kid(w->image_key)->b, OTTER_DIGEST_LEN);
    at += put_tlv(out + at, OTTER_TLV_SHA256, hash.b, OTTER_DIGEST_LEN);
    assert_true(host_key_sign(w->image_key, &hash, sig));
    at += put_tlv(out + at, OTTER_TLV_ECDSA_SIG, der, (uint16_t)host_sig_to_der(sig, der));
    otter_put_le16(out + info, OTTER_TLV_INFO_MAGIC);
    otter_put_le16(out + info + 2, (uint16_t)(at - info));
    return at;
}

static void add_image(struct world *w, struct otter_manifest *m, enum otter_slot slot, uint32_t link)
{
    struct otter_manifest_image *image = &m->image[m->image_count++];
    uint8_t bytes[4096];

    image->slot = slot;
    image->link = link;
    image->size = world_image(w, &m->version, link, bytes, sizeof(bytes));
    assert_int_equal(world_upload(w, bytes, (size_t)image->size, &image->sha256), OTTER_OK);
}

void world_make_release(struct world *w, unsigned minor, struct otter_manifest *ret)
{
    memset(ret, 0, sizeof(*ret));
    (void)snprintf(ret->product, sizeof(ret->product), "%s", WORLD_PRODUCT);
    (void)snprintf(ret->hardware[0], sizeof(ret->hardware[0]), "%s", WORLD_HARDWARE);
    ret->hardware_count = 1;
    ret->version = (struct otter_version){.major = 1, .minor = (uint8_t)minor};
    ret->epoch = 1;
    ret->sequence = minor;
    ret->security_counter = 1;
    ret->created = WORLD_NOW - 500;
    ret->expires = WORLD_NOW + 1000000;
    add_image(w, ret, OTTER_SLOT_A, LINK_A);
    add_image(w, ret, OTTER_SLOT_B, LINK_B);
}

enum otter_status world_publish(struct world *w, const struct otter_manifest *m, const struct host_key *by)
{
    struct svc_call call = {.op = SVC_RELEASE_PUBLISH};
    char payload[OTTER_PAYLOAD_MAX + 1], *envelope = NULL;
    struct host_error err = {0};
    struct otter_digest id;
    enum otter_status status;

    assert_int_equal(otter_manifest_encode(m, payload, sizeof(payload)), OTTER_OK);
    assert_true(host_jws_sign(by, payload, strlen(payload), &envelope, &call.in.body_len, &err));
    call.in.body = envelope;
    status = world_run(w, &call);
    if (status == OTTER_OK) {
        otter_sha256_of(&otter_crypto_openssl, envelope, call.in.body_len, &id);
        otter_hex_encode(id.b, OTTER_DIGEST_LEN, w->release);
        w->manifest = *m;
    } else {
        assert_true(call.out.error.message[0]);
    }
    svc_call_clear(&call);
    free(envelope);
    return status;
}

void world_release(struct world *w, unsigned minor)
{
    struct otter_manifest m;

    world_make_release(w, minor, &m);
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_OK);
}

const char *world_device(unsigned i)
{
    static _Thread_local char ids[4][24];
    static _Thread_local unsigned next;
    char *id = ids[next++ % 4];

    (void)snprintf(id, sizeof(ids[0]), "device-%03u", i);
    return id;
}

static json_t *enrolment(unsigned i)
{
    uint8_t secret[32];
    char text[OTTER_B64_LEN(32) + 1];

    memset(secret, (int)(i & 0xff), sizeof(secret));
    secret[0] = (uint8_t)(i >> 8);
    otter_b64_encode(secret, sizeof(secret), text);
    return json_pack("{s:s, s:s, s:s, s:s}", "id", world_device(i), "product", WORLD_PRODUCT, "hardware",
                     WORLD_HARDWARE, "secret", text);
}

void world_devices(struct world *w, unsigned count)
{
    struct svc_call call = {.op = SVC_DEVICE_BATCH};
    json_t *items = json_array();

    for (unsigned i = 0; i < count; i++)
        json_array_append_new(items, enrolment(i));
    call.in.json = json_pack("{s:o}", "items", items);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "created")), count);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

int64_t world_rollout(struct world *w, const char *target, const char *phases, bool auto_advance)
{
    struct svc_call call = {.op = SVC_ROLLOUT_CREATE};
    int64_t id;

    call.in.json = json_pack("{s:s, s:s, s:o, s:b}", "release", w->release, "target", target, "phases",
                             json_loads(phases, 0, NULL), "auto", (int)auto_advance);
    if (world_run(w, &call) != OTTER_OK)
        fail_msg("rollout: %s", call.out.error.message);
    assert_true(call.out.created);
    id = json_integer_value(json_object_get(call.out.json, "id"));
    json_decref(call.in.json);
    svc_call_clear(&call);
    assert_int_equal(world_action(w, id, "start"), OTTER_OK);
    return id;
}

void world_sql(struct world *w, const char *sql)
{
    char path[PATH_MAX + 16];
    sqlite3 *db;

    svc_close(w->svc);
    (void)snprintf(path, sizeof(path), "%s/otter.db", w->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    open_server(w);
}

/* Into the database, as a plan is kept there. */
static void write_plan(struct world *w, int64_t id, const char *plan)
{
    char path[PATH_MAX + 16];
    sqlite3_stmt *stmt;
    sqlite3 *db;

    svc_close(w->svc);
    (void)snprintf(path, sizeof(path), "%s/otter.db", w->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "UPDATE rollouts SET plan = ? WHERE id = ?", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(stmt, 1, plan, -1, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_bind_int64(stmt, 2, id), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    open_server(w);
}

int64_t world_rollout_plan(struct world *w, const char *target, const char *plan)
{
    auto_json json_t *read = json_loads(plan, 0, NULL);
    const json_t *list = json_object_get(read, "phases");
    auto_free char *phases = json_is_integer(json_array_get(list, 0)) ? json_dumps(list, 0) : NULL;
    int64_t id = world_rollout(w, target, phases ? phases : "[100]", true);

    write_plan(w, id, plan);
    return id;
}

enum otter_status world_action(struct world *w, int64_t rollout, const char *action)
{
    struct svc_call call = {.op = SVC_ROLLOUT_ACTION, .in.number = (uint64_t)rollout, .in.id = action};
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    return status;
}

static void fill_poll(struct svc_call *call, const struct world_poll *p, const char *device)
{
    struct otter_poll *poll = &call->in.poll;

    (void)snprintf(poll->device, sizeof(poll->device), "%s", device);
    (void)snprintf(poll->product, sizeof(poll->product), "%s", WORLD_PRODUCT);
    (void)snprintf(poll->hardware, sizeof(poll->hardware), "%s", WORLD_HARDWARE);
    poll->running =
        (struct otter_running){.version = {.major = 1}, .slot = OTTER_SLOT_A, .confirmed = p->confirmed};
    memset(poll->running.sha256.b, 0xfa, OTTER_DIGEST_LEN);
    if (p->sha) {
        poll->running.sha256 = *p->sha;
        poll->running.slot = OTTER_SLOT_B;
    }
    poll->epoch = 1;
    poll->root = 1;
    poll->fresh = p->fresh;
    poll->refused = p->refused;
    host_random(poll->nonce, sizeof(poll->nonce));
    if (p->last) {
        poll->has_last = true;
        poll->last = *p->last;
    }
    call->in.device = poll->device;
}

void world_fill_poll(struct svc_call *call, const struct world_poll *p)
{
    call->op = SVC_POLL;
    fill_poll(call, p, world_device(p->device));
}

/* As the device would check it. */
static void verify_offer(struct world *w, const struct svc_call *call, struct otter_offer *ret)
{
    const struct otter_poll *poll = &call->in.poll;
    struct otter_device_facts facts = {
        .device = poll->device, .product = WORLD_PRODUCT, .hardware = WORLD_HARDWARE};
    struct otter_jws jws;

    assert_int_equal(otter_verify_offer(&otter_crypto_openssl, &w->root, &facts, poll->nonce, call->out.body,
                                        call->out.body_len, &jws, ret),
                     OTTER_OK);
}

struct otter_offer world_read_offer(struct world *w, const struct svc_call *call)
{
    struct otter_offer offer = {.empty = true};

    if (call->out.body)
        verify_offer(w, call, &offer);
    return offer;
}

enum otter_status world_poll(struct world *w, const struct world_poll *p, struct otter_offer *ret_offer,
                             bool *ret_answered)
{
    struct svc_call call = {.op = SVC_POLL};
    struct otter_offer offer = {.empty = true};
    enum otter_status status;

    fill_poll(&call, p, world_device(p->device));
    status = world_run(w, &call);
    if (status == OTTER_OK && call.out.body)
        verify_offer(w, &call, &offer);
    if (ret_offer)
        *ret_offer = offer;
    if (ret_answered)
        *ret_answered = call.out.body != NULL;
    svc_call_clear(&call);
    return status;
}

uint64_t world_ask(struct world *w, unsigned device)
{
    struct otter_offer offer;

    assert_int_equal(world_poll(w, &(struct world_poll){.device = device, .confirmed = true}, &offer, NULL),
                     OTTER_OK);
    return offer.empty ? 0 : offer.attempt;
}

uint64_t world_ask_after(struct world *w, unsigned device, unsigned *ret_after)
{
    const struct world_poll p = {.device = device, .confirmed = true};
    struct otter_offer offer = {.empty = true};
    struct svc_call call;

    memset(&call, 0, sizeof(call));
    world_fill_poll(&call, &p);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    *ret_after = call.out.retry_after;
    if (call.out.body)
        verify_offer(w, &call, &offer);
    svc_call_clear(&call);
    return offer.empty ? 0 : offer.attempt;
}

enum otter_status world_report(struct world *w, unsigned device, uint64_t attempt, uint32_t step,
                               enum otter_update_state state, enum otter_status reason, bool *ret_go_on)
{
    struct svc_call call = {
        .op = SVC_REPORT, .in.report = {.attempt = attempt, .step = step, .state = state, .reason = reason}};
    enum otter_status status;

    call.in.device = world_device(device);
    status = world_run(w, &call);
    if (ret_go_on)
        *ret_go_on = call.out.go_on;
    svc_call_clear(&call);
    return status;
}

void world_update(struct world *w, unsigned device)
{
    static const enum otter_update_state way[] = {OTTER_UPDATE_DOWNLOADING, OTTER_UPDATE_DOWNLOADED,
                                                  OTTER_UPDATE_INSTALLED, OTTER_UPDATE_TESTING};
    struct otter_offer offer;

    assert_int_equal(world_poll(w, &(struct world_poll){.device = device, .confirmed = true}, &offer, NULL),
                     OTTER_OK);
    assert_false(offer.empty);
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(way); i++)
        assert_int_equal(world_report(w, device, offer.attempt, i + 1, way[i], OTTER_OK, NULL), OTTER_OK);
    assert_int_equal(
        world_poll(w, &(struct world_poll){.device = device, .sha = &offer.image.sha256, .fresh = true}, NULL,
                   NULL),
        OTTER_OK);
    assert_int_equal(
        world_poll(w, &(struct world_poll){.device = device, .sha = &offer.image.sha256, .confirmed = true},
                   NULL, NULL),
        OTTER_OK);
}

json_t *world_get(struct world *w, enum svc_op op, const char *id, uint64_t number)
{
    struct svc_call call = {.op = op, .in.id = id, .in.number = number};

    if (world_run(w, &call) != OTTER_OK)
        fail_msg("op %d: %s", (int)op, call.out.error.message);
    return call.out.json;
}

json_int_t world_count(struct world *w, int64_t rollout, const char *state)
{
    json_t *r = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)rollout);
    json_int_t n = json_integer_value(json_object_get(json_object_get(r, "counts"), state));

    json_decref(r);
    return n;
}

void world_expect_state(struct world *w, unsigned device, const char *state)
{
    json_t *d = world_get(w, SVC_DEVICE_GET, world_device(device), 0);

    assert_string_equal(json_string_value(json_object_get(d, "state")), state);
    json_decref(d);
}

/* A rollout moves on right after the reply that made it: a call through the writer comes behind that. */
static void let_writer_pass(struct world *w)
{
    struct svc_call call = {.op = SVC_ROLLOUT_ACTION, .in.id = "none"};

    (void)world_run(w, &call);
    svc_call_clear(&call);
}

void world_expect_rollout(struct world *w, int64_t rollout, const char *state, unsigned phase)
{
    json_t *r;

    let_writer_pass(w);
    r = world_get(w, SVC_ROLLOUT_GET, NULL, (uint64_t)rollout);
    assert_string_equal(json_string_value(json_object_get(r, "state")), state);
    assert_int_equal(json_integer_value(json_object_get(r, "phase")), phase);
    json_decref(r);
}

const char *world_explained(struct world *w, unsigned device, int64_t rollout)
{
    static char said[64];
    struct svc_call call = {.op = SVC_ROLLOUT_EXPLAIN, .in.id = world_device(device)};
    const json_t *r;
    size_t i;

    said[0] = '\0';
    assert_int_equal(world_run(w, &call), OTTER_OK);
    json_array_foreach(json_object_get(call.out.json, "rollouts"), i,
                       r) if (json_integer_value(json_object_get(r, "id")) == rollout)(void)
        snprintf(said, sizeof(said), "%s/%s", json_string_value(json_object_get(r, "decision")),
                 json_string_value(json_object_get(r, "rule")));
    svc_call_clear(&call);
    return said;
}

void world_enrol(struct world *w, unsigned device)
{
    struct svc_call call = {.op = SVC_DEVICE_BATCH};

    call.in.json =
        json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "items", "id", world_device(device), "product", WORLD_PRODUCT,
                  "hardware", WORLD_HARDWARE, "secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "created")), 1);
    json_decref(call.in.json);
    svc_call_clear(&call);
}
