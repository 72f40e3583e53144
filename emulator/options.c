#include "options.h"

#include "client/url.h"
#include "core/bytes.h"
#include "core/names.h"

#include <string.h>

#define SPEED_MAX       100000u
#define CONCURRENCY_MAX 19000u
#define TIMEOUT_MAX     86400u
#define DEVICES_MAX     100000u
#define POOL_MAX        1000000u

/* Takes the value of an option that has one ("" for the others); false if it is malformed. */
typedef bool (*option_take)(struct emu_options *o, const char *value);

static bool take_number(const char *value, uint32_t max, uint32_t *ret)
{
    uint64_t number;

    if (!otter_parse_uint(value, strlen(value), max, &number) || number == 0)
        return false;
    *ret = (uint32_t)number;
    return true;
}

#define TAKE_TEXT(member)                                                                                    \
    static bool take_##member(struct emu_options *o, const char *value)                                      \
    {                                                                                                        \
        o->member = value;                                                                                   \
        return value[0] != '\0';                                                                             \
    }
#define TAKE_FLAG(member)                                                                                    \
    static bool take_##member(struct emu_options *o, const char *value)                                      \
    {                                                                                                        \
        (void)value;                                                                                         \
        o->member = true;                                                                                    \
        return true;                                                                                         \
    }
#define TAKE_NUMBER(member, max)                                                                             \
    static bool take_##member(struct emu_options *o, const char *value)                                      \
    {                                                                                                        \
        return take_number(value, (max), &o->member);                                                        \
    }

TAKE_TEXT(fleet)
TAKE_TEXT(factory_dir)
TAKE_TEXT(slot_a)
TAKE_TEXT(cacert)
TAKE_TEXT(fleet_key)
TAKE_TEXT(keep)
TAKE_TEXT(log)
TAKE_TEXT(inspect)
TAKE_TEXT(hardware)
TAKE_FLAG(until_idle)
TAKE_FLAG(json)
TAKE_FLAG(verbose)
TAKE_FLAG(quiet)
TAKE_FLAG(help)
TAKE_FLAG(version)
TAKE_NUMBER(speed, SPEED_MAX)
TAKE_NUMBER(concurrency, CONCURRENCY_MAX)
TAKE_NUMBER(timeout_s, TIMEOUT_MAX)
TAKE_NUMBER(devices, DEVICES_MAX)
TAKE_NUMBER(pool_mb, POOL_MAX)

static bool take_server(struct emu_options *o, const char *value)
{
    struct otter_url url;

    o->server = value;
    return otter_url_parse(value, &url);
}

static bool take_tls_name(struct emu_options *o, const char *value)
{
    o->tls_name = value;
    return otter_name_valid(value, strlen(value));
}

static bool take_expect(struct emu_options *o, const char *value)
{
    return emu_expect_parse(value, &o->expect);
}

static bool take_expect_reason(struct emu_options *o, const char *value)
{
    return emu_expect_reason_parse(value, &o->expect);
}

static bool take_expect_count(struct emu_options *o, const char *value)
{
    return take_number(value, DEVICES_MAX, &o->expect.count);
}

static bool take_fault(struct emu_options *o, const char *value)
{
    return emu_fault_parse(value, &o->fault);
}

static bool take_auth(struct emu_options *o, const char *value)
{
    o->auth_hmac = strcmp(value, "hmac") == 0;
    return o->auth_hmac || strcmp(value, "auto") == 0;
}

static bool take_crypto(struct emu_options *o, const char *value)
{
    o->openssl = strcmp(value, "openssl") == 0;
    return o->openssl || strcmp(value, "bearssl") == 0;
}

static bool take_sources(struct emu_options *o, const char *value)
{
    return emu_sources_parse(value, &o->sources);
}

static bool take_bad(struct emu_options *o, const char *value)
{
    return !o->bad.on && emu_bad_parse(value, &o->bad);
}

static bool take_drop_every(struct emu_options *o, const char *value)
{
    uint32_t bytes;

    if (!take_number(value, UINT32_MAX, &bytes))
        return false;
    o->fault.drop_every = bytes;
    return true;
}

/* The three ways to cut exclude each other. */
static bool take_a_cut(struct emu_options *o, enum emu_cut_kind kind, const char *value)
{
    return o->cut.kind == EMU_CUT_NONE && emu_cut_parse(kind, value, &o->cut);
}

static bool take_cut(struct emu_options *o, const char *value)
{
    return take_a_cut(o, EMU_CUT_AT, value);
}

static bool take_cut_range(struct emu_options *o, const char *value)
{
    return take_a_cut(o, EMU_CUT_RANGE, value);
}

static bool take_cut_spread(struct emu_options *o, const char *value)
{
    return take_a_cut(o, EMU_CUT_SPREAD, value);
}

static const struct option {
    const char *name;
    char letter;       /* 0 = none */
    const char *value; /* what the help calls it; NULL = the option has none */
    option_take take;
    const char *help;
} options[] = {
    {"fleet", 0, "FILE.jsonl", take_fleet, "devices, one a line: {\"id\",\"factory\",\"image\"}"},
    {"factory-dir", 0, "DIR", take_factory_dir, "devices, one for each factory data file DIR/*.bin"},
    {"devices", 0, "N", take_devices, "only the first N of them"},
    {"slot-a", 0, "IMAGE", take_slot_a,
     "signed image in slot A of new devices, unless the fleet file names one"},
    {"image", 0, "IMAGE", take_slot_a, "the same"},
    {"server", 0, "URL", take_server, "http://host[:port] or https://... instead of the factory data's"},
    {"cacert", 0, "FILE", take_cacert, "PEM or DER of the CA to trust instead of the factory data's"},
    {"fleet-key", 0, "FILE", take_fleet_key,
     "the product's key instead of the factory data's secret: devices enrol themselves at their first boot"},
    {"tls-name", 0, "NAME", take_tls_name, "name in the server's certificate, if not the URL's host"},
    {"auth", 0, "auto|hmac", take_auth,
     "how devices prove themselves: auto is Otter-HMAC over plain HTTP to another machine, else their token"},
    {"keep", 0, "DIR", take_keep, "flash files are kept there, and gone on with by the next run"},
    {"speed", 0, "N", take_speed, "the devices' clocks run N times faster (network waits are real)"},
    {"concurrency", 0, "N", take_concurrency, "devices awake, and sockets open, at once, at most (256)"},
    {"pool", 0, "MB", take_pool_mb,
     "room for the flash of all devices, where --keep does not keep it (8192)"},
    {"sources", 0, "NET/BITS", take_sources,
     "devices connect from addresses of this network, as 127.0.0.0/8"},
    {"crypto", 0, "bearssl|openssl", take_crypto,
     "which library computes hashes and signatures: the firmware's (bearssl), or a faster one; checks are "
     "the same"},
    {"expect", 0, "VERSION[:confirmed|:trial]", take_expect, "end when every device runs it; else exit 1"},
    {"expect-reason", 0, "NAME", take_expect_reason, "and has reported this refusal last"},
    {"expect-count", 0, "N", take_expect_count, "so many devices are enough"},
    {"timeout", 0, "SECONDS", take_timeout_s, "end after so many real seconds"},
    {"until-idle", 0, NULL, take_until_idle, "end when polls bring no device anything more"},
    {"fault", 0, "drop=P,corrupt=P,slow=BYTES_PER_S,seed=S", take_fault,
     "network faults, P a chance per receive"},
    {"drop-every", 0, "BYTES", take_drop_every, "lose the connection after so many bytes received"},
    {"cut", 0, "K", take_cut, "each device loses power in its flash operation K"},
    {"cut-range", 0, "FROM:TO:STEP", take_cut_range, "each device loses power again and again"},
    {"cut-spread", 0, "FROM:TO", take_cut_spread, "each device loses power once, at an operation of its own"},
    {"bad", 0, "VERSION:fail=P,hang=P,silent=P,seed=S", take_bad,
     "on P percent of the devices this version fails its self-test, hangs, or is never heard of after its "
     "reboot"},
    {"log", 0, "FILE", take_log, "one JSON object a line for each event"},
    {"verbose", 'v', NULL, take_verbose, "the same on standard error"},
    {"quiet", 'q', NULL, take_quiet, "no progress line"},
    {"json", 0, NULL, take_json, "summary (or what --inspect found) as JSON"},
    {"inspect", 0, "FLASH", take_inspect, "print what a flash file holds, and end"},
    {"hardware", 0, "NAME", take_hardware, "whose flash that is (nucleo-f429zi)"},
    {"help", 'h', NULL, take_help, "this text"},
    {"version", 0, NULL, take_version, "the program's version"},
};

static const struct option *find_option(const char *name, size_t len)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(options); i++)
        if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0)
            return &options[i];
    return NULL;
}

static const struct option *find_letter(const char *arg)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(options); i++)
        if (options[i].letter != 0 && arg[1] == options[i].letter && arg[2] == '\0')
            return &options[i];
    return NULL;
}

/* One option at argv[*at], with its value behind '=' or in the next argument; moves *at behind it. */
static bool parse_one(int argc, char *const *argv, int *at, struct emu_options *o, struct host_error *err)
{
    const char *arg = argv[*at];
    bool is_long = strncmp(arg, "--", 2) == 0;
    size_t len = is_long ? strcspn(arg + 2, "=") : 0;
    const struct option *option = is_long         ? find_option(arg + 2, len)
                                  : arg[0] == '-' ? find_letter(arg)
                                                  : NULL;
    const char *value = "";

    if (option == NULL)
        return host_fail(err, HOST_ERROR_FORMAT, "%s: no such option; see otter-emu --help", arg);
    (*at)++;
    if (is_long && arg[2 + len] == '=')
        value = arg + 2 + len + 1;
    else if (option->value != NULL && *at < argc)
        value = argv[(*at)++];
    else if (option->value != NULL)
        return host_fail(err, HOST_ERROR_FORMAT, "--%s: needs a value, %s", option->name, option->value);
    if (option->value == NULL && value[0] != '\0')
        return host_fail(err, HOST_ERROR_FORMAT, "--%s: takes no value", option->name);
    if (!option->take(o, value))
        return host_fail(err, HOST_ERROR_FORMAT, "--%s: \"%s\" is not %s, or does not go with the rest",
                         option->name, value, option->value != NULL ? option->value : "allowed");
    return true;
}

/* A device has no use for an address in a certificate. */
static bool is_nameless(const char *server)
{
    struct otter_url url;

    return server != NULL && otter_url_parse(server, &url) && url.tls && otter_host_is_address(url.host);
}

/* What one option says about the others. */
static bool check_together(const struct emu_options *o, struct host_error *err)
{
    if (o->inspect != NULL)
        return true;
    if ((o->fleet != NULL) == (o->factory_dir != NULL))
        return host_fail(err, HOST_ERROR_FORMAT, "name the devices by either --fleet or --factory-dir");
    if (o->expect.count > 0 && !emu_expect_any(&o->expect))
        return host_fail(err, HOST_ERROR_FORMAT, "--expect-count needs --expect or --expect-reason");
    if (is_nameless(o->server) && o->tls_name == NULL)
        return host_fail(
            err, HOST_ERROR_FORMAT,
            "--server %s: its host is an address, which no certificate is checked against; give the "
            "certificate's name with --tls-name",
            o->server);
    return true;
}

bool emu_options_parse(int argc, char *const *argv, struct emu_options *ret, struct host_error *err)
{
    struct emu_options o = {.speed = 1, .concurrency = 256, .pool_mb = 8192, .hardware = "nucleo-f429zi"};
    int at = 1;

    while (at < argc) {
        if (!parse_one(argc, argv, &at, &o, err))
            return false;
        if (o.help || o.version) {
            *ret = o;
            return true;
        }
    }
    if (!check_together(&o, err))
        return false;
    *ret = o;
    return true;
}

void emu_options_help(FILE *out)
{
    fputs("otter-emu: a fleet of emulated devices that runs the bootloader and updater of the firmware\n\n"
          "  otter-emu --fleet FILE.jsonl [--server URL] [--expect VERSION] [OPTION...]\n"
          "  otter-emu --inspect FLASH [--hardware NAME] [--json]\n\n",
          out);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];

        fprintf(out, "  %s%c%s--%s%s%s\n        %s\n", o->letter != 0 ? "-" : "",
                o->letter != 0 ? o->letter : ' ', o->letter != 0 ? ", " : "", o->name,
                o->value != NULL ? " " : "", o->value != NULL ? o->value : "", o->help);
    }
    fputs("\nWith --until-idle an expectation is judged at the end alone. Exit: 0 as expected, 1 otherwise, "
          "2 usage, "
          "5 local file.\n",
          out);
}
