/* What the main thread does while the loops serve: signals, signs of life, the certificate's end. */
#ifndef OTTER_SERVER_WAIT_H
#define OTTER_SERVER_WAIT_H

#include "server/reload.h"

#include <signal.h>

/* Those that wait_for_stop() waits for: block them before any thread starts. */
void wait_signals(sigset_t *ret);

/* Until SIGTERM or SIGINT, whose number it returns; a SIGHUP reloads. Signs of life come only while every
 * loop goes round. */
int wait_for_stop(const sigset_t *signals, struct http_front *front, const struct reload *r);

#endif
