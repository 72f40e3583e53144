/* For builds with sanitizers, whose runtimes make calls of their own (ptrace, personality, processes). */
#include "server/harden.h"

#include "host/log.h"

bool harden_seccomp(enum harden_calls calls, struct host_error *err)
{
    (void)err;
    host_log(HOST_LOG_INFO, "hardened", HOST_LOG_STR("seccomp", "not in this build"),
             HOST_LOG_INT("programs", calls == HARDEN_CALLS_PROGRAMS));
    return true;
}
