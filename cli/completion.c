#include "completion.h"

#include "core/bytes.h"
#include "hardware.h"

#include <stdlib.h>
#include <string.h>

/* Of a line so far. */
struct walk {
    const char *noun;
    const struct cli_verb *verb;
    const struct cli_option *open; /* waits for its value */
    const struct cli_option *list; /* may take further values */
    size_t operands;
    bool only_operands; /* "--" was there */
};

static const struct cli_option *option_in(const struct cli_option *table, const char *name, size_t len)
{
    for (; table != NULL && table->kind != CLI_OPTION_END; table++)
        if (strlen(table->name) == len && memcmp(table->name, name, len) == 0)
            return table;
    return NULL;
}

static const struct cli_option *option_of(const struct walk *w, const char *word)
{
    const char *name = word + 2;
    size_t len = strcspn(name, "=");
    const struct cli_option *option = w->verb != NULL ? option_in(w->verb->options, name, len) : NULL;

    return option != NULL ? option : option_in(cli_global_options, name, len);
}

static bool is_option(const struct walk *w, const char *word)
{
    return !w->only_operands && word[0] == '-' && word[1] != '\0';
}

static void step_option(struct walk *w, const char *word)
{
    const struct cli_option *option = strncmp(word, "--", 2) == 0 ? option_of(w, word) : NULL;

    w->only_operands = strcmp(word, "--") == 0;
    w->list = NULL;
    if (option != NULL && option->kind != CLI_OPTION_FLAG && strchr(word, '=') == NULL)
        w->open = option;
}

static void step(struct walk *w, const char *word)
{
    if (w->open != NULL) {
        w->list = w->open->kind == CLI_OPTION_LIST && w->verb != NULL && w->verb->max_operands == 0 ? w->open
                                                                                                    : NULL;
        w->open = NULL;
    } else if (is_option(w, word)) {
        step_option(w, word);
    } else if (w->noun == NULL) {
        w->noun = word;
    } else if (w->verb == NULL) {
        w->verb = cli_verb_find(w->noun, word);
        if (w->verb == NULL)
            w->noun = "";
    } else if (w->list == NULL) {
        w->operands++;
    }
}

static void place_value(const struct walk *w, const struct cli_option *option, size_t prefix,
                        struct cli_spot *s)
{
    s->kind = CLI_SPOT_VALUE;
    s->prefix = prefix;
    s->meaning = cli_meaning_of_option(w->noun != NULL ? w->noun : "", option);
}

static void place_option(const struct walk *w, const char *word, struct cli_spot *s)
{
    const char *equals = strchr(word, '=');
    const struct cli_option *option = equals != NULL ? option_of(w, word) : NULL;

    if (equals == NULL)
        s->kind = CLI_SPOT_OPTION;
    else if (option != NULL && option->kind != CLI_OPTION_FLAG)
        place_value(w, option, (size_t)(equals + 1 - word), s);
}

/* Where no operand can follow, options can. */
static void place_operand(const struct walk *w, struct cli_spot *s)
{
    s->kind = CLI_SPOT_OPTION;
    if (w->operands >= w->verb->max_operands)
        return;
    s->kind = CLI_SPOT_OPERAND;
    s->meaning = cli_meaning_of_operand(w->noun, w->verb->operands, w->operands);
}

static const char *last_word(const struct cli_line *line)
{
    return line->n > 0 ? line->words[line->n - 1] : "";
}

void cli_spot_find(const struct cli_line *line, struct cli_spot *ret)
{
    const char *word = last_word(line);
    struct walk w = {0};
    struct cli_spot s = {0};

    for (size_t i = 0; i + 1 < line->n; i++)
        step(&w, line->words[i]);
    s.noun = w.noun;
    s.verb = w.verb;
    if (w.open != NULL)
        place_value(&w, w.open, 0, &s);
    else if (is_option(&w, word) || (!w.only_operands && strcmp(word, "-") == 0))
        place_option(&w, word, &s);
    else if (w.list != NULL)
        place_value(&w, w.list, 0, &s);
    else if (w.noun == NULL)
        s.kind = CLI_SPOT_NOUN;
    else if (w.verb == NULL)
        s.kind = cli_noun_exists(w.noun) ? CLI_SPOT_VERB : CLI_SPOT_NOTHING;
    else
        place_operand(&w, &s);
    *ret = s;
}

/* What is asked for, and where what fits is gathered. */
struct answer {
    const struct cli_line *line;
    const char *word; /* the last */
    struct cli_spot spot;
    FILE *to;
};

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* A word that fits behind what stands before it ("--format="), with what it means. */
static void offer(const struct answer *a, size_t before, const char *text, const char *says)
{
    if (begins(text, a->word + before))
        fprintf(a->to, "%.*s%s\t%s\n", (int)before, a->word, text, says);
}

static void offer_nouns(const struct answer *a)
{
    for (const struct cli_noun *noun = cli_nouns; noun->name != NULL; noun++)
        offer(a, 0, noun->name, noun->summary);
}

static void offer_verbs(const struct answer *a)
{
    for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++)
        if (strcmp(verb->noun, a->spot.noun) == 0)
            offer(a, 0, verb->name, verb->summary);
}

static bool given(const struct answer *a, const char *name)
{
    for (size_t i = 0; i + 1 < a->line->n; i++) {
        const char *word = a->line->words[i];

        if (begins(word, "--") && begins(word + 2, name) && strchr("=", word[2 + strlen(name)]) != NULL)
            return true;
    }
    return false;
}

static void offer_options(const struct answer *a, const struct cli_option *option)
{
    for (; option != NULL && option->kind != CLI_OPTION_END; option++) {
        char text[64];

        snprintf(text, sizeof(text), "--%s", option->name);
        if (option->kind == CLI_OPTION_LIST || !given(a, option->name))
            offer(a, 0, text, option->help);
    }
}

/* Several may stand between commas: each of them is completed. */
static size_t before_last(const struct answer *a)
{
    const char *comma = strrchr(a->word, ',');

    return comma != NULL ? (size_t)(comma + 1 - a->word) : a->spot.prefix;
}

static void offer_words(const struct answer *a, const char *words)
{
    for (const char *word = words; *word != '\0';) {
        size_t len = strcspn(word, " ");
        char text[64];

        snprintf(text, sizeof(text), "%.*s", (int)len, word);
        offer(a, before_last(a), text, "");
        word += len + strspn(word + len, " ");
    }
}

static void offer_hardware(const struct answer *a)
{
    for (unsigned i = 0; cli_hardware_at(i) != NULL; i++)
        offer(a, before_last(a), cli_hardware_at(i)->name, "");
}

static void offer_ids(struct cli *cli, const struct answer *a)
{
    char *lines = NULL, *rest, *line;
    size_t len;
    FILE *to = open_memstream(&lines, &len);

    if (to == NULL)
        return;
    cli_complete_ids(cli, a->line, a->spot.meaning.takes, a->word + a->spot.prefix, to);
    if (fclose(to) == 0)
        for (rest = lines; (line = strsep(&rest, "\n")) != NULL;)
            if (line[0] != '\0')
                fprintf(a->to, "%.*s%s\n", (int)a->spot.prefix, a->word, line);
    free(lines);
}

/* "http://", "phase=" */
static bool goes_on(const char *words)
{
    return strchr("/=", words[strlen(words) - 1]) != NULL;
}

/* The words of a value; returns the first line. */
static const char *offer_values(struct cli *cli, struct answer *a)
{
    const char *equals = strchr(a->word + a->spot.prefix, '=');

    switch (a->spot.meaning.takes) {
    case CLI_TAKES_FILE:
        return "files ";
    case CLI_TAKES_DIR:
        return "dirs ";
    case CLI_TAKES_SLOT:
        if (equals == NULL) {
            offer_words(a, "A= B= any=");
            return "words nospace";
        }
        a->spot.prefix = (size_t)(equals + 1 - a->word);
        return "files ";
    case CLI_TAKES_WORDS:
        offer_words(a, a->spot.meaning.words);
        return goes_on(a->spot.meaning.words) ? "words nospace" : "words";
    case CLI_TAKES_HARDWARE:
        offer_hardware(a);
        return "words";
    case CLI_TAKES_DEVICE:
    case CLI_TAKES_RELEASE:
    case CLI_TAKES_ROLLOUT:
    case CLI_TAKES_GROUP:
    case CLI_TAKES_OPERATOR:
        offer_ids(cli, a);
        return "words";
    case CLI_TAKES_TEXT:
        break;
    }
    return "words";
}

static const char *gather(struct cli *cli, struct answer *a)
{
    switch (a->spot.kind) {
    case CLI_SPOT_NOUN:
        offer_nouns(a);
        break;
    case CLI_SPOT_VERB:
        offer_verbs(a);
        break;
    case CLI_SPOT_OPTION:
        offer_options(a, a->spot.verb != NULL ? a->spot.verb->options : NULL);
        offer_options(a, cli_global_options);
        break;
    case CLI_SPOT_VALUE:
    case CLI_SPOT_OPERAND:
        return offer_values(cli, a);
    case CLI_SPOT_NOTHING:
        break;
    }
    return "words";
}

void cli_complete(struct cli *cli, const struct cli_line *line)
{
    struct answer a = {.line = line, .word = last_word(line)};
    char *lines = NULL;
    const char *first;
    size_t len = 0;

    a.to = open_memstream(&lines, &len);
    if (a.to == NULL)
        return;
    cli_spot_find(line, &a.spot);
    first = gather(cli, &a);
    if (fclose(a.to) == 0) {
        /* A release may be a file, too, where it is an operand. */
        if (len == 0 && a.spot.kind == CLI_SPOT_OPERAND && a.spot.meaning.takes == CLI_TAKES_RELEASE)
            first = "files ";
        fprintf(cli->out, "%s%.*s\n%s", first, strncmp(first, "words", 5) == 0 ? 0 : (int)a.spot.prefix,
                a.word, lines);
    }
    free(lines);
}
