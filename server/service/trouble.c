/*
 * What keeps the store from taking changes, told once when it begins and once when it is over, however many
 * calls it meets. Damage stays until a restart: nothing more is acknowledged into a damaged database.
 */
#include "service/internal.h"

#include "host/clock.h"
#include "host/log.h"

/* So long without a failure, and with a change stored: a log reused may take small changes on a full disk. */
#define OVER_MS 5000

bool trouble_is(enum otter_status status)
{
    return status == OTTER_STORE_FULL || status == OTTER_STORE_DAMAGED || status == OTTER_IO_ERROR ||
           status == OTTER_TOO_BUSY;
}

static const char *next_of(enum otter_status status)
{
    switch (status) {
    case OTTER_STORE_FULL:
        return "make room on the data directory's disk; changes are refused until then, devices keep their "
               "reports";
    case OTTER_STORE_DAMAGED:
        return "stop otterd, look with otterd --data DIR --check-database, go on from the newest backup: "
               "otterd --restore BACKUP --data NEW";
    case OTTER_TOO_BUSY:
        return "raise the limit of open files or of memory, or see which other program holds the database";
    default:
        return "look at the system's log: the disk does not read or write";
    }
}

static void begins(struct svc_trouble *t, enum otter_status status)
{
    t->status = status;
    t->since_ms = (int64_t)host_clock_mono_ms();
    t->refused = 0;
    host_log(HOST_LOG_ERROR, "store-trouble", HOST_LOG_STR("status", otter_status_name(status)),
             HOST_LOG_STR("next", next_of(status)));
}

void trouble_note(struct svc *svc, enum otter_status status, uint64_t refused)
{
    struct svc_trouble *t = &svc->trouble;

    (void)pthread_mutex_lock(&t->lock);
    t->last_ms = (int64_t)host_clock_mono_ms();
    if (t->status != status && t->status != OTTER_STORE_DAMAGED)
        begins(t, status);
    t->refused += refused;
    (void)pthread_mutex_unlock(&t->lock);
}

void trouble_stored(struct svc *svc)
{
    struct svc_trouble *t = &svc->trouble;
    int64_t now = (int64_t)host_clock_mono_ms();

    (void)pthread_mutex_lock(&t->lock);
    if (t->status != OTTER_OK && t->status != OTTER_STORE_DAMAGED && now - t->last_ms >= OVER_MS) {
        host_log(HOST_LOG_INFO, "store-recovered", HOST_LOG_STR("status", otter_status_name(t->status)),
                 HOST_LOG_INT("seconds", (now - t->since_ms) / 1000), HOST_LOG_UINT("refused", t->refused));
        t->status = OTTER_OK;
    }
    (void)pthread_mutex_unlock(&t->lock);
}

enum otter_status svc_trouble(struct svc *svc)
{
    enum otter_status status;

    (void)pthread_mutex_lock(&svc->trouble.lock);
    status = svc->trouble.status;
    (void)pthread_mutex_unlock(&svc->trouble.lock);
    return status;
}
