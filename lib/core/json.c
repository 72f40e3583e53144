/*
 * The grammar of RFC 8259, checked strictly, and UTF-8; a token is set down where each thing begins, so that
 * they stand in the order of the text, each before all that is inside it.
 */
#include "core/json.h"

#include "core/bytes.h"
#include "core/utf8.h"

#include <string.h>

_Static_assert(sizeof(struct otter_json_token) <= 12, "128 tokens in 1.5 KB");

/* The reading place; each scan_ function leaves `at` behind what it took, or, when false, at the wrong
 * character. */
struct scan {
    struct otter_json *json;
    const char *at, *end;
    unsigned depth;
    uint16_t open[OTTER_JSON_DEPTH]; /* tokens of the objects and arrays that `at` is inside */
};

/* '\0' at the end: never a character that the grammar wants. */
static char peek(const struct scan *s)
{
    return s->at < s->end ? *s->at : '\0';
}

static bool take(struct scan *s, char c)
{
    if (s->at >= s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static inline bool is_space(char c)
{
    return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

static inline void skip_space(struct scan *s)
{
    while (s->at < s->end && is_space(*s->at))
        s->at++;
}

/* ---- tokens: at - text <= len <= 65,535 ---- */

static uint16_t offset(const struct scan *s)
{
    return (uint16_t)(s->at - s->json->text);
}

/* NULL if there are too many. */
static struct otter_json_token *begin_token(struct scan *s, enum otter_json_type type)
{
    struct otter_json *json = s->json;
    struct otter_json_token *t = &json->token[json->count];

    if (json->count == OTTER_JSON_TOKENS)
        return NULL;
    json->count++;
    *t = (struct otter_json_token){.start = offset(s), .type = (uint8_t)type};
    return t;
}

/* Whatever has begun since is inside it. */
static void end_token(struct scan *s, struct otter_json_token *t)
{
    t->end = offset(s);
    t->next = s->json->count;
}

/* The object or array that `at` is inside; depth is not 0. */
static struct otter_json_token *parent(const struct scan *s)
{
    return &s->json->token[s->open[s->depth - 1]];
}

static inline bool in_object(const struct scan *s)
{
    return parent(s)->type == OTTER_JSON_OBJECT;
}

/* ---- the grammar ---- */

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool scan_digits(struct scan *s)
{
    if (!digit(peek(s)))
        return false;
    while (digit(peek(s)))
        s->at++;
    return true;
}

static bool scan_number(struct scan *s)
{
    take(s, '-');
    if (!take(s, '0') && !scan_digits(s))
        return false;
    if (take(s, '.') && !scan_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            take(s, '-');
        return scan_digits(s);
    }
    return true;
}

static bool scan_word(struct scan *s, const char *word)
{
    for (; *word != '\0'; word++)
        if (!take(s, *word))
            return false;
    return true;
}

static bool scan_escape(struct scan *s)
{
    char c = peek(s);

    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return false;
    s->at++;
    for (int i = 0; c == 'u' && i < 4; i++) {
        char h = peek(s);

        if (!digit(h) && !(h >= 'a' && h <= 'f') && !(h >= 'A' && h <= 'F'))
            return false;
        s->at++;
    }
    return true;
}

/* A word of which every byte is c. */
#define EACH(c) (UINT64_MAX / 0xff * (c))

/*
 * How many of these eight bytes are plain before one that is not. Marked is the high bit of what is beyond
 * ASCII, below 0x20, a quote or a backslash; a difference borrows from the byte above only where it has
 * marked its own, so the lowest mark is right.
 */
static unsigned plain_of_eight(const uint8_t *p)
{
    uint64_t w = otter_le64(p);
    uint64_t marks =
        (w | (w - EACH(0x20u)) | ((w ^ EACH(0x22u)) - EACH(1u)) | ((w ^ EACH(0x5cu)) - EACH(1u))) &
        EACH(0x80u);

    return marks ? (unsigned)__builtin_ctzll(marks) / 8 : 8;
}

static bool plain(char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && (unsigned char)c < 0x80;
}

/* Up to what is no plain character of a string. */
static void skip_plain(struct scan *s)
{
    const char *at = s->at;
    unsigned n = 8;

    while (n == 8 && s->end - at >= 8) {
        n = plain_of_eight((const uint8_t *)at);
        at += n;
    }
    while (n == 8 && at < s->end && plain(*at))
        at++;
    s->at = at;
}

/* Inside a string: an escape, or a character of several bytes. */
static bool scan_special(struct scan *s, struct otter_json_token *t)
{
    unsigned n;

    if (take(s, '\\')) {
        t->escaped = true;
        return scan_escape(s);
    }
    if ((unsigned char)peek(s) < 0x20) /* the end is such a one, too */
        return false;
    n = otter_utf8_char(s->at, (size_t)(s->end - s->at));
    s->at += n; /* otter_utf8_char looked at no more than the rest */
    return n != 0;
}

static bool scan_string(struct scan *s)
{
    struct otter_json_token *t = begin_token(s, OTTER_JSON_STRING);

    if (t == NULL || !take(s, '"'))
        return false;
    t->start++; /* behind the quote */
    for (;;) {
        skip_plain(s);
        if (peek(s) == '"')
            break;
        if (!scan_special(s, t))
            return false;
    }
    end_token(s, t);
    s->at++;
    return true;
}

static enum otter_json_type type_of(char first)
{
    return first == 't' || first == 'f' ? OTTER_JSON_BOOL
           : first == 'n'               ? OTTER_JSON_NULL
                                        : OTTER_JSON_NUMBER;
}

static bool scan_plain(struct scan *s)
{
    switch (peek(s)) {
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        return scan_number(s);
    }
}

static bool scan_scalar(struct scan *s)
{
    struct otter_json_token *t;

    if (peek(s) == '"')
        return scan_string(s);
    t = begin_token(s, type_of(peek(s)));
    if (t == NULL || !scan_plain(s))
        return false;
    end_token(s, t);
    return true;
}

/* "key" : and the white space around, up to the value. */
static bool scan_key(struct scan *s)
{
    skip_space(s);
    if (!scan_string(s))
        return false;
    skip_space(s);
    if (!take(s, ':'))
        return false;
    skip_space(s);
    return true;
}

static inline bool close_bracket(struct scan *s)
{
    if (s->depth == 0 || !take(s, in_object(s) ? '}' : ']'))
        return false;
    end_token(s, parent(s));
    s->depth--;
    return true;
}

/* One value, or the opening of one up to its first value; *ret_open says that another value must follow. */
static bool scan_value(struct scan *s, bool *ret_open)
{
    bool object = peek(s) == '{';

    *ret_open = false;
    if (s->depth > 0)
        parent(s)->size++; /* a member, or an element */
    if (!object && peek(s) != '[')
        return scan_scalar(s);
    if (s->depth == OTTER_JSON_DEPTH || begin_token(s, object ? OTTER_JSON_OBJECT : OTTER_JSON_ARRAY) == NULL)
        return false;
    s->at++;
    s->open[s->depth++] = (uint16_t)(s->json->count - 1);
    skip_space(s);
    if (close_bracket(s))
        return true;
    *ret_open = true;
    return object ? scan_key(s) : true;
}

/* After a value: closing brackets, then a comma (*ret_open) or the end of the outermost value. */
static bool scan_after(struct scan *s, bool *ret_open)
{
    *ret_open = false;
    while (s->depth > 0) {
        skip_space(s);
        if (close_bracket(s))
            continue;
        if (!take(s, ','))
            return false;
        *ret_open = true;
        skip_space(s);
        return in_object(s) ? scan_key(s) : true;
    }
    skip_space(s);
    return s->at == s->end;
}

static bool scan_document(struct scan *s)
{
    bool more;

    skip_space(s);
    if (peek(s) != '{' && peek(s) != '[')
        return false;
    do {
        if (!scan_value(s, &more) || (!more && !scan_after(s, &more)))
            return false;
    } while (more);
    return true;
}

enum otter_status otter_json_parse(struct otter_json *json, const char *text, size_t len)
{
    struct scan s = {.json = json, .at = text, .end = text + len};

    json->text = text;
    json->len = len;
    json->error_at = 0;
    json->count = 0;
    if (len > UINT16_MAX)
        return OTTER_TOO_LARGE;
    if (scan_document(&s))
        return OTTER_OK;
    json->count = 0;
    json->error_at = (size_t)(s.at - text);
    return OTTER_BAD_JSON;
}
