/* One copy of the audit log, in a file or by syslog: how far it is, and its next entries. */
#ifndef OTTER_SERVICE_AUDIT_COPY_H
#define OTTER_SERVICE_AUDIT_COPY_H

#include "core/status.h"
#include "service/audit_sink.h"
#include "service/service.h"

#include <stdatomic.h>

struct store;

struct audit_copy {
    struct audit_sink sink; /* path NULL: not asked for */
    struct svc *svc;
    struct store *store; /* the reader of its thread */
    const char *meta;
    uint64_t told, kept; /* the newest entry there, and as meta has it; both the thread's until it ends */
    _Atomic uint64_t mark, behind;
    bool failing;
    bool adopted; /* what the file held at the start was looked at */
};

/* Where it was, from meta; svc, store and sink are set. False: the database cannot be read. */
bool audit_copy_begin(struct audit_copy *c, const char *meta);
/* Sends what is new. True: all that is committed is there. A fault is told once, and its end. */
bool audit_copy_go_on(struct audit_copy *c);
/* Where it is, into meta: in a transaction of the writer. */
enum otter_status audit_copy_keep(struct audit_copy *c);

#endif
