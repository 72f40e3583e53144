#include "host/nodump.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

void host_no_dump(void)
{
    /* 1, not 0: a program that takes dumps through a pipe is not asked to then, either (core(5)). */
    struct rlimit none = {.rlim_cur = 1, .rlim_max = 1};

    (void)setrlimit(RLIMIT_CORE, &none);
    /* Of root's processes this keeps nobody out but root without CAP_SYS_PTRACE: its own tools, in
     * containers. */
    if (geteuid() != 0)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
