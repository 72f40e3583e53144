#include "root_diff.h"

#include "output.h"
#include "parse.h"

#include <string.h>

static bool same(const struct otter_digest *a, const struct otter_digest *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static bool in_role(const struct otter_root *root, enum otter_role name, const struct otter_digest *kid)
{
    const struct otter_root_role *role = &root->role[name];

    for (unsigned i = 0; i < role->count; i++)
        if (same(&root->key[role->key[i]].kid, kid))
            return true;
    return false;
}

/* Each key that `has` holds in the role and `lacks` does not. */
static unsigned say_keys(struct cli *cli, const struct otter_root *has, const struct otter_root *lacks,
                         enum otter_role name, const char *what)
{
    const struct otter_root_role *role = &has->role[name];
    char text[CLI_KID_STR];
    unsigned n = 0;

    for (unsigned i = 0; i < role->count; i++) {
        const struct otter_digest *kid = &has->key[role->key[i]].kid;

        if (in_role(lacks, name, kid))
            continue;
        cli_kid_format(kid, text);
        cli_note(cli, "Change: %s key %s: %s", otter_role_name(name), what, text);
        n++;
    }
    return n;
}

static unsigned say_role(struct cli *cli, const struct otter_root *old, const struct otter_root *new,
                         enum otter_role name)
{
    unsigned a = old->role[name].threshold, b = new->role[name].threshold;
    unsigned n = say_keys(cli, old, new, name, "goes") + say_keys(cli, new, old, name, "comes");

    if (a == b)
        return n;
    cli_note(cli, "Change: %s threshold %s: %u, was %u", otter_role_name(name), b < a ? "falls" : "rises", b,
             a);
    return n + 1;
}

static bool is_revoked(const struct otter_root *root, const struct otter_digest *kid)
{
    for (unsigned i = 0; i < root->revoked_count; i++)
        if (same(&root->revoked[i], kid))
            return true;
    return false;
}

/* Image keys that `has` takes back and `lacks` does not. */
static unsigned say_images(struct cli *cli, const struct otter_root *has, const struct otter_root *lacks,
                           const char *what)
{
    char text[CLI_KID_STR];
    unsigned n = 0;

    for (unsigned i = 0; i < has->revoked_count; i++) {
        if (is_revoked(lacks, &has->revoked[i]))
            continue;
        cli_kid_format(&has->revoked[i], text);
        cli_note(cli, "Change: image key %s: %s", what, text);
        n++;
    }
    return n;
}

void cli_root_diff_say(struct cli *cli, const struct otter_root *old, const struct otter_root *new)
{
    unsigned n = 0;

    for (unsigned r = 0; r < OTTER_ROLE_COUNT; r++)
        n += say_role(cli, old, new, (enum otter_role)r);
    n += say_images(cli, new, old, "is revoked");
    n += say_images(cli, old, new, "is trusted again");
    if (new->sequence_epoch != old->sequence_epoch) {
        cli_note(cli, "Change: sequence epoch: %llu, was %llu", (unsigned long long)new->sequence_epoch,
                 (unsigned long long)old->sequence_epoch);
        n++;
    }
    if (n == 0)
        cli_note(cli, "Change: dates alone");
}
