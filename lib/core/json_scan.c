#include "core/json_scan.h"

#include "core/json.h"

#include <string.h>

/* The reading place; each scan_ function leaves pos behind what it took, or, when false, at the wrong
 * character. */
struct scan {
    const char *text;
    size_t len;
    size_t pos;
    unsigned depth;
    bool in_object[OTTER_JSON_DEPTH];
};

/* '\0' at the end: never a character that the grammar wants. */
static char peek(const struct scan *s)
{
    return s->pos < s->len ? s->text[s->pos] : '\0';
}

static bool take(struct scan *s, char c)
{
    if (s->pos >= s->len || s->text[s->pos] != c)
        return false;
    s->pos++;
    return true;
}

static void skip_space(struct scan *s)
{
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r')
        s->pos++;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool scan_digits(struct scan *s)
{
    if (!digit(peek(s)))
        return false;
    while (digit(peek(s)))
        s->pos++;
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
    s->pos++;
    for (int i = 0; c == 'u' && i < 4; i++) {
        char h = peek(s);

        if (!digit(h) && !(h >= 'a' && h <= 'f') && !(h >= 'A' && h <= 'F'))
            return false;
        s->pos++;
    }
    return true;
}

static bool continuation(char c, unsigned min, unsigned max)
{
    unsigned u = (unsigned char)c;

    return u >= min && u <= max;
}

unsigned otter_utf8_char(const char *s, size_t len)
{
    unsigned lead = (unsigned char)s[0];
    unsigned n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    unsigned min = 0x80;
    unsigned max = 0xbf;

    if (n == 1)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || len < n)
        return 0;
    /* The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF. */
    if (lead == 0xe0)
        min = 0xa0;
    else if (lead == 0xed)
        max = 0x9f;
    else if (lead == 0xf0)
        min = 0x90;
    else if (lead == 0xf4)
        max = 0x8f;
    if (!continuation(s[1], min, max))
        return 0;
    for (unsigned i = 2; i < n; i++)
        if (!continuation(s[i], 0x80, 0xbf))
            return 0;
    return n;
}

static bool scan_string(struct scan *s)
{
    if (!take(s, '"'))
        return false;
    while (s->pos < s->len) {
        unsigned n;

        if (take(s, '"'))
            return true;
        if (take(s, '\\')) {
            if (!scan_escape(s))
                return false;
            continue;
        }
        if ((unsigned char)s->text[s->pos] < 0x20)
            return false;
        n = otter_utf8_char(s->text + s->pos, s->len - s->pos); /* pos < len */
        if (n == 0)
            return false;
        s->pos += n; /* otter_utf8_char looked at no more than the rest */
    }
    return false;
}

static bool scan_scalar(struct scan *s)
{
    switch (peek(s)) {
    case '"':
        return scan_string(s);
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

static bool close_bracket(struct scan *s)
{
    if (s->depth == 0 || !take(s, s->in_object[s->depth - 1] ? '}' : ']'))
        return false;
    s->depth--;
    return true;
}

/* One value, or the opening of one up to its first value; *ret_open says that another value must follow. */
static bool scan_value(struct scan *s, bool *ret_open)
{
    char c = peek(s);

    *ret_open = false;
    if (c != '{' && c != '[')
        return scan_scalar(s);
    if (s->depth == OTTER_JSON_DEPTH)
        return false;
    s->pos++;
    s->in_object[s->depth++] = c == '{';
    skip_space(s);
    if (close_bracket(s))
        return true;
    *ret_open = true;
    return c == '{' ? scan_key(s) : true;
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
        return s->in_object[s->depth - 1] ? scan_key(s) : true;
    }
    skip_space(s);
    return s->pos == s->len;
}

bool otter_json_scan(const char *text, size_t len, size_t *ret_at)
{
    struct scan s = {.text = text, .len = len};
    bool more;

    skip_space(&s);
    *ret_at = s.pos;
    if (peek(&s) != '{' && peek(&s) != '[')
        return false;
    do {
        bool ok = scan_value(&s, &more) && (more || scan_after(&s, &more));

        if (!ok) {
            *ret_at = s.pos;
            return false;
        }
    } while (more);
    return true;
}
