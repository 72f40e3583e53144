/* Live sets for tests: filled in through the setters, compared value by value as they lie on flash. */
#ifndef OTTER_TESTS_JOURNAL_SAMPLE_H
#define OTTER_TESTS_JOURNAL_SAMPLE_H

#include "journal/journal.h"

struct otter_digest sample_digest(unsigned n);

/* The largest live set there can be, root included; n makes it differ. */
void sample_fill(struct otter_journal *j, unsigned n);

/* Each setter alone, so that tests can run over all of them. `n` makes the value differ from that of another
 * n. */
#define SAMPLE_SETTERS 13u
extern const struct sample_setter {
    const char *name;
    enum otter_status (*set)(struct otter_journal *j, unsigned n);
} sample_setters[SAMPLE_SETTERS];

/* A journal's live set, its root's text included. */
struct sample_state {
    struct otter_journal_live live;
    uint16_t root_len;
    char root[OTTER_PAYLOAD_MAX + 1];
};
void sample_take(struct otter_journal *j, struct sample_state *ret);
bool sample_same(const struct sample_state *a, const struct sample_state *b);

#endif
