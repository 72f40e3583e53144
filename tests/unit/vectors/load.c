#include "vector.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR_FILE_MAX 65536u

static bool take(struct vector_set *set, const char *path, const char *group, const char *file,
                 struct host_error *err)
{
    struct vector *grown = realloc(set->vector, (set->count + 1) * sizeof *grown);
    struct vector *v;
    const char *expect = NULL;

    if (!grown)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    set->vector = grown;
    v = &grown[set->count];
    *v = (struct vector){.json = host_json_load_file(path, VECTOR_FILE_MAX, err)};
    if (!v->json)
        return false;
    set->count++;
    (void)snprintf(v->name, sizeof v->name, "%s/%.*s", group, (int)(strlen(file) - strlen(".json")), file);
    if (!host_json_get_string(v->json, "expect", HOST_JSON_REQUIRED, 64, &expect, err))
        return host_error_prefix(err, "%s", path);
    v->expect = otter_status_find(expect, (unsigned)strlen(expect));
    if (v->expect == OTTER_STATUS_COUNT)
        return host_fail(err, HOST_ERROR_FORMAT, "%s: no such status: %s", path, expect);
    return true;
}

static int visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && !strcmp(s + n - m, end);
}

/* Visits what `dir` holds, in order; stops at the first false. */
static bool each(const char *dir,
                 bool (*visit)(struct vector_set *, const char *, const char *, const char *,
                               struct host_error *),
                 struct vector_set *set, const char *group, struct host_error *err)
{
    struct dirent **entry;
    int n = scandir(dir, &entry, visible, alphasort);
    bool ok = n > 0;

    if (n < 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "cannot list '%s'", dir);
    if (n == 0)
        (void)host_fail(err, HOST_ERROR_FILE, "'%s' is empty", dir);
    for (int i = 0; i < n; i++) {
        char path[4096];

        (void)snprintf(path, sizeof path, "%s/%s", dir, entry[i]->d_name);
        ok = ok && visit(set, path, group, entry[i]->d_name, err);
        free(entry[i]);
    }
    free(entry);
    return ok;
}

static bool take_file(struct vector_set *set, const char *path, const char *group, const char *file,
                      struct host_error *err)
{
    if (!ends_with(file, ".json"))
        return host_fail(err, HOST_ERROR_FORMAT, "'%s' is no vector: nothing would load it", path);
    return take(set, path, group, file, err);
}

static bool take_group(struct vector_set *set, const char *path, const char *unused, const char *group,
                       struct host_error *err)
{
    (void)unused;
    if (!strcmp(group, "keys")) /* the test-only keys that made the vectors */
        return true;
    return each(path, take_file, set, group, err);
}

bool vector_load_all(const char *dir, struct vector_set *ret, struct host_error *err)
{
    *ret = (struct vector_set){0};
    if (each(dir, take_group, ret, NULL, err))
        return true;
    vector_free(ret);
    return false;
}

void vector_free(struct vector_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        json_decref(set->vector[i].json);
    free(set->vector);
    *set = (struct vector_set){0};
}
