/* Inside the compiler of target expressions only: words, values and what they are put into. */
#ifndef OTTER_POLICY_TARGET_PARSE_H
#define OTTER_POLICY_TARGET_PARSE_H

#include "policy/target.h"

/* Recursive descent, bounded by POLICY_TARGET_DEPTH; steps come out in postfix order. */
struct target_parser {
    const char *text;
    size_t len;
    size_t at;
    unsigned depth;
    bool log; /* by the audit log's vocabulary */
    const struct policy_groups *groups;
    const char *name;                  /* of the group whose expression this is; NULL: of none */
    const struct target_parser *outer; /* the expression that names this group */
    struct policy_target *out;
    struct policy_target_error *error;
};

struct target_word {
    const char *s;
    size_t len;
    size_t at;
    bool quoted;
};

/* False, with the error set. */
bool target_fail(struct target_parser *p, size_t at, const char *what);

/* The next bare or quoted word, without taking it (that is p->at = *ret_end): len 0 and not quoted if there
 * is none. */
bool target_peek(struct target_parser *p, struct target_word *w, size_t *ret_end);
bool target_take_keyword(struct target_parser *p, const char *keyword);
bool target_take_char(struct target_parser *p, char c);
void target_skip_space(struct target_parser *p);

/* One step goes out. */
bool target_emit(struct target_parser *p, const struct policy_step *step);
bool target_emit_kind(struct target_parser *p, enum policy_step_kind kind);
bool target_keep(struct target_parser *p, const char *s, size_t len, uint16_t *ret);

/* What a field is compared as: text, or what has an order. */
bool target_is_time(uint8_t field);

/* One value for the step's field and comparison, and the step goes out. */
bool target_value(struct target_parser *p, struct policy_step *step);
/* The like for what `within` is followed by. */
bool target_age(struct target_parser *p, struct policy_step *step);

/* The whole text of p, or of the group that is named there. */
bool target_whole(struct target_parser *p);
bool target_group(struct target_parser *p);

#endif
