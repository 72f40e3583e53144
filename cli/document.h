/*
 * Files of signed documents. `root new` and `release create` write the payload alone, one line of JSON; the
 * first `sign` turns the file into the envelope, in place, further ones add signatures. An envelope is never
 * re-serialised: its exact bytes are what is published and what a release's id is the digest of.
 */
#ifndef OTTER_CLI_DOCUMENT_H
#define OTTER_CLI_DOCUMENT_H

#include "api.h"
#include "cli.h"
#include "signature.h"

#include "core/verify.h"
#include "host/crypto.h"

struct cli_document {
    char *text; /* the file */
    size_t len;
    bool is_signed;       /* an envelope; jws.payload is its payload */
    struct otter_jws jws; /* of an unsigned one: payload alone */
};

/* Reads and takes apart; says on its own what is wrong. The caller frees with cli_document_free. */
enum cli_exit cli_document_load(struct cli *cli, const char *path, struct cli_document *ret);
void cli_document_free(struct cli_document *d);
#define auto_document HOST_CLEANUP(cli_document_free)

/* The like from memory (an envelope that the server sent, say); takes text over. */
enum cli_exit cli_document_take(struct cli *cli, const char *what, char *text, size_t len,
                                struct cli_document *ret);

/* A payload or envelope as a root or a manifest, by lib/core's own decoders. */
enum cli_exit cli_document_root(struct cli *cli, const char *what, const struct cli_document *d,
                                struct otter_root *ret);
enum cli_exit cli_document_manifest(struct cli *cli, const char *what, const struct cli_document *d,
                                    struct otter_manifest *ret);

/* Adds the signature, by a key or made elsewhere, and writes the file (unless --dry-run); not for
 * --digest-only. */
enum cli_exit cli_document_sign(struct cli *cli, const char *path, struct cli_document *d,
                                const struct cli_signing *signing);

/* --digest-only: what signing->by would sign. */
enum cli_exit cli_document_digest(struct cli *cli, const char *path, const struct cli_document *d,
                                  const struct cli_signing *signing);

/* Writes a payload that a document's encoder made (0644, with a line feed). */
enum cli_exit cli_document_create(struct cli *cli, const char *path, const char *payload);

/* Publishes the envelope, byte for byte, with a POST to an API path. The caller frees *ret. */
enum cli_exit cli_document_post(struct cli *cli, const char *path, const struct cli_document *d,
                                struct cli_reply *ret);

/* Valid signatures of a role, and whether they reach its threshold: for saying what is still missing. */
struct cli_signers {
    unsigned valid, threshold;
    bool enough;
};
struct cli_signers cli_document_signers(const struct cli_document *d, const struct otter_root *by,
                                        enum otter_role role);

#endif
