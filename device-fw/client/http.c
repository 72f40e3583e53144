#include "client/http.h"

#include "core/bytes.h"

#include <string.h>

enum state { STATUS_LINE, LINE_LF, NAME, VALUE, VALUE_LF, END_LF, BODY, DONE, BAD };

enum header {
    H_OTHER,
    H_LENGTH,
    H_RANGE,
    H_ETAG,
    H_RETRY_AFTER,
    H_ROOT,
    H_ROTATE,
    H_TAKEN,
    H_CONNECTION,
    H_TRANSFER_ENCODING
};

static const struct {
    const char *name;
    enum header header;
} headers[] = {
    {"content-length", H_LENGTH},   {"content-range", H_RANGE},   {"etag", H_ETAG},
    {"retry-after", H_RETRY_AFTER}, {"otter-root", H_ROOT},       {"otter-rotate", H_ROTATE},
    {"otter-taken", H_TAKEN},       {"connection", H_CONNECTION}, {"transfer-encoding", H_TRANSFER_ENCODING},
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9110, 5.6.2. */
static bool is_token(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Visible, space, tab, or obs-text: what a value or a reason phrase may hold (RFC 9110, 5.5). */
static bool is_text(char c)
{
    uint8_t u = (uint8_t)c;

    return u == '\t' || (u >= ' ' && u != 0x7f);
}

void otter_http_init(struct otter_http *http)
{
    memset(http, 0, sizeof(*http));
    http->state = STATUS_LINE;
}

/* "HTTP/1.1 200 reason" in http->value, of which only the first bytes are kept. */
static bool status_line(struct otter_http *http)
{
    const char *v = http->value;
    uint64_t status;

    if (http->value_len < 12 || memcmp(v, "HTTP/1.", 7) != 0 || (v[7] != '1' && v[7] != '0') || v[8] != ' ')
        return false;
    if (http->value_len > 12 && v[12] != ' ')
        return false;
    if (!otter_parse_uint(v + 9, 3, 599, &status) || status < 100 || status == 101)
        return false;
    http->head.status = (uint16_t)status;
    http->head.close = v[7] == '0';
    return true;
}

/* Reads decimal digits at *at up to any other character. */
static bool take_number(const struct otter_http *http, uint8_t *at, uint64_t *ret)
{
    uint8_t start = *at;

    while (*at < http->value_len && is_digit(http->value[*at]))
        (*at)++;
    return otter_parse_uint(http->value + start, (size_t)(*at - start), OTTER_INT_MAX, ret);
}

static bool take_char(const struct otter_http *http, uint8_t *at, char c)
{
    return *at < http->value_len && http->value[(*at)++] == c;
}

/* "bytes first-last/total"; the unsatisfied form of a 416 says nothing that we use. */
static bool content_range(struct otter_http *http)
{
    struct otter_http_head *head = &http->head;
    uint8_t at = 6;

    if (head->has_range || http->value_len < 6 || memcmp(http->value, "bytes ", 6) != 0)
        return false;
    if (http->value[6] == '*')
        return true;
    if (!take_number(http, &at, &head->range_first) || !take_char(http, &at, '-') ||
        !take_number(http, &at, &head->range_last) || !take_char(http, &at, '/') ||
        !take_number(http, &at, &head->range_total) || at != http->value_len)
        return false;
    head->has_range = true;
    return head->range_first <= head->range_last && head->range_last < head->range_total;
}

/* A comma list; "close" anywhere in it counts. */
static void connection(struct otter_http *http)
{
    static const char word[] = "close";
    size_t n = 0;

    for (uint8_t i = 0; i <= http->value_len; i++) {
        char c = i < http->value_len ? lower(http->value[i]) : ',';

        if (c == ' ' || c == '\t')
            continue;
        if (c == ',') {
            if (n == sizeof(word) - 1)
                http->head.close = true;
            n = 0;
        } else if (n < sizeof(word) - 1 && c == word[n]) {
            n++;
        } else {
            n = sizeof(word); /* another word */
        }
    }
}

/* False if a header that we read is malformed. A header of ours that repeats is malformed where it decides
 * anything. */
static bool header_line(struct otter_http *http)
{
    struct otter_http_head *head = &http->head;
    const char *v = http->value;
    uint8_t len = http->value_len;

    switch ((enum header)http->header) {
    case H_LENGTH:
        if (head->has_length || !otter_parse_uint(v, len, OTTER_INT_MAX, &head->length))
            return false;
        head->has_length = true;
        return true;
    case H_RANGE:
        return content_range(http);
    case H_ETAG:
    case H_TAKEN: /* no reply of ours has both */
        if (len <= OTTER_ETAG_MAX)
            memcpy(head->etag, v, (size_t)len + 1);
        return true;
    case H_RETRY_AFTER:
        head->has_retry_after = otter_parse_uint(v, len, OTTER_INT_MAX, &head->retry_after);
        return true;
    case H_ROOT:
        head->has_root = otter_parse_uint(v, len, OTTER_INT_MAX, &head->root);
        return true;
    case H_ROTATE:
        head->rotate = len > 0;
        return true;
    case H_CONNECTION:
        connection(http);
        return true;
    case H_TRANSFER_ENCODING:
        return false; /* never needed by our server; refused so that a body has one length */
    case H_OTHER:
    default:
        return true;
    }
}

static enum header find_header(const struct otter_http *http)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(headers); i++) {
        if (strlen(headers[i].name) == http->name_len &&
            memcmp(headers[i].name, http->name, http->name_len) == 0)
            return headers[i].header;
    }
    return H_OTHER;
}

/* Keeps a character of a line; false if one that we must read whole is too long. */
static bool keep(struct otter_http *http, char c)
{
    if (http->value_len < OTTER_HTTP_VALUE_MAX) {
        http->value[http->value_len++] = c;
        http->value[http->value_len] = '\0';
        return true;
    }
    return http->header == H_OTHER; /* a status line's reason, or a header that is none of ours */
}

static void begin_line(struct otter_http *http, enum state state)
{
    http->state = (uint8_t)state;
    http->header = H_OTHER;
    http->name_len = 0;
    http->value_len = 0;
    http->value[0] = '\0';
}

static enum state name_char(struct otter_http *http, char c)
{
    if (c == '\r' && http->name_len == 0)
        return END_LF;
    if (c == ':' && http->name_len > 0) {
        if (++http->header_count > OTTER_HTTP_HEADERS_MAX)
            return BAD;
        http->header = (uint8_t)(http->name_len <= OTTER_HTTP_NAME_MAX ? find_header(http) : H_OTHER);
        return VALUE;
    }
    if (!is_token(c))
        return BAD;
    /* One more than the bound marks a name that is none of ours. */
    if (http->name_len < OTTER_HTTP_NAME_MAX)
        http->name[http->name_len] = lower(c);
    if (http->name_len <= OTTER_HTTP_NAME_MAX)
        http->name_len++;
    return NAME;
}

static enum state value_char(struct otter_http *http, char c)
{
    if (c == '\r') {
        while (http->value_len > 0 &&
               (http->value[http->value_len - 1] == ' ' || http->value[http->value_len - 1] == '\t'))
            http->value[--http->value_len] = '\0';
        return header_line(http) ? VALUE_LF : BAD;
    }
    if (!is_text(c))
        return BAD;
    if (http->value_len == 0 && (c == ' ' || c == '\t'))
        return VALUE;
    return keep(http, c) ? VALUE : BAD;
}

/* The head is complete: an interim one is forgotten, a final one decides where the body ends. */
static enum state head_end(struct otter_http *http)
{
    struct otter_http_head *head = &http->head;

    if (head->status < 200) {
        memset(head, 0, sizeof(*head));
        begin_line(http, STATUS_LINE);
        return STATUS_LINE;
    }
    if (head->status == 204 || head->status == 304) {
        head->has_length = true; /* no body, whatever Content-Length says (RFC 9112, 6.3) */
        head->length = 0;
    }
    if (!head->has_length)
        head->close = true; /* its end would be the connection's: not read */
    http->body_left = head->has_length ? head->length : 0;
    return BODY;
}

/* One character of the head. BODY means that the head has just ended. */
static enum state head_char(struct otter_http *http, char c)
{
    enum state next;

    if (++http->head_bytes > OTTER_HTTP_HEAD_MAX)
        return BAD;
    switch ((enum state)http->state) {
    case STATUS_LINE:
        if (c == '\r')
            return status_line(http) ? LINE_LF : BAD;
        return is_text(c) && keep(http, c) ? STATUS_LINE : BAD;
    case NAME:
        return name_char(http, c);
    case VALUE:
        return value_char(http, c);
    case LINE_LF:
    case VALUE_LF:
        next = c == '\n' ? NAME : BAD;
        begin_line(http, next);
        return next;
    case END_LF:
        return c == '\n' ? head_end(http) : BAD;
    case BODY:
    case DONE:
    case BAD:
    default:
        return BAD;
    }
}

enum otter_http_event otter_http_feed(struct otter_http *http, const uint8_t *in, uint32_t len,
                                      uint32_t *ret_used, const uint8_t **ret_body, uint32_t *ret_body_len)
{
    uint32_t n;

    *ret_used = 0;
    while (http->state != BODY && http->state != DONE && http->state != BAD) {
        if (*ret_used == len)
            return OTTER_HTTP_MORE;
        http->state = (uint8_t)head_char(http, (char)in[(*ret_used)++]);
        if (http->state == BODY)
            return OTTER_HTTP_HEAD;
    }
    if (http->state == BODY && http->body_left == 0)
        http->state = DONE;
    if (http->state == DONE)
        return OTTER_HTTP_DONE;
    if (http->state == BAD)
        return OTTER_HTTP_BAD;
    if (len == 0)
        return OTTER_HTTP_MORE;
    n = http->body_left < len ? (uint32_t)http->body_left : len;
    http->body_left -= n;
    *ret_used = n;
    *ret_body = in;
    *ret_body_len = n;
    return OTTER_HTTP_BODY;
}
