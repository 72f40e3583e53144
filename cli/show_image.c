#include "show_image.h"

#include "core/bytes.h"
#include "image_build.h"
#include "keys.h"
#include "output.h"

#include <string.h>

static const struct cli_column brief_columns[] = {
    {"version", "version"},         {"size", "size", CLI_KIND_NUMBER},
    {"digest", "digest"},           {"signed by", "signed_by"},
    {"link", "link", CLI_KIND_HEX}, {"security counter", "security_counter"},
    {"self-test", "selftest"},      {NULL},
};

static const struct cli_column all_columns[] = {
    {"file", "file"},
    {"version", "version"},
    {"digest", "digest"},
    {"size", "size"},
    {"file size", "file_size"},
    {"padded", "padded"},
    {"header size", "header_size"},
    {"payload size", "payload_size"},
    {"flags", "flags", CLI_KIND_HEX},
    {"link", "link", CLI_KIND_HEX},
    {"load address", "load_addr", CLI_KIND_HEX},
    {"security counter", "security_counter"},
    {"self-test", "selftest"},
    {"hash", "hash"},
    {"signed by", "signed_by"},
    {"TLVs", "tlvs"},
    {NULL},
};

enum cli_exit cli_read_image(struct cli *cli, const char *path, const void *data, size_t len,
                             struct otter_image_info *ret_info, struct otter_digest *ret_digest)
{
    struct cli_image_source source;
    struct otter_digest hash;
    enum otter_status status;

    cli_image_source_init(&source, data, len);
    status = otter_image_inspect(&source.source, ret_info);
    if (status == OTTER_IMAGE_TOO_LARGE)
        return cli_fail(cli, CLI_REFUSED,
                        "%s: image-length: the file ends before the image does: it was cut off", path);
    if (status == OTTER_OK)
        status = otter_image_digest(&otter_crypto_openssl, &source.source, ret_info, ret_digest, &hash);
    if (status == OTTER_OK && memcmp(hash.b, ret_info->hash.b, sizeof(hash.b)) != 0)
        status = OTTER_IMAGE_HASH;
    return status == OTTER_OK ? CLI_DONE : cli_fail_status(cli, path, status);
}

struct tlv_list {
    struct otter_tlv_visitor visitor;
    json_t *out;
};

static bool add_tlv(struct otter_tlv_visitor *visitor, bool is_protected, uint16_t type, uint16_t len,
                    uint32_t off)
{
    static const struct {
        uint16_t type;
        const char *name;
    } names[] = {
        {OTTER_TLV_KEYHASH, "KEYHASH"},       {OTTER_TLV_SHA256, "SHA256"},
        {OTTER_TLV_ECDSA_SIG, "ECDSA_SIG"},   {OTTER_TLV_ED25519, "ED25519"},
        {OTTER_TLV_DEPENDENCY, "DEPENDENCY"}, {OTTER_TLV_SEC_CNT, "SEC_CNT"},
        {OTTER_TLV_SELFTEST, "SELFTEST"},
    };
    struct tlv_list *list = OTTER_CONTAINER_OF(visitor, struct tlv_list, visitor);
    const char *name = NULL;
    char text[64];

    (void)off;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(names); i++)
        if (names[i].type == type)
            name = names[i].name;
    if (name != NULL)
        snprintf(text, sizeof(text), "%s%s(%u)", is_protected ? "protected " : "", name, len);
    else
        snprintf(text, sizeof(text), "%s0x%04x(%u)", is_protected ? "protected " : "", type, len);
    json_array_append_new(list->out, json_string(text));
    return true;
}

static void put_selftest(json_t *o, const struct otter_image_info *info)
{
    char text[32];

    if (info->selftest == OTTER_SELFTEST_NONE)
        return;
    snprintf(text, sizeof(text), "%s=%u", info->selftest == OTTER_SELFTEST_FAIL ? "fail" : "hang",
             info->selftest_percent);
    cli_put_string(o, "selftest", text);
}

static json_t *describe(const char *path, const struct cli_image_source *source,
                        const struct otter_image_info *info, const struct otter_digest *digest)
{
    struct tlv_list tlvs = {.visitor = {add_tlv}, .out = json_array()};
    json_t *o = json_object();

    cli_put_string(o, "file", path);
    cli_put_version(o, "version", &info->header.version);
    cli_put_hex(o, "digest", digest);
    cli_put_uint(o, "size", info->file_size);
    cli_put_uint(o, "file_size", source->source.size);
    json_object_set_new(o, "padded", json_boolean(source->source.size != info->file_size));
    cli_put_uint(o, "header_size", info->header.header_size);
    cli_put_uint(o, "payload_size", info->header.image_size);
    cli_put_uint(o, "flags", info->header.flags);
    if ((info->header.flags & OTTER_IMAGE_ROM_FIXED) != 0)
        cli_put_uint(o, "link", info->header.load_addr);
    else if (info->header.load_addr != 0)
        cli_put_uint(o, "load_addr", info->header.load_addr);
    if (info->has_counter)
        cli_put_uint(o, "security_counter", info->counter);
    put_selftest(o, info);
    cli_put_hex(o, "hash", &info->hash);
    if (info->has_key)
        cli_put_kid(o, "signed_by", &info->key);
    (void)otter_image_tlvs(&source->source, info, &tlvs.visitor);
    json_object_set_new(o, "tlvs", tlvs.out);
    return o;
}

enum cli_exit cli_show_image(struct cli *cli, const char *path, const void *data, size_t len, bool brief)
{
    auto_json json_t *o = NULL;
    struct cli_image_source source;
    struct otter_image_info info;
    struct otter_digest digest;
    enum cli_exit code = cli_read_image(cli, path, data, len, &info, &digest);

    if (code != CLI_DONE)
        return code;
    cli_image_source_init(&source, data, len);
    o = describe(path, &source, &info, &digest);
    return cli_print_object(cli, o, brief ? brief_columns : all_columns);
}

enum cli_exit cli_image_keys(struct cli *cli, const struct cli_args *args, const char *option,
                             struct otter_image_keys *ret)
{
    struct cli_public key[OTTER_IMAGE_KEYS];
    size_t n = 0;
    enum cli_exit code = cli_public_list(cli, args, option, key, OTTER_IMAGE_KEYS, &n);

    *ret = (struct otter_image_keys){.count = (uint8_t)n};
    for (size_t i = 0; code == CLI_DONE && i < n; i++) {
        memcpy(ret->point[i], key[i].point, OTTER_POINT_LEN);
        ret->kid[i] = key[i].kid;
    }
    return code;
}
