/* sim: cuts the power in every flash operation (README of the table: tests/README.md). */
#include "memo.h"
#include "report.h"
#include "run.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 8u

struct options {
    const char *geometry, *phase;
    unsigned jobs;
    bool quick, no_dips;
    struct sim_plan plan;
};

static const char usage[] = "sim [--quick] [--jobs N] [--geometry NAME] [--phase NAME] [--operation N] "
                            "[--no-dips] [--until-failure]\n"
                            "--until-failure: succeeds at the first failure, fails if there is none.\n";

static void read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"quick", no_argument, NULL, 'q'},           {"jobs", required_argument, NULL, 'j'},
        {"geometry", required_argument, NULL, 'g'},  {"phase", required_argument, NULL, 'p'},
        {"operation", required_argument, NULL, 'o'}, {"no-dips", no_argument, NULL, 'd'},
        {"until-failure", no_argument, NULL, 'u'},   {0}};
    int c;

    memset(o, 0, sizeof(*o));
    o->jobs = 2;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        o->quick |= c == 'q';
        o->no_dips |= c == 'd';
        o->plan.stop_at_failure |= c == 'u';
        if (c == 'j')
            o->jobs = (unsigned)strtoul(optarg, NULL, 10);
        else if (c == 'g')
            o->geometry = optarg;
        else if (c == 'p')
            o->phase = optarg;
        else if (c == 'o')
            o->plan.only = strtoul(optarg, NULL, 10);
        else if (c == '?')
            o->jobs = 0;
    }
    if (optind < argc || o->jobs == 0 || o->jobs > JOBS_MAX) {
        fputs(usage, stderr);
        exit(2);
    }
}

/* How much of a phase is cut: on the scaled maps all of it; of the whole ones the cases are spread. */
static struct sim_plan plan_for(const struct options *o, const struct sim_geometry *g, unsigned part)
{
    struct sim_plan plan = o->plan;

    plan.part = part;
    plan.parts = o->jobs;
    plan.firsts = g->spread * 3 / 4 / SIM_PHASES;
    plan.seconds = g->spread > 0 ? g->spread / 4 / SIM_PHASES + 1 : 1000;
    plan.dips = g->spread > 0 ? 0 : 64;
    plan.tell = 5;
    if (o->quick) {
        plan.firsts = 40;
        plan.seconds = 20;
        plan.dips = 16;
    }
    if (o->no_dips)
        plan.dips = 0;
    return plan;
}

static bool is_wanted(const char *wish, const char *name)
{
    return wish == NULL || strcmp(wish, name) == 0;
}

/* All that one process does. */
static void work(const struct options *o, unsigned part, const struct sim_material *materials,
                 struct sim_report *report)
{
    for (unsigned g = 0; g < SIM_GEOMETRIES; g++) {
        struct sim_plan plan = plan_for(o, &sim_geometries[g], part);

        for (unsigned p = 0; p < SIM_PHASES && materials[g].geometry != NULL; p++) {
            if (!is_wanted(o->phase, sim_phases[p].name))
                continue;
            sim_run(&sim_phases[p], &materials[g], &plan, &report->result[g][p]);
            if (o->plan.stop_at_failure && report->result[g][p].failures > 0)
                return;
        }
    }
    report->asked = sim_checks_asked;
    report->computed = sim_checks_computed;
}

static bool write_all(int fd, const void *buf, size_t len)
{
    const char *p = buf;

    while (len > 0) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static bool read_all(int fd, void *buf, size_t len)
{
    char *p = buf;

    while (len > 0) {
        ssize_t n = read(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

/* A process a part, so that all cores have work; each tells what it found through a pipe. */
static bool run_parts(const struct options *o, const struct sim_material *materials,
                      struct sim_report *report)
{
    static struct sim_report of_part;
    int fd[JOBS_MAX][2];
    pid_t child[JOBS_MAX];
    bool ok = true;

    fflush(stdout);
    for (unsigned i = 0; i < o->jobs; i++) {
        if (pipe(fd[i]) != 0 || (child[i] = fork()) < 0) {
            perror("sim");
            exit(2);
        }
        if (child[i] == 0) {
            work(o, i, materials, &of_part);
            fflush(stdout);
            _exit(write_all(fd[i][1], &of_part, sizeof(of_part)) ? 0 : 2);
        }
        close(fd[i][1]);
    }
    for (unsigned i = 0; i < o->jobs; i++) {
        int status = 0;
        bool whole = read_all(fd[i][0], &of_part, sizeof(of_part));

        close(fd[i][0]);
        waitpid(child[i], &status, 0);
        if (!whole || status != 0)
            fprintf(stderr, "sim: part %u ended with status %d\n", i, status);
        ok &= whole && status == 0;
        if (whole)
            sim_report_add(report, &of_part);
    }
    return ok;
}

int main(int argc, char **argv)
{
    static struct sim_material materials[SIM_GEOMETRIES];
    static struct sim_report report;
    struct options o;
    bool ok;

    read_options(argc, argv, &o);
    for (unsigned g = 0; g < SIM_GEOMETRIES; g++)
        if (is_wanted(o.geometry, sim_geometries[g].name) &&
            (!o.quick || o.geometry != NULL || sim_geometries[g].spread == 0))
            sim_material_init(&materials[g], &sim_geometries[g]);
    ok = run_parts(&o, materials, &report);
    sim_report_print(&report, o.jobs);
    for (unsigned g = 0; g < SIM_GEOMETRIES; g++)
        sim_material_free(&materials[g]);
    if (!ok)
        return 2;
    return (sim_report_failures(&report) > 0) != o.plan.stop_at_failure;
}
