#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "core/bytes.h"
#include "host/jws.h"

#include <stdlib.h>
#include <string.h>

/* ---- images ---- */

void world_image_build(struct world *w, struct world_image *image, const struct signed_image_options *o)
{
    (void)w;
    image->size = signed_image_build(o, image->bytes, sizeof(image->bytes), &image->digest);
}

/* ---- documents ---- */

void world_publish(struct world *w)
{
    struct otter_manifest manifest = w->manifest;
    char payload[OTTER_PAYLOAD_MAX + 1];
    struct host_error err;

    manifest.image[0].sha256 = w->new_image.digest;
    manifest.image[0].size = w->new_image.size;
    if (w->server.tweak_manifest != NULL)
        w->server.tweak_manifest(w, &manifest);
    assert_int_equal(otter_manifest_encode(&manifest, payload, sizeof(payload)), OTTER_OK);
    free(w->manifest_envelope);
    assert_true(host_jws_sign(w->server.release_key, payload, strlen(payload), &w->manifest_envelope,
                              &w->manifest_len, &err));
    otter_sha256_of(&otter_crypto_openssl, w->manifest_envelope, w->manifest_len, &w->manifest_digest);
}

void world_add_root(struct world *w, struct otter_root *root)
{
    char payload[OTTER_PAYLOAD_MAX + 1];
    struct host_error err;
    size_t len;

    assert_true(w->server.root_count < WORLD_ROOTS);
    root->version = w->server.root_count + 2;
    assert_int_equal(otter_root_encode(root, payload, sizeof(payload)), OTTER_OK);
    assert_true(host_jws_sign(w->root_key, payload, strlen(payload), &w->root_envelope[w->server.root_count],
                              &len, &err));
    w->server.root_count++;
}

static void root_key(struct otter_root *root, enum otter_role role, const struct host_key *key)
{
    struct otter_root_key *k = &root->key[root->key_count];

    k->kid = *host_key_kid(key);
    memcpy(k->point, host_key_point(key), OTTER_POINT_LEN);
    root->role[role].threshold = 1;
    root->role[role].key[root->role[role].count++] = root->key_count++;
}

static void make_root(struct world *w)
{
    struct otter_root *root = &w->root;

    root->version = 1;
    root->created = 1000000;
    root->expires = 9000000;
    root->sequence_epoch = 1;
    root_key(root, OTTER_ROLE_ROOT, w->root_key);
    root_key(root, OTTER_ROLE_RELEASE, w->release_key);
    root_key(root, OTTER_ROLE_OFFER, w->offer_key);
}

static void make_manifest(struct world *w)
{
    struct otter_manifest *m = &w->manifest;

    strcpy(m->product, "lamp");
    strcpy(m->hardware[0], "ram-board");
    m->hardware_count = 1;
    m->image_count = 1;
    m->version = (struct otter_version){1, 1, 0, 0};
    m->epoch = 1;
    m->sequence = 2;
    m->security_counter = 1;
    m->created = 1500000;
    m->expires = 8000000;
    m->image[0].slot = OTTER_SLOT_B;
    m->image[0].link = ram_flash_map_small.slot[1].base;
}

static void make_factory(struct world *w)
{
    struct otter_factory *f = &w->factory;

    strcpy(f->device, "lamp-1");
    strcpy(f->product, "lamp");
    strcpy(f->hardware, "ram-board");
    strcpy(f->url[0], "http://127.0.0.1:8480");
    memset(f->secret, 0x5a, sizeof(f->secret));
    assert_int_equal(otter_root_encode(&w->root, f->root, sizeof(f->root)), OTTER_OK);
    f->root_len = (uint16_t)strlen(f->root);
}

static void add_image_key(struct otter_image_keys *keys, const struct host_key *key)
{
    keys->kid[keys->count] = *host_key_kid(key);
    memcpy(keys->point[keys->count++], host_key_point(key), OTTER_POINT_LEN);
}

/* ---- ports and hooks ---- */

/* xorshift64: nonces differ, and a failing test fails again. */
static void fill_random(struct otter_random *self, void *buf, size_t len)
{
    struct world *w = OTTER_CONTAINER_OF(self, struct world, random);
    uint8_t *p = buf;

    for (size_t i = 0; i < len; i++) {
        w->seed ^= w->seed << 13;
        w->seed ^= w->seed >> 7;
        w->seed ^= w->seed << 17;
        p[i] = (uint8_t)(w->seed >> 32);
    }
}

static enum otter_selftest_result hook_self_test(struct otter_client_hooks *self)
{
    struct world *w = OTTER_CONTAINER_OF(self, struct world, hooks);

    w->self_test_asked++;
    return w->self_test;
}

static void hook_event(struct otter_client_hooks *self, enum otter_update_state state,
                       enum otter_status reason, const char *text)
{
    struct world *w = OTTER_CONTAINER_OF(self, struct world, hooks);

    (void)state;
    assert_non_null(text);
    if (reason < OTTER_STATUS_COUNT)
        w->seen[reason] = true;
}

static bool hook_may_install(struct otter_client_hooks *self)
{
    struct world *w = OTTER_CONTAINER_OF(self, struct world, hooks);

    w->may_install_asked++;
    return w->may_install;
}

/* ---- fixture ---- */

static void make_keys(struct world *w)
{
    struct host_key **keys[] = {&w->root_key,  &w->release_key, &w->offer_key,
                                &w->image_key, &w->image_key2,  &w->stranger};
    struct host_error err;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(keys); i++) {
        *keys[i] = host_key_generate(&err);
        assert_non_null(*keys[i]);
    }
    add_image_key(&w->keys, w->image_key);
    add_image_key(&w->keys, w->image_key2);
}

static void make_server(struct world *w)
{
    w->server.poll_status = 200;
    w->server.poll_headers = "Retry-After: 3600\r\nOtter-Root: 1\r\n";
    w->server.offer_key = w->offer_key;
    w->server.release_key = w->release_key;
    w->server.corrupt_at = UINT32_MAX;
    w->server.report_status = 200;
    w->server.report_body = "{\"continue\":true}";
}

static void make_images(struct world *w)
{
    struct signed_image_options old = {{1, 0, 0, 0}, ram_flash_map_small.slot[0].base, 9000, 1, 1,
                                       w->image_key};
    struct signed_image_options new = {{1, 1, 0, 0}, ram_flash_map_small.slot[1].base, 40000, 1, 2,
                                       w->image_key};

    world_image_build(w, &w->old_image, &old);
    /* A signature has 70 to 72 bytes: until the last program unit is not full, so that its padding is seen.
     */
    do
        world_image_build(w, &w->new_image, &new);
    while (w->new_image.size % ram_flash_map_small.program_unit == 0);
    memcpy(ram_flash_at(&w->flash, ram_flash_map_small.slot[0].base), w->old_image.bytes, w->old_image.size);
}

/* What a stream of TLS is opened with. */
static void opened(struct memory_net *net, const struct otter_net_tls *tls)
{
    struct world *w = OTTER_CONTAINER_OF(net, struct world, net);

    if (tls != NULL) {
        assert_ptr_equal(tls->ca, w->factory.ca);
        assert_int_equal(tls->ca_len, w->factory.ca_len);
        assert_int_equal(tls->time_floor, w->client.facts.time_floor);
    }
    w->server.connections++;
}

static void make_net(struct world *w)
{
    memory_net_init(&w->net);
    w->net.serve = world_serve;
    w->net.opened = opened;
    w->net.now = &w->now;
    w->net.out = w->net_out;
    w->net.out_max = sizeof(w->net_out);
}

int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct otter_confirmed confirmed = {
        .present = true, .slot = OTTER_SLOT_A, .epoch = 1, .sequence = 1, .counter = 1};

    assert_non_null(w);
    w->seed = 88172645463325252u;
    w->now = 1000;
    w->may_install = true;
    w->self_test = OTTER_SELFTEST_PASSED;
    w->random.fill = fill_random;
    w->hooks.self_test = hook_self_test;
    w->hooks.may_install = hook_may_install;
    w->hooks.event = hook_event;
    ram_flash_init(&w->flash, &ram_flash_map_small);
    make_keys(w);
    make_root(w);
    make_factory(w);
    make_manifest(w);
    make_server(w);
    make_images(w);
    world_publish(w);
    make_net(w);
    assert_int_equal(otter_journal_open(&w->journal, &w->flash.flash), OTTER_OK);
    confirmed.digest = w->old_image.digest;
    assert_int_equal(otter_journal_set_confirmed(&w->journal, &confirmed), OTTER_OK);
    world_reset(w);
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    struct world *w = *state;

    assert_int_equal(w->flash.misuses, 0);
    host_key_free(w->root_key);
    host_key_free(w->release_key);
    host_key_free(w->offer_key);
    host_key_free(w->image_key);
    host_key_free(w->image_key2);
    host_key_free(w->stranger);
    for (unsigned i = 0; i < WORLD_ROOTS; i++)
        free(w->root_envelope[i]);
    free(w->manifest_envelope);
    ram_flash_free(&w->flash);
    free(w);
    return 0;
}

enum otter_status world_start(struct world *w, enum otter_slot link_slot)
{
    struct otter_client_config config = {
        .flash = &w->flash.flash,
        .journal = &w->journal,
        .net = &w->net.net,
        .random = &w->random,
        .crypto = &otter_crypto_openssl,
        .factory = &w->factory,
        .keys = &w->keys,
        .handover = &w->handover,
        .hooks = &w->hooks,
        .link_slot = link_slot,
    };

    w->net.open = false;
    return otter_client_init(&w->client, &config, w->now);
}

void world_reset_by(struct world *w, enum otter_reset_cause cause)
{
    struct otter_boot boot = {&w->flash.flash, &otter_crypto_openssl, &w->keys,
                              &w->factory,     &w->journal,           false};
    struct otter_boot_decision decision;

    assert_int_equal(otter_boot_run(&boot, cause, &decision, &w->handover), OTTER_OK);
    assert_true(decision.jump);
    w->boot_row = decision.row;
    assert_int_equal(world_start(w, (enum otter_slot)w->handover.slot), OTTER_OK);
}

void world_reset(struct world *w)
{
    world_reset_by(w, OTTER_RESET_SOFTWARE);
}

/* ---- running ---- */

bool world_run_until(struct world *w, uint64_t until_ms)
{
    for (unsigned steps = 0; steps < 400000; steps++) {
        struct otter_client_next next = otter_client_step(&w->client, w->now);
        uint64_t wake = next.wake_ms;

        if (next.want == OTTER_WANT_RESET)
            return true;
        if (next.want == OTTER_WANT_STEP || (next.want == OTTER_WANT_NET && memory_net_ready(&w->net)))
            continue;
        assert_true(next.want != OTTER_WANT_TIME || wake > w->now);
        if (next.want == OTTER_WANT_NET && w->net.out_at < w->net.out_len && w->net.next_ms < wake)
            wake = w->net.next_ms;
        if (wake > until_ms) {
            w->now = until_ms;
            return false;
        }
        w->now = wake;
    }
    fail_msg("the client does not come to rest");
    return false;
}

bool world_run(struct world *w, uint64_t ms)
{
    return world_run_until(w, w->now + ms);
}

struct otter_client_view world_view(const struct world *w)
{
    struct otter_client_view view;

    otter_client_view(&w->client, &view);
    return view;
}

bool world_reported(const struct world *w, enum otter_update_state state, struct otter_report *ret)
{
    for (unsigned i = w->server.reports; i-- > 0;) {
        if (w->server.report[i].state == state) {
            if (ret != NULL)
                *ret = w->server.report[i];
            return true;
        }
    }
    return false;
}
