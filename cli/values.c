#include "values.h"

#include "core/bytes.h"

#include <string.h>

#define NAME_MAX_LEN 32u

struct name {
    const char *noun; /* NULL: any */
    const char *name;
    enum cli_takes takes;
    const char *words;
};

/* The first that fits wins. */
static const struct name names[] = {
    {"rollout", "ID", CLI_TAKES_ROLLOUT},
    {NULL, "ROLLOUT", CLI_TAKES_ROLLOUT},
    {"device", "ID", CLI_TAKES_DEVICE},
    {NULL, "R", CLI_TAKES_RELEASE},
    {NULL, "GROUP", CLI_TAKES_GROUP},
    {NULL, "OPERATOR", CLI_TAKES_OPERATOR},
    {NULL, "FILE", CLI_TAKES_FILE},
    {NULL, "F", CLI_TAKES_FILE},
    {NULL, "F.csv", CLI_TAKES_FILE},
    {NULL, "CSV", CLI_TAKES_FILE},
    {NULL, "K.pub", CLI_TAKES_FILE},
    {NULL, "KEY", CLI_TAKES_FILE},
    {NULL, "OLD", CLI_TAKES_FILE},
    {NULL, "IN", CLI_TAKES_FILE},
    {NULL, "OUT", CLI_TAKES_FILE},
    {NULL, "IMAGE", CLI_TAKES_FILE},
    {NULL, "FACTORY", CLI_TAKES_FILE},
    {NULL, "DIR", CLI_TAKES_DIR},
    {NULL, "SLOT=FILE", CLI_TAKES_SLOT},
    {NULL, "H", CLI_TAKES_HARDWARE},
    {NULL, "H[,H]", CLI_TAKES_HARDWARE},
    {NULL, "ROLE[:PRODUCT]", CLI_TAKES_WORDS, "viewer operator publisher approver admin"},
    {NULL, "TIME|never", CLI_TAKES_WORDS, "12h 30d 90d never"},
    {NULL, "FORMAT", CLI_TAKES_WORDS, "table json jsonl csv"},
    {NULL, "A|B", CLI_TAKES_WORDS, "A B"},
    {NULL, "MODE", CLI_TAKES_WORDS, "fail hang"},
    {NULL, "digest", CLI_TAKES_WORDS, "digest"},
    {NULL, "WHAT", CLI_TAKES_WORDS, "complete phase="},
    {NULL, "URL", CLI_TAKES_WORDS, "http:// https:// unix:/"},
};

/* Names that stand for text alone: what is in neither table was forgotten (a unit test looks). */
static const char *const texts[] = {"5,25,100",
                                    "A,B",
                                    "ADDR",
                                    "COLUMN",
                                    "EXPR",
                                    "HEX",
                                    "MAC",
                                    "N",
                                    "N,...",
                                    "NAME",
                                    "NAME=VALUE",
                                    "OLD=NEW",
                                    "ROLE=KEY",
                                    "ROLE=N",
                                    "P",
                                    "PRODUCT",
                                    "PERCENT,...",
                                    "BYTES",
                                    "NAME=SHARE,...",
                                    "ZONE=SHARE,...",
                                    "PERCENT",
                                    "PERCENT[:REASON]",
                                    "PREFIX=RATE",
                                    "RATE",
                                    "REASON=TRIES:WAIT",
                                    "START:FACTOR:EVERY",
                                    "TAG",
                                    "TEXT",
                                    "TIME",
                                    "TIME,...",
                                    "V",
                                    "WHEN",
                                    "ZONE",
                                    "ID",
                                    "'DAYS FROM-TO'"};

static struct cli_meaning meaning_of(const char *noun, const char *name)
{
    for (size_t i = 0; i < OTTER_ARRAY_LEN(names); i++)
        if (strcmp(names[i].name, name) == 0 && (names[i].noun == NULL || strcmp(names[i].noun, noun) == 0))
            return (struct cli_meaning){names[i].takes, names[i].words, true};
    for (size_t i = 0; i < OTTER_ARRAY_LEN(texts); i++)
        if (strcmp(texts[i], name) == 0)
            return (struct cli_meaning){CLI_TAKES_TEXT, NULL, true};
    return (struct cli_meaning){CLI_TAKES_TEXT, NULL, false};
}

struct cli_meaning cli_meaning_of_option(const char *noun, const struct cli_option *option)
{
    if (option->words != NULL)
        return (struct cli_meaning){CLI_TAKES_WORDS, option->words, true};
    /* --rollout ID names a rollout whatever the noun; --id ID names what is to be made. */
    if (strcmp(option->value, "ID") == 0)
        return meaning_of(option->name, "ID");
    return meaning_of(noun, option->value);
}

/* "[IMAGE...]" is IMAGE, and "F.csv|-" is F.csv; *ret_many: it may be repeated. */
static void bare_name(const char *word, size_t len, char ret[NAME_MAX_LEN], bool *ret_many)
{
    size_t n = 0;

    *ret_many = memmem(word, len, "...", 3) != NULL;
    for (size_t i = 0; i < len && word[i] != '|' && n + 1 < NAME_MAX_LEN; i++)
        if (word[i] != '[' && word[i] != ']')
            ret[n++] = word[i];
    while (n > 0 && ret[n - 1] == '.')
        n--;
    ret[n] = '\0';
}

struct cli_meaning cli_meaning_of_operand(const char *noun, const char *operands, size_t i)
{
    char name[NAME_MAX_LEN] = "";
    bool many = false;

    for (const char *word = operands; *word != '\0';) {
        size_t len = strcspn(word, " ");

        bare_name(word, len, name, &many);
        if (many || i == 0)
            return meaning_of(noun, name);
        i--;
        word += len + strspn(word + len, " ");
    }
    return (struct cli_meaning){CLI_TAKES_TEXT, NULL, true};
}
