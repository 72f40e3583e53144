/*
 * Not a product: a program in a slot that does one thing to the board, named by `-semihosting-config
 * arg=probe=NAME`, so that tests see what the board makes of it.
 */
#include "port/board.h"
#include "port/console.h"
#include "port/flash_check.h"
#include "port/tune.h"
#include "ports/mps2/options.h"

#include "client/client.h"
#include "core/bytes.h"

#include <string.h>

#define SPARE_SECTOR (otter_map_mps2_an386.base + 0x100000u) /* 16K, between the slots */
#define ROUNDS       30u

/* Its address is the value: the slot that this program is linked for. */
extern const char otter_link_slot[];

static void say_hand_over(void)
{
    static const char *const causes[] = {"power", "software", "watchdog"};
    const struct otter_handover *handover = board_handover();

    console_text("probe: slot ");
    console_text((uintptr_t)otter_link_slot == 1 ? "A" : "B");
    if (!otter_handover_valid(handover)) {
        console_line(" without a hand-over");
        return;
    }
    console_text(handover->trial ? " trial " : " confirmed ");
    console_number(handover->boots_used);
    console_text(" handed slot ");
    console_text(otter_slot_name((enum otter_slot)handover->slot));
    console_text(" cause ");
    console_line(causes[handover->reset_cause]);
}

/* ---- what it can be told to do ---- */

static void check_flash(void)
{
    const char *broken = otter_flash_check(board_flash(), SPARE_SECTOR);

    console_field("probe: flash", broken == NULL ? "keeps its contract" : broken);
}

/* What an STM32F429 has write-protected. */
static void write_protected(void)
{
    static const uint32_t zero;
    struct otter_flash *flash = board_flash();
    const uint32_t at[] = {flash->map->base, flash->map->journal_base - 16 * 1024u, flash->map->factory_base};
    unsigned taken = 0;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(at); i++) {
        taken += flash->erase(flash, at[i]) == OTTER_OK;
        taken += flash->program(flash, at[i], &zero, sizeof(zero)) == OTTER_OK;
    }
    console_line(taken == 0 ? "probe: protected" : "probe: not protected");
}

static void store(uint32_t addr)
{
    *(volatile uint32_t *)(uintptr_t)addr = 0;
    console_line("probe: the store went through");
}

/* After the driver has opened the flash and closed it again. */
static void stray_slot(void)
{
    (void)board_flash()->erase(board_flash(), SPARE_SECTOR);
    store(otter_map_mps2_an386.slot[OTTER_SLOT_B].base);
}

static void stray_journal(void)
{
    store(otter_map_mps2_an386.journal_base);
}

static void stray_null(void)
{
    store(0);
}

static uint32_t use_stack(uint32_t depth)
{
    volatile uint32_t frame[64] = {depth};

    return depth == 0 ? frame[0] : use_stack(depth + 1) + frame[1];
}

static void overflow(void)
{
    console_number((int32_t)use_stack(1));
}

static void undefined(void)
{
    __asm__ volatile("udf #0");
}

static void hang(void)
{
    for (;;) {
    }
}

static void wait_ms(uint32_t ms)
{
    uint64_t until = board_ms() + ms;

    while (board_ms() < until)
        board_idle(100);
}

/* Longer, all in all, than the watchdog waits; each pause is longer than its first half. */
static void feed_late(void)
{
    for (unsigned i = 0; i < 3; i++) {
        board_watchdog_feed();
        wait_ms(6000);
    }
    board_watchdog_feed();
    console_line("probe: fed");
}

static void reset(void)
{
    board_reset();
}

static void randomness(void)
{
    static const uint8_t zeros[16];
    uint8_t a[16] = {0}, b[16] = {0};

    board_random()->fill(board_random(), a, sizeof(a));
    board_random()->fill(board_random(), b, sizeof(b));
    console_line(memcmp(a, b, sizeof(a)) == 0 || memcmp(a, zeros, sizeof(a)) == 0 ? "probe: not random"
                                                                                  : "probe: random");
}

/* Time goes on by at least what was slept, less what a tick may round off. */
static void sleeps(void)
{
    uint64_t began = board_ms(), last = began;
    bool falls = false;

    for (unsigned i = 0; i < ROUNDS; i++) {
        board_idle(10);
        falls |= board_ms() < last;
        last = board_ms();
    }
    console_line(!falls && last - began >= ROUNDS * 9u ? "probe: slept" : "probe: woke early");
}

/* The client's times, as a test has set them. */
static void tune(void)
{
    struct otter_client_timing t = {1, 2, 3, 4, 5, 6, 7};
    uint32_t now[sizeof(t) / sizeof(uint32_t)];

    board_tune(&t);
    memcpy(now, &t, sizeof(t));
    console_text("probe: times");
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(now); i++) {
        console_text(" ");
        console_hex(now[i]);
    }
    console_line("");
}

static const struct {
    const char *name;
    void (*run)(void);
} acts[] = {
    {"flash", check_flash},
    {"protected", write_protected},
    {"stray-slot", stray_slot},
    {"stray-journal", stray_journal},
    {"stray-null", stray_null},
    {"overflow", overflow},
    {"undefined", undefined},
    {"hang", hang},
    {"late", feed_late},
    {"reset", reset},
    {"random", randomness},
    {"sleep", sleeps},
    {"tune", tune},
};

static void act(void)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(acts); i++)
        if (mps2_option_given("probe", acts[i].name))
            acts[i].run();
}

int main(void)
{
    board_init();
    say_hand_over();
    act();
    console_line("probe: at rest");
    for (;;) {
        board_watchdog_feed();
        board_idle(1000);
    }
}
