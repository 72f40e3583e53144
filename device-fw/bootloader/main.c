/*
 * The bootloader: what it is made of lies in boot/ (look, decide, write) and in the board's port. This puts
 * them together, says what it does, one fact a line, and jumps. With nothing to boot it looks again and
 * again: an image may come by another way (a debugger), and nothing that it could erase is in its way.
 */
#include "boot/boot.h"
#include "boot/keys.h"
#include "core/image.h"
#include "crypto/crypto_bearssl.h"
#include "port/board.h"
#include "port/console.h"

#define LOOK_MS  1000u
#define BLINK_MS 250u

static const char *const causes[] = {
    [OTTER_RESET_POWER] = "power",
    [OTTER_RESET_SOFTWARE] = "software",
    [OTTER_RESET_WATCHDOG] = "watchdog",
};

static struct otter_factory factory;
static struct otter_image_keys keys;
static struct otter_journal journal;
static struct otter_boot boot;

static void say(const char *what, const char *value)
{
    console_text(what);
    console_line(value);
}

/* Without factory data there are no keys, and so nothing is authentic. */
static void read_factory(void)
{
    static uint8_t raw[OTTER_FACTORY_MAX];
    struct otter_flash *flash = board_flash();
    enum otter_status status = flash->read(flash, flash->map->factory_base, raw, sizeof(raw));

    if (status == OTTER_OK)
        status = otter_factory_read(raw, sizeof(raw), &factory);
    if (status != OTTER_OK)
        say("boot: factory ", otter_status_name(status));
    boot.factory = status == OTTER_OK ? &factory : NULL;
    otter_image_keys_init(&otter_crypto_bearssl, boot.factory, &keys);
}

static void say_slots(const struct otter_boot_decision *decision)
{
    for (unsigned i = 0; i < 2; i++) {
        if (decision->why[i] == OTTER_OK)
            continue;
        console_text("boot: slot ");
        console_text(otter_slot_name((enum otter_slot)i));
        console_text(" ");
        console_line(otter_status_name(decision->why[i]));
    }
}

static void say_jump(const struct otter_boot_decision *decision, uint32_t vectors)
{
    console_text("boot: row ");
    console_text(decision->row);
    console_text(" slot ");
    console_line(otter_slot_name(decision->slot));
    console_text("boot: jump ");
    console_hex(vectors);
    console_line("");
}

/* The image's vectors lie behind its header, whose size has been verified with it. */
static enum otter_status find_vectors(enum otter_slot slot, uint32_t *ret)
{
    struct otter_flash *flash = board_flash();
    uint32_t base = flash->map->slot[slot].base;
    uint8_t raw[OTTER_IMAGE_HEADER_LEN];
    struct otter_image_header header;
    enum otter_status status = flash->read(flash, base, raw, sizeof(raw));

    if (status == OTTER_OK)
        status = otter_image_header_decode(raw, &header);
    if (status == OTTER_OK)
        *ret = base + header.header_size;
    return status;
}

/* One look. Comes back if there is nothing to jump to; OK means that *decision says why. */
static enum otter_status look(enum otter_reset_cause cause, struct otter_boot_decision *decision)
{
    struct otter_handover handover;
    uint32_t vectors;
    enum otter_status status = otter_boot_run(&boot, cause, decision, &handover);

    if (status != OTTER_OK || !decision->jump)
        return status;
    status = find_vectors(decision->slot, &vectors);
    if (status != OTTER_OK)
        return status;
    say_slots(decision);
    say_jump(decision, vectors);
    *board_handover() = handover;
    board_watchdog_start();
    board_jump(vectors);
}

static bool is_news(const struct otter_boot_decision *a, const struct otter_boot_decision *b)
{
    return a->row != b->row || a->why[0] != b->why[0] || a->why[1] != b->why[1];
}

/* What came of a look that led to no jump: said when it is new. */
static void say_stranded(enum otter_status status, const struct otter_boot_decision *now)
{
    static struct otter_boot_decision said;
    static enum otter_status said_status;

    if (status != OTTER_OK && status != said_status)
        say("boot: error ", otter_status_name(status));
    if (status == OTTER_OK && is_news(&said, now)) {
        say_slots(now);
        console_line("boot: nothing bootable");
        said = *now;
    }
    said_status = status;
}

static void wait_blinking(void)
{
    uint64_t until = board_ms() + LOOK_MS;
    bool on = true;

    while (board_ms() < until) {
        board_watchdog_feed();
        board_led(on);
        on = !on;
        board_idle(BLINK_MS);
    }
}

int main(void)
{
    struct otter_boot_decision decision;
    enum otter_reset_cause cause;

    board_init();
    cause = board_reset_cause();
    say("boot: cause ", causes[cause]);
    boot.flash = board_flash();
    boot.crypto = &otter_crypto_bearssl;
    boot.keys = &keys;
    boot.journal = &journal;
    read_factory();
    for (;;) {
        enum otter_status status = look(cause, &decision);

        say_stranded(status, &decision);
        board_stranded();
        wait_blinking();
    }
}
