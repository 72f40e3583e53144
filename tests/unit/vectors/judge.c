#include "vector.h"

#include "core/bytes.h"
#include "core/verify.h"
#include "core/wire.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 16384u

/* One judgement: a missing or malformed input is remembered, so that the checks below read without a branch
 * each. */
struct judging {
    const struct otter_crypto *crypto;
    const json_t *json;
    struct host_error *err;
    bool broken;
    struct otter_jws scratch;
};

static bool ok(struct judging *j, bool good)
{
    j->broken = j->broken || !good;
    return good;
}

/* A copy without the NUL that a C string has: ASan sees every read behind the input. The caller frees. */
static char *text(struct judging *j, const char *name, size_t *ret_len)
{
    const char *s = "";
    char *copy;

    (void)ok(j, host_json_get_string(j->json, name, HOST_JSON_REQUIRED, INPUT_MAX, &s, j->err));
    *ret_len = strlen(s);
    copy = malloc(*ret_len ? *ret_len : 1);
    if (ok(j, copy != NULL))
        memcpy(copy, s, *ret_len);
    return copy;
}

static uint64_t number(struct judging *j, const json_t *obj, const char *name)
{
    uint64_t n = 0;

    (void)ok(j, host_json_get_uint(obj, name, HOST_JSON_REQUIRED, 0, OTTER_INT_MAX, &n, j->err));
    return n;
}

static const char *string(struct judging *j, const json_t *obj, const char *name)
{
    const char *s = "";

    (void)ok(j, host_json_get_string(obj, name, HOST_JSON_REQUIRED, 200, &s, j->err));
    return s;
}

/* The root that the case trusts; decoded without signatures, as a device reads it from its journal. */
static void trusted_root(struct judging *j, struct otter_root *ret)
{
    size_t len;
    auto_free char *payload = text(j, "root", &len);

    *ret = (struct otter_root){0};
    if (!j->broken && !ok(j, otter_root_decode(j->crypto, payload, len, ret) == OTTER_OK))
        (void)host_fail(j->err, HOST_ERROR_FORMAT, "the trusted root does not decode");
}

static void slot_facts(struct judging *j, const json_t *slots, const char *name,
                       struct otter_slot_layout *ret)
{
    json_t *s = NULL;

    (void)ok(j, host_json_get_object(slots, name, HOST_JSON_OPTIONAL, &s, j->err));
    *ret = (struct otter_slot_layout){0};
    if (s)
        *ret = (struct otter_slot_layout){(uint32_t)number(j, s, "base"), (uint32_t)number(j, s, "size"),
                                          (uint32_t)number(j, s, "trailer")};
}

static void running_facts(struct judging *j, const json_t *r, struct otter_running *ret)
{
    const char *version = string(j, r, "version"), *sha256 = string(j, r, "sha256"),
               *slot = string(j, r, "slot");

    *ret = (struct otter_running){.confirmed = true};
    (void)ok(j, otter_version_parse(version, strlen(version), &ret->version));
    (void)ok(j, otter_hex_decode(sha256, strlen(sha256), ret->sha256.b, OTTER_DIGEST_LEN));
    (void)ok(j, otter_slot_parse(slot, strlen(slot), &ret->slot));
}

static void device_facts(struct judging *j, struct otter_device_facts *ret)
{
    json_t *f = NULL, *running = NULL, *slots = NULL;

    *ret = (struct otter_device_facts){0};
    (void)ok(j, host_json_get_object(j->json, "facts", HOST_JSON_REQUIRED, &f, j->err));
    (void)ok(j, host_json_get_object(f, "running", HOST_JSON_REQUIRED, &running, j->err));
    (void)ok(j, host_json_get_object(f, "slots", HOST_JSON_REQUIRED, &slots, j->err));
    ret->device = string(j, f, "device");
    ret->product = string(j, f, "product");
    ret->hardware = string(j, f, "hardware");
    running_facts(j, running, &ret->running);
    ret->epoch = number(j, f, "epoch");
    ret->sequence = number(j, f, "sequence");
    ret->counter_floor = (uint32_t)number(j, f, "counter_floor");
    ret->time_floor = number(j, f, "time_floor");
    (void)ok(j, host_json_get_bool(f, "takes_delta", HOST_JSON_REQUIRED, &ret->takes_delta, j->err));
    slot_facts(j, slots, "A", &ret->slot[OTTER_SLOT_A]);
    slot_facts(j, slots, "B", &ret->slot[OTTER_SLOT_B]);
}

/* A member of the case's `decoded`, where it has one, must be equal. */
static void same_number(struct judging *j, const char *name, uint64_t got)
{
    const json_t *want = json_object_get(json_object_get(j->json, "decoded"), name);

    if (want && !ok(j, json_is_integer(want) ? (uint64_t)json_integer_value(want) == got
                                             : json_is_boolean(want) && json_is_true(want) == (got != 0)))
        (void)host_fail(j->err, HOST_ERROR_FORMAT, "decoded %s is %llu", name, (unsigned long long)got);
}

static void same_version(struct judging *j, const struct otter_version *got)
{
    const json_t *want = json_object_get(json_object_get(j->json, "decoded"), "version");
    char s[OTTER_VERSION_STR];

    otter_version_format(got, s);
    if (json_is_string(want) && !ok(j, !strcmp(json_string_value(want), s)))
        (void)host_fail(j->err, HOST_ERROR_FORMAT, "decoded version is %s", s);
}

static void same_root(struct judging *j, const struct otter_root *root)
{
    same_number(j, "version", root->version);
    same_number(j, "epoch", root->sequence_epoch);
    same_number(j, "keys", root->key_count);
    same_number(j, "revoked", root->revoked_count);
}

static enum otter_status judge_root_first(struct judging *j)
{
    size_t len;
    auto_free char *envelope = text(j, "envelope", &len);
    struct otter_root root;
    enum otter_status status = otter_verify_root_first(j->crypto, envelope, len, &j->scratch, &root);

    if (status == OTTER_OK)
        same_root(j, &root);
    return status;
}

static enum otter_status judge_root_next(struct judging *j)
{
    size_t len;
    auto_free char *envelope = text(j, "envelope", &len);
    struct otter_root current, root;
    enum otter_status status;

    trusted_root(j, &current);
    status = otter_verify_root_next(j->crypto, &current, envelope, len, &j->scratch, &root);
    if (status == OTTER_OK)
        same_root(j, &root);
    return status;
}

static enum otter_status judge_offer(struct judging *j)
{
    size_t len;
    auto_free char *envelope = text(j, "envelope", &len);
    const char *b64 = string(j, j->json, "nonce");
    uint8_t nonce[OTTER_NONCE_LEN] = {0};
    struct otter_device_facts facts;
    struct otter_offer offer;
    struct otter_root root;
    enum otter_status status;

    trusted_root(j, &root);
    device_facts(j, &facts);
    (void)ok(j, otter_b64_decode(b64, strlen(b64), nonce, sizeof nonce) == OTTER_NONCE_LEN);
    status = otter_verify_offer(j->crypto, &root, &facts, nonce, envelope, len, &j->scratch, &offer);
    if (status == OTTER_OK) {
        same_number(j, "empty", offer.empty);
        same_number(j, "attempt", offer.attempt);
    }
    return status;
}

static enum otter_status judge_manifest(struct judging *j)
{
    size_t len, offer_len;
    auto_free char *envelope = text(j, "envelope", &len);
    auto_free char *payload = text(j, "offer", &offer_len);
    struct otter_device_facts facts;
    struct otter_manifest manifest;
    struct otter_offer offer;
    struct otter_root root;
    enum otter_status status;
    unsigned image;

    trusted_root(j, &root);
    device_facts(j, &facts);
    if (!ok(j, otter_offer_decode(payload, offer_len, &offer) == OTTER_OK)) {
        (void)host_fail(j->err, HOST_ERROR_FORMAT, "the case's offer does not decode");
        return OTTER_INTERNAL;
    }
    status = otter_verify_manifest(j->crypto, &root, &facts, &offer, envelope, len, &j->scratch, &manifest,
                                   &image);
    if (status == OTTER_OK) {
        same_version(j, &manifest.version);
        same_number(j, "sequence", manifest.sequence);
        same_number(j, "image", image);
    }
    return status;
}

static enum otter_status judge_release(struct judging *j)
{
    size_t len;
    auto_free char *envelope = text(j, "envelope", &len);
    struct otter_manifest manifest;
    struct otter_root root;
    enum otter_status status;

    trusted_root(j, &root);
    status = otter_verify_release(j->crypto, &root, number(j, j->json, "now"), envelope, len, &j->scratch,
                                  &manifest);
    if (status == OTTER_OK) {
        same_version(j, &manifest.version);
        same_number(j, "sequence", manifest.sequence);
    }
    return status;
}

/* An image in memory. Reading outside of it is a defect of lib/core: the source says so instead of hiding it.
 */
struct memory {
    struct otter_image_source base;
    uint8_t *data;
};

static enum otter_status read_memory(const struct otter_image_source *base, uint32_t off, void *buf,
                                     uint32_t len)
{
    const struct memory *m = OTTER_CONTAINER_OF_CONST(base, struct memory, base);

    if (off > base->size || len > base->size - off)
        return OTTER_INTERNAL;
    memcpy(buf, m->data + off, len);
    return OTTER_OK;
}

/* The caller frees ret->data, which has no byte more than the image: ASan sees every read behind it. */
static void image_input(struct judging *j, struct memory *ret)
{
    size_t len;
    auto_free char *b64 = text(j, "image", &len);
    uint8_t buf[INPUT_MAX];
    int n = otter_b64_decode(b64, len, buf, sizeof buf);

    (void)ok(j, n > 0);
    *ret = (struct memory){.base = {read_memory, n > 0 ? (uint32_t)n : 0},
                           .data = malloc(n > 0 ? (size_t)n : 1)};
    if (ok(j, ret->data != NULL) && n > 0)
        memcpy(ret->data, buf, (size_t)n);
}

/* False: the case tells no keys (null). */
static bool image_keys(struct judging *j, struct otter_image_keys *ret)
{
    const json_t *keys = json_object_get(j->json, "keys"), *revoked = json_object_get(j->json, "revoked");
    uint8_t spki[OTTER_SPKI_LEN];

    *ret = (struct otter_image_keys){0};
    (void)ok(j, json_array_size(keys) <= OTTER_IMAGE_KEYS && json_array_size(revoked) <= OTTER_ROOT_REVOKED);
    for (size_t i = 0; !j->broken && i < json_array_size(keys); i++) {
        const char *s = json_string_value(json_array_get(keys, i));

        if (!ok(j, s && otter_b64_decode(s, strlen(s), spki, sizeof spki) == OTTER_SPKI_LEN))
            break;
        memcpy(ret->point[i], otter_spki_point(spki, sizeof spki), OTTER_POINT_LEN);
        otter_key_id(j->crypto, ret->point[i], &ret->kid[i]);
        ret->count++;
    }
    for (size_t i = 0; !j->broken && i < json_array_size(revoked); i++) {
        const char *s = json_string_value(json_array_get(revoked, i));

        (void)ok(j, s && otter_b64_decode(s, strlen(s), ret->revoked[i].b, OTTER_DIGEST_LEN) ==
                             OTTER_DIGEST_LEN);
        ret->revoked_count++;
    }
    return !json_is_null(keys);
}

static enum otter_status judge_image(struct judging *j)
{
    struct otter_image_info info;
    struct otter_image_keys keys;
    struct otter_digest digest;
    struct memory m;
    enum otter_status status;
    char hex[OTTER_DIGEST_HEX + 1];

    image_input(j, &m);
    (void)image_keys(j, &keys);
    status = otter_verify_image(j->crypto, &keys, &m.base, &info, &digest);
    free(m.data);
    if (status != OTTER_OK)
        return status;
    same_version(j, &info.header.version);
    same_number(j, "counter", info.counter);
    same_number(j, "selftest", info.selftest);
    same_number(j, "percent", info.selftest_percent);
    same_number(j, "size", info.file_size);
    otter_hex_encode(digest.b, sizeof digest.b, hex);
    if (json_object_get(json_object_get(j->json, "decoded"), "sha256"))
        (void)ok(j, !strcmp(hex, json_string_value(
                                     json_object_get(json_object_get(j->json, "decoded"), "sha256"))));
    return status;
}

static enum otter_status judge_manifest_image(struct judging *j)
{
    size_t len;
    auto_free char *payload = text(j, "manifest", &len);
    struct otter_image_info info;
    struct otter_image_keys keys;
    struct otter_manifest manifest;
    struct memory m;
    enum otter_status status;
    bool told;

    if (!ok(j, otter_manifest_decode(payload, len, &manifest) == OTTER_OK)) {
        (void)host_fail(j->err, HOST_ERROR_FORMAT, "the case's manifest does not decode");
        return OTTER_INTERNAL;
    }
    image_input(j, &m);
    told = image_keys(j, &keys);
    status = otter_verify_manifest_image(j->crypto, told ? &keys : NULL, &manifest,
                                         (unsigned)number(j, j->json, "index"), &m.base, &info);
    free(m.data);
    return status;
}

static enum otter_status judge_poll(struct judging *j)
{
    size_t len;
    auto_free char *body = text(j, "body", &len);
    struct otter_poll poll;

    return otter_poll_decode(body, len, &poll, NULL);
}

static enum otter_status judge_report(struct judging *j)
{
    size_t len;
    auto_free char *body = text(j, "body", &len);
    char device[OTTER_NAME_BUF];
    struct otter_running running;
    struct otter_report report;

    return otter_report_decode(body, len, device, &running, &report, NULL);
}

static const struct {
    const char *check;
    enum otter_status (*judge)(struct judging *j);
} judges[] = {
    {"root-first", judge_root_first},
    {"root-next", judge_root_next},
    {"offer", judge_offer},
    {"manifest", judge_manifest},
    {"release", judge_release},
    {"image", judge_image},
    {"manifest-image", judge_manifest_image},
    {"poll", judge_poll},
    {"report", judge_report},
};

enum otter_status vector_judge(const struct otter_crypto *crypto, const struct vector *v,
                               struct host_error *err)
{
    struct judging j = {.crypto = crypto, .json = v->json, .err = err};
    const char *check = string(&j, v->json, "check");

    for (size_t i = 0; i < OTTER_ARRAY_LEN(judges); i++) {
        if (!strcmp(check, judges[i].check)) {
            enum otter_status status = judges[i].judge(&j);

            return j.broken ? OTTER_INTERNAL : status;
        }
    }
    (void)host_fail(err, HOST_ERROR_FORMAT, "no such check: '%s'", check);
    return OTTER_INTERNAL;
}
