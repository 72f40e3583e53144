/* The table of harden_calls.c as a filter of libseccomp. */
#include "server/harden.h"

#include "host/log.h"
#include "server/harden_calls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>

#define NUMBERS 1024u /* of calls, each of which is logged once */

static atomic_bool told[NUMBERS];

/* The result of the refused call: where the system puts one. */
static void set_result(ucontext_t *context, long result)
{
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
    context->uc_mcontext.regs[0] = (unsigned long long)result;
#else
#error "tell where this architecture returns a system call's result"
#endif
}

/* In the thread that made the call, at the call: no lock of libc's is held that a log line takes. */
static void on_refused(int number, siginfo_t *info, void *context)
{
    unsigned call = (unsigned)info->si_syscall;

    (void)number;
    set_result(context, -ENOSYS);
    if (call < NUMBERS && !atomic_exchange(&told[call], true))
        host_log(HOST_LOG_ERROR, "seccomp", HOST_LOG_UINT("call", call),
                 HOST_LOG_STR("next", "refused: report it with this line; [hardening] seccomp = no goes on "
                                      "without the filter"));
}

static bool answer_refusals(void)
{
    struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER};

    (void)sigemptyset(&action.sa_mask);
    return sigaction(SIGSYS, &action, NULL) == 0;
}

static int allow(scmp_filter_ctx filter, int call, enum harden_when when)
{
    switch (when) {
    case HARDEN_NOT_EXECUTABLE:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    case HARDEN_THREAD:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    case HARDEN_LOCAL_SOCKET:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    case HARDEN_NO_NEW_LIMIT:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_EQ, 0));
    case HARDEN_ABSENT:
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0);
    case HARDEN_ALWAYS:
    case HARDEN_PROGRAMS:
        break;
    }
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
}

/* A number below 0: another architecture's call. -EEXIST: allowed already, on fewer conditions. */
static int allow_table(scmp_filter_ctx filter, enum harden_calls calls)
{
    int error = 0;

    for (size_t i = 0; i < harden_call_count && error == 0; i++) {
        const struct harden_call *c = &harden_call_table[i];
        int call = seccomp_syscall_resolve_name(c->name);

        if (call < 0 || c->when == (calls == HARDEN_CALLS_PROGRAMS ? HARDEN_ABSENT : HARDEN_PROGRAMS))
            continue;
        error = allow(filter, call, c->when);
        if (error == -EEXIST)
            error = 0;
    }
    return error;
}

/* All threads have it, or none. */
static int load(scmp_filter_ctx filter, enum harden_calls calls)
{
    int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    if (error == 0)
        error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: some 8 comparisons a call */
    if (error == 0)
        error = allow_table(filter, calls);
    return error ? error : seccomp_load(filter);
}

bool harden_seccomp(enum harden_calls calls, struct host_error *err)
{
    /* A trap ends a program that has no handler, as started ones have none: to them it is an error alone. */
    uint32_t otherwise = calls == HARDEN_CALLS_PROGRAMS ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_TRAP;
    scmp_filter_ctx filter = seccomp_init(otherwise);
    int error = filter ? load(filter, calls) : -ENOMEM;

    seccomp_release(filter);
    if (error == 0 && answer_refusals()) {
        host_log(HOST_LOG_INFO, "hardened", HOST_LOG_STR("seccomp", "yes"),
                 HOST_LOG_INT("programs", calls == HARDEN_CALLS_PROGRAMS));
        return true;
    }
    return host_fail(err, HOST_ERROR_FILE,
                     "the system takes no seccomp filter (%s): [hardening] seccomp = no goes on without",
                     strerror(error ? -error : errno));
}
