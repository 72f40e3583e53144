#include "verb.h"

#include "api.h"
#include "fleet_files.h"
#include "hardware.h"
#include "host/crypto.h"
#include "host/file.h"
#include "image_keys_api.h"
#include "intel_hex.h"
#include "parse.h"
#include "register.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct cli_option cli_options_device_provision[] = {
    {"id", CLI_OPTION_VALUE, "ID", "one device"},
    {"out", CLI_OPTION_VALUE, "FILE", "its factory data; never overwritten"},
    {"count", CLI_OPTION_VALUE, "N", "N devices with ids made of --id-prefix and a number"},
    {"id-prefix", CLI_OPTION_VALUE, "TEXT", "of --count: dev- if not given"},
    {"batch", CLI_OPTION_VALUE, "CSV",
     "the devices of a file: id[,product][,hardware][,tags][,sequence][,mac]"},
    {"out-dir", CLI_OPTION_VALUE, "DIR", "of --count and --batch: a file each, fleet.jsonl, devices.csv"},
    {"product", CLI_OPTION_VALUE, "P", "product", .required = true},
    {"hardware", CLI_OPTION_VALUE, "H", "board", .required = true},
    {"root", CLI_OPTION_VALUE, "FILE", "signed root that the device trusts first", .required = true},
    {"image-key", CLI_OPTION_LIST, "K.pub", "keys that its bootloader trusts, up to 4", .required = true},
    CLI_KEY_OPTIONS,
    {"url", CLI_OPTION_VALUE, "URL", "server, as the device reaches it", .required = true},
    {"url2", CLI_OPTION_VALUE, "URL", "a second one"},
    {"ca", CLI_OPTION_VALUE, "FILE", "certificate of the CA to trust, PEM or DER"},
    {"tls-name", CLI_OPTION_VALUE, "NAME", "name in the server's certificate, if not the URL's host"},
    {"tls-name2", CLI_OPTION_VALUE, "NAME", "the like for --url2"},
    {"sequence", CLI_OPTION_VALUE, "N", "of the release that the factory installs: older ones are refused"},
    {"mac", CLI_OPTION_VALUE, "MAC", "of one device"},
    {"tag", CLI_OPTION_LIST, "TAG", "tags to register with"},
    {"hex", CLI_OPTION_FLAG, NULL, "write Intel HEX at the board's factory address"},
    {"address", CLI_OPTION_VALUE, "ADDR", "of --hex: the address, for a board that is not known by name"},
    {"fleet-key", CLI_OPTION_VALUE, "FILE",
     "the product's: the devices enrol themselves at their first boot"},
    {"no-register", CLI_OPTION_FLAG, NULL, "write the files alone; later: otter device enroll FILE"},
    {NULL},
};

const char cli_notes_device_provision[] =
    "Makes a fresh secret for each device, writes its factory data, and tells the server the device and the "
    "image\n"
    "keys. The secret is in the written files alone: keep them private. With --fleet-key there is none: "
    "each\n"
    "device makes a token of its own, and the server, which takes them by the key, is told the image keys "
    "alone.";

static enum cli_exit check_way(struct cli *cli, const struct cli_args *args)
{
    int ways =
        (cli_arg(args, "id") != NULL) + (cli_arg(args, "count") != NULL) + (cli_arg(args, "batch") != NULL);
    bool one = cli_arg(args, "id") != NULL;

    if (ways != 1)
        return cli_fail(cli, CLI_USAGE, "give one of --id, --count and --batch");
    if (cli_arg(args, one ? "out" : "out-dir") == NULL)
        return cli_fail(cli, CLI_USAGE, "--%s is missing", one ? "out FILE" : "out-dir DIR");
    if (!one && (cli_arg_flag(args, "hex") || cli_arg(args, "mac") != NULL))
        return cli_fail(cli, CLI_USAGE, "--hex and --mac are for one device (--id)");
    return CLI_DONE;
}

static enum cli_exit register_keys(struct cli *cli, const struct cli_plan *plan)
{
    for (size_t i = 0; i < plan->key_count; i++) {
        auto_reply struct cli_reply reply = {0};
        enum cli_exit code = cli_image_key_register(cli, plan->common.product, &plan->key[i], &reply);

        if (code != CLI_DONE)
            return code;
    }
    return CLI_DONE;
}

static enum cli_exit write_factory(struct cli *cli, const struct cli_args *args, const uint8_t *data,
                                   size_t len)
{
    const struct cli_hardware *hardware = cli_hardware_find(cli_arg(args, "hardware"));
    const char *text = cli_arg(args, "address");
    uint64_t address = hardware != NULL ? hardware->factory : 0;
    auto_free char *hex = NULL;
    struct host_error err = {0};

    if (text != NULL && !cli_parse_number(text, UINT32_MAX - OTTER_FACTORY_MAX, false, &address))
        return cli_fail(cli, CLI_USAGE, "--address %s: expected an address, as 0x08010000", text);
    if (cli_arg_flag(args, "hex")) {
        if (hardware == NULL && text == NULL)
            return cli_fail(cli, CLI_USAGE, "--hex: where is the factory data of %s? Give --address",
                            cli_arg(args, "hardware"));
        hex = cli_intel_hex(data, len, (uint32_t)address);
        if (hex == NULL)
            return cli_fail_memory(cli);
        data = (const uint8_t *)hex;
        len = strlen(hex);
    }
    if (cli->dry_run)
        return CLI_DONE;
    return host_file_write(cli_arg(args, "out"), data, len, 0600, HOST_FILE_NEW, &err)
               ? CLI_DONE
               : cli_fail_error(cli, &err);
}

static enum cli_exit register_one(struct cli *cli, const struct cli_plan *plan, json_t *device)
{
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code = register_keys(cli, plan);

    if (code != CLI_DONE || plan->fleet_key) {
        json_decref(device);
        return code;
    }
    return cli_api_send(cli, "POST", "/api/v1/devices", device, true, &reply);
}

static enum cli_exit provision_one(struct cli *cli, const struct cli_args *args, const struct cli_plan *plan)
{
    const char *id = cli_arg(args, "id"), *out = cli_arg(args, "out");
    uint8_t factory[OTTER_FACTORY_MAX], secret[OTTER_SECRET_LEN];
    struct cli_member m = {.sequence = plan->common.sequence};
    json_t *device, *tags = json_array();
    enum cli_exit code;
    size_t len;

    for (size_t i = 0; i < cli_arg_count(args, "tag"); i++)
        json_array_append_new(tags, json_string(cli_arg_at(args, "tag", i)));
    if (!otter_device_id_valid(id, strlen(id))) {
        json_decref(tags);
        return cli_fail(cli, CLI_USAGE, "--id %s: expected 1 to 64 of A-Z a-z 0-9 . _ : -", id);
    }
    memcpy(m.id, id, strlen(id) + 1);
    memcpy(m.product, plan->common.product, sizeof(m.product));
    memcpy(m.hardware, plan->common.hardware, sizeof(m.hardware));
    memcpy(m.mac, plan->common.mac, sizeof(m.mac));
    len = cli_member_factory(cli, plan, &m, factory, secret);
    device = cli_device_json(m.id, m.product, m.hardware, secret, tags);
    code = len > 0 ? write_factory(cli, args, factory, len) : CLI_REFUSED;
    host_wipe(factory, sizeof(factory));
    host_wipe(secret, sizeof(secret));
    if (code != CLI_DONE || cli_arg_flag(args, "no-register")) {
        json_decref(device);
    } else {
        code = register_one(cli, plan, device);
        /* Refused: the file is of no use. Else the server may have taken it: the file must stay. */
        if (code == CLI_REFUSED && !cli->dry_run)
            unlink(out);
        else if (code != CLI_DONE)
            fprintf(cli->err, "%s is written, but may not be registered. Next: otter device enroll %s\n", out,
                    out);
    }
    if (code == CLI_DONE)
        cli_note(cli, "%s: %s%s", out, cli->dry_run ? "would be the factory data of " : "factory data of ",
                 id);
    return code;
}

static enum cli_exit add_tags(struct cli *cli, const struct cli_args *args, struct cli_member *members,
                              size_t count)
{
    for (size_t i = 0; i < cli_arg_count(args, "tag"); i++) {
        const char *tag = cli_arg_at(args, "tag", i);

        for (size_t k = 0; k < count; k++) {
            size_t len = strlen(members[k].tags);

            if (len + strlen(tag) + 2 > sizeof(members[k].tags))
                return cli_fail(cli, CLI_USAGE, "--tag %s: too many tags", tag);
            if (len > 0)
                members[k].tags[len++] = ';';
            memcpy(members[k].tags + len, tag, strlen(tag) + 1); /* fits: checked above */
        }
    }
    return CLI_DONE;
}

static enum cli_exit register_many(struct cli *cli, const struct cli_args *args, const struct cli_plan *plan,
                                   const json_t *devices)
{
    struct cli_registered done;
    enum cli_exit code = register_keys(cli, plan);

    if (code == CLI_DONE && plan->fleet_key)
        return code;
    if (code == CLI_DONE)
        code = cli_register(cli, devices, &done);
    if (code != CLI_DONE) {
        fprintf(cli->err,
                "The files are written. To register the devices later: otter device enroll --from "
                "%s/devices.csv\n",
                cli_arg(args, "out-dir"));
        return code;
    }
    cli_note(cli, "Registered %zu devices%s", done.created + done.unchanged,
             cli->dry_run ? " (dry run: none)" : "");
    return CLI_DONE;
}

static enum cli_exit provision_many(struct cli *cli, const struct cli_args *args, const struct cli_plan *plan)
{
    const char *dir = cli_arg(args, "out-dir");
    auto_json json_t *devices = NULL;
    struct cli_member *members = NULL;
    size_t count = 0;
    enum cli_exit code = cli_members_load(cli, args, plan, &members, &count);

    if (code == CLI_DONE)
        code = add_tags(cli, args, members, count);
    if (code == CLI_DONE)
        code = cli_fleet_write(cli, dir, plan, members, count, &devices);
    free(members);
    if (code != CLI_DONE)
        return code;
    cli_note(cli, "%s: %sfactory data of %zu devices, fleet.jsonl, devices.csv", dir,
             cli->dry_run ? "would be " : "", count);
    return cli_arg_flag(args, "no-register") ? CLI_DONE : register_many(cli, args, plan, devices);
}

enum cli_exit cli_run_device_provision(struct cli *cli, const struct cli_args *args)
{
    struct cli_plan plan;
    enum cli_exit code = check_way(cli, args);

    if (code == CLI_DONE && cli_arg(args, "out") != NULL && access(cli_arg(args, "out"), F_OK) == 0)
        return cli_fail(cli, CLI_FILE, "%s exists already; factory data is never overwritten",
                        cli_arg(args, "out"));
    if (code == CLI_DONE)
        code = cli_plan_load(cli, args, &plan);
    if (code != CLI_DONE)
        return code;
    return cli_arg(args, "id") != NULL ? provision_one(cli, args, &plan) : provision_many(cli, args, &plan);
}
