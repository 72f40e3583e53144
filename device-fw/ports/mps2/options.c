#include "ports/mps2/options.h"

#include "core/bytes.h"
#include "port/console.h"
#include "ports/mps2/semihost.h"

#include <stddef.h>
#include <string.h>

#define COMMAND_LINE_MAX 1024u

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"inactivity_ms", offsetof(struct mps2_options, inactivity_ms)},
    {"min_bytes_per_s", offsetof(struct mps2_options, min_bytes_per_s)},
    {"backoff_first_ms", offsetof(struct mps2_options, backoff_first_ms)},
    {"backoff_max_ms", offsetof(struct mps2_options, backoff_max_ms)},
    {"trial_deadline_ms", offsetof(struct mps2_options, trial_deadline_ms)},
    {"trial_poll_ms", offsetof(struct mps2_options, trial_poll_ms)},
    {"stale_after_s", offsetof(struct mps2_options, stale_after_s)},
};

/* Digits alone, up to UINT32_MAX. */
static bool parse_number(const char *s, uint32_t *ret)
{
    uint64_t value = 0;

    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9' || value > UINT32_MAX / 10)
            return false;
        value = value * 10 + (uint64_t)(*s - '0');
    }
    *ret = (uint32_t)value;
    return value <= UINT32_MAX;
}

static bool take_number(struct mps2_options *options, const char *name, const char *value)
{
    uint32_t number;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(numbers); i++)
        if (strcmp(numbers[i].name, name) == 0 && parse_number(value, &number)) {
            memcpy((char *)options + numbers[i].offset, &number, sizeof(number));
            return true;
        }
    return false;
}

static bool take(struct mps2_options *options, const char *name, const char *value)
{
    bool is_exit = strcmp(name, "exit_on") == 0;

    if (is_exit && strcmp(value, "reset") == 0)
        return options->exit_on_reset = true;
    if (is_exit && strcmp(value, "nothing") == 0)
        return options->exit_on_nothing = true;
    return strcmp(name, "probe") == 0 /* probe.c's */ || take_number(options, name, value);
}

/* "fw name=value name=value": the first word is the program's name. */
static void parse(struct mps2_options *options, char *line)
{
    char *word = strchr(line, ' ');

    while (word != NULL) {
        char *next = strchr(++word, ' '), *value;

        if (next != NULL)
            *next = '\0';
        value = strchr(word, '=');
        if (value != NULL)
            *value++ = '\0';
        if (*word != '\0' && (value == NULL || !take(options, word, value)))
            console_field("option not understood", word);
        word = next;
    }
}

const struct mps2_options *mps2_options(void)
{
    static struct mps2_options options;
    static char line[COMMAND_LINE_MAX];
    static bool is_read;

    if (is_read)
        return &options;
    is_read = true;
    if (semihost_command_line(line, sizeof(line)))
        parse(&options, line);
    else
        console_line("options: longer than this board reads");
    return &options;
}
