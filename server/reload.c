#include "server/reload.h"

#include "host/clock.h"
#include "host/notify.h"
#include "server/options.h"
#include "server/tls_paths.h"

#include <inttypes.h>
#include <stdio.h>

#define CHANGES_STR 512u

/* What fails, fails alone: the other is taken. */
static void take_certificates(const struct reload *r, const struct config *fresh)
{
    struct host_error err = {.kind = HOST_ERROR_NONE};
    struct tls_paths paths;
    bool found = tls_paths(fresh, &paths, &err);

    if (!found || !http_tls_reload(r->tls, paths.cert, paths.key, &err))
        host_log(HOST_LOG_ERROR, "certificate-refused", HOST_LOG_STR("detail", err.message),
                 HOST_LOG_STR("next", "the old one stays in use; put it right and send SIGHUP again"));
    if (found && !http_tls_reload_devices(r->tls, &paths.devices, &err))
        host_log(HOST_LOG_ERROR, "device-ca-refused", HOST_LOG_STR("detail", err.message),
                 HOST_LOG_STR("next", "CAs, CRLs and device_name stay as they were; put it right and send "
                                      "SIGHUP again"));
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
    if (r->tls && fresh->tls_cert[0] != '\0')
        take_certificates(r, fresh);
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
