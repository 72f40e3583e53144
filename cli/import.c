#include "import.h"

#include "core/bytes.h"
#include "core/factory.h"
#include "core/names.h"
#include "core/utf8.h"
#include "host/crypto.h"
#include "register.h"

#include <string.h>

#define PREFIX_LEN (sizeof(CLI_IMPORT_ATTRIBUTE) - 1)
#define VALUE_MAX  256u /* of an attribute, as the server takes it */

static bool is_attribute(const char *header)
{
    return strncmp(header, CLI_IMPORT_ATTRIBUTE, PREFIX_LEN) == 0;
}

/* Where the plan keeps the place of a column; NULL if it knows none of that name. */
static size_t *place_of(struct cli_import_plan *plan, const char *header)
{
    const struct {
        const char *name;
        size_t *at;
    } known[] = {{"id", &plan->id},
                 {"product", &plan->product},
                 {"hardware", &plan->hardware},
                 {"secret", &plan->secret},
                 {"tags", &plan->tags}};

    for (size_t i = 0; i < OTTER_ARRAY_LEN(known); i++)
        if (strcmp(known[i].name, header) == 0)
            return known[i].at;
    return NULL;
}

static bool is_doubled(const struct cli_csv *csv, size_t column)
{
    for (size_t i = 0; i < column; i++)
        if (strcmp(csv->header[i], csv->header[column]) == 0)
            return true;
    return false;
}

static bool plan_column(const struct cli_csv *csv, const char *what, size_t column,
                        struct cli_import_plan *plan, struct host_error *err)
{
    const char *header = csv->header[column];
    size_t *at = place_of(plan, header);

    if (is_doubled(csv, column))
        return host_fail(err, HOST_ERROR_FORMAT, "%s:1: column \"%.80s\" stands there twice", what, header);
    if (at != NULL) {
        *at = column;
        return true;
    }
    if (!is_attribute(header) || !otter_name_valid(header + PREFIX_LEN, strlen(header + PREFIX_LEN)))
        return host_fail(err, HOST_ERROR_FORMAT,
                         "%s:1: unknown column \"%.80s\": expected id, product, hardware, secret, tags or "
                         "attr.NAME, as [A-Za-z0-9._+-]",
                         what, header);
    return plan->has_attributes = true;
}

bool cli_import_plan(const struct cli_csv *csv, const char *what, struct cli_import_plan *ret,
                     struct host_error *err)
{
    struct cli_import_plan plan = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, false};

    for (size_t i = 0; i < csv->columns; i++)
        if (!plan_column(csv, what, i, &plan, err))
            return false;
    if (plan.id == SIZE_MAX)
        return host_fail(err, HOST_ERROR_FORMAT, "%s:1: there is no column id", what);
    *ret = plan;
    return true;
}

/* "" where the file does not have the column. */
static const char *cell_at(const struct cli_csv *csv, size_t row, size_t column)
{
    return column != SIZE_MAX ? csv->cell[row * csv->columns + column] : "";
}

static bool wrong(struct host_error *err, const struct cli_csv *csv, const char *what, size_t row,
                  const char *column, const char *why)
{
    return host_fail(err, HOST_ERROR_FORMAT, "%s:%u: %s: %s", what, csv->line[row], column, why);
}

static bool parse_secret(const char *text, uint8_t ret[OTTER_SECRET_LEN])
{
    size_t len = strlen(text);

    return otter_hex_decode(text, len, ret, OTTER_SECRET_LEN) ||
           otter_b64_decode(text, len, ret, OTTER_SECRET_LEN) == (int)OTTER_SECRET_LEN;
}

static bool tags_valid(const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "; ");

        if (len > 0 && !otter_name_valid(text, len))
            return false;
        text += len + (text[len] != '\0' ? 1 : 0);
    }
    return true;
}

/* What the server says of a value; NULL if it takes it. */
static const char *value_wrong(const char *value)
{
    size_t len = strlen(value);

    if (len > VALUE_MAX)
        return "longer than 256 bytes";
    for (size_t i = 0; i < len;) {
        unsigned n = otter_utf8_char(value + i, len - i);

        if (n == 0)
            return "not UTF-8: save the file as UTF-8";
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return "a line feed or another control character";
        i += n;
    }
    return NULL;
}

static bool check_attributes(const struct cli_csv *csv, const char *what, size_t row, struct host_error *err)
{
    for (size_t i = 0; i < csv->columns; i++) {
        const char *why = is_attribute(csv->header[i]) ? value_wrong(cell_at(csv, row, i)) : NULL;

        if (why != NULL)
            return wrong(err, csv, what, row, csv->header[i], why);
    }
    return true;
}

bool cli_import_check(const struct cli_csv *csv, const struct cli_import_plan *plan, const char *what,
                      size_t row, struct host_error *err)
{
    const char *id = cell_at(csv, row, plan->id), *secret = cell_at(csv, row, plan->secret);
    const char *product = cell_at(csv, row, plan->product), *hardware = cell_at(csv, row, plan->hardware);
    uint8_t parsed[OTTER_SECRET_LEN] = {0};
    bool secret_ok = secret[0] == '\0' || parse_secret(secret, parsed);

    host_wipe(parsed, sizeof(parsed));
    if (!otter_device_id_valid(id, strlen(id)))
        return wrong(err, csv, what, row, "id", "no device id: 1 to 64 of [A-Za-z0-9._:-]");
    if (product[0] != '\0' && !otter_name_valid(product, strlen(product)))
        return wrong(err, csv, what, row, "product", "no name: at most 64 of [A-Za-z0-9._+-]");
    if (hardware[0] != '\0' && !otter_name_valid(hardware, strlen(hardware)))
        return wrong(err, csv, what, row, "hardware", "no name: at most 64 of [A-Za-z0-9._+-]");
    if (!secret_ok)
        return wrong(err, csv, what, row, "secret", "not 32 bytes in base64url or hex");
    if (!tags_valid(cell_at(csv, row, plan->tags)))
        return wrong(err, csv, what, row, "tags", "names of [A-Za-z0-9._+-], parted by blanks or ';'");
    return check_attributes(csv, what, row, err);
}

static json_t *attributes(const struct cli_csv *csv, size_t row)
{
    json_t *o = json_object();

    for (size_t i = 0; i < csv->columns; i++) {
        const char *cell = cell_at(csv, row, i);

        if (is_attribute(csv->header[i]) && (cell[0] != '\0' || cli_csv_is_quoted_empty(cell)))
            json_object_set_new(o, csv->header[i] + PREFIX_LEN, json_string(cell));
    }
    return o;
}

static void put_given(json_t *o, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(o, name, json_string(text));
}

json_t *cli_import_item(const struct cli_csv *csv, const struct cli_import_plan *plan, size_t row)
{
    const char *secret = cell_at(csv, row, plan->secret);
    char text[OTTER_B64_LEN(OTTER_SECRET_LEN) + 1] = "";
    uint8_t parsed[OTTER_SECRET_LEN] = {0};
    json_t *o = json_object();

    if (secret[0] != '\0' && parse_secret(secret, parsed))
        otter_b64_encode(parsed, sizeof(parsed), text); /* the file may have it in hex */
    put_given(o, "id", cell_at(csv, row, plan->id));
    put_given(o, "product", cell_at(csv, row, plan->product));
    put_given(o, "hardware", cell_at(csv, row, plan->hardware));
    put_given(o, "secret", text);
    if (plan->tags != SIZE_MAX)
        json_object_set_new(o, "tags", cli_tags_json(cell_at(csv, row, plan->tags)));
    if (plan->has_attributes)
        json_object_set_new(o, "attributes", attributes(csv, row));
    host_wipe(parsed, sizeof(parsed));
    host_wipe(text, sizeof(text));
    return o;
}
