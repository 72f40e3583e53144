/* A server on loopback that answers each request alike and closes the connection; it never allocates. */
#ifndef OTTER_TEST_OOM_LISTENER_H
#define OTTER_TEST_OOM_LISTENER_H

#include <pthread.h>

#define LISTENER_BODY "{\"a\":\"0123456789012345678901234567890123456789\"}"

struct listener {
    pthread_t thread;
    int fd, closed_fd;
    char url[64];    /* where it answers */
    char closed[64]; /* where nobody does */
};

void listener_start(struct listener *l);
void listener_stop(struct listener *l);

#endif
