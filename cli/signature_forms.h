/* The forms in which tools write a signature on P-256. Pure. */
#ifndef OTTER_CLI_SIGNATURE_FORMS_H
#define OTTER_CLI_SIGNATURE_FORMS_H

#include "core/crypto.h"

#define CLI_SIGNATURE_MAX 1024u /* bytes of such a file */

/* R || S, ECDSA-Sig-Value in DER, or one of these in base64 or base64url. False: none of them. */
bool cli_signature_decode(const char *data, size_t len, uint8_t ret_sig[OTTER_SIG_LEN]);

#endif
