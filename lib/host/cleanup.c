#include "host/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void host_cleanup_free(void *p)
{
    void *held;

    /* p is the address of a pointer of any type: its value is copied, never read through another type. */
    memcpy(&held, p, sizeof held);
    free(held);
    held = NULL;
    memcpy(p, &held, sizeof held);
}

void host_cleanup_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    errno = saved;
}

void host_cleanup_file(FILE **f)
{
    int saved = errno;

    if (*f)
        (void)fclose(*f);
    *f = NULL;
    errno = saved;
}
