#include "check.h"

#include "signing.h"

#include "core/bytes.h"

static struct host_key *keys[KEY_COUNT];

int keys_setup(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        struct host_error err = {0};

        keys[i] = host_key_generate(&err);
        if (keys[i] == NULL)
            return -1;
    }
    return 0;
}

int keys_teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KEY_COUNT; i++)
        host_key_free(keys[i]);
    return 0;
}

const uint8_t *key_point(enum test_key key)
{
    return host_key_point(keys[key]);
}

const struct otter_digest *key_kid(enum test_key key)
{
    return host_key_kid(keys[key]);
}

const char *key_kid_text(enum test_key key)
{
    static char text[OTTER_B64_LEN(OTTER_DIGEST_LEN) + 1];

    otter_b64_encode(key_kid(key)->b, OTTER_DIGEST_LEN, text);
    return text;
}

const char *key_spki_text(enum test_key key)
{
    static char text[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1];
    uint8_t spki[OTTER_SPKI_LEN];

    otter_spki_from_point(key_point(key), spki);
    otter_b64_encode(spki, sizeof(spki), text);
    return text;
}

void key_sign(enum test_key key, const struct otter_digest *hash, uint8_t ret_sig[OTTER_SIG_LEN])
{
    assert_true(host_key_sign(keys[key], hash, ret_sig));
}

size_t seal(const char *payload, size_t len, const enum test_key *by, size_t n, char *out)
{
    static char body[OTTER_B64_LEN(OTTER_PAYLOAD_MAX) + 1];
    int at;

    assert_in_range(len, 0, OTTER_PAYLOAD_MAX);
    otter_b64_encode((const uint8_t *)payload, len, body);
    at = snprintf(out, OTTER_ENVELOPE_MAX + 1, "{\"payload\":\"%s\",\"signatures\":[", body);
    for (size_t i = 0; i < n; i++) {
        char input[sizeof(body) + OTTER_JWS_HEADER_B64 + 2];
        char header[OTTER_JWS_HEADER_B64 + 1];
        char text[OTTER_B64_LEN(OTTER_SIG_LEN) + 1];
        uint8_t sig[OTTER_SIG_LEN];
        struct otter_digest hash;
        int input_len;

        otter_jws_header(key_kid(by[i]), header);
        input_len = snprintf(input, sizeof(input), "%s.%s", header, body);
        otter_sha256_of(&otter_crypto_openssl, input, (size_t)input_len, &hash);
        key_sign(by[i], &hash, sig);
        otter_b64_encode(sig, sizeof(sig), text);
        at += snprintf(out + at, OTTER_ENVELOPE_MAX + 1 - (size_t)at,
                       "%s{\"protected\":\"%s\",\"signature\":\"%s\"}", i == 0 ? "" : ",", header, text);
        assert_in_range(at, 0, OTTER_ENVELOPE_MAX);
    }
    at += snprintf(out + at, OTTER_ENVELOPE_MAX + 1 - (size_t)at, "]}");
    assert_in_range(at, 0, OTTER_ENVELOPE_MAX);
    return (size_t)at;
}

void root_sample(struct otter_root *root)
{
    *root = (struct otter_root){
        .version = 1,
        .created = 1000,
        .expires = 5000,
        .sequence_epoch = 2,
        .key_count = KEY_OFFER_2 + 1,
        .role = {[OTTER_ROLE_ROOT] = {1, 2, {KEY_ROOT, KEY_ROOT_2}},
                 [OTTER_ROLE_RELEASE] = {1, 2, {KEY_RELEASE, KEY_RELEASE_2}},
                 [OTTER_ROLE_OFFER] = {1, 1, {KEY_OFFER}}},
        .revoked_count = 1,
        .revoked = {{{0xee}}},
    };
    for (unsigned i = 0; i < root->key_count; i++) {
        root->key[i].kid = *key_kid((enum test_key)i);
        memcpy(root->key[i].point, key_point((enum test_key)i), OTTER_POINT_LEN);
    }
}
