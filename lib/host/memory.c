#include "host/memory.h"

#include <jansson.h>
#include <stdlib.h>

static _Thread_local bool refused;

static void *allocate(size_t n)
{
    void *p = malloc(n);

    if (!p)
        refused = true;
    return p;
}

void host_memory_watch(void)
{
    json_set_alloc_funcs(allocate, free);
}

void host_memory_refused(void)
{
    refused = true;
}

bool host_memory_was_refused(void)
{
    bool was = refused;

    refused = false;
    return was;
}
