/*
 * What a test tells a device in QEMU, each by `-semihosting-config arg=name=value`: times of the client in
 * milliseconds (client/client.h) that stay what they are when absent, and when to leave QEMU.
 */
#ifndef OTTER_PORTS_MPS2_OPTIONS_H
#define OTTER_PORTS_MPS2_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct mps2_options {
    /* 0 = not given */
    uint32_t inactivity_ms;
    uint32_t min_bytes_per_s;
    uint32_t backoff_first_ms;
    uint32_t backoff_max_ms;
    uint32_t trial_deadline_ms;
    uint32_t trial_poll_ms;
    uint32_t stale_after_s;
    bool exit_on_reset;   /* exit_on=reset: status 0 instead of the guest's reset */
    bool exit_on_nothing; /* exit_on=nothing: status 0 when nothing is bootable */
};

/* Read once; what is not understood is said on the console and passed over. */
const struct mps2_options *mps2_options(void);

#endif
