#include "verb.h"

#include "api.h"
#include "csv.h"
#include "host/file.h"
#include "import.h"
#include "pages.h"

#include <stdlib.h>
#include <string.h>

#define ATTRIBUTES_MAX (CLI_CSV_COLUMNS - 5)

const struct cli_option cli_options_device_export[] = {
    {"out", CLI_OPTION_VALUE, "F", "file to write; standard output if not given"},
    {NULL},
};

const char cli_notes_device_export[] =
    "A CSV for `otter device import`: id, product, hardware, tags, and a column attr.NAME for each attribute "
    "that "
    "an\noperator has set somewhere. Secrets never leave the server. --filter takes what an expression "
    "selects. "
    "Cells are as\nthey are, formulas, too: for a spreadsheet use `otter device list --all --format csv`.";

/* Which attributes there are is known only at the end: until then the devices wait in a file without a name.
 */
struct spool {
    struct cli_pages pages;
    FILE *file;
    json_t *names; /* attributes, a set in order of appearance */
};

static enum cli_exit keep(struct spool *s, struct cli *cli, const json_t *item)
{
    json_t *attributes = json_object_get(item, "operator_attributes"), *value;
    auto_json json_t *kept = json_object();
    static const char *const members[] = {"id", "product", "hardware", "tags", "operator_attributes"};
    auto_free char *line = NULL;
    const char *name;
    size_t len;

    json_object_foreach(attributes, name, value) json_object_set_new(s->names, name, json_true());
    for (size_t i = 0; i < OTTER_ARRAY_LEN(members); i++)
        json_object_set(kept, members[i], json_object_get(item, members[i]));
    line = host_json_dump(kept, &len);
    if (line == NULL)
        return cli_fail_memory(cli);
    if (fwrite(line, 1, len, s->file) != len || fputc('\n', s->file) == EOF)
        return cli_fail(cli, CLI_FILE, "the folder for temporary files is full");
    return CLI_DONE;
}

static enum cli_exit keep_page(struct cli_pages *pages, struct cli *cli, const json_t *items)
{
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        enum cli_exit code = keep(OTTER_CONTAINER_OF(pages, struct spool, pages), cli, item);

        if (code != CLI_DONE)
            return code;
    }
    return CLI_DONE;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, so that two exports of one fleet are alike. */
static size_t list_names(const struct spool *s, const char *names[ATTRIBUTES_MAX])
{
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach(s->names, name, value) if (n < ATTRIBUTES_MAX) names[n++] = name;
    qsort(names, n, sizeof(*names), by_name);
    return n;
}

/* "" would be no attribute: an empty one is written with its quotes. */
static void put_attribute(FILE *to, const json_t *attributes, const char *name)
{
    const char *value = json_string_value(json_object_get(attributes, name));

    fputc(',', to);
    if (value != NULL && value[0] == '\0')
        fputs("\"\"", to);
    else if (value != NULL)
        cli_csv_put(to, value);
}

static void put_text(FILE *to, const json_t *item, const char *name)
{
    const char *s = json_string_value(json_object_get(item, name));

    cli_csv_put(to, s != NULL ? s : "");
}

static void put_row(FILE *to, const json_t *item, const char *const *names, size_t count)
{
    static const struct cli_column tags = {"tags", "tags"};
    auto_free char *text = cli_cell(item, &tags, true);

    put_text(to, item, "id");
    fputc(',', to);
    put_text(to, item, "product");
    fputc(',', to);
    put_text(to, item, "hardware");
    fputc(',', to);
    cli_csv_put(to, text != NULL ? text : "");
    for (size_t i = 0; i < count; i++)
        put_attribute(to, json_object_get(item, "operator_attributes"), names[i]);
    fputc('\n', to);
}

static enum cli_exit put_all(struct cli *cli, struct spool *s, FILE *to)
{
    const char *names[ATTRIBUTES_MAX];
    size_t count = list_names(s, names), cap = 0;
    auto_free char *line = NULL;
    ssize_t len;

    if (json_object_size(s->names) > ATTRIBUTES_MAX)
        return cli_fail(cli, CLI_REFUSED,
                        "the devices have %zu attributes, more than %u: --filter fewer devices",
                        json_object_size(s->names), ATTRIBUTES_MAX);
    fputs("id,product,hardware,tags", to);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "," CLI_IMPORT_ATTRIBUTE "%s", names[i]);
    fputc('\n', to);
    rewind(s->file);
    while ((len = getline(&line, &cap, s->file)) > 0) {
        auto_json json_t *item = host_json_load(line, (size_t)len, "spool", NULL);

        if (item == NULL)
            return cli_fail_memory(cli);
        put_row(to, item, names, count);
    }
    return ferror(s->file) ? cli_fail(cli, CLI_FILE, "the temporary file cannot be read back") : CLI_DONE;
}

/* The file appears when it is whole. */
static enum cli_exit write_file(struct cli *cli, struct spool *s, const char *path)
{
    struct host_error err = {0};
    auto_free char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    enum cli_exit code;

    if (to == NULL)
        return cli_fail_memory(cli);
    code = put_all(cli, s, to);
    if (fclose(to) != 0 && code == CLI_DONE)
        code = cli_fail_memory(cli);
    if (code == CLI_DONE && !host_file_write(path, text, len, 0644, HOST_FILE_REPLACE, &err))
        code = cli_fail_error(cli, &err);
    return code;
}

enum cli_exit cli_run_device_export(struct cli *cli, const struct cli_args *args)
{
    const char *out = cli_arg(args, "out");
    auto_json json_t *names = json_object();
    auto_file FILE *file = tmpfile();
    struct spool s = {.pages = {.page = keep_page}, .file = file, .names = names};
    enum cli_exit code;

    if (cli->format == CLI_FORMAT_JSON || cli->format == CLI_FORMAT_JSONL)
        return cli_fail(cli, CLI_USAGE, "the export is CSV\notter device list --all has the devices as JSON");
    if (file == NULL)
        return cli_fail(cli, CLI_FILE,
                        "no temporary file can be made in /tmp: is there room, and may you write there?");
    code = cli_api_pages(cli, "/api/v1/devices", cli_arg(args, "filter"), NULL, UINT64_MAX, &s.pages);
    if (code != CLI_DONE)
        return code;
    if (out == NULL || strcmp(out, "-") == 0)
        return put_all(cli, &s, cli->out);
    return cli->dry_run ? CLI_DONE : write_file(cli, &s, out);
}
