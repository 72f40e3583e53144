#include "stop.h"

#include "core/bytes.h"

#include <signal.h>
#include <time.h>

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};

static volatile sig_atomic_t wanted; /* the signal; 0: none */
static struct sigaction was[OTTER_ARRAY_LEN(watched)];

static void take_down(int number)
{
    if (number != SIGWINCH)
        wanted = number;
}

void cli_stop_begin(void)
{
    struct sigaction action = {.sa_handler = take_down}; /* without SA_RESTART: naps end */

    wanted = 0;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(watched); i++) {
        (void)sigaction(watched[i], &action, &was[i]);
        if (was[i].sa_handler == SIG_IGN) /* by nohup, or as a shell's job in the background */
            (void)sigaction(watched[i], &was[i], NULL);
    }
}

bool cli_stop_wanted(void)
{
    return wanted != 0;
}

bool cli_stop_nap(uint64_t ms)
{
    const struct timespec nap = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    return wanted == 0 && nanosleep(&nap, NULL) == 0;
}

void cli_stop_end(void)
{
    int number = wanted;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(watched); i++)
        (void)sigaction(watched[i], &was[i], NULL);
    wanted = 0;
    if (number != 0)
        (void)raise(number);
}
