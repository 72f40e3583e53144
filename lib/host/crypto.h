/*
 * OpenSSL's side of Otter's cryptography: the verify table of lib/core, P-256 keys and signatures, random
 * bytes, and AES-256-GCM for device secrets at rest. The one place (with its crypto_*.c) that includes
 * OpenSSL.
 */
#ifndef OTTER_HOST_CRYPTO_H
#define OTTER_HOST_CRYPTO_H

#include "core/crypto.h"
#include "host/cleanup.h"
#include "host/error.h"
#include "host/file.h"
#include "host/passphrase.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const struct otter_crypto otter_crypto_openssl;

/* Random bytes for keys, nonces and tokens. There is no going on without them: aborts if OpenSSL has none. */
void host_random(void *out, size_t len);

/*
 * A private key on P-256: its bytes, or another's that signs for us (a token). One of bytes may be shared by
 * threads: signing changes nothing in it. Not reference counted: one owner frees it when no thread uses it
 * any more.
 */
struct host_key;

/* The longest file of PEM that is read. */
#define HOST_PEM_MAX 16384u

/* NULL on error. The caller frees. */
struct host_key *host_key_generate(struct host_error *err);

/* From PEM text (PKCS#8 or SEC 1, not encrypted), and from such a file of at most 16 KiB. */
struct host_key *host_key_parse(const char *pem, size_t len, const char *what, struct host_error *err);
struct host_key *host_key_load(const char *path, struct host_error *err);

/*
 * The like, for who can be asked: PKCS#8 may be encrypted, by PBES2 (RFC 8018) alone, and `ask` (NULL:
 * nobody) gives the passphrase; one that opens nothing is `wrong-passphrase`. host_key_open refuses a file
 * that others may read.
 */
struct host_key *host_key_parse_asking(const char *pem, size_t len, const char *what,
                                       struct host_passphrase *ask, struct host_error *err);
struct host_key *host_key_open(const char *path, struct host_passphrase *ask, struct host_error *err);

/* Is there an encrypted private key in this text? */
bool host_pem_is_encrypted(const char *pem, size_t len);

/* PKCS#8 PEM, 0600, atomic; an existing file is never overwritten (HOST_ERROR_EXISTS). */
bool host_key_save(const struct host_key *key, const char *path, struct host_error *err);

/*
 * The like, encrypted where there is a passphrase (PBES2: AES-256-CBC under scrypt, as OpenSSL 3.0 reads it);
 * with HOST_FILE_REPLACE in the place of what is there.
 */
bool host_key_save_sealed(const struct host_key *key, const char *path, const char *passphrase,
                          enum host_file_mode mode, struct host_error *err);

/* Whoever signs for a public point: sign() gives R || S over a hash, or says why not. release() frees it. */
struct host_signer {
    bool (*sign)(struct host_signer *self, const struct otter_digest *hash, uint8_t ret_sig[OTTER_SIG_LEN],
                 struct host_error *err);
    void (*release)(struct host_signer *self);
};

/* A key whose private half is the signer's; takes it over, also where NULL is returned. Of one thread only,
 * and not to be saved. */
struct host_key *host_key_of_signer(const uint8_t point[OTTER_POINT_LEN], struct host_signer *signer,
                                    struct host_error *err);

void host_key_free(struct host_key *key);
void host_cleanup_key(struct host_key **key);
#define auto_key HOST_CLEANUP(host_cleanup_key)

/* The public point, and its key id (SHA-256 of the SubjectPublicKeyInfo); both live as long as the key. */
const uint8_t *host_key_point(const struct host_key *key);
const struct otter_digest *host_key_kid(const struct host_key *key);

/* What otter_jws_header() makes of the key id, made once; the like. */
const char *host_key_header(const struct host_key *key);

/* ECDSA over a SHA-256 hash, R || S; _why says why not. Thread safe with a key of bytes, which fails only if
 * OpenSSL does. */
bool host_key_sign(const struct host_key *key, const struct otter_digest *hash,
                   uint8_t ret_sig[OTTER_SIG_LEN]);
bool host_key_sign_why(const struct host_key *key, const struct otter_digest *hash,
                       uint8_t ret_sig[OTTER_SIG_LEN], struct host_error *err);

/* R || S as ECDSA-Sig-Value in DER: returns its length, at most OTTER_SIG_DER_MAX; 0 if out of memory. */
#define OTTER_SIG_DER_MAX 72u
size_t host_sig_to_der(const uint8_t sig[OTTER_SIG_LEN], uint8_t ret_der[OTTER_SIG_DER_MAX]);

/*
 * Public keys: SubjectPublicKeyInfo in PEM (or a private key's PEM, of which the public half is taken).
 * Saving replaces atomically, 0644.
 */
bool host_public_parse(const char *pem, size_t len, const char *what, uint8_t ret_point[OTTER_POINT_LEN],
                       struct host_error *err);
bool host_public_load(const char *path, uint8_t ret_point[OTTER_POINT_LEN], struct host_error *err);
bool host_public_save(const uint8_t point[OTTER_POINT_LEN], const char *path, struct host_error *err);

/* The same SubjectPublicKeyInfo PEM as text, malloc'ed; NULL when out of memory. */
char *host_public_pem(const uint8_t point[OTTER_POINT_LEN]);

/*
 * AES-256-GCM with a fresh random nonce: out is nonce (12) || ciphertext (len) || tag (16),
 * HOST_SEAL_OVERHEAD more than len. `aad` (may be NULL with 0) binds the text to its place, such as a
 * device's id, and is not stored. At most 2^32 seals by one key.
 */
#define HOST_SEAL_KEY      32u
#define HOST_SEAL_OVERHEAD 28u
bool host_seal(const uint8_t key[HOST_SEAL_KEY], const void *aad, size_t aad_len, const void *in, size_t len,
               uint8_t *out);

/* out has len - HOST_SEAL_OVERHEAD bytes. False, and out wiped, unless key, aad and every byte are the sealed
 * ones. */
bool host_open(const uint8_t key[HOST_SEAL_KEY], const void *aad, size_t aad_len, const uint8_t *in,
               size_t len, void *out);

/* Overwrites a secret; not optimised away. */
void host_wipe(void *p, size_t len);

#endif
