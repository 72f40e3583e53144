/*
 * The whole updater against a server of which the input decides: which replies are honest, which are bytes of
 * its own, which are bent, cut or left out, what stands in offers that the server has really signed, and
 * whether it asks for a new token. The device has a secret, or a fleet key and no token yet.
 * Whatever it says, the device comes to rest, keeps the rules of its flash, and asks for a reset only with
 * the manifest's image in the other slot; and once the server is honest, the update is installed, refused by
 * name, or was called off.
 */
#include "fuzz.h"

#include "../unit/client/world.h"

#include "core/bytes.h"
#include "core/token.h"

#define HOUR_MS        3600000u
#define SIZE_MAX_TAKEN 1024u
#define HONEST_HOURS   (8u * 24u) /* back-off and cool-down reach a day each */

struct input {
    const uint8_t *at;
    size_t left;
};

static struct input input;
static struct world *world;
static struct world *pristine; /* what `world` was before the first input */
static uint8_t *pristine_flash;

static uint32_t take(unsigned bytes)
{
    uint32_t v = 0;

    while (bytes-- > 0 && input.left > 0) {
        v = v << 8 | *input.at++;
        input.left--;
    }
    return v;
}

static void set_up_once(void)
{
    struct signed_image_options small = {
        {1, 1, 0, 0}, ram_flash_map_small.slot[OTTER_SLOT_B].base, 17000, 1, 2, NULL};
    void *state;

    if (world != NULL)
        return;
    MUST(world_setup(&state) == 0);
    world = state;
    /* Smaller than the other tests' image, and still over two sectors: there are more inputs to come. */
    small.key = world->image_key;
    world_image_build(world, &world->new_image, &small);
    world_publish(world);
    pristine = malloc(sizeof(*pristine));
    pristine_flash = malloc(ram_flash_map_small.size);
    MUST(pristine != NULL && pristine_flash != NULL);
    memcpy(pristine, world, sizeof(*pristine));
    memcpy(pristine_flash, world->flash.mem, ram_flash_map_small.size);
}

/* A server whose offer key is stolen: it signs what it likes, in the shape of an offer. */
static void bend_offer(struct world *w, struct otter_offer *o)
{
    uint32_t v;

    (void)w;
    switch (take(1) % 7) {
    case 0:
        o->image.size = 1 + (uint64_t)take(4);
        break;
    case 1:
        o->manifest.size = 1 + take(2) % OTTER_ENVELOPE_MAX;
        break;
    case 2:
        o->attempt = 1 + take(2);
        break;
    case 3:
        o->slot = take(1) % 2 == 0 ? OTTER_SLOT_A : OTTER_SLOT_B;
        break;
    case 4:
        v = take(2);
        (v % 2 == 0 ? &o->manifest.sha256 : &o->image.sha256)->b[v / 2 % OTTER_DIGEST_LEN] ^= 1;
        break;
    case 5:
        o->deadline = o->issued + 1 + take(3);
        break;
    default:
        o->issued -= take(4) % (uint32_t)(o->issued < UINT32_MAX ? o->issued : UINT32_MAX);
        break;
    }
}

/* Bytes of the input in place of the reply. */
static void reply_raw(struct memory_net *net)
{
    size_t len = take(2);

    if (len > input.left)
        len = input.left;
    if (len > net->out_max)
        len = net->out_max;
    memcpy(net->out, input.at, len);
    input.at += len;
    input.left -= len;
    net->out_at = 0;
    net->out_len = (uint32_t)len;
}

static void overwrite(struct memory_net *net)
{
    for (unsigned n = 1 + take(1) % 4; n > 0 && net->out_len > 0; n--) {
        uint32_t at = take(2) % net->out_len;

        net->out[at] = (uint8_t)take(1);
    }
}

static void insert(struct memory_net *net)
{
    uint32_t at = net->out_len > 0 ? take(2) % net->out_len : 0;
    uint32_t len = take(1);

    if (len > input.left)
        len = (uint32_t)input.left;
    if (len > net->out_max - net->out_len)
        len = net->out_max - net->out_len;
    memmove(net->out + at + len, net->out + at, net->out_len - at);
    memcpy(net->out + at, input.at, len);
    input.at += len;
    input.left -= len;
    net->out_len += len;
}

/* A head of the input's own or the server's, and then more bytes than any buffer holds. */
static void flood(struct memory_net *net)
{
    if (take(1) % 2 == 0)
        reply_raw(net);
    memset(net->out + net->out_len, 'x', net->out_max - net->out_len);
    net->out_len = net->out_max;
}

enum act {
    ACT_HONEST,
    ACT_RAW,
    ACT_OVERWRITE,
    ACT_CUT,
    ACT_INSERT,
    ACT_NOTHING,
    ACT_HANG_UP,
    ACT_OFFER,
    ACT_FLOOD,
    ACTS
};

static void serve(struct memory_net *net, const struct memory_request *r)
{
    enum act act = input.left > 0 ? (enum act)(take(1) % ACTS) : ACT_HONEST;

    world->server.tweak_offer = act == ACT_OFFER ? bend_offer : NULL;
    world_serve(net, r);
    switch (act) {
    case ACT_RAW:
        reply_raw(net);
        net->cut = take(1) % 2 == 0;
        break;
    case ACT_OVERWRITE:
        overwrite(net);
        break;
    case ACT_CUT:
        net->out_len = net->out_len > 0 ? take(3) % net->out_len : 0;
        net->cut = true;
        break;
    case ACT_INSERT:
        insert(net);
        break;
    case ACT_FLOOD:
        flood(net);
        break;
    case ACT_NOTHING:
        net->out_len = 0;
        break;
    case ACT_HANG_UP:
        net->out_len = 0;
        net->cut = true;
        break;
    case ACT_HONEST:
    case ACT_OFFER:
    case ACTS:
        break;
    }
}

/* Tokens are taken, from whomever. */
static unsigned take_token(struct world *w, const struct memory_request *r)
{
    static char said[96];
    struct otter_new_token taken = {.device = ""};
    char text[OTTER_TOKEN_TAKEN + 1];

    if (strcmp(r->target, "/v1/device/enrol") != 0 && strcmp(r->target, "/v1/device/token") != 0)
        return 0;
    memcpy(taken.device, w->factory.device, sizeof(taken.device));
    memcpy(taken.secret, w->journal.live.next_secret.b, sizeof(taken.secret));
    otter_new_token_taken(&otter_crypto_openssl, &taken, text);
    snprintf(said, sizeof(said), "Otter-Taken: %s\r\n", text);
    w->server.gate_headers = said;
    return 204;
}

/* A fleet key is no token: before it has one of its own, a device does not poll. */
static void check_token(void)
{
    MUST(!world->factory.fleet_key || world->server.polls == 0 || world->journal.live.token[0] != '\0');
    MUST(strlen(world->journal.live.token) <= OTTER_TOKEN_MAX);
}

static int32_t (*receive)(struct otter_net *self, void *buf, uint32_t len);

/* Buffers within the client's one struct, whose bounds no sanitizer sees. */
static int32_t watched_receive(struct otter_net *self, void *buf, uint32_t len)
{
    const struct otter_client *c = &world->client;

    MUST(c->buf_len <= OTTER_ENVELOPE_MAX && c->dl.chunk_len <= OTTER_CLIENT_CHUNK);
    MUST(c->phase != OTTER_PHASE_DOWNLOAD || c->dl.received <= c->dl.size);
    MUST(len > 0 && len <= sizeof(c->ex.rx));
    return receive(self, buf, len);
}

static bool slot_holds(enum otter_slot slot, const struct world_image *image)
{
    return memcmp(ram_flash_at(&world->flash, ram_flash_map_small.slot[slot].base), image->bytes,
                  image->size) == 0;
}

/* It asks for a reset: what the bootloader will find is what was published, and is tried. */
static void check_installed(void)
{
    MUST(world->journal.live.pending.present && slot_holds(OTTER_SLOT_B, &world->new_image));
    world_reset(world);
    MUST(strcmp(world->boot_row, "trial") == 0);
}

static bool is_over(void)
{
    return world_reported(world, OTTER_UPDATE_FAILED, NULL) || world->client.refused_attempt != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool installed = false;
    unsigned hours = 0;        /* in all: a reply a day at the least */
    unsigned honest_hours = 0; /* since the input ended */
    unsigned how;

    if (size > SIZE_MAX_TAKEN)
        return 0;
    set_up_once();
    memcpy(world, pristine, sizeof(*world));
    memcpy(world->flash.mem, pristine_flash, ram_flash_map_small.size);
    input = (struct input){data, size};
    how = take(2);
    world->net.piece = 1 + how % 2000;
    world->factory.fleet_key = how / 2000 % 2 == 1;
    world->server.poll_headers = how / 4000 % 2 == 1 ? "Otter-Rotate: 1\r\n" : world->server.poll_headers;
    world->server.gate = take_token;
    world->net.serve = serve;
    receive = world->net.net.recv;
    world->net.net.recv = watched_receive;
    while (!installed && honest_hours < HONEST_HOURS && !(input.left == 0 && is_over())) {
        installed = world_run(world, HOUR_MS); /* ends the run if the client does not come to rest */
        check_token();
        MUST(hours++ < 48 * SIZE_MAX_TAKEN);
        honest_hours += input.left == 0;
    }
    MUST(world->flash.misuses == 0 && slot_holds(OTTER_SLOT_A, &world->old_image));
    MUST(installed || is_over());
    if (installed) {
        check_installed();
    } else {
        world_reset(world);
        MUST(strcmp(world->boot_row, "confirmed") == 0 && world->handover.slot == OTTER_SLOT_A);
    }
    return 0;
}
