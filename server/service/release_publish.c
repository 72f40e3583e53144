/* Publishing a release: the device's own check, then the rows and the manifest as a blob. */
#include "service/internal.h"
#include "service/rights.h"

#include "core/bytes.h"
#include "host/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An image's blob as lib/core reads it. */
struct blob_source {
    struct otter_image_source source;
    int fd;
};

static enum otter_status read_blob(const struct otter_image_source *self, uint32_t off, void *buf,
                                   uint32_t len)
{
    const struct blob_source *b = OTTER_CONTAINER_OF_CONST(self, struct blob_source, source);

    return host_pread_all(b->fd, buf, len, (off_t)off) ? OTTER_OK : OTTER_IO_ERROR;
}

struct key_collector {
    struct store_image_key_visitor visitor;
    struct otter_image_keys keys;
};

static bool collect_key(struct store_image_key_visitor *self, const struct store_image_key *row)
{
    struct otter_image_keys *keys = &OTTER_CONTAINER_OF(self, struct key_collector, visitor)->keys;
    const uint8_t *point = otter_spki_point(row->spki, OTTER_SPKI_LEN);

    if (point && keys->count < OTTER_IMAGE_KEYS) {
        memcpy(keys->point[keys->count], point, OTTER_POINT_LEN);
        keys->kid[keys->count++] = row->kid;
    }
    return keys->count < OTTER_IMAGE_KEYS;
}

/* The product's image keys, less those that the root revokes. */
static enum otter_status image_keys(struct svc *svc, const char *product, struct otter_image_keys *ret)
{
    struct key_collector k = {.visitor.row = collect_key};
    const struct otter_root *root = &svc->catalog->root;
    enum otter_status status = svc->writer->ops->image_keys(svc->writer, product, &k.visitor);

    if (status != OTTER_OK)
        return status;
    for (unsigned i = 0; i < root->revoked_count; i++)
        k.keys.revoked[k.keys.revoked_count++] = root->revoked[i];
    *ret = k.keys;
    return OTTER_OK;
}

static enum otter_status blobs_held(struct svc *svc, struct svc_call *call, const struct otter_manifest *m)
{
    char missing[OTTER_IMAGES_MAX * (OTTER_DIGEST_HEX + 2) + 1];
    size_t len = 0;
    uint64_t size;

    for (unsigned i = 0; i < m->image_count; i++) {
        if (svc->blobs->ops->held(svc->blobs, &m->image[i].sha256, &size))
            continue;
        missing[len++] = ' ';
        otter_hex_encode(m->image[i].sha256.b, OTTER_DIGEST_LEN, missing + len);
        len += OTTER_DIGEST_HEX;
    }
    if (len == 0)
        return OTTER_OK;
    missing[len] = '\0';
    return svc_refuse(call, OTTER_BLOB_MISSING, "upload these images first:%s", missing);
}

/* A paper that the manifest names: data, of which the digest is all that is trusted. */
static enum otter_status paper_held(struct svc *svc, struct svc_call *call, const struct otter_digest *digest,
                                    const char *what)
{
    char hex[OTTER_DIGEST_HEX + 1];
    uint64_t size = 0;

    otter_hex_encode(digest->b, OTTER_DIGEST_LEN, hex);
    if (!svc->blobs->ops->held(svc->blobs, digest, &size))
        return svc_refuse(call, OTTER_BLOB_MISSING, "upload the %s first: %s", what, hex);
    if (size > OTTER_PAPER_MAX)
        return svc_refuse(call, OTTER_TOO_LARGE, "the %s has %llu bytes, at most %u are allowed", what,
                          (unsigned long long)size, OTTER_PAPER_MAX);
    return OTTER_OK;
}

/* All that the manifest names by its digest. */
static enum otter_status all_held(struct svc *svc, struct svc_call *call, const struct otter_manifest *m)
{
    enum otter_status status = blobs_held(svc, call, m);

    if (status == OTTER_OK && m->has_sbom)
        status = paper_held(svc, call, &m->sbom, "bill of materials");
    if (status == OTTER_OK && m->has_notes)
        status = paper_held(svc, call, &m->notes, "release notes");
    return status;
}

static enum otter_status verify_image(struct svc *svc, struct svc_call *call,
                                      const struct otter_image_keys *keys, const struct otter_manifest *m,
                                      unsigned i)
{
    struct blob_source b = {.source.read = read_blob, .fd = -1};
    struct otter_image_info info;
    enum otter_status status;
    uint64_t size = 0;

    b.fd = svc->blobs->ops->open(svc->blobs, &m->image[i].sha256, &size);
    if (b.fd < 0)
        return svc_refuse(call, svc_blob_fault(OTTER_BLOB_MISSING),
                          "the image for slot %s cannot be read: %s", otter_slot_name(m->image[i].slot),
                          strerror(errno));
    if (size > UINT32_MAX || size != m->image[i].size) {
        status = OTTER_IMAGE_LENGTH;
    } else {
        b.source.size = (uint32_t)size;
        status = otter_verify_manifest_image(&otter_crypto_openssl, keys->count ? keys : NULL, m, i,
                                             &b.source, &info);
    }
    (void)close(b.fd);
    if (status == OTTER_OK)
        return status;
    return svc_refuse(call, status, "image for slot %s: %s", otter_slot_name(m->image[i].slot),
                      otter_status_meaning(status));
}

static enum otter_status verify(struct svc *svc, struct svc_call *call, struct otter_manifest *ret,
                                bool *ret_checked)
{
    const struct catalog *c = svc->catalog;
    uint64_t now = (uint64_t)svc_now(svc);
    struct otter_image_keys keys = {.count = 0};
    enum otter_status status;
    struct otter_jws jws;

    if (!c->has_root)
        return svc_refuse(call, OTTER_NO_ROOT, "publish a root first: otter root publish");
    status = otter_verify_release(&otter_crypto_openssl, &c->root, now, call->in.body, call->in.body_len,
                                  &jws, ret);
    if (status != OTTER_OK)
        return svc_refuse(call, status, "manifest refused under root %llu: %s",
                          (unsigned long long)c->root.version, otter_status_meaning(status));
    status = rights_need(call, ret->product);
    if (status != OTTER_OK)
        return status;
    if (ret->created > now)
        return svc_refuse(call, OTTER_CREATED_IN_FUTURE,
                          "created at %llu, this server's clock says %llu: check both clocks",
                          (unsigned long long)ret->created, (unsigned long long)now);
    status = all_held(svc, call, ret);
    if (status == OTTER_OK)
        status = svc_stored(call, image_keys(svc, ret->product, &keys));
    for (unsigned i = 0; status == OTTER_OK && i < ret->image_count; i++)
        status = verify_image(svc, call, &keys, ret, i);
    if (status == OTTER_OK)
        *ret_checked = keys.count > 0;
    return status;
}

static enum otter_status write_release(struct svc *svc, struct svc_call *call, const struct otter_manifest *m,
                                       struct catalog_release *r)
{
    struct store_release row = {.id = r->id,
                                .product = m->product,
                                .epoch = m->epoch,
                                .sequence = m->sequence,
                                .published = r->published,
                                .signature_checked = r->signature_checked,
                                .envelope = call->in.body,
                                .len = call->in.body_len};
    struct store *store = svc->writer;
    enum otter_status status = store->ops->release_add(store, &row, &r->num);

    if (status == OTTER_ALREADY_EXISTS)
        return svc_refuse(
            call, OTTER_SEQUENCE_TAKEN,
            "another release of %s has epoch %llu and sequence %llu: make it again with a higher"
            " sequence",
            m->product, (unsigned long long)m->epoch, (unsigned long long)m->sequence);
    for (unsigned i = 0; status == OTTER_OK && i < m->image_count; i++)
        status = store->ops->release_image_add(store, r->num, &m->image[i]);
    if (status == OTTER_OK && !call->in.dry_run) /* devices fetch the manifest as a blob */
        status = svc->blobs->ops->put(svc->blobs, &r->id, call->in.body, call->in.body_len, &call->out.error);
    return svc_stored(call, status);
}

/* The same bytes, published by a call before this one in the same transaction: the catalog has it not yet. */
struct twin {
    struct store_release_visitor visitor;
    struct catalog_release release;
    enum otter_status status;
};

static bool take_twin(struct store_release_visitor *self, const struct store_release *row)
{
    struct twin *t = OTTER_CONTAINER_OF(self, struct twin, visitor);
    struct otter_jws jws;

    t->release = (struct catalog_release){.num = row->num,
                                          .id = row->id,
                                          .size = row->len,
                                          .published = row->published,
                                          .signature_checked = row->signature_checked};
    t->status = otter_jws_decode(row->envelope, row->len, &jws);
    if (t->status == OTTER_OK)
        t->status = otter_manifest_decode(jws.payload, jws.payload_len, &t->release.manifest);
    return false;
}

static enum otter_status answer_twin(struct svc_call *call, const struct twin *t)
{
    if (t->status == OTTER_OK && rights_need(call, t->release.manifest.product) != OTTER_OK)
        return OTTER_FORBIDDEN;
    if (t->status == OTTER_OK)
        call->out.json = json_release(&t->release);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

/* Its images were pruned: whoever uploads and publishes it once more brings them back. */
static enum otter_status revive(struct svc *svc, struct svc_call *call, const struct catalog_release *known)
{
    struct catalog_release now;
    enum otter_status status = all_held(svc, call, &known->manifest);

    if (status == OTTER_OK)
        status = svc_stored(call, release_now(svc, known, &now));
    if (status != OTTER_OK)
        return status;
    now.pruned = 0;
    status = svc_stored(call, release_put(svc, &now));
    if (status != OTTER_OK)
        return status;
    call->effects->catalog = true;
    call->out.json = json_release(&now);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}

enum otter_status op_release_publish(struct svc *svc, struct svc_call *call)
{
    struct twin twin = {.visitor.row = take_twin};
    struct svc_effects *effects = effects_of(call);
    const struct catalog_release *known;
    struct catalog_release r = {.published = svc_now(svc), .size = call->in.body_len};
    enum otter_status status;

    if (!effects)
        return OTTER_INTERNAL;
    otter_sha256_of(&otter_crypto_openssl, call->in.body, call->in.body_len, &r.id);
    known = catalog_release_by_id(svc->catalog, &r.id);
    if (known && rights_need(call, known->manifest.product) != OTTER_OK)
        return OTTER_FORBIDDEN;
    if (known && known->pruned)
        return revive(svc, call, known);
    if (known) {
        call->out.json = json_release(known);
        return call->out.json ? OTTER_OK : OTTER_INTERNAL;
    }
    status = svc->writer->ops->release_get(svc->writer, &r.id, &twin.visitor);
    if (status != OTTER_NOT_FOUND)
        return status == OTTER_OK ? answer_twin(call, &twin) : svc_stored(call, status);
    status = verify(svc, call, &r.manifest, &r.signature_checked);
    if (status == OTTER_OK)
        status = write_release(svc, call, &r.manifest, &r);
    if (status != OTTER_OK)
        return status;
    effects->catalog = true;
    call->out.created = true;
    call->out.json = json_release(&r);
    return call->out.json ? OTTER_OK : OTTER_INTERNAL;
}
