/* Words of a command line as values: numbers, sizes, durations, names; and values as words. Pure functions.
 */
#ifndef OTTER_CLI_PARSE_H
#define OTTER_CLI_PARSE_H

#include "core/crypto.h"
#include "core/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal or 0x hex, at most max; with `units`, also "896K" and "2M". False, and *ret untouched, otherwise.
 */
bool cli_parse_number(const char *s, uint64_t max, bool units, uint64_t *ret);

/* "90s", "30m", "12h", "365d", "8w": seconds, at least 1, at most 100 years. A unit is required. */
bool cli_parse_duration(const char *s, uint64_t *ret);

/* "fail", "hang", "fail=25": percent 1..100. */
bool cli_parse_selftest(const char *s, enum otter_selftest *ret, uint8_t *ret_percent);

/* imgtool's `auto` security counter: major << 24 | minor << 16 | revision. */
uint32_t cli_auto_counter(const struct otter_version *v);

/* Calls for each piece between commas; empty pieces are an error (false). Pieces are cut into buf (cap
 * bytes). */
struct cli_piece {
    bool (*piece)(struct cli_piece *self, const char *text);
};
bool cli_split(const char *s, char separator, struct cli_piece *to);

/* "2026-11-23T01:22:20Z". */
#define CLI_TIME_STR 24
void cli_time_format(uint64_t t, char out[CLI_TIME_STR]);

/* "915,920 bytes" as "894.5 KiB"; under 1,024 "512 B". */
#define CLI_BYTES_STR 24
void cli_bytes_format(uint64_t n, char out[CLI_BYTES_STR]);

/* As durations and rates are written on a command line: "90m", "5MB/s"; the largest unit that leaves no rest.
 */
#define CLI_SPAN_STR 32
void cli_duration_format(uint64_t seconds, char out[CLI_SPAN_STR]);
void cli_rate_format(uint64_t bytes, char out[CLI_SPAN_STR]);

/* kid in base64url. */
#define CLI_KID_STR 44
void cli_kid_format(const struct otter_digest *kid, char out[CLI_KID_STR]);

/* Six bytes "02:00:5e:10:00:01" (also with '-' or none). */
bool cli_parse_mac(const char *s, uint8_t ret[6]);

#endif
