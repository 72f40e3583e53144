#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include "core/bytes.h"
#include "pki.h"
#include "signed_image.h"

#include <stdlib.h>
#include <string.h>

static struct rig *the_rig; /* there is one stack in a program */

/* ---- net/stack.h and net/lwip_net.h ---- */

bool otter_stack_init(struct otter_stack *s, struct otter_link *link, const uint8_t mac[6], const char *name,
                      struct otter_random *random)
{
    struct rig *r = the_rig;

    assert_ptr_equal(link, &r->link);
    assert_ptr_equal(random, &r->random);
    s->link = link;
    r->starts++;
    memcpy(r->mac, mac, sizeof(r->mac));
    assert_true(strlen(name) < sizeof(r->hostname));
    memcpy(r->hostname, name, strlen(name) + 1);
    return r->link_answers;
}

uint32_t otter_stack_poll(struct otter_stack *s, uint64_t now_ms)
{
    assert_ptr_equal(s->link, &the_rig->link); /* initialised */
    the_rig->stack_ms = now_ms;
    return the_rig->timer_ms;
}

bool otter_stack_has_link(const struct otter_stack *s)
{
    (void)s;
    return the_rig->link_answers;
}

bool otter_stack_is_up(const struct otter_stack *s)
{
    (void)s;
    return the_rig->online;
}

void otter_stack_address(const struct otter_stack *s, char text[OTTER_ADDRESS_TEXT])
{
    strcpy(text, otter_stack_is_up(s) ? "10.0.2.15" : "");
}

static struct otter_net *wire(void)
{
    return &the_rig->net.net;
}

static bool stream_open(struct otter_net *self, const char *host, uint16_t port,
                        const struct otter_net_tls *tls)
{
    (void)self;
    wire()->close(wire());
    return the_rig->link_answers && wire()->open(wire(), host, port, tls);
}

static int32_t stream_send(struct otter_net *self, const void *buf, uint32_t len)
{
    (void)self;
    return wire()->send(wire(), buf, len);
}

static int32_t stream_recv(struct otter_net *self, void *buf, uint32_t len)
{
    (void)self;
    return wire()->recv(wire(), buf, len);
}

static void stream_close(struct otter_net *self)
{
    (void)self;
    wire()->close(wire());
}

void otter_lwip_net_init(struct otter_lwip_net *n, struct otter_stack *stack)
{
    n->net = (struct otter_net){stream_open, stream_send, stream_recv, stream_close, NULL, NULL};
    n->stack = stack;
}

/* ---- the server ---- */

static struct rig *rig_of_net(struct memory_net *net)
{
    return OTTER_CONTAINER_OF(net, struct rig, net);
}

static void opened(struct memory_net *net, const struct otter_net_tls *tls)
{
    assert_null(tls); /* TLS lies above it, or there is none */
    rig_of_net(net)->connections++;
}

static void serve(struct memory_net *net, const struct memory_request *q)
{
    struct rig *r = rig_of_net(net);
    bool poll = strcmp(q->target, "/v1/device/poll") == 0;

    r->polls += poll;
    memory_net_reply(net, poll ? 204 : 404, poll ? "Retry-After: 60\r\n" : "", "", 0);
}

/* ---- the board ---- */

static void fill_random(struct otter_random *self, void *buf, size_t len)
{
    (void)self;
    memset(buf, 0x5a, len);
}

static void root_key(struct otter_root *root, enum otter_role role)
{
    struct otter_root_key *k = &root->key[root->key_count];
    struct host_error err;
    struct host_key *key = host_key_generate(&err);

    assert_non_null(key);
    k->kid = *host_key_kid(key);
    memcpy(k->point, host_key_point(key), OTTER_POINT_LEN);
    host_key_free(key);
    root->role[role].threshold = 1;
    root->role[role].key[root->role[role].count++] = root->key_count++;
}

static void make_image(struct rig *r, const struct host_key *key)
{
    static uint8_t image[64 * 1024];
    const struct signed_image_options o = {
        {1, 0, 0, 0}, ram_flash_map_small.slot[0].base, 4000, 1, 1, key, 0};
    struct otter_digest digest;
    uint32_t size = signed_image_build(&o, image, sizeof(image), &digest);

    memcpy(ram_flash_at(&r->flash, ram_flash_map_small.slot[0].base), image, size);
}

static void make_factory(struct rig *r, const struct host_key *key)
{
    struct otter_factory *f = &r->factory;
    struct otter_root root = {.version = 1, .created = 1000000, .expires = 9000000, .sequence_epoch = 1};
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};

    for (unsigned i = 0; i < OTTER_ROLE_COUNT; i++)
        root_key(&root, (enum otter_role)i);
    strcpy(f->device, "lamp-1");
    strcpy(f->product, "lamp");
    strcpy(f->hardware, "ram-board");
    strcpy(f->url[0], "http://factory.test:8480");
    strcpy(f->url[1], "http://spare.test:8480");
    memcpy(f->mac, mac, sizeof(mac));
    memset(f->secret, 0x5a, sizeof(f->secret));
    assert_int_equal(otter_root_encode(&root, f->root, sizeof(f->root)), OTTER_OK);
    f->root_len = (uint16_t)strlen(f->root);
    f->key_count = 1;
    memcpy(f->key[0], host_key_point(key), OTTER_POINT_LEN);
}

static void make_ca(struct rig *r)
{
    const struct pki_spec spec = {"otter test ca", NULL, PKI_P256, true, 1000000, 4000000000};
    struct pki_cert ca = pki_make(&spec, NULL);

    r->ca_len = pki_der(&ca, r->ca, sizeof(r->ca));
    pki_free(&ca);
}

void rig_provision(struct rig *r)
{
    uint8_t raw[OTTER_FACTORY_MAX];
    size_t len = otter_factory_encode(&r->factory, raw, sizeof(raw));
    uint8_t *at = ram_flash_at(&r->flash, ram_flash_map_small.factory_base);

    assert_true(len > 0);
    memset(at, 0xff, ram_flash_map_small.factory_size);
    memcpy(at, raw, len);
}

int rig_setup(void **state)
{
    struct rig *r = calloc(1, sizeof(*r));
    struct host_error err;
    struct host_key *key = host_key_generate(&err);

    assert_non_null(r);
    assert_non_null(key);
    the_rig = r;
    ram_flash_init(&r->flash, &ram_flash_map_small);
    make_image(r, key);
    make_factory(r, key);
    host_key_free(key);
    make_ca(r);
    rig_provision(r);
    r->handover.slot = OTTER_SLOT_A;
    otter_handover_seal(&r->handover);
    r->random.fill = fill_random;
    memory_net_init(&r->net);
    r->net.serve = serve;
    r->net.opened = opened;
    r->net.now = &r->now;
    r->net.out = r->out;
    r->net.out_max = sizeof(r->out);
    r->link_answers = r->online = true;
    r->timer_ms = UINT32_MAX;
    r->timing = otter_client_timing_default;
    r->now = 5;
    r->config = (struct otter_updater_config){
        .flash = &r->flash.flash,
        .link = &r->link,
        .random = &r->random,
        .handover = &r->handover,
        .hooks = &r->hooks,
        .timing = &r->timing,
        .link_slot = OTTER_SLOT_A,
    };
    *state = r;
    return 0;
}

int rig_teardown(void **state)
{
    struct rig *r = *state;

    assert_int_equal(r->flash.misuses, 0);
    ram_flash_free(&r->flash);
    free(r);
    the_rig = NULL;
    return 0;
}

enum otter_status rig_init(struct rig *r)
{
    return otter_updater_init(&r->updater, &r->config, r->now);
}

void rig_run(struct rig *r, uint64_t ms)
{
    uint64_t end = r->now + ms;

    for (unsigned busy = 0; r->now < end && !r->reset_wanted;) {
        struct otter_updater_next next = otter_updater_step(&r->updater, r->now);

        assert_true(next.idle_ms <= OTTER_UPDATER_IDLE_MS);
        r->reset_wanted = next.want_reset;
        if (next.idle_ms > 0 && memory_net_ready(&r->net))
            next.idle_ms = 0; /* a frame has come */
        busy = next.idle_ms == 0 ? busy + 1 : 0;
        assert_true(busy < 10000);
        r->now += next.idle_ms;
    }
}

struct otter_updater_view rig_view(const struct rig *r)
{
    struct otter_updater_view view;

    otter_updater_view(&r->updater, &view);
    return view;
}
