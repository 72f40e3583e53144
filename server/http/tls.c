#include "http/tls_internal.h"

#include "host/clock.h"
#include "host/log.h"

#include <stdlib.h>
#include <sys/stat.h>

#define OTHERS_READ       (S_IROTH | S_IWOTH)
#define DAY_S             86400
#define TICKET_KEY_AGE_MS (UINT64_C(1000) * DAY_S)

struct http_tls *http_tls_new(const struct http_tls_config *config, struct host_error *err)
{
    struct http_tls *tls = calloc(1, sizeof *tls);

    if (!tls) {
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&tls->lock, NULL);
    tls->tickets = config->tickets;
    if (config->cached_max > 0) {
        tls->cache = http_tls_cache_new(config->cached_max);
        if (!tls->cache) {
            http_tls_free(tls);
            (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory for %u TLS sessions", config->cached_max);
            return NULL;
        }
    }
    tls->asks = config->devices.ca != NULL;
    if (!http_tls_reload(tls, config->cert, config->key, err) ||
        !http_tls_reload_devices(tls, &config->devices, err)) {
        http_tls_free(tls);
        return NULL;
    }
    return tls;
}

static void drop_ticket_key(struct http_tls *tls)
{
    if (!tls->ticket_key.data)
        return;
    gnutls_memset(tls->ticket_key.data, 0, tls->ticket_key.size);
    gnutls_free(tls->ticket_key.data);
    tls->ticket_key.data = NULL;
}

void http_tls_free(struct http_tls *tls)
{
    if (!tls)
        return;
    drop_ticket_key(tls);
    http_tls_cache_free(tls->cache);
    http_tls_pair_drop(tls->pair);
    http_tls_trust_drop(tls->trust);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

static void warn_of_readers(const char *key)
{
    struct stat st;

    if (stat(key, &st) == 0 && (st.st_mode & OTHERS_READ) != 0)
        host_log(HOST_LOG_WARNING, "tls-key-open", HOST_LOG_STR("key", key),
                 HOST_LOG_STR("detail", "everybody on this machine may read it: chmod o= it"));
}

bool http_tls_reload(struct http_tls *tls, const char *cert, const char *key, struct host_error *err)
{
    struct http_tls_pair *fresh = http_tls_pair_load(cert, key, err), *old;
    int64_t now = host_clock_wall();

    if (!fresh)
        return false;
    warn_of_readers(key);
    http_tls_pair_log(fresh, now);
    pthread_mutex_lock(&tls->lock);
    old = tls->pair;
    tls->pair = fresh;
    tls->warned_at = now;
    pthread_mutex_unlock(&tls->lock);
    http_tls_pair_drop(old);
    return true;
}

bool http_tls_reload_devices(struct http_tls *tls, const struct http_tls_devices *devices,
                             struct host_error *err)
{
    struct http_tls_trust *fresh, *old;
    int64_t now = host_clock_wall();

    if (tls->asks != (devices->ca != NULL))
        return host_fail(err, HOST_ERROR_FORMAT, "tls.device_ca comes and goes with a restart alone");
    if (!tls->asks)
        return true;
    fresh = http_tls_trust_load(devices, err);
    if (!fresh)
        return false;
    http_tls_trust_tell(fresh);
    (void)http_tls_trust_log(fresh, now);
    pthread_mutex_lock(&tls->lock);
    old = tls->trust;
    tls->trust = fresh;
    tls->trust_warned_at = now;
    atomic_fetch_add_explicit(&tls->trust_number, 1, memory_order_release);
    pthread_mutex_unlock(&tls->lock);
    http_tls_trust_drop(old);
    return true;
}

bool http_tls_check_devices(const struct http_tls_devices *devices, struct host_error *err)
{
    struct http_tls_trust *trust = http_tls_trust_load(devices, err);

    http_tls_trust_drop(trust);
    return trust != NULL;
}

bool http_tls_check(const char *cert, const char *key, struct host_error *err)
{
    struct http_tls_pair *pair = http_tls_pair_load(cert, key, err);

    http_tls_pair_drop(pair);
    return pair != NULL;
}

struct http_tls_pair *http_tls_pair_now(struct http_tls *tls)
{
    struct http_tls_pair *pair;

    pthread_mutex_lock(&tls->lock);
    pair = http_tls_pair_use(tls->pair);
    pthread_mutex_unlock(&tls->lock);
    return pair;
}

struct http_tls_trust *http_tls_trust_now(struct http_tls *tls, unsigned *ret_number)
{
    struct http_tls_trust *trust;

    pthread_mutex_lock(&tls->lock);
    trust = http_tls_trust_use(tls->trust);
    *ret_number = atomic_load_explicit(&tls->trust_number, memory_order_relaxed);
    pthread_mutex_unlock(&tls->lock);
    return trust;
}

int64_t http_tls_expires(struct http_tls *tls)
{
    int64_t not_after;

    pthread_mutex_lock(&tls->lock);
    not_after = tls->pair->not_after;
    pthread_mutex_unlock(&tls->lock);
    return not_after;
}

static void watch_trust(struct http_tls *tls, int64_t now)
{
    unsigned number;
    struct http_tls_trust *trust = http_tls_trust_now(tls, &number);
    bool due;

    pthread_mutex_lock(&tls->lock);
    due = now - tls->trust_warned_at >= DAY_S;
    pthread_mutex_unlock(&tls->lock);
    if (due && http_tls_trust_log(trust, now)) {
        pthread_mutex_lock(&tls->lock);
        tls->trust_warned_at = now;
        pthread_mutex_unlock(&tls->lock);
    }
    http_tls_trust_drop(trust);
}

void http_tls_watch(struct http_tls *tls, int64_t now)
{
    struct http_tls_pair *pair = http_tls_pair_now(tls);
    bool due;

    pthread_mutex_lock(&tls->lock);
    due = http_tls_days_left(pair->not_after, now) < HTTP_TLS_WARN_DAYS && now - tls->warned_at >= DAY_S;
    if (due)
        tls->warned_at = now;
    pthread_mutex_unlock(&tls->lock);
    if (due)
        http_tls_pair_log(pair, now);
    http_tls_pair_drop(pair);
    if (tls->asks)
        watch_trust(tls, now);
}

bool http_tls_tickets_use(struct http_tls *tls, gnutls_session_t session, uint64_t now_ms)
{
    bool ok = true;

    pthread_mutex_lock(&tls->lock);
    if (tls->ticket_key.data && now_ms - tls->ticket_key_ms >= TICKET_KEY_AGE_MS)
        drop_ticket_key(tls);
    if (!tls->ticket_key.data) {
        ok = gnutls_session_ticket_key_generate(&tls->ticket_key) >= 0;
        tls->ticket_key_ms = now_ms;
    }
    /* The session takes a copy. */
    ok = ok && gnutls_session_ticket_enable_server(session, &tls->ticket_key) >= 0;
    pthread_mutex_unlock(&tls->lock);
    return ok;
}
