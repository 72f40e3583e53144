#include "simulate.h"

#include "core/bytes.h"
#include "parse.h"
#include "plan_value.h"
#include "policy/moment.h"

#include <stdlib.h>
#include <string.h>

/* "5", "0.5%" as hundredths of a percent. */
static bool read_share(const char *text, uint16_t *ret)
{
    auto_json json_t *value = cli_plan_share(text);

    if (value == NULL)
        return false;
    *ret = (uint16_t)(json_number_value(value) * 100 + 0.5);
    return true;
}

/* "5%" or "5%:self-test". */
static bool read_reasoned(const char *text, uint16_t *ret, enum otter_status *ret_reason)
{
    const char *colon = strchr(text, ':');
    char share[16];
    int len = snprintf(share, sizeof(share), "%.*s", (int)(colon ? colon - text : (long)strlen(text)), text);
    enum otter_status reason =
        colon ? otter_status_find(colon + 1, (unsigned)strlen(colon + 1)) : *ret_reason;

    if (len >= (int)sizeof(share) || reason == OTTER_STATUS_COUNT || reason == OTTER_OK)
        return false;
    *ret_reason = reason;
    return read_share(share, ret);
}

static bool read_length(const char *text, uint32_t *ret)
{
    uint64_t seconds;

    if (!cli_parse_duration(text, &seconds) || seconds > UINT32_MAX)
        return false;
    *ret = (uint32_t)seconds;
    return true;
}

static bool take_bad(struct cli_sim *sim, const char *text)
{
    return read_reasoned(text, &sim->model.bad, &sim->model.bad_reason);
}

static bool take_flaky(struct cli_sim *sim, const char *text)
{
    return read_reasoned(text, &sim->model.flaky, &sim->model.flaky_reason);
}

static bool take_silent(struct cli_sim *sim, const char *text)
{
    return read_share(text, &sim->model.silent);
}

static bool take_sleepers(struct cli_sim *sim, const char *text)
{
    return read_share(text, &sim->model.sleepers);
}

static bool take_poll(struct cli_sim *sim, const char *text)
{
    return read_length(text, &sim->interval_s) && sim->interval_s >= 5 && sim->interval_s <= 86400;
}

static bool take_jitter(struct cli_sim *sim, const char *text)
{
    return read_length(text, &sim->model.jitter_s);
}

static bool take_download(struct cli_sim *sim, const char *text)
{
    return read_length(text, &sim->model.download_s);
}

static bool take_install(struct cli_sim *sim, const char *text)
{
    return read_length(text, &sim->model.install_s);
}

static bool take_operator(struct cli_sim *sim, const char *text)
{
    return read_length(text, &sim->model.operator_s);
}

static bool take_seed(struct cli_sim *sim, const char *text)
{
    return cli_parse_number(text, UINT64_MAX, false, &sim->model.seed);
}

static bool take_devices(struct cli_sim *sim, const char *text)
{
    uint64_t n;

    if (!cli_parse_number(text, CLI_SIM_DEVICES, false, &n) || n == 0)
        return false;
    sim->devices = (uint32_t)n;
    return true;
}

static bool take_size(struct cli_sim *sim, const char *text)
{
    return cli_parse_number(text, UINT32_MAX, true, &sim->size) && sim->size > 0;
}

static bool take_start(struct cli_sim *sim, const char *text)
{
    uint64_t seconds;

    if (policy_moment_parse(text, strlen(text), &sim->start))
        return true;
    if (!cli_parse_number(text, UINT32_MAX, false, &seconds))
        return false;
    sim->start = (int64_t)seconds;
    return true;
}

static bool take_for(struct cli_sim *sim, const char *text)
{
    uint32_t seconds;

    if (!read_length(text, &seconds) || seconds == 0 || seconds > 10u * 31536000u)
        return false;
    sim->until = seconds; /* from the start on: see cli_sim_options */
    return true;
}

static bool take_away(struct cli_sim *sim, const char *text)
{
    uint32_t seconds;

    if (!read_length(text, &seconds))
        return false;
    sim->away_s = seconds;
    return true;
}

struct whatifs {
    struct cli_piece piece;
    struct cli_sim *sim;
};

static bool one_whatif(struct cli_piece *piece, const char *text)
{
    struct cli_sim *sim = OTTER_CONTAINER_OF(piece, struct whatifs, piece)->sim;

    return sim->whatifs < CLI_SIM_WHATIFS && read_share(text, &sim->whatif[sim->whatifs++]);
}

static bool take_whatif(struct cli_sim *sim, const char *text)
{
    struct whatifs w = {.piece = {one_whatif}, .sim = sim};

    sim->whatifs = 0;
    return strcmp(text, "none") == 0 || cli_split(text, ',', &w.piece);
}

static const struct {
    const char *option;
    bool (*take)(struct cli_sim *sim, const char *text);
    const char *expected;
} rows[] = {
    {"bad", take_bad, "a percentage, or one and a reason, as 5% or 5%:self-test"},
    {"flaky", take_flaky, "a percentage, or one and a reason, as 2% or 2%:net-lost"},
    {"silent", take_silent, "a percentage from 0 to 100, as 0.5%"},
    {"sleepers", take_sleepers, "a percentage from 0 to 100, as 10%"},
    {"poll", take_poll, "5s to 1d"},
    {"jitter", take_jitter, "a duration, as 30s"},
    {"download", take_download, "a duration, as 5m"},
    {"install", take_install, "a duration, as 1m"},
    {"operator", take_operator, "a duration, as 2h"},
    {"seed", take_seed, "a number"},
    {"devices", take_devices, "a number from 1 to 1000000"},
    {"size", take_size, "bytes, as 512KiB"},
    {"start", take_start, "a time, as 2026-11-24T22:00:00Z"},
    {"for", take_for, "a duration up to 10 years, as 4w"},
    {"away", take_away, "a duration, as 7d"},
    {"what-if", take_whatif, "up to 8 percentages between commas, as 1%,5%,20%, or none"},
};

enum cli_exit cli_sim_options(struct cli_sim *sim)
{
    const char *what = NULL;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        const char *text = cli_arg(sim->args, rows[i].option);

        if (text != NULL && !rows[i].take(sim, text))
            return cli_fail(sim->cli, CLI_USAGE, "--%s %s: expected %s", rows[i].option, text,
                            rows[i].expected);
    }
    if (!sim_model_valid(&sim->model, &what))
        return cli_fail(sim->cli, CLI_USAGE, "--%s", what);
    sim->until += sim->start;
    return CLI_DONE;
}
