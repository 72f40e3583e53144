#include "release_ref.h"

#include "api.h"

#include <string.h>

static const char *member(const json_t *item, const char *name)
{
    const char *text = json_string_value(json_object_get(item, name));

    return text != NULL ? text : "";
}

static bool is_hex(const char *s)
{
    return s[strspn(s, "0123456789abcdef")] == '\0';
}

static bool same_version(const char *text, const struct otter_version *v)
{
    struct otter_version other;

    return otter_version_parse(text, strlen(text), &other) && otter_version_compare(&other, v) == 0;
}

/* One of the forms; product NULL and prefix NULL where they do not take part. */
struct form {
    const char *prefix;
    const char *product;
    size_t product_len;
    struct otter_version version;
};

static bool parse_form(const char *ref, struct form *ret)
{
    const char *at = strrchr(ref, '@');
    const char *version = at != NULL ? at + 1 : ref;
    struct form f = {0};

    if (at == NULL && is_hex(ref)) {
        f.prefix = ref;
        if (strlen(ref) < CLI_REF_PREFIX_MIN || strlen(ref) > OTTER_DIGEST_HEX)
            return false;
    } else {
        f.product = at != NULL ? ref : NULL;
        f.product_len = at != NULL ? (size_t)(at - ref) : 0;
        if (!otter_version_parse(version, strlen(version), &f.version))
            return false;
    }
    *ret = f;
    return true;
}

static bool matches(const struct form *f, const json_t *item)
{
    const char *product = member(item, "product");

    if (f->prefix != NULL)
        return strncmp(member(item, "id"), f->prefix, strlen(f->prefix)) == 0;
    if (f->product != NULL &&
        (strlen(product) != f->product_len || memcmp(product, f->product, f->product_len) != 0))
        return false;
    return same_version(member(item, "version"), &f->version);
}

enum cli_ref cli_release_match(const json_t *items, const char *ref, char ret[OTTER_DIGEST_HEX + 1],
                               size_t *ret_count)
{
    const json_t *item, *found = NULL;
    struct form form;
    size_t i, n = 0;

    if (!parse_form(ref, &form))
        return CLI_REF_MALFORMED;
    json_array_foreach(items, i, item)
    {
        if (!matches(&form, item))
            continue;
        found = item;
        n++;
    }
    *ret_count = n;
    if (n != 1)
        return n == 0 ? CLI_REF_NONE : CLI_REF_MANY;
    if (strlen(member(found, "id")) != OTTER_DIGEST_HEX)
        return CLI_REF_NONE;
    memcpy(ret, member(found, "id"), OTTER_DIGEST_HEX + 1);
    return CLI_REF_FOUND;
}

enum cli_exit cli_release_resolve(struct cli *cli, const char *ref, char ret[OTTER_DIGEST_HEX + 1])
{
    auto_json json_t *items = NULL;
    enum cli_exit code;
    size_t n = 0;

    if (strlen(ref) == OTTER_DIGEST_HEX && is_hex(ref)) {
        memcpy(ret, ref, OTTER_DIGEST_HEX + 1);
        return CLI_DONE;
    }
    code = cli_api_all(cli, "/api/v1/releases", &items);
    if (code != CLI_DONE)
        return code;
    switch (cli_release_match(items, ref, ret, &n)) {
    case CLI_REF_FOUND:
        return CLI_DONE;
    case CLI_REF_NONE:
        return cli_fail(cli, CLI_REFUSED,
                        "not-found: no published release is \"%s\"\notter release list shows them", ref);
    case CLI_REF_MANY:
        return cli_fail(cli, CLI_REFUSED,
                        "\"%s\" names %zu releases\nSay PRODUCT@VERSION, or the id: otter release list", ref,
                        n);
    case CLI_REF_MALFORMED:
        break;
    }
    return cli_fail(cli, CLI_USAGE,
                    "\"%s\" names no release: expected its id (at least the first %u digits), "
                    "PRODUCT@VERSION or VERSION",
                    ref, CLI_REF_PREFIX_MIN);
}
