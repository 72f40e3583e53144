/* What has to change before a rollout's answer to a device changes: a sentence for each rule. */
#ifndef OTTER_CLI_EXPLAIN_RULES_H
#define OTTER_CLI_EXPLAIN_RULES_H

#include "host/json.h"

/*
 * The sentence for one rollout of an explanation (docs/openapi.yaml, Explanation), with the device's id and
 * the rollout's number in the commands that it names. malloc'ed; NULL when out of memory. Pure.
 */
char *cli_explain_sentence(const json_t *rollout, const char *device);

/* Is there one for this rule? An unknown rule (a newer server's) gets a general one. */
bool cli_explain_knows(const char *rule);

#endif
