#include "show_waiting.h"

#include "core/bytes.h"
#include "member.h"
#include "rollout_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 4u

struct reason {
    const char *name;
    uint64_t n;
};

/* The most frequent ones, then what the others are together. */
struct top {
    struct reason at[SHOWN];
    unsigned count;
    uint64_t others, others_n;
};

static bool before(const struct reason *a, const struct reason *b)
{
    return a->n > b->n || (a->n == b->n && strcmp(a->name, b->name) < 0);
}

static void add(struct top *top, struct reason r)
{
    unsigned i = 0;

    while (i < top->count && before(&top->at[i], &r))
        i++;
    for (; i < top->count; i++) {
        struct reason next = top->at[i];

        top->at[i] = r;
        r = next;
    }
    if (top->count < SHOWN) {
        top->at[top->count++] = r;
        return;
    }
    top->others++;
    top->others_n += r.n;
}

/* The name as people read it: a rule that grants is none that holds a device. */
static const char *shown_name(const char *name)
{
    return strcmp(name, "ok") == 0 ? "the next poll" : name;
}

static void put_top(FILE *to, const json_t *reasons)
{
    struct top top = {0};
    const char *name;
    json_t *count;

    json_object_foreach((json_t *)(uintptr_t)reasons, name, count)
        add(&top, (struct reason){name, cli_member_number(reasons, name)});
    for (unsigned i = 0; i < top.count; i++) {
        cli_put_shown(to, i > 0 ? ", " : "", shown_name(top.at[i].name));
        fprintf(to, " %" PRIu64, top.at[i].n);
    }
    if (top.others > 0)
        fprintf(to, ", %" PRIu64 " for %" PRIu64 " other%s", top.others_n, top.others,
                top.others > 1 ? "s" : "");
}

void cli_reasons_put(FILE *to, const char *label, const json_t *reasons)
{
    if (json_object_size(reasons) == 0)
        return;
    fprintf(to, "%-9s", label);
    put_top(to, reasons);
    fputc('\n', to);
}

void cli_waiting_put(FILE *to, const json_t *waiting)
{
    const json_t *rules = json_object_get(waiting, "rules");
    uint64_t fleet = cli_member_number(waiting, "fleet"), looked = cli_member_number(waiting, "looked_at");

    if (json_object_size(rules) == 0)
        return;
    fputs("wait for ", to);
    put_top(to, rules);
    if (looked < fleet)
        fprintf(to, " (of %" PRIu64 " of the fleet's %" PRIu64 " that were looked at)", looked, fleet);
    fputc('\n', to);
}
