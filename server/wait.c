#include "server/wait.h"

#include "core/bytes.h"
#include "host/clock.h"
#include "host/notify.h"

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

static int next_signal(const sigset_t *signals, uint64_t until_ms)
{
    uint64_t now = host_clock_mono_ms(), left = until_ms > now ? until_ms - now : 0;
    struct timespec limit = {.tv_sec = (time_t)(left / 1000), .tv_nsec = (long)(left % 1000) * 1000000};

    return sigtimedwait(signals, NULL, &limit);
}

int wait_for_stop(const sigset_t *signals, struct http_front *front, const struct reload *r)
{
    unsigned watchdog = watchdog_ms(), every = watchdog && watchdog < TICK_MS ? watchdog : TICK_MS;
    uint64_t due = host_clock_mono_ms() + every;

    for (;;) {
        int number;

        if (r->tls)
            svc_certificate_expires(r->svc, http_tls_expires(r->tls));
        number = next_signal(signals, due);
        if (number == SIGHUP)
            reload(r);
        else if (number > 0)
            return number;
        if (host_clock_mono_ms() >= due) {
            if (watchdog && http_front_alive(front))
                (void)host_notify("WATCHDOG=1");
            due = host_clock_mono_ms() + every;
        }
        if (r->tls)
            http_tls_watch(r->tls, host_clock_wall());
    }
}
