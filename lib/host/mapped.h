/*
 * Files mapped for reading, counted: a mapping lives as long as anybody uses it.
 *
 * Files that are mapped must not become shorter. One that does all the same (somebody else cut it), or that
 * the disk cannot read, would end the process by SIGBUS at the next look: instead the rest of the mapping is
 * zeros from there on, and a fault is counted. Who counts on the bytes compares the faults before and after.
 * write(2) and send(2) from such a mapping fail with EFAULT and count nothing.
 */
#ifndef OTTER_HOST_MAPPED_H
#define OTTER_HOST_MAPPED_H

#include <stdatomic.h>
#include <stddef.h>

#define HOST_MAPPED_MAX 64u /* mappings at a time */

struct host_mapped {
    const unsigned char *bytes;
    size_t len;
    atomic_uint users;
};

/*
 * Maps the first len bytes of a file, len > 0; the descriptor is needed no longer. One user, the caller.
 * NULL: there are HOST_MAPPED_MAX already, or no memory. Sets the process's handler of SIGBUS, which
 * leaves every other SIGBUS what it was.
 */
struct host_mapped *host_mapped_new(int fd, size_t len);
struct host_mapped *host_mapped_use(struct host_mapped *mapped);
/* The last user unmaps it. NULL is nothing to do. Any thread. */
void host_mapped_drop(struct host_mapped *mapped);

/* Faults of all mappings since the start. Any thread. */
unsigned host_mapped_faults(void);

#endif
