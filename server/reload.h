/* A SIGHUP: what can change while otterd runs. */
#ifndef OTTER_SERVER_RELOAD_H
#define OTTER_SERVER_RELOAD_H

#include "server/config.h"

struct reload {
    int argc; /* the command line, which is read again, with its file */
    char *const *argv;
    const struct config *config; /* as it was at the start */
    struct http_tls *tls;        /* NULL: without TLS */
    struct svc *svc;
};

/*
 * Takes over certificate, key, what devices' certificates are taken by, and the log's level. What cannot be
 * used leaves everything as it was and is told in the log, as are keys that changed and need a restart.
 */
void reload(const struct reload *r);

#endif
