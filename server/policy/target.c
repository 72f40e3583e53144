/* The grammar of target expressions. */
#include "policy/target.h"

#include "policy/target_parse.h"

#include <string.h>

static bool parse_or(struct target_parser *p);

static bool parse_log_field(struct target_parser *p, struct policy_step *step)
{
    static const char *const names[] = {"who", "act", "subject"};

    if (target_take_keyword(p, "at")) {
        step->field = POLICY_FIELD_LAST_SEEN;
        return true;
    }
    step->field = POLICY_FIELD_ATTR;
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (target_take_keyword(p, names[i]))
            return target_keep(p, names[i], strlen(names[i]), &step->name);
    target_skip_space(p);
    return target_fail(p, p->at, "who, act, subject or at is expected here");
}

static bool parse_field(struct target_parser *p, struct policy_step *step)
{
    static const char *const names[] = {[POLICY_FIELD_PRODUCT] = "product",
                                        [POLICY_FIELD_HARDWARE] = "hardware",
                                        [POLICY_FIELD_VERSION] = "version",
                                        [POLICY_FIELD_ID] = "id",
                                        [POLICY_FIELD_TAG] = "tag",
                                        [POLICY_FIELD_STATE] = "state",
                                        [POLICY_FIELD_REASON] = "reason",
                                        [POLICY_FIELD_HELD] = "held",
                                        [POLICY_FIELD_PINNED] = "pinned",
                                        [POLICY_FIELD_SEEN] = "seen",
                                        [POLICY_FIELD_FIRST_SEEN] = "first_seen",
                                        [POLICY_FIELD_LAST_SEEN] = "last_seen",
                                        [POLICY_FIELD_GROUP] = "group"};
    struct target_word w;
    size_t end;

    if (p->log)
        return parse_log_field(p, step);
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (target_take_keyword(p, names[i])) {
            step->field = (uint8_t)i;
            return true;
        }
    }
    if (!target_peek(p, &w, &end))
        return false;
    if (w.len == 0 || w.quoted)
        return target_fail(p, w.at, "a comparison, all, not or ( is expected here");
    if (w.len <= 5 || memcmp(w.s, "attr.", 5) != 0)
        return target_fail(p, w.at,
                           "unknown name: product, hardware, version, id, tag, state, reason, held, pinned, "
                           "seen, first_seen, last_seen, group or attr.NAME");
    step->field = POLICY_FIELD_ATTR;
    p->at = end;
    return target_keep(p, w.s + 5, w.len - 5, &step->name);
}

static bool has_order(uint8_t field)
{
    return field == POLICY_FIELD_VERSION || target_is_time(field);
}

static bool parse_operator(struct target_parser *p, struct policy_step *step)
{
    static const struct {
        const char *text;
        uint8_t compare;
    } table[] = {{"==", POLICY_EQ}, {"!=", POLICY_NE}, {"<=", POLICY_LE},
                 {">=", POLICY_GE}, {"<", POLICY_LT},  {">", POLICY_GT}};

    target_skip_space(p);
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        size_t n = strlen(table[i].text);

        if (p->len - p->at < n || memcmp(p->text + p->at, table[i].text, n) != 0)
            continue;
        if (table[i].compare >= POLICY_LT && !has_order(step->field))
            return target_fail(p, p->at, "only version, first_seen and last_seen have an order");
        step->compare = table[i].compare;
        p->at += n;
        return true;
    }
    return target_fail(p, p->at,
                       target_is_time(step->field)
                           ? "within, <, <=, >, >=, ==, != or in is expected here"
                           : "==, !=, in (or for version <, <=, >, >=) is expected here");
}

static bool parse_value(struct target_parser *p, struct policy_step *step)
{
    if (step->field != POLICY_FIELD_GROUP)
        return target_value(p, step);
    return target_group(p) && (step->compare == POLICY_EQ || target_emit_kind(p, POLICY_STEP_NOT));
}

static bool parse_list(struct target_parser *p, struct policy_step *step, bool negate)
{
    bool first = true;

    step->compare = POLICY_EQ;
    if (!target_take_char(p, '('))
        return target_fail(p, p->at, "( is expected after in");
    do {
        if (!parse_value(p, step) || (!first && !target_emit_kind(p, POLICY_STEP_OR)))
            return false;
        first = false;
    } while (target_take_char(p, ','));
    if (!target_take_char(p, ')'))
        return target_fail(p, p->at, ", or ) is expected here");
    return !negate || target_emit_kind(p, POLICY_STEP_NOT);
}

static bool parse_comparison(struct target_parser *p)
{
    struct policy_step step = {.kind = POLICY_STEP_COMPARE};

    if (!parse_field(p, &step))
        return false;
    if (target_take_keyword(p, "in"))
        return parse_list(p, &step, false);
    if (target_is_time(step.field) && target_take_keyword(p, "within"))
        return target_age(p, &step);
    if (target_take_keyword(p, "not")) {
        if (!target_take_keyword(p, "in"))
            return target_fail(p, p->at, "in is expected after not");
        return parse_list(p, &step, true);
    }
    return parse_operator(p, &step) && parse_value(p, &step);
}

static bool parse_nested(struct target_parser *p)
{
    if (!parse_or(p))
        return false;
    return target_take_char(p, ')') || target_fail(p, p->at, "and, or, or ) is expected here");
}

static bool parse_unary(struct target_parser *p)
{
    bool ok;

    if (p->depth == POLICY_TARGET_DEPTH)
        return target_fail(p, p->at, "nested too deep");
    p->depth++;
    if (target_take_keyword(p, "not"))
        ok = parse_unary(p) && target_emit_kind(p, POLICY_STEP_NOT);
    else if (target_take_char(p, '('))
        ok = parse_nested(p);
    else if (target_take_keyword(p, "all"))
        ok = target_emit_kind(p, POLICY_STEP_ALL);
    else
        ok = parse_comparison(p);
    p->depth--;
    return ok;
}

static bool parse_and(struct target_parser *p)
{
    if (!parse_unary(p))
        return false;
    while (target_take_keyword(p, "and"))
        if (!parse_unary(p) || !target_emit_kind(p, POLICY_STEP_AND))
            return false;
    return true;
}

static bool parse_or(struct target_parser *p)
{
    if (!parse_and(p))
        return false;
    while (target_take_keyword(p, "or"))
        if (!parse_and(p) || !target_emit_kind(p, POLICY_STEP_OR))
            return false;
    return true;
}

bool target_whole(struct target_parser *p)
{
    if (p->len > POLICY_TARGET_MAX)
        return target_fail(p, POLICY_TARGET_MAX, "longer than 1,024 characters");
    if (!parse_or(p))
        return false;
    target_skip_space(p);
    return p->at == p->len || target_fail(p, p->at, "and, or, or the end is expected here");
}

bool policy_target_compile_in(const char *text, size_t len, const struct policy_groups *groups,
                              struct policy_target *ret, struct policy_target_error *ret_error)
{
    struct target_parser p = {.text = text,
                              .len = len,
                              .groups = groups,
                              .name = groups ? groups->self : NULL,
                              .out = ret,
                              .error = ret_error};

    ret->count = ret->strings_len = 0; /* what lies behind them is never looked at */
    ret->fields = 0;
    return target_whole(&p);
}

bool policy_target_compile(const char *text, size_t len, struct policy_target *ret,
                           struct policy_target_error *ret_error)
{
    return policy_target_compile_in(text, len, NULL, ret, ret_error);
}

bool policy_target_compile_log(const char *text, size_t len, struct policy_target *ret,
                               struct policy_target_error *ret_error)
{
    struct target_parser p = {.text = text, .len = len, .log = true, .out = ret, .error = ret_error};

    ret->count = ret->strings_len = 0;
    ret->fields = 0;
    return target_whole(&p);
}

void policy_target_nobody(struct policy_target *ret)
{
    ret->count = 2;
    ret->strings_len = 0;
    ret->fields = 0;
    ret->step[0] = (struct policy_step){.kind = POLICY_STEP_ALL};
    ret->step[1] = (struct policy_step){.kind = POLICY_STEP_NOT};
}
