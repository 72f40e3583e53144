#include "port/tune.h"

#include "client/client.h"
#include "core/bytes.h"
#include "port/board.h"
#include "port/console.h"
#include "ports/mps2/options.h"

#include <string.h>

#define TIME(member)                                                                                         \
    {                                                                                                        \
#member, offsetof(struct otter_client_timing, member)                                                \
    }

/* All of them are uint32_t. */
static const struct {
    const char *name;
    size_t offset;
} times[] = {
    TIME(inactivity_ms),     TIME(min_bytes_per_s), TIME(backoff_first_ms), TIME(backoff_max_ms),
    TIME(trial_deadline_ms), TIME(trial_poll_ms),   TIME(stale_after_s),
};

/* Digits up to the option's end, not above UINT32_MAX. */
static bool parse_number(const char *s, uint32_t *ret)
{
    uint32_t value = 0;
    bool fits = *s != '\0' && *s != ' ';

    for (; *s != '\0' && *s != ' '; s++) {
        uint32_t digit = (uint32_t)(*s - '0');

        fits = fits && digit <= 9 && value <= (UINT32_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    *ret = value;
    return fits;
}

static bool take(struct otter_client_timing *timing, const char *option)
{
    uint32_t number;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(times); i++)
        if (mps2_option_is(option, times[i].name, NULL) &&
            parse_number(option + strlen(times[i].name) + 1, &number)) {
            memcpy((uint8_t *)timing + times[i].offset, &number, sizeof(number));
            return true;
        }
    return mps2_option_is(option, "exit_on", "reset") || mps2_option_is(option, "exit_on", "nothing") ||
           mps2_option_is(option, "probe", NULL);
}

static void refuse(const char *option)
{
    console_text("option not understood: ");
    for (; *option != '\0' && *option != ' '; option++)
        board_putc(*option);
    console_line("");
}

void board_tune(struct otter_client_timing *timing)
{
    for (const char *at = mps2_option_next(NULL); at != NULL; at = mps2_option_next(at))
        if (!take(timing, at))
            refuse(at);
}
