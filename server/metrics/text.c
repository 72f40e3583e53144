#include "metrics/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 16384u

void metrics_text_free(struct metrics_text *t)
{
    free(t->data);
    *t = (struct metrics_text){0};
}

/* Room for len bytes and a NUL; len < METRICS_TEXT_MAX, t->len <= METRICS_TEXT_MAX. */
static bool reserve(struct metrics_text *t, size_t len)
{
    size_t cap = t->cap ? t->cap : FIRST_CAP;
    char *data;

    if (t->failed || len >= METRICS_TEXT_MAX - t->len) {
        t->failed = true;
        return false;
    }
    while (cap <= t->len + len)
        cap *= 2;
    if (cap == t->cap)
        return true;
    data = realloc(t->data, cap);
    t->failed = !data;
    if (!data)
        return false;
    t->data = data;
    t->cap = cap;
    return true;
}

static void put(struct metrics_text *t, const char *s, size_t len)
{
    if (!reserve(t, len))
        return;
    memcpy(t->data + t->len, s, len);
    t->len += len;
    t->data[t->len] = '\0';
}

void metrics_append(struct metrics_text *t, const char *data, size_t len)
{
    put(t, data, len);
}

static void put_text(struct metrics_text *t, const char *s)
{
    put(t, s, strlen(s));
}

/* Backslash and line feed everywhere, quotes inside labels. */
static void put_escaped(struct metrics_text *t, const char *s, bool quotes)
{
    for (; *s; s++) {
        if (*s == '\n')
            put(t, "\\n", 2);
        else if (*s == '\\' || (quotes && *s == '"'))
            put(t, (const char[]){'\\', *s}, 2);
        else
            put(t, s, 1);
    }
}

void metrics_begin(struct metrics_text *t, const struct metrics_family *family)
{
    static const char *const types[] = {
        [METRICS_COUNTER] = "counter", [METRICS_GAUGE] = "gauge", [METRICS_HISTOGRAM] = "histogram"};

    put_text(t, "# HELP ");
    put_text(t, family->name);
    put_text(t, " ");
    put_escaped(t, family->help, false);
    put_text(t, "\n# TYPE ");
    put_text(t, family->name);
    put_text(t, " ");
    put_text(t, types[family->type]);
    put_text(t, "\n");
}

static void put_labels(struct metrics_text *t, const struct metrics_label *labels)
{
    if (!labels || !labels[0].name)
        return;
    for (unsigned i = 0; labels[i].name; i++) {
        put_text(t, i == 0 ? "{" : ",");
        put_text(t, labels[i].name);
        put_text(t, "=\"");
        put_escaped(t, labels[i].value, true);
        put_text(t, "\"");
    }
    put_text(t, "}");
}

static void put_uint(struct metrics_text *t, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    put_text(t, text);
}

static void put_real(struct metrics_text *t, double value)
{
    char text[40];

    if (isnan(value))
        (void)snprintf(text, sizeof(text), "NaN");
    else if (isinf(value))
        (void)snprintf(text, sizeof(text), value > 0 ? "+Inf" : "-Inf");
    else
        (void)snprintf(text, sizeof(text), "%.15g", value);
    put_text(t, text);
}

/* Of a sample: all but its value. */
static void put_head(struct metrics_text *t, const char *name, const struct metrics_label *labels)
{
    put_text(t, name);
    put_labels(t, labels);
    put_text(t, " ");
}

void metrics_uint(struct metrics_text *t, const struct metrics_family *family,
                  const struct metrics_label *labels, uint64_t value)
{
    put_head(t, family->name, labels);
    put_uint(t, value);
    put_text(t, "\n");
}

void metrics_real(struct metrics_text *t, const struct metrics_family *family,
                  const struct metrics_label *labels, double value)
{
    put_head(t, family->name, labels);
    put_real(t, value);
    put_text(t, "\n");
}

void metrics_one_uint(struct metrics_text *t, const struct metrics_family *family, uint64_t value)
{
    metrics_begin(t, family);
    metrics_uint(t, family, NULL, value);
}

void metrics_one_real(struct metrics_text *t, const struct metrics_family *family, double value)
{
    metrics_begin(t, family);
    metrics_real(t, family, NULL, value);
}

static void put_bucket(struct metrics_text *t, const char *name, double bound, uint64_t count)
{
    put_text(t, name);
    put_text(t, "_bucket{le=\"");
    put_real(t, bound);
    put_text(t, "\"} ");
    put_uint(t, count);
    put_text(t, "\n");
}

void metrics_histogram(struct metrics_text *t, const struct metrics_family *family,
                       const struct metrics_buckets *b)
{
    uint64_t count = 0;

    metrics_begin(t, family);
    for (unsigned i = 0; i <= b->bound_count; i++) {
        count += b->counts[i];
        put_bucket(t, family->name, i < b->bound_count ? b->bounds[i] : (double)INFINITY, count);
    }
    put_text(t, family->name);
    put_text(t, "_sum ");
    put_real(t, b->sum);
    put_text(t, "\n");
    put_text(t, family->name);
    put_text(t, "_count ");
    put_uint(t, count);
    put_text(t, "\n");
}
