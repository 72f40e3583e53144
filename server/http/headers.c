#include "http/headers.h"

#include "core/bytes.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* Sets of characters as a bit each: a token's are random, and a branch on each is guessed wrong every other
 * time. */
#define BIT(c)      (UINT64_C(1) << (unsigned char)(c) % 64)
#define SPAN(a, b)  (BIT(b) - BIT(a) + BIT(b))
#define ALPHA       (SPAN('A', 'Z') | SPAN('a', 'z'))
#define HAS(set, c) (((set)[(unsigned char)(c) / 64] >> (unsigned char)(c) % 64 & 1u) != 0)

/* token68 of RFC 9110, 11.2; '-' to '9' are - . / and the digits */
static const uint64_t token68[4] = {BIT('+') | SPAN('-', '9') | BIT('='), ALPHA | BIT('_') | BIT('~')};

/* Of a field's name: RFC 9110, 5.6.2. */
static const uint64_t tchar[4] = {BIT('!') | SPAN('#', '\'') | SPAN('*', '+') | SPAN('-', '.') |
                                      SPAN('0', '9'),
                                  ALPHA | SPAN('^', '`') | BIT('|') | BIT('~')};

bool http_is_token(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && HAS(tchar, s[n]))
        n++;
    return n > 0 && n == len;
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

    while (HAS(token68, token[len]))
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

/* The part behind the last comma, without spaces around it; false if it is empty or too long. */
static bool last_of_list(const char *value, char *out, size_t cap)
{
    const char *comma = strrchr(value, ',');
    const char *start = comma ? comma + 1 : value;
    size_t len;

    start += strspn(start, " \t");
    len = strlen(start);
    while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
        len--;
    if (len == 0 || len >= cap)
        return false;
    memcpy(out, start, len);
    out[len] = '\0';
    return true;
}

/* "[::1]:80", "[::1]", "10.0.0.1:80" lose what is not the address. */
static char *bare_address(char *text)
{
    char *colon = strchr(text, ':');

    if (text[0] == '[') {
        text++;
        text[strcspn(text, "]")] = '\0';
    } else if (colon && !strchr(colon + 1, ':')) {
        *colon = '\0';
    }
    return text;
}

bool http_forwarded_for(const char *value, char out[HTTP_IP_STR])
{
    char text[HTTP_IP_STR + sizeof "[]:65535"];
    struct in6_addr in6;
    struct in_addr in;
    const char *bare;

    if (!last_of_list(value, text, sizeof text))
        return false;
    bare = bare_address(text);
    if (inet_pton(AF_INET, bare, &in) == 1)
        return inet_ntop(AF_INET, &in, out, HTTP_IP_STR) != NULL;
    if (inet_pton(AF_INET6, bare, &in6) == 1)
        return inet_ntop(AF_INET6, &in6, out, HTTP_IP_STR) != NULL;
    return false;
}

bool http_forwarded_plain(const char *value)
{
    char text[sizeof "https"];

    return last_of_list(value, text, sizeof text) && strcasecmp(text, "http") == 0;
}

bool http_site_of(const char *address, uint8_t ret[HTTP_SITE])
{
    struct in6_addr in6 = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

    if (inet_pton(AF_INET, address, in6.s6_addr + 12) != 1 && inet_pton(AF_INET6, address, &in6) != 1)
        return false;
    if (!IN6_IS_ADDR_V4MAPPED(&in6)) /* one is: a proxy whose socket takes both says IPv4 like that */
        memset(in6.s6_addr + 8, 0, 8);
    memcpy(ret, in6.s6_addr, HTTP_SITE);
    return true;
}
