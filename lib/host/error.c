#include "host/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct host_error *err, enum host_error_kind kind, int os_errno, const char *fmt,
                 va_list args) __attribute__((format(printf, 4, 0)));

static void fill(struct host_error *err, enum host_error_kind kind, int os_errno, const char *fmt,
                 va_list args)
{
    err->kind = kind;
    err->os_errno = os_errno;
    if (vsnprintf(err->message, sizeof err->message, fmt, args) < 0)
        err->message[0] = '\0';
}

bool host_fail(struct host_error *err, enum host_error_kind kind, const char *fmt, ...)
{
    va_list args;

    if (!err)
        return false;
    va_start(args, fmt);
    fill(err, kind, 0, fmt, args);
    va_end(args);
    return false;
}

bool host_fail_errno(struct host_error *err, enum host_error_kind kind, const char *fmt, ...)
{
    int saved = errno;
    va_list args;
    size_t len;

    if (!err)
        return false;
    va_start(args, fmt);
    fill(err, kind, saved, fmt, args);
    va_end(args);
    len = strlen(err->message);
    /* strerrordesc_np is thread safe and untranslated: log lines read alike under any locale. */
    const char *text = strerrordesc_np(saved);
    (void)snprintf(err->message + len, sizeof err->message - len, ": %s", text ? text : "unknown error");
    return false;
}

bool host_error_prefix(struct host_error *err, const char *fmt, ...)
{
    char old[sizeof err->message];
    va_list args;
    size_t len;

    if (!err)
        return false;
    memcpy(old, err->message, sizeof old);
    va_start(args, fmt);
    fill(err, err->kind, err->os_errno, fmt, args);
    va_end(args);
    len = strlen(err->message);
    (void)snprintf(err->message + len, sizeof err->message - len, ": %s", old);
    return false;
}
