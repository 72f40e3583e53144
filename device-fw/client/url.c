#include "client/url.h"

#include "core/bytes.h"

#include <string.h>

static bool host_char(char c, bool bracketed)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.')
        return true;
    return bracketed ? c == ':' : c == '-';
}

static bool path_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("-._~/:@!$&'()*+,;=%", c) != NULL);
}

/* Copies the host at *at and moves *at behind it. */
static bool take_host(const char *text, size_t len, size_t *at, struct otter_url *url)
{
    size_t i = *at;
    bool bracketed = i < len && text[i] == '[';
    size_t n = 0;

    if (bracketed)
        i++;
    while (i < len && host_char(text[i], bracketed))
        url->host[n++] = text[i++]; /* n < len <= OTTER_URL_MAX */
    url->host[n] = '\0';
    if (bracketed && (i == len || text[i++] != ']'))
        return false;
    *at = i;
    return n > 0;
}

static bool take_port(const char *text, size_t len, size_t *at, struct otter_url *url)
{
    size_t i = *at;
    size_t start;
    uint64_t port;

    if (i == len || text[i] != ':')
        return true;
    start = ++i;
    while (i < len && text[i] >= '0' && text[i] <= '9')
        i++;
    if (!otter_parse_uint(text + start, i - start, 65535, &port) || port == 0)
        return false;
    url->port = (uint16_t)port;
    *at = i;
    return true;
}

static bool take_path(const char *text, size_t len, size_t at, struct otter_url *url)
{
    size_t n = 0;

    if (at < len && text[at] != '/')
        return false;
    for (; at < len; at++) {
        if (!path_char(text[at]))
            return false;
        url->path[n++] = text[at];
    }
    while (n > 0 && url->path[n - 1] == '/')
        n--;
    url->path[n] = '\0';
    return true;
}

bool otter_url_parse(const char *text, struct otter_url *ret)
{
    struct otter_url url = {0};
    size_t len = 0;
    size_t at;

    while (len <= OTTER_URL_MAX && text[len] != '\0')
        len++;
    if (len > OTTER_URL_MAX)
        return false;
    if (len > 8 && memcmp(text, "https://", 8) == 0) {
        url.tls = true;
        at = 8;
    } else if (len > 7 && memcmp(text, "http://", 7) == 0) {
        at = 7;
    } else {
        return false;
    }
    url.port = url.tls ? 443 : 80;
    if (!take_host(text, len, &at, &url) || !take_port(text, len, &at, &url) ||
        !take_path(text, len, at, &url))
        return false;
    *ret = url;
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equal_host(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == '\0' && *b == '\0';
}

bool otter_url_same_origin(const struct otter_url *a, const struct otter_url *b)
{
    return a->tls == b->tls && a->port == b->port && equal_host(a->host, b->host);
}

/* 127.a.b.c and nothing longer: "127.0.0.1.example.org" is a name like any other. */
static bool is_loopback4(const char *host)
{
    unsigned dots = 0;

    if (strncmp(host, "127.", 4) != 0)
        return false;
    for (; *host != '\0'; host++) {
        if (*host == '.')
            dots++;
        else if (*host < '0' || *host > '9')
            return false;
    }
    return dots == 3;
}

bool otter_url_is_loopback(const struct otter_url *url)
{
    return is_loopback4(url->host) || equal_host(url->host, "localhost") || strcmp(url->host, "::1") == 0;
}
