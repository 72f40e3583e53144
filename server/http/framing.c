/*
 * What must hold before a request is looked at: one Host, one way to tell where its body ends, and room for
 * the reply. Two lengths, or a length beside chunks, are how a request is smuggled past a proxy that reads
 * the other one (RFC 9112, 3.2, 6.1 and 11.2); libmicrohttpd 0.9.75 takes the first and goes on. So is
 * "Content-Length :", which it takes for a header of another name, and a CR inside a header (RFC 9112, 2.2
 * and 5.1). And a head that fills the connection's memory it takes, has it carried out, and closes the
 * connection, since the reply's head does not fit.
 */
#include "http/loop.h"
#include "http/request.h"

#include <string.h>
#include <strings.h>

#define FIELD_BYTES 96u   /* what libmicrohttpd keeps of a header or a parameter beside its text */
#define REPLY_BYTES 1024u /* the largest head of a reply is half of it */

struct framing {
    struct http_request *r;
    unsigned hosts, lengths, codings;
    bool chunked, garbled;
    size_t bytes; /* of the pool */
};

struct field {
    const char *name, *value;
    size_t name_len, value_len;
};

/* Most names differ by their length already. */
static bool is(const struct field *f, const char *name, size_t len)
{
    return f->name_len == len && strcasecmp(f->name, name) == 0;
}
#define IS(f, name) is(f, name, sizeof(name) - 1)

static void remember(const char **first, const struct field *f)
{
    if (!*first)
        *first = f->value;
}

static void look_at(struct framing *ret, const struct field *f)
{
    if (!http_is_token(f->name, f->name_len) || (f->value && strchr(f->value, '\r')))
        ret->garbled = true;
    if (IS(f, MHD_HTTP_HEADER_COOKIE))
        ret->bytes += f->value_len; /* it is copied, to be taken apart */
    if (IS(f, MHD_HTTP_HEADER_HOST))
        ret->hosts++;
    if (IS(f, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
        ret->lengths++;
        remember(&ret->r->content_length, f);
    }
    if (IS(f, MHD_HTTP_HEADER_AUTHORIZATION))
        remember(&ret->r->authorization, f);
    if (IS(f, MHD_HTTP_HEADER_CONTENT_TYPE))
        remember(&ret->r->content_type, f);
    if (IS(f, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
        ret->codings++;
        ret->chunked = f->value && strcasecmp(f->value, "chunked") == 0;
    }
}

static enum MHD_Result count(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
                             const char *value, size_t value_len)
{
    struct framing *f = cls;

    f->bytes += FIELD_BYTES;
    if (kind == MHD_HEADER_KIND)
        look_at(f, &(struct field){name, value, name_len, value ? value_len : 0});
    return MHD_YES;
}

/* NULL: nothing. */
static const char *wrong(const struct framing *f, bool http_1_0)
{
    if (f->garbled)
        return "a header's name is no token (a space before its colon?), or its value holds a CR";
    if (f->hosts > 1 || (f->hosts == 0 && !http_1_0))
        return "HTTP/1.1 needs the header Host, once";
    if (f->lengths > 1)
        return "Content-Length is there twice";
    if (f->codings > 1 || (f->codings == 1 && (!f->chunked || http_1_0)))
        return "Transfer-Encoding: chunked is the only one that is taken, with HTTP/1.1";
    if (f->codings == 1 && f->lengths == 1)
        return "Content-Length and Transfer-Encoding: one of them";
    return NULL;
}

bool http_framing_holds(struct http_request *r, const char *version)
{
    const union MHD_ConnectionInfo *head =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct framing f = {.r = r, .bytes = head ? head->header_size : 0};
    const char *what;

    (void)MHD_get_connection_values_n(r->connection,
                                      MHD_HEADER_KIND | MHD_GET_ARGUMENT_KIND | MHD_COOKIE_KIND, count, &f);
    if (f.bytes > http_pool_bytes(r) - REPLY_BYTES) {
        http_refuse_request(r, OTTER_TOO_LARGE,
                            "the request's head is too large: about 4,000 bytes are taken, or 1,500 at an "
                            "address for devices alone or on a connection that began as a device's");
        r->refusal_http = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
        return false;
    }
    what = wrong(&f, strcmp(version, MHD_HTTP_VERSION_1_0) == 0);
    if (what)
        http_refuse_request(r, OTTER_BAD_VALUE, "%s", what);
    return !what;
}

const char *http_origin_form(const char *url)
{
    const char *path;

    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
        return url;
    path = strchr(strstr(url, "://") + 3, '/');
    return path ? path : "/";
}
