/* What otterd gives up, so that whoever takes it over from within has less: docs/security.md, The process. */
#ifndef OTTER_SERVER_HARDEN_H
#define OTTER_SERVER_HARDEN_H

#include "host/error.h"

#include <stdbool.h>

#define HARDEN_ROOT_VARIABLE "OTTERD_ALLOW_ROOT"

/* Root only where it was allowed: by --allow-root, or by the variable being "yes". */
bool harden_user(bool allow_root, struct host_error *err);

/*
 * Before anything is made or read: files of ours are nobody else's, memory is in no core dump, and, unless we
 * are root, no process of the same user looks into ours.
 */
void harden_process(void);

enum harden_calls {
    HARDEN_CALLS_OURS, /* what otterd itself calls: no program is started, no socket but a local one made */
    HARDEN_CALLS_PROGRAMS /* and what programs of [events] exec call, which inherit the filter */
};

/*
 * From here on, in all threads and for good, the system refuses calls that are not in harden_calls.c with
 * ENOSYS: as if it did not know them, so that libraries take the older way that is in the list. Those of
 * otterd itself are logged, each once (event=seccomp). False: the system has no such filter.
 */
bool harden_seccomp(enum harden_calls calls, struct host_error *err);

#endif
