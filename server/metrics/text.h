/*
 * Prometheus' text format 0.0.4, written into memory. Families are described by tables of the folders that
 * count; their names are checked by `promtool check metrics` in tests/e2e/test_health.py.
 */
#ifndef OTTER_METRICS_TEXT_H
#define OTTER_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

struct metrics_family {
    const char *name; /* [a-z_:]+, a counter's ends in _total */
    enum metrics_type type;
    const char *help;
};

struct metrics_label {
    const char *name;  /* [a-z_]+ */
    const char *value; /* any bytes; escaped here */
};

#define METRICS_LABELS_MAX 8u
#define METRICS_TEXT_MAX   (8u << 20) /* bytes; an answer that would be longer fails as a whole */

/* Zeroed = empty. data is malloc'ed and has a NUL behind its len bytes; NULL while empty. */
struct metrics_text {
    char *data;
    size_t len, cap;
    bool failed; /* out of memory, or above METRICS_TEXT_MAX: what is there is not whole */
};

void metrics_text_free(struct metrics_text *t);

/* Families that another part has written. */
void metrics_append(struct metrics_text *t, const char *data, size_t len);

/* HELP and TYPE; the family's samples follow it, and each family begins once. */
void metrics_begin(struct metrics_text *t, const struct metrics_family *family);

/* One sample; labels end with a name of NULL, or labels is NULL. */
void metrics_uint(struct metrics_text *t, const struct metrics_family *family,
                  const struct metrics_label *labels, uint64_t value);
/* The like; NaN and infinities have their words. */
void metrics_real(struct metrics_text *t, const struct metrics_family *family,
                  const struct metrics_label *labels, double value);

/* A family with one sample and no labels. */
void metrics_one_uint(struct metrics_text *t, const struct metrics_family *family, uint64_t value);
void metrics_one_real(struct metrics_text *t, const struct metrics_family *family, double value);

/* Counts by bucket, not yet summed up; the last one is above all bounds. */
struct metrics_buckets {
    const double *bounds; /* rising */
    unsigned bound_count;
    const uint64_t *counts; /* bound_count + 1 */
    double sum;
};

/* A family of one histogram without labels: HELP, TYPE, _bucket, _sum, _count. */
void metrics_histogram(struct metrics_text *t, const struct metrics_family *family,
                       const struct metrics_buckets *b);

#endif
