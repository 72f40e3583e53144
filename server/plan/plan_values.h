/*
 * The values of a plan as JSON has them, each in both directions: shares of a hundred with two decimals,
 * lengths of time, times, times of a day. A table of `struct plan_member` is an object of the plan, read and
 * written by the same rows.
 */
#ifndef OTTER_PLAN_PLAN_VALUES_H
#define OTTER_PLAN_PLAN_VALUES_H

#include "core/status.h"
#include "host/json.h"

#define PLAN_SPAN_MAX 315360000u /* 10 years of 365 days, in seconds */

enum plan_kind {
    PLAN_SHARE,  /* u16: hundredths of what JSON says, which has two decimals at most */
    PLAN_COUNT,  /* u32 */
    PLAN_AMOUNT, /* u64 */
    PLAN_SPAN,   /* u32: seconds, or text */
    PLAN_TIME,   /* i64: Unix seconds, or text; 0 is null */
    PLAN_MINUTE, /* u16: minutes of a day */
    PLAN_FLAG,   /* b */
    PLAN_TEXT,   /* text */
    PLAN_KIND_COUNT
};

struct plan_member {
    const char *name;
    enum plan_kind kind;
    uint64_t min, max; /* of the number kept; of text: its length */
    union {
        uint16_t *u16;
        uint32_t *u32;
        uint64_t *u64;
        int64_t *i64;
        bool *b;
        char *text; /* max + 1 bytes */
    } at;
};

/*
 * Reads those members that obj has; null is as good as absent, others are unknown. also: names that the
 * caller reads, NULL-ended (NULL: none). path: before the member's name in messages ("phases[1]", or "").
 * OK, BAD_VALUE, UNKNOWN_MEMBER with *err.
 */
enum otter_status plan_members_read(const json_t *obj, const struct plan_member *members, unsigned count,
                                    const char *const *also, const char *path, struct host_error *err);
/* Sets them all on obj; false when out of memory. */
bool plan_members_write(json_t *obj, const struct plan_member *members, unsigned count);

#endif
