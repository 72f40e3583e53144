/*
 * The grammar of RFC 8259, checked strictly, and UTF-8; a token is set down where each thing begins, so that
 * they stand in the order of the text, each before all that is inside it.
 */
#include "core/json.h"

#include "core/bytes.h"
#include "core/utf8.h"

#include <string.h>

_Static_assert(sizeof(struct otter_json_token) <= 12, "128 tokens in 1.5 KB");

/*
 * A scan_ function takes the reading place and returns that behind what it took, so that it is never in
 * memory between two characters; NULL: `wrong` is the wrong character.
 */
struct scan {
    struct otter_json *json;
    const char *end, *wrong;
    unsigned depth;
    uint16_t open[OTTER_JSON_DEPTH]; /* tokens of the objects and arrays that the place is inside */
};

static const char *fail(struct scan *s, const char *at)
{
    s->wrong = at;
    return NULL;
}

/* '\0' at the end: never a character that the grammar wants. */
static inline char peek(const struct scan *s, const char *at)
{
    return at < s->end ? *at : '\0';
}

static inline const char *take(struct scan *s, const char *at, char c)
{
    return peek(s, at) == c ? at + 1 : fail(s, at);
}

static inline bool is_space(char c)
{
    return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

static inline const char *skip_space(const struct scan *s, const char *at)
{
    while (at < s->end && is_space(*at))
        at++;
    return at;
}

/* ---- tokens: at - text <= len <= 65,535 ---- */

static inline uint16_t offset(const struct scan *s, const char *at)
{
    return (uint16_t)(at - s->json->text);
}

/* NULL if there are too many. */
static inline struct otter_json_token *begin_token(struct scan *s, const char *at, enum otter_json_type type)
{
    struct otter_json *json = s->json;
    struct otter_json_token *t = &json->token[json->count];

    if (json->count == OTTER_JSON_TOKENS)
        return NULL;
    json->count++;
    *t = (struct otter_json_token){.start = offset(s, at), .type = (uint8_t)type};
    return t;
}

/* Whatever has begun since is inside it. */
static inline void end_token(struct scan *s, struct otter_json_token *t, const char *at)
{
    t->end = offset(s, at);
    t->next = s->json->count;
}

/* The object or array that the place is inside; depth is not 0. */
static inline struct otter_json_token *parent(const struct scan *s)
{
    return &s->json->token[s->open[s->depth - 1]];
}

static inline bool in_object(const struct scan *s)
{
    return parent(s)->type == OTTER_JSON_OBJECT;
}

/* ---- the grammar ---- */

static inline bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *scan_digits(struct scan *s, const char *at)
{
    if (!digit(peek(s, at)))
        return fail(s, at);
    while (digit(peek(s, at)))
        at++;
    return at;
}

static const char *scan_number(struct scan *s, const char *at)
{
    if (peek(s, at) == '-')
        at++;
    at = peek(s, at) == '0' ? at + 1 : scan_digits(s, at);
    if (at && peek(s, at) == '.')
        at = scan_digits(s, at + 1);
    if (!at || (peek(s, at) != 'e' && peek(s, at) != 'E'))
        return at;
    at++;
    if (peek(s, at) == '+' || peek(s, at) == '-')
        at++;
    return scan_digits(s, at);
}

static const char *scan_word(struct scan *s, const char *at, const char *word)
{
    for (; at && *word != '\0'; word++)
        at = take(s, at, *word);
    return at;
}

static const char *scan_escape(struct scan *s, const char *at)
{
    char c = peek(s, at);

    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return fail(s, at);
    at++;
    for (int i = 0; c == 'u' && i < 4; i++, at++) {
        char h = peek(s, at);

        if (!digit(h) && !(h >= 'a' && h <= 'f') && !(h >= 'A' && h <= 'F'))
            return fail(s, at);
    }
    return at;
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
static inline const char *skip_plain(const struct scan *s, const char *at)
{
    unsigned n = 8;

    while (n == 8 && s->end - at >= 8) {
        n = plain_of_eight((const uint8_t *)at);
        at += n;
    }
    while (n == 8 && at < s->end && plain(*at))
        at++;
    return at;
}

/* Inside a string: an escape, or a character of several bytes. */
static const char *scan_special(struct scan *s, const char *at, struct otter_json_token *t)
{
    unsigned n;

    if (peek(s, at) == '\\') {
        t->escaped = true;
        return scan_escape(s, at + 1);
    }
    if ((unsigned char)peek(s, at) < 0x20) /* the end is such a one, too */
        return fail(s, at);
    n = otter_utf8_char(at, (size_t)(s->end - at)); /* looks at no more than the rest */
    return n != 0 ? at + n : fail(s, at);
}

static const char *scan_string(struct scan *s, const char *at)
{
    struct otter_json_token *t = begin_token(s, at, OTTER_JSON_STRING);

    if (t == NULL || peek(s, at) != '"')
        return fail(s, at);
    t->start++; /* behind the quote */
    for (at = skip_plain(s, at + 1); peek(s, at) != '"'; at = skip_plain(s, at)) {
        at = scan_special(s, at, t);
        if (at == NULL)
            return NULL;
    }
    end_token(s, t, at);
    return at + 1;
}

static enum otter_json_type type_of(char first)
{
    return first == 't' || first == 'f' ? OTTER_JSON_BOOL
           : first == 'n'               ? OTTER_JSON_NULL
                                        : OTTER_JSON_NUMBER;
}

static const char *scan_plain(struct scan *s, const char *at)
{
    switch (peek(s, at)) {
    case 't':
        return scan_word(s, at, "true");
    case 'f':
        return scan_word(s, at, "false");
    case 'n':
        return scan_word(s, at, "null");
    default:
        return scan_number(s, at);
    }
}

static const char *scan_scalar(struct scan *s, const char *at)
{
    struct otter_json_token *t;

    if (peek(s, at) == '"')
        return scan_string(s, at);
    t = begin_token(s, at, type_of(peek(s, at)));
    if (t == NULL)
        return fail(s, at);
    at = scan_plain(s, at);
    if (at != NULL)
        end_token(s, t, at);
    return at;
}

/* "key" : and the white space around, up to the value. */
static const char *scan_key(struct scan *s, const char *at)
{
    at = scan_string(s, skip_space(s, at));
    if (at != NULL)
        at = take(s, skip_space(s, at), ':');
    return at != NULL ? skip_space(s, at) : NULL;
}

/* Does the innermost object or array end here? Its bracket is one character. */
static inline bool closes(struct scan *s, const char *at)
{
    if (peek(s, at) != (in_object(s) ? '}' : ']'))
        return false;
    end_token(s, parent(s), at + 1);
    s->depth--;
    return true;
}

/* One value, or the opening of one up to its first value; *ret_open says that another value must follow. */
static const char *scan_value(struct scan *s, const char *at, bool *ret_open)
{
    bool object = peek(s, at) == '{';

    *ret_open = false;
    if (s->depth > 0)
        parent(s)->size++; /* a member, or an element */
    if (!object && peek(s, at) != '[')
        return scan_scalar(s, at);
    if (s->depth == OTTER_JSON_DEPTH ||
        begin_token(s, at, object ? OTTER_JSON_OBJECT : OTTER_JSON_ARRAY) == NULL)
        return fail(s, at);
    s->open[s->depth++] = (uint16_t)(s->json->count - 1);
    at = skip_space(s, at + 1);
    if (closes(s, at))
        return at + 1;
    *ret_open = true;
    return object ? scan_key(s, at) : at;
}

/* After a value: closing brackets, then a comma (*ret_open) or the end of the outermost value. */
static const char *scan_after(struct scan *s, const char *at, bool *ret_open)
{
    *ret_open = false;
    for (; s->depth > 0; at++) {
        at = skip_space(s, at);
        if (closes(s, at))
            continue;
        at = take(s, at, ',');
        if (at == NULL)
            return NULL;
        *ret_open = true;
        at = skip_space(s, at);
        return in_object(s) ? scan_key(s, at) : at;
    }
    at = skip_space(s, at);
    return at == s->end ? at : fail(s, at);
}

static bool scan_document(struct scan *s, const char *at)
{
    bool more;

    at = skip_space(s, at);
    if (peek(s, at) != '{' && peek(s, at) != '[')
        return fail(s, at) != NULL;
    do {
        at = scan_value(s, at, &more);
        if (at != NULL && !more)
            at = scan_after(s, at, &more);
    } while (at != NULL && more);
    return at != NULL;
}

enum otter_status otter_json_parse(struct otter_json *json, const char *text, size_t len)
{
    struct scan s = {.json = json, .end = text + len};

    json->text = text;
    json->len = len;
    json->error_at = 0;
    json->count = 0;
    if (len > UINT16_MAX)
        return OTTER_TOO_LARGE;
    if (scan_document(&s, text))
        return OTTER_OK;
    json->count = 0;
    json->error_at = (size_t)(s.wrong - text);
    return OTTER_BAD_JSON;
}
