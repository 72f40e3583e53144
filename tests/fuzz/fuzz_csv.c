/* CSV files, as spreadsheets write them: each cell lies within the text, and comes back as it was from our
 * own writing. */
#include "fuzz.h"

#include "csv.h"

#include <stdio.h>

/* All rows, written anew. The caller frees. */
static char *write_again(const struct cli_csv *csv, size_t *ret_len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, ret_len);

    MUST(to != NULL);
    for (size_t row = 0; row <= csv->rows; row++)
        for (size_t column = 0; column < csv->columns; column++) {
            const char *cell = row == 0 ? csv->header[column] : csv->cell[(row - 1) * csv->columns + column];

            MUST(cli_csv_is_quoted_empty(cell) || (cell >= csv->text && cell <= csv->text + csv->len));
            cli_csv_put(to, cell);
            fputs(column + 1 < csv->columns ? "," : "\r\n", to);
        }
    MUST(fclose(to) == 0);
    return text;
}

static bool is_empty_row(const struct cli_csv *csv, size_t row)
{
    for (size_t column = 0; column < csv->columns; column++)
        if (csv->cell[row * csv->columns + column][0] != '\0')
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct host_error err = {0};
    struct cli_csv csv, back;
    bool lines_vanish = false;
    size_t len;
    char *text;

    if (!cli_csv_parse((const char *)data, size, "f", &csv, &err)) {
        MUST(err.message[0] != '\0');
        return 0;
    }
    text = write_again(&csv, &len);
    for (size_t row = 0; row < csv.rows; row++)
        lines_vanish =
            lines_vanish || is_empty_row(&csv, row); /* a line of one empty cell is an empty line */
    if (!lines_vanish) {
        MUST(cli_csv_parse(text, len, "f", &back, &err));
        MUST(back.rows == csv.rows && back.columns == csv.columns);
        for (size_t i = 0; i < csv.rows * csv.columns; i++)
            MUST(strcmp(csv.cell[i], back.cell[i]) == 0);
        cli_csv_free(&back);
    }
    free(text);
    cli_csv_free(&csv);
    return 0;
}
