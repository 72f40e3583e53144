/*
 * What every verb of `otter` is given, and how it says that something went wrong. One `struct cli` a process
 * (a test makes its own); nothing here is thread safe.
 */
#ifndef OTTER_CLI_CLI_H
#define OTTER_CLI_CLI_H

#include "core/status.h"
#include "host/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The exit status of the process, and what the functions below return. */
enum cli_exit {
    CLI_DONE = 0,
    CLI_REFUSED = 1,      /* by a check, here or by the server */
    CLI_USAGE = 2,        /* the command line is wrong */
    CLI_UNREACHABLE = 3,  /* no server, or it failed (5xx) */
    CLI_UNAUTHORIZED = 4, /* 401, 403 */
    CLI_FILE = 5,         /* a local file cannot be read or written */
    CLI_NOT_IN_TIME = 6   /* --timeout ran out */
};

enum cli_format { CLI_FORMAT_TABLE, CLI_FORMAT_JSON, CLI_FORMAT_JSONL, CLI_FORMAT_CSV };

struct cli_args;
struct cli_verb;
struct cli_session;
struct cli_passphrase;

struct cli {
    FILE *out; /* results */
    FILE *err; /* errors, hints, progress */
    const struct cli_verb *verb;
    const struct cli_args *args; /* of the verb, global options included */
    uint64_t now;                /* Unix seconds when the program started */
    enum cli_format format;
    bool out_tty, err_tty; /* a terminal that obeys escape sequences (TERM is not dumb) */
    bool color;            /* of out */
    bool dry_run;
    const char *token;           /* to ask with, whatever options and environment name; NULL: theirs */
    unsigned screen, err_screen; /* columns of the terminal that out and err are; 0 = none */
    unsigned patience;           /* seconds for an answer, which is asked for once; 0: as long as it takes */
    struct cli_session *session; /* api.h; NULL until the first request */
    struct cli_passphrase *passphrase; /* passphrase.h; NULL until a key is opened */
};

/* Runs one command line, argv[0] included; the return value is the exit status. */
int cli_main(int argc, char **argv, FILE *out, FILE *err);

/*
 * Each prints one error, "otter NOUN VERB: ...", and returns the exit status, so that `return cli_fail(...)`
 * is one line. The text may hold line feeds: further lines say what to do next.
 */
enum cli_exit cli_fail(struct cli *cli, enum cli_exit code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), nonnull(3)));
enum cli_exit cli_fail_error(struct cli *cli, const struct host_error *error);

/* A refusal by its wire name: "PLACE: image-tlv: the TLV area is damaged, ...". */
enum cli_exit cli_fail_status(struct cli *cli, const char *place, enum otter_status status);

enum cli_exit cli_fail_memory(struct cli *cli);

/* A line for people beside the result, made safe to show and folded on a terminal: to err when the result is
 * for a program (--json, jsonl, csv), else to out. */
void cli_note(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull(2)));

#endif
