/* Words of target expressions, and the program that they become. */
#include "policy/target_parse.h"

#include <string.h>

bool target_fail(struct target_parser *p, size_t at, const char *what)
{
    *p->error = (struct policy_target_error){.at = at, .what = what};
    return false;
}

void target_skip_space(struct target_parser *p)
{
    while (p->at < p->len && strchr(" \t\r\n", p->text[p->at]) && p->text[p->at] != '\0')
        p->at++;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._:+*-", c) != NULL);
}

bool target_peek(struct target_parser *p, struct target_word *w, size_t *ret_end)
{
    size_t end;

    target_skip_space(p);
    end = p->at;
    w->at = p->at;
    w->quoted = p->at < p->len && p->text[p->at] == '"';
    if (w->quoted) {
        const char *close = memchr(p->text + p->at + 1, '"', p->len - p->at - 1);

        if (!close)
            return target_fail(p, p->at, "the quote is not closed");
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

bool target_take_keyword(struct target_parser *p, const char *keyword)
{
    struct policy_target_error ignored, *saved = p->error;
    struct target_word w;
    size_t end;
    bool ok;

    p->error = &ignored;
    ok =
        target_peek(p, &w, &end) && !w.quoted && w.len == strlen(keyword) && memcmp(w.s, keyword, w.len) == 0;
    p->error = saved;
    if (ok)
        p->at = end;
    return ok;
}

bool target_take_char(struct target_parser *p, char c)
{
    target_skip_space(p);
    if (p->at >= p->len || p->text[p->at] != c)
        return false;
    p->at++;
    return true;
}

bool target_emit(struct target_parser *p, const struct policy_step *step)
{
    if (p->out->count == POLICY_TARGET_STEPS)
        return target_fail(p, p->at, "too many comparisons");
    p->out->step[p->out->count++] = *step;
    if (step->kind == POLICY_STEP_COMPARE)
        p->out->fields |= UINT32_C(1) << step->field;
    return true;
}

bool target_emit_kind(struct target_parser *p, enum policy_step_kind kind)
{
    return target_emit(p, &(struct policy_step){.kind = (uint8_t)kind});
}

bool target_keep(struct target_parser *p, const char *s, size_t len, uint16_t *ret)
{
    if (len + 1 > sizeof(p->out->strings) - p->out->strings_len)
        return target_fail(p, p->at, "too long");
    *ret = p->out->strings_len;
    memcpy(p->out->strings + p->out->strings_len, s, len);
    p->out->strings[p->out->strings_len + len] = '\0';
    p->out->strings_len = (uint16_t)(p->out->strings_len + len + 1);
    return true;
}
