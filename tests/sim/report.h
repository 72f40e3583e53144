/* What was cut, geometry by phase by kind of cut. */
#ifndef OTTER_TESTS_SIM_REPORT_H
#define OTTER_TESTS_SIM_REPORT_H

#include "run.h"

struct sim_report {
    struct sim_result result[SIM_GEOMETRIES][SIM_PHASES];
    uint64_t asked, computed; /* signature checks */
};

void sim_report_add(struct sim_report *report, const struct sim_report *part);
uint64_t sim_report_failures(const struct sim_report *report);
/*
 * A table for people, and a line for machines each:
 *   case <geometry> <phase> operations=N cases=N runs=N failures=N
 *   total operations=N cases=N runs=N failures=N checks=N computed=N
 */
void sim_report_print(const struct sim_report *report, unsigned jobs);

#endif
