/* A directory for one test program, removed at its end with all files in it (one level). */
#ifndef OTTER_TEST_HOST_TEMP_H
#define OTTER_TEST_HOST_TEMP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char temp_dir[64];

static inline int temp_setup(void **state)
{
    (void)state;
    (void)snprintf(temp_dir, sizeof temp_dir, "/tmp/otter-host.XXXXXX");
    return mkdtemp(temp_dir) ? 0 : -1;
}

/* Names in the directory, "." and ".." not counted; `visit` may be NULL. */
static inline unsigned temp_files(void (*visit)(const char *path))
{
    DIR *d = opendir(temp_dir);
    unsigned n = 0;

    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        char path[384];

        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", temp_dir, e->d_name);
        n++;
        if (visit)
            visit(path);
    }
    if (d)
        (void)closedir(d);
    return n;
}

static inline void temp_remove(const char *path)
{
    if (unlink(path) < 0)
        (void)rmdir(path);
}

static inline int temp_teardown(void **state)
{
    (void)state;
    (void)temp_files(temp_remove);
    return rmdir(temp_dir);
}

/* Not thread safe: four results live at a time. */
static inline const char *temp_path(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    char *p = path[turn++ % 4];

    (void)snprintf(p, sizeof path[0], "%s/%s", temp_dir, name);
    return p;
}

#endif
