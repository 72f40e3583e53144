/*
 * Target expressions: which devices a rollout selects, a saved group holds, a list shows.
 *
 *   expr  = and { "or" and }
 *   and   = unary { "and" unary }
 *   unary = "not" unary | "(" expr ")" | "all" | field test
 *   test  = cmp value | ["not"] "in" "(" value { "," value } ")" | "within" age
 *   field = product | hardware | version | id | tag | state | reason | held | pinned
 *         | seen | first_seen | last_seen | group | attr.NAME
 *   cmp   = == | !=, and for version, first_seen and last_seen also < <= > >=
 *   value = [A-Za-z0-9._:+*-]+, or in quotes (any characters but the quote)
 *   age   = 90s | 15m | 12h | 7d | 2w
 *
 * Text: '*' stands for any run of characters. A device has many tags: `tag == x` is true if any matches, `tag
 * != x` if none does. An absent attribute, an unknown version and a time that has not been equal nothing.
 * Versions are compared by their four numbers; '*' stands for a number, or for all that follow: `1.2.*` are
 * the versions of 1.2, `< 1.2.*` those before 1.2.0, `> 1.2.*` those behind the last of 1.2.
 * Times are compared with moments: RFC 3339, or `7d ago`, so that < is earlier: `last_seen < 7d ago` has not
 * been heard of for a week. `last_seen within 7d` has been. A bare `7d` is no moment, and refused: half of
 * all readers take it for the other half. `seen` is yes or no: has the device ever polled? `group == "name"`
 * is the saved group's expression, put in here when this one is compiled.
 *
 * Compiled once, evaluated in memory for each poll; pure (time is passed in), thread safe.
 */
#ifndef OTTER_POLICY_TARGET_H
#define OTTER_POLICY_TARGET_H

#include "core/names.h"
#include "core/version.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_TARGET_MAX     1024u /* characters of an expression */
#define POLICY_TARGET_STEPS   128u  /* with those of the groups in it */
#define POLICY_TARGET_STRINGS 2048u /* bytes of values and names, the like */
#define POLICY_TARGET_DEPTH   16u   /* nested parentheses, `not` and groups */

enum policy_field {
    POLICY_FIELD_PRODUCT,
    POLICY_FIELD_HARDWARE,
    POLICY_FIELD_VERSION,
    POLICY_FIELD_ID,
    POLICY_FIELD_TAG,
    POLICY_FIELD_STATE,
    POLICY_FIELD_REASON,
    POLICY_FIELD_HELD,
    POLICY_FIELD_PINNED,
    POLICY_FIELD_SEEN,
    POLICY_FIELD_FIRST_SEEN,
    POLICY_FIELD_LAST_SEEN,
    POLICY_FIELD_GROUP, /* never in a step: a group's own steps are */
    POLICY_FIELD_ATTR,
    POLICY_FIELD_COUNT
};

enum policy_compare {
    POLICY_EQ,
    POLICY_NE,
    POLICY_LT,
    POLICY_LE,
    POLICY_GT,
    POLICY_GE,
    POLICY_COMPARE_COUNT
};

enum policy_step_kind {
    POLICY_STEP_ALL,
    POLICY_STEP_COMPARE,
    POLICY_STEP_AND,
    POLICY_STEP_OR,
    POLICY_STEP_NOT
};

/* What a step's value is. */
enum policy_value {
    POLICY_VALUE_TEXT,
    POLICY_VALUE_GLOB,    /* text with a '*' */
    POLICY_VALUE_VERSION, /* four numbers, of which some may be free */
    POLICY_VALUE_MOMENT,
    POLICY_VALUE_AGE, /* the moment so long before now */
    POLICY_VALUE_COUNT
};

struct policy_step {
    uint8_t kind;     /* enum policy_step_kind */
    uint8_t field;    /* enum policy_field */
    uint8_t compare;  /* enum policy_compare */
    uint8_t value;    /* enum policy_value */
    uint16_t name;    /* attribute's name in strings */
    uint16_t text;    /* TEXT, GLOB: in strings */
    uint32_t seconds; /* MOMENT, AGE */
    uint32_t free;    /* VERSION: bit i: any number will do as the i-th, and `version` has 0 there */
    struct otter_version version;
};

/* Postfix program; plain data, may be copied. */
struct policy_target {
    uint16_t count;
    uint16_t strings_len;
    uint32_t fields; /* bit set of the fields it looks at */
    struct policy_step step[POLICY_TARGET_STEPS];
    char strings[POLICY_TARGET_STRINGS];
};

struct policy_target_error {
    size_t at;                  /* offset in the expression */
    const char *what;           /* static */
    char group[OTTER_NAME_BUF]; /* the saved group that it is about; "": none */
};

/* Saved groups, as an expression finds them. */
struct policy_groups {
    /* The group's expression, which lives until the compilation ends; NULL: there is no such group. */
    const char *(*find)(const struct policy_groups *groups, const char *name);
    const char *self; /* the group whose expression is compiled, which must not contain itself; or NULL */
};

/* False with *ret_error, and *ret undefined, if the expression does not parse, is over a bound above, or
 * names a group that is not or contains itself. groups NULL: there are none. */
bool policy_target_compile_in(const char *text, size_t len, const struct policy_groups *groups,
                              struct policy_target *ret, struct policy_target_error *ret_error);

/* The like where no group may be named. */
bool policy_target_compile(const char *text, size_t len, struct policy_target *ret,
                           struct policy_target_error *ret_error);

/* Of the audit log's entries, by a vocabulary of their own: who, act and subject as text, at as a time. The
 * subject has the first three as attributes, and the last as last_seen. */
bool policy_target_compile_log(const char *text, size_t len, struct policy_target *ret,
                               struct policy_target_error *ret_error);

/* Selects no device. */
void policy_target_nobody(struct policy_target *ret);

/*
 * What is matched. Strings may be NULL (equal nothing). tags: strings one behind the other, each with its
 * NUL, the end marked by an empty one. attrs: name, value pairs in the same form; the first pack that has a
 * name wins (operator's before device's).
 */
struct policy_subject {
    const char *product;
    const char *hardware;
    const char *id;
    const char *state;
    const char *reason; /* of the newest attempt */
    const char *held;   /* "yes" or "no" */
    const char *pinned; /* the like */
    const char *seen;   /* the like */
    bool has_version;
    struct otter_version version;
    uint32_t first_seen, last_seen; /* Unix seconds; 0: never */
    int64_t now;                    /* Unix seconds */
    const char *tags;
    const char *attrs[2];
};

/* Does the expression select it? No malloc, and no time of its own: a matter of the steps alone. */
bool policy_target_matches(const struct policy_target *target, const struct policy_subject *subject);

/* Whether it matches may change by time alone, without anything said or set: then next at this moment, which
 * is behind subject->now; 0: it does not. */
int64_t policy_target_changes_at(const struct policy_target *target, const struct policy_subject *subject);

/* Does the expression compare the field with this very value, in whatever way? */
bool policy_target_names(const struct policy_target *target, enum policy_field field, const char *value);

/* '*' in pattern stands for any run of characters, also none; no other character is special. */
bool policy_glob(const char *pattern, const char *text);

#endif
