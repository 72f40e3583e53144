/*
 * Who comes in: running a daemon so that it goes on listening, closing who is idle or slow before there is no
 * room, and the end of listening. libmicrohttpd takes nobody in at its limit, and closes nobody for it. Loop
 * thread only. Private to server/http.
 */
#ifndef OTTER_HTTP_DOOR_H
#define OTTER_HTTP_DOOR_H

#include "http/loop.h"
#include "policy/admit.h"

/* Runs the daemon, and once more where it would have forgotten to listen again. */
void http_door_run(struct http_daemon *d);

/* Out of descriptors with nobody connected: is it useless to wait for the daemon's events for now? */
bool http_door_starves(struct http_daemon *d);

/* Makes room for those who wait outside, as policy/admit.h has it; d->again_ms: look again in so long. */
void http_door_relieve(struct http_daemon *d, uint64_t now_ms);

/* Is there room for what is asked of this daemon, by its connections and blobs, and by descriptors? */
bool http_door_admits(struct http_daemon *d, enum policy_asked asked);

/* A message of libmicrohttpd's log: one of them means that it listens no more until a connection ends. */
void http_door_heard(struct http_daemon *d, const char *fmt);

/* Takes in who has connected already; then nobody any more. */
void http_door_last(struct http_daemon *d);
void http_door_close(struct http_daemon *d);

/* Descriptors that are open, for a start; 0: not known. */
unsigned http_door_files(void);

#endif
