/* What otterd is told: defaults, then a configuration file, then the command line. */
#ifndef OTTER_SERVER_CONFIG_H
#define OTTER_SERVER_CONFIG_H

#include "host/error.h"
#include "host/log.h"
#include "http/front.h"

#include <stdio.h>

#define CONFIG_TEXT 256u

/* How devices come that no operator has registered. */
enum config_enrol { CONFIG_ENROL_ASK = 1, CONFIG_ENROL_FLEET_KEY = 2, CONFIG_ENROL_CERTIFICATE = 4 };

struct config_listen {
    char text[CONFIG_TEXT]; /* as written */
    enum http_serves serves;
};

struct config {
    char data[CONFIG_TEXT];    /* data directory; "" = not given */
    bool enable_admin;         /* of the command line alone */
    char restore[CONFIG_TEXT]; /* of the command line alone: the backup to make it from */
    char port_file[CONFIG_TEXT];
    struct config_listen listen[HTTP_LISTENERS_MAX];
    unsigned listens;
    bool insecure_plain_http;
    bool proxy_headers;         /* unix sockets: believe X-Forwarded-For and X-Forwarded-Proto */
    char tls_cert[CONFIG_TEXT]; /* PEM files; "" = no TLS */
    char tls_key[CONFIG_TEXT];
    char tls_device_ca[CONFIG_TEXT];   /* PEM files; "" = devices are not asked for certificates */
    char tls_device_crl[CONFIG_TEXT];  /* "" = none */
    char tls_device_name[CONFIG_TEXT]; /* where the id stands in a certificate */
    bool tls_tickets;
    uint32_t tls_session_cache; /* entries; 0 = none */
    unsigned enrol;             /* enum config_enrol, a bit each */
    bool plain_devices;
    uint32_t threads; /* 0 = one a core */
    uint32_t connections;
    uint32_t per_address;  /* connections of one address in one loop; 0 = no bound */
    uint32_t device_rate;  /* requests a minute of one device; 0 = no bound */
    uint32_t address_rate; /* the like of one address, whoever asks */
    uint32_t wrong_tokens; /* of operators, in a row from one address, before it is locked out; 0 = never */
    uint32_t waiting;      /* calls that may wait for the writer, or the reader */
    uint32_t idle_timeout_s;
    uint32_t drain_s;
    uint32_t poll_interval_s;
    uint32_t commit_wait_us;
    uint64_t max_blob;
    uint64_t map_max;  /* bytes of images mapped at a time; 0 = none */
    uint64_t disk_low; /* bytes free below which the disk counts as low; 0 = never */
    bool blobs_public;
    char events_exec[CONFIG_TEXT];  /* "" = none */
    uint32_t events_burst;          /* failures within the window that are a burst */
    uint32_t events_burst_window;   /* seconds */
    char audit_file[CONFIG_TEXT];   /* "" = none */
    char audit_syslog[CONFIG_TEXT]; /* "no", "yes", or the path of a socket */
    bool metrics_public;
    bool seccomp;
    bool allow_root; /* of the command line alone */
    enum host_log_level log_level;
    enum host_log_format log_format;
};

void config_defaults(struct config *config);

/* Adds what an INI file says (etc/otterd.conf shows every key). Unknown keys are errors; they name the line.
 */
bool config_read(struct config *config, const char *path, struct host_error *err);

/* The like from memory; `what` begins the messages. */
bool config_parse(struct config *config, const char *text, size_t len, const char *what,
                  struct host_error *err);

/* One more address; two of the same text are one that serves both. */
bool config_add_listen(struct config *config, const char *text, enum http_serves serves,
                       struct host_error *err);

/* A text of a key: one that a line of a file can hold. */
bool config_set_text(char place[CONFIG_TEXT], const char *value, struct host_error *err);

/* Sets one key as the file would. */
bool config_set(struct config *config, const char *section, const char *key, const char *value,
                struct host_error *err);

/* What cannot be judged key by key: addresses, plain HTTP off this machine. */
bool config_check(const struct config *config, struct host_error *err);

/* Does this address speak TLS? */
bool config_tls(const struct config *config, const struct http_address *address);

/* Are devices' tokens refused at this address, because plain_devices is there for them and the wire is not
 * ours? */
bool config_proofs_only(const struct config *config, const struct http_address *address);

/*
 * The keys that differ and that a reload does not take over, with spaces between ("limits.threads listen");
 * as many as there is room for.
 */
void config_changes(const struct config *a, const struct config *b, char *out, size_t cap);

/* The socket of [audit] syslog; NULL: none. */
const char *config_audit_syslog(const struct config *config);

/* All keys with their values, as a configuration file. */
void config_print(const struct config *config, FILE *out);

#endif
