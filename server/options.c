#include "server/options.h"

#include <getopt.h>
#include <string.h>

#define DEFAULT_LISTEN "127.0.0.1:8480"

const char options_help[] =
    "Usage: otterd --data DIR [OPTION]...\n"
    "The update server of Otter. Everything it keeps is in DIR, which is made if it is absent.\n"
    "\n"
    "  --data DIR             data directory (database, blobs, keys)\n"
    "  --listen ADDR:PORT     listen here, or on unix:PATH; may be given again. Port 0 takes a free one.\n"
    "                         Default: 127.0.0.1:8480\n"
    "  --tls-cert FILE        certificate (PEM, with its chain): every TCP address then speaks TLS\n"
    "  --tls-key FILE         its key (PEM)\n"
    "  --port-file FILE       write the address really listened on there, once ready\n"
    "  --config FILE          configuration (see otterd.conf); options on the command line win\n"
    "  --check-config         check configuration and options, then end\n"
    "  --print-config         print the configuration in force, then end\n"
    "  --check-database       read all of the data directory (a running otterd goes on), say what is "
    "damaged,\n"
    "                         then end: 0 sound, 4 damaged\n"
    "  --restore BACKUP       make the data directory, absent or empty, from a backup, then end\n"
    "  --enable-admin         switch the operator of admin.token on again, when no other admin is left\n"
    "  --threads N            event loops; default: one a core\n"
    "  --poll-interval N      seconds between the polls of a device; default 3600, at least 5\n"
    "  --enrol WORDS          how devices come: registered, ask, fleet-key, certificate; several with\n"
    "                         commas between\n"
    "  --plain-devices        devices may prove themselves over plain HTTP (Otter-HMAC): no secret travels\n"
    "  --insecure-plain-http  allow addresses off this machine without TLS: tokens travel readable\n"
    "  --allow-root           run as root, which is refused otherwise\n"
    "  --log-level LEVEL      error, warning, info or debug\n"
    "  --log-format FORMAT    key-value or json\n"
    "  --version, --help\n"
    "\n"
    "OTTERD_ADMIN_TOKEN in the environment is the operators' token, instead of one that otterd makes. SIGHUP "
    "reads\n"
    "certificate, key, devices' CAs and CRLs, and log level again. OTTERD_ALLOW_ROOT=yes is --allow-root.\n"
    "Exit status: 0 stopped cleanly, 2 bad configuration, 3 address in use, 4 database damaged,\n"
    "5 database made by a newer otterd.\n";

enum otterd_option {
    OPT_DATA = 256,
    OPT_LISTEN,
    OPT_PORT_FILE,
    OPT_TLS_CERT,
    OPT_TLS_KEY,
    OPT_CONFIG,
    OPT_CHECK,
    OPT_PRINT,
    OPT_CHECK_DATABASE,
    OPT_RESTORE,
    OPT_ENABLE_ADMIN,
    OPT_THREADS,
    OPT_POLL_INTERVAL,
    OPT_ENROL,
    OPT_PLAIN_DEVICES,
    OPT_INSECURE,
    OPT_ALLOW_ROOT,
    OPT_LOG_LEVEL,
    OPT_LOG_FORMAT,
    OPT_VERSION,
    OPT_HELP
};

static const struct option long_options[] = {
    {"data", required_argument, NULL, OPT_DATA},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"port-file", required_argument, NULL, OPT_PORT_FILE},
    {"tls-cert", required_argument, NULL, OPT_TLS_CERT},
    {"tls-key", required_argument, NULL, OPT_TLS_KEY},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"check-config", no_argument, NULL, OPT_CHECK},
    {"print-config", no_argument, NULL, OPT_PRINT},
    {"check-database", no_argument, NULL, OPT_CHECK_DATABASE},
    {"restore", required_argument, NULL, OPT_RESTORE},
    {"enable-admin", no_argument, NULL, OPT_ENABLE_ADMIN},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"poll-interval", required_argument, NULL, OPT_POLL_INTERVAL},
    {"enrol", required_argument, NULL, OPT_ENROL},
    {"plain-devices", no_argument, NULL, OPT_PLAIN_DEVICES},
    {"insecure-plain-http", no_argument, NULL, OPT_INSECURE},
    {"allow-root", no_argument, NULL, OPT_ALLOW_ROOT},
    {"log-level", required_argument, NULL, OPT_LOG_LEVEL},
    {"log-format", required_argument, NULL, OPT_LOG_FORMAT},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

/* What an option sets, where it is the same as a key of the file. */
static const struct {
    int option;
    const char *section, *key;
    const char *value; /* NULL: the option's argument */
} as_key[] = {
    {OPT_DATA, "store", "data", NULL},
    {OPT_PORT_FILE, "listen", "port_file", NULL},
    {OPT_TLS_CERT, "tls", "cert", NULL},
    {OPT_TLS_KEY, "tls", "key", NULL},
    {OPT_THREADS, "limits", "threads", NULL},
    {OPT_POLL_INTERVAL, "poll", "interval", NULL},
    {OPT_ENROL, "devices", "enrol", NULL},
    {OPT_PLAIN_DEVICES, "devices", "plain", "yes"},
    {OPT_INSECURE, "listen", "insecure_plain_http", "yes"},
    {OPT_LOG_LEVEL, "log", "level", NULL},
    {OPT_LOG_FORMAT, "log", "format", NULL},
};

/* One pass over the command line. */
struct pass {
    struct config *config;
    enum options_then *then;
    bool file_only; /* the first pass looks for --config alone: the file comes before the other options */
    bool listen_given;
};

static bool apply_listen(struct pass *pass, const char *text, struct host_error *err)
{
    /* The first --listen replaces what the file says. */
    if (!pass->listen_given)
        pass->config->listens = 0;
    pass->listen_given = true;
    return config_add_listen(pass->config, text, HTTP_SERVES_ALL, err) || host_error_prefix(err, "--listen");
}

static bool apply(struct pass *pass, int option, const char *argument, struct host_error *err)
{
    switch (option) {
    case OPT_CONFIG:
        return !pass->file_only || config_read(pass->config, argument, err);
    case OPT_LISTEN:
        return pass->file_only || apply_listen(pass, argument, err);
    case OPT_CHECK:
        *pass->then = OPTIONS_CHECK;
        return true;
    case OPT_PRINT:
        *pass->then = OPTIONS_PRINT;
        return true;
    case OPT_CHECK_DATABASE:
        *pass->then = OPTIONS_CHECK_DATABASE;
        return true;
    case OPT_RESTORE:
        *pass->then = OPTIONS_RESTORE;
        return config_set_text(pass->config->restore, argument, err) || host_error_prefix(err, "--restore");
    case OPT_ENABLE_ADMIN:
        pass->config->enable_admin = true;
        return true;
    case OPT_ALLOW_ROOT:
        pass->config->allow_root = true;
        return true;
    case OPT_VERSION:
        *pass->then = OPTIONS_VERSION;
        return true;
    case OPT_HELP:
        *pass->then = OPTIONS_HELP;
        return true;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof as_key / sizeof as_key[0] && !pass->file_only; i++) {
        if (as_key[i].option == option)
            return config_set(pass->config, as_key[i].section, as_key[i].key,
                              as_key[i].value ? as_key[i].value : argument, err);
    }
    return true;
}

static bool run_pass(int argc, char *const *argv, struct pass *pass, struct host_error *err)
{
    int option;

    optind = 0; /* GNU: begin anew */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (option == ':')
            return host_fail(err, HOST_ERROR_FORMAT, "%s needs a value", argv[optind - 1]);
        if (option == '?')
            return host_fail(err, HOST_ERROR_FORMAT, "unknown option %s; otterd --help lists all",
                             argv[optind - 1]);
        if (!apply(pass, option, optarg, err))
            return false;
    }
    if (optind < argc)
        return host_fail(err, HOST_ERROR_FORMAT, "\"%s\" is no option; otterd --help lists all",
                         argv[optind]);
    return true;
}

/* A file may name an address for devices alone: operators then have the default one, and the other way round.
 */
static bool add_defaults(struct config *config, struct host_error *err)
{
    unsigned served = 0;

    for (unsigned i = 0; i < config->listens; i++)
        served |= (unsigned)config->listen[i].serves;
    for (unsigned kind = HTTP_SERVES_DEVICES; kind <= HTTP_SERVES_OPERATORS; kind <<= 1)
        if ((served & kind) == 0 && !config_add_listen(config, DEFAULT_LISTEN, (enum http_serves)kind, err))
            return false;
    return true;
}

bool options_read(int argc, char *const *argv, struct config *ret_config, enum options_then *ret_then,
                  struct host_error *err)
{
    struct config config;
    enum options_then then = OPTIONS_RUN;
    struct pass file = {.config = &config, .then = &then, .file_only = true};
    struct pass rest = {.config = &config, .then = &then};

    config_defaults(&config);
    if (!run_pass(argc, argv, &file, err) || !run_pass(argc, argv, &rest, err))
        return false;
    if (!add_defaults(&config, err))
        return false;
    if (then != OPTIONS_VERSION && then != OPTIONS_HELP && !config_check(&config, err))
        return false;
    if (then != OPTIONS_VERSION && then != OPTIONS_HELP && then != OPTIONS_PRINT && config.data[0] == '\0')
        return host_fail(err, HOST_ERROR_FORMAT, "--data DIR is needed: where otterd keeps everything");
    *ret_config = config;
    *ret_then = then;
    return true;
}
