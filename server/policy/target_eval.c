#include "policy/target.h"

#include <string.h>

/* Iterative, with one point to go back to: linear in practice, never exponential. */
bool policy_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool text_equals(const char *value, const char *text)
{
    return text && policy_glob(value, text);
}

static bool any_tag(const char *value, const char *tags)
{
    for (; tags && *tags; tags += strlen(tags) + 1)
        if (policy_glob(value, tags))
            return true;
    return false;
}

static const char *find_attr(const struct policy_subject *s, const char *name)
{
    for (unsigned i = 0; i < 2; i++) {
        const char *p = s->attrs[i];

        while (p && *p) {
            const char *value = p + strlen(p) + 1;

            if (strcmp(p, name) == 0)
                return value;
            p = value + strlen(value) + 1;
        }
    }
    return NULL;
}

static bool version_matches(const struct policy_step *step, const struct policy_subject *s)
{
    int order;

    if (!s->has_version)
        return step->compare == POLICY_NE;
    order = otter_version_compare(&s->version, &step->version);
    switch ((enum policy_compare)step->compare) {
    case POLICY_EQ:
        return order == 0;
    case POLICY_NE:
        return order != 0;
    case POLICY_LT:
        return order < 0;
    case POLICY_LE:
        return order <= 0;
    case POLICY_GT:
        return order > 0;
    case POLICY_GE:
        return order >= 0;
    case POLICY_COMPARE_COUNT:
        break;
    }
    return false;
}

static bool equals(const struct policy_target *t, const struct policy_step *step,
                   const struct policy_subject *s)
{
    const char *value = t->strings + step->value;
    char version[OTTER_VERSION_STR];

    switch ((enum policy_field)step->field) {
    case POLICY_FIELD_PRODUCT:
        return text_equals(value, s->product);
    case POLICY_FIELD_HARDWARE:
        return text_equals(value, s->hardware);
    case POLICY_FIELD_ID:
        return text_equals(value, s->id);
    case POLICY_FIELD_STATE:
        return text_equals(value, s->state);
    case POLICY_FIELD_REASON:
        return text_equals(value, s->reason);
    case POLICY_FIELD_HELD:
        return text_equals(value, s->held);
    case POLICY_FIELD_PINNED:
        return text_equals(value, s->pinned);
    case POLICY_FIELD_TAG:
        return any_tag(value, s->tags);
    case POLICY_FIELD_ATTR:
        return text_equals(value, find_attr(s, t->strings + step->name));
    case POLICY_FIELD_VERSION:
        if (!s->has_version)
            return false;
        otter_version_format(&s->version, version);
        return policy_glob(value, version);
    case POLICY_FIELD_COUNT:
        break;
    }
    return false;
}

static bool step_matches(const struct policy_target *t, const struct policy_step *step,
                         const struct policy_subject *s)
{
    if (step->numeric)
        return version_matches(step, s);
    return equals(t, step, s) == (step->compare == POLICY_EQ);
}

/* A postfix program of at most 64 steps never has more than 64 values open: they are the bits of `stack`. */
bool policy_target_matches(const struct policy_target *target, const struct policy_subject *subject)
{
    uint64_t stack = 0;

    _Static_assert(POLICY_TARGET_STEPS <= 64, "one bit a step");
    for (unsigned i = 0; i < target->count; i++) {
        const struct policy_step *step = &target->step[i];

        switch ((enum policy_step_kind)step->kind) {
        case POLICY_STEP_ALL:
            stack = stack << 1 | 1u;
            break;
        case POLICY_STEP_COMPARE:
            stack = stack << 1 | (uint64_t)step_matches(target, step, subject);
            break;
        case POLICY_STEP_AND:
            stack = (stack >> 1) & (stack | ~UINT64_C(1));
            break;
        case POLICY_STEP_OR:
            stack = (stack >> 1) | (stack & 1u);
            break;
        case POLICY_STEP_NOT:
            stack ^= 1u;
            break;
        }
    }
    return (stack & 1u) != 0;
}

bool policy_target_names(const struct policy_target *target, enum policy_field field, const char *value)
{
    for (unsigned i = 0; i < target->count; i++) {
        const struct policy_step *step = &target->step[i];

        if (step->kind == POLICY_STEP_COMPARE && step->field == field &&
            strcmp(target->strings + step->value, value) == 0)
            return true;
    }
    return false;
}
