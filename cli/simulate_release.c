/* The release of a simulation: the server's, or one that fits a synthetic fleet. */
#include "simulate.h"

#include "core/bytes.h"
#include "member.h"

#include <stdlib.h>
#include <string.h>

/* For everyone who asks, never over. */
static void make_one(struct cli_sim *sim)
{
    const char *hardware = cli_arg(sim->args, "hardware");
    struct otter_manifest *m = &sim->manifest;
    const char *at = hardware ? hardware : "board";

    *m = (struct otter_manifest){.product = "product",
                                 .version = {.major = 1},
                                 .epoch = 1,
                                 .sequence = 2,
                                 .expires = INT64_MAX,
                                 .image_count = 1,
                                 .image = {{.slot = OTTER_SLOT_B, .size = sim->size}}};
    m->image[0].sha256.b[0] = 1;
    while (*at && m->hardware_count < OTTER_ARRAY_LEN(m->hardware)) {
        size_t len = strcspn(at, "=,");

        snprintf(m->hardware[m->hardware_count++], OTTER_NAME_BUF, "%.*s", (int)len, at);
        at += strcspn(at, ",");
        at += *at == ',';
    }
}

static void read_bound(const json_t *requires, const char *name, bool *ret_has, struct otter_version *ret)
{
    const char *text = cli_member_text(requires, name);

    *ret_has = *text && otter_version_parse(text, strlen(text), ret);
}

static void read_image(const json_t *json, struct otter_manifest_image *ret)
{
    const char *slot = cli_member_text(json, "slot"), *sha = cli_member_text(json, "sha256");

    (void)otter_slot_parse(slot, strlen(slot), &ret->slot);
    (void)otter_hex_decode(sha, strlen(sha), ret->sha256.b, OTTER_DIGEST_LEN);
    ret->size = cli_member_number(json, "size");
}

static void read_release(const json_t *json, struct otter_manifest *m)
{
    const json_t *images = json_object_get(json, "images"), *hardware = json_object_get(json, "hardware");
    const char *version = cli_member_text(json, "version");

    *m = (struct otter_manifest){.epoch = cli_member_number(json, "epoch"),
                                 .sequence = cli_member_number(json, "sequence"),
                                 .expires = (int64_t)cli_member_number(json, "expires")};
    snprintf(m->product, sizeof(m->product), "%s", cli_member_text(json, "product"));
    (void)otter_version_parse(version, strlen(version), &m->version);
    read_bound(json_object_get(json, "requires"), "from", &m->has_requires_from, &m->requires_from);
    read_bound(json_object_get(json, "requires"), "below", &m->has_requires_below, &m->requires_below);
    for (size_t i = 0; i < json_array_size(hardware) && i < OTTER_ARRAY_LEN(m->hardware); i++)
        snprintf(m->hardware[m->hardware_count++], OTTER_NAME_BUF, "%s",
                 json_string_value(json_array_get(hardware, i)));
    for (size_t i = 0; i < json_array_size(images) && i < OTTER_ARRAY_LEN(m->image); i++)
        read_image(json_array_get(images, i), &m->image[m->image_count++]);
}

enum cli_exit cli_sim_release(struct cli_sim *sim)
{
    auto_free char *path = NULL;
    auto_reply struct cli_reply reply = {0};
    enum cli_exit code;

    if (!sim->release[0]) {
        make_one(sim);
        return CLI_DONE;
    }
    path = cli_api_path("releases", sim->release, "");
    if (path == NULL)
        return cli_fail_memory(sim->cli);
    code = cli_api(sim->cli, &(struct cli_request){.method = "GET", .path = path}, &reply);
    if (code != CLI_DONE)
        return code;
    read_release(reply.json, &sim->manifest);
    if (sim->manifest.image_count == 0 || sim->manifest.hardware_count == 0 || sim->manifest.sequence == 0)
        return cli_fail(sim->cli, CLI_REFUSED, "release %.12s cannot be read: it has no image or hardware",
                        sim->release);
    return CLI_DONE;
}
