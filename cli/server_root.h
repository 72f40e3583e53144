/* The roots that a server has. */
#ifndef OTTER_CLI_SERVER_ROOT_H
#define OTTER_CLI_SERVER_ROOT_H

#include "document.h"

/* The newest root's number; 0 if there is none. */
enum cli_exit cli_root_newest(struct cli *cli, uint64_t *ret_number);

/* What the server has at a path, a signed document, exact bytes. */
enum cli_exit cli_document_fetch(struct cli *cli, const char *path, struct cli_document *ret);

/* Root `number`, exact bytes; its signatures are not checked here. */
enum cli_exit cli_root_fetch(struct cli *cli, uint64_t number, struct cli_document *ret);

#endif
