#include "csv.h"

#include "host/cleanup.h"
#include "host/crypto.h"
#include "host/file.h"

#include <stdlib.h>
#include <string.h>

#define CSV_FILE_MAX (64u << 20)

/* What a quoted empty cell points to, to be told from one that was left empty. */
static const char quoted_empty[] = "";

struct reader {
    char *at;
    char *end;
    char *begin; /* of the line, for messages */
    unsigned line;
    const char *what;
    struct host_error *err;
};

static bool wrong(struct reader *r, unsigned line, size_t column, const char *text)
{
    return host_fail(r->err, HOST_ERROR_FORMAT, "%s:%u:%zu: %s", r->what, line, column, text);
}

static size_t column_of(const struct reader *r)
{
    return (size_t)(r->at - r->begin) + 1;
}

/* One quoted cell, unquoted in place. r->at stands behind the opening quote. */
static bool quoted(struct reader *r, const char **ret)
{
    unsigned line = r->line;
    size_t column = column_of(r) - 1;
    char *to = r->at, *begin = r->at;

    for (;;) {
        if (r->at == r->end)
            return wrong(r, line, column, "a quote is not closed");
        if (*r->at == '"' && r->at + 1 < r->end && r->at[1] == '"') {
            r->at++;
        } else if (*r->at == '"') {
            break;
        } else if (*r->at == '\n') {
            r->line++;
            r->begin = r->at + 1;
        }
        *to++ = *r->at++;
    }
    *ret = to == begin ? quoted_empty : begin;
    r->at++;
    *to = '\0';
    return true;
}

/* One cell; *ret_last when the line ends behind it. */
static bool cell(struct reader *r, const char **ret, bool *ret_last)
{
    char *stop;

    if (r->at < r->end && *r->at == '"') {
        r->at++;
        if (!quoted(r, ret))
            return false;
        stop = r->at;
    } else {
        *ret = r->at;
        while (r->at < r->end && *r->at != ',' && *r->at != '\n' && *r->at != '\r')
            r->at++;
        stop = r->at;
    }
    if (r->at < r->end && *r->at == '\r' && (r->at + 1 == r->end || r->at[1] == '\n'))
        r->at++;
    if (r->at < r->end && *r->at != ',' && *r->at != '\n')
        return wrong(r, r->line, column_of(r), "text behind a cell's end");
    *ret_last = r->at >= r->end || *r->at == '\n';
    if (r->at < r->end)
        r->at++;
    *stop = '\0'; /* the text has a NUL behind its end, so that stop is always inside */
    return true;
}

/* Cells of one line into out; false on error or more than cap. */
static bool line(struct reader *r, const char **out, size_t cap, size_t *ret_count)
{
    size_t n = 0;
    bool last = false;

    r->begin = r->at;
    while (!last) {
        size_t column = column_of(r);
        const char *text = "";

        if (!cell(r, &text, &last))
            return false;
        if (n == cap)
            return host_fail(r->err, HOST_ERROR_FORMAT, "%s:%u:%zu: more than %zu columns", r->what, r->line,
                             column, cap);
        out[n++] = text;
    }
    *ret_count = n;
    return true;
}

static bool grow(struct cli_csv *csv, size_t *cap)
{
    size_t more = *cap * 2 + 64;
    const char **cells = realloc(csv->cell, more * csv->columns * sizeof(*cells));
    unsigned *lines;

    if (cells == NULL)
        return false;
    csv->cell = cells;
    lines = realloc(csv->line, more * sizeof(*lines));
    if (lines == NULL)
        return false;
    csv->line = lines;
    *cap = more;
    return true;
}

static bool rows(struct reader *r, struct cli_csv *csv)
{
    size_t cap = 0;

    while (r->at < r->end) {
        unsigned number = r->line;
        size_t n = 0;

        if (csv->rows == cap && !grow(csv, &cap))
            return host_fail(r->err, HOST_ERROR_MEMORY, "out of memory");
        if (!line(r, csv->cell + csv->rows * csv->columns, csv->columns, &n))
            return false;
        r->line++;
        if (n == 1 && csv->cell[csv->rows * csv->columns][0] == '\0')
            continue;
        if (n != csv->columns)
            return host_fail(r->err, HOST_ERROR_FORMAT, "%s:%u: %zu cells, but the header line has %zu",
                             r->what, number, n, csv->columns);
        csv->line[csv->rows++] = number;
    }
    return true;
}

bool cli_csv_parse(const char *text, size_t len, const char *what, struct cli_csv *ret,
                   struct host_error *err)
{
    struct cli_csv csv = {.text = malloc(len + 1), .len = len};
    struct reader r = {.line = 1, .what = what, .err = err};

    if (csv.text == NULL)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    memcpy(csv.text, text, len);
    csv.text[len] = '\0';
    r.at = csv.text;
    r.end = csv.text + len;
    /* Spreadsheets put a byte order mark before the text. */
    if (len >= 3 && memcmp(r.at, "\xef\xbb\xbf", 3) == 0)
        r.at += 3;
    if (memchr(text, '\0', len) != NULL)
        host_fail(err, HOST_ERROR_FORMAT, "%s: holds a NUL byte", what);
    else if (line(&r, csv.header, CLI_CSV_COLUMNS, &csv.columns)) {
        r.line++;
        if (rows(&r, &csv)) {
            *ret = csv;
            return true;
        }
    }
    cli_csv_free(&csv);
    return false;
}

bool cli_csv_load(const char *path, struct cli_csv *ret, struct host_error *err)
{
    auto_free char *text = NULL;
    size_t len;

    bool ok =
        host_file_read(path, CSV_FILE_MAX, &text, &len, err) && cli_csv_parse(text, len, path, ret, err);

    if (text != NULL)
        host_wipe(text, len);
    return ok;
}

void cli_csv_free(struct cli_csv *csv)
{
    if (csv->text != NULL)
        host_wipe(csv->text, csv->len);
    free(csv->text);
    free(csv->cell);
    free(csv->line);
    *csv = (struct cli_csv){0};
}

bool cli_csv_is_quoted_empty(const char *cell_text)
{
    return cell_text == quoted_empty;
}

const char *cli_csv_get(const struct cli_csv *csv, size_t row, const char *column)
{
    for (size_t i = 0; i < csv->columns; i++)
        if (strcmp(csv->header[i], column) == 0)
            return csv->cell[row * csv->columns + i];
    return NULL;
}

const char *cli_csv_unknown(const struct cli_csv *csv, const char *const *known)
{
    for (size_t i = 0; i < csv->columns; i++) {
        size_t k = 0;

        while (known[k] != NULL && strcmp(known[k], csv->header[i]) != 0)
            k++;
        if (known[k] == NULL)
            return csv->header[i];
    }
    return NULL;
}

void cli_csv_put(FILE *to, const char *cell_text)
{
    if (cell_text[strcspn(cell_text, ",\"\r\n")] == '\0') {
        fputs(cell_text, to);
        return;
    }
    fputc('"', to);
    for (; *cell_text != '\0'; cell_text++) {
        if (*cell_text == '"')
            fputc('"', to);
        fputc(*cell_text, to);
    }
    fputc('"', to);
}

static bool is_formula(const char *text)
{
    if (strchr("=@", text[0]) != NULL)
        return text[0] != '\0';
    /* Also a sign with nothing behind it. */
    return (text[0] == '+' || text[0] == '-') &&
           (text[1] == '\0' || text[1 + strspn(text + 1, "0123456789.")] != '\0');
}

void cli_csv_put_shown(FILE *to, const char *cell_text)
{
    auto_free char *marked = NULL;

    if (!is_formula(cell_text)) {
        cli_csv_put(to, cell_text);
        return;
    }
    if (asprintf(&marked, "'%s", cell_text) < 0)
        marked = NULL; /* undefined after a failure */
    cli_csv_put(to, marked != NULL ? marked : "");
}
