/*
 * Ends attempts that nobody will end: over their deadline, or their device fell silent. Measured in served
 * time (served.h). The writer thread alone.
 */
#ifndef OTTER_SERVICE_DEADLINES_H
#define OTTER_SERVICE_DEADLINES_H

#include "core/status.h"
#include "policy/pace.h"
#include "service/open_attempts.h"
#include "store/store.h"

struct svc;

#define DEADLINES_EVERY_S 5
#define DEADLINES_PLACES  2048u /* of the table of open attempts, looked at in a turn of the writer */
#define DEADLINES_DOWN_S  10    /* downtime that a revert for want of a server is put down to */

/*
 * Why the attempt has to end at `served`: OTTER_DEADLINE; OTTER_SILENT, if the device was about to install or
 * had, and was not heard of for the plan's silence, or three poll intervals if these are longer; else OK.
 * Pure.
 */
enum otter_status deadline_passed(const struct policy_plan *plan, uint32_t poll_interval_s,
                                  const struct open_attempt *a, int64_t served);

/* What a committed change of an attempt means to the table of open ones. False when out of memory. */
bool deadlines_note(struct svc *svc, uint32_t index, const struct store_attempt *row);
/* At start: all that are open in the store. False when out of memory; *ret_status is the store's. */
bool deadlines_load(struct svc *svc, enum otter_status *ret_status);
/* Now and then, and in turns: looks for what is due, and ends some of it in a transaction of its own. */
void deadlines_run(struct svc *svc);
/* Is there more to look at at once, but for calls that wait? */
bool deadlines_pending(struct svc *svc);

/* Was otterd down while the attempt's trial was, as far as it can tell? */
bool deadlines_server_was_down(struct svc *svc, uint32_t index, const struct store_attempt *row);

#endif
