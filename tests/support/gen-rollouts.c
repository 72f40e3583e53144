/*
 * Prints the generated parts of docs/rollouts.md, each behind a line "=== NAME": the members of a plan, the
 * refusals in the order of the decision, and what the server answers to operators.
 *
 * What is said here of a member is tried on the code that reads plans: the least and the most are taken, what
 * lies beyond them is refused, the default is the default; no member and no option is left out. Exit 1, and
 * what is wrong on standard error.
 */
#include "cli.h"
#include "explain_rules.h"
#include "plan.h"
#include "verbs.h"

#include "core/bytes.h"
#include "plan/plan_json.h"
#include "policy/decide.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

extern const struct cli_option cli_options_rollout_create[];

/* Needed beside the member that is tried. */
#define RAMP(start, factor, every)                                                                           \
    "{'per_minute':60,'ramp':{'start':" start ",'factor':" factor ",'every':" every "}}"
#define SITE(prefix, bytes)        "{'site':{'prefix':" prefix ",'bytes_per_second':" bytes "}}"
#define FIRST(member)              "{'phases':[{'percent':5," member ":%},100]}"
#define WINDOW(days, from, to)     "{'windows':[{'days':" days ",'from':" from ",'to':" to "}]}"
#define RETRY(reason, tries, wait) "{'retries':[{'reason':" reason ",'tries':" tries ",'wait':" wait "}]}"
#define DIGEST                     "'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'"
#define NAME64                     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
#define NAME65                     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
#define TRIED                      4u

/* One member. ' stands for ", % for the value that is tried. */
static const struct row {
    const char *path, *says, *value; /* value: type, unit and bounds, in words */
    const char *usual;               /* where plan_json of the default has nothing to show */
    const char *body;                /* NULL: read by rollout_draft.c, tried by the end-to-end tests */
    const char *taken[TRIED], *refused[TRIED];
} rows[] = {
    {"release", "what is rolled out", "in the API the digest; in a file also PRODUCT@VERSION, or VERSION",
     "needed"},
    {"target", "for which devices, see the language below", "up to 1,024 characters", "needed"},
    {"name", "what people call it", "`[A-Za-z0-9._+-]`, up to 64", "none"},
    {"priority", "where rollouts overlap, the higher one goes first; of equals the one of the higher number",
     "-1000 to 1000", "0"},
    {"phases",
     "the phases, see below; the last is always 100 percent",
     "1 to 16",
     "one of 100 percent",
     "{'phases':%}",
     {"[100]", "[5,25,100]", "[{'count':1},100]"},
     {"[]", "[50]", "[100,100]", "[25,5,100]"}},
    {"phases[].percent",
     "the devices whose place is below this share; a phase holds those before it",
     "whole, 1 to 100, rising",
     "one of percent, count, group",
     "{'phases':[{'percent':%},100]}",
     {"1", "99"},
     {"0", "0.5", "101", "100"}},
    {"phases[].count",
     "so many devices",
     "from 1, rising",
     "",
     "{'phases':[{'count':%},100]}",
     {"1", "4294967295"},
     {"0", "4294967296", "-1"}},
    {"phases[].group",
     "beside those before it, the devices of a saved group",
     "the group's name",
     "",
     "{'phases':[{'group':%},100]}",
     {"'lab'", NAME64},
     {"''", NAME65, "7"}},
    {"phases[].success",
     "the gate: so many of the finished must have succeeded",
     "percent, 0 to 100, two decimals",
     NULL,
     FIRST("'success'"),
     {"0", "99.55", "100"},
     {"-1", "100.01", "99.555"}},
    {"phases[].failure",
     "more lost than this is acted upon, as `on_failure` says",
     "percent, 0 to 100, two decimals",
     NULL,
     FIRST("'failure'"),
     {"0", "2.5", "100"},
     {"-1", "100.01"}},
    {"phases[].min_sample",
     "finished updates before `failure` is looked at; a smaller phase is its own sample",
     "from 1",
     NULL,
     FIRST("'min_sample'"),
     {"1", "4294967295"},
     {"0", "4294967296"}},
    {"phases[].soak",
     "how long a phase rests when it is through",
     "time, up to 365 days",
     NULL,
     FIRST("'soak'"),
     {"0", "'1h'", "31536000"},
     {"31536001", "'1'", "-1"}},
    {"phases[].gate",
     "who opens the next phase",
     "`manual`, `auto`",
     NULL,
     FIRST("'gate'"),
     {"'manual'", "'auto'"},
     {"'automatic'", "true"}},
    {"phases[].approval",
     "a second operator must approve the next phase",
     "true, false; not of the last phase",
     NULL,
     FIRST("'approval'"),
     {"true", "false"},
     {"'yes'", "1"}},
    {"auto",
     "the old form: all gates are `auto`",
     "true, false",
     "false",
     "{'phases':[5,100],'auto':%}",
     {"true", "false"},
     {"'yes'", "1"}},
    {"on_failure",
     "what is done when more is lost than `failure`",
     "`warn`, `halt`, `rollback`",
     NULL,
     "{'on_failure':%,'rollback_release':" DIGEST "}",
     {"'warn'", "'halt'", "'rollback'"},
     {"'stop'", "1"}},
    {"rollback_release",
     "the release to go back with: published, of a higher sequence, an image for each slot, "
     "a security counter not below",
     "like `release`",
     "none",
     "{'rollback_release':%}",
     {DIGEST},
     {"'1.2.0'"}},
    {"join",
     "devices that come to match while it runs take part",
     "true, false",
     NULL,
     "{'join':%}",
     {"true", "false"},
     {"'yes'", "0"}},
    {"allow_downgrade",
     "also devices that run a higher version",
     "true, false",
     NULL,
     "{'allow_downgrade':%}",
     {"true", "false"},
     {"'yes'", "0"}},
    {"max_active",
     "updates under way at one time",
     "devices; 0: no bound",
     NULL,
     "{'max_active':%}",
     {"0", "4294967295"},
     {"-1", "4294967296", "1.5"}},
    {"per_minute",
     "devices granted in a minute",
     "devices; 0: no bound",
     NULL,
     "{'per_minute':%}",
     {"0", "4294967295"},
     {"-1", "4294967296", "1.5"}},
    {"ramp",
     "how `per_minute` is come to",
     "all of the three, and `per_minute`",
     "at once",
     "{'per_minute':60,'ramp':%}",
     {"{'start':1,'factor':2,'every':60}"},
     {"{}", "{'start':1,'factor':2}", "7"}},
    {"ramp.start",
     "devices a minute at first",
     "1 to `per_minute`",
     "",
     RAMP("%", "2", "60"),
     {"1", "60"},
     {"0", "61"}},
    {"ramp.factor",
     "times so much",
     "above 1, up to 100, two decimals",
     "",
     RAMP("1", "%", "60"),
     {"1.01", "100"},
     {"1", "100.01", "0.5"}},
    {"ramp.every",
     "at the end of each",
     "time, 1 second to 30 days",
     "",
     RAMP("1", "2", "%"),
     {"1", "'30d'"},
     {"0", "'31d'"}},
    {"bytes_per_second",
     "bytes of images, over all devices of this rollout, by admission: an uplink sees the sum of the "
     "rollouts "
     "that run",
     "bytes a second, up to 10^12; 0: no bound",
     NULL,
     "{'bytes_per_second':%}",
     {"0", "1000000000000"},
     {"-1", "1000000000001"}},
    {"site",
     "the like for each site",
     "both",
     "none",
     "{'site':%}",
     {"{'prefix':'site-','bytes_per_second':1}"},
     {"{}", "7"}},
    {"site.prefix",
     "a device's site is its first tag that begins so",
     "1 to 64 characters",
     "",
     SITE("%", "1"),
     {"'s'", NAME64},
     {"''", NAME65}},
    {"site.bytes_per_second",
     "bytes of images a second, at each",
     "1 to 10^12",
     "",
     SITE("'s'", "%"),
     {"1", "1000000000000"},
     {"0", "1000000000001"}},
    {"not_before",
     "no grant before",
     "moment",
     "none",
     "{'not_before':%}",
     {"0", "1795000000", "253402300799", "'2026-11-24T22:00:00+01:00'"},
     {"-1", "253402300800", "'tomorrow'"}},
    {"not_after",
     "no grant from then on; updates under way end",
     "moment, after `not_before`",
     "none",
     "{'not_before':1795000000,'not_after':%}",
     {"1795000001"},
     {"1795000000", "'tomorrow'"}},
    {"tz",
     "whose clock the windows go by where a device has no attribute `tz`",
     "IANA zone of the server's tzdata",
     "UTC",
     "{'tz':%}",
     {"'Europe/Berlin'"},
     {"7", NAME65}},
    {"windows",
     "grants only within one of them",
     "up to 8",
     "at any time",
     "{'windows':%}",
     {"[]"},
     {"7", "[7]"}},
    {"windows[].days",
     "on which it begins",
     "`\"all\"`, or of `mon` to `sun`",
     "all",
     WINDOW("%", "'22:00'", "'05:00'"),
     {"'all'", "['mon','sun']"},
     {"[]", "['monday']", "'mon'"}},
    {"windows[].from",
     "local time",
     "00:00 to 23:59",
     "needed",
     WINDOW("'all'", "%", "'05:00'"),
     {"'00:00'", "'23:59'"},
     {"'24:00'", "'7:00'", "1320"}},
    {"windows[].to",
     "not above `from`: it ends on the day after",
     "00:00 to 24:00",
     "needed",
     WINDOW("'all'", "'22:00'", "%"),
     {"'00:00'", "'24:00'", "'22:00'"},
     {"'24:01'", "'5:00'"}},
    {"deadline",
     "of an update from its grant, in time in which otterd served; lost after that",
     "time, up to 365 days; 0: none",
     NULL,
     "{'deadline':%}",
     {"0", "'365d'"},
     {"-1", "31536001"}},
    {"silence",
     "of a device that is installing; lost after that, and after 3 poll intervals at least",
     "time, up to 365 days; 0: none",
     NULL,
     "{'silence':%}",
     {"0", "'365d'"},
     {"-1", "31536001"}},
    {"retries", "which lost updates are repeated", "up to 8", "none", "{'retries':%}", {"[]"}, {"7", "[7]"}},
    {"retries[].reason",
     "those that were lost for this reason; `*`: for any other",
     "a name of protocol.md, each once",
     "needed",
     RETRY("%", "1", "60"),
     {"'*'", "'self-test'"},
     {"'power'", "7"}},
    {"retries[].tries", "so often", "1 to 16", "needed", RETRY("'*'", "%", "60"), {"1", "16"}, {"0", "17"}},
    {"retries[].wait",
     "after that; doubled each time",
     "time, up to 30 days",
     "0",
     RETRY("'*'", "1", "%"),
     {"0", "'30d'"},
     {"-1", "'31d'"}},
};

static unsigned wrong;

static void __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fputs("gen-rollouts: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    wrong++;
}

static bool taken(const struct row *row, const char *value, struct host_error *err)
{
    char text[512];
    struct policy_plan plan;
    size_t len = 0;
    auto_json json_t *body = NULL;

    for (const char *s = row->body; *s != '\0'; s++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, *s == '%' ? "%s" : "%.1s",
                                *s == '%' ? value : s);
    for (size_t i = 0; i < len; i++)
        text[i] = text[i] == '\'' ? '"' : text[i];
    body = json_loads(text, 0, NULL);
    if (body == NULL) {
        complain("%s: %s is no JSON", row->path, text);
        return false;
    }
    return plan_parse(body, &plan, err) == OTTER_OK;
}

static void try_bounds(const struct row *row)
{
    struct host_error err = {0};

    for (size_t i = 0; row->body != NULL && i < TRIED && row->taken[i] != NULL; i++)
        if (!taken(row, row->taken[i], &err))
            complain("%s: %s is refused: %s", row->path, row->taken[i], err.message);
    for (size_t i = 0; row->body != NULL && i < TRIED && row->refused[i] != NULL; i++)
        if (taken(row, row->refused[i], &err))
            complain("%s: %s is taken", row->path, row->refused[i]);
}

/* "phases[].soak" as the API writes a path of it: "phases[0].soak". */
static void path_of(const char *path, char out[64])
{
    const char *brackets = strstr(path, "[]");

    if (brackets == NULL)
        snprintf(out, 64, "%s", path);
    else
        snprintf(out, 64, "%.*s[0]%s", (int)(brackets - path), path, brackets + 2);
}

static const char *option_of(const struct row *row)
{
    char path[64];

    if (strcmp(row->path, "auto") == 0)
        return "auto";
    path_of(row->path, path);
    return cli_plan_option_of(path);
}

static const json_t *usual_of(const json_t *plan, const char *path)
{
    const char *dot = strstr(path, "[].");

    if (dot != NULL)
        return json_object_get(json_array_get(json_object_get(plan, "phases"), 0), dot + 3);
    return json_object_get(plan, path);
}

/* The default: as the code has it, or in words. */
static void print_usual(const json_t *plan, const struct row *row)
{
    const json_t *value = usual_of(plan, row->path);
    auto_free char *text = NULL;

    if (row->usual != NULL) {
        fputs(row->usual, stdout);
        return;
    }
    text = json_dumps(value, JSON_ENCODE_ANY);
    if (text == NULL || json_is_null(value))
        complain("%s has no default: say so in words", row->path);
    else if (json_is_string(value))
        fputs(json_string_value(value), stdout);
    else
        fputs(text, stdout);
}

static void print_members(const json_t *plan)
{
    printf("=== plan\n| member | option | what it says | value | if absent |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const char *option = option_of(&rows[i]);

        try_bounds(&rows[i]);
        printf("| `%s` | %s%s%s | %s | %s | ", rows[i].path, option != NULL ? "`--" : "",
               option != NULL ? option : "", option != NULL ? "`" : "", rows[i].says, rows[i].value);
        print_usual(plan, &rows[i]);
        printf(" |\n");
    }
}

static bool is_row(const char *path)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].path, path) == 0)
            return true;
    return false;
}

/* Each member that the code writes is one of the rows. */
static void find_members(const json_t *json, const char *before)
{
    json_t *object = (json_t *)(uintptr_t)json; /* jansson's iteration takes no const, and changes nothing */
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        char path[128];

        snprintf(path, sizeof(path), "%s%s", before, name);
        if (!is_row(path))
            complain("%s is missing", path);
        snprintf(path, sizeof(path), "%s%s%s", before, name, json_is_array(value) ? "[]." : ".");
        find_members(json_is_array(value) ? json_array_get(value, 0) : value, path);
    }
}

static void find_options(void)
{
    for (const struct cli_option *option = cli_options_rollout_create; option->name != NULL; option++) {
        bool found = strcmp(option->name, "plan") == 0;

        for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++)
            found = found || (option_of(&rows[i]) != NULL && strcmp(option_of(&rows[i]), option->name) == 0);
        if (!found)
            complain("--%s is missing", option->name);
    }
}

/* A plan that says something of everything. */
static void look_for_what_is_missing(void)
{
    static const char full[] = "{\"phases\":[{\"count\":1},{\"group\":\"g\"},100],\"per_minute\":9,\"ramp\":{"
                               "\"start\":1,\"factor\":2,"
                               "\"every\":1},\"site\":{\"prefix\":\"s\",\"bytes_per_second\":1},\"windows\":["
                               "{\"from\":\"00:00\",\"to\":"
                               "\"01:00\"}],\"retries\":[{\"reason\":\"*\",\"tries\":1,\"wait\":1}]}";
    auto_json json_t *body = json_loads(full, 0, NULL), *shown = NULL;
    struct host_error err = {0};
    struct policy_plan plan;

    if (plan_parse(body, &plan, &err) != OTTER_OK || (shown = plan_json(&plan)) == NULL)
        complain("the full plan: %s", err.message);
    find_members(shown, "");
    find_options();
}

static const char *lasting(enum otter_status status)
{
    if (policy_refusal_passes(status))
        return "passes by itself";
    return policy_refusal_lasts(status) ? "lasts: no phase waits for the device" : "waits";
}

static void print_refusals(void)
{
    printf("=== refusals\n| | refusal | meaning | how long | what has to change |\n|---|---|---|---|---|\n");
    for (unsigned i = 0; policy_refusal_at(i) != OTTER_OK; i++) {
        enum otter_status status = policy_refusal_at(i);
        auto_json json_t *rollout =
            json_pack("{s:s, s:i, s:i}", "rule", otter_status_name(status), "id", 7, "phase", 3);
        auto_free char *sentence = cli_explain_sentence(rollout, "dev-17");

        if (!cli_explain_knows(otter_status_name(status)))
            complain("cli/explain_rules.c has no sentence for %s", otter_status_name(status));
        printf("| %u | `%s` | %s | %s | %s |\n", i + 1, otter_status_name(status),
               otter_status_meaning(status), lasting(status), sentence);
    }
}

static void print_answers(void)
{
    printf("=== answers\n| code | meaning | what to do |\n|---|---|---|\n");
    for (unsigned i = 0; i < OTTER_STATUS_COUNT; i++) {
        enum otter_status status = (enum otter_status)i;
        const char *hint = cli_hint(otter_status_name(status));

        if (hint != NULL)
            printf("| `%s` | %s | %s |\n", otter_status_name(status), otter_status_meaning(status), hint);
    }
}

int main(void)
{
    auto_json json_t *plan = NULL;
    struct policy_plan usual;

    policy_plan_default(&usual);
    plan = plan_json(&usual);
    print_members(plan);
    look_for_what_is_missing();
    print_refusals();
    print_answers();
    return wrong == 0 && fflush(stdout) == 0 ? 0 : 1;
}
