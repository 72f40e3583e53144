/*
 * A bad release (--bad): the share of the fleet that it goes wrong on, whatever the image says of itself.
 * Which devices these are follows from seed, version and device id alone, so that a run can be repeated, and
 * a test can say beforehand who will be lost. Pure.
 */
#ifndef OTTER_EMU_BAD_H
#define OTTER_EMU_BAD_H

#include "core/version.h"

#include <stdbool.h>
#include <stdint.h>

/* What an image does on a device, from its first boot on. */
enum emu_badness {
    EMU_BAD_NOT,
    EMU_BAD_FAIL,   /* its self-test fails: reverted */
    EMU_BAD_HANG,   /* it does not feed the watchdog: reverted */
    EMU_BAD_SILENT, /* it runs on, and is never heard of again */
    EMU_BAD_COUNT
};

struct emu_bad_plan {
    bool on;
    struct otter_version version;
    uint8_t percent[EMU_BAD_COUNT]; /* of the devices; 100 together at most */
    uint64_t seed;
};

/* "1.2.0:fail=10,silent=2,seed=7": each at most once, in any order. False, *ret untouched, if malformed. */
bool emu_bad_parse(const char *s, struct emu_bad_plan *ret);

/* What the image of this version does on this device. */
enum emu_badness emu_bad_of(const struct emu_bad_plan *plan, const struct otter_version *version,
                            const char *device);

#endif
