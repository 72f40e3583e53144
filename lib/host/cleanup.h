/*
 * Ownership visible at the line: a local declared with one of these is released when it goes out of scope,
 * unless it was handed over by HOST_STEAL. All are safe on NULL (or -1 for descriptors), so initialise at the
 * declaration.
 *
 *     auto_free char *text = NULL;
 *     auto_close int fd = open(...);
 */
#ifndef OTTER_HOST_CLEANUP_H
#define OTTER_HOST_CLEANUP_H

#include <stdio.h>

#define HOST_CLEANUP(function) __attribute__((cleanup(function)))

/* p points to the local pointer or descriptor; it is released and set to NULL or -1. errno is kept. */
void host_cleanup_free(void *p);
void host_cleanup_close(int *fd);
void host_cleanup_file(FILE **f);

#define auto_free  HOST_CLEANUP(host_cleanup_free)
#define auto_close HOST_CLEANUP(host_cleanup_close)
#define auto_file  HOST_CLEANUP(host_cleanup_file)

/* Hands a pointer over: its value, and NULL stays behind. */
#define HOST_STEAL(p)                                                                                        \
    __extension__({                                                                                          \
        __typeof__(p) host_stolen = (p);                                                                     \
        (p) = NULL;                                                                                          \
        host_stolen;                                                                                         \
    })

/* Hands a descriptor over: its value, and -1 stays behind. */
static inline int host_steal_fd(int *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}

#endif
