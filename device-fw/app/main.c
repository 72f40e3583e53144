/*
 * The example application: says who it is, measures, watches its own image, feeds the watchdog, blinks. Its
 * version is APP_VERSION; `otter image sign --version` puts the same into the image's header, and it says so
 * if they differ.
 */
#include "app/identity.h"
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
static char text[OTTER_POLL_MAX];

static void say_hand_over(void)
{
    static const char *const causes[] = {"power", "software", "watchdog"};
    const struct otter_handover *handover = board_handover();

    if (!otter_handover_valid(handover)) {
        console_line("hand-over: none (started without the bootloader)");
        return;
    }
    console_field("hand-over", handover->trial ? "trial" : "confirmed");
    console_field("reset cause", causes[handover->reset_cause]);
    if (handover->trial) {
        console_text("trial boot: ");
        console_number(handover->boots_used);
        console_line("");
    }
    if (handover->slot != (uint8_t)identity.slot)
        console_field("error", otter_status_meaning(OTTER_SLOT_CONFUSED));
}

static void say_image(void)
{
    char version[OTTER_VERSION_STR];

    if (identity.image != OTTER_OK) {
        console_field("image", otter_status_meaning(identity.image));
        return;
    }
    otter_version_format(&identity.info.header.version, version);
    console_field("image", version);
    if (strcmp(version, APP_VERSION) != 0)
        console_line("warning: the image header names another version than the code");
    console_text("image crc: ");
    console_hex(identity_image_crc(&identity));
    console_line("");
}

static void say_device(void)
{
    if (!identity.has_factory) {
        console_line("factory data: none, the updater stays off");
        return;
    }
    console_field("device", identity.factory.device);
    console_field("product", identity.factory.product);
    if (strcmp(identity.factory.hardware, board_hardware) != 0)
        console_field("error", otter_status_meaning(OTTER_WRONG_HARDWARE));
    if (identity_poll(&identity, text, sizeof(text)) > 0)
        console_field("would poll", text);
}

static void say_measurement(int32_t now)
{
    console_text("temperature: ");
    console_number(now);
    console_text(" (");
    console_number(sensor.lowest);
    console_text(" .. ");
    console_number(sensor.highest);
    console_line(") hundredths of a degree");
}

/* Code that changes while it runs: flash fails, and what it does next is anyone's guess. */
static void watch_image(uint32_t crc)
{
    if (identity_image_crc(&identity) != crc) {
        console_field("error", otter_status_meaning(OTTER_IMAGE_HASH));
        board_reset();
    }
}

int main(void)
{
    uint64_t sampled = 0, reported = 0;
    uint32_t crc;

    board_init();
    identity_read(&identity);
    console_field("otter example", APP_VERSION);
    console_field("board", board_hardware);
    console_field("slot", otter_slot_name(identity.slot));
    say_hand_over();
    say_image();
    say_device();
    sensor_init(&sensor);
    crc = identity_image_crc(&identity);
    for (;;) {
        uint64_t now = board_ms();

        board_watchdog_feed();
        board_led(now / BLINK_MS % 2 != 0);
        if (now - sampled >= SAMPLE_MS) {
            int32_t temperature = sensor_sample(&sensor);

            sampled = now;
            if (now - reported >= REPORT_MS) {
                reported = now;
                say_measurement(temperature);
                watch_image(crc);
            }
        }
        board_idle(SAMPLE_MS);
    }
}
