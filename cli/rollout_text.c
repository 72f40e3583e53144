#include "rollout_text.h"

#include "core/bytes.h"
#include "fold.h"
#include "frozen.h"
#include "member.h"
#include "show_plan.h"
#include "show_rollout.h"
#include "width.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INDENT 2u

/* The others are under way. */
static const struct state {
    const char *name, *color;
    bool stands;
} states[] = {
    {"complete", "\033[32m", true}, {"aborted", "\033[31m", true}, {"rolled-back", "\033[31m", true},
    {"halted", "\033[31m", true},   {"paused", "\033[33m", false},
};

static const struct state *state_of(const char *name)
{
    static const struct state under_way = {"", "\033[36m", false};

    for (size_t i = 0; i < OTTER_ARRAY_LEN(states); i++)
        if (strcmp(name, states[i].name) == 0)
            return &states[i];
    return &under_way;
}

bool cli_rollout_stands(const json_t *rollout)
{
    return state_of(cli_member_text(rollout, "state"))->stands;
}

const char *cli_state_color(const char *state)
{
    return state_of(state)->color;
}

void cli_put_shown(FILE *to, const char *before, const char *s)
{
    auto_free char *shown = cli_printable(s);

    if (shown != NULL && shown[0] != '\0')
        fprintf(to, "%s%s", before, shown);
}

void cli_put_padded(FILE *to, const char *s, size_t width)
{
    auto_free char *shown = cli_printable(s);
    size_t taken = shown != NULL ? cli_width(shown) : width;

    fprintf(to, "%s%*s", shown != NULL ? shown : "", (int)(taken < width ? width - taken : 0) + 2, "");
}

size_t cli_phases_width(const json_t *phases)
{
    const json_t *phase;
    size_t i, widest = 0;

    json_array_foreach(phases, i, phase)
    {
        char text[CLI_WIDTH_STR];

        cli_plan_width(phase, text);
        widest = cli_width(text) > widest ? cli_width(text) : widest;
    }
    return widest;
}

static void put_banner(FILE *to, const json_t *rollout, bool color)
{
    auto_free char *banner = cli_frozen_banner(rollout, color);

    if (banner != NULL)
        fprintf(to, "%s\n", banner);
}

void cli_rollout_head_put(FILE *to, const json_t *rollout, bool color)
{
    const char *state = cli_member_text(rollout, "state");

    put_banner(to, rollout, color);
    fprintf(to, "rollout %" PRIu64, cli_member_number(rollout, "id"));
    cli_put_shown(to, " ", cli_member_text(rollout, "name"));
    cli_put_shown(to, ": ", cli_member_text(rollout, "product"));
    cli_put_shown(to, " ", cli_member_text(rollout, "version"));
    cli_put_shown(to, " to ", cli_member_text(rollout, "target"));
    fputs(color ? ", " : "", to);
    cli_put_shown(to, color ? cli_state_color(state) : ", ", state);
    fprintf(to, "%s\n", color ? "\033[0m" : "");
}

static char *whole_text(const struct cli_picture *picture)
{
    char *out = NULL;
    size_t len;
    FILE *to = open_memstream(&out, &len);

    if (to == NULL)
        return NULL;
    picture->put(picture, to);
    if (fclose(to) != 0) {
        free(out);
        return NULL;
    }
    return out;
}

struct folded {
    struct cli_picture picture;
    const char *text;
    unsigned screen;
};

static void put_folded(const struct cli_picture *self, FILE *to)
{
    const struct folded *f = OTTER_CONTAINER_OF_CONST(self, struct folded, picture);

    cli_fold_print(to, f->text, f->screen, INDENT);
}

char *cli_picture_text(const struct cli_picture *picture, unsigned screen)
{
    auto_free char *text = whole_text(picture);
    const struct folded folded = {{put_folded}, text, screen};

    return text != NULL ? whole_text(&folded.picture) : NULL;
}
