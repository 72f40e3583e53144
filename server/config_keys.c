/* Every key of the configuration in one table: how it is read, bounded and printed. */
#include "server/config.h"

#include "core/bytes.h"
#include "host/ini.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NUMBER, SIZE, FLAG, LEVEL, FORMAT, ENROL };

/* Every key but the addresses. place points into the configuration that is read or printed. */
struct key {
    const char *section, *name;
    enum kind kind;
    void *place;
    uint64_t min, max;
    bool reloads; /* a SIGHUP takes it over */
};

#define KEYS 37u

static void keys_of(struct config *c, struct key keys[KEYS])
{
    const struct key table[KEYS] = {
        {"listen", "insecure_plain_http", FLAG, &c->insecure_plain_http, 0, 0, false},
        {"listen", "proxy_headers", FLAG, &c->proxy_headers, 0, 0, false},
        {"listen", "port_file", TEXT, c->port_file, 0, 0, false},
        {"tls", "cert", TEXT, c->tls_cert, 0, 0, true},
        {"tls", "key", TEXT, c->tls_key, 0, 0, true},
        {"tls", "device_ca", TEXT, c->tls_device_ca, 0, 0, true},
        {"tls", "device_crl", TEXT, c->tls_device_crl, 0, 0, true},
        {"tls", "device_name", TEXT, c->tls_device_name, 0, 0, true},
        {"tls", "tickets", FLAG, &c->tls_tickets, 0, 0, false},
        {"tls", "session_cache", NUMBER, &c->tls_session_cache, 0, 1000000, false},
        {"devices", "enrol", ENROL, &c->enrol, 0, 0, false},
        {"devices", "plain", FLAG, &c->plain_devices, 0, 0, false},
        {"store", "data", TEXT, c->data, 0, 0, false},
        {"store", "commit_wait_us", NUMBER, &c->commit_wait_us, 0, 100000, false},
        {"store", "disk_low", SIZE, &c->disk_low, 0, UINT64_C(1) << 50, false},
        {"blobs", "public", FLAG, &c->blobs_public, 0, 0, false},
        {"blobs", "max_size", SIZE, &c->max_blob, 1, UINT64_C(1) << 40, false},
        {"blobs", "mapped", SIZE, &c->map_max, 0, UINT64_C(1) << 40, false},
        {"poll", "interval", NUMBER, &c->poll_interval_s, 5, 86400, false},
        {"limits", "threads", NUMBER, &c->threads, 0, 256, false},
        {"limits", "connections", NUMBER, &c->connections, 16, 1000000, false},
        {"limits", "per_address", NUMBER, &c->per_address, 0, 1000000, false},
        {"limits", "device_rate", NUMBER, &c->device_rate, 0, 1000000, false},
        {"limits", "address_rate", NUMBER, &c->address_rate, 0, 1000000, false},
        {"limits", "wrong_tokens", NUMBER, &c->wrong_tokens, 0, 1000000, false},
        {"limits", "waiting", NUMBER, &c->waiting, 16, 1000000, false},
        {"limits", "idle_timeout", NUMBER, &c->idle_timeout_s, 1, 3600, false},
        {"limits", "drain", NUMBER, &c->drain_s, 0, 3600, false},
        {"events", "exec", TEXT, c->events_exec, 0, 0, false},
        {"events", "burst", NUMBER, &c->events_burst, 1, 1000000, false},
        {"events", "burst_window", NUMBER, &c->events_burst_window, 1, 86400, false},
        {"audit", "file", TEXT, c->audit_file, 0, 0, false},
        {"audit", "syslog", TEXT, c->audit_syslog, 0, 0, false},
        {"log", "level", LEVEL, &c->log_level, 0, 0, true},
        {"log", "format", FORMAT, &c->log_format, 0, 0, false},
        {"metrics", "public", FLAG, &c->metrics_public, 0, 0, false},
        {"hardening", "seccomp", FLAG, &c->seccomp, 0, 0, false},
    };

    memcpy(keys, table, sizeof table);
}

/* What a line of a file could not hold is not taken from the command line either. */
static bool stands_in_a_line(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)value[i] < ' ' || (value[i] == ';' && (i == 0 || value[i - 1] == ' ')))
            return false;
    }
    return value[0] != ' ' && value[len - 1] != ' ';
}

bool config_set_text(char place[CONFIG_TEXT], const char *value, struct host_error *err)
{
    size_t len = strlen(value);

    if (len == 0 || len >= CONFIG_TEXT)
        return host_fail(err, HOST_ERROR_FORMAT, "1 to %u bytes are taken", CONFIG_TEXT - 1);
    if (!stands_in_a_line(value, len))
        return host_fail(err, HOST_ERROR_FORMAT,
                         "\"%s\": no space at either end, no \" ;\" and no control character are taken",
                         value);
    memcpy(place, value, len + 1);
    return true;
}

static bool parse_number(const struct key *key, const char *value, uint64_t *ret, struct host_error *err)
{
    uint64_t n = 0;

    if (!otter_parse_uint(value, strlen(value), key->max, &n) || n < key->min)
        return host_fail(err, HOST_ERROR_FORMAT, "\"%s\" is no number from %" PRIu64 " to %" PRIu64, value,
                         key->min, key->max);
    *ret = n;
    return true;
}

/* Bytes, or KiB, MiB, GiB. */
static bool parse_size(const struct key *key, const char *value, uint64_t *ret, struct host_error *err)
{
    static const struct {
        const char *suffix;
        unsigned shift;
    } units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
    size_t digits = strspn(value, "0123456789");
    uint64_t n = 0;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(units); i++) {
        if (strcmp(value + digits, units[i].suffix) != 0)
            continue;
        if (!otter_parse_uint(value, digits, key->max >> units[i].shift, &n) ||
            n << units[i].shift < key->min)
            break;
        *ret = n << units[i].shift; /* n <= max >> shift */
        return true;
    }
    return host_fail(err, HOST_ERROR_FORMAT,
                     "\"%s\" is no size; write bytes, or 64MiB, at most %" PRIu64 " bytes", value, key->max);
}

static bool set_flag(bool *place, const char *value, struct host_error *err)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return host_fail(err, HOST_ERROR_FORMAT, "\"%s\" is neither yes nor no", value);
    *place = value[0] == 'y';
    return true;
}

/* registered is always so: the word stands for nothing else. */
static const struct {
    const char *word;
    unsigned bit;
} enrols[] = {{"registered", 0},
              {"ask", CONFIG_ENROL_ASK},
              {"fleet-key", CONFIG_ENROL_FLEET_KEY},
              {"certificate", CONFIG_ENROL_CERTIFICATE}};

static bool add_enrol(const char *word, size_t len, unsigned *bits)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(enrols); i++) {
        if (strlen(enrols[i].word) == len && memcmp(enrols[i].word, word, len) == 0) {
            *bits |= enrols[i].bit;
            return true;
        }
    }
    return false;
}

/* Words, with blanks or commas between. */
static bool set_enrol(unsigned *place, const char *value, struct host_error *err)
{
    unsigned bits = 0;

    for (const char *at = value; *at != '\0';) {
        size_t len = strcspn(at, " ,");

        if (len > 0 && !add_enrol(at, len, &bits))
            return host_fail(err, HOST_ERROR_FORMAT,
                             "\"%s\" is not made of the words registered, ask, fleet-key, certificate",
                             value);
        at += len + (at[len] != '\0');
    }
    *place = bits;
    return true;
}

static void print_enrol(const char *name, unsigned bits, FILE *out)
{
    fprintf(out, "%s = registered", name);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(enrols); i++)
        if (bits & enrols[i].bit)
            fprintf(out, " %s", enrols[i].word);
    fputs("\n", out);
}

static bool set_key(const struct key *key, const char *value, struct host_error *err)
{
    uint64_t n = 0;

    switch (key->kind) {
    case TEXT:
        return config_set_text(key->place, value, err);
    case NUMBER:
        if (!parse_number(key, value, &n, err))
            return false;
        *(uint32_t *)key->place = (uint32_t)n; /* every max is below 2^32 */
        return true;
    case SIZE:
        return parse_size(key, value, key->place, err);
    case FLAG:
        return set_flag(key->place, value, err);
    case LEVEL:
        return host_log_level_parse(value, key->place) ||
               host_fail(err, HOST_ERROR_FORMAT, "\"%s\" is none of error, warning, info, debug", value);
    case FORMAT:
        return host_log_format_parse(value, key->place) ||
               host_fail(err, HOST_ERROR_FORMAT, "\"%s\" is neither key-value nor json", value);
    case ENROL:
        return set_enrol(key->place, value, err);
    }
    return host_fail(err, HOST_ERROR_INTERNAL, "a key without kind");
}

bool config_set(struct config *config, const char *section, const char *name, const char *value,
                struct host_error *err)
{
    struct key keys[KEYS];

    if (strcmp(section, "listen") == 0 && strcmp(name, "device") == 0)
        return config_add_listen(config, value, HTTP_SERVES_DEVICES, err);
    if (strcmp(section, "listen") == 0 && strcmp(name, "operators") == 0)
        return config_add_listen(config, value, HTTP_SERVES_OPERATORS, err);
    keys_of(config, keys);
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
            return set_key(&keys[i], value, err) || host_error_prefix(err, "%s.%s", section, name);
    }
    return host_fail(err, HOST_ERROR_FORMAT,
                     "unknown key \"%s\" in section [%s]; otterd --print-config lists all", name, section);
}

static const char *flag_text(bool on)
{
    return on ? "yes" : "no";
}

/* One that is not set is shown, too, switched off; so is one that only the command line can give. */
static void print_text(const char *name, const char *text, FILE *out)
{
    size_t len = strlen(name) + strlen(" = \n") + strlen(text);

    if (len > HOST_INI_LINE_MAX)
        fprintf(out, ";%s = (%zu bytes, too long for a line of a file: give it as an option)\n", name,
                strlen(text));
    else if (text[0] == '\0')
        fprintf(out, ";%s =\n", name);
    else
        fprintf(out, "%s = %s\n", name, text);
}

static void print_key(const struct key *key, FILE *out)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    static const char *const formats[] = {"key-value", "json"};
    const void *place = key->place;

    switch (key->kind) {
    case TEXT:
        print_text(key->name, place, out);
        break;
    case NUMBER:
        fprintf(out, "%s = %" PRIu32 "\n", key->name, *(const uint32_t *)place);
        break;
    case SIZE:
        fprintf(out, "%s = %" PRIu64 "\n", key->name, *(const uint64_t *)place);
        break;
    case FLAG:
        fprintf(out, "%s = %s\n", key->name, flag_text(*(const bool *)place));
        break;
    case LEVEL:
        fprintf(out, "%s = %s\n", key->name, levels[*(const enum host_log_level *)place]);
        break;
    case FORMAT:
        fprintf(out, "%s = %s\n", key->name, formats[*(const enum host_log_format *)place]);
        break;
    case ENROL:
        print_enrol(key->name, *(const unsigned *)place, out);
        break;
    }
}

static bool same_value(const struct key *a, const struct key *b)
{
    switch (a->kind) {
    case TEXT:
        return strcmp(a->place, b->place) == 0;
    case NUMBER:
        return *(const uint32_t *)a->place == *(const uint32_t *)b->place;
    case SIZE:
        return *(const uint64_t *)a->place == *(const uint64_t *)b->place;
    case FLAG:
        return *(const bool *)a->place == *(const bool *)b->place;
    case LEVEL:
        return *(const enum host_log_level *)a->place == *(const enum host_log_level *)b->place;
    case FORMAT:
        return *(const enum host_log_format *)a->place == *(const enum host_log_format *)b->place;
    case ENROL:
        return *(const unsigned *)a->place == *(const unsigned *)b->place;
    }
    return false;
}

static bool same_listens(const struct config *a, const struct config *b)
{
    if (a->listens != b->listens)
        return false;
    for (unsigned i = 0; i < a->listens; i++) {
        if (a->listen[i].serves != b->listen[i].serves || strcmp(a->listen[i].text, b->listen[i].text) != 0)
            return false;
    }
    return true;
}

void config_changes(const struct config *a, const struct config *b, char *out, size_t cap)
{
    struct config copies[2] = {*a, *b};
    struct key of_a[KEYS], of_b[KEYS];
    size_t len = 0;

    keys_of(&copies[0], of_a);
    keys_of(&copies[1], of_b);
    len += (size_t)snprintf(out, cap, "%s%s", same_listens(a, b) ? "" : "listen",
                            (a->tls_cert[0] == '\0') == (b->tls_cert[0] == '\0') ? "" : " tls");
    for (unsigned i = 0; i < KEYS && len < cap; i++) {
        if (!of_a[i].reloads && !same_value(&of_a[i], &of_b[i]))
            len += (size_t)snprintf(out + len, cap - len, "%s%s.%s", len ? " " : "", of_a[i].section,
                                    of_a[i].name);
    }
}

static void print_listens(const struct config *config, FILE *out)
{
    for (unsigned i = 0; i < config->listens; i++) {
        if (config->listen[i].serves & HTTP_SERVES_DEVICES)
            fprintf(out, "device = %s\n", config->listen[i].text);
        if (config->listen[i].serves & HTTP_SERVES_OPERATORS)
            fprintf(out, "operators = %s\n", config->listen[i].text);
    }
}

void config_print(const struct config *config, FILE *out)
{
    static const char *const sections[] = {"listen", "tls",    "devices", "store", "blobs",   "poll",
                                           "limits", "events", "audit",   "log",   "metrics", "hardening"};
    struct config copy = *config;
    struct key keys[KEYS];

    keys_of(&copy, keys);
    for (size_t s = 0; s < OTTER_ARRAY_LEN(sections); s++) {
        fprintf(out, "%s[%s]\n", s ? "\n" : "", sections[s]);
        if (s == 0)
            print_listens(config, out);
        for (unsigned i = 0; i < KEYS; i++) {
            if (strcmp(keys[i].section, sections[s]) == 0)
                print_key(&keys[i], out);
        }
    }
}
