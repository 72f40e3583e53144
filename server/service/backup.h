/*
 * A backup of a server that goes on serving. A thread of its own gathers keys and blobs and syncs; the writer
 * copies the database between its batches, and ends the backup in one turn of its own: what it acknowledged
 * before is in it, and nothing is acknowledged between the end of the copy and the answer.
 */
#ifndef OTTER_SERVICE_BACKUP_H
#define OTTER_SERVICE_BACKUP_H

#include "service/service.h"

/* Takes the backups out of a list of calls: each is begun, or refused and done. The rest of the list. */
struct svc_call *backup_take(struct svc *svc, struct svc_call *list);

/* The writer's turn at a backup under way. Milliseconds after which it wants the next, at most `max`. */
unsigned backup_turn(struct svc *svc, unsigned max);

/* Ends one under way, unfinished; before the writer thread ends. */
void backup_stop(struct svc *svc);

#endif
