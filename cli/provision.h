/* What `device provision` writes: factory data from options, and a fleet's list of devices. No network. */
#ifndef OTTER_CLI_PROVISION_H
#define OTTER_CLI_PROVISION_H

#include "cli.h"
#include "options.h"

#include "core/factory.h"
#include "host/json.h"
#include "keys.h"

/* What all devices of one run share: device id, secret and what a CSV row sets come later. */
struct cli_plan {
    struct otter_factory common;
    struct cli_public key[OTTER_IMAGE_KEYS];
    size_t key_count;
    bool fleet_key; /* common.secret is one: devices make tokens of their own */
};

enum cli_exit cli_plan_load(struct cli *cli, const struct cli_args *args, struct cli_plan *ret);

struct cli_member {
    char id[OTTER_NAME_BUF];
    char product[OTTER_NAME_BUF];
    char hardware[OTTER_NAME_BUF];
    char tags[256];
    uint64_t sequence;
    uint8_t mac[6];
};

/* The devices of --count and --id-prefix, or of --batch; malloc'ed. */
enum cli_exit cli_members_load(struct cli *cli, const struct cli_args *args, const struct cli_plan *plan,
                               struct cli_member **ret, size_t *ret_count);

/* One device's factory data with a fresh secret, encoded and read back. The length, or 0 (said on err). */
size_t cli_member_factory(struct cli *cli, const struct cli_plan *plan, const struct cli_member *member,
                          uint8_t ret[OTTER_FACTORY_MAX], uint8_t ret_secret[OTTER_SECRET_LEN]);

#endif
