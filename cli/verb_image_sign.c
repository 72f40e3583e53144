#include "verb.h"

#include "core/bytes.h"
#include "hardware.h"
#include "host/file.h"
#include "image_build.h"
#include "keys.h"
#include "output.h"
#include "parse.h"
#include "pem.h"
#include "show_image.h"
#include "signature.h"

#include <string.h>

#define INPUT_MAX (64u << 20)

const struct cli_option cli_options_image_sign[] = {
    {"key", CLI_OPTION_VALUE, "KEY", "private image key: a PEM file, or pkcs11:..."},
    {"version", CLI_OPTION_VALUE, "V", "MAJOR.MINOR.REV[+BUILD]", .required = true},
    {"hardware", CLI_OPTION_VALUE, "H", "a known board: fills in the four below"},
    {"slot", CLI_OPTION_VALUE, "A|B", "with --hardware: the slot that the firmware is linked for"},
    {"header-size", CLI_OPTION_VALUE, "N", "bytes before the vector table, 0x200 for example"},
    {"slot-size", CLI_OPTION_VALUE, "N", "whole slot, trailer included; 896K for example"},
    {"align", CLI_OPTION_VALUE, "N", "write alignment of the flash: 1, 2, 4, 8, 16 or 32"},
    {"rom-fixed", CLI_OPTION_VALUE, "ADDR", "the slot's base: the only place where the image runs"},
    {"security-counter", CLI_OPTION_VALUE, "N",
     "protected SEC_CNT: 0 if not given; auto: from the version; none"},
    {"selftest", CLI_OPTION_VALUE, "MODE",
     "for tests: fail, hang, fail=PERCENT or hang=PERCENT of the devices"},
    {"pad-header", CLI_OPTION_FLAG, NULL, "put the header before IN even where IN begins with room for it"},
    {"pad", CLI_OPTION_FLAG, NULL, "fill up to the slot's size and ask the bootloader for a trial boot"},
    {"vector-to-sign", CLI_OPTION_VALUE, "digest", "write the digest to sign to OUT, instead of an image"},
    {"fix-sig", CLI_OPTION_VALUE, "FILE", "take the signature (DER, or that in base64) from FILE"},
    {"fix-sig-pubkey", CLI_OPTION_VALUE, "FILE", "public key of --fix-sig"},
    CLI_KEY_OPTIONS,
    CLI_SIGNATURE_OPTIONS,
    {NULL},
};

const char cli_notes_image_sign[] =
    "OUT is MCUboot's image format, as imgtool makes it. IN is the firmware as objcopy writes it: if it "
    "begins\n"
    "with header-size zero bytes, the header takes their place, else the header is put before it.\n"
    "To sign outside of otter, run it twice with the same options: with --digest-only D, of which D is "
    "signed "
    "with ECDSA on P-256,\n"
    "and then with --signature FILE --signature-key K.pub. imgtool's names for it: --vector-to-sign digest "
    "writes "
    "the digest to OUT,\n"
    "--fix-sig and --fix-sig-pubkey take the signature in.";

static enum cli_exit number(struct cli *cli, const struct cli_args *args, const char *name, uint64_t max,
                            bool units, uint32_t *ret)
{
    const char *text = cli_arg(args, name);
    uint64_t v;

    if (text == NULL)
        return CLI_DONE;
    if (!cli_parse_number(text, max, units, &v))
        return cli_fail(cli, CLI_USAGE, "--%s %s: expected a number of at most %llu, decimal or 0x hex%s",
                        name, text, (unsigned long long)max, units ? ", or 896K" : "");
    *ret = (uint32_t)v;
    return CLI_DONE;
}

static enum cli_exit from_hardware(struct cli *cli, const struct cli_args *args, struct cli_image_spec *spec,
                                   const struct cli_hardware **ret)
{
    const char *name = cli_arg(args, "hardware"), *slot_name = cli_arg(args, "slot");
    const struct cli_hardware *hardware = name != NULL ? cli_hardware_find(name) : NULL;
    enum otter_slot slot = OTTER_SLOT_ANY;

    if (slot_name != NULL && (name == NULL || !otter_slot_parse(slot_name, strlen(slot_name), &slot)))
        return cli_fail(cli, CLI_USAGE, "--slot %s: expected A or B, with --hardware", slot_name);
    if (name == NULL)
        return CLI_DONE;
    if (hardware == NULL)
        return cli_fail(
            cli, CLI_USAGE,
            "--hardware %s is not known here\nGive --header-size, --slot-size, --align and --rom-fixed "
            "instead",
            name);
    if (slot == OTTER_SLOT_ANY && cli_arg(args, "rom-fixed") == NULL)
        return cli_fail(cli, CLI_USAGE,
                        "--slot A or --slot B is missing: for which one is the firmware linked?");
    spec->header_size = hardware->header_size;
    spec->slot_size = hardware->slot_size;
    spec->align = hardware->align;
    if (slot != OTTER_SLOT_ANY) {
        spec->rom_fixed = true;
        spec->load_addr = hardware->link[slot];
    }
    *ret = hardware;
    return CLI_DONE;
}

static enum cli_exit numbers(struct cli *cli, const struct cli_args *args, struct cli_image_spec *spec)
{
    const char *counter = cli_arg(args, "security-counter"), *selftest = cli_arg(args, "selftest");
    enum cli_exit code = number(cli, args, "header-size", UINT16_MAX, false, &spec->header_size);

    if (code == CLI_DONE)
        code = number(cli, args, "slot-size", UINT32_MAX, true, &spec->slot_size);
    if (code == CLI_DONE)
        code = number(cli, args, "align", 32, false, &spec->align);
    if (code == CLI_DONE)
        code = number(cli, args, "rom-fixed", UINT32_MAX, false, &spec->load_addr);
    spec->rom_fixed = spec->rom_fixed || cli_arg(args, "rom-fixed") != NULL;
    /* A release needs the entry: without one given the counter is 0. */
    spec->has_counter = counter == NULL || strcmp(counter, "none") != 0;
    if (code == CLI_DONE && counter != NULL && strcmp(counter, "auto") == 0)
        spec->counter = cli_auto_counter(&spec->version);
    else if (code == CLI_DONE && spec->has_counter)
        code = number(cli, args, "security-counter", UINT32_MAX, false, &spec->counter);
    if (code == CLI_DONE && selftest != NULL &&
        !cli_parse_selftest(selftest, &spec->selftest, &spec->selftest_percent))
        return cli_fail(cli, CLI_USAGE, "--selftest %s: expected fail, hang, fail=1..100 or hang=1..100",
                        selftest);
    return code;
}

static enum cli_exit read_spec(struct cli *cli, const struct cli_args *args, struct cli_image_spec *spec,
                               const struct cli_hardware **ret_hardware)
{
    const char *version = cli_arg(args, "version");
    enum cli_exit code;

    if (!otter_version_parse(version, strlen(version), &spec->version))
        return cli_fail(cli, CLI_USAGE, "--version %s: expected MAJOR.MINOR.REV[+BUILD], as 1.2.3+4",
                        version);
    code = from_hardware(cli, args, spec, ret_hardware);
    if (code == CLI_DONE)
        code = numbers(cli, args, spec);
    if (code != CLI_DONE)
        return code;
    spec->pad_header = cli_arg_flag(args, "pad-header");
    if (spec->header_size == 0 || spec->slot_size == 0 || spec->align == 0)
        return cli_fail(cli, CLI_USAGE, "--%s is missing (or --hardware and --slot)",
                        spec->header_size == 0 ? "header-size"
                        : spec->slot_size == 0 ? "slot-size"
                                               : "align");
    return CLI_DONE;
}

/*
 * A Cortex-M image begins with its vector table, whose second word is where it starts: if that lies in the
 * board's other slot, the firmware was linked for that one and would crash in this.
 */
static bool linked_for_other(const struct cli_hardware *hardware, const struct cli_image_spec *spec,
                             const struct cli_image *image)
{
    uint32_t reset;

    if (!spec->rom_fixed || image->len < spec->header_size + 8u)
        return false;
    reset = otter_le32(image->data + spec->header_size + 4);
    for (unsigned i = 0; i < 2; i++)
        if (hardware->link[i] != spec->load_addr && reset >= hardware->link[i] &&
            reset - hardware->link[i] < hardware->slot_size)
            return true;
    return false;
}

static enum cli_exit fixed_signature(struct cli *cli, const char *path, uint8_t ret_sig[OTTER_SIG_LEN])
{
    struct host_error err = {0};
    auto_free char *text = NULL;
    uint8_t der[OTTER_SIG_DER_MAX];
    size_t len;
    int decoded;

    if (!host_file_read(path, 1024, &text, &len, &err))
        return cli_fail_error(cli, &err);
    if (otter_sig_from_der((const uint8_t *)text, len, ret_sig))
        return CLI_DONE;
    decoded = cli_base64_decode(text, len, der, sizeof(der));
    if (decoded < 0 || !otter_sig_from_der(der, (size_t)decoded, ret_sig))
        return cli_fail_status(cli, path, OTTER_IMAGE_SIGNATURE);
    return CLI_DONE;
}

/* By the names that imgtool has for it. */
static enum cli_exit fixed(struct cli *cli, const struct cli_args *args, struct cli_signing *ret)
{
    const char *path = cli_arg(args, "fix-sig"), *pubkey = cli_arg(args, "fix-sig-pubkey");
    enum cli_exit code;

    if (path == NULL || pubkey == NULL || cli_arg(args, "key") != NULL ||
        cli_arg(args, "signature") != NULL || cli_arg(args, "digest-only") != NULL)
        return cli_fail(cli, CLI_USAGE, "give either --key, or --fix-sig together with --fix-sig-pubkey");
    code = cli_public_load(cli, pubkey, &ret->by);
    return code == CLI_DONE ? fixed_signature(cli, path, ret->sig) : code;
}

static enum cli_exit signing_of(struct cli *cli, const struct cli_args *args, struct cli_signing *ret)
{
    if (cli_arg(args, "fix-sig") != NULL || cli_arg(args, "fix-sig-pubkey") != NULL)
        return fixed(cli, args, ret);
    return cli_signing_begin(cli, args, false, ret);
}

static enum cli_exit write_out(struct cli *cli, const char *path, const void *data, size_t len)
{
    struct host_error err = {0};

    if (cli->dry_run)
        cli_note(cli, "Dry run: %s is not written", path);
    else if (!host_file_write(path, data, len, 0644, HOST_FILE_REPLACE, &err))
        return cli_fail_error(cli, &err);
    return CLI_DONE;
}

static enum cli_exit finish(struct cli *cli, const struct cli_args *args, const struct cli_image_spec *spec,
                            struct cli_image *image)
{
    auto_signing struct cli_signing signing = {.key = NULL};
    uint8_t sig[OTTER_SIG_LEN];
    struct host_error err = {0};
    enum cli_exit code = signing_of(cli, args, &signing);
    size_t unpadded;

    if (code == CLI_DONE && signing.out != NULL)
        return cli_signing_write(cli, &signing, args->operand[0], image->data, image->len);
    if (code == CLI_DONE)
        code = cli_signing_sign(cli, &signing, args->operand[0], OTTER_IMAGE_SIGNATURE, &image->hash, sig);
    if (code != CLI_DONE)
        return code;
    if (!cli_image_finish(spec, image, signing.by.point, sig, &err))
        return cli_fail_error(cli, &err);
    unpadded = image->len;
    if (cli_arg_flag(args, "pad") && !cli_image_pad(spec, image, &err))
        return cli_fail_error(cli, &err);
    code = write_out(cli, args->operand[1], image->data, image->len);
    return code == CLI_DONE ? cli_show_image(cli, args->operand[1], image->data, unpadded, true) : code;
}

enum cli_exit cli_run_image_sign(struct cli *cli, const struct cli_args *args)
{
    const char *vector = cli_arg(args, "vector-to-sign");
    const struct cli_hardware *hardware = NULL;
    struct cli_image_spec spec = {0};
    struct host_error err = {0};
    auto_free char *in = NULL;
    struct cli_image image;
    size_t len;
    enum cli_exit code = read_spec(cli, args, &spec, &hardware);

    if (code != CLI_DONE)
        return code;
    if (args->operand_count < 2 && cli_arg(args, "digest-only") == NULL)
        return cli_fail(cli, CLI_USAGE, "OUT is missing: the image to write");
    if (vector != NULL && strcmp(vector, "digest") != 0)
        return cli_fail(cli, CLI_USAGE, "--vector-to-sign %s: only \"digest\" is possible", vector);
    if (!host_file_read(args->operand[0], INPUT_MAX, &in, &len, &err))
        return cli_fail_error(cli, &err);
    if (!cli_image_begin(&spec, in, len, &image, &err)) {
        host_error_prefix(&err, "%s", args->operand[0]);
        return cli_fail_error(cli, &err);
    }
    if (hardware != NULL && linked_for_other(hardware, &spec, &image))
        code = cli_fail(cli, CLI_REFUSED,
                        "%s: wrong-link: the firmware is linked for the other slot of %s\n"
                        "Sign the other file, or give the other --slot",
                        args->operand[0], hardware->name);
    else if (vector != NULL)
        code = write_out(cli, args->operand[1], image.hash.b, sizeof(image.hash.b));
    else
        code = finish(cli, args, &spec, &image);
    cli_image_free(&image);
    return code;
}
