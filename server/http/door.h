/*
 * Who comes in: whether to listen, closing who is idle or slow before there is no room, and the end of
 * listening. Loop thread only. Private to server/http.
 */
#ifndef OTTER_HTTP_DOOR_H
#define OTTER_HTTP_DOOR_H

#include "http/loop.h"
#include "policy/admit.h"

/* Is there room, so that the listening socket is worth looking at? */
bool http_door_listens(const struct http_daemon *d, uint64_t now_ms);

/* Runs what has connections; what it held is sent. True: there was such. */
bool http_door_run(struct http_daemon *d);

/* Makes room for those who wait outside, as policy/admit.h has it; d->again_ms: look again in so long. */
void http_door_relieve(struct http_daemon *d, uint64_t now_ms);

/* Is there room for what is asked of this daemon, by its connections and blobs, and by descriptors? */
bool http_door_admits(struct http_daemon *d, enum policy_asked asked);

/* Takes in who has connected already; then nobody any more. */
void http_door_last(struct http_daemon *d);
void http_door_close(struct http_daemon *d);

/* Descriptors that are open, for a start; 0: not known. */
unsigned http_door_files(void);

#endif
