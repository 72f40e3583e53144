#include "policy/target.h"

#include <string.h>

/* Recursive descent, bounded by POLICY_TARGET_DEPTH; steps come out in postfix order. */
struct parser {
    const char *text;
    size_t len;
    size_t at;
    unsigned depth;
    struct policy_target *out;
    struct policy_target_error *error;
};

struct word {
    const char *s;
    size_t len;
    size_t at;
    bool quoted;
};

static bool parse_or(struct parser *p);

static bool fail(struct parser *p, size_t at, const char *what)
{
    p->error->at = at;
    p->error->what = what;
    return false;
}

static void skip_space(struct parser *p)
{
    while (p->at < p->len && strchr(" \t\r\n", p->text[p->at]) && p->text[p->at] != '\0')
        p->at++;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._:+*-", c) != NULL);
}

/* The next bare or quoted word, without taking it: len 0 and not quoted if there is none. */
static bool peek_word(struct parser *p, struct word *w, size_t *ret_end)
{
    size_t end;

    skip_space(p);
    end = p->at;
    w->at = p->at;
    w->quoted = p->at < p->len && p->text[p->at] == '"';
    if (w->quoted) {
        const char *close = memchr(p->text + p->at + 1, '"', p->len - p->at - 1);

        if (!close)
            return fail(p, p->at, "the quote is not closed");
        w->s = p->text + p->at + 1;
        w->len = (size_t)(close - w->s);
        *ret_end = (size_t)(close - p->text) + 1;
        return true;
    }
    while (end < p->len && is_word_char(p->text[end]))
        end++;
    w->s = p->text + p->at;
    w->len = end - p->at;
    *ret_end = end;
    return true;
}

static bool word_is(const struct word *w, const char *keyword)
{
    return !w->quoted && w->len == strlen(keyword) && memcmp(w->s, keyword, w->len) == 0;
}

static bool take_keyword(struct parser *p, const char *keyword)
{
    struct policy_target_error ignored, *saved = p->error;
    struct word w;
    size_t end;
    bool ok;

    p->error = &ignored;
    ok = peek_word(p, &w, &end) && word_is(&w, keyword);
    p->error = saved;
    if (ok)
        p->at = end;
    return ok;
}

static bool take_char(struct parser *p, char c)
{
    skip_space(p);
    if (p->at >= p->len || p->text[p->at] != c)
        return false;
    p->at++;
    return true;
}

static bool emit(struct parser *p, const struct policy_step *step)
{
    if (p->out->count == POLICY_TARGET_STEPS)
        return fail(p, p->at, "too many comparisons");
    p->out->step[p->out->count++] = *step;
    return true;
}

static bool emit_kind(struct parser *p, enum policy_step_kind kind)
{
    return emit(p, &(struct policy_step){.kind = (uint8_t)kind});
}

static bool keep_string(struct parser *p, const char *s, size_t len, uint16_t *ret)
{
    if (len + 1 > sizeof(p->out->strings) - p->out->strings_len)
        return fail(p, p->at, "too long");
    *ret = p->out->strings_len;
    memcpy(p->out->strings + p->out->strings_len, s, len);
    p->out->strings[p->out->strings_len + len] = '\0';
    p->out->strings_len = (uint16_t)(p->out->strings_len + len + 1);
    return true;
}

static bool parse_field(struct parser *p, struct policy_step *step)
{
    static const char *const names[] = {"product", "hardware", "version", "id",    "tag",
                                        "state",   "reason",   "held",    "pinned"};
    struct word w;
    size_t end;

    if (!peek_word(p, &w, &end))
        return false;
    if (w.len == 0 || w.quoted)
        return fail(p, w.at, "a comparison, all, not or ( is expected here");
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (word_is(&w, names[i])) {
            step->field = (uint8_t)i;
            p->at = end;
            return true;
        }
    }
    if (w.len <= 5 || memcmp(w.s, "attr.", 5) != 0)
        return fail(
            p, w.at,
            "unknown name: product, hardware, version, id, tag, state, reason, held, pinned or attr.NAME");
    step->field = POLICY_FIELD_ATTR;
    p->at = end;
    return keep_string(p, w.s + 5, w.len - 5, &step->name);
}

static bool parse_operator(struct parser *p, struct policy_step *step)
{
    static const struct {
        const char *text;
        uint8_t compare;
    } table[] = {{"==", POLICY_EQ}, {"!=", POLICY_NE}, {"<=", POLICY_LE},
                 {">=", POLICY_GE}, {"<", POLICY_LT},  {">", POLICY_GT}};

    skip_space(p);
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        size_t n = strlen(table[i].text);

        if (p->len - p->at < n || memcmp(p->text + p->at, table[i].text, n) != 0)
            continue;
        if (table[i].compare >= POLICY_LT && step->field != POLICY_FIELD_VERSION)
            return fail(p, p->at, "only version has an order");
        step->compare = table[i].compare;
        p->at += n;
        return true;
    }
    return fail(p, p->at, "==, !=, in (or for version <, <=, >, >=) is expected here");
}

/* One value for the step's field, and the step goes out. */
static bool parse_value(struct parser *p, struct policy_step *step)
{
    struct word w;
    size_t end;

    if (!peek_word(p, &w, &end))
        return false;
    if (w.len == 0 && !w.quoted)
        return fail(p, w.at, "a value is expected here");
    if (memchr(w.s, '\0', w.len))
        return fail(p, w.at, "a value holds no NUL");
    step->numeric = false;
    if (step->field == POLICY_FIELD_VERSION && !memchr(w.s, '*', w.len)) {
        if (!otter_version_parse(w.s, w.len, &step->version))
            return fail(p, w.at, "not a version: MAJOR.MINOR.REV[+BUILD]");
        step->numeric = true;
    } else if (step->compare >= POLICY_LT) {
        return fail(p, w.at, "* has no order");
    }
    if (!keep_string(p, w.s, w.len, &step->value))
        return false;
    p->at = end;
    return emit(p, step);
}

static bool parse_list(struct parser *p, struct policy_step *step, bool negate)
{
    bool first = true;

    step->compare = POLICY_EQ;
    if (!take_char(p, '('))
        return fail(p, p->at, "( is expected after in");
    do {
        if (!parse_value(p, step) || (!first && !emit_kind(p, POLICY_STEP_OR)))
            return false;
        first = false;
    } while (take_char(p, ','));
    if (!take_char(p, ')'))
        return fail(p, p->at, ", or ) is expected here");
    return !negate || emit_kind(p, POLICY_STEP_NOT);
}

static bool parse_comparison(struct parser *p)
{
    struct policy_step step = {.kind = POLICY_STEP_COMPARE};

    if (!parse_field(p, &step))
        return false;
    if (take_keyword(p, "in"))
        return parse_list(p, &step, false);
    if (take_keyword(p, "not")) {
        if (!take_keyword(p, "in"))
            return fail(p, p->at, "in is expected after not");
        return parse_list(p, &step, true);
    }
    return parse_operator(p, &step) && parse_value(p, &step);
}

static bool parse_nested(struct parser *p)
{
    if (!parse_or(p))
        return false;
    return take_char(p, ')') || fail(p, p->at, "and, or, or ) is expected here");
}

static bool parse_unary(struct parser *p)
{
    bool ok;

    if (p->depth == POLICY_TARGET_DEPTH)
        return fail(p, p->at, "nested too deep");
    p->depth++;
    if (take_keyword(p, "not"))
        ok = parse_unary(p) && emit_kind(p, POLICY_STEP_NOT);
    else if (take_char(p, '('))
        ok = parse_nested(p);
    else if (take_keyword(p, "all"))
        ok = emit_kind(p, POLICY_STEP_ALL);
    else
        ok = parse_comparison(p);
    p->depth--;
    return ok;
}

static bool parse_and(struct parser *p)
{
    if (!parse_unary(p))
        return false;
    while (take_keyword(p, "and"))
        if (!parse_unary(p) || !emit_kind(p, POLICY_STEP_AND))
            return false;
    return true;
}

static bool parse_or(struct parser *p)
{
    if (!parse_and(p))
        return false;
    while (take_keyword(p, "or"))
        if (!parse_and(p) || !emit_kind(p, POLICY_STEP_OR))
            return false;
    return true;
}

bool policy_target_compile(const char *text, size_t len, struct policy_target *ret,
                           struct policy_target_error *ret_error)
{
    struct parser p = {.text = text, .len = len, .out = ret, .error = ret_error};

    if (len > POLICY_TARGET_MAX)
        return fail(&p, POLICY_TARGET_MAX, "longer than 1,024 characters");
    memset(ret, 0, sizeof(*ret));
    if (!parse_or(&p))
        return false;
    skip_space(&p);
    return p.at == len || fail(&p, p.at, "and, or, or the end is expected here");
}
