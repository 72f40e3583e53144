/*
 * One error, as a person reads it: what was wrong, where, and what to do next. Functions that can fail take a
 * `struct host_error *` last (NULL: not wanted), return false, and fill it; on success it is left as it was.
 */
#ifndef OTTER_HOST_ERROR_H
#define OTTER_HOST_ERROR_H

#include <stdbool.h>

/* What a caller may decide on; the message is for people alone. */
enum host_error_kind {
    HOST_ERROR_NONE = 0,
    HOST_ERROR_FILE,      /* a local file or directory: missing, not readable, not writable, too large */
    HOST_ERROR_EXISTS,    /* refused to overwrite */
    HOST_ERROR_FORMAT,    /* bytes that are not what they should be: JSON, INI, PEM, envelope */
    HOST_ERROR_CRYPTO,    /* a key of the wrong kind, a seal that does not open, OpenSSL failed */
    HOST_ERROR_CONNECT,   /* no connection: name, refused, unreachable */
    HOST_ERROR_TLS,       /* certificate or handshake */
    HOST_ERROR_TIMEOUT,   /* no answer in time */
    HOST_ERROR_NETWORK,   /* the exchange broke off, or is not HTTP */
    HOST_ERROR_CANCELLED, /* a callback said stop */
    HOST_ERROR_MEMORY,    /* out of memory */
    HOST_ERROR_INTERNAL   /* a defect in Otter */
};

struct host_error {
    enum host_error_kind kind;
    int os_errno; /* errno where the system said no, else 0 */
    char message[512];
};

/* Fills *err (unless NULL) and returns false, so that `return host_fail(err, ...)` is one line. Cut at 511
 * bytes. */
bool host_fail(struct host_error *err, enum host_error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The like for a failed system call: ": " and the text of errno are added, errno is kept in os_errno. */
bool host_fail_errno(struct host_error *err, enum host_error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "<text>: " before the message, to say where; returns false. */
bool host_error_prefix(struct host_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
