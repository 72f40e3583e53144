/*
 * Was memory refused? Where a failed allocation cannot be told from another answer - a member that is
 * silently absent of a JSON object, a signature that could not be checked - it is noted for the thread, and
 * who answers asks.
 */
#ifndef OTTER_HOST_MEMORY_H
#define OTTER_HOST_MEMORY_H

#include <stdbool.h>

/* From now on what jansson is refused is noted. Any time, any thread; once is enough. */
void host_memory_watch(void);
/* It was refused to this thread. */
void host_memory_refused(void);
/* Was it, since this was asked last? */
bool host_memory_was_refused(void);

#endif
