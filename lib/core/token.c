#include "core/token.h"

#include "core/bytes.h"
#include "core/document.h"
#include "core/json.h"

#include <string.h>

#define MASK_WORD  "otter-token"
#define TAKEN_WORD "otter-taken"
#define MASK_TEXT  (sizeof(MASK_WORD) + OTTER_NAME_BUF + OTTER_B64_LEN(OTTER_NONCE_LEN) + 1)

void otter_new_token_mask(const struct otter_crypto *crypto, const uint8_t under[OTTER_TOKEN_SECRET],
                          struct otter_new_token *token)
{
    size_t device = strlen(token->device), len = sizeof(MASK_WORD) - 1; /* device <= OTTER_NAME_MAX */
    char text[MASK_TEXT];
    struct otter_digest mask;

    memcpy(text, MASK_WORD, len);
    text[len++] = '\n';
    memcpy(text + len, token->device, device);
    len += device;
    text[len++] = '\n';
    otter_b64_encode(token->nonce, OTTER_NONCE_LEN, text + len);
    len += OTTER_B64_LEN(OTTER_NONCE_LEN);
    otter_hmac_sha256(crypto, under, OTTER_TOKEN_SECRET, text, len, &mask);
    for (unsigned i = 0; i < OTTER_TOKEN_SECRET; i++)
        token->secret[i] ^= mask.b[i];
}

void otter_new_token_taken(const struct otter_crypto *crypto, const struct otter_new_token *token,
                           char out[OTTER_TOKEN_TAKEN + 1])
{
    char text[sizeof(TAKEN_WORD) + OTTER_NAME_BUF] = TAKEN_WORD "\n";
    size_t device = strlen(token->device); /* <= OTTER_NAME_MAX */
    struct otter_digest mac;

    memcpy(text + sizeof(TAKEN_WORD), token->device, device);
    otter_hmac_sha256(crypto, token->secret, OTTER_TOKEN_SECRET, text, sizeof(TAKEN_WORD) + device, &mac);
    otter_b64_encode(mac.b, OTTER_DIGEST_LEN, out);
}

int otter_new_token_encode(const struct otter_new_token *token, char *out, size_t cap)
{
    struct otter_json_out o;

    otter_json_out_init(&o, out, cap);
    otter_json_begin(&o, NULL, '{');
    otter_json_put_string(&o, "device", token->device);
    otter_json_put_string(&o, "product", token->product);
    otter_json_put_string(&o, "hardware", token->hardware);
    otter_json_put_b64(&o, "nonce", token->nonce, sizeof(token->nonce));
    otter_json_put_b64(&o, "token", token->secret, sizeof(token->secret));
    otter_json_end(&o, '}');
    return otter_json_out_finish(&o);
}

enum { DEVICE, PRODUCT, HARDWARE, NONCE, TOKEN, MEMBERS };

static const struct otter_json_field members[MEMBERS] = {
    [DEVICE] = {"device", OTTER_JSON_STRING, false, 0},
    [PRODUCT] = {"product", OTTER_JSON_STRING, false, 0},
    [HARDWARE] = {"hardware", OTTER_JSON_STRING, false, 0},
    [NONCE] = {"nonce", OTTER_JSON_STRING, false, 0},
    [TOKEN] = {"token", OTTER_JSON_STRING, false, 0},
};

/* The member that does not hold what it should; MEMBERS: none. */
static unsigned wrong_member(const struct otter_json *json, const struct otter_json_field *f,
                             struct otter_new_token *ret)
{
    if (!otter_document_name(json, f[DEVICE].index, otter_device_id_valid, ret->device))
        return DEVICE;
    if (!otter_document_name(json, f[PRODUCT].index, otter_name_valid, ret->product))
        return PRODUCT;
    if (!otter_document_name(json, f[HARDWARE].index, otter_name_valid, ret->hardware))
        return HARDWARE;
    if (!otter_json_b64(json, f[NONCE].index, ret->nonce, sizeof(ret->nonce)))
        return NONCE;
    return otter_json_b64(json, f[TOKEN].index, ret->secret, sizeof(ret->secret)) ? MEMBERS : TOKEN;
}

enum otter_status otter_new_token_decode(const char *body, size_t len, struct otter_new_token *ret,
                                         size_t *ret_at)
{
    struct otter_json json;
    struct otter_json_field f[MEMBERS];
    enum otter_status status = otter_json_parse(&json, body, len);
    unsigned wrong;

    memcpy(f, members, sizeof(f));
    memset(ret, 0, sizeof(*ret));
    if (status == OTTER_OK)
        status = otter_json_fields(&json, 0, f, MEMBERS, true);
    if (status == OTTER_OK) {
        wrong = wrong_member(&json, f, ret);
        if (wrong != MEMBERS) {
            json.error_at = json.token[f[wrong].index].start;
            status = OTTER_BAD_VALUE;
        }
    }
    if (ret_at != NULL)
        *ret_at = json.error_at;
    return status;
}
