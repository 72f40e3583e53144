/*
 * The image into the other slot: a sector is erased just before it is first written, a checkpoint follows
 * each erase, each full sector and the end. After a drop the download goes on at the byte where it stopped,
 * also when the same attempt comes back by a poll; after a reset at the last checkpoint, whose part in flash
 * is hashed again.
 *
 *   slot base                written_to        programmed   erased_to                image size
 *   | full sectors, checkpointed | programmed since | erased, blank | old contents ......... |
 *
 * A server that answers a Range with 200 sends the whole: the bytes that we hold are passed over, the rest is
 * taken. One that answers it wrongly (http-range) is asked for the whole. Nothing is erased twice for it, and
 * the digest at the end is over all bytes in any case.
 */
#include "client/internal.h"

#include "core/bytes.h"

#include <string.h>

#define REHASH_BYTES   OTTER_CLIENT_CHUNK
#define RECONNECT_MS   1000u /* after a drop that had made progress: 1 to 5 s */
#define RECONNECT_SPAN 4000u

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* ---- HELD: what does the slot hold? ---- */

static bool slot_holds(struct otter_client *c)
{
    struct otter_flash_source source;
    struct otter_image_info info;
    struct otter_digest digest, hash;

    otter_flash_source_init(&source, c->config.flash, c->dl.base,
                            c->facts.slot[c->dl.slot].size - c->facts.slot[c->dl.slot].trailer_size);
    return otter_image_inspect(&source.source, &info) == OTTER_OK && info.file_size == c->dl.size &&
           otter_image_digest(c->config.crypto, &source.source, &info, &digest, &hash) == OTTER_OK &&
           same(&digest, &c->dl.digest);
}

/* Would the bootloader take a padded image's trailer for a wish to try what we are about to write? */
static bool trailer_wishes(struct otter_client *c)
{
    const struct otter_slot_layout *layout = &c->facts.slot[c->dl.slot];
    uint8_t magic[OTTER_TRAILER_MAGIC_LEN];

    return c->config.flash->read(c->config.flash, layout->base + layout->size - OTTER_TRAILER_MAGIC_LEN,
                                 magic, sizeof(magic)) != OTTER_OK ||
           otter_image_trailer_good(magic, c->config.flash->map->trailer_align);
}

static enum otter_status checkpoint(struct otter_client *c, uint32_t written_to)
{
    struct otter_checkpoint cp = {
        .present = true,
        .digest = c->dl.digest,
        .slot = c->dl.slot,
        .erased_to = c->dl.erased_to,
        .written_to = written_to,
    };

    return otter_journal_set_checkpoint(c->config.journal, &cp);
}

/* From zero. The checkpoint says so before the first erase: no older one may vouch for a slot that changes.
 */
static enum otter_status begin_fresh(struct otter_client *c)
{
    struct otter_download *dl = &c->dl;

    dl->received = 0;
    dl->erased_to = 0;
    dl->clean_to = 0;
    dl->chunk_len = 0;
    dl->checkpoint_due = false;
    c->config.crypto->sha256_init(&dl->sha);
    return checkpoint(c, 0);
}

/* A checkpoint that speaks of this image in this slot. */
static bool is_ours(const struct otter_download *dl, const struct otter_checkpoint *cp)
{
    return cp->present && same(&cp->digest, &dl->digest) && cp->slot == dl->slot;
}

/* A download of it that a reset ended: its last unit may be torn, however well it reads just now. */
static bool is_unfinished(const struct otter_client *c)
{
    const struct otter_checkpoint *cp = &c->config.journal->live.checkpoint;

    return is_ours(&c->dl, cp) && cp->written_to < c->dl.size;
}

/* Can the download go on at the checkpoint? It must be a sector's edge of this board's map. */
static bool can_resume(const struct otter_client *c, const struct otter_checkpoint *cp)
{
    uint32_t at = c->dl.base + cp->written_to;
    uint32_t size;

    return is_ours(&c->dl, cp) && cp->written_to > 0 && cp->written_to <= cp->erased_to &&
           cp->written_to <= c->dl.size && otter_flash_sector(c->config.flash->map, at, &size) == at &&
           size > 0;
}

static enum otter_client_want begin_or_resume(struct otter_client *c)
{
    const struct otter_checkpoint *cp = &c->config.journal->live.checkpoint;
    uint32_t clean_to = is_ours(&c->dl, cp) ? cp->erased_to : 0;
    struct otter_download *dl = &c->dl;

    dl->etag[0] = '\0';
    dl->plain = false;
    dl->erase_trailer = trailer_wishes(c);
    dl->checkpoint_due = false;
    dl->resume_ms = 0;
    if (can_resume(c, cp)) {
        dl->received = cp->written_to;
        dl->erased_to = cp->written_to;
        dl->chunk_len = 0;
        dl->skip = 0; /* REHASH counts in it */
        c->config.crypto->sha256_init(&dl->sha);
        c->after = OTTER_PHASE_REHASH;
    } else {
        if (begin_fresh(c) != OTTER_OK)
            return otter_client_attempt_failed(c, OTTER_FLASH_ERROR);
        c->after = OTTER_PHASE_DOWNLOAD;
    }
    dl->clean_to = clean_to;
    (void)otter_report_add(c, c->offer.attempt, OTTER_UPDATE_DOWNLOADING, OTTER_OK);
    return otter_client_go(c, OTTER_PHASE_REPORT);
}

/* Does the offer repeat what is half done in RAM and flash? */
static bool goes_on(const struct otter_client *c)
{
    const struct otter_download *dl = &c->dl;

    return dl->attempt == c->offer.attempt && dl->slot == c->offer.slot && dl->size == c->offer.image.size &&
           same(&dl->digest, &c->offer.image.sha256);
}

enum otter_client_want otter_phase_held(struct otter_client *c, uint64_t now)
{
    struct otter_download *dl = &c->dl;
    bool again = goes_on(c);

    (void)now;
    /* verify_manifest has checked that the slot is the other one and that the image fits it. */
    dl->slot = c->offer.slot;
    dl->base = c->facts.slot[dl->slot].base;
    dl->size = (uint32_t)c->offer.image.size;
    dl->digest = c->offer.image.sha256;
    if (!is_unfinished(c) && slot_holds(c)) {
        dl->received = dl->size;
        return otter_client_go(c, OTTER_PHASE_VERIFY);
    }
    if (again) {
        dl->plain = false;
        dl->resume_ms = 0;
        return otter_client_go(c, OTTER_PHASE_DOWNLOAD);
    }
    dl->attempt = 0;
    return begin_or_resume(c);
}

/* ---- REHASH ---- */

enum otter_client_want otter_phase_rehash(struct otter_client *c, uint64_t now)
{
    struct otter_download *dl = &c->dl;
    uint32_t n = dl->received - dl->skip;

    (void)now;
    if (n > REHASH_BYTES)
        n = REHASH_BYTES;
    if (n == 0)
        return otter_client_go(c, OTTER_PHASE_DOWNLOAD);
    if (c->config.flash->read(c->config.flash, dl->base + dl->skip, dl->chunk, n) != OTTER_OK) {
        if (begin_fresh(c) != OTTER_OK)
            return otter_client_attempt_failed(c, OTTER_FLASH_ERROR);
        return otter_client_go(c, OTTER_PHASE_DOWNLOAD);
    }
    c->config.crypto->sha256_update(&dl->sha, dl->chunk, n);
    dl->skip += n;
    return OTTER_WANT_STEP;
}

/* ---- DOWNLOAD: flash ---- */

/*
 * An erase that an earlier boot finished need not be done again if nothing was programmed since. Where a word
 * takes one program alone, it is all the same: a torn word that happens to read blank could not take another.
 */
static bool still_blank(struct otter_client *c, uint32_t addr, uint32_t size)
{
    uint8_t b[64];

    if (c->config.flash->map->write_once)
        return false;
    for (uint32_t at = 0; at < size; at += sizeof(b)) {
        if (c->config.flash->read(c->config.flash, addr + at, b, sizeof(b)) != OTTER_OK)
            return false;
        for (unsigned i = 0; i < sizeof(b); i++) {
            if (b[i] != 0xff)
                return false;
        }
    }
    return true;
}

/* One erase: of the sector behind erased_to. The checkpoint is another step's: it may turn the journal. */
static enum otter_status erase_next(struct otter_client *c)
{
    struct otter_download *dl = &c->dl;
    uint32_t size;
    uint32_t addr = otter_flash_sector(c->config.flash->map, dl->base + dl->erased_to, &size);
    enum otter_status status = OTTER_OK;

    if (size == 0 || addr != dl->base + dl->erased_to)
        return OTTER_FLASH_ERROR;
    if (dl->erased_to + size > dl->clean_to || !still_blank(c, addr, size))
        status = c->config.flash->erase(c->config.flash, addr);
    if (status != OTTER_OK)
        return status;
    dl->erased_to += size;
    dl->checkpoint_due = true;
    return OTTER_OK;
}

static enum otter_status erase_trailer(struct otter_client *c)
{
    const struct otter_slot_layout *layout = &c->facts.slot[c->dl.slot];
    uint32_t size;
    uint32_t addr = otter_flash_sector(c->config.flash->map, layout->base + layout->size - 1, &size);

    c->dl.erase_trailer = false;
    /* A sector of the image itself is erased in its turn, or has been. */
    if (size == 0 || addr < c->dl.base + c->dl.erased_to)
        return OTTER_OK;
    return c->config.flash->erase(c->config.flash, addr);
}

/* One program: the chunk, padded with 0xff to whole units at the image's end. */
static enum otter_status program_chunk(struct otter_client *c)
{
    struct otter_download *dl = &c->dl;
    uint32_t unit = c->config.flash->map->program_unit;
    uint32_t len = (dl->chunk_len + unit - 1) / unit * unit; /* unit divides 32, and 32 the chunk's size */
    uint32_t at = dl->received - dl->chunk_len;
    enum otter_status status;

    memset(dl->chunk + dl->chunk_len, 0xff, len - dl->chunk_len);
    status = c->config.flash->program(c->config.flash, dl->base + at, dl->chunk, len);
    if (status != OTTER_OK)
        return status;
    dl->chunk_len = 0;
    return dl->received == dl->erased_to || dl->received == dl->size ? checkpoint(c, dl->received) : OTTER_OK;
}

/* Does flash come before the network? *ret_did says that it did; at most one operation a call. */
static enum otter_status work_flash(struct otter_client *c, bool *ret_did)
{
    struct otter_download *dl = &c->dl;
    uint32_t at = dl->received - dl->chunk_len;

    *ret_did = true;
    if (dl->chunk_len > 0 && dl->erase_trailer)
        return erase_trailer(c);
    if (dl->chunk_len > 0 && at >= dl->erased_to)
        return erase_next(c);
    if (dl->chunk_len > 0 && dl->checkpoint_due) {
        dl->checkpoint_due = false;
        return checkpoint(c, at); /* nothing has been programmed since the erase */
    }
    if (dl->chunk_len == OTTER_CLIENT_CHUNK || (dl->chunk_len > 0 && dl->received == dl->size))
        return program_chunk(c);
    *ret_did = false;
    return OTTER_OK;
}

/* ---- DOWNLOAD: network ---- */

/* Blobs are named by their digest, and so does our server tag them: good until a reply teaches another tag.
 */
static void default_etag(const struct otter_digest *digest, char out[OTTER_ETAG_MAX + 1])
{
    out[0] = '"';
    otter_hex_encode(digest->b, sizeof(digest->b), out + 1);
    memcpy(out + 1 + OTTER_DIGEST_HEX, "\"", 2);
}

static bool begin_request(struct otter_client *c, uint64_t now)
{
    struct otter_download *dl = &c->dl;
    struct otter_request r;
    struct otter_url url;

    if (!otter_request_blob(c, &r, &url, &dl->digest))
        return false;
    if (dl->etag[0] == '\0')
        default_etag(&dl->digest, dl->etag);
    r.range_from = dl->plain ? 0 : dl->received;
    r.if_range = dl->etag;
    dl->attempt = c->offer.attempt; /* what was to be hashed again has been */
    dl->opened_at = dl->received;
    dl->skip = 0;
    return otter_exchange_begin(c, &r, now);
}

/* Does the head answer what we asked for? OK, and skip set; or why not. Pure but for `skip` and `etag`. */
static enum otter_status judge_head(struct otter_client *c)
{
    const struct otter_http_head *head = &c->ex.http.head;
    struct otter_download *dl = &c->dl;

    if (head->status == 416)
        return OTTER_HTTP_RANGE;
    if (head->status != 200 && head->status != 206)
        return otter_exchange_refusal(c);
    if (!head->has_length)
        return OTTER_HTTP_MALFORMED;
    if (head->status == 206) {
        if (dl->received == 0 || dl->plain || !head->has_range || head->range_first != dl->received ||
            head->range_last != dl->size - 1 || head->range_total != dl->size ||
            head->length != dl->size - dl->received || strcmp(head->etag, dl->etag) != 0)
            return OTTER_HTTP_RANGE;
        return OTTER_OK;
    }
    if (head->length != dl->size)
        return OTTER_IMAGE_LENGTH;
    dl->skip = dl->received;
    /* A weak tag is no validator for ranges (RFC 9110, 13.1.5). */
    if (head->etag[0] == '"')
        memcpy(dl->etag, head->etag, sizeof(dl->etag));
    return OTTER_OK;
}

/* The connection is of no more use. Progress earns a quick return, none the long way round. */
static enum otter_client_want interrupted(struct otter_client *c, uint64_t now, enum otter_status why)
{
    struct otter_download *dl = &c->dl;

    otter_exchange_close(c);
    if (dl->received <= dl->opened_at)
        return otter_client_fetch_failed(c, now, why);
    c->last_error = why;
    c->fetch_failures = 0;
    dl->resume_ms = now + RECONNECT_MS + otter_client_random(c) % RECONNECT_SPAN;
    otter_client_event(c, OTTER_UPDATE_DOWNLOADING, why, "download interrupted");
    return otter_client_sleep(c, dl->resume_ms);
}

/* The head does not answer the request. */
static enum otter_client_want refused(struct otter_client *c, uint64_t now, enum otter_status why)
{
    if (why == OTTER_IMAGE_LENGTH) {
        enum otter_client_want want = otter_client_wrong_bytes(c, now, why);

        if (!c->has_offer && c->ex.http.head.length <= UINT32_MAX)
            otter_report_explain(c, "Content-Length ", (uint32_t)c->ex.http.head.length);
        return want;
    }
    /* Ranges that this server cannot do: the whole, of which we pass over what we hold. */
    if (why == OTTER_HTTP_RANGE && !c->dl.plain) {
        otter_exchange_close(c);
        otter_client_event(c, OTTER_UPDATE_DOWNLOADING, why, "range refused: asking for the whole");
        c->last_error = why;
        c->dl.plain = true;
        return OTTER_WANT_STEP;
    }
    return interrupted(c, now, why);
}

/* The exchange hands out what is in rx; a full chunk must be programmed before more is taken. */
static void take_body(struct otter_client *c, const uint8_t *body, uint32_t len)
{
    struct otter_download *dl = &c->dl;
    uint32_t skip = dl->skip < len ? dl->skip : len;

    dl->skip -= skip;
    body += skip;
    len -= skip;
    /* Content-Length was judged, so that len <= size - received; exchange() bounds it by the chunk's room. */
    memcpy(dl->chunk + dl->chunk_len, body, len);
    c->config.crypto->sha256_update(&dl->sha, body, len);
    dl->chunk_len += len;
    dl->received += len;
}

/* All bytes are in flash: is it the image? */
static enum otter_client_want complete(struct otter_client *c, uint64_t now)
{
    struct otter_download *dl = &c->dl;
    struct otter_digest digest;

    c->config.crypto->sha256_final(&dl->sha, digest.b);
    dl->attempt = 0;
    if (same(&digest, &dl->digest))
        return otter_client_go(c, OTTER_PHASE_VERIFY);
    if (begin_fresh(c) != OTTER_OK)
        return otter_client_attempt_failed(c, OTTER_FLASH_ERROR);
    return otter_client_wrong_bytes(c, now, OTTER_IMAGE_DIGEST);
}

static enum otter_client_want exchange(struct otter_client *c, uint64_t now)
{
    enum otter_status why = OTTER_NET_UNREACHABLE;
    const uint8_t *body = NULL;
    uint32_t len = 0;

    switch (otter_exchange_step(c, now, OTTER_CLIENT_CHUNK - c->dl.chunk_len, &body, &len, &why)) {
    case OTTER_EX_WAIT:
        return otter_exchange_wait(c);
    case OTTER_EX_HEAD:
        why = judge_head(c);
        return why == OTTER_OK ? OTTER_WANT_STEP : refused(c, now, why);
    case OTTER_EX_BODY:
        take_body(c, body, len);
        return OTTER_WANT_STEP;
    case OTTER_EX_FAILED:
        return interrupted(c, now, why);
    case OTTER_EX_MORE:
    case OTTER_EX_DONE:
    default:
        return OTTER_WANT_STEP;
    }
}

enum otter_client_want otter_phase_download(struct otter_client *c, uint64_t now)
{
    struct otter_download *dl = &c->dl;
    bool did;
    enum otter_status status = work_flash(c, &did);

    if (status != OTTER_OK)
        return otter_client_attempt_failed(c, OTTER_FLASH_ERROR);
    if (did)
        return OTTER_WANT_STEP;
    if (c->ex.busy)
        return exchange(c, now);
    if (dl->received == dl->size)
        return complete(c, now);
    if (now < dl->resume_ms)
        return otter_client_sleep(c, dl->resume_ms);
    return begin_request(c, now) ? OTTER_WANT_STEP : interrupted(c, now, OTTER_NET_UNREACHABLE);
}
