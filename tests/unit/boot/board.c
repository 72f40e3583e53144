#include "board.h"

#include "boot/keys.h"
#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

#define PAYLOAD   1000u
#define IMAGE_MAX 4096u

static struct host_key *keys[BOARD_KEYS];

static void must(bool ok)
{
    if (!ok)
        abort();
}

int board_keys_setup(void **state)
{
    struct host_error err;

    (void)state;
    for (unsigned i = 0; i < BOARD_KEYS; i++)
        if ((keys[i] = host_key_generate(&err)) == NULL)
            return -1;
    return 0;
}

int board_keys_teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BOARD_KEYS; i++)
        host_key_free(keys[i]);
    return 0;
}

const struct otter_digest *board_kid(enum board_key key)
{
    return host_key_kid(keys[key]);
}

/* The bootloader reads the epoch alone: any three keys will do for the roles. */
static void make_root(struct otter_factory *factory)
{
    struct otter_root root = {
        .version = 1, .created = 1800000000, .expires = 1900000000, .sequence_epoch = BOARD_EPOCH};

    root.key_count = BOARD_KEYS;
    for (unsigned i = 0; i < BOARD_KEYS; i++) {
        memcpy(root.key[i].point, host_key_point(keys[i]), OTTER_POINT_LEN);
        root.key[i].kid = *host_key_kid(keys[i]);
        root.role[i] = (struct otter_root_role){.threshold = 1, .count = 1, .key = {(uint8_t)i}};
    }
    must(otter_root_encode(&root, factory->root, sizeof(factory->root)) == OTTER_OK);
    factory->root_len = (uint16_t)strlen(factory->root);
}

void board_init(struct board *b)
{
    memset(b, 0, sizeof(*b));
    must(otter_flash_file_open_memory(&b->f, &otter_map_nucleo_f429zi) == 0);
    b->factory.sequence = BOARD_SEQUENCE;
    b->factory.key_count = 2;
    memcpy(b->factory.key[0], host_key_point(keys[BOARD_KEY_1]), OTTER_POINT_LEN);
    memcpy(b->factory.key[1], host_key_point(keys[BOARD_KEY_2]), OTTER_POINT_LEN);
    make_root(&b->factory);
    otter_image_keys_init(&otter_crypto_openssl, &b->factory, &b->keys);
    b->boot =
        (struct otter_boot){&b->f.flash, &otter_crypto_openssl, &b->keys, &b->factory, &b->journal, false};
}

void board_free(struct board *b)
{
    otter_flash_file_close(&b->f);
}

static size_t put_tlv(uint8_t *p, uint16_t type, const void *data, uint16_t len)
{
    otter_put_le16(p, type);
    otter_put_le16(p + 2, len);
    memcpy(p + 4, data, len);
    return 4u + len;
}

/* The protected area with SEC_CNT; its length. */
static size_t put_protected(uint8_t *p, uint32_t counter)
{
    uint8_t value[4];

    if (counter == 0)
        return 0;
    otter_put_le16(p, OTTER_TLV_PROT_MAGIC);
    otter_put_le16(p + 2, 12);
    otter_put_le32(value, counter);
    return 4 + put_tlv(p + 4, OTTER_TLV_SEC_CNT, value, sizeof(value));
}

static size_t put_signature(uint8_t *p, const uint8_t *hashed, size_t len, enum board_key key)
{
    uint8_t sig[OTTER_SIG_LEN], der[OTTER_SIG_DER_MAX];
    struct otter_digest hash;
    size_t at = 4;

    otter_sha256_of(&otter_crypto_openssl, hashed, len, &hash);
    must(host_key_sign(keys[key], &hash, sig));
    at += put_tlv(p + at, OTTER_TLV_SHA256, hash.b, sizeof(hash.b));
    at += put_tlv(p + at, OTTER_TLV_KEYHASH, host_key_kid(keys[key])->b, OTTER_DIGEST_LEN);
    at += put_tlv(p + at, OTTER_TLV_ECDSA_SIG, der, (uint16_t)host_sig_to_der(sig, der));
    otter_put_le16(p, OTTER_TLV_INFO_MAGIC);
    otter_put_le16(p + 2, (uint16_t)at);
    return at;
}

static size_t make_image(const struct otter_flash_map *map, enum otter_slot slot,
                         const struct board_image *image, uint8_t out[IMAGE_MAX])
{
    enum otter_slot link = image->wrong_link ? otter_slot_other(slot) : slot;
    uint16_t header_size = image->header_size != 0 ? image->header_size : map->header_size & 0xffff;
    struct otter_image_header header = {
        .load_addr = map->slot[link].base,
        .header_size = header_size,
        .protected_size = image->counter != 0 ? 12 : 0,
        .image_size = PAYLOAD,
        .flags = OTTER_IMAGE_ROM_FIXED,
        .version = {1, 2, 3, image->seed},
    };
    size_t at = header_size + PAYLOAD;

    memset(out, 0, IMAGE_MAX);
    otter_image_header_encode(&header, out);
    for (unsigned i = 0; i < PAYLOAD; i++)
        out[header_size + i] = (uint8_t)(i * 13 + image->seed);
    at += put_protected(out + at, image->counter);
    at += put_signature(out + at, out, at, image->key);
    return at;
}

struct otter_digest board_put(struct board *b, enum otter_slot slot, const struct board_image *image)
{
    const struct otter_slot_layout *layout = &b->f.flash.map->slot[slot];
    uint8_t bytes[IMAGE_MAX], magic[OTTER_TRAILER_MAGIC_LEN];
    size_t len = make_image(b->f.flash.map, slot, image, bytes);
    struct otter_digest digest;

    otter_sha256_of(&otter_crypto_openssl, bytes, len, &digest);
    memset(magic, 0xff, sizeof(magic));
    if (image->padded)
        otter_image_trailer_magic(b->f.flash.map->trailer_align, magic);
    must(otter_flash_file_load(&b->f, layout->base, bytes, (uint32_t)len) == 0);
    must(otter_flash_file_load(&b->f, layout->base + layout->size - OTTER_TRAILER_MAGIC_LEN, magic,
                               sizeof(magic)) == 0);
    if (image->damaged)
        board_damage(b, slot);
    return digest;
}

void board_damage(struct board *b, enum otter_slot slot)
{
    uint32_t at = b->f.flash.map->slot[slot].base + 0x200 + 17;
    uint8_t byte;

    must(otter_flash_file_peek(&b->f, at, &byte, 1) == 0);
    byte ^= 0x10;
    must(otter_flash_file_load(&b->f, at, &byte, 1) == 0);
}

void board_pend(struct board *b, enum otter_slot slot, struct otter_digest digest)
{
    const struct otter_pending pending = {.present = true,
                                          .slot = slot,
                                          .digest = digest,
                                          .epoch = BOARD_EPOCH,
                                          .sequence = 41,
                                          .attempt = 111};

    must(otter_journal_open(&b->journal, &b->f.flash) == OTTER_OK);
    must(otter_journal_set_pending(&b->journal, &pending) == OTTER_OK);
}

void board_reset(struct board *b, enum otter_reset_cause cause)
{
    memset(&b->decision, 0, sizeof(b->decision));
    memset(&b->handover, 0, sizeof(b->handover));
    b->boot.is_open = false;
    b->status = otter_boot_run(&b->boot, cause, &b->decision, &b->handover);
}
