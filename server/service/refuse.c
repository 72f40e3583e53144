#include "service/internal.h"

#include <stdarg.h>
#include <stdio.h>

static void set(struct svc_call *call, const char *fmt, va_list args)
{
    call->out.error.kind = HOST_ERROR_FORMAT;
    (void)vsnprintf(call->out.error.message, sizeof(call->out.error.message), fmt, args);
}

enum otter_status svc_refuse(struct svc_call *call, enum otter_status status, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set(call, fmt, args);
    va_end(args);
    return status;
}

enum otter_status svc_refuse_at(struct svc_call *call, enum otter_status status, size_t at, const char *fmt,
                                ...)
{
    va_list args;

    va_start(args, fmt);
    set(call, fmt, args);
    va_end(args);
    call->out.has_at = true;
    call->out.at = at;
    return status;
}

enum otter_status svc_refuse_host(struct svc_call *call)
{
    return call->out.error.kind == HOST_ERROR_MEMORY ? OTTER_INTERNAL : OTTER_BAD_VALUE;
}

enum otter_status svc_stored(struct svc_call *call, enum otter_status status)
{
    if (status != OTTER_OK && call->out.error.kind == HOST_ERROR_NONE)
        (void)svc_refuse(call, status, "the server's store: %s", otter_status_meaning(status));
    return status;
}
