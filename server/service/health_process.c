/* /metrics, the part about the process: the names that Prometheus' own libraries use, where they know one. */
#include "service/internal.h"

#include "core/bytes.h"
#include "host/cleanup.h"
#include "host/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double seconds_of(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static uint64_t open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t n = 0;

    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

/* The second number of the line: pages. */
static uint64_t resident(void)
{
    auto_file FILE *f = fopen("/proc/self/statm", "re");
    char line[128];
    uint64_t pages = 0;
    const char *at = f && fgets(line, sizeof(line), f) ? strchr(line, ' ') : NULL;

    if (!at || !otter_parse_uint(at + 1, strcspn(at + 1, " "), UINT32_MAX, &pages))
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void metrics_put_process(struct svc *svc, struct metrics_text *t)
{
    static const struct metrics_family build = {"otter_build_info", METRICS_GAUGE,
                                                "1, with otterd's version."};
    static const struct metrics_family start = {"process_start_time_seconds", METRICS_GAUGE,
                                                "When this otterd started, in Unix seconds."};
    static const struct metrics_family uptime = {"otter_uptime_seconds", METRICS_GAUGE,
                                                 "Since then, by the clock that never steps."};
    static const struct metrics_family cpu = {"process_cpu_seconds_total", METRICS_COUNTER,
                                              "Processor time spent, by user and system."};
    static const struct metrics_family memory = {"process_resident_memory_bytes", METRICS_GAUGE,
                                                 "Memory in use."};
    static const struct metrics_family files = {"process_open_fds", METRICS_GAUGE, "Open file descriptors."};
    static const struct metrics_family files_max = {"process_max_fds", METRICS_GAUGE,
                                                    "Most file descriptors that may be open."};
    struct rusage usage = {0};
    struct rlimit limit = {0};

    (void)getrusage(RUSAGE_SELF, &usage);
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    metrics_begin(t, &build);
    metrics_uint(t, &build, (const struct metrics_label[]){{"version", OTTER_VERSION}, {NULL, NULL}}, 1);
    metrics_one_uint(t, &start, (uint64_t)svc->started);
    metrics_one_real(t, &uptime, (double)(svc_mono_ms(svc) - (int64_t)svc->started_mono_ms) / 1000);
    metrics_one_real(t, &cpu, seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime));
    metrics_one_uint(t, &memory, resident());
    metrics_one_uint(t, &files, open_files());
    metrics_one_uint(t, &files_max, limit.rlim_cur);
}
