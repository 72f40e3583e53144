/* Command lines run in this process, in a folder of their own. */
#ifndef OTTER_TESTS_CLI_COMMANDS_H
#define OTTER_TESTS_CLI_COMMANDS_H

#include "cmocka_first.h"

#include "cli.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 48

static char folder[64];
static char *said_out, *said_err; /* of the last command */

/* Words are parted by one blank. The result is the exit status. */
static int run(const char *line)
{
    char *copy = NULL, *argv[WORDS_MAX + 2], name[] = "otter";
    size_t out_len, err_len;
    FILE *out, *err;
    int argc = 0, code;

    free(said_out);
    free(said_err);
    said_out = said_err = NULL;
    out = open_memstream(&said_out, &out_len);
    err = open_memstream(&said_err, &err_len);
    copy = strdup(line);
    argv[argc++] = name;
    for (char *word = strtok(copy, " "); word != NULL && argc <= WORDS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    code = cli_main(argc, argv, out, err);
    fclose(out);
    fclose(err);
    free(copy);
    return code;
}

static int enter_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "%s", "/tmp/otter-cli-test.XXXXXX");
    unsetenv("OTTER_SERVER");
    unsetenv("OTTER_TOKEN");
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int leave_folder(void **state)
{
    (void)state;
    free(said_out);
    free(said_err);
    said_out = said_err = NULL;
    return chdir("/") != 0 || nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0;
}

static void write_file(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
}

#endif
