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

static bool equals_text(const struct policy_step *step, const char *value, const char *text)
{
    if (!text)
        return false;
    return step->value == POLICY_VALUE_TEXT ? strcmp(value, text) == 0 : policy_glob(value, text);
}

static bool any_tag(const struct policy_step *step, const char *value, const char *tags)
{
    for (; tags && *tags; tags += strlen(tags) + 1)
        if (equals_text(step, value, tags))
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

/* order: < 0, 0, > 0, of what is compared and the value. */
static bool in_order(const struct policy_step *step, int order)
{
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

static bool version_matches(const struct policy_step *step, const struct policy_subject *s)
{
    struct otter_version v = s->version;

    if (!s->has_version)
        return step->compare == POLICY_NE;
    if (step->free & 1u)
        v.major = 0;
    if (step->free & 2u)
        v.minor = 0;
    if (step->free & 4u)
        v.revision = 0;
    if (step->free & 8u)
        v.build = 0;
    return in_order(step, otter_version_compare(&v, &step->version));
}

static uint32_t time_of(const struct policy_step *step, const struct policy_subject *s)
{
    return step->field == POLICY_FIELD_FIRST_SEEN ? s->first_seen : s->last_seen;
}

static bool time_matches(const struct policy_step *step, const struct policy_subject *s)
{
    int64_t moment = step->value == POLICY_VALUE_AGE ? s->now - (int64_t)step->seconds : step->seconds;
    int64_t at = time_of(step, s);

    if (at == 0)
        return step->compare == POLICY_NE;
    return in_order(step, (at > moment) - (at < moment));
}

static bool version_as_written(const char *value, const struct policy_subject *s)
{
    char version[OTTER_VERSION_STR];

    if (!s->has_version)
        return false;
    otter_version_format(&s->version, version);
    return policy_glob(value, version);
}

static bool equals(const struct policy_target *t, const struct policy_step *step,
                   const struct policy_subject *s)
{
    const char *value = t->strings + step->text;

    switch ((enum policy_field)step->field) {
    case POLICY_FIELD_PRODUCT:
        return equals_text(step, value, s->product);
    case POLICY_FIELD_HARDWARE:
        return equals_text(step, value, s->hardware);
    case POLICY_FIELD_ID:
        return equals_text(step, value, s->id);
    case POLICY_FIELD_STATE:
        return equals_text(step, value, s->state);
    case POLICY_FIELD_REASON:
        return equals_text(step, value, s->reason);
    case POLICY_FIELD_HELD:
        return equals_text(step, value, s->held);
    case POLICY_FIELD_PINNED:
        return equals_text(step, value, s->pinned);
    case POLICY_FIELD_SEEN:
        return equals_text(step, value, s->seen);
    case POLICY_FIELD_TAG:
        return any_tag(step, value, s->tags);
    case POLICY_FIELD_ATTR:
        return equals_text(step, value, find_attr(s, t->strings + step->name));
    case POLICY_FIELD_VERSION:
        return version_as_written(value, s);
    case POLICY_FIELD_FIRST_SEEN: /* never as text */
    case POLICY_FIELD_LAST_SEEN:
    case POLICY_FIELD_GROUP:
    case POLICY_FIELD_COUNT:
        break;
    }
    return false;
}

static bool step_matches(const struct policy_target *t, const struct policy_step *step,
                         const struct policy_subject *s)
{
    switch ((enum policy_value)step->value) {
    case POLICY_VALUE_VERSION:
        return version_matches(step, s);
    case POLICY_VALUE_MOMENT:
    case POLICY_VALUE_AGE:
        return time_matches(step, s);
    case POLICY_VALUE_TEXT:
    case POLICY_VALUE_GLOB:
    case POLICY_VALUE_COUNT:
        break;
    }
    return equals(t, step, s) == (step->compare == POLICY_EQ);
}

/* What is open on `stack`, a bit each: a level of nesting leaves the left sides of one `or` and one `and`
 * open, and the innermost the values of a list. */
bool policy_target_matches(const struct policy_target *target, const struct policy_subject *subject)
{
    uint64_t stack = 0;

    _Static_assert(POLICY_TARGET_DEPTH * 3 + 2 <= 64, "one bit a value");
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

int64_t policy_target_changes_at(const struct policy_target *target, const struct policy_subject *subject)
{
    const uint32_t times = 1u << POLICY_FIELD_FIRST_SEEN | 1u << POLICY_FIELD_LAST_SEEN;
    const struct policy_subject *s = subject;
    int64_t next = 0;

    if (!(target->fields & times))
        return 0;
    for (unsigned i = 0; i < target->count; i++) {
        const struct policy_step *step = &target->step[i];
        int64_t at;

        if (step->kind != POLICY_STEP_COMPARE || step->value != POLICY_VALUE_AGE || time_of(step, s) == 0)
            continue;
        at = (int64_t)time_of(step, s) + step->seconds; /* the moment is the time itself then */
        if (at <= s->now)
            at++; /* and behind it a second later */
        if (at > s->now && (next == 0 || at < next))
            next = at;
    }
    return next;
}

bool policy_target_names(const struct policy_target *target, enum policy_field field, const char *value)
{
    for (unsigned i = 0; i < target->count; i++) {
        const struct policy_step *step = &target->step[i];

        if (step->kind == POLICY_STEP_COMPARE && step->field == field && step->value <= POLICY_VALUE_GLOB &&
            strcmp(target->strings + step->text, value) == 0)
            return true;
    }
    return false;
}
