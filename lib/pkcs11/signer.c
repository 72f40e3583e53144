#include "pkcs11/signer.h"

#include "core/bytes.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/pkcs11.h>
#include <stdlib.h>
#include <string.h>

#define COORDINATE 32u

/* What is asked while a URI is looked up or signs. */
struct asker {
    struct host_passphrase *pin;
    const char *uri;
    struct host_error error; /* why there was no PIN */
    bool wrong;              /* the token has refused the last one */
};

struct token_signer {
    struct host_signer signer;
    struct asker asker;
    gnutls_privkey_t key;
    char *uri;
};

/* Modules stay loaded while somebody uses them; two sets at once are not possible. */
static unsigned users;
static const char *loaded; /* the module; NULL: p11-kit's */

static void end(void)
{
    if (users > 0 && --users == 0)
        gnutls_pkcs11_deinit();
}

static bool begin(const char *module, struct host_error *err)
{
    int code;

    if (users++ > 0)
        return module == loaded || (module && loaded && strcmp(module, loaded) == 0) ||
               (end(), host_fail(err, HOST_ERROR_INTERNAL, "another module is in use"));
    loaded = module;
    code = gnutls_pkcs11_init(module ? GNUTLS_PKCS11_FLAG_MANUAL : GNUTLS_PKCS11_FLAG_AUTO, NULL);
    if (code == 0 && module)
        code = gnutls_pkcs11_add_provider(module, NULL);
    if (code == 0)
        return true;
    end();
    return host_fail(err, HOST_ERROR_FILE, "%s cannot be loaded as a PKCS#11 module: %s",
                     module ? module : "what p11-kit has registered", gnutls_strerror(code));
}

/* GnuTLS asks for as long as this says 0. */
static int ask_pin(void *user, int attempt, const char *url, const char *label, unsigned flags, char *ret,
                   size_t cap)
{
    struct asker *a = user;
    char pin[HOST_PASSPHRASE_MAX], what[192];
    size_t len;
    bool ok;

    (void)url;
    a->wrong = (flags & GNUTLS_PIN_WRONG) != 0;
    if (!a->pin || (unsigned)attempt >= a->pin->tries)
        return GNUTLS_E_PKCS11_PIN_ERROR;
    (void)snprintf(what, sizeof(what), "token %.64s%s", label && label[0] ? label : "without a name",
                   flags & GNUTLS_PIN_FINAL_TRY   ? " (the last try before it locks)"
                   : flags & GNUTLS_PIN_COUNT_LOW ? " (few tries are left)"
                                                  : "");
    if (!a->pin->ask(a->pin, what, (unsigned)attempt, pin, &a->error))
        return GNUTLS_E_PKCS11_PIN_ERROR;
    len = strlen(pin);
    ok = len < cap;
    if (ok)
        memcpy(ret, pin, len + 1);
    host_wipe(pin, sizeof(pin));
    return ok ? 0 : GNUTLS_E_PKCS11_PIN_ERROR;
}

static bool fail(const struct asker *a, int code, const char *what, struct host_error *err)
{
    switch (code) {
    case GNUTLS_E_PKCS11_PIN_ERROR:
    case GNUTLS_E_PKCS11_PIN_EXPIRED:
    case GNUTLS_E_PKCS11_USER_ERROR:
        if (!a->wrong && a->error.kind != HOST_ERROR_NONE)
            return host_fail(err, a->error.kind, "%s", a->error.message);
        return host_fail(err, HOST_ERROR_CRYPTO, "%s: wrong-pin: the token refuses it", a->uri);
    case GNUTLS_E_PKCS11_PIN_LOCKED:
        return host_fail(err, HOST_ERROR_CRYPTO, "%s: pin-locked: the token takes no PIN any more", a->uri);
    case GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE:
    case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
        return host_fail(err, HOST_ERROR_FILE,
                         "%s names no such key of a token\n"
                         "Next: --pkcs11-module FILE says which library has it; `p11tool --list-tokens` "
                         "shows what p11-kit knows",
                         a->uri);
    default:
        return host_fail(err, HOST_ERROR_CRYPTO, "%s: %s: %s", a->uri, what, gnutls_strerror(code));
    }
}

/* A PIN in the URI would be in the process list and in the shell's history. */
static bool check_uri(const char *uri, struct host_error *err)
{
    if (strstr(uri, "pin-value=") != NULL)
        return host_fail(err, HOST_ERROR_FORMAT,
                         "a PIN has no place on a command line: leave out pin-value\n"
                         "Next: --passphrase-fd N, --passphrase-file F, or wait for the prompt");
    if (strstr(uri, "module-path=") != NULL || strstr(uri, "module-name=") != NULL)
        return host_fail(err, HOST_ERROR_FORMAT, "%s: give the module by --pkcs11-module instead", uri);
    return true;
}

static bool point_of(gnutls_pubkey_t pub, const char *uri, uint8_t ret_point[OTTER_POINT_LEN],
                     struct host_error *err)
{
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    gnutls_datum_t x = {NULL, 0}, y = {NULL, 0};
    bool ok = gnutls_pubkey_export_ecc_raw2(pub, &curve, &x, &y, GNUTLS_EXPORT_FLAG_NO_LZ) == 0 &&
              curve == GNUTLS_ECC_CURVE_SECP256R1 && x.size <= COORDINATE && y.size <= COORDINATE;

    if (ok) {
        memset(ret_point, 0, OTTER_POINT_LEN);
        ret_point[0] = 0x04;
        memcpy(ret_point + 1 + COORDINATE - x.size, x.data, x.size);
        memcpy(ret_point + 1 + 2 * (size_t)COORDINATE - y.size, y.data, y.size);
    }
    gnutls_free(x.data);
    gnutls_free(y.data);
    return ok ||
           host_fail(err, HOST_ERROR_CRYPTO, "%s is no key on P-256: Otter signs with ES256 alone", uri);
}

/* R || S of what GnuTLS has wrapped in DER. */
static bool raw_of(const gnutls_datum_t *der, uint8_t ret_sig[OTTER_SIG_LEN])
{
    gnutls_datum_t r = {NULL, 0}, s = {NULL, 0};
    const gnutls_datum_t *part[] = {&r, &s};
    bool ok = gnutls_decode_rs_value(der, &r, &s) == 0;

    for (unsigned i = 0; ok && i < 2; i++) {
        const unsigned char *at = part[i]->data;
        size_t len = part[i]->size;

        while (len > COORDINATE && *at == 0) { /* one that keeps an INTEGER positive */
            at++;
            len--;
        }
        ok = len <= COORDINATE;
        if (ok) {
            memset(ret_sig + (size_t)i * COORDINATE, 0, COORDINATE);
            memcpy(ret_sig + (size_t)(i + 1) * COORDINATE - len, at, len);
        }
    }
    gnutls_free(r.data);
    gnutls_free(s.data);
    return ok;
}

static bool sign(struct host_signer *self, const struct otter_digest *hash, uint8_t ret_sig[OTTER_SIG_LEN],
                 struct host_error *err)
{
    struct token_signer *t = OTTER_CONTAINER_OF(self, struct token_signer, signer);
    uint8_t copy[OTTER_DIGEST_LEN];
    const gnutls_datum_t digest = {copy, sizeof(copy)};
    gnutls_datum_t der = {NULL, 0};
    int code;
    bool ok;

    memcpy(copy, hash->b, sizeof(copy)); /* GnuTLS takes no pointer to const */
    code = gnutls_privkey_sign_hash2(t->key, GNUTLS_SIGN_ECDSA_SHA256, 0, &digest, &der);
    if (code != 0)
        return fail(&t->asker, code, "the token does not sign", err);
    ok = raw_of(&der, ret_sig);
    gnutls_free(der.data);
    return ok || host_fail(err, HOST_ERROR_CRYPTO, "%s: the token's signature makes no sense", t->uri);
}

static void release(struct host_signer *self)
{
    struct token_signer *t = OTTER_CONTAINER_OF(self, struct token_signer, signer);

    if (t->key)
        gnutls_privkey_deinit(t->key);
    free(t->uri);
    free(t);
    end();
}

/* Finds the key, which asks for the PIN where the token hides private ones. */
static bool find(struct token_signer *t, uint8_t ret_point[OTTER_POINT_LEN], struct host_error *err)
{
    gnutls_pubkey_t pub = NULL;
    int code = gnutls_privkey_init(&t->key);
    bool ok;

    if (code == 0) {
        gnutls_privkey_set_pin_function(t->key, ask_pin, &t->asker);
        code = gnutls_privkey_import_url(t->key, t->uri, 0);
    }
    if (code != 0)
        return fail(&t->asker, code, "it cannot be opened", err);
    if (gnutls_privkey_get_pk_algorithm(t->key, NULL) != GNUTLS_PK_ECDSA)
        return host_fail(err, HOST_ERROR_CRYPTO, "%s is no key on P-256: Otter signs with ES256 alone",
                         t->uri);
    code = gnutls_pubkey_init(&pub);
    if (code == 0)
        code = gnutls_pubkey_import_privkey(pub, t->key, 0, 0);
    ok = code == 0 ? point_of(pub, t->uri, ret_point, err)
                   : fail(&t->asker, code, "the token does not give its public key", err);
    if (pub)
        gnutls_pubkey_deinit(pub);
    return ok;
}

bool pkcs11_is_uri(const char *text)
{
    return strncmp(text, "pkcs11:", 7) == 0;
}

struct host_key *pkcs11_key_open(const char *uri, const char *module, struct host_passphrase *pin,
                                 struct host_error *err)
{
    uint8_t point[OTTER_POINT_LEN];
    struct token_signer *t;

    if (!check_uri(uri, err) || !begin(module, err))
        return NULL;
    t = calloc(1, sizeof(*t));
    if (!t || !(t->uri = strdup(uri))) {
        free(t);
        end();
        (void)host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        return NULL;
    }
    t->signer = (struct host_signer){sign, release};
    t->asker = (struct asker){.pin = pin, .uri = t->uri};
    if (!find(t, point, err)) {
        release(&t->signer);
        return NULL;
    }
    return host_key_of_signer(point, &t->signer, err);
}

bool pkcs11_public_load(const char *uri, const char *module, struct host_passphrase *pin,
                        uint8_t ret_point[OTTER_POINT_LEN], struct host_error *err)
{
    struct asker asker = {.pin = pin, .uri = uri};
    gnutls_pubkey_t pub = NULL;
    bool ok;
    int code;

    if (!check_uri(uri, err) || !begin(module, err))
        return false;
    code = gnutls_pubkey_init(&pub);
    if (code == 0) {
        gnutls_pubkey_set_pin_function(pub, ask_pin, &asker);
        code = gnutls_pubkey_import_url(pub, uri, 0);
    }
    ok = code == 0 ? point_of(pub, uri, ret_point, err)
                   : fail(&asker, code, "the token does not give its public key", err);
    if (pub)
        gnutls_pubkey_deinit(pub);
    end();
    return ok;
}
