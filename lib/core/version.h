/* Versions MAJOR.MINOR.REV[+BUILD], as in MCUboot's image header; compared on all four numbers. */
#ifndef OTTER_CORE_VERSION_H
#define OTTER_CORE_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct otter_version {
    uint8_t major;
    uint8_t minor;
    uint16_t revision;
    uint32_t build;
};

/* "255.255.65535+4294967295" and a NUL. */
#define OTTER_VERSION_STR 25

/* False, and *ret untouched, on signs, leading zeros, missing or further parts, or a number out of range. */
bool otter_version_parse(const char *s, size_t len, struct otter_version *ret);

/* Writes MAJOR.MINOR.REV, with +BUILD only when build is not 0. */
void otter_version_format(const struct otter_version *v, char out[OTTER_VERSION_STR]);

/* < 0, 0 or > 0, like memcmp. */
int otter_version_compare(const struct otter_version *a, const struct otter_version *b);

#endif
