/* Where the audit log is copied to, line by line: a file, and syslog. One thread uses a sink. */
#ifndef OTTER_SERVICE_AUDIT_SINK_H
#define OTTER_SERVICE_AUDIT_SINK_H

#include "host/audit.h"
#include "host/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct audit_sink {
    /* Opens what is not open. False with *err. */
    bool (*open)(struct audit_sink *self, struct host_error *err);
    /* One line, with its line break. False with *err. */
    bool (*send)(struct audit_sink *self, const char *line, size_t len, struct host_error *err);
    /* All that was sent since the last time is there to stay; or, false with *err, none of it is. */
    bool (*settle)(struct audit_sink *self, struct host_error *err);
    void (*close)(struct audit_sink *self);
    const char *name; /* "file", "syslog" */
    const char *path;
    int fd; /* -1: not open */
    /* the file's */
    off_t settled;  /* its size when all was there to stay */
    uint64_t found; /* the entry of its last line, when it was opened; 0: that is none */
    struct otter_digest found_hash;
};

/* JSON lines, appended; 0600. What a crash left half is taken away. */
struct audit_sink audit_sink_file(const char *path);
/* A datagram a line to a socket as syslog(3) has it, as authpriv.notice. */
struct audit_sink audit_sink_syslog(const char *path);

#endif
