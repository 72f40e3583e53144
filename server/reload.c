#include "server/reload.h"

#include "host/clock.h"
#include "host/notify.h"
#include "server/options.h"
#include "server/secrets.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#define CHANGES_STR 512u

static bool take_certificate(const struct reload *r, const struct config *fresh, struct host_error *err)
{
    char cert[PATH_MAX], key[PATH_MAX];

    return secrets_path(fresh->tls_cert, cert, err) && secrets_path(fresh->tls_key, key, err) &&
           http_tls_reload(r->tls, cert, key, err);
}

static void take_over(const struct reload *r, const struct config *fresh)
{
    struct host_error err = {.kind = HOST_ERROR_NONE};
    char changes[CHANGES_STR];

    host_log_set_level(fresh->log_level);
    config_changes(r->config, fresh, changes, sizeof changes);
    if (changes[0] != '\0')
        host_log(HOST_LOG_WARNING, "restart-needed", HOST_LOG_STR("changed", changes));
    svc_audit_reopen(r->svc); /* it may have been moved away */
    if (!svc_offer_keys_read(r->svc, &err))
        host_log(HOST_LOG_ERROR, "offer-key-refused", HOST_LOG_STR("detail", err.message),
                 HOST_LOG_STR("next", "the old one stays in use; put it right and send SIGHUP again"));
    if (r->tls && fresh->tls_cert[0] != '\0' && !take_certificate(r, fresh, &err))
        host_log(HOST_LOG_ERROR, "certificate-refused", HOST_LOG_STR("detail", err.message),
                 HOST_LOG_STR("next", "the old one stays in use; put it right and send SIGHUP again"));
}

void reload(const struct reload *r)
{
    struct host_error err = {.kind = HOST_ERROR_NONE};
    enum options_then then;
    struct config fresh;
    char state[64];

    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, host_clock_mono_us());
    (void)host_notify(state);
    host_log(HOST_LOG_INFO, "reload");
    if (options_read(r->argc, r->argv, &fresh, &then, &err))
        take_over(r, &fresh);
    else
        host_log(HOST_LOG_ERROR, "reload-refused", HOST_LOG_STR("detail", err.message),
                 HOST_LOG_STR("next", "everything stays as it was"));
    (void)host_notify("READY=1");
}
