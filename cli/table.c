#include "table.h"

#include "width.h"

#include <stdlib.h>
#include <string.h>

static void blanks(FILE *to, size_t n)
{
    while (n-- > 0)
        fputc(' ', to);
}

static void put_cell(FILE *to, const struct cli_table *t, size_t row, size_t column, size_t width)
{
    const char *text = t->cell[row * t->columns + column];
    const char *paint = NULL;
    size_t pad = width - cli_width(text); /* width is the widest of the column */
    bool right = t->to_right != NULL && t->to_right[column];

    if (t->color && t->headed && row == 0)
        paint = "\033[1m";
    else if (t->color && t->paint != NULL)
        paint = t->paint(row, column, text);
    if (right)
        blanks(to, pad);
    fprintf(to, "%s%s%s", paint != NULL ? paint : "", text, paint != NULL ? "\033[0m" : "");
    if (column + 1 == t->columns) {
        fputc('\n', to);
        return;
    }
    blanks(to, right ? 2 : pad + 2);
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

bool cli_table_print(FILE *to, const struct cli_table *t)
{
    size_t *width = calloc(t->columns + 1, sizeof(*width));

    if (width == NULL || !make_printable(t)) {
        free(width);
        return false;
    }
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        size_t w = cli_width(t->cell[i]);

        if (w > width[i % t->columns])
            width[i % t->columns] = w;
    }
    for (size_t row = 0; row < t->rows; row++)
        for (size_t column = 0; column < t->columns; column++)
            put_cell(to, t, row, column, width[column]);
    free(width);
    return true;
}
