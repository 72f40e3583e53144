/*
 * Who is served when there is too much: one table over what is asked and what is left. Pure; acting upon it
 * (503, closing a connection) is the fronts'.
 */
#ifndef OTTER_POLICY_ADMIT_H
#define OTTER_POLICY_ADMIT_H

#include <stdint.h>

/* What is asked, from what must go through to what can wait best. */
enum policy_asked {
    POLICY_ASKS_AS_OPERATOR, /* any route of operators */
    POLICY_ASKS_TO_REPORT,   /* a report, or a poll that brings news of an attempt */
    POLICY_ASKS_FOR_NOTHING, /* a poll that memory answers */
    POLICY_ASKS_FOR_GRANT,   /* a poll that needs the writer for something new, and attributes */
    POLICY_ASKS_FOR_BLOB,
    POLICY_ASKS_TO_ENTER, /* nothing yet: a connection; who could be closed is idle, or slow */
    POLICY_ASKED_COUNT
};

/* What there is, of what there may be; a bound of 0: this resource does not matter here. */
struct policy_load {
    uint32_t connections, connections_max; /* open; beside them */
    uint32_t blobs;                        /* that are being sent; connections_max bounds them, too */
    uint32_t calls, calls_max;             /* that wait for the thread which would be asked */
    uint32_t files_left, files_max;        /* descriptors */
};

enum policy_admission {
    POLICY_SERVE,
    POLICY_DEFER, /* 503 with Retry-After */
    POLICY_EVICT  /* an idle or slow connection makes room */
};

enum policy_admission policy_admit(enum policy_asked asked, const struct policy_load *load);

/* "operator", "report", "poll", "grant", "blob", "connection": for counters. */
const char *policy_asked_name(enum policy_asked asked);

/* Retry-After of what was deferred lies in these seconds, both included. */
#define POLICY_DEFER_MIN_S 16u
#define POLICY_DEFER_MAX_S 79u

/* The same place for the same device each time; device "" (not known yet): by the number of its connection.
 */
unsigned policy_defer_s(const char *device, uint64_t connection);

#endif
