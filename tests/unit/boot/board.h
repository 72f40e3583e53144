/* A board for the bootloader's tests: flash in memory, factory data, keys, and images signed as `otter` signs
 * them. */
#ifndef OTTER_TESTS_BOOT_BOARD_H
#define OTTER_TESTS_BOOT_BOARD_H

#include "boot/boot.h"
#include "host/crypto.h"
#include "ports/posix/flash_file.h"

enum board_key { BOARD_KEY_1, BOARD_KEY_2, BOARD_KEY_STRANGER, BOARD_KEYS };

#define BOARD_EPOCH    3u
#define BOARD_SEQUENCE 40u

struct board {
    struct otter_flash_file f;
    struct otter_factory factory; /* holds BOARD_KEY_1 and BOARD_KEY_2 */
    struct otter_image_keys keys;
    struct otter_journal journal;
    struct otter_boot boot;
    /* Results of the last board_reset. */
    enum otter_status status;
    struct otter_boot_decision decision;
    struct otter_handover handover;
};

/* cmocka group fixtures: the keys. */
int board_keys_setup(void **state);
int board_keys_teardown(void **state);
const struct otter_digest *board_kid(enum board_key key);

void board_init(struct board *b);
void board_free(struct board *b);

/* An image as it is put into a slot; zeros are the plain case. */
struct board_image {
    unsigned seed;    /* of the payload: another seed, another digest */
    uint32_t counter; /* SEC_CNT; 0 = none */
    enum board_key key;
    bool padded;          /* as by imgtool --pad */
    bool wrong_link;      /* linked for the other slot */
    uint16_t header_size; /* 0 = 0x200 */
    bool damaged;         /* a byte of the payload is wrong */
};
struct otter_digest board_put(struct board *b, enum otter_slot slot, const struct board_image *image);

/* Wrecks a byte of the payload in the slot. */
void board_damage(struct board *b, enum otter_slot slot);

/* What the client writes when an image is complete in its slot. Opens the journal. */
void board_pend(struct board *b, enum otter_slot slot, struct otter_digest digest);

/* Runs the bootloader. */
void board_reset(struct board *b, enum otter_reset_cause cause);

#endif
