#include "server/daemon.h"

#include "host/crypto.h"
#include "host/file.h"
#include "host/notify.h"
#include "server/harden.h"
#include "server/options.h"
#include "server/preflight.h"
#include "server/restore.h"
#include "server/secrets.h"
#include "server/tls_paths.h"
#include "server/wait.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define EXIT_CONFIG 2
#define EXIT_IN_USE 3

#define FILES_RESERVED 256u /* descriptors for database, logs and blobs in delivery */

static int complain(const struct host_error *err, int status)
{
    fprintf(stderr, "otterd: %s\n", err->message);
    return status;
}

/* As many open files as the system lets us have; connections must fit in. */
static unsigned fit_connections(unsigned wanted)
{
    struct rlimit files;
    unsigned most;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0 && getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    if (files.rlim_cur == RLIM_INFINITY || files.rlim_cur >= (rlim_t)wanted + FILES_RESERVED)
        return wanted;
    most = files.rlim_cur > (rlim_t)2 * FILES_RESERVED ? (unsigned)files.rlim_cur - FILES_RESERVED
                                                       : (unsigned)files.rlim_cur / 2;
    host_log(HOST_LOG_WARNING, "limit", HOST_LOG_UINT("open_files", files.rlim_cur),
             HOST_LOG_UINT("connections", most));
    return most;
}

static void front_listener(const struct config *config, const struct config_listen *listen,
                           struct http_listener *ret)
{
    ret->serves = listen->serves;
    ret->tls = config_tls(config, &ret->address);
    ret->proofs_only = config_proofs_only(config, &ret->address);
    ret->proxied = config->proxy_headers && http_address_is_unix(&ret->address);
    ret->proofs_if_http = ret->proxied && config->plain_devices;
}

static bool front_config(const struct config *config, struct http_front_config *ret, struct host_error *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    *ret = (struct http_front_config){
        .listeners = config->listens,
        .threads = config->threads ? config->threads
                   : cores > 0     ? (unsigned)cores
                                   : 1,
        .connections = fit_connections(config->connections),
        .per_address = config->per_address,
        .device_rate = config->device_rate,
        .address_rate = config->address_rate,
        .wrong_tokens = config->wrong_tokens,
        .idle_timeout_s = config->idle_timeout_s,
        .drain_s = config->drain_s,
        .metrics_public = config->metrics_public,
    };
    for (unsigned i = 0; i < config->listens; i++) {
        if (!http_address_parse(config->listen[i].text, &ret->listener[i].address, err))
            return false;
        front_listener(config, &config->listen[i], &ret->listener[i]);
    }
    return true;
}

/* Before anything is made in the data directory. */
static int probe_addresses(const struct http_front_config *front, struct host_error *err)
{
    struct http_listen_error e = {.err = err};

    for (unsigned i = 0; i < front->listeners; i++) {
        if (!http_address_probe(&front->listener[i].address, &e))
            return e.in_use ? EXIT_IN_USE : EXIT_CONFIG;
    }
    return 0;
}

static struct svc *open_services(const struct config *config, struct host_error *err, int *ret_exit)
{
    struct svc_config service = {
        .data_dir = config->data,
        .poll_interval_s = config->poll_interval_s,
        .commit_wait_us = config->commit_wait_us,
        .waiting = config->waiting,
        .max_blob = config->max_blob,
        .map_max = config->map_max,
        .blobs_public = config->blobs_public,
        .enable_admin = config->enable_admin,
        .enrol_ask = (config->enrol & CONFIG_ENROL_ASK) != 0,
        .enrol_certificate = (config->enrol & CONFIG_ENROL_CERTIFICATE) != 0,
        .enrol_fleet_key = (config->enrol & CONFIG_ENROL_FLEET_KEY) != 0,
        .plain_devices = config->plain_devices,
        .disk_low = config->disk_low,
        .audit_file = config->audit_file[0] ? config->audit_file : NULL,
        .audit_syslog = config_audit_syslog(config),
        .events_exec = config->events_exec[0] ? config->events_exec : NULL,
        .events_burst = config->events_burst,
        .events_burst_window = config->events_burst_window,
    };
    char token[64] = "";
    char given[SECRETS_TOKEN_MAX + 1];
    struct svc *svc;

    if (!secrets_admin_token(given, err))
        return NULL;
    secrets_forget();
    service.admin_token = given[0] != '\0' ? given : NULL;
    svc = svc_open(&service, err, ret_exit, token);
    host_wipe(given, sizeof given);
    if (svc && token[0] != '\0') {
        printf("admin token (shown once, kept in %s/admin.token): %s\n", config->data, token);
        fflush(stdout);
    }
    host_wipe(token, sizeof token);
    return svc;
}

static bool write_port_file(const struct config *config, const struct http_front *front,
                            struct host_error *err)
{
    char text[HTTP_ADDRESS_STR + 1];
    int len;

    if (config->port_file[0] == '\0')
        return true;
    len = snprintf(text, sizeof text, "%s\n", http_front_address(front, 0));
    return host_file_write(config->port_file, text, (size_t)len, 0644, HOST_FILE_REPLACE, err);
}

static void say_ready(const struct http_front_config *config, const struct http_front *front)
{
    for (unsigned i = 0; i < config->listeners; i++) {
        printf("listening on %s\n", http_front_address(front, i));
        host_log(HOST_LOG_INFO, "listen", HOST_LOG_STR("address", http_front_address(front, i)),
                 HOST_LOG_INT("tls", config->listener[i].tls),
                 HOST_LOG_INT("devices", (config->listener[i].serves & HTTP_SERVES_DEVICES) != 0),
                 HOST_LOG_INT("operators", (config->listener[i].serves & HTTP_SERVES_OPERATORS) != 0));
    }
    fflush(stdout);
    (void)host_notify("READY=1\nSTATUS=serving");
}

/* NULL in *ret without TLS. */
static bool open_tls(const struct config *config, struct http_tls **ret, struct host_error *err)
{
    struct http_tls_config tls = {.tickets = config->tls_tickets, .cached_max = config->tls_session_cache};
    struct tls_paths paths;

    *ret = NULL;
    if (config->tls_cert[0] == '\0')
        return true;
    if (!tls_paths(config, &paths, err))
        return false;
    tls.cert = paths.cert;
    tls.key = paths.key;
    tls.devices = paths.devices;
    *ret = http_tls_new(&tls, err);
    return *ret != NULL;
}

static enum harden_calls calls_of(const struct config *config)
{
    return config->events_exec[0] ? HARDEN_CALLS_PROGRAMS : HARDEN_CALLS_OURS;
}

static int serve(const struct reload *r, struct http_front_config *http, const sigset_t *signals)
{
    struct http_front *front = NULL;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    enum http_start started = http_front_start(http, &front, &err);
    int signal_number;

    if (started != HTTP_START_OK)
        return complain(&err, started == HTTP_START_IN_USE ? EXIT_IN_USE : EXIT_CONFIG);
    if ((r->config->seccomp && !harden_seccomp(calls_of(r->config), &err)) ||
        !write_port_file(r->config, front, &err)) {
        http_front_stop(front);
        return complain(&err, EXIT_CONFIG);
    }
    svc_start_programs(http->svc);
    say_ready(http, front);
    signal_number = wait_for_stop(signals, front, r);
    host_log(HOST_LOG_INFO, "stopping", HOST_LOG_STR("signal", signal_number == SIGINT ? "INT" : "TERM"));
    (void)host_notify("STOPPING=1");
    svc_stop_soon(http->svc);
    http_front_stop(front);
    return 0;
}

/* Services, TLS and front, one within the other. */
static int open_and_serve(struct reload *r, struct http_front_config *http, const sigset_t *signals)
{
    struct host_error err = {.kind = HOST_ERROR_NONE};
    int status = EXIT_CONFIG;

    if (!open_tls(r->config, &http->tls, &err))
        return complain(&err, EXIT_CONFIG);
    r->tls = http->tls;
    http->svc = open_services(r->config, &err, &status);
    r->svc = http->svc;
    if (http->svc) {
        status = serve(r, http, signals);
        svc_close(http->svc);
    } else {
        (void)complain(&err, status);
    }
    http_tls_free(http->tls);
    return status;
}

int daemon_run(const struct config *config, int argc, char *const *argv)
{
    struct reload again = {.argc = argc, .argv = argv, .config = config};
    struct http_front_config http;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    sigset_t signals;
    int status;

    wait_signals(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN); /* sendfile(2) has no MSG_NOSIGNAL */
    json_object_seed(0);      /* before threads race for it */
    host_log_setup(config->log_level, config->log_format, STDERR_FILENO);
    if (!preflight(config, &err) || !front_config(config, &http, &err))
        return complain(&err, EXIT_CONFIG);
    status = probe_addresses(&http, &err);
    if (status != 0)
        return complain(&err, status);
    status = open_and_serve(&again, &http, &signals);
    host_log(HOST_LOG_INFO, "stopped", HOST_LOG_INT("exit", status));
    return status;
}

/* Who starts us without one of them would have the log written into the file that got its number. */
static void hold_standard_files(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int daemon_main(int argc, char *const *argv)
{
    struct config config;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    enum options_then then;

    hold_standard_files();
    harden_process();
    if (!options_read(argc, argv, &config, &then, &err))
        return complain(&err, EXIT_CONFIG);
    switch (then) {
    case OPTIONS_VERSION:
        puts("otterd " OTTER_VERSION);
        return 0;
    case OPTIONS_HELP:
        fputs(options_help, stdout);
        return 0;
    case OPTIONS_CHECK:
        if (!preflight(&config, &err))
            return complain(&err, EXIT_CONFIG);
        puts("the configuration is good");
        return 0;
    case OPTIONS_PRINT:
        config_print(&config, stdout);
        return 0;
    case OPTIONS_CHECK_DATABASE:
        return check_database(config.data);
    case OPTIONS_RESTORE:
        if (!harden_user(config.allow_root, &err))
            return complain(&err, EXIT_CONFIG);
        return restore_backup(config.restore, config.data);
    case OPTIONS_RUN:
        break;
    }
    if (!harden_user(config.allow_root, &err))
        return complain(&err, EXIT_CONFIG);
    return daemon_run(&config, argc, argv);
}
