/* Private keys under a passphrase, as openssl writes them and as we do; keys whose private half is another's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "host/crypto.h"
#include "temp.h"

#include <sys/stat.h>

/* openssl ecparam -name prime256v1 -genkey, then `openssl pkcs8 -topk8` (with -scrypt -scrypt_N 1024; with
 * -v1 PBE-SHA1-3DES), `openssl ec -aes128`: one key, passphrase hunter22. */
static const char pbkdf2[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                             "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjs+hs29hUlVgICCAAw\n"
                             "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECY0ZqBZvNR5PznKwFNlXj8EgZAH\n"
                             "OHBuFm+ofKtAxuA2aSYRtfhrrCTFlgoJ1V6M8wpTdC7ApASRdd19lDjQrd207Oa4\n"
                             "h+j9yO24Gp9GGsq3eEz+/4sNbU/Yl9v/FCF6bvT0xR1dqw/u9zNWWOhetH231W5E\n"
                             "Sv+Z2BnVAa4NlrYIcTDDr9bUmNSDkqY1L3K8r5HZjdLdvKxHUXkrkYERlbI+two=\n"
                             "-----END ENCRYPTED PRIVATE KEY-----\n";
static const char scrypt_pem[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                 "MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAge9mko8pqSQQICBAAC\n"
                                 "AQgCAQEwHQYJYIZIAWUDBAEqBBCl1qu54O2FBiNb6dQav3wQBIGQBkzvLUL1GyRf\n"
                                 "LmlIlBGTge8nZYgk9xSKbgdW9l+12ZZQgyppuSmqOH0CQRJyHdlfEqtwmqvA/++F\n"
                                 "0o+LCaLSzRRfdvTDmetWqxSww9W1mrxsOoNY4gt0Qe2NXBOEWkZjRgPZbeQLFJyK\n"
                                 "mYGrVHWvxFFt0rXGtwdviEcEPvur97kYIDEJduuojAWiKfGhs6fk\n"
                                 "-----END ENCRYPTED PRIVATE KEY-----\n";
static const char pbes1[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                            "MIGxMBwGCiqGSIb3DQEMAQMwDgQIPwGqQBdcce4CAggABIGQed9Hp8JBPK3pMSA7\n"
                            "3SPwWR7vonFrscfFfQVkLeMgd9FWGSo28JwDPCW0HaS/Oaq+7D5NGD8mjiOTNdxs\n"
                            "ixRwuPSNTFHg6Pn0L0USN6dMD3UXwwZLOSaioaQm4InWULpU5aumVzJCSaP3MEyO\n"
                            "lILYOMFP5dgIXXVf8KX1vEjl44f9YgaYAu+Uul9kYtWndjpN\n"
                            "-----END ENCRYPTED PRIVATE KEY-----\n";
static const char pem_md5[] = "-----BEGIN EC PRIVATE KEY-----\n"
                              "Proc-Type: 4,ENCRYPTED\n"
                              "DEK-Info: AES-128-CBC,1D623BF676F01B978AF18E6D96A023A2\n"
                              "\n"
                              "m1DXstDD0fuVRx6dB6wdPI9InvXo8f460FR9FmQ8wFz5ImNY4B94p6mOFBLxjSGM\n"
                              "rR2bz8nfF7VR57uOkDGuDrKAI30+D2dZqnnMpQeI3PbVP6qkC3ey9RfgsIPa8FH3\n"
                              "8SGOLh6MoVtu5DvP77S0nS4cD4wKZVCCrdZAt8W3Qnk=\n"
                              "-----END EC PRIVATE KEY-----\n";
/* A bit of the private number is another one. */
static const char halves[] = "-----BEGIN EC PRIVATE KEY-----\n"
                             "MHcCAQEEIOcAScGSRhXruIjlEG9z+U9FxvfHYZ9IFNkPQe9Uv+gxoAoGCCqGSM49\n"
                             "AwEHoUQDQgAE1xfONmHLkPMfB/bv+WvsRxuL1BOOg0M4SSxUHSEkVPy1K+/0GMID\n"
                             "BfsPR2vRU3KlByMbiEy9O6JtkbYvbcNqMg==\n"
                             "-----END EC PRIVATE KEY-----\n";
static const uint8_t point_x[] = {0x85, 0x15, 0xd9, 0x43, 0x6b, 0xa2};

/* Says one word after the other, the last one again. */
struct says {
    struct host_passphrase ask;
    const char *const *words;
    unsigned asked;
};

static bool say(struct host_passphrase *self, const char *what, unsigned attempt,
                char ret[HOST_PASSPHRASE_MAX], struct host_error *err)
{
    struct says *s = OTTER_CONTAINER_OF(self, struct says, ask);

    assert_string_equal(what, "x.key");
    assert_int_equal(attempt, s->asked++);
    if (!*s->words)
        return host_fail(err, HOST_ERROR_CANCELLED, "nobody is there");
    (void)snprintf(ret, HOST_PASSPHRASE_MAX, "%s", *s->words++);
    return true;
}

#define SAYS(tries, ...)                                                                                     \
    {                                                                                                        \
        {tries, say}, (const char *const[]){__VA_ARGS__, NULL}, 0                                            \
    }

static struct host_key *parse(const char *pem, struct says *s, struct host_error *err)
{
    return host_key_parse_asking(pem, strlen(pem), "x.key", s ? &s->ask : NULL, err);
}

static void what_openssl_encrypts_by_pbes2_opens_with_its_passphrase(void **state)
{
    static const char *const pem[] = {pbkdf2, scrypt_pem};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(pem); i++) {
        struct says s = SAYS(1, "hunter22");
        auto_key struct host_key *key = parse(pem[i], &s, NULL);

        assert_non_null(key);
        assert_memory_equal(host_key_point(key) + 1, point_x, sizeof point_x);
        assert_true(host_pem_is_encrypted(pem[i], strlen(pem[i])));
    }
}

static void a_wrong_passphrase_is_named_and_asked_for_as_often_as_allowed(void **state)
{
    struct says third = SAYS(3, "a", "b", "hunter22"), never = SAYS(3, "a", "b", "c", "hunter22"),
                once = SAYS(1, "a", "hunter22"), nobody = {{3, say}, (const char *const[]){NULL}, 0};
    auto_key struct host_key *key = parse(pbkdf2, &third, NULL);
    struct host_error err = {0};

    (void)state;
    assert_non_null(key);
    assert_null(parse(pbkdf2, &never, &err));
    assert_int_equal(never.asked, 3);
    assert_non_null(strstr(err.message, "x.key: wrong-passphrase"));
    assert_null(parse(pbkdf2, &once, &err));
    assert_int_equal(once.asked, 1);
    assert_null(parse(pbkdf2, &nobody, &err));
    assert_string_equal(err.message, "nobody is there");
    assert_null(parse(pbkdf2, NULL, &err));
    assert_non_null(strstr(err.message, "encrypted"));
}

/* Of 500 wrong ones some two decrypt to a padding that looks right. */
static void garbage_behind_a_wrong_passphrase_is_no_key_either(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        struct host_error err = {0};
        char word[16];
        struct says s = SAYS(1, word);

        (void)snprintf(word, sizeof word, "wrong%u", i);
        assert_null(parse(scrypt_pem, &s, &err));
        assert_non_null(strstr(err.message, "wrong-passphrase"));
    }
}

static void old_ways_of_encryption_are_refused_before_anybody_is_asked(void **state)
{
    static const char *const pem[] = {pbes1, pem_md5};

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(pem); i++) {
        struct says s = SAYS(3, "hunter22");
        struct host_error err = {0};

        assert_null(parse(pem[i], &s, &err));
        assert_int_equal(s.asked, 0);
        assert_non_null(strstr(err.message, "PBES2 alone"));
    }
}

static void a_sealed_file_opens_with_its_passphrase_alone_and_may_get_another(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    const char *path = temp_path("sealed.key");
    struct host_error err = {0};
    struct stat st;

    (void)state;
    assert_true(host_key_save_sealed(key, path, "first of all", HOST_FILE_NEW, &err));
    assert_false(host_key_save_sealed(key, path, "second", HOST_FILE_NEW, &err));
    assert_int_equal(err.kind, HOST_ERROR_EXISTS);
    assert_null(host_key_load(path, &err)); /* the server has nobody to ask */
    assert_true(host_key_save_sealed(key, path, NULL, HOST_FILE_REPLACE, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    {
        auto_key struct host_key *back = host_key_open(path, NULL, &err);

        assert_non_null(back);
        assert_memory_equal(host_key_point(back), host_key_point(key), OTTER_POINT_LEN);
    }
}

static void a_key_file_that_others_may_read_is_refused_as_ssh_does(void **state)
{
    auto_key struct host_key *key = host_key_generate(NULL);
    const char *path = temp_path("open.key");
    static const mode_t refused[] = {0644, 0640, 0604, 0620, 0610};

    (void)state;
    assert_true(host_key_save(key, path, NULL));
    for (size_t i = 0; i < OTTER_ARRAY_LEN(refused); i++) {
        struct host_error err = {0};

        assert_int_equal(chmod(path, refused[i]), 0);
        assert_null(host_key_open(path, NULL, &err));
        assert_int_equal(err.kind, HOST_ERROR_FILE);
        assert_non_null(strstr(err.message, "chmod 600"));
    }
    assert_int_equal(chmod(path, 0400), 0);
    {
        auto_key struct host_key *back = host_key_open(path, NULL, NULL);

        assert_non_null(back);
    }
}

/* Signs with a key of ours, or says what a token would. */
struct fake_token {
    struct host_signer signer;
    struct host_key *key;
    bool pulled_out;
    unsigned *released;
};

static bool token_sign(struct host_signer *self, const struct otter_digest *hash,
                       uint8_t ret_sig[OTTER_SIG_LEN], struct host_error *err)
{
    struct fake_token *t = OTTER_CONTAINER_OF(self, struct fake_token, signer);

    if (t->pulled_out)
        return host_fail(err, HOST_ERROR_CRYPTO, "the token is gone");
    return host_key_sign_why(t->key, hash, ret_sig, err);
}

static void token_release(struct host_signer *self)
{
    struct fake_token *t = OTTER_CONTAINER_OF(self, struct fake_token, signer);

    host_key_free(t->key);
    (*t->released)++;
}

static void a_signer_s_key_signs_and_says_why_not_and_is_never_saved(void **state)
{
    unsigned released = 0;
    struct fake_token t = {{token_sign, token_release}, host_key_generate(NULL), false, &released};
    struct host_key *key = host_key_of_signer(host_key_point(t.key), &t.signer, NULL);
    struct otter_digest hash = {{7}};
    uint8_t sig[OTTER_SIG_LEN];
    struct host_error err = {0};

    (void)state;
    assert_non_null(key);
    assert_memory_equal(host_key_kid(key)->b, host_key_kid(t.key)->b, OTTER_DIGEST_LEN);
    assert_true(host_key_sign(key, &hash, sig));
    assert_true(otter_crypto_openssl.p256_verify(host_key_point(key), hash.b, sig));
    t.pulled_out = true;
    assert_false(host_key_sign_why(key, &hash, sig, &err));
    assert_string_equal(err.message, "the token is gone");
    assert_false(host_key_save(key, temp_path("token.key"), &err));
    host_key_free(key);
    assert_int_equal(released, 1);
}

static void a_key_whose_halves_do_not_belong_together_is_damaged(void **state)
{
    struct host_error err = {0};

    (void)state;
    assert_null(host_key_parse(halves, strlen(halves), "x.key", &err));
    assert_int_equal(err.kind, HOST_ERROR_CRYPTO);
    assert_non_null(strstr(err.message, "x.key is damaged"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_openssl_encrypts_by_pbes2_opens_with_its_passphrase),
        cmocka_unit_test(a_wrong_passphrase_is_named_and_asked_for_as_often_as_allowed),
        cmocka_unit_test(garbage_behind_a_wrong_passphrase_is_no_key_either),
        cmocka_unit_test(old_ways_of_encryption_are_refused_before_anybody_is_asked),
        cmocka_unit_test(a_sealed_file_opens_with_its_passphrase_alone_and_may_get_another),
        cmocka_unit_test(a_key_file_that_others_may_read_is_refused_as_ssh_does),
        cmocka_unit_test(a_key_whose_halves_do_not_belong_together_is_damaged),
        cmocka_unit_test(a_signer_s_key_signs_and_says_why_not_and_is_never_saved),
    };

    return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
