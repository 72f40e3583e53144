/* The curve as a picture: one file that needs no other, in colours that print. */
#include "simulate.h"

#include "core/bytes.h"
#include "host/file.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH  960
#define HEIGHT 420
#define LEFT   70
#define RIGHT  20
#define TOP    50
#define BOTTOM 50

struct picture {
    FILE *to;
    const struct cli_sim *sim;
    const struct sim_result *r;
    int64_t from, until;
    uint32_t most;
};

static double x_of(const struct picture *p, int64_t at)
{
    return LEFT + (double)(at - p->from) * (WIDTH - LEFT - RIGHT) / (double)(p->until - p->from);
}

static double y_of(const struct picture *p, uint32_t devices)
{
    return HEIGHT - BOTTOM - (double)devices * (HEIGHT - TOP - BOTTOM) / p->most;
}

static const char style[] =
    "<style>text{font:12px sans-serif;fill:#333}.title{font-size:15px}.axis{stroke:#999;fill:none}"
    ".grid{stroke:#e4e4e4}.window{fill:#eef4fb}.phase{stroke:#555;stroke-dasharray:4 3}"
    ".updated{stroke:#1a7f37;stroke-width:2;fill:none}.lost{stroke:#c62828;stroke-width:2;fill:none}"
    ".granted{stroke:#1565c0;stroke-width:1;fill:none}.end{stroke:#c62828}</style>\n";

static void head(const struct picture *p)
{
    char at[CLI_TIME_STR], after[CLI_SIM_SPAN];

    cli_time_format((uint64_t)p->r->decided, at);
    cli_sim_span((uint64_t)(p->r->decided - p->sim->start), after);
    fprintf(p->to,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">\n%s"
            "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
            "<text class=\"title\" x=\"%d\" y=\"22\">%lu devices: %s at %s, after %s</text>\n"
            "<text x=\"%d\" y=\"40\"><tspan fill=\"#1565c0\">granted</tspan> "
            "<tspan fill=\"#1a7f37\">updated</tspan> <tspan fill=\"#c62828\">lost</tspan></text>\n",
            WIDTH, HEIGHT, style, WIDTH, HEIGHT, LEFT, (unsigned long)p->r->targeted,
            sim_outcome_name(p->r->outcome), at, after, LEFT);
}

/* When windows are open by the plan's zone; where there are none, nothing is shaded. */
static void windows(const struct picture *p)
{
    const struct policy_plan *plan = &p->sim->plan;
    const struct policy_zone *zone = &policy_zone_utc;

    for (unsigned i = 0; plan->zone[0] && i < p->sim->fleet.zones; i++)
        if (strcmp(host_zone_name(p->sim->fleet.zone[i].host), plan->zone) == 0)
            zone = &p->sim->fleet.zone[i].zone;
    for (int64_t t = p->from; plan->window_count > 0 && t < p->until;) {
        struct policy_when when = policy_windows_at(plan->window, plan->window_count, zone, t);
        int64_t end = when.changes_at == 0 || when.changes_at > p->until ? p->until : when.changes_at;

        if (when.open)
            fprintf(p->to, "<rect class=\"window\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n",
                    x_of(p, t), TOP, x_of(p, end) - x_of(p, t), HEIGHT - TOP - BOTTOM);
        t = end;
    }
}

static void axes(const struct picture *p)
{
    for (unsigned i = 0; i <= 4; i++) {
        uint32_t devices = (uint32_t)((uint64_t)p->most * i / 4);
        double y = y_of(p, devices);

        fprintf(p->to,
                "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%lu</text>\n",
                LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4, (unsigned long)devices);
    }
    for (unsigned i = 0; i <= 4; i++) {
        int64_t at = p->from + (p->until - p->from) * i / 4;
        char text[CLI_TIME_STR];

        cli_time_format((uint64_t)at, text);
        text[16] = '\0'; /* to the minute */
        fprintf(p->to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x_of(p, at),
                HEIGHT - BOTTOM + 20,
                i == 0   ? "start"
                : i == 4 ? "end"
                         : "middle",
                text);
    }
    fprintf(p->to, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT);
}

static void phases(const struct picture *p)
{
    for (unsigned i = 0; i < p->r->phase; i++) {
        double x = x_of(p, p->r->of[i].opened);

        fprintf(p->to, "<path class=\"phase\" d=\"M%.1f %dV%d\"/><text x=\"%.1f\" y=\"%d\">%u</text>\n", x,
                TOP, HEIGHT - BOTTOM, x + 4, TOP + 12, i + 1);
    }
    if (p->r->outcome != SIM_COMPLETE)
        fprintf(p->to, "<path class=\"end\" d=\"M%.1f %dV%d\"/>\n", x_of(p, p->r->decided), TOP,
                HEIGHT - BOTTOM);
}

static uint32_t granted_of(const struct sim_point *q)
{
    return q->granted;
}

static uint32_t updated_of(const struct sim_point *q)
{
    return q->updated;
}

static uint32_t lost_of(const struct sim_point *q)
{
    return q->lost;
}

/* Steps: between two points nothing is known to have happened. */
static void line(const struct picture *p, const char *class, uint32_t (*of)(const struct sim_point *q))
{
    fprintf(p->to, "<path class=\"%s\" d=\"", class);
    for (unsigned i = 0; i < p->r->points; i++) {
        const struct sim_point *q = &p->r->point[i];

        if (i == 0)
            fprintf(p->to, "M%.1f %.1f", x_of(p, q->at), y_of(p, of(q)));
        else
            fprintf(p->to, "H%.1fV%.1f", x_of(p, q->at), y_of(p, of(q)));
    }
    fputs("\"/>\n", p->to);
}

static void draw(const struct picture *p)
{
    head(p);
    windows(p);
    axes(p);
    phases(p);
    line(p, "granted", granted_of);
    line(p, "updated", updated_of);
    line(p, "lost", lost_of);
    fputs("</svg>\n", p->to);
}

enum cli_exit cli_sim_svg(const struct cli_sim *sim, const struct sim_result *result, const char *path)
{
    struct picture p = {.sim = sim, .r = result, .from = sim->start};
    struct host_error err = {0};
    auto_free char *text = NULL;
    size_t len = 0;

    p.until = result->ended > result->decided ? result->ended : result->decided;
    p.until = p.until > p.from ? p.until : p.from + 1;
    p.most = result->targeted ? result->targeted : 1;
    p.to = open_memstream(&text, &len);
    if (p.to == NULL)
        return cli_fail_memory(sim->cli);
    draw(&p);
    if (fclose(p.to) != 0)
        return cli_fail_memory(sim->cli);
    return host_file_write(path, text, len, 0644, HOST_FILE_REPLACE, &err) ? CLI_DONE
                                                                           : cli_fail_error(sim->cli, &err);
}
