#include "server/daemon.h"

#include "core/bytes.h"
#include "host/clock.h"
#include "host/file.h"
#include "host/notify.h"
#include "server/options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
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
    if (files.rlim_cur == RLIM_INFINITY || files.rlim_cur >= wanted + FILES_RESERVED)
        return wanted;
    most = files.rlim_cur > (rlim_t)2 * FILES_RESERVED ? (unsigned)files.rlim_cur - FILES_RESERVED
                                                       : FILES_RESERVED;
    host_log(HOST_LOG_WARNING, "limit", HOST_LOG_UINT("open_files", files.rlim_cur),
             HOST_LOG_UINT("connections", most));
    return most;
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
        .idle_timeout_s = config->idle_timeout_s,
        .drain_s = config->drain_s,
    };
    for (unsigned i = 0; i < config->listens; i++) {
        if (!http_address_parse(config->listen[i].text, &ret->listener[i].address, err))
            return false;
        ret->listener[i].serves = config->listen[i].serves;
        ret->listener[i].proofs_only = config_proofs_only(config, &ret->listener[i].address);
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
        .max_blob = config->max_blob,
        .blobs_public = config->blobs_public,
        .plain_devices = config->plain_devices,
    };
    char token[64] = "";
    struct svc *svc = svc_open(&service, err, ret_exit, token);

    if (svc && token[0] != '\0') {
        printf("admin token (shown once, kept in %s/admin.token): %s\n", config->data, token);
        fflush(stdout);
    }
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
                 HOST_LOG_INT("devices", (config->listener[i].serves & HTTP_SERVES_DEVICES) != 0),
                 HOST_LOG_INT("operators", (config->listener[i].serves & HTTP_SERVES_OPERATORS) != 0));
    }
    fflush(stdout);
    (void)host_notify("READY=1\nSTATUS=serving");
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

/* Until a signal asks us to stop. Signs of life come only while every loop goes round. */
static int wait_for_stop(const sigset_t *signals, struct http_front *front)
{
    unsigned every = watchdog_ms();
    struct timespec limit = {.tv_sec = every / 1000, .tv_nsec = (long)(every % 1000) * 1000000};

    for (;;) {
        int signal_number = sigtimedwait(signals, NULL, every ? &limit : NULL);

        if (signal_number > 0)
            return signal_number;
        if (errno == EAGAIN && http_front_alive(front))
            (void)host_notify("WATCHDOG=1");
    }
}

static int serve(const struct config *config, struct http_front_config *http, const sigset_t *signals)
{
    struct http_front *front = NULL;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    enum http_start started = http_front_start(http, &front, &err);
    int signal_number;

    if (started != HTTP_START_OK)
        return complain(&err, started == HTTP_START_IN_USE ? EXIT_IN_USE : EXIT_CONFIG);
    if (!write_port_file(config, front, &err)) {
        http_front_stop(front);
        return complain(&err, EXIT_CONFIG);
    }
    say_ready(http, front);
    signal_number = wait_for_stop(signals, front);
    host_log(HOST_LOG_INFO, "stopping", HOST_LOG_STR("signal", signal_number == SIGINT ? "INT" : "TERM"));
    (void)host_notify("STOPPING=1");
    http_front_stop(front);
    return 0;
}

int daemon_run(const struct config *config)
{
    struct http_front_config http;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    int status = EXIT_CONFIG;
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN); /* sendfile(2) has no MSG_NOSIGNAL */
    json_object_seed(0);      /* before threads race for it */
    host_log_setup(config->log_level, config->log_format, STDERR_FILENO);
    if (!front_config(config, &http, &err))
        return complain(&err, EXIT_CONFIG);
    status = probe_addresses(&http, &err);
    if (status != 0)
        return complain(&err, status);
    http.svc = open_services(config, &err, &status);
    if (!http.svc)
        return complain(&err, status);
    status = serve(config, &http, &signals);
    svc_close(http.svc);
    host_log(HOST_LOG_INFO, "stopped", HOST_LOG_INT("exit", status));
    return status;
}

int daemon_main(int argc, char *const *argv)
{
    struct config config;
    struct host_error err = {.kind = HOST_ERROR_NONE};
    enum options_then then;

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
        puts("the configuration is good");
        return 0;
    case OPTIONS_PRINT:
        config_print(&config, stdout);
        return 0;
    case OPTIONS_RUN:
        break;
    }
    return daemon_run(&config);
}
