#include "report.h"

#include <inttypes.h>
#include <stdio.h>

void sim_report_add(struct sim_report *report, const struct sim_report *part)
{
    for (unsigned g = 0; g < SIM_GEOMETRIES; g++)
        for (unsigned p = 0; p < SIM_PHASES; p++) {
            struct sim_result *to = &report->result[g][p];
            const struct sim_result *from = &part->result[g][p];

            if (from->operations > to->operations)
                to->operations = from->operations;
            to->failures += from->failures;
            for (unsigned k = 0; k < SIM_KINDS; k++) {
                to->kind[k].operations += from->kind[k].operations;
                to->kind[k].runs += from->kind[k].runs;
                to->kind[k].cases += from->kind[k].cases;
                to->kind[k].failures += from->kind[k].failures;
            }
        }
    report->asked += part->asked;
    report->computed += part->computed;
}

static struct sim_tally sum(const struct sim_result *r)
{
    struct sim_tally t = {.operations = r->operations, .failures = r->failures};

    for (unsigned k = 0; k < SIM_KINDS; k++) {
        t.runs += r->kind[k].runs;
        t.cases += r->kind[k].cases;
    }
    return t;
}

uint64_t sim_report_failures(const struct sim_report *report)
{
    uint64_t n = 0;

    for (unsigned g = 0; g < SIM_GEOMETRIES; g++)
        for (unsigned p = 0; p < SIM_PHASES; p++)
            n += report->result[g][p].failures;
    return n;
}

/* Operations so cut, and cases; failures, if any. */
static void print_kinds(const struct sim_geometry *g, const struct sim_phase *phase,
                        const struct sim_result *r)
{
    printf("%-16s %-16s %6" PRIu64, g->name, phase->name, r->operations);
    for (unsigned k = 0; k < SIM_KINDS; k++) {
        const struct sim_tally *t = &r->kind[k];

        if (t->failures > 0)
            printf(" %5" PRIu64 ":%-5" PRIu64 "!%" PRIu64, t->operations, t->cases, t->failures);
        else if (t->runs > 0)
            printf(" %5" PRIu64 ":%-5" PRIu64, t->operations, t->cases);
        else
            printf(" %5s%6s", "-", "");
    }
    printf("\n");
}

static bool was_run(const struct sim_result *r)
{
    return r->operations > 0 || r->failures > 0;
}

void sim_report_print(const struct sim_report *report, unsigned jobs)
{
    struct sim_tally total = {0};

    printf("%-16s %-16s %6s", "geometry", "phase", "ops");
    for (unsigned k = 0; k < SIM_KINDS; k++)
        printf(" %11s", sim_kind_names[k]);
    printf("\n(each kind: operations cut so:cases)\n");
    for (unsigned g = 0; g < SIM_GEOMETRIES; g++)
        for (unsigned p = 0; p < SIM_PHASES; p++)
            if (was_run(&report->result[g][p]))
                print_kinds(&sim_geometries[g], &sim_phases[p], &report->result[g][p]);
    for (unsigned g = 0; g < SIM_GEOMETRIES; g++)
        for (unsigned p = 0; p < SIM_PHASES; p++) {
            struct sim_tally t = sum(&report->result[g][p]);

            if (!was_run(&report->result[g][p]))
                continue;
            printf("case %s %s operations=%" PRIu64 " cases=%" PRIu64 " runs=%" PRIu64 " failures=%" PRIu64
                   "\n",
                   sim_geometries[g].name, sim_phases[p].name, t.operations, t.cases, t.runs, t.failures);
            total.operations += t.operations;
            total.cases += t.cases;
            total.runs += t.runs;
            total.failures += t.failures;
        }
    printf("total operations=%" PRIu64 " cases=%" PRIu64 " runs=%" PRIu64 " failures=%" PRIu64
           " checks=%" PRIu64 " computed=%" PRIu64 " jobs=%u\n",
           total.operations, total.cases, total.runs, total.failures, report->asked, report->computed, jobs);
}
