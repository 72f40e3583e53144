#include "host/mapped.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the handler of the signal looks at: it may take no lock. */
static struct {
    atomic_bool taken;
    _Atomic(uintptr_t) begin; /* 0: nothing is mapped yet, or any more */
    atomic_size_t len;
} places[HOST_MAPPED_MAX];

static atomic_uint faults;
static uintptr_t page_size;
static struct sigaction before; /* what SIGBUS did without us */

/* Zeros from the page that could not be read to the mapping's end. */
static bool cover(uintptr_t at)
{
    for (unsigned i = 0; i < HOST_MAPPED_MAX; i++) {
        uintptr_t begin = atomic_load(&places[i].begin), page = at & ~(page_size - 1);
        size_t len = atomic_load(&places[i].len);

        /* The last: a place that was given anew in between, its length is not that of `begin`. */
        if (begin == 0 || at < begin || at - begin >= len || atomic_load(&places[i].begin) != begin)
            continue;
        atomic_fetch_add(&faults, 1);
        return mmap((void *)page, begin + len - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                    0) != MAP_FAILED;
    }
    return false;
}

static void on_bus(int number, siginfo_t *info, void *context)
{
    int kept = errno;

    (void)context;
    if (!cover((uintptr_t)info->si_addr))
        (void)sigaction(number, &before, NULL); /* not ours: the same read does what it would have done */
    errno = kept;
}

/* For each mapping anew: whoever else takes the signal has it until the next one. */
static void watch(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO | SA_RESTART}, old;

    (void)sigemptyset(&action.sa_mask);
    pthread_mutex_lock(&lock);
    if (page_size == 0)
        page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    if (sigaction(SIGBUS, NULL, &old) == 0 && old.sa_sigaction != on_bus) {
        before = old;
        (void)sigaction(SIGBUS, &action, NULL);
    }
    pthread_mutex_unlock(&lock);
}

/* HOST_MAPPED_MAX: none is free. */
static unsigned take_place(void)
{
    unsigned i = 0;

    while (i < HOST_MAPPED_MAX && atomic_exchange(&places[i].taken, true))
        i++;
    return i;
}

/* The last page counts whole: behind the file's end it is zeros anyway. */
static size_t whole_pages(size_t len)
{
    return (len + page_size - 1) & ~(page_size - 1);
}

static void give_back(const void *bytes)
{
    for (unsigned i = 0; i < HOST_MAPPED_MAX; i++) {
        if (atomic_load(&places[i].begin) != (uintptr_t)bytes)
            continue;
        atomic_store(&places[i].begin, 0);
        atomic_store(&places[i].taken, false);
        return;
    }
}

struct host_mapped *host_mapped_new(int fd, size_t len)
{
    struct host_mapped *mapped = malloc(sizeof *mapped);
    unsigned place;
    void *bytes;

    watch();
    place = mapped ? take_place() : HOST_MAPPED_MAX;
    if (place == HOST_MAPPED_MAX) {
        free(mapped);
        return NULL;
    }
    bytes = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        atomic_store(&places[place].taken, false);
        free(mapped);
        return NULL;
    }
    atomic_store(&places[place].len, whole_pages(len));
    atomic_store(&places[place].begin, (uintptr_t)bytes);
    mapped->bytes = bytes;
    mapped->len = len;
    atomic_init(&mapped->users, 1);
    return mapped;
}

struct host_mapped *host_mapped_use(struct host_mapped *mapped)
{
    atomic_fetch_add_explicit(&mapped->users, 1, memory_order_relaxed);
    return mapped;
}

void host_mapped_drop(struct host_mapped *mapped)
{
    if (!mapped || atomic_fetch_sub_explicit(&mapped->users, 1, memory_order_acq_rel) > 1)
        return;
    give_back(mapped->bytes); /* first: the next mapping may get the same place in memory */
    (void)munmap((void *)(uintptr_t)mapped->bytes, mapped->len);
    free(mapped);
}

unsigned host_mapped_faults(void)
{
    return atomic_load_explicit(&faults, memory_order_relaxed);
}
