/*
 * Target expressions: which devices a rollout selects, and the filters of lists.
 *
 *   expr  = and { "or" and }
 *   and   = unary { "and" unary }
 *   unary = "not" unary | "(" expr ")" | "all" | field cmp value | field ["not"] "in" "(" value {"," value}
 * ")" field = product | hardware | version | id | tag | state | reason | held | pinned | attr.NAME cmp   = ==
 * | !=, and for version also < <= > >= value = [A-Za-z0-9._:+*-]+ or "quoted" (any characters but the quote);
 * '*' matches any run of characters
 *
 * A device has many tags: `tag == x` is true if any matches, `tag != x` if none does. An absent attribute or
 * an unknown version equals nothing. Compiled once, evaluated in memory for each poll; pure, thread safe.
 */
#ifndef OTTER_POLICY_TARGET_H
#define OTTER_POLICY_TARGET_H

#include "core/version.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_TARGET_MAX   1024u /* characters of an expression */
#define POLICY_TARGET_STEPS 64u
#define POLICY_TARGET_DEPTH 16u /* nested parentheses and `not` */

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

struct policy_step {
    uint8_t kind;    /* enum policy_step_kind */
    uint8_t field;   /* enum policy_field */
    uint8_t compare; /* enum policy_compare */
    bool numeric;    /* version compared as four numbers, not as text */
    uint16_t name;   /* attribute's name in strings */
    uint16_t value;  /* in strings */
    struct otter_version version;
};

/* Postfix program; plain data, may be copied. */
struct policy_target {
    uint16_t count;
    uint16_t strings_len;
    struct policy_step step[POLICY_TARGET_STEPS];
    char strings[POLICY_TARGET_MAX + 2];
};

struct policy_target_error {
    size_t at;        /* offset in the expression */
    const char *what; /* static */
};

/* False with *ret_error, and *ret undefined, if the expression does not parse or is over a bound above. */
bool policy_target_compile(const char *text, size_t len, struct policy_target *ret,
                           struct policy_target_error *ret_error);

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
    bool has_version;
    struct otter_version version;
    const char *tags;
    const char *attrs[2];
};

bool policy_target_matches(const struct policy_target *target, const struct policy_subject *subject);

/* Does the expression compare the field with this very value, in whatever way? */
bool policy_target_names(const struct policy_target *target, enum policy_field field, const char *value);

/* '*' in pattern stands for any run of characters, also none; no other character is special. */
bool policy_glob(const char *pattern, const char *text);

#endif
