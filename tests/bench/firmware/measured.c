/*
 * The updater without an application, which says what it takes: instructions, by a timer that QEMU's -icount
 * moves on by a nanosecond an instruction, and stack, by how far down RAM is not as it was. A line a figure:
 * tests/bench/firmware.py.
 */
#include "crypto/crypto_bearssl.h"
#include "port/board.h"
#include "port/console.h"
#include "updater/updater.h"

#include <string.h>

#define TIMER_CTRL   (*(volatile uint32_t *)0x40000000u) /* CMSDK timer 0 */
#define TIMER_VALUE  (*(volatile uint32_t *)0x40000004u) /* counts down */
#define TIMER_RELOAD (*(volatile uint32_t *)0x40000008u)
#define TICK         40u /* instructions: it runs at 25 MHz */

#define HASHED 32768u
#define PAINT  0xa5c3a5c3u
#define MARGIN 256u /* of stack that is in use when it is painted */
#define GUARD  32u  /* bytes at the limit, which nothing may touch (ports/mps2/mpu.c) */

extern const char otter_link_slot[];
extern uint32_t program_stack_limit[], program_stack_top[];

static struct otter_updater updater;
static struct otter_client_hooks hooks;
static struct otter_client_timing timing;
static bool done;

/* RFC 6979, A.2.5: P-256, SHA-256, "sample". */
static const uint8_t point[OTTER_POINT_LEN] = {
    0x04, 0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb, 0x74, 0xc6, 0x35, 0x6d, 0x68,
    0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61, 0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6, 0x79,
    0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc, 0x99, 0xa4, 0x1a, 0xe9, 0xe9, 0x56, 0x28, 0xbc, 0x64, 0xf2, 0xf1,
    0xb2, 0x0c, 0x2d, 0x7e, 0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99};
static const uint8_t signature[OTTER_SIG_LEN] = {
    0xef, 0xd4, 0x8b, 0x2a, 0xac, 0xb6, 0xa8, 0xfd, 0x11, 0x40, 0xdd, 0x9c, 0xd4, 0x5e, 0x81, 0xd6,
    0x9d, 0x2c, 0x87, 0x7b, 0x56, 0xaa, 0xf9, 0x91, 0xc3, 0x4d, 0x0e, 0xa8, 0x4e, 0xaf, 0x37, 0x16,
    0xf7, 0xcb, 0x1c, 0x94, 0x2d, 0x65, 0x7c, 0x41, 0xd4, 0x36, 0xc7, 0xa1, 0xb6, 0xe2, 0x9f, 0x65,
    0xf3, 0xe9, 0x00, 0xdb, 0xb9, 0xaf, 0xf4, 0x06, 0x4d, 0xc4, 0xab, 0x2f, 0x84, 0x3a, 0xcd, 0xa8};

static void say(const char *what, uint32_t n)
{
    console_text("bench: ");
    console_text(what);
    console_text(" ");
    console_number((int32_t)n);
    console_line("");
}

/* ---- instructions ---- */

static void start_timer(void)
{
    TIMER_RELOAD = UINT32_MAX;
    TIMER_VALUE = UINT32_MAX;
    TIMER_CTRL = 1;
}

static uint32_t ticks(void)
{
    return UINT32_MAX - TIMER_VALUE;
}

static void measure_crypto(void)
{
    struct otter_digest digest;
    uint32_t before;
    bool good;

    otter_sha256_of(&otter_crypto_bearssl, "sample", 6, &digest);
    before = ticks();
    good = otter_crypto_bearssl.p256_verify(point, digest.b, signature);
    say(good ? "verify" : "verify failed", (ticks() - before) * TICK);
    before = ticks();
    otter_sha256_of(&otter_crypto_bearssl, (const void *)(uintptr_t)board_flash()->map->slot[0].base, HASHED,
                    &digest);
    say("sha256-kb", (ticks() - before) * TICK / (HASHED / 1024));
}

/* What the watchdog must outlast: the instructions of the longest step so far. */
static uint32_t longest;

static void note_step(uint32_t spent)
{
    if (spent > longest)
        longest = spent;
}

/* ---- stack ---- */

static uint32_t *stack_end(void)
{
    return (uint32_t *)((uintptr_t)program_stack_limit + GUARD);
}

/* How much of it is not `untouched` any more. */
static void say_stack(const char *what, uint32_t untouched)
{
    const uint32_t *p = stack_end();

    while (p < program_stack_top && *p == untouched)
        p++;
    say(what, (uint32_t)((uintptr_t)program_stack_top - (uintptr_t)p));
}

static void paint_stack(void)
{
    volatile uint32_t here = 0;
    uint32_t *end = (uint32_t *)((uintptr_t)&here - MARGIN);

    for (uint32_t *p = stack_end(); p < end; p++)
        *p = PAINT;
}

/* ---- the updater ---- */

static void event(struct otter_client_hooks *self, enum otter_update_state state, enum otter_status reason,
                  const char *text)
{
    (void)self;
    (void)text;
    if (reason != OTTER_OK)
        console_line(otter_status_name(reason));
    done = state == OTTER_UPDATE_SUCCEEDED;
}

static bool is_downloading(uint32_t *ret_bytes)
{
    struct otter_client_view view;

    otter_client_view(&updater.client, &view);
    *ret_bytes = view.bytes;
    return strcmp(view.phase, "download") == 0;
}

/* Instructions of all steps of the download, and what came of it. */
static void count(uint32_t before, struct otter_updater_next next)
{
    static uint64_t spent;
    static uint32_t most;
    uint32_t bytes;

    if (is_downloading(&bytes)) {
        spent += ticks() - before;
        most = bytes > most ? bytes : most;
    }
    if (!next.want_reset)
        return;
    say("download-bytes", most);
    if (most >= 1024)
        say("download-kb", (uint32_t)(spent * TICK / (most / 1024)));
    say("step", longest * TICK);
    say_stack("stack", PAINT);
    board_reset();
}

static void start(void)
{
    static const char attributes[] = "{\"app\":\"bench\"}";

    hooks = (struct otter_client_hooks){.event = event, .attributes = attributes};
    timing = otter_client_timing_default;
    timing.trial_poll_ms = 1000;
    timing.backoff_first_ms = 1000;
    timing.backoff_max_ms = 3000;
    (void)otter_updater_init(&updater,
                             &(struct otter_updater_config){
                                 .flash = board_flash(),
                                 .link = board_link(),
                                 .random = board_random(),
                                 .handover = board_handover(),
                                 .hooks = &hooks,
                                 .timing = &timing,
                                 .link_slot = (uintptr_t)otter_link_slot == 2 ? OTTER_SLOT_B : OTTER_SLOT_A,
                             },
                             board_ms());
}

int main(void)
{
    board_init();
    start_timer();
    /* RAM is zero when QEMU starts: what is not, above all that is static, the bootloader's stack has been.
     */
    say_stack("boot-stack", 0);
    paint_stack();
    measure_crypto();
    start();
    for (;;) {
        uint32_t before = ticks();
        struct otter_updater_next next = otter_updater_step(&updater, board_ms());

        note_step(ticks() - before);
        count(before, next);
        board_watchdog_feed();
        if (done) {
            done = false;
            say("step", longest * TICK);
            say_stack("stack", PAINT);
            console_line("bench: done");
        }
        board_idle(next.idle_ms);
    }
}
