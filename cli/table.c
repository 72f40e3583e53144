#include "table.h"

#include "fold.h"
#include "width.h"

#include <stdlib.h>
#include <string.h>

#define GAP       ((size_t)2)
#define VALUE_MIN 16u /* columns for a cell beside its heading; with fewer it stands below */

static void blanks(FILE *to, size_t n)
{
    while (n-- > 0)
        fputc(' ', to);
}

static char *cell_at(const struct cli_table *t, size_t row, size_t column)
{
    return t->cell[row * t->columns + column];
}

static const char *paint_of(const struct cli_table *t, size_t row, size_t column)
{
    if (t->color && t->headed && row == 0)
        return "\033[1m";
    return t->color && t->paint != NULL ? t->paint(row, column, cell_at(t, row, column)) : NULL;
}

static void put(FILE *to, const char *paint, const char *text, size_t len)
{
    fprintf(to, "%s%.*s%s", paint != NULL ? paint : "", (int)len, text, paint != NULL ? "\033[0m" : "");
}

/* Replaces each cell by what can be shown. */
static bool make_printable(const struct cli_table *t)
{
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        char *shown = t->cell[i][0] == '\0' ? strdup("-") : cli_printable(t->cell[i]);

        if (shown == NULL)
            return false;
        free(t->cell[i]);
        t->cell[i] = shown;
    }
    return true;
}

/* One line of a row: as much of each cell as its column holds. Rest: what is left of each cell, moved on. */
static void put_line(FILE *to, const struct cli_table *t, size_t row, const size_t *width, const char **rest)
{
    size_t last = t->columns, owed = 0;

    while (last > 1 && rest[last - 1][0] == '\0')
        last--;
    for (size_t column = 0; column < last; column++) {
        size_t next, len = cli_fold(rest[column], width[column], &next);
        char *piece = strndup(rest[column], len);
        size_t taken = piece != NULL ? cli_width(piece) : 0;
        size_t pad = taken < width[column] ? width[column] - taken : 0;
        bool right = t->to_right != NULL && t->to_right[column];

        blanks(to, owed + (right ? pad : 0));
        if (piece != NULL && len > 0)
            put(to, paint_of(t, row, column), piece, len);
        owed = GAP + (right ? 0 : pad);
        free(piece);
        rest[column] += next;
    }
    fputc('\n', to);
}

static bool any_left(const char *const *rest, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rest[i][0] != '\0')
            return true;
    return false;
}

static bool put_rows(FILE *to, const struct cli_table *t, const size_t *width)
{
    const char **rest = calloc(t->columns + 1, sizeof(*rest));

    for (size_t row = 0; rest != NULL && row < t->rows; row++) {
        for (size_t column = 0; column < t->columns; column++)
            rest[column] = cell_at(t, row, column);
        do
            put_line(to, t, row, width, rest);
        while (any_left(rest, t->columns));
    }
    free(rest);
    return rest != NULL;
}

/* A heading and its cell, beside each other where there is room, else below each other. */
static void put_pair(FILE *to, const struct cli_table *t, const char *heading, size_t row, size_t column,
                     size_t left)
{
    const char *paint = paint_of(t, row, column), *rest = cell_at(t, row, column);
    bool beside = left + GAP + VALUE_MIN <= t->screen;
    size_t indent = beside ? left + GAP : t->screen > 2 * GAP ? GAP : 0;
    size_t next, len = cli_fold(heading, beside ? left : t->screen, &next);

    put(to, t->color && t->headed ? "\033[1m" : NULL, heading, len);
    if (beside)
        blanks(to, indent - cli_width(heading)); /* left is the widest of them */
    else
        fputc('\n', to);
    for (size_t i = 0; *rest != '\0'; i++) {
        len = cli_fold(rest, t->screen - indent, &next);
        blanks(to, i == 0 && beside ? 0 : indent);
        put(to, paint, rest, len);
        fputc('\n', to);
        rest += next;
    }
}

/* The widest of what the cells are called: the heading, or else the first column. */
static size_t widest_name(const struct cli_table *t)
{
    size_t n = t->headed ? t->columns : t->rows, widest = 0;

    for (size_t i = 0; i < n; i++) {
        size_t w = cli_width(t->headed ? cell_at(t, 0, i) : cell_at(t, i, 0));

        widest = w > widest ? w : widest;
    }
    return widest;
}

/* Each row as a block. Of a table without heading the first column is what the others are called. */
static void put_blocks(FILE *to, const struct cli_table *t)
{
    size_t left = widest_name(t);

    for (size_t row = t->headed ? 1 : 0; row < t->rows; row++) {
        if (t->headed && row > 1)
            fputc('\n', to);
        for (size_t column = t->headed ? 0 : 1; column < t->columns; column++)
            put_pair(to, t, cell_at(t, t->headed ? 0 : row, t->headed ? column : 0), row, column, left);
    }
}

static size_t widest_word(const char *text)
{
    size_t widest = 0;

    while (*text != '\0') {
        char *word = strndup(text, strcspn(text, " "));
        size_t w = word != NULL ? cli_width(word) : 0;

        widest = w > widest ? w : widest;
        text += strcspn(text, " ");
        text += strspn(text, " ");
        free(word);
    }
    return widest;
}

static size_t sum(const size_t *width, size_t n)
{
    size_t all = (n - 1) * GAP;

    for (size_t i = 0; i < n; i++)
        all += width[i];
    return all;
}

/* Takes from the widest column that can give until the line fits. False if no column can. */
static bool shrink(const struct cli_table *t, const size_t *least, size_t *width)
{
    for (size_t all = sum(width, t->columns); all > t->screen; all--) {
        size_t widest = t->columns;

        for (size_t i = 0; i < t->columns; i++)
            if (width[i] > least[i] && (widest == t->columns || width[i] > width[widest]))
                widest = i;
        if (widest == t->columns)
            return false;
        width[widest]--;
    }
    return true;
}

/* The widest of each column: a cell, and a word. */
static void measure(const struct cli_table *t, size_t *width, size_t *least)
{
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        size_t w = cli_width(t->cell[i]), word = widest_word(t->cell[i]), column = i % t->columns;

        width[column] = w > width[column] ? w : width[column];
        least[column] = word > least[column] ? word : least[column];
    }
}

bool cli_table_print(FILE *to, const struct cli_table *t)
{
    size_t *width = calloc(t->columns + 1, sizeof(*width)), *least = calloc(t->columns + 1, sizeof(*least));
    bool ok = width != NULL && least != NULL && make_printable(t);

    if (ok) {
        measure(t, width, least);
        if (t->screen == 0 || shrink(t, least, width))
            ok = put_rows(to, t, width);
        else
            put_blocks(to, t);
    }
    free(width);
    free(least);
    return ok;
}
