/*
 * Key files: an error in words, or a key that signs, whose public half the same file gives, and which comes
 * back from its own public PEM. Nobody is asked for a passphrase twice, and one that is never given opens
 * nothing.
 */
#include "fuzz.h"

#include "host/crypto.h"

static unsigned asked;

static bool refuse(struct host_passphrase *self, const char *what, unsigned attempt,
                   char ret[HOST_PASSPHRASE_MAX], struct host_error *err)
{
    (void)self;
    (void)what;
    (void)attempt;
    ret[0] = '\0';
    asked++;
    return host_fail(err, HOST_ERROR_CANCELLED, "nobody is there");
}

static void check_public(const uint8_t *point)
{
    uint8_t back[OTTER_POINT_LEN];
    char *pem = host_public_pem(point);

    MUST(pem != NULL && host_public_parse(pem, strlen(pem), "own", back, NULL));
    MUST(memcmp(point, back, OTTER_POINT_LEN) == 0);
    free(pem);
}

static void check_private(const struct host_key *key)
{
    struct otter_digest hash = {{1}};
    uint8_t sig[OTTER_SIG_LEN];

    MUST(host_key_sign(key, &hash, sig));
    MUST(otter_crypto_openssl.p256_verify(host_key_point(key), hash.b, sig));
    check_public(host_key_point(key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct host_passphrase ask = {.ask = refuse, .tries = 3};
    struct host_error err = {0};
    uint8_t point[OTTER_POINT_LEN];
    char *text = malloc(size > 0 ? size : 1);
    struct host_key *key;
    bool sealed;

    MUST(text != NULL);
    memcpy(text, data, size);
    asked = 0;
    sealed = host_pem_is_encrypted(text, size);
    key = host_key_parse_asking(text, size, "f", &ask, &err);
    MUST((key != NULL) == (err.kind == HOST_ERROR_NONE) && asked <= 1);
    MUST(!sealed || key == NULL);
    if (key != NULL) {
        check_private(key);
        MUST(host_public_parse(text, size, "f", point, NULL));
    }
    err = (struct host_error){0};
    if (host_public_parse(text, size, "f", point, &err))
        check_public(point);
    else
        MUST(err.message[0] != '\0');
    host_key_free(key);
    free(text);
    return 0;
}
