/* Words of the options of a rollout's plan as the JSON that the API takes. Pure; each gives a new value, NULL
 * where the word is malformed (or memory is out). */
#ifndef OTTER_CLI_PLAN_VALUE_H
#define OTTER_CLI_PLAN_VALUE_H

#include "host/json.h"

/* "text" */
json_t *cli_plan_text(const char *s);

/* "40" */
json_t *cli_plan_count(const char *s);

/* "-7", from -1000 to 1000. */
json_t *cli_plan_priority(const char *s);

/* "99.5" or "99.5%", up to 100 with two decimals. */
json_t *cli_plan_share(const char *s);

/* "1h" as seconds; "none" is 0. */
json_t *cli_plan_duration(const char *s);

/* "yes" and "no". */
json_t *cli_plan_yes(const char *s);

/* "auto" and "manual". */
json_t *cli_plan_gate(const char *s);

/* "warn", "halt" and "rollback". */
json_t *cli_plan_on_failure(const char *s);

/* "5MB/s", "1.5MiB/s", "200000": bytes a second. */
json_t *cli_plan_rate(const char *s);

/* "site-=1MB/s": {"prefix", "bytes_per_second"}. */
json_t *cli_plan_site(const char *s);

/* "10:2:5m": {"start", "factor", "every"}. */
json_t *cli_plan_ramp(const char *s);

/* Seconds since 1970 as a number; any other text as it is, for the server to read. */
json_t *cli_plan_time(const char *s);

/* "mon-fri 22:00-05:00", "sat,sun 00:00-24:00", "22:00-05:00" on all days: {"days", "from", "to"}. */
json_t *cli_plan_window(const char *s);

/* "net-lost=3:10m", "*=1:1h": {"reason", "tries", "wait"}. */
json_t *cli_plan_retry(const char *s);

/* "5", "5%", "10dev", "group:lab": {"percent"}, {"count"} or {"group"}. */
json_t *cli_plan_phase(const char *s);

#endif
