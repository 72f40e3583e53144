/* Who asks: the other end of the connection, or who the web server in front of a unix socket says it is. */
#include "http/loop.h"
#include "http/request.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct last {
    const char *name, *value;
};

static enum MHD_Result take_last(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct last *last = cls;

    (void)kind;
    if (value && strcasecmp(name, last->name) == 0)
        last->value = value;
    return MHD_YES;
}

/* Of several headers of a name the last, since a server in front adds its own behind those of its client. */
static const char *last_header(const struct http_request *r, const char *name)
{
    struct last last = {.name = name};

    (void)MHD_get_connection_values(r->connection, MHD_HEADER_KIND, take_last, &last);
    return last.value;
}

bool http_came_plain(const struct http_request *r)
{
    const char *value = last_header(r, "X-Forwarded-Proto");

    return value && http_forwarded_plain(value);
}

void http_peer_of(struct MHD_Connection *connection, char out[HTTP_CLIENT_STR])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *sa = info ? info->client_addr : NULL;

    out[0] = '\0';
    if (sa && sa->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, sa, sizeof in);
        (void)inet_ntop(AF_INET, &in.sin_addr, out, HTTP_CLIENT_STR);
    } else if (sa && sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, sa, sizeof in6);
        (void)inet_ntop(AF_INET6, &in6.sin6_addr, out, HTTP_CLIENT_STR);
    }
}

void http_client_of(const struct http_request *r, char out[HTTP_CLIENT_STR])
{
    const char *said = r->listener->proxied ? last_header(r, "X-Forwarded-For") : NULL;

    out[0] = '\0';
    if (said && http_forwarded_for(said, out))
        return;
    if (http_address_is_unix(&r->listener->address))
        snprintf(out, HTTP_CLIENT_STR, "unix");
    else
        http_peer_of(r->connection, out);
}
