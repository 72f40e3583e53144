#include "provision.h"

#include "core/bytes.h"
#include "csv.h"
#include "document.h"
#include "fleet_key.h"
#include "host/certificate.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 100000u

static enum cli_exit copy(struct cli *cli, const struct cli_args *args, const char *option, char *to,
                          size_t cap)
{
    const char *text = cli_arg(args, option);

    if (text == NULL)
        return CLI_DONE;
    if (strlen(text) >= cap)
        return cli_fail(cli, CLI_USAGE, "--%s %s: longer than %zu characters", option, text, cap - 1);
    memcpy(to, text, strlen(text) + 1);
    return CLI_DONE;
}

static enum cli_exit load_ca(struct cli *cli, const char *path, struct otter_factory *f)
{
    struct host_error err = {0};
    size_t len;

    if (path == NULL)
        return CLI_DONE;
    if (!host_ca_read(path, f->ca, sizeof(f->ca), &len, &err))
        return cli_fail_error(cli, &err);
    f->ca_len = (uint16_t)len; /* <= OTTER_CA_MAX */
    return CLI_DONE;
}

/* Is the host of this URL an address? */
static bool has_address(const char *url)
{
    const char *host = url + strlen("https://");
    char name[OTTER_URL_MAX + 1] = "";

    memcpy(name, host, strcspn(host, host[0] == '[' ? "/" : ":/"));
    return otter_host_is_address(name);
}

/* Devices would refuse it, each of them, for ever: better here (tls-no-ca, tls-no-name). */
static enum cli_exit check_tls(struct cli *cli, const struct otter_factory *f)
{
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(f->url); i++) {
        if (strncmp(f->url[i], "https://", strlen("https://")) != 0)
            continue;
        if (f->ca_len == 0)
            return cli_fail(cli, CLI_USAGE,
                            "%s: devices trust one CA alone; give its certificate with --ca FILE", f->url[i]);
        if (f->tls_name[i][0] == '\0' && has_address(f->url[i]))
            return cli_fail(cli, CLI_USAGE,
                            "%s: devices check a certificate against names, never addresses; give the "
                            "certificate's name with --tls-name%s NAME",
                            f->url[i], i == 0 ? "" : "2");
    }
    return CLI_DONE;
}

/* A device trusts the root of its factory data without asking further: it must stand by its own signatures.
 */
static enum cli_exit load_root(struct cli *cli, const char *path, struct otter_factory *f)
{
    auto_document struct cli_document d = {0};
    struct otter_root root;
    struct otter_jws scratch;
    enum otter_status status;
    enum cli_exit code = cli_document_load(cli, path, &d);

    if (code != CLI_DONE)
        return code;
    if (!d.is_signed)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: bad-envelope: it is not signed yet\nNext: otter root sign %s --key ROOT.key",
                        path, path);
    status = otter_verify_root_first(&otter_crypto_openssl, d.text, d.len, &scratch, &root);
    if (status != OTTER_OK)
        return cli_fail_status(cli, path, status);
    f->root_len = d.jws.payload_len;
    memcpy(f->root, d.jws.payload, d.jws.payload_len + 1u);
    return CLI_DONE;
}

static enum cli_exit load_numbers(struct cli *cli, const struct cli_args *args, struct otter_factory *f)
{
    const char *sequence = cli_arg(args, "sequence"), *mac = cli_arg(args, "mac");

    if (sequence != NULL && !cli_parse_number(sequence, OTTER_INT_MAX, false, &f->sequence))
        return cli_fail(cli, CLI_USAGE, "--sequence %s: expected a number", sequence);
    if (mac != NULL && !cli_parse_mac(mac, f->mac))
        return cli_fail(cli, CLI_USAGE, "--mac %s: expected six bytes, as 02:00:5e:10:00:01", mac);
    return CLI_DONE;
}

enum cli_exit cli_plan_load(struct cli *cli, const struct cli_args *args, struct cli_plan *plan)
{
    struct otter_factory *f = &plan->common;
    const struct {
        const char *option;
        char *to;
        size_t cap;
    } texts[] = {{"product", f->product, sizeof(f->product)},
                 {"hardware", f->hardware, sizeof(f->hardware)},
                 {"url", f->url[0], sizeof(f->url[0])},
                 {"url2", f->url[1], sizeof(f->url[1])},
                 {"tls-name", f->tls_name[0], sizeof(f->tls_name[0])},
                 {"tls-name2", f->tls_name[1], sizeof(f->tls_name[1])}};
    enum cli_exit code = CLI_DONE;

    memset(plan, 0, sizeof(*plan));
    for (size_t i = 0; code == CLI_DONE && i < OTTER_ARRAY_LEN(texts); i++)
        code = copy(cli, args, texts[i].option, texts[i].to, texts[i].cap);
    if (code == CLI_DONE)
        code = load_numbers(cli, args, f);
    if (code == CLI_DONE)
        code = cli_public_list(cli, args, "image-key", plan->key, OTTER_IMAGE_KEYS, &plan->key_count);
    for (size_t i = 0; code == CLI_DONE && i < plan->key_count; i++)
        memcpy(f->key[i], plan->key[i].point, OTTER_POINT_LEN);
    f->key_count = (uint8_t)plan->key_count;
    if (code == CLI_DONE)
        code = load_ca(cli, cli_arg(args, "ca"), f);
    if (code == CLI_DONE && cli_arg(args, "fleet-key") != NULL) {
        code = cli_fleet_key_read(cli, cli_arg(args, "fleet-key"), f->secret);
        plan->fleet_key = f->fleet_key = true;
    }
    if (code == CLI_DONE)
        code = check_tls(cli, f);
    return code == CLI_DONE ? load_root(cli, cli_arg(args, "root"), f) : code;
}

static enum cli_exit generate(struct cli *cli, const struct cli_args *args, const struct cli_plan *plan,
                              struct cli_member **ret, size_t *ret_count)
{
    const char *count = cli_arg(args, "count"), *prefix = cli_arg(args, "id-prefix");
    struct cli_member *members;
    uint64_t n;
    int digits;

    if (!cli_parse_number(count, COUNT_MAX, false, &n) || n == 0)
        return cli_fail(cli, CLI_USAGE, "--count %s: expected 1 to %u", count, COUNT_MAX);
    if (prefix == NULL)
        prefix = "dev-";
    if (strlen(prefix) > OTTER_NAME_MAX - 6)
        return cli_fail(cli, CLI_USAGE, "--id-prefix %s: too long", prefix);
    members = calloc(n, sizeof(*members));
    if (members == NULL)
        return cli_fail_memory(cli);
    digits = snprintf(NULL, 0, "%llu", (unsigned long long)n);
    for (size_t i = 0; i < n; i++) {
        snprintf(members[i].id, sizeof(members[i].id), "%s%0*zu", prefix, digits, i + 1);
        memcpy(members[i].product, plan->common.product, OTTER_NAME_BUF);
        memcpy(members[i].hardware, plan->common.hardware, OTTER_NAME_BUF);
        members[i].sequence = plan->common.sequence;
    }
    *ret = members;
    *ret_count = n;
    return CLI_DONE;
}

/* A cell into a buffer; where the column is missing or empty, what the options said stays. */
static bool cell(const struct cli_csv *csv, size_t row, const char *column, char *to, size_t cap)
{
    const char *text = cli_csv_get(csv, row, column);

    if (text == NULL || text[0] == '\0')
        return true;
    if (strlen(text) >= cap)
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static enum cli_exit read_row(struct cli *cli, const char *path, const struct cli_csv *csv, size_t row,
                              const struct cli_plan *plan, struct cli_member *m)
{
    const char *sequence = cli_csv_get(csv, row, "sequence"), *mac = cli_csv_get(csv, row, "mac");

    memcpy(m->product, plan->common.product, OTTER_NAME_BUF);
    memcpy(m->hardware, plan->common.hardware, OTTER_NAME_BUF);
    m->sequence = plan->common.sequence;
    if (!cell(csv, row, "id", m->id, sizeof(m->id)) ||
        !cell(csv, row, "product", m->product, sizeof(m->product)) ||
        !cell(csv, row, "hardware", m->hardware, sizeof(m->hardware)) ||
        !cell(csv, row, "tags", m->tags, sizeof(m->tags)))
        return cli_fail(cli, CLI_REFUSED, "%s:%u: a cell is too long", path, csv->line[row]);
    if (!otter_device_id_valid(m->id, strlen(m->id)))
        return cli_fail(cli, CLI_REFUSED,
                        "%s:%u: \"%s\" is no device id: expected 1 to 64 of A-Z a-z 0-9 . _ : -", path,
                        csv->line[row], m->id);
    if (sequence != NULL && sequence[0] != '\0' &&
        !cli_parse_number(sequence, OTTER_INT_MAX, false, &m->sequence))
        return cli_fail(cli, CLI_REFUSED, "%s:%u: sequence %s is no number", path, csv->line[row], sequence);
    if (mac != NULL && mac[0] != '\0' && !cli_parse_mac(mac, m->mac))
        return cli_fail(cli, CLI_REFUSED, "%s:%u: mac %s: expected six bytes, as 02:00:5e:10:00:01", path,
                        csv->line[row], mac);
    return CLI_DONE;
}

static enum cli_exit read_batch(struct cli *cli, const char *path, const struct cli_plan *plan,
                                struct cli_member **ret, size_t *ret_count)
{
    static const char *const known[] = {"id", "product", "hardware", "tags", "sequence", "mac", NULL};
    struct host_error err = {0};
    struct cli_csv csv;
    struct cli_member *members = NULL;
    enum cli_exit code = CLI_DONE;

    if (!cli_csv_load(path, &csv, &err))
        return cli_fail_error(cli, &err);
    if (cli_csv_unknown(&csv, known) != NULL)
        code = cli_fail(cli, CLI_REFUSED,
                        "%s:1: unknown column %s: expected id, product, hardware, tags, sequence, mac", path,
                        cli_csv_unknown(&csv, known));
    else if (csv.rows == 0)
        code = cli_fail(cli, CLI_REFUSED, "%s: no device in it", path);
    else if ((members = calloc(csv.rows, sizeof(*members))) == NULL)
        code = cli_fail_memory(cli);
    for (size_t i = 0; code == CLI_DONE && members != NULL && i < csv.rows; i++)
        code = read_row(cli, path, &csv, i, plan, &members[i]);
    *ret_count = csv.rows;
    cli_csv_free(&csv);
    if (code == CLI_DONE)
        *ret = members;
    else
        free(members);
    return code;
}

enum cli_exit cli_members_load(struct cli *cli, const struct cli_args *args, const struct cli_plan *plan,
                               struct cli_member **ret, size_t *ret_count)
{
    const char *batch = cli_arg(args, "batch");

    return batch != NULL ? read_batch(cli, batch, plan, ret, ret_count)
                         : generate(cli, args, plan, ret, ret_count);
}

size_t cli_member_factory(struct cli *cli, const struct cli_plan *plan, const struct cli_member *m,
                          uint8_t ret[OTTER_FACTORY_MAX], uint8_t ret_secret[OTTER_SECRET_LEN])
{
    struct otter_factory f = plan->common, again;
    enum otter_status status = OTTER_BAD_VALUE;
    size_t len;

    memcpy(f.device, m->id, sizeof(f.device));
    memcpy(f.product, m->product, sizeof(f.product));
    memcpy(f.hardware, m->hardware, sizeof(f.hardware));
    memcpy(f.mac, m->mac, sizeof(f.mac));
    f.sequence = m->sequence;
    if (!plan->fleet_key)
        host_random(f.secret, sizeof(f.secret));
    len = otter_factory_encode(&f, ret, OTTER_FACTORY_MAX);
    if (len > 0)
        status = otter_factory_decode(ret, len, &again);
    if (status != OTTER_OK) {
        cli_fail(cli, CLI_REFUSED,
                 "%s: %s: product, hardware, a URL or a TLS name is out of its alphabet or too long", m->id,
                 otter_status_name(status));
        len = 0;
    }
    memcpy(ret_secret, f.secret, OTTER_SECRET_LEN);
    host_wipe(f.secret, sizeof(f.secret));
    host_wipe(again.secret, sizeof(again.secret));
    return len;
}
