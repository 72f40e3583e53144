#include "verb.h"

#include "document.h"
#include "hardware.h"
#include "host/file.h"
#include "output.h"
#include "papers.h"
#include "parse.h"
#include "show_image.h"
#include "show_release.h"

#include <string.h>

#define IMAGE_FILE_MAX (64u << 20)

const struct cli_option cli_options_release_create[] = {
    {"product", CLI_OPTION_VALUE, "P", "product", .required = true},
    {"version", CLI_OPTION_VALUE, "V", "MAJOR.MINOR.REV[+BUILD], that of every image", .required = true},
    {"hardware", CLI_OPTION_LIST, "H[,H]", "boards that it is for: all with the same slots",
     .required = true},
    {"image", CLI_OPTION_LIST, "SLOT=FILE", "signed image for slot A, B or any", .required = true},
    {"sequence", CLI_OPTION_VALUE, "N", "above that of the releases before it", .required = true},
    {"epoch", CLI_OPTION_VALUE, "N", "the root's sequence epoch: 1 if not given"},
    {"requires-from", CLI_OPTION_VALUE, "V", "devices that run this version or above"},
    {"requires-below", CLI_OPTION_VALUE, "V", "devices that run a version below this"},
    {"expires", CLI_OPTION_VALUE, "TIME", "how long it may be offered: 365d if not given"},
    {"sbom", CLI_OPTION_VALUE, "FILE", "name its bill of materials: CycloneDX or SPDX, in JSON"},
    {"notes", CLI_OPTION_VALUE, "FILE", "name its release notes, of any format"},
    {"any-map", CLI_OPTION_FLAG, NULL, "do not compare links and sizes with the known boards"},
    {"out", CLI_OPTION_VALUE, "FILE", "release to write, not signed yet", .required = true},
    {NULL},
};

const char cli_notes_release_create[] = "Checks that all images are whole, have the version, are linked for "
                                        "different slots and agree on the security\n"
                                        "counter, which the release takes over. FILE is the manifest's "
                                        "payload; `otter release sign` makes it an envelope.";

struct hardware_list {
    struct cli_piece piece;
    struct otter_manifest *m;
};

static bool add_hardware(struct cli_piece *piece, const char *text)
{
    struct otter_manifest *m = OTTER_CONTAINER_OF(piece, struct hardware_list, piece)->m;

    if (m->hardware_count == OTTER_HARDWARE_MAX || !otter_name_valid(text, strlen(text)))
        return false;
    memcpy(m->hardware[m->hardware_count++], text, strlen(text) + 1); /* valid: at most 64 bytes */
    return true;
}

static enum cli_exit version(struct cli *cli, const struct cli_args *args, const char *option,
                             bool *ret_given, struct otter_version *ret)
{
    const char *text = cli_arg(args, option);

    *ret_given = text != NULL;
    if (text != NULL && !otter_version_parse(text, strlen(text), ret))
        return cli_fail(cli, CLI_USAGE, "--%s %s: expected MAJOR.MINOR.REV[+BUILD], as 1.2.3+4", option,
                        text);
    return CLI_DONE;
}

static enum cli_exit numbers(struct cli *cli, const struct cli_args *args, struct otter_manifest *m)
{
    const char *sequence = cli_arg(args, "sequence"), *epoch = cli_arg(args, "epoch");
    const char *expires = cli_arg(args, "expires");
    uint64_t seconds = UINT64_C(365) * 86400;

    m->epoch = 1;
    if (!cli_parse_number(sequence, OTTER_INT_MAX, false, &m->sequence))
        return cli_fail(cli, CLI_USAGE, "--sequence %s: expected a number", sequence);
    if (epoch != NULL && !cli_parse_number(epoch, OTTER_INT_MAX, false, &m->epoch))
        return cli_fail(cli, CLI_USAGE, "--epoch %s: expected a number", epoch);
    if (expires != NULL && !cli_parse_duration(expires, &seconds))
        return cli_fail(cli, CLI_USAGE, "--expires %s: expected a duration, as 365d or 12h", expires);
    m->created = cli->now;
    m->expires = cli->now + seconds;
    return CLI_DONE;
}

static enum cli_exit names(struct cli *cli, const struct cli_args *args, struct otter_manifest *m)
{
    struct hardware_list list = {.piece = {add_hardware}, .m = m};
    const char *product = cli_arg(args, "product");
    bool given;
    enum cli_exit code;

    if (!otter_name_valid(product, strlen(product)))
        return cli_fail(cli, CLI_USAGE, "--product %s: expected 1 to 64 of A-Z a-z 0-9 . _ + -", product);
    memcpy(m->product, product, strlen(product) + 1);
    for (size_t i = 0; i < cli_arg_count(args, "hardware"); i++)
        if (!cli_split(cli_arg_at(args, "hardware", i), ',', &list.piece))
            return cli_fail(cli, CLI_USAGE, "--hardware %s: expected at most %u names between commas",
                            cli_arg_at(args, "hardware", i), OTTER_HARDWARE_MAX);
    code = version(cli, args, "version", &given, &m->version);
    if (code == CLI_DONE)
        code = version(cli, args, "requires-from", &m->has_requires_from, &m->requires_from);
    if (code == CLI_DONE)
        code = version(cli, args, "requires-below", &m->has_requires_below, &m->requires_below);
    return code;
}

/* Against the boards that are known by name: where their slots lie, and what these hold. */
static enum cli_exit check_map(struct cli *cli, const char *path, const struct otter_manifest *m,
                               const struct otter_manifest_image *image)
{
    for (unsigned i = 0; i < m->hardware_count; i++) {
        const struct cli_hardware *hardware = cli_hardware_find(m->hardware[i]);
        uint32_t room;

        if (hardware == NULL || image->slot == OTTER_SLOT_ANY)
            continue;
        room = hardware->slot_size - otter_image_trailer_size(hardware->align);
        if (image->link != hardware->link[image->slot])
            return cli_fail(cli, CLI_REFUSED,
                            "%s: wrong-link: linked for 0x%08llx, but slot %s of %s lies at 0x%08x", path,
                            (unsigned long long)image->link, otter_slot_name(image->slot), hardware->name,
                            hardware->link[image->slot]);
        if (image->size > room)
            return cli_fail(cli, CLI_REFUSED, "%s: image-too-large: %llu bytes, but a slot of %s holds %u",
                            path, (unsigned long long)image->size, hardware->name, room);
    }
    return CLI_DONE;
}

static enum cli_exit check_image(struct cli *cli, const char *path, const struct otter_manifest *m,
                                 const struct otter_manifest_image *image,
                                 const struct otter_image_info *info, size_t len)
{
    char is[OTTER_VERSION_STR], want[OTTER_VERSION_STR];

    if (len != info->file_size)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: image-length: %zu bytes follow the image's end: it was padded\n"
                        "Sign it without --pad: a release carries the image alone",
                        path, len - info->file_size);
    if (otter_version_compare(&info->header.version, &m->version) != 0) {
        otter_version_format(&info->header.version, is);
        otter_version_format(&m->version, want);
        return cli_fail(cli, CLI_REFUSED, "%s: image-version: the image is version %s, the release %s", path,
                        is, want);
    }
    if (!info->has_counter)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: image-counter: the image has no SEC_CNT\n"
                        "Sign it with --security-counter",
                        path);
    if (m->image_count > 0 && info->counter != m->security_counter)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: image-counter: its security counter is %u, that of the image before %u", path,
                        info->counter, m->security_counter);
    if (image->slot != OTTER_SLOT_ANY && (info->header.flags & OTTER_IMAGE_ROM_FIXED) == 0)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: image-link: the image does not say for which slot it is linked\n"
                        "Sign it with --hardware and --slot, or --rom-fixed ADDR",
                        path);
    for (unsigned i = 0; i < m->image_count; i++)
        if (m->image[i].slot == image->slot || m->image[i].link == image->link)
            return cli_fail(cli, CLI_REFUSED,
                            "%s: wrong-link: slot %s and slot %s: linked for the same slot, 0x%08llx", path,
                            otter_slot_name(m->image[i].slot), otter_slot_name(image->slot),
                            (unsigned long long)image->link);
    return CLI_DONE;
}

static enum cli_exit add_image(struct cli *cli, const char *text, bool any_map, struct otter_manifest *m)
{
    size_t slot_len = strcspn(text, "=");
    const char *path = text + slot_len + 1;
    struct otter_manifest_image image = {0};
    struct host_error err = {0};
    auto_free char *data = NULL;
    struct otter_image_info info;
    enum cli_exit code;
    size_t len;

    if (text[slot_len] != '=' || !otter_slot_parse(text, slot_len, &image.slot))
        return cli_fail(cli, CLI_USAGE, "--image %s: expected A=FILE, B=FILE or any=FILE", text);
    if (m->image_count == OTTER_IMAGES_MAX)
        return cli_fail(cli, CLI_USAGE, "--image %s: a release holds at most %u images", text,
                        OTTER_IMAGES_MAX);
    if (!host_file_read(path, IMAGE_FILE_MAX, &data, &len, &err))
        return cli_fail_error(cli, &err);
    code = cli_read_image(cli, path, data, len, &info, &image.sha256);
    if (code != CLI_DONE)
        return code;
    image.link = info.header.load_addr;
    image.size = info.file_size;
    code = check_image(cli, path, m, &image, &info, len);
    if (code == CLI_DONE && !any_map)
        code = check_map(cli, path, m, &image);
    if (code != CLI_DONE)
        return code;
    m->security_counter = info.counter;
    m->image[m->image_count++] = image;
    return CLI_DONE;
}

static enum cli_exit write_release(struct cli *cli, const char *path, const struct otter_manifest *m)
{
    struct otter_manifest again;
    char payload[OTTER_PAYLOAD_MAX + 1];
    enum otter_status status = otter_manifest_encode(m, payload, sizeof(payload));

    if (status == OTTER_OK)
        status = otter_manifest_decode(payload, strlen(payload), &again);
    return status == OTTER_OK ? cli_document_create(cli, path, payload) : cli_fail_status(cli, path, status);
}

enum cli_exit cli_run_release_create(struct cli *cli, const struct cli_args *args)
{
    const char *out = cli_arg(args, "out");
    struct otter_manifest m = {0};
    enum cli_exit code = names(cli, args, &m);

    if (code == CLI_DONE)
        code = numbers(cli, args, &m);
    if (code == CLI_DONE)
        code = cli_papers_name(cli, args, &m);
    for (size_t i = 0; code == CLI_DONE && i < cli_arg_count(args, "image"); i++)
        code = add_image(cli, cli_arg_at(args, "image", i), cli_arg_flag(args, "any-map"), &m);
    if (code == CLI_DONE)
        code = write_release(cli, out, &m);
    if (code == CLI_DONE)
        code = cli_show_manifest(cli, out, NULL, &m);
    if (code == CLI_DONE && !cli->dry_run)
        cli_note(cli, "%s is not signed yet. Next: otter release sign %s --key RELEASE.key", out, out);
    return code;
}
