#include "port/tune.h"

#include "client/client.h"
#include "ports/mps2/options.h"

static void set(uint32_t *time, uint32_t option)
{
    if (option != 0)
        *time = option;
}

void board_tune(struct otter_client_timing *timing)
{
    const struct mps2_options *options = mps2_options();

    set(&timing->inactivity_ms, options->inactivity_ms);
    set(&timing->min_bytes_per_s, options->min_bytes_per_s);
    set(&timing->backoff_first_ms, options->backoff_first_ms);
    set(&timing->backoff_max_ms, options->backoff_max_ms);
    set(&timing->trial_deadline_ms, options->trial_deadline_ms);
    set(&timing->trial_poll_ms, options->trial_poll_ms);
    set(&timing->stale_after_s, options->stale_after_s);
}
