/* Texts of an explanation, without stdio; internal to server/policy. Each appends to a text of
 * POLICY_TOLD_TEXT bytes; what does not fit ends in "...". */
#ifndef OTTER_POLICY_TOLD_H
#define OTTER_POLICY_TOLD_H

#include "policy/decide.h"

void told_put(char *to, const char *text);
void told_put_number(char *to, uint64_t n);
void told_put_version(char *to, const struct otter_version *version);
/* RFC 3339, UTC. */
void told_put_time(char *to, int64_t t);
/* "tue 14:30": t is seconds of a local clock. */
void told_put_local(char *to, int64_t t);
/* "mon-fri 22:00-05:00, sat 00:00-24:00" */
void told_put_windows(char *to, const struct policy_plan *plan);

/* Adds a fact, its texts empty; at most POLICY_TOLD_FACTS. */
struct policy_told_fact *told_add(struct policy_told *told, const char *name);

void told_words(struct policy_told *told, const char *name, const char *have, const char *need);
/* `is` stands before what is needed: "at least ", "". */
void told_numbers(struct policy_told *told, const char *name, uint64_t have, const char *is, uint64_t need);
void told_versions(struct policy_told *told, const char *name, const struct otter_version *have,
                   const char *is, const struct otter_version *need);
void told_times(struct policy_told *told, uint64_t have, const char *is, int64_t need);

#endif
