#include "stub.h"

#include "core/bytes.h"
#include "core/documents.h"
#include "core/factory.h"
#include "host/clock.h"
#include "host/crypto.h"
#include "host/file.h"
#include "host/jws.h"
#include "port/flash.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 8192u
#define BLOBS       3u /* two images and the manifest */

/* A broken fixture ends the test program. */
#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x)) {                                                                                          \
            fprintf(stderr, "stub: %s:%d: %s\n", __FILE__, __LINE__, #x);                                    \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

struct blob {
    char *data;
    size_t len;
    struct otter_digest digest;
};

struct device_state {
    bool over;
    bool confirmed;
    enum otter_update_state end;
    enum otter_status reason;
};

struct stub {
    char dir[64];
    char url[64];
    struct host_key *root, *release, *image, *offer, *foreign;
    struct otter_root root_document;
    char root_payload[OTTER_PAYLOAD_MAX + 1];
    unsigned devices;
    int listener;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    bool offering;
    uint64_t sequence;
    struct blob blob[BLOBS];
    struct device_state device[STUB_DEVICES_MAX];
    unsigned polls, ranges;
};

static const struct otter_crypto *const crypto = &otter_crypto_openssl;

char *stub_path(const struct stub *s, const char *name)
{
    char *path = NULL;

    MUST(asprintf(&path, "%s/%s", s->dir, name) > 0);
    return path;
}

const char *stub_url(const struct stub *s)
{
    return s->url;
}

static void write_file(const struct stub *s, const char *name, const void *data, size_t len)
{
    auto_free char *path = stub_path(s, name);

    MUST(host_file_write(path, data, len, 0644, HOST_FILE_REPLACE, NULL));
}

/* ---- documents and images ---- */

static uint8_t add_key(struct otter_root *root, const struct host_key *key)
{
    struct otter_root_key *k = &root->key[root->key_count];

    k->kid = *host_key_kid(key);
    memcpy(k->point, host_key_point(key), OTTER_POINT_LEN);
    return root->key_count++;
}

static void make_root(struct stub *s)
{
    struct otter_root root = {.version = 1, .sequence_epoch = 1};
    const struct host_key *keys[OTTER_ROLE_COUNT];

    keys[OTTER_ROLE_ROOT] = s->root;
    keys[OTTER_ROLE_RELEASE] = s->release;
    keys[OTTER_ROLE_OFFER] = s->offer;
    root.created = (uint64_t)host_clock_wall() - 1000;
    root.expires = root.created + 1000000;
    for (unsigned i = 0; i < OTTER_ROLE_COUNT; i++) {
        root.role[i].threshold = 1;
        root.role[i].count = 1;
        root.role[i].key[0] = add_key(&root, keys[i]);
    }
    MUST(otter_root_encode(&root, s->root_payload, sizeof(s->root_payload)) == OTTER_OK);
    s->root_document = root;
}

static size_t put_tlv(uint8_t *out, size_t at, uint16_t type, const void *data, uint16_t len)
{
    otter_put_le16(out + at, type);
    otter_put_le16(out + at + 2, len);
    memcpy(out + at + 4, data, len);
    return at + 4 + len;
}

/* An image as `otter image sign` makes it, for a slot of the reference board. */
static struct blob make_image(const struct stub *s, enum otter_slot slot, const struct stub_release *r)
{
    const struct otter_flash_map *map = &otter_map_nucleo_f429zi;
    uint8_t *out = calloc(1, map->header_size + r->payload + 512);
    const uint8_t counter[4] = {0}, selftest[2] = {(uint8_t)r->selftest, r->percent};
    struct otter_image_header h = {
        .load_addr = map->slot[slot].base,
        .header_size = (uint16_t)map->header_size,
        .protected_size = (uint16_t)(4 + 8 + (r->selftest != OTTER_SELFTEST_NONE ? 6 : 0)),
        .image_size = r->payload,
        .flags = OTTER_IMAGE_ROM_FIXED,
    };
    struct blob blob = {.data = (char *)out};
    uint8_t sig[OTTER_SIG_LEN], der[OTTER_SIG_DER_MAX];
    struct otter_digest hash;
    size_t at = map->header_size + r->payload, info;

    MUST(out != NULL && otter_version_parse(r->version, strlen(r->version), &h.version));
    otter_image_header_encode(&h, out);
    for (size_t i = 0; i < r->payload; i++)
        out[map->header_size + i] = (uint8_t)(i * 2654435761u >> 13 ^ (unsigned)slot);
    otter_put_le16(out + at, OTTER_TLV_PROT_MAGIC);
    otter_put_le16(out + at + 2, h.protected_size);
    at = put_tlv(out, at + 4, OTTER_TLV_SEC_CNT, counter, sizeof(counter));
    if (r->selftest != OTTER_SELFTEST_NONE)
        at = put_tlv(out, at, OTTER_TLV_SELFTEST, selftest, sizeof(selftest));
    otter_sha256_of(crypto, out, at, &hash);
    info = at;
    at = put_tlv(out, at + 4, OTTER_TLV_SHA256, hash.b, sizeof(hash.b));
    at = put_tlv(out, at, OTTER_TLV_KEYHASH, host_key_kid(s->image)->b, OTTER_DIGEST_LEN);
    MUST(host_key_sign(s->image, &hash, sig));
    at = put_tlv(out, at, OTTER_TLV_ECDSA_SIG, der, (uint16_t)host_sig_to_der(sig, der));
    otter_put_le16(out + info, OTTER_TLV_INFO_MAGIC);
    otter_put_le16(out + info + 2, (uint16_t)(at - info));
    blob.len = at;
    otter_sha256_of(crypto, out, at, &blob.digest);
    return blob;
}

static struct blob make_manifest(const struct stub *s, const struct blob *image, const struct stub_release *r)
{
    struct otter_manifest m = {.product = "demo",
                               .hardware = {"nucleo-f429zi"},
                               .hardware_count = 1,
                               .image_count = 2,
                               .epoch = 1,
                               .sequence = s->sequence};
    char payload[OTTER_PAYLOAD_MAX + 1];
    struct blob blob = {0};

    MUST(otter_version_parse(r->version, strlen(r->version), &m.version));
    m.created = (uint64_t)host_clock_wall() - 10;
    m.expires = m.created + 100000;
    for (unsigned i = 0; i < 2; i++)
        m.image[i] = (struct otter_manifest_image){.slot = (enum otter_slot)i,
                                                   .link = otter_map_nucleo_f429zi.slot[i].base,
                                                   .size = image[i].len,
                                                   .sha256 = image[i].digest};
    MUST(otter_manifest_encode(&m, payload, sizeof(payload)) == OTTER_OK);
    MUST(host_jws_sign(r->foreign_release ? s->foreign : s->release, payload, strlen(payload), &blob.data,
                       &blob.len, NULL));
    otter_sha256_of(crypto, blob.data, blob.len, &blob.digest);
    return blob;
}

void stub_publish(struct stub *s, const struct stub_release *release)
{
    pthread_mutex_lock(&s->lock);
    s->sequence++;
    for (unsigned i = 0; i < BLOBS; i++)
        free(s->blob[i].data);
    for (unsigned i = 0; i < 2; i++)
        s->blob[i] = make_image(s, (enum otter_slot)i, release);
    s->blob[2] = make_manifest(s, s->blob, release);
    memset(s->device, 0, sizeof(s->device));
    s->offering = true;
    pthread_mutex_unlock(&s->lock);
}

static void provision(struct stub *s)
{
    auto_free char *path = stub_path(s, "fleet.jsonl");
    auto_file FILE *fleet = fopen(path, "we");

    MUST(fleet != NULL);
    for (unsigned i = 0; i < s->devices; i++) {
        struct otter_factory f = {.product = "demo", .hardware = "nucleo-f429zi", .key_count = 1};
        uint8_t out[OTTER_FACTORY_MAX];
        char name[40];
        size_t len;

        snprintf(f.device, sizeof(f.device), "dev-%u", i);
        snprintf(f.url[0], sizeof(f.url[0]), "%s", s->url);
        snprintf(f.root, sizeof(f.root), "%s", s->root_payload);
        f.root_len = (uint16_t)strlen(f.root);
        host_random(f.secret, sizeof(f.secret));
        memcpy(f.key[0], host_key_point(s->image), OTTER_POINT_LEN);
        len = otter_factory_encode(&f, out, sizeof(out));
        MUST(len > 0);
        snprintf(name, sizeof(name), "factory/dev-%u.bin", i);
        write_file(s, name, out, len);
        fprintf(fleet, "{\"id\":\"dev-%u\",\"factory\":\"%s\"}\n", i, name);
    }
}

/* ---- the server ---- */

static void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        data += n;
        len -= (size_t)n;
    }
}

static void answer(int fd, const char *status, const char *headers, const void *body, size_t len)
{
    char head[512];
    int n =
        snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers, len);

    send_all(fd, head, (size_t)n);
    send_all(fd, body, len);
}

static struct device_state *find_device(struct stub *s, const char *id, unsigned *ret_index)
{
    uint64_t index;

    if (strncmp(id, "dev-", 4) != 0 ||
        !otter_parse_uint(id + 4, strlen(id + 4), STUB_DEVICES_MAX - 1, &index))
        return NULL;
    *ret_index = (unsigned)index;
    return &s->device[index];
}

static void poll_reply(struct stub *s, int fd, const char *body, size_t len)
{
    struct otter_offer o = {.empty = true, .issued = (uint64_t)host_clock_wall()};
    char payload[OTTER_PAYLOAD_MAX + 1], envelope[OTTER_ENVELOPE_MAX + 1];
    struct device_state *d;
    struct otter_poll poll;
    unsigned index;
    bool runs;
    int n;

    if (otter_poll_decode(body, len, &poll, NULL) != OTTER_OK ||
        (d = find_device(s, poll.device, &index)) == NULL) {
        answer(fd, "400 Bad Request", "", "", 0);
        return;
    }
    s->polls++;
    runs =
        s->offering && (memcmp(&poll.running.sha256, &s->blob[0].digest, sizeof(poll.running.sha256)) == 0 ||
                        memcmp(&poll.running.sha256, &s->blob[1].digest, sizeof(poll.running.sha256)) == 0);
    d->confirmed = runs && poll.running.confirmed;
    memcpy(o.device, poll.device, sizeof(o.device));
    memcpy(o.nonce, poll.nonce, sizeof(o.nonce));
    if (s->offering && !runs && !d->over) {
        unsigned slot = poll.running.slot == OTTER_SLOT_A;

        o.empty = false;
        o.deadline = o.issued + 86400;
        o.attempt = 111 + s->sequence * 1000 + index;
        o.manifest = (struct otter_blob_ref){s->blob[2].digest, s->blob[2].len};
        o.slot = (enum otter_slot)slot;
        o.image = (struct otter_blob_ref){s->blob[slot].digest, s->blob[slot].len};
    } else if (!poll.fresh) {
        answer(fd, "204 No Content", "Retry-After: 5\r\n", "", 0);
        return;
    }
    MUST(otter_offer_encode(&o, payload, sizeof(payload)) == OTTER_OK);
    n = host_jws_sign_to(s->offer, payload, strlen(payload), envelope, sizeof(envelope));
    MUST(n > 0);
    answer(fd, "200 OK", "Retry-After: 5\r\n", envelope, (size_t)n);
}

static void report_reply(struct stub *s, int fd, const char *body, size_t len)
{
    static const char go_on[] = "{\"continue\":true}";
    char device[OTTER_NAME_BUF];
    struct otter_running running;
    struct otter_report report;
    struct device_state *d;
    unsigned index;

    if (otter_report_decode(body, len, device, &running, &report, NULL) != OTTER_OK ||
        (d = find_device(s, device, &index)) == NULL) {
        answer(fd, "400 Bad Request", "", "", 0);
        return;
    }
    if (otter_update_finished(report.state)) {
        d->over = true;
        d->end = report.state;
        d->reason = report.reason;
    }
    answer(fd, "200 OK", "", go_on, sizeof(go_on) - 1);
}

static void blob_reply(struct stub *s, int fd, const char *hex, const char *head)
{
    struct otter_digest digest;
    const char *range = strcasestr(head, "\r\nRange: bytes=");
    char headers[256];
    uint64_t from = 0;

    if (!otter_hex_decode(hex, OTTER_DIGEST_HEX, digest.b, sizeof(digest.b))) {
        answer(fd, "404 Not Found", "", "", 0);
        return;
    }
    for (unsigned i = 0; i < BLOBS; i++) {
        const struct blob *b = &s->blob[i];

        if (b->data == NULL || memcmp(&b->digest, &digest, sizeof(digest)) != 0)
            continue;
        if (range != NULL &&
            otter_parse_uint(range + 15, strspn(range + 15, "0123456789"), b->len - 1, &from)) {
            s->ranges++;
            snprintf(headers, sizeof(headers), "ETag: \"%.64s\"\r\nContent-Range: bytes %llu-%zu/%zu\r\n",
                     hex, (unsigned long long)from, b->len - 1, b->len);
            answer(fd, "206 Partial Content", headers, b->data + from, b->len - from);
        } else {
            snprintf(headers, sizeof(headers), "ETag: \"%.64s\"\r\n", hex);
            answer(fd, "200 OK", headers, b->data, b->len);
        }
        return;
    }
    answer(fd, "404 Not Found", "", "", 0);
}

static void dispatch(struct stub *s, int fd, const char *head, const char *body, size_t body_len)
{
    pthread_mutex_lock(&s->lock);
    if (strncmp(head, "POST /v1/device/poll ", 21) == 0)
        poll_reply(s, fd, body, body_len);
    else if (strncmp(head, "POST /v1/device/report ", 23) == 0)
        report_reply(s, fd, body, body_len);
    else if (strncmp(head, "GET /v1/blobs/", 14) == 0)
        blob_reply(s, fd, head + 14, head);
    else
        answer(fd, "404 Not Found", "", "", 0);
    pthread_mutex_unlock(&s->lock);
}

/* One request from fd into buf; false at the end of the connection. */
static bool serve_one(struct stub *s, int fd, char *buf)
{
    size_t have = 0, head_len, body_len = 0;
    const char *end, *length;

    for (;;) {
        ssize_t n;

        buf[have] = '\0';
        end = strstr(buf, "\r\n\r\n");
        if (end != NULL) {
            head_len = (size_t)(end - buf) + 4;
            length = strcasestr(buf, "\r\nContent-Length: ");
            body_len = length != NULL && length < end ? strtoul(length + 18, NULL, 10) : 0;
            if (have >= head_len + body_len)
                break;
        }
        if (have >= REQUEST_MAX - 1 || (n = recv(fd, buf + have, REQUEST_MAX - 1 - have, 0)) <= 0)
            return false;
        have += (size_t)n;
    }
    dispatch(s, fd, buf, buf + head_len, body_len);
    return true;
}

/* Ends when the listener is shut down. */
static void *serve(void *arg)
{
    struct stub *s = arg;
    char buf[REQUEST_MAX];

    for (;;) {
        const struct timeval patience = {.tv_sec = 5};
        int fd = accept(s->listener, NULL, NULL), on = 1;

        if (fd < 0)
            return NULL;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* head and body are two sends */
        while (serve_one(s, fd, buf))
            ;
        close(fd);
    }
}

static void start_listening(struct stub *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(bind(s->listener, (struct sockaddr *)&at, len) == 0 && listen(s->listener, 256) == 0);
    MUST(getsockname(s->listener, (struct sockaddr *)&at, &len) == 0);
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", ntohs(at.sin_port));
}

struct stub *stub_new(unsigned devices)
{
    const struct stub_release base = {.version = "1.0.0", .payload = 3000};
    struct stub *s = calloc(1, sizeof(*s));
    auto_free char *factory = NULL;
    struct blob image;

    MUST(s != NULL && devices <= STUB_DEVICES_MAX);
    snprintf(s->dir, sizeof(s->dir), "/tmp/otter-stub-XXXXXX");
    MUST(mkdtemp(s->dir) != NULL);
    s->devices = devices;
    s->root = host_key_generate(NULL);
    s->release = host_key_generate(NULL);
    s->image = host_key_generate(NULL);
    s->offer = host_key_generate(NULL);
    s->foreign = host_key_generate(NULL);
    pthread_mutex_init(&s->lock, NULL);
    start_listening(s);
    make_root(s);
    factory = stub_path(s, "factory");
    MUST(host_mkdir_p(factory, 0755, NULL));
    provision(s);
    image = make_image(s, OTTER_SLOT_A, &base);
    write_file(s, "1.0.0.img", image.data, image.len);
    free(image.data);
    MUST(pthread_create(&s->thread, NULL, serve, s) == 0);
    return s;
}

/* The folder has files and folders of files, no deeper. */
static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *e;

    while (dir != NULL && (e = readdir(dir)) != NULL) {
        auto_free char *inner = NULL;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        MUST(asprintf(&inner, "%s/%s", path, e->d_name) > 0);
        if (unlink(inner) != 0)
            remove_folder(inner);
    }
    if (dir != NULL)
        closedir(dir);
    (void)rmdir(path);
}

void stub_free(struct stub *s)
{
    (void)shutdown(s->listener, SHUT_RDWR); /* accept returns */
    pthread_join(s->thread, NULL);
    close(s->listener);
    for (unsigned i = 0; i < BLOBS; i++)
        free(s->blob[i].data);
    host_key_free(s->root);
    host_key_free(s->release);
    host_key_free(s->image);
    host_key_free(s->offer);
    host_key_free(s->foreign);
    pthread_mutex_destroy(&s->lock);
    remove_folder(s->dir);
    free(s);
}

void stub_counts(struct stub *s, struct stub_counts *ret)
{
    memset(ret, 0, sizeof(*ret));
    pthread_mutex_lock(&s->lock);
    ret->polls = s->polls;
    ret->ranges = s->ranges;
    for (unsigned i = 0; i < s->devices; i++) {
        ret->confirmed += s->device[i].confirmed;
        if (s->device[i].over) {
            ret->ended[s->device[i].end]++;
            ret->reason[s->device[i].reason]++;
        }
    }
    pthread_mutex_unlock(&s->lock);
}
