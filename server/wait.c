#include "server/wait.h"

#include "core/bytes.h"
#include "host/clock.h"
#include "host/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 3600000u /* how often the certificate is looked at */

void wait_signals(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGINT);
    sigaddset(ret, SIGHUP);
}

/* Milliseconds between two signs of life, half of what systemd grants (sd_watchdog_enabled(3)); 0: none
 * wanted. */
static unsigned watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    uint64_t n = 0;

    if (!usec || !otter_parse_uint(usec, strlen(usec), UINT64_C(86400000000), &n))
        return 0;
    if (pid && strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    return n / 2000 > 0 ? (unsigned)(n / 2000) : 1;
}

int wait_for_stop(const sigset_t *signals, struct http_front *front, const struct reload *r)
{
    unsigned watchdog = watchdog_ms(), every = watchdog && watchdog < TICK_MS ? watchdog : TICK_MS;
    struct timespec limit = {.tv_sec = every / 1000, .tv_nsec = (long)(every % 1000) * 1000000};

    for (;;) {
        int number;

        if (r->tls)
            svc_certificate_expires(r->svc, http_tls_expires(r->tls));
        number = sigtimedwait(signals, NULL, &limit);
        if (number == SIGHUP)
            reload(r);
        else if (number > 0)
            return number;
        else if (errno == EAGAIN && watchdog && http_front_alive(front))
            (void)host_notify("WATCHDOG=1");
        if (r->tls)
            http_tls_watch(r->tls, host_clock_wall());
    }
}
