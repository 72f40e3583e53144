/* The notification protocol of systemd (sd_notify(3)), without its library. */
#ifndef OTTER_HOST_NOTIFY_H
#define OTTER_HOST_NOTIFY_H

#include <stdbool.h>

/*
 * Sends state ("READY=1", "STOPPING=1", "STATUS=..."; lines by '\n') to $NOTIFY_SOCKET, a path or
 * "@abstract". False only if a socket was named and could not be reached; without one nothing is done.
 */
bool host_notify(const char *state);

#endif
