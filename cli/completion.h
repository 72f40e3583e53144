/*
 * Completion of command lines. The shells' scripts (cli/completion/) know nothing of the verbs: at each TAB
 * they run `otter __complete WORD... CURRENT` and offer what it prints, all of it made from the table of
 * verbs, so that neither a new verb nor a new option is ever forgotten.
 *
 *   words            first line: what to do with the others
 *   rollout<TAB>Rollouts
 *
 * First line: `words`; `words nospace` (no blank behind the word: it goes on); `files PREFIX` and
 * `dirs PREFIX`: the shell's own files behind the first PREFIX of the word ("--out=", "A=", or nothing).
 */
#ifndef OTTER_CLI_COMPLETION_H
#define OTTER_CLI_COMPLETION_H

#include "cli.h"
#include "values.h"
#include "verbs.h"

enum cli_spot_kind {
    CLI_SPOT_NOTHING, /* nothing fits there */
    CLI_SPOT_NOUN,
    CLI_SPOT_VERB,
    CLI_SPOT_OPTION,
    CLI_SPOT_VALUE,  /* of an option */
    CLI_SPOT_OPERAND /* of the verb */
};

/* Where a line's last word stands. */
struct cli_spot {
    enum cli_spot_kind kind;
    const char *noun;            /* NULL before there is one */
    const struct cli_verb *verb; /* the like */
    struct cli_meaning meaning;  /* of a value or an operand */
    size_t prefix;               /* bytes of the word that stand before what is completed: "--out=" */
};

/* A line so far, without the program's name; the last word is the one to complete, perhaps "". */
struct cli_line {
    char *const *words;
    size_t n;
};

/* Pure. */
void cli_spot_find(const struct cli_line *line, struct cli_spot *ret);

/* Prints what fits at the last word, as above. Never fails aloud: there is an answer or there is none. */
void cli_complete(struct cli *cli, const struct cli_line *line);

/*
 * Adds the ids that the server knows and that begin with `start` to `to`, as lines of the form above. Takes
 * at most a second or so; says nothing and adds nothing when the server does not answer by then.
 */
void cli_complete_ids(struct cli *cli, const struct cli_line *line, enum cli_takes takes, const char *start,
                      FILE *to);

/* Lines of a shell's script, ends with NULL; NULL for a shell that is not known. */
const char *const *cli_completion_script(const char *shell);

#endif
