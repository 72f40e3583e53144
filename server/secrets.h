/* Secrets that reach otterd from outside its configuration: environment, and systemd's credentials. */
#ifndef OTTER_SERVER_SECRETS_H
#define OTTER_SERVER_SECRETS_H

#include "host/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define SECRETS_TOKEN_VARIABLE "OTTERD_ADMIN_TOKEN"
#define SECRETS_TOKEN_MIN      32u
#define SECRETS_TOKEN_MAX      256u

/* "credential:NAME" is the file NAME in $CREDENTIALS_DIRECTORY (systemd.exec(5)); any other text a path as it
 * is. */
bool secrets_path(const char *text, char out[PATH_MAX], struct host_error *err);

/*
 * The operators' token, where it is given: OTTERD_ADMIN_TOKEN, else the credential "admin.token". out is ""
 * if it is not. False: it cannot be used.
 */
bool secrets_admin_token(char out[SECRETS_TOKEN_MAX + 1], struct host_error *err);

/* Takes the token out of the environment, so that no program that otterd runs inherits it. */
void secrets_forget(void);

#endif
