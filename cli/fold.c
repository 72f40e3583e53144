#include "fold.h"

#include "width.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of an escape sequence of colours; 0 if there is none. */
static size_t escape(const char *s)
{
    size_t n;

    if (s[0] != '\033' || s[1] != '[')
        return 0;
    n = 2 + strspn(s + 2, "0123456789;");
    return s[n] == 'm' ? n + 1 : 0;
}

static size_t next_char(const char *s, unsigned *ret_width)
{
    size_t n = escape(s);

    *ret_width = 0;
    return n > 0 ? n : cli_char(s, ret_width);
}

/* Bytes that fit. */
static size_t fitting(const char *s, size_t width)
{
    size_t at = 0, used = 0;

    while (s[at] != '\0') {
        unsigned w;
        size_t n = next_char(s + at, &w);

        if (used + w > width && used > 0)
            break;
        used += w;
        at += n;
    }
    return at;
}

size_t cli_fold(const char *s, size_t width, size_t *ret_next)
{
    size_t fits = fitting(s, width), end = fits;

    if (s[fits] != '\0') {
        while (end > 0 && s[end] != ' ')
            end--;
        end = end > strspn(s, " ") ? end : fits; /* one long word, or blanks before it */
    }
    *ret_next = end + (s[fits] != '\0' ? strspn(s + end, " ") : 0);
    while (end > 0 && s[end - 1] == ' ')
        end--;
    return end;
}

static void print_line(FILE *to, const char *line, size_t width, size_t indent)
{
    size_t next, n = cli_fold(line, width, &next), rest;

    fprintf(to, "%.*s\n", (int)n, line);
    if (indent + 8 > width) /* no room for both */
        indent = 0;
    for (line += next; *line != '\0'; line += rest) {
        n = cli_fold(line, width - indent, &rest);
        fprintf(to, "%*s%.*s\n", (int)indent, "", (int)n, line);
    }
}

void cli_fold_print(FILE *to, const char *text, size_t width, size_t indent)
{
    if (width == 0) {
        fprintf(to, "%s%s", text, text[0] != '\0' && text[strlen(text) - 1] == '\n' ? "" : "\n");
        return;
    }
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        char *line = strndup(text, len);

        if (line != NULL)
            print_line(to, line, width, indent);
        free(line);
        text += len + (text[len] != '\0' ? 1 : 0);
    }
}

size_t cli_fold_lines(const char *text, size_t width)
{
    size_t lines = 0, used = 0;

    for (const char *p = text; *p != '\0';) {
        unsigned w;
        size_t n = next_char(p, &w);

        if (*p == '\n') {
            lines++;
            used = 0;
        } else if (used + w > width && width > 0) {
            lines++;
            used = w;
        } else {
            used += w;
        }
        p += n;
    }
    return lines + (used > 0 ? 1 : 0);
}
