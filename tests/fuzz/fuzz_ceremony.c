/*
 * Changes of a root in any order: what comes out at the end is a root that devices take, one version on, with
 * nobody in it who was taken out for good; else a reason is told.
 */
#include "fuzz.h"

#include "core/jws.h"
#include "host/crypto.h"
#include "root_change.h"

#define KEYS 12u /* more than a root has room for */

struct input {
    const uint8_t *at;
    size_t left;
};

static struct otter_root_key key[KEYS];
static struct otter_root old;

static unsigned take(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

/* The same in each run; nobody signs by them, so that they need not be on the curve. */
static void make_keys_once(void)
{
    for (unsigned i = 0; i < KEYS; i++) {
        key[i].point[0] = 0x04;
        key[i].point[1] = (uint8_t)(i + 1);
        otter_key_id(&otter_crypto_openssl, key[i].point, &key[i].kid);
    }
    old = (struct otter_root){.version = 1,
                              .created = 1800000000,
                              .expires = 1900000000,
                              .sequence_epoch = 1,
                              .key_count = 3,
                              .role = {{1, 1, {0}}, {1, 1, {1}}, {1, 1, {2}}}};
    memcpy(old.key, key, 3 * sizeof(key[0]));
}

static bool in_root(const struct otter_root *root, const struct otter_digest *kid)
{
    for (unsigned i = 0; i < root->key_count; i++)
        if (memcmp(root->key[i].kid.b, kid->b, OTTER_DIGEST_LEN) == 0)
            return true;
    return false;
}

static struct cli_root_change take_change(struct input *in)
{
    struct cli_root_change c = {.kind = (enum cli_root_kind)(take(in) % (CLI_ROOT_REVOKE_IMAGE + 1)),
                                .role = (enum otter_role)(take(in) % OTTER_ROLE_COUNT)};

    c.gone = key[take(in) % KEYS].kid;
    c.come = key[take(in) % KEYS];
    c.number = take(in) % 10;
    return c;
}

/* As a file and back. */
static void check(const struct otter_root *root)
{
    static char text[OTTER_PAYLOAD_MAX + 1], again[OTTER_PAYLOAD_MAX + 1];
    struct otter_root back;

    MUST(root->version == old.version + 1 && root->sequence_epoch >= old.sequence_epoch);
    if (otter_root_encode(root, text, sizeof(text)) == OTTER_NO_SPACE)
        return;
    MUST(otter_root_decode(&otter_crypto_openssl, text, strlen(text), &back) == OTTER_OK);
    MUST(otter_root_encode(&back, again, sizeof(again)) == OTTER_OK && strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct cli_root_draft draft;
    struct otter_root root = {0};
    enum otter_role role = OTTER_ROLE_COUNT;
    struct cli_root_change last = {0};
    enum cli_root_verdict verdict = CLI_ROOT_OK;

    if (key[0].point[0] == 0)
        make_keys_once();
    cli_root_begin(&old, 1850000000, 86400, &draft);
    while (in.left > 0) {
        last = take_change(&in);
        verdict = cli_root_change(&draft, &last);
        MUST(strlen(cli_root_meaning(verdict)) > 0);
    }
    if (cli_root_end(&draft, &root, &role) != CLI_ROOT_OK) {
        MUST(role < OTTER_ROLE_COUNT);
        return 0;
    }
    check(&root);
    MUST(last.kind != CLI_ROOT_REVOKE || size == 0 || !in_root(&root, &last.gone));
    MUST(cli_root_stay(&old, &root) <= old.role[OTTER_ROLE_ROOT].count);
    return 0;
}
