#include "service/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

enum otter_status svc_out_of_memory(struct svc_call *call)
{
    call->out.verdict = OTTER_OK;
    return svc_refuse(call, OTTER_INTERNAL, "out of memory: try again");
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

void svc_answer_bytes(struct svc_call *call, const char *bytes, size_t len)
{
    call->out.body = malloc(len + 1);
    if (!call->out.body)
        return;
    memcpy(call->out.body, bytes, len);
    call->out.body[len] = '\0';
    call->out.body_len = len;
}

/* Is `name` in the list, whatever its mark? */
static bool listed(const char *const *members, const char *name)
{
    for (; *members; members++)
        if (strcmp(*members + (**members == '*'), name) == 0)
            return true;
    return false;
}

enum otter_status svc_shape(const json_t *body, const char *const *members, struct host_error *err)
{
    void *at;

    if (!json_is_object(body)) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "a JSON object is expected");
        return OTTER_BAD_VALUE;
    }
    for (const char *const *m = members; *m; m++) {
        const json_t *value = **m == '*' ? json_object_get(body, *m + 1) : body;

        if (value && !json_is_null(value))
            continue;
        (void)host_fail(err, HOST_ERROR_FORMAT, "\"%s\" is missing", *m + 1);
        return OTTER_MISSING_MEMBER;
    }
    /* jansson's iteration takes no const, and changes nothing */
    at = json_object_iter((json_t *)(uintptr_t)body);
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)body, at)) {
        if (listed(members, json_object_iter_key(at)))
            continue;
        (void)host_fail(err, HOST_ERROR_FORMAT, "\"%.64s\" is not a member of this",
                        json_object_iter_key(at));
        return OTTER_UNKNOWN_MEMBER;
    }
    return OTTER_OK;
}
