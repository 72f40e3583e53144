/* The system calls that otterd may make. */
#ifndef OTTER_SERVER_HARDEN_CALLS_H
#define OTTER_SERVER_HARDEN_CALLS_H

#include <stddef.h>

/* On what condition; each is a comparison of one argument. */
enum harden_when {
    HARDEN_ALWAYS,
    HARDEN_NOT_EXECUTABLE, /* argument 2 has no PROT_EXEC: no code is made in memory, none is loaded */
    HARDEN_THREAD,         /* argument 0 has CLONE_THREAD: no process */
    HARDEN_LOCAL_SOCKET,   /* argument 0 is AF_UNIX: syslog, systemd */
    HARDEN_NO_NEW_LIMIT,   /* argument 2 is NULL: limits are read */
    HARDEN_ABSENT,         /* ENOSYS at once, and no line of the log; for programs it is there */
    HARDEN_PROGRAMS        /* only where programs are run, whatever the arguments */
};

struct harden_call {
    const char *name; /* as libseccomp knows it; one that this architecture lacks is passed over */
    enum harden_when when;
};

extern const struct harden_call harden_call_table[];
extern const size_t harden_call_count;

#endif
