/*
 * The example application: says who it is, measures, watches its own image, feeds the watchdog, blinks, and
 * lets itself be updated where the board has a network. Its version is APP_VERSION; `otter image sign
 * --version` puts the same into the image's header, which counts, and it says so if they differ.
 */
#include "app/demand.h"
#include "app/health.h"
#include "app/identity.h"
#include "app/online.h"
#include "app/sensor.h"
#include "core/version.h"
#include "port/board.h"
#include "port/console.h"

#include <string.h>

#define SAMPLE_MS 10u
#define REPORT_MS 10000u
#define BLINK_MS  500u

static struct identity identity;
static struct sensor sensor;
static struct health health;

static void say_version(void)
{
    char version[OTTER_VERSION_STR] = APP_VERSION;

    if (identity.image == OTTER_OK)
        otter_version_format(&identity.info.header.version, version);
    console_text("app: ");
    console_text(version);
    console_text(" slot ");
    console_line(otter_slot_name(identity.slot));
    if (identity.image != OTTER_OK)
        console_pair("app: image", otter_status_name(identity.image));
    if (strcmp(version, APP_VERSION) != 0)
        console_pair("app: compiled as", APP_VERSION);
}

static void say_hand_over(void)
{
    static const char *const causes[] = {"power", "software", "watchdog"};
    const struct otter_handover *handover = board_handover();

    if (!otter_handover_valid(handover)) {
        console_line("app: no hand-over, started without the bootloader");
        return;
    }
    if (handover->reset_cause < sizeof(causes) / sizeof(causes[0]))
        console_pair("app: cause", causes[handover->reset_cause]);
    if (handover->trial) {
        console_text("app: trial boot ");
        console_number(handover->boots_used);
        console_line("");
    }
}

static void say_device(void)
{
    console_pair("app: board", board_hardware);
    if (!identity.has_factory) {
        console_line("app: no factory data");
        return;
    }
    console_pair("app: device", identity.factory.device);
    console_pair("app: product", identity.factory.product);
}

static void say_measurement(int32_t now)
{
    console_text("app: temperature ");
    console_number(now);
    console_text(" (");
    console_number(sensor.lowest);
    console_text(" .. ");
    console_number(sensor.highest);
    console_line(") hundredths of a degree");
}

/* Each 10 ms; returns how long it may rest. */
static uint32_t work(uint64_t now)
{
    static uint64_t due, report = REPORT_MS;
    int32_t temperature;

    if (now < due)
        return (uint32_t)(due - now);
    due = now + SAMPLE_MS;
    temperature = sensor_sample(&sensor);
    if (now < report)
        return SAMPLE_MS;
    report = now + REPORT_MS;
    say_measurement(temperature);
    if (!health_image_is_whole(&health)) {
        console_pair("app: reset", otter_status_name(OTTER_IMAGE_HASH));
        board_reset();
    }
    return SAMPLE_MS;
}

/* As a release that hangs does: the watchdog is fed no more. */
static _Noreturn void hang(void)
{
    console_line("app: hangs, as its image demands");
    for (;;)
        board_idle(SAMPLE_MS);
}

int main(void)
{
    enum otter_selftest demand;

    board_init();
    identity_read(&identity);
    say_version();
    say_hand_over();
    say_device();
    sensor_init(&sensor);
    health_init(&health, &identity, &sensor);
    demand = demand_read(&identity);
    if (demand == OTTER_SELFTEST_HANG)
        hang();
    online_init(&identity, &health, demand == OTTER_SELFTEST_FAIL);
    for (;;) {
        uint64_t now = board_ms();
        uint32_t rest = work(now), idle = online_step(now);

        board_watchdog_feed();
        board_led(now / BLINK_MS % 2 != 0);
        board_idle(idle < rest ? idle : rest);
    }
}
