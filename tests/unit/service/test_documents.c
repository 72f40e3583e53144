/* Roots, uploads, releases, image keys: what is accepted, and each refusal. */
#include "world.h"

#include "core/bytes.h"
#include "host/file.h"
#include "host/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BY(...) ((struct host_key *[]){__VA_ARGS__, NULL})

static void empty_server_takes_version_1_alone(void **state)
{
    struct world *w = *state;
    struct otter_root root;

    assert_int_equal(world_poll(w, &(struct world_poll){.device = 0}, NULL, NULL), OTTER_UNKNOWN_DEVICE);
    world_root(w, 2, &root);
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)), OTTER_ROOT_VERSION);
    world_root(w, 1, &root);
    assert_int_equal(world_publish_root(w, &root, BY(w->release_key)), OTTER_UNKNOWN_KEY);
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)), OTTER_OK);
}

static void no_root_no_polls_and_no_releases(void **state)
{
    struct world *w = *state;
    struct otter_manifest m;

    world_devices(w, 1);
    assert_int_equal(world_poll(w, &(struct world_poll){.device = 0}, NULL, NULL), OTTER_NO_ROOT);
    world_make_release(w, 1, &m);
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_NO_ROOT);
}

static void root_chain_is_followed(void **state)
{
    struct world *w = *state;
    struct host_error err = {0};
    auto_key struct host_key *next = host_key_generate(&err);
    struct otter_root root;

    world_root(w, 1, &root);
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)), OTTER_OK);
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)),
                     OTTER_ROOT_VERSION); /* other bytes, same version */
    world_root(w, 3, &root);
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)), OTTER_ROOT_VERSION);
    world_root(w, 2, &root);
    memcpy(root.key[0].point, host_key_point(next), OTTER_POINT_LEN);
    root.key[0].kid = *host_key_kid(next);
    assert_int_equal(world_publish_root(w, &root, BY(next)), OTTER_UNKNOWN_KEY); /* not by the old one */
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)),
                     OTTER_UNKNOWN_KEY); /* not by the new one */
    root.sequence_epoch = 0;
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key, next)), OTTER_ROOT_EPOCH);
    root.sequence_epoch = 2;
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key, next)), OTTER_OK);
}

static void same_root_again_changes_nothing(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_ROOT_PUBLISH};
    struct otter_root root;
    char *envelope;

    world_root(w, 1, &root);
    envelope = world_sign_root(&root, BY(w->root_key), &call.in.body_len);
    call.in.body = envelope;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(world_run(w, &call), OTTER_OK);
        assert_int_equal(call.out.created, i == 0);
        assert_int_equal(json_integer_value(json_object_get(call.out.json, "version")), 1);
        svc_call_clear(&call);
    }
    call = (struct svc_call){.op = SVC_ROOT_GET, .in.number = 1};
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_int_equal(call.out.body_len, strlen(envelope));
    assert_memory_equal(call.out.body, envelope, call.out.body_len);
    svc_call_clear(&call);
    call.in.number = 2;
    assert_int_equal(world_run(w, &call), OTTER_NOT_FOUND);
    free(envelope);
}

static void root_from_the_future_or_without_our_key_is_refused(void **state)
{
    struct world *w = *state;
    struct otter_root root;

    world_root(w, 1, &root);
    root.created = WORLD_NOW + 1;
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)), OTTER_CREATED_IN_FUTURE);
    world_root(w, 1, &root);
    memcpy(root.key[2].point, host_key_point(w->image_key), OTTER_POINT_LEN);
    root.key[2].kid = *host_key_kid(w->image_key);
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)), OTTER_ROOT_ROLES);
    world_root(w, 1, &root);
    root.created = WORLD_NOW;
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)), OTTER_OK);
}

static void release_refusals_are_named(void **state)
{
    struct world *w = *state;
    struct otter_manifest good, m;

    world_make_release(w, 1, &good);
    m = good;
    assert_int_equal(world_publish(w, &m, w->root_key), OTTER_UNKNOWN_KEY);
    m.created = WORLD_NOW + 1;
    m.expires = WORLD_NOW + 100;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_CREATED_IN_FUTURE);
    m = good;
    m.expires = WORLD_NOW - 1;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_MANIFEST_EXPIRED);
    m = good;
    m.epoch = 2;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_WRONG_EPOCH);
    m = good;
    m.image[0].sha256.b[0] ^= 1;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_BLOB_MISSING);
    m = good;
    m.image[0].size++;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_IMAGE_LENGTH);
    m = good;
    m.image[0].link += 4;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_IMAGE_LINK);
    m = good;
    m.version.minor = 9;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_IMAGE_VERSION);
    m = good;
    m.security_counter = 2;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_IMAGE_COUNTER);
    assert_int_equal(world_publish(w, &good, w->release_key), OTTER_OK);
}

static void same_release_is_a_no_op_another_of_its_sequence_is_refused(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_RELEASE_PUBLISH};
    char payload[OTTER_PAYLOAD_MAX + 1], *envelope = NULL;
    struct host_error err = {0};
    struct otter_manifest m;
    struct otter_digest id;
    uint64_t size;
    int fd;

    world_make_release(w, 1, &m);
    assert_int_equal(otter_manifest_encode(&m, payload, sizeof(payload)), OTTER_OK);
    assert_true(host_jws_sign(w->release_key, payload, strlen(payload), &envelope, &call.in.body_len, &err));
    call.in.body = envelope;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(world_run(w, &call), OTTER_OK);
        assert_int_equal(call.out.created, i == 0);
        svc_call_clear(&call);
    }
    /* Devices fetch the manifest as a blob, byte for byte. */
    otter_sha256_of(&otter_crypto_openssl, envelope, call.in.body_len, &id);
    fd = svc_blob_open(w->svc, &id, &size);
    assert_true(fd >= 0);
    assert_int_equal(size, call.in.body_len);
    close(fd);
    free(envelope);
    m.created--;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_SEQUENCE_TAKEN);
    m.sequence++;
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_OK);
}

static void add_key(struct world *w, const struct host_key *key, enum otter_status expected, bool created)
{
    struct svc_call call = {.op = SVC_IMAGE_KEY_ADD};
    char text[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1];
    uint8_t spki[OTTER_SPKI_LEN];

    otter_spki_from_point(host_key_point(key), spki);
    otter_b64_encode(spki, sizeof(spki), text);
    call.in.json = json_pack("{s:s, s:s}", "product", WORLD_PRODUCT, "spki", text);
    assert_int_equal(world_run(w, &call), expected);
    assert_int_equal(call.out.created, created);
    json_decref(call.in.json);
    svc_call_clear(&call);
}

static void images_must_be_signed_once_image_keys_are_known(void **state)
{
    struct world *w = *state;
    struct otter_manifest m;
    json_t *r;

    world_make_release(w, 1, &m);
    add_key(w, w->root_key, OTTER_OK, true);
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_IMAGE_KEY_UNKNOWN);
    add_key(w, w->image_key, OTTER_OK, true);
    add_key(w, w->image_key, OTTER_OK, false);
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_OK);
    r = world_get(w, SVC_RELEASE_GET, w->release, 0);
    assert_true(json_is_true(json_object_get(r, "signature_checked")));
    json_decref(r);
}

static void revoked_image_key_is_refused(void **state)
{
    struct world *w = *state;
    struct otter_manifest m;
    struct otter_root root;

    add_key(w, w->image_key, OTTER_OK, true);
    world_root(w, 2, &root);
    root.revoked[root.revoked_count++] = *host_key_kid(w->image_key);
    assert_int_equal(world_publish_root(w, &root, BY(w->root_key)), OTTER_OK);
    world_make_release(w, 1, &m);
    assert_int_equal(world_publish(w, &m, w->release_key), OTTER_IMAGE_KEY_REVOKED);
}

static void dry_run_checks_all_and_changes_nothing(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_ROOT_PUBLISH, .in.dry_run = true};
    struct otter_root root;
    char *envelope;
    json_t *status;

    world_root(w, 1, &root);
    envelope = world_sign_root(&root, BY(w->root_key), &call.in.body_len);
    call.in.body = envelope;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(world_run(w, &call), OTTER_OK);
        assert_true(call.out.created);
        svc_call_clear(&call);
    }
    status = world_get(w, SVC_STATUS, NULL, 0);
    assert_true(json_is_null(json_object_get(status, "root")));
    json_decref(status);
    free(envelope);
}

static void upload_goes_on_where_it_stopped(void **state)
{
    static const char data[] = "abcdefghij";
    struct world *w = *state;
    struct svc_call call = {.op = SVC_UPLOAD_CREATE, .in.number = 10};
    struct host_error err = {0};
    uint64_t offset, size;

    otter_sha256_of(&otter_crypto_openssl, data, 10, &call.in.digest);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_true(call.out.created);
    assert_int_equal(svc_upload_append(w->svc, call.out.id, 0, data, 4), OTTER_OK);
    assert_int_equal(svc_upload_append(w->svc, call.out.id, 0, data, 4), OTTER_OFFSET_MISMATCH);
    assert_int_equal(svc_upload_append(w->svc, call.out.id, 4, data, 7), OTTER_BODY_TOO_LARGE);
    assert_int_equal(svc_upload_finish(w->svc, call.out.id, &err), OTTER_OFFSET_MISMATCH);
    assert_int_equal(svc_blob_open(w->svc, &call.in.digest, &size), -1); /* nobody reads a part */
    svc_call_clear(&call);
    world_restart(w);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_int_equal(json_integer_value(json_object_get(call.out.json, "offset")), 4);
    assert_int_equal(svc_upload_stat(w->svc, call.out.id, &offset, &size), OTTER_OK);
    assert_int_equal(offset, 4);
    assert_int_equal(size, 10);
    assert_int_equal(svc_upload_append(w->svc, call.out.id, 4, data + 4, 6), OTTER_OK);
    assert_int_equal(svc_upload_finish(w->svc, call.out.id, &err), OTTER_OK);
    assert_int_equal(svc_upload_stat(w->svc, call.out.id, &offset, &size), OTTER_NOT_FOUND);
    svc_call_clear(&call);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_true(call.out.held);
    svc_call_clear(&call);
}

static void upload_of_other_bytes_is_thrown_away(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_UPLOAD_CREATE, .in.number = 4};
    struct host_error err = {0};
    uint64_t size;

    otter_sha256_of(&otter_crypto_openssl, "good", 4, &call.in.digest);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    assert_int_equal(svc_upload_append(w->svc, call.out.id, 0, "evil", 4), OTTER_OK);
    assert_int_equal(svc_upload_finish(w->svc, call.out.id, &err), OTTER_DIGEST_MISMATCH);
    assert_true(err.message[0]);
    assert_int_equal(svc_upload_stat(w->svc, call.out.id, &size, &size), OTTER_NOT_FOUND);
    assert_int_equal(svc_blob_open(w->svc, &call.in.digest, &size), -1);
    svc_call_clear(&call);
    assert_int_equal(svc_upload_append(w->svc, "../../etc/passwd", 0, "x", 1), OTTER_NOT_FOUND);
}

static void upload_has_bounds(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_UPLOAD_CREATE, .in.number = 0};

    assert_int_equal(world_run(w, &call), OTTER_BAD_VALUE);
    call.in.number = (64u << 20) + 1;
    assert_int_equal(world_run(w, &call), OTTER_BODY_TOO_LARGE);
    call.in.number = 64u << 20;
    assert_int_equal(world_run(w, &call), OTTER_OK);
    svc_call_clear(&call);
    assert_int_equal(svc_upload_append(w->svc, call.out.id, 0, "x", 1), OTTER_OK);
    call.in.number = 5; /* the same digest, another size */
    assert_int_equal(world_run(w, &call), OTTER_CONFLICT);
}

static void secrets_are_kept_private(void **state)
{
    static const char *const names[] = {"offer.key", "admin.token", "secret.key", "otter.db"};
    struct world *w = *state;
    char path[PATH_MAX + 16];
    struct stat st;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", w->dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_int_equal(strlen(w->token), 43);
    assert_string_equal(world_whose(w, w->token), SVC_ADMIN);
    assert_string_equal(world_whose(w, ""), "");
    assert_string_equal(world_whose(w, "wrong"), "");
    world_restart(w);
    assert_string_equal(world_whose(w, w->token), SVC_ADMIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EMPTY(name)  cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define ROOTED(name) cmocka_unit_test_setup_teardown(name, world_setup_with_root, world_teardown)
        EMPTY(empty_server_takes_version_1_alone),
        EMPTY(no_root_no_polls_and_no_releases),
        EMPTY(root_chain_is_followed),
        EMPTY(same_root_again_changes_nothing),
        EMPTY(root_from_the_future_or_without_our_key_is_refused),
        ROOTED(release_refusals_are_named),
        ROOTED(same_release_is_a_no_op_another_of_its_sequence_is_refused),
        ROOTED(images_must_be_signed_once_image_keys_are_known),
        ROOTED(revoked_image_key_is_refused),
        EMPTY(dry_run_checks_all_and_changes_nothing),
        EMPTY(upload_goes_on_where_it_stopped),
        EMPTY(upload_of_other_bytes_is_thrown_away),
        EMPTY(upload_has_bounds),
        EMPTY(secrets_are_kept_private),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
