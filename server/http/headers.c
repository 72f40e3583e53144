#include "http/headers.h"

#include "core/bytes.h"

#include <string.h>
#include <strings.h>

/* token68 of RFC 9110, 11.2 */
static bool token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~+/=", c) != NULL);
}

/* What follows a scheme name and its spaces; NULL if the value is of another scheme. */
static const char *after_scheme(const char *value, const char *scheme)
{
    size_t len = strlen(scheme);

    if (strncasecmp(value, scheme, len) != 0 || value[len] != ' ')
        return NULL;
    value += len;
    while (*value == ' ')
        value++;
    return value;
}

static void parse_bearer(const char *token, struct http_credentials *ret)
{
    size_t len = 0;

    while (token_char(token[len]))
        len++;
    if (len == 0 || len > HTTP_TOKEN_MAX || token[len] != '\0')
        return;
    ret->scheme = HTTP_SCHEME_BEARER;
    ret->token = token;
}

static void parse_hmac(const char *value, struct http_credentials *ret)
{
    const char *mac = strrchr(value, ':');
    const char *nonce = mac;

    if (!mac || mac == value)
        return;
    while (nonce > value && nonce[-1] != ':')
        nonce--;
    if (nonce <= value + 1)
        return; /* no second ':', or an empty device */
    ret->scheme = HTTP_SCHEME_HMAC;
    ret->device = value;
    ret->device_len = (size_t)(nonce - 1 - value);
    ret->nonce = nonce;
    ret->nonce_len = (size_t)(mac - nonce);
    ret->mac = mac + 1;
    ret->mac_len = strlen(mac + 1);
    if (ret->device_len > 64 || ret->nonce_len == 0 || ret->nonce_len > 64 ||
        ret->mac_len != OTTER_B64_LEN(32u))
        ret->scheme = HTTP_SCHEME_NONE;
}

void http_credentials_parse(const char *value, struct http_credentials *ret)
{
    const char *rest;

    *ret = (struct http_credentials){.scheme = HTTP_SCHEME_NONE};
    if (!value)
        return;
    if ((rest = after_scheme(value, "Bearer")))
        parse_bearer(rest, ret);
    else if ((rest = after_scheme(value, "Otter-HMAC")))
        parse_hmac(rest, ret);
}

bool http_media_type_is(const char *value, const char *type)
{
    size_t len = strlen(type);

    if (strncasecmp(value, type, len) != 0)
        return false;
    value += len;
    while (*value == ' ' || *value == '\t')
        value++;
    return *value == '\0' || *value == ';';
}

bool http_number(const char *value, uint64_t max, uint64_t *ret)
{
    return otter_parse_uint(value, strlen(value), max, ret);
}
