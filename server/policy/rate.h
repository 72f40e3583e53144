/* How many requests one device or one address may send: so many a minute, and a minute's at once. Pure;
 * microseconds of a clock that is passed in. */
#ifndef OTTER_POLICY_RATE_H
#define OTTER_POLICY_RATE_H

#include "policy/pace.h"

#define POLICY_RATE_SPAN_US INT64_C(60000000)

struct policy_rate {
    int64_t cost_us; /* what a request owes */
};

/* per_minute from 1 on. */
struct policy_rate policy_rate_of(uint32_t per_minute);

/* What the asker owes, 0 and up. What he could never have come to owe is of a clock that went back since, and
 * forgotten: nobody is refused for that. */
int64_t policy_rate_owed_us(const struct policy_meter *meter, int64_t now_us);

/* One request. 0: it is served, and owed for. Else how long until it would be; then nothing has changed. */
int64_t policy_rate_take(const struct policy_rate *rate, struct policy_meter *meter, int64_t now_us);

#endif
