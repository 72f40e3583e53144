/* Keys as PEM: SEC 1 and PKCS#8 (RFC 5958), plain or under a passphrase by PBES2 (RFC 8018, 6.2). */
#include "host/crypto.h"

#include "core/bytes.h"
#include "host/crypto_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs12err.h>
#include <openssl/x509.h>
#include <string.h>

/* scrypt (RFC 7914): 16 MB, of the 32 MB that OpenSSL reads without being told; a quarter of a second. */
#define SCRYPT_N 16384u
#define SCRYPT_R 8u
#define SCRYPT_P 5u

/* Never asks for a passphrase on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *user)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)user;
    return -1;
}

EVP_PKEY *host_pem_read(const char *pem, size_t len, bool is_private)
{
    BIO *bio = len <= HOST_PEM_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    EVP_PKEY *pkey = NULL;

    if (bio)
        pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                          : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    return pkey;
}

struct sealed {
    X509_SIG *pkcs8; /* NULL: none */
    bool old;        /* PEM's own encryption, whose key is one MD5 of the passphrase */
};

/* The first block that is encrypted, in either way. */
static struct sealed find_sealed(const char *pem, size_t len)
{
    BIO *bio = len <= HOST_PEM_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    struct sealed s = {NULL, false};
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long der_len = 0;

    while (bio && !s.pkcs8 && !s.old && PEM_read_bio(bio, &name, &header, &der, &der_len) == 1) {
        const unsigned char *at = der;

        if (strcmp(name, PEM_STRING_PKCS8) == 0)
            s.pkcs8 = d2i_X509_SIG(NULL, &at, der_len);
        else
            s.old = strstr(header, "ENCRYPTED") != NULL;
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)der_len);
    }
    BIO_free(bio);
    ERR_clear_error(); /* the end of the text is no error */
    return s;
}

bool host_pem_is_encrypted(const char *pem, size_t len)
{
    struct sealed s = find_sealed(pem, len);
    bool found = s.pkcs8 || s.old;

    X509_SIG_free(s.pkcs8);
    return found;
}

static bool is_pbes2(const X509_SIG *sig)
{
    const X509_ALGOR *algorithm;

    X509_SIG_get0(sig, &algorithm, NULL);
    return OBJ_obj2nid(algorithm->algorithm) == NID_pbes2;
}

/* NULL, and *ret_wrong: the passphrase opens it to nothing; else OpenSSL cannot do what the file asks for. */
static EVP_PKEY *unseal(const X509_SIG *sig, const char *passphrase, bool *ret_wrong)
{
    PKCS8_PRIV_KEY_INFO *info = PKCS8_decrypt(sig, passphrase, (int)strlen(passphrase));
    EVP_PKEY *pkey = info ? EVP_PKCS82PKEY(info) : NULL;
    unsigned long last = ERR_peek_last_error();

    /* Where memory ran out, the error before says so, and no passphrase is wrong. */
    *ret_wrong = ERR_GET_REASON(ERR_peek_error()) != ERR_R_MALLOC_FAILURE &&
                 ERR_GET_LIB(last) == ERR_LIB_PKCS12 &&
                 (ERR_GET_REASON(last) == PKCS12_R_PKCS12_CIPHERFINAL_ERROR ||
                  ERR_GET_REASON(last) == PKCS12_R_DECODE_ERROR);
    PKCS8_PRIV_KEY_INFO_free(info);
    return pkey;
}

static EVP_PKEY *ask_and_unseal(const X509_SIG *sig, const char *what, struct host_passphrase *ask,
                                struct host_error *err)
{
    enum host_error_kind kind = HOST_ERROR_CRYPTO;
    char passphrase[HOST_PASSPHRASE_MAX];
    EVP_PKEY *pkey = NULL;
    bool wrong = true;

    for (unsigned i = 0; i < ask->tries && wrong && !pkey; i++) {
        ERR_clear_error();
        if (!ask->ask(ask, what, i, passphrase, err))
            return NULL;
        pkey = unseal(sig, passphrase, &wrong);
        host_wipe(passphrase, sizeof passphrase);
    }
    if (!pkey) {
        const char *reason = host_openssl_reason(&kind);

        if (wrong)
            (void)host_fail(err, kind, "%s: wrong-passphrase: it does not open this key", what);
        else
            (void)host_fail(err, kind, "%s: OpenSSL cannot decrypt it: %s", what, reason);
    }
    ERR_clear_error();
    return pkey;
}

static EVP_PKEY *read_sealed(const struct sealed *s, const char *what, struct host_passphrase *ask,
                             struct host_error *err)
{
    if (s->old || !is_pbes2(s->pkcs8)) {
        (void)host_fail(err, HOST_ERROR_FORMAT,
                        "%s is encrypted in an old, weak way: Otter reads PKCS#8 with PBES2 alone\n"
                        "Next: openssl pkcs8 -topk8 -scrypt -in %s -out NEW.key",
                        what, what);
        return NULL;
    }
    if (!ask) {
        (void)host_fail(err, HOST_ERROR_FORMAT, "%s is encrypted, and nobody can be asked for its passphrase",
                        what);
        return NULL;
    }
    return ask_and_unseal(s->pkcs8, what, ask, err);
}

struct host_key *host_key_parse_asking(const char *pem, size_t len, const char *what,
                                       struct host_passphrase *ask, struct host_error *err)
{
    struct sealed s = find_sealed(pem, len);
    bool is_sealed = s.pkcs8 || s.old;
    EVP_PKEY *pkey = is_sealed ? read_sealed(&s, what, ask, err) : host_pem_read(pem, len, true);

    X509_SIG_free(s.pkcs8);
    if (!pkey && !is_sealed) {
        enum host_error_kind kind = HOST_ERROR_FORMAT;
        const char *reason = host_openssl_reason(&kind);

        (void)host_fail(err, kind, "%s holds no private key in PEM (OpenSSL: %s)", what, reason);
    }
    return pkey ? host_key_wrap(pkey, what, err) : NULL;
}

struct host_key *host_key_parse(const char *pem, size_t len, const char *what, struct host_error *err)
{
    return host_key_parse_asking(pem, len, what, NULL, err);
}

struct host_key *host_key_load(const char *path, struct host_error *err)
{
    auto_free char *pem = NULL;
    struct host_key *key;
    size_t len;

    if (!host_file_read(path, HOST_PEM_MAX, &pem, &len, err))
        return NULL;
    key = host_key_parse(pem, len, path, err);
    host_wipe(pem, len);
    return key;
}

struct host_key *host_key_open(const char *path, struct host_passphrase *ask, struct host_error *err)
{
    auto_free char *pem = NULL;
    struct host_key *key;
    size_t len;

    if (!host_file_read_private(path, HOST_PEM_MAX, &pem, &len, err))
        return NULL;
    key = host_key_parse_asking(pem, len, path, ask, err);
    host_wipe(pem, len);
    return key;
}

static X509_SIG *seal(EVP_PKEY *pkey, const char *passphrase)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    X509_ALGOR *how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
    X509_SIG *sig = info && how ? PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), info, how) : NULL;

    if (!sig)
        X509_ALGOR_free(how); /* else it has become sig's */
    PKCS8_PRIV_KEY_INFO_free(info);
    return sig;
}

static bool put_pem(BIO *bio, EVP_PKEY *pkey, const char *passphrase)
{
    X509_SIG *sig;
    bool ok;

    if (!passphrase)
        return PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1;
    sig = seal(pkey, passphrase);
    ok = sig && PEM_write_bio_PKCS8(bio, sig) == 1;
    X509_SIG_free(sig);
    return ok;
}

bool host_key_save_sealed(const struct host_key *key, const char *path, const char *passphrase,
                          enum host_file_mode mode, struct host_error *err)
{
    EVP_PKEY *pkey = host_key_pkey(key);
    BIO *bio = pkey ? BIO_new(BIO_s_secmem()) : NULL;
    enum host_error_kind kind = HOST_ERROR_CRYPTO;
    const char *reason;
    char *pem = NULL;
    long len;
    bool ok;

    if (!pkey)
        return host_fail(err, HOST_ERROR_CRYPTO, "a token's key cannot be saved");
    if (!bio || !put_pem(bio, pkey, passphrase)) {
        reason = host_openssl_reason(&kind);
        BIO_free(bio);
        return host_fail(err, kind, "OpenSSL writes no PEM: %s", reason);
    }
    len = BIO_get_mem_data(bio, &pem);
    ok = host_file_write(path, pem, (size_t)len, 0600, mode, err);
    BIO_free(bio); /* memory of this kind is wiped when freed */
    return ok;
}

bool host_key_save(const struct host_key *key, const char *path, struct host_error *err)
{
    return host_key_save_sealed(key, path, NULL, HOST_FILE_NEW, err);
}
