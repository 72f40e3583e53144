/*
 * The audit log as the services keep it: each act of an operator, and each step that otterd takes by itself,
 * is an entry in the act's own transaction (host/audit.h has the bytes). What an operation is called there,
 * and which of its members are taken down, is one table (audit_acts.c): a secret gets in only by a row that
 * names it.
 */
#ifndef OTTER_SERVICE_AUDIT_H
#define OTTER_SERVICE_AUDIT_H

#include "host/audit.h"
#include "host/json.h"
#include "service/service.h"

struct audit_tail;

struct audit {
    struct host_key *key;    /* signs heads */
    bool announced;          /* writer thread: the log names the key as its own */
    bool appended;           /* writer thread: since the tail was woken */
    struct audit_tail *tail; /* NULL: neither file nor syslog is written */
};

/* ---- the writer's, inside a transaction ---- */

/*
 * One more entry: who (an operator; "" = otterd itself) did what to whom. A subject is cut to its bound;
 * detail is stolen, and NULL = out of memory. One that is too long is replaced by its digest.
 */
enum otter_status audit_note(struct svc *svc, const char *who, const char *act, const char *subject,
                             json_t *detail);

/* The call's own entry, after it was done; and after a refusal that is one for the log: for want of a right,
 * or of an approval. INTERNAL: an operator's operation that the table does not know, which is not done. */
enum otter_status audit_done(struct svc *svc, struct svc_call *call);
bool audit_wants_refusal(const struct svc_call *call);
enum otter_status audit_refused(struct svc *svc, struct svc_call *call);
/* The like in a transaction of its own: for what runs in none. */
enum otter_status audit_alone(struct svc *svc, struct svc_call *call);

/*
 * Once, before the first other entry: what the log must say of itself (a key that is new to it, a backup that
 * was put back). Asked by each transaction until it is so; *ret_said then, which counts after the commit.
 */
enum otter_status audit_begin(struct svc *svc, bool *ret_said);
/* The like in a transaction of its own, at the start; what fails is tried again by the first act. */
void audit_begin_alone(struct svc *svc);

/* After each turn of the writer: whoever copies the log elsewhere looks again. */
void audit_turn(struct svc *svc);

/* ---- files ---- */

/* audit.key and audit.pub of the data directory. */
bool audit_key_open(struct svc *svc, struct host_error *err);

/* Of meta: a backup of this time was put back, and the log does not say so yet. */
#define AUDIT_META_RESTORED "audit_restored"

/* ---- [audit] file, syslog: audit_tail.c ---- */

/* Starts the thread, if the configuration asks for one. False with *err. */
bool audit_tail_start(struct svc *svc, struct host_error *err);
/* Tells what was committed last, as far as that goes, and ends it. */
void audit_tail_stop(struct svc *svc);
void audit_tail_wake(struct audit_tail *tail);
/* How many entries are not there yet; any thread. */
uint64_t audit_tail_behind(const struct svc *svc, bool syslog);
/* Where the copies are, into meta: in a transaction of the writer. */
enum otter_status audit_tail_keep(struct svc *svc);

#endif
