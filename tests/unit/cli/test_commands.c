#include "commands.h"

#include "core/bytes.h"
#include "core/factory.h"
#include "host/crypto.h"
#include "host/file.h"
#include "host/json.h"

#include <limits.h>
#include <sys/stat.h>

static const char *const keys[] = {"root", "release", "image", "offer", "other"};

static int make_world(void **state)
{
    uint8_t firmware[300] = {0x00, 0x00, 0x01, 0x20,
                             0x01, 0x02, 0x02, 0x08}; /* stack, reset vector in slot A */
    char line[128];

    if (enter_folder(state) != 0)
        return 1;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(keys); i++) {
        snprintf(line, sizeof(line), "key new --out %s.key", keys[i]);
        if (run(line) != CLI_DONE)
            return 1;
    }
    write_file("a.bin", firmware, sizeof(firmware));
    firmware[6] = 0x12; /* slot B */
    write_file("b.bin", firmware, sizeof(firmware));
    return 0;
}

#define MUST(line) assert_int_equal(run(line), CLI_DONE)

static void refused(const char *line, int code, const char *says)
{
    int got = run(line);

    if (got != code || strstr(said_err, says) == NULL)
        print_message("%s\n-> %d: %s", line, got, said_err);
    assert_int_equal(got, code);
    assert_non_null(strstr(said_err, says));
}

static void make_root(void)
{
    MUST("root new --root-key root.key.pub --release-key release.key.pub --offer-key offer.key.pub --out "
         "root.json");
    MUST("root sign root.json --key root.key");
}

static void make_images(void)
{
    MUST("image sign --key image.key --version 1.2.3 --hardware nucleo-f429zi --slot A a.bin A.img");
    MUST("image sign --key image.key --version 1.2.3 --hardware nucleo-f429zi --slot B b.bin B.img");
}

#define CREATE "release create --product cam --hardware nucleo-f429zi --sequence 1 --out r.json "

static void make_release(void)
{
    make_images();
    MUST(CREATE "--version 1.2.3 --image A=A.img --image B=B.img");
    MUST("release sign r.json --key release.key");
}

static void test_a_key_is_private_and_never_overwritten(void **state)
{
    struct stat st;
    struct otter_digest before, after;
    uint64_t size;

    (void)state;
    assert_int_equal(stat("root.key", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(host_file_digest(&otter_crypto_openssl, "root.key", &before, &size, NULL));
    refused("key new --out root.key", CLI_FILE, "never overwritten");
    assert_true(host_file_digest(&otter_crypto_openssl, "root.key", &after, &size, NULL));
    assert_memory_equal(before.b, after.b, 32);
    unlink("other.key");
    refused("key new --out other.key", CLI_FILE, "other.key.pub exists");
    refused("key new --out x.key --kind door", CLI_USAGE, "--kind door");
    refused("key show nothing.key", CLI_FILE, "nothing.key");
}

/* A name so long that ".pub" behind it is too much: the private half can be written, the public one cannot.
 */
static void test_no_half_of_a_pair_is_left_behind(void **state)
{
    char name[NAME_MAX + 1], line[NAME_MAX + 32];
    int code = CLI_DONE;
    size_t len;

    (void)state;
    for (len = 200; len <= NAME_MAX && code == CLI_DONE; len++) {
        memset(name, 'k', len);
        name[len] = '\0';
        snprintf(line, sizeof(line), "key new --out %s", name);
        code = run(line);
        assert_int_equal(access(name, F_OK) == 0, code == CLI_DONE);
    }
    assert_int_equal(code, CLI_FILE);
    assert_true(len - 1 + strlen(".XXXXXX") <= NAME_MAX); /* the private one's temporary file had a name */
}

static void test_a_key_shows_the_same_id_from_both_halves(void **state)
{
    auto_free char *first = NULL;

    (void)state;
    MUST("key show image.key");
    first = strdup(said_out);
    MUST("key show image.key.pub");
    assert_string_equal(said_out, first);
}

static void test_a_root_is_signed_and_followed(void **state)
{
    (void)state;
    make_root();
    refused("root sign root.json --key root.key", CLI_REFUSED, "duplicate-signature");
    refused("root sign root.json --key release.key", CLI_REFUSED, "unknown-key");
    MUST("root new --from root.json --root-key other.key --epoch 2 --revoke-image image.key.pub --out "
         "two.json");
    refused("root sign two.json --key root.key", CLI_REFUSED, "add --from OLD");
    MUST("root sign two.json --key root.key --from root.json");
    MUST("root sign two.json --key other.key --from root.json");
    assert_non_null(strstr(said_out, "Root 1's keys: 1 of 1 signatures"));
    MUST("root show two.json --json");
    assert_non_null(strstr(said_out, "\"version\":2,\"sequence_epoch\":2"));
    refused("root new --from two.json --epoch 1 --out three.json", CLI_REFUSED, "root-epoch");
}

static void test_bad_roots_are_not_written(void **state)
{
#define ROOT "root new --out bad.json --release-key release.key.pub --offer-key offer.key.pub "
    (void)state;
    refused(ROOT, CLI_USAGE, "--root-key is missing");
    refused(ROOT "--root-key root.key.pub root.key", CLI_USAGE, "the same key");
    refused(ROOT "--root-key root.key --threshold-root 2", CLI_USAGE, "--threshold-root 2");
    refused(ROOT "--root-key root.key --threshold-root 0", CLI_USAGE, "--threshold-root 0");
    refused(ROOT "--root-key offer.key", CLI_REFUSED, "root-roles");
    refused(ROOT "--root-key a.bin", CLI_REFUSED, "a.bin");
    refused(ROOT "--root-key root.key --expires 365", CLI_USAGE, "--expires 365");
    assert_int_not_equal(access("bad.json", F_OK), 0);
}

static void test_images_are_refused_at_signing(void **state)
{
    uint8_t *big = calloc(1, 915920);
#define SIGN "image sign --key image.key --version 1.0.0 "
    (void)state;
    big[0] = 1;
    write_file("big.bin", big, 915920 - 0x200);
    free(big);
    refused(SIGN "--hardware nucleo-f429zi --slot A big.bin x.img", CLI_REFUSED, "image-too-large");
    refused(SIGN "--hardware nucleo-f429zi --slot A b.bin x.img", CLI_REFUSED, "wrong-link");
    refused(SIGN "--hardware nucleo-f429zi a.bin x.img", CLI_USAGE, "--slot A or --slot B is missing");
    refused(SIGN "--hardware toaster --slot A a.bin x.img", CLI_USAGE, "toaster");
    refused(SIGN "a.bin x.img", CLI_USAGE, "--header-size is missing");
    refused(SIGN "--hardware nucleo-f429zi --slot A --selftest fail=0 a.bin x.img", CLI_USAGE,
            "--selftest fail=0");
    refused("image sign --key image.key --version 1.0 --hardware nucleo-f429zi --slot A a.bin x.img",
            CLI_USAGE, "--version 1.0");
    refused("image sign --version 1.0.0 --hardware nucleo-f429zi --slot A a.bin x.img", CLI_USAGE, "--key");
    refused(SIGN "--hardware nucleo-f429zi --slot A none.bin x.img", CLI_FILE, "none.bin");
    assert_int_not_equal(access("x.img", F_OK), 0);
    MUST(SIGN "--hardware nucleo-f429zi --slot A --dry-run a.bin x.img");
    assert_int_not_equal(access("x.img", F_OK), 0);
}

static void test_image_verify_wants_the_right_key_and_every_byte(void **state)
{
    auto_free char *data = NULL;
    size_t len;

    (void)state;
    make_images();
    MUST("image verify A.img --key image.key.pub");
    refused("image verify A.img --key other.key.pub", CLI_REFUSED, "image-key-unknown");
    assert_true(host_file_read("A.img", 1 << 20, &data, &len, NULL));
    data[0x210] ^= 1;
    write_file("bad.img", data, len);
    refused("image verify bad.img --key image.key.pub", CLI_REFUSED, "image-hash");
    refused("image info bad.img", CLI_REFUSED, "image-hash");
    write_file("cut.img", data, len - 10);
    refused("image info cut.img", CLI_REFUSED, "cut.img: image-length");
    refused("image info a.bin", CLI_REFUSED, "image-magic");
    write_file("short.img", data, 20);
    refused("image info short.img", CLI_REFUSED, "short.img");
}

static void test_a_release_takes_images_that_agree(void **state)
{
    (void)state;
    make_images();
    MUST("image sign --key image.key --version 1.2.4 --hardware nucleo-f429zi --slot B b.bin newer.img");
    MUST("image sign --key image.key --version 1.2.3 --hardware nucleo-f429zi --slot B --security-counter 1 "
         "b.bin counter.img");
    MUST("image sign --key image.key --version 1.2.3 --hardware nucleo-f429zi --slot B --security-counter "
         "none b.bin none.img");
    MUST("image sign --key image.key --version 1.2.3 --hardware nucleo-f429zi --slot B --pad b.bin "
         "padded.img");
    MUST("image sign --key image.key --version 1.2.3 --hardware mps2-an386 --slot B b.bin qemu.img");
    MUST("image sign --key image.key --version 1.2.3 --header-size 0x200 --slot-size 896K --align 4 b.bin "
         "loose.img");
    refused(CREATE "--version 1.2.3 --image A=A.img --image B=newer.img", CLI_REFUSED, "image-version");
    refused(CREATE "--version 1.2.3 --image A=A.img --image B=counter.img", CLI_REFUSED, "image-counter");
    refused(CREATE "--version 1.2.3 --image A=A.img --image B=none.img", CLI_REFUSED, "image-counter");
    refused(CREATE "--version 1.2.3 --image A=A.img --image B=padded.img", CLI_REFUSED, "image-length");
    refused(CREATE "--version 1.2.3 --image A=A.img --image B=qemu.img", CLI_REFUSED, "wrong-link");
    refused(CREATE "--version 1.2.3 --image A=A.img --image B=loose.img", CLI_REFUSED, "image-link");
    refused(CREATE "--version 1.2.3 --image A=A.img --image B=A.img", CLI_REFUSED, "wrong-link");
    refused(CREATE "--version 1.2.3 --image A=B.img --image B=A.img", CLI_REFUSED, "wrong-link");
    refused(CREATE "--version 1.2.3 --image C=A.img", CLI_USAGE, "--image C=A.img");
    assert_int_not_equal(access("r.json", F_OK), 0);
    MUST(CREATE "--any-map --version 1.2.3 --image A=A.img --image B=qemu.img");
}

static void test_a_release_is_verified_as_a_device_does(void **state)
{
    (void)state;
    make_root();
    make_images();
    MUST(CREATE "--version 1.2.3 --image A=A.img --image B=B.img");
    refused("release verify r.json --root root.json", CLI_REFUSED, "not signed yet");
    MUST("release sign r.json --key release.key");
    MUST("release verify r.json --root root.json A.img B.img --image-key image.key.pub");
    assert_non_null(strstr(said_out, "2 of its 2 images"));
    refused("release verify r.json --root root.json --image-key other.key.pub A.img", CLI_REFUSED,
            "image-key-unknown");
    refused("release verify r.json --root root.json a.bin", CLI_REFUSED, "image-digest");
    MUST(CREATE "--version 1.2.3 --image A=A.img --image B=B.img");
    MUST("release sign r.json --key other.key");
    refused("release verify r.json --root root.json", CLI_REFUSED, "unknown-key");
    MUST(CREATE "--version 1.2.3 --epoch 9 --image A=A.img --image B=B.img");
    MUST("release sign r.json --key release.key");
    refused("release verify r.json --root root.json", CLI_REFUSED, "wrong-epoch");
}

static void test_a_releases_id_is_the_digest_of_the_file(void **state)
{
    char hex[OTTER_DIGEST_HEX + 1];
    struct otter_digest digest;
    uint64_t size;

    (void)state;
    make_release();
    assert_true(host_file_digest(&otter_crypto_openssl, "r.json", &digest, &size, NULL));
    otter_hex_encode(digest.b, sizeof(digest.b), hex);
    MUST("release show ./r.json --json");
    assert_non_null(strstr(said_out, hex));
}

static void test_a_digest_signed_elsewhere_makes_the_same_image(void **state)
{
    auto_key struct host_key *key = host_key_load("image.key", NULL);
    auto_free char *digest = NULL;
    struct otter_digest hash;
    uint8_t sig[OTTER_SIG_LEN], der[OTTER_SIG_DER_MAX];
    size_t len;
#define ELSEWHERE "image sign --version 1.2.3 --hardware nucleo-f429zi --slot A "
    (void)state;
    MUST(ELSEWHERE "--vector-to-sign digest a.bin digest.bin");
    assert_true(host_file_read("digest.bin", 64, &digest, &len, NULL));
    assert_int_equal(len, 32);
    memcpy(hash.b, digest, 32);
    assert_true(host_key_sign(key, &hash, sig));
    write_file("sig.der", der, host_sig_to_der(sig, der));
    MUST(ELSEWHERE "--fix-sig sig.der --fix-sig-pubkey image.key.pub a.bin fixed.img");
    MUST("image verify fixed.img --key image.key.pub");
    refused(ELSEWHERE "--fix-sig sig.der --fix-sig-pubkey image.key.pub --security-counter 9 a.bin x.img",
            CLI_REFUSED, "image-signature");
    refused(ELSEWHERE "--fix-sig sig.der a.bin x.img", CLI_USAGE, "--fix-sig-pubkey");
    refused(ELSEWHERE "--fix-sig a.bin --fix-sig-pubkey image.key.pub a.bin x.img", CLI_REFUSED,
            "image-signature");
}

/* openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca -days 36500 */
static const char ca_pem[] = "-----BEGIN CERTIFICATE-----\n"
                             "MIIBcDCCARegAwIBAgIUe6W3qqW5oNcnht9IerdPBCxj8gAwCgYIKoZIzj0EAwIw\n"
                             "DTELMAkGA1UEAwwCY2EwIBcNMjYxMTIzMDQ0MTI2WhgPMjEyNjEwMzAwNDQxMjZa\n"
                             "MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUnxtvui4\n"
                             "WKvJtfSqF+9hePN7uKUhRU1cJblszTUJqIDmZ88eFtUeusR49VHhKE310z/k2fne\n"
                             "D6GAxnV43Eu0B6NTMFEwHQYDVR0OBBYEFD+8oIQFUp6kl36L42ol2pwAhmJZMB8G\n"
                             "A1UdIwQYMBaAFD+8oIQFUp6kl36L42ol2pwAhmJZMA8GA1UdEwEB/wQFMAMBAf8w\n"
                             "CgYIKoZIzj0EAwIDRwAwRAIgfLn5jAmD3Z1FFKtCrIk+A+0gpvcgu/zPsR3yZ4el\n"
                             "LVoCIHcM+bK2McwHD4rhr/iL32J5BwvOYGGOzC7574sCgBYH\n"
                             "-----END CERTIFICATE-----\n";

#define PROVISION                                                                                            \
    "device provision --product cam --hardware nucleo-f429zi --root root.json --image-key image.key.pub "    \
    "other.key.pub "                                                                                         \
    "--url http://127.0.0.1:1 --no-register "

static void test_factory_data_reads_back(void **state)
{
    auto_free char *data = NULL;
    struct otter_factory f;
    size_t len;

    (void)state;
    make_root();
    write_file("ca.pem", ca_pem, strlen(ca_pem));
    MUST(PROVISION "--id dev-1 --out f.bin --sequence 3 --mac 02:00:5e:10:00:01 --url2 https://b.example "
                   "--tls-name2 otter.test --ca ca.pem");
    assert_true(host_file_read("f.bin", OTTER_FACTORY_MAX, &data, &len, NULL));
    assert_int_equal(otter_factory_decode((const uint8_t *)data, len, &f), OTTER_OK);
    assert_string_equal(f.device, "dev-1");
    assert_string_equal(f.product, "cam");
    assert_string_equal(f.url[0], "http://127.0.0.1:1");
    assert_string_equal(f.tls_name[1], "otter.test");
    assert_in_range(f.ca_len, 300, 500);
    assert_memory_equal(f.ca, "\x30\x82", 2); /* DER */
    assert_int_equal(f.sequence, 3);
    assert_int_equal(f.mac[2], 0x5e);
    assert_int_equal(f.key_count, 2);
    assert_non_null(strstr(f.root, "otter-root"));
    refused(PROVISION "--id dev-1 --out f.bin", CLI_FILE, "never overwritten");
}

static void test_a_fleet_has_its_files_and_secrets_of_its_own(void **state)
{
    auto_free char *one = NULL, *two = NULL, *list = NULL, *csv = NULL;
    struct otter_factory f, g;
    struct stat st;
    size_t len;

    (void)state;
    make_root();
    MUST(PROVISION "--count 12 --id-prefix cam- --out-dir fleet --tag lab");
    assert_true(host_file_read("fleet/cam-01.factory.bin", OTTER_FACTORY_MAX, &one, &len, NULL));
    assert_int_equal(otter_factory_decode((const uint8_t *)one, len, &f), OTTER_OK);
    assert_true(host_file_read("fleet/cam-12.factory.bin", OTTER_FACTORY_MAX, &two, &len, NULL));
    assert_int_equal(otter_factory_decode((const uint8_t *)two, len, &g), OTTER_OK);
    assert_string_equal(g.device, "cam-12");
    assert_memory_not_equal(f.secret, g.secret, OTTER_SECRET_LEN);
    assert_true(host_file_read("fleet/fleet.jsonl", 1 << 20, &list, &len, NULL));
    assert_non_null(strstr(
        list, "{\"id\":\"cam-12\",\"factory\":\"cam-12.factory.bin\",\"hardware\":\"nucleo-f429zi\"}\n"));
    assert_true(host_file_read("fleet/devices.csv", 1 << 20, &csv, &len, NULL));
    assert_non_null(strstr(csv, "cam-01,cam,nucleo-f429zi,"));
    assert_int_equal(stat("fleet/devices.csv", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    refused(PROVISION "--count 2 --out-dir fleet", CLI_FILE, "holds a fleet");
}

static void test_a_batch_reads_its_devices(void **state)
{
    static const char good[] = "id,hardware,tags,sequence\nx1,f407,\"lab;red\",5\nx2,,,\n";
    auto_free char *data = NULL;
    struct otter_factory f;
    size_t len;

    (void)state;
    make_root();
    write_file("good.csv", good, strlen(good));
    MUST(PROVISION "--batch good.csv --out-dir batch");
    assert_true(host_file_read("batch/x1.factory.bin", OTTER_FACTORY_MAX, &data, &len, NULL));
    assert_int_equal(otter_factory_decode((const uint8_t *)data, len, &f), OTTER_OK);
    assert_string_equal(f.hardware, "f407");
    assert_int_equal(f.sequence, 5);
    write_file("bad.csv", "id\na b\n", 7);
    refused(PROVISION "--batch bad.csv --out-dir none", CLI_REFUSED, "bad.csv:2: \"a b\" is no device id");
    write_file("bad.csv", "id,colour\na,b\n", 14);
    refused(PROVISION "--batch bad.csv --out-dir none", CLI_REFUSED, "unknown column colour");
    assert_int_not_equal(access("none", F_OK), 0);
}

static void test_provisioning_refuses_what_a_device_would_not_take(void **state)
{
    (void)state;
    MUST("root new --root-key root.key.pub --release-key release.key.pub --offer-key offer.key.pub --out "
         "unsigned.json");
#define WITH(root)                                                                                           \
    "device provision --product cam --hardware h --image-key image.key --url http://h --no-register --id d " \
    "--out f.bin --root " root
    refused(WITH("unsigned.json"), CLI_REFUSED, "not signed yet");
    make_root();
    refused(WITH("root.json --url2 ftp://h"), CLI_REFUSED, "out of its alphabet");
    refused(WITH("root.json --ca a.bin"), CLI_REFUSED, "no certificate");
    refused(WITH("root.json --ca none.pem"), CLI_FILE, "none.pem");
    refused(WITH("root.json --url2 https://b.example"), CLI_USAGE, "give its certificate with --ca");
    write_file("ca.pem", ca_pem, strlen(ca_pem));
    refused(WITH("root.json --url2 https://127.0.0.1:8443 --ca ca.pem"), CLI_USAGE, "--tls-name2 NAME");
    refused(WITH("root.json --url2 https://[::1] --ca ca.pem"), CLI_USAGE, "--tls-name2 NAME");
    refused(WITH("root.json --url2 https://10.1.2.3/x --tls-name ota.example --ca ca.pem"), CLI_USAGE,
            "--tls-name2 NAME");
    refused(WITH("root.json --hex"), CLI_USAGE, "--address");
    refused(WITH("root.json --count 5"), CLI_USAGE, "one of --id, --count and --batch");
    assert_int_not_equal(access("f.bin", F_OK), 0);
}

static void test_the_wrong_command_is_usage(void **state)
{
    (void)state;
    refused("", CLI_USAGE, "Usage");
    refused("keys new", CLI_USAGE, "there is no \"keys\"");
    refused("key", CLI_USAGE, "Usage: otter key");
    refused("key make", CLI_USAGE, "has no verb \"make\"");
    refused("key show", CLI_USAGE, "KEY is missing");
    refused("key show a b", CLI_USAGE, "one too many");
    refused("key show image.key --format xml", CLI_USAGE, "--format xml");
    refused("device tag dev-1", CLI_USAGE, "--add TAG");
    refused("device set dev-1 colour", CLI_USAGE, "NAME=VALUE");
    MUST("--help");
    MUST("--version");
    MUST("key --help");
    MUST("image sign --help");
    assert_non_null(strstr(said_out, "--selftest MODE"));
    MUST("--json key show image.key");
    assert_int_equal(said_out[0], '{');
}

static void test_no_server_is_said_with_what_to_do(void **state)
{
    (void)state;
    refused("device list --server http://127.0.0.1:9", CLI_UNREACHABLE, "Is otterd running");
    refused("device list --server ftp://x", CLI_USAGE, "--server ftp://x");
    refused("device list --token-file none", CLI_FILE, "none");
    write_file("token", "secret\n", 7);
    refused("device list --server http://192.0.2.1 --token-file token", CLI_USAGE, "--insecure-plain-http");
    refused("device list --limit 0", CLI_USAGE, "--limit 0");
}

static void test_the_config_file_says_where_the_server_is(void **state)
{
    static const char *const rows[][2] = {
        {"server = http://127.0.0.1:9\n", "Is otterd running at http://127.0.0.1:9?"},
        {"server = http://127.0.0.1:9/\ntoken_file = none\n", "none"},
        {"sever = http://127.0.0.1:9\n", "config:1: unknown key sever"},
        {"[x]\nserver = http://127.0.0.1:9\n", "unknown key server"},
    };

    (void)state;
    assert_int_equal(mkdir("otter", 0700), 0);
    setenv("XDG_CONFIG_HOME", folder, 1);
    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        write_file("otter/config", rows[i][0], strlen(rows[i][0]));
        assert_int_not_equal(run("device list"), CLI_DONE);
        assert_non_null(strstr(said_err, rows[i][1]));
    }
    /* An option is nearer than the file, the environment between them. */
    write_file("otter/config", rows[0][0], strlen(rows[0][0]));
    setenv("OTTER_SERVER", "http://127.0.0.1:10", 1);
    refused("device list", CLI_UNREACHABLE, "http://127.0.0.1:10?");
    refused("device list --server http://127.0.0.1:11", CLI_UNREACHABLE, "http://127.0.0.1:11?");
    unsetenv("OTTER_SERVER");
}

int main(void)
{
#define WORLD(test) cmocka_unit_test_setup_teardown(test, make_world, leave_folder)
    const struct CMUnitTest tests[] = {
        WORLD(test_a_key_is_private_and_never_overwritten),
        WORLD(test_no_half_of_a_pair_is_left_behind),
        WORLD(test_a_key_shows_the_same_id_from_both_halves),
        WORLD(test_a_root_is_signed_and_followed),
        WORLD(test_bad_roots_are_not_written),
        WORLD(test_images_are_refused_at_signing),
        WORLD(test_image_verify_wants_the_right_key_and_every_byte),
        WORLD(test_a_release_takes_images_that_agree),
        WORLD(test_a_release_is_verified_as_a_device_does),
        WORLD(test_a_releases_id_is_the_digest_of_the_file),
        WORLD(test_a_digest_signed_elsewhere_makes_the_same_image),
        WORLD(test_factory_data_reads_back),
        WORLD(test_a_fleet_has_its_files_and_secrets_of_its_own),
        WORLD(test_a_batch_reads_its_devices),
        WORLD(test_provisioning_refuses_what_a_device_would_not_take),
        WORLD(test_the_wrong_command_is_usage),
        WORLD(test_no_server_is_said_with_what_to_do),
        WORLD(test_the_config_file_says_where_the_server_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
