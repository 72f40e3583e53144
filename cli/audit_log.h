/* The audit log as the verbs take it: from the server line by line, and from files through the check. */
#ifndef OTTER_CLI_AUDIT_LOG_H
#define OTTER_CLI_AUDIT_LOG_H

#include "cli.h"

#include "host/audit.h"

/* Writes the server's whole log, its signed head last. */
enum cli_exit cli_audit_fetch(struct cli *cli, FILE *to);

/* The newest signed head, as an envelope; malloc'ed. */
enum cli_exit cli_audit_head(struct cli *cli, char **ret_envelope, size_t *ret_len);

/* A file that appears when it is whole and durable, readable by its owner alone; `replace`: in the place of
 * another one, else that is an error. write_to fills it. */
struct cli_audit_writer {
    enum cli_exit (*write_to)(struct cli_audit_writer *self, struct cli *cli, FILE *to);
};
enum cli_exit cli_audit_save(struct cli *cli, const char *path, bool replace, struct cli_audit_writer *from);

/* Takes the lines of a file through the check, and tells of the first that is wrong: CLI_REFUSED. Each entry
 * that is good goes to the visitor (may be NULL). */
struct cli_audit_visitor {
    void (*entry)(struct cli_audit_visitor *self, const struct audit_walk *walk, const char *line,
                  size_t len);
};
enum cli_exit cli_audit_check(struct cli *cli, const char *name, FILE *file, struct audit_walk *walk,
                              struct cli_audit_visitor *visitor);
/* The end of all files. */
enum cli_exit cli_audit_check_end(struct cli *cli, const char *name, struct audit_walk *walk);

#endif
