#include "deeds.h"

#include "core/bytes.h"
#include "core/factory.h"
#include "host/audit.h"
#include "host/certificate.h"
#include "host/copy.h"
#include "host/file.h"
#include "host/ini.h"
#include "host/jws.h"
#include "host/strict.h"
#include "unit/tls/pki.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define JSON                                                                                                 \
    "{\"a name that is longer than sixteen bytes\":\"a value that has to be grown into, once or twice\","    \
    "\"n\":[1,12345678901234567,true,null,{\"deep\":{\"deeper\":\"\\u00e5\"}}]}"
#define PAYLOAD "{\"type\":\"otter-test\",\"text\":\"to be signed\"}"

static const char *at(struct scene *s, const char *name)
{
    return folder_path(s->folder, name);
}

/* ---- JSON ---- */

static bool parse_json(struct scene *s, struct host_error *err)
{
    s->json = host_json_load(JSON, strlen(JSON), "body", err);
    return s->json;
}

static bool read_json(struct scene *s, struct host_error *err)
{
    s->json = host_json_load_file(at(s, "a.json"), 4096, err);
    return s->json;
}

static void is_that_json(struct scene *s)
{
    auto_json json_t *whole = json_loads(JSON, 0, NULL);

    assert_true(json_equal(s->json, whole));
}

static bool write_json(struct scene *s, struct host_error *err)
{
    static const char word[] = "a text of some length, and a name of another";
    auto_json json_t *json = json_pack("{s:s, s:[i,s]}", "text", word, "list", 1, word);

    (void)err;
    s->text = json ? host_json_dump(json, &s->len) : NULL;
    s->more = s->text ? host_json_dump_pretty(json, &s->len) : NULL;
    return s->more;
}

static void is_written(struct scene *s)
{
    auto_json json_t *one = json_loads(s->text, 0, NULL), *two = json_loads(s->more, 0, NULL);

    assert_non_null(one);
    assert_true(json_equal(one, two));
    assert_int_equal(strlen(s->more), s->len);
}

static bool text_to_json(struct scene *s, struct host_error *err)
{
    (void)err;
    s->json = host_json_text("not all of this \xff is UTF-8");
    return s->json;
}

static void is_mended_text(struct scene *s)
{
    assert_string_equal(json_string_value(s->json), "not all of this ? is UTF-8");
}

/* ---- envelopes ---- */

static bool sign(struct scene *s, struct host_error *err)
{
    return host_jws_sign(s->key, PAYLOAD, strlen(PAYLOAD), &s->text, &s->len, err);
}

static bool add(struct scene *s, struct host_error *err)
{
    return host_jws_add(s->second, s->envelope, strlen(s->envelope), &s->text, &s->len, err);
}

static bool verified(const struct host_key *key, const char *envelope, unsigned i)
{
    struct otter_digest hash;
    struct otter_jws jws;

    assert_int_equal(otter_jws_decode(envelope, strlen(envelope), &jws), OTTER_OK);
    otter_jws_signing_hash(&otter_crypto_openssl, &jws, i, &hash);
    return otter_crypto_openssl.p256_verify(host_key_point(key), hash.b, jws.signature[i].sig);
}

static void key_signed(struct scene *s)
{
    assert_int_equal(strlen(s->text), s->len);
    assert_true(verified(s->key, s->text, 0));
}

static void both_signed(struct scene *s)
{
    key_signed(s);
    assert_true(verified(s->second, s->text, 1));
}

static bool verify(struct scene *s, struct host_error *err)
{
    (void)err;
    return verified(s->key, s->envelope, 0);
}

/* A signature that came from elsewhere; what it is of does not count here. */
static bool attach(struct scene *s, struct host_error *err)
{
    static const uint8_t sig[OTTER_SIG_LEN] = {1};
    size_t len;

    return host_jws_begin(host_key_kid(s->key), sig, PAYLOAD, strlen(PAYLOAD), &s->more, &len, err) &&
           host_jws_attach(host_key_kid(s->second), sig, s->more, len, &s->text, &s->len, err);
}

static void holds_two(struct scene *s)
{
    struct otter_jws jws;

    assert_int_equal(otter_jws_decode(s->text, s->len, &jws), OTTER_OK);
    assert_int_equal(jws.count, 2);
}

static bool signing_input(struct scene *s, struct host_error *err)
{
    (void)err;
    s->text = host_jws_input_for(host_key_kid(s->key), PAYLOAD, strlen(PAYLOAD));
    return s->text;
}

/* ---- keys ---- */

static bool say(struct host_passphrase *self, const char *what, unsigned attempt,
                char ret[HOST_PASSPHRASE_MAX], struct host_error *err)
{
    (void)self;
    (void)what;
    (void)attempt;
    (void)err;
    (void)snprintf(ret, HOST_PASSPHRASE_MAX, DEED_PASSPHRASE);
    return true;
}

static bool generate(struct scene *s, struct host_error *err)
{
    s->made = host_key_generate(err);
    return s->made;
}

static bool load_key(struct scene *s, struct host_error *err)
{
    s->made = host_key_load(at(s, "plain.key"), err);
    return s->made;
}

static bool open_key(struct scene *s, struct host_error *err)
{
    struct host_passphrase ask = {1, say};

    s->made = host_key_open(at(s, "sealed.key"), &ask, err);
    return s->made;
}

static void can_sign(struct scene *s)
{
    struct otter_digest hash = {{1}};
    uint8_t sig[OTTER_SIG_LEN];

    assert_true(host_key_sign(s->made, &hash, sig));
    assert_true(otter_crypto_openssl.p256_verify(host_key_point(s->made), hash.b, sig));
}

static void is_the_key(struct scene *s)
{
    assert_memory_equal(host_key_point(s->made), host_key_point(s->key), OTTER_POINT_LEN);
    can_sign(s);
}

static bool save_key(struct scene *s, struct host_error *err)
{
    return host_key_save(s->key, at(s, "new.key"), err);
}

static bool save_sealed(struct scene *s, struct host_error *err)
{
    return host_key_save_sealed(s->key, at(s, "new.key"), DEED_PASSPHRASE, HOST_FILE_NEW, err);
}

static void is_saved(struct scene *s)
{
    struct host_passphrase ask = {1, say};

    s->made = host_key_open(at(s, "new.key"), &ask, NULL);
    assert_non_null(s->made);
    is_the_key(s);
}

static bool load_public(struct scene *s, struct host_error *err)
{
    return host_public_load(at(s, "a.pub"), s->bytes, err);
}

static bool save_public(struct scene *s, struct host_error *err)
{
    return host_public_save(host_key_point(s->second), at(s, "a.pub"), err);
}

static void is_the_other(struct scene *s)
{
    assert_true(host_public_load(at(s, "a.pub"), s->bytes, NULL));
    assert_memory_equal(s->bytes, host_key_point(s->second), OTTER_POINT_LEN);
}

static void is_the_point(struct scene *s)
{
    assert_memory_equal(s->bytes, host_key_point(s->key), OTTER_POINT_LEN);
}

static bool seal(struct scene *s, struct host_error *err)
{
    static const uint8_t key[HOST_SEAL_KEY] = {3};

    (void)err;
    return host_seal(key, "id", 2, PAYLOAD, sizeof(PAYLOAD), s->bytes) &&
           host_open(key, "id", 2, s->bytes, sizeof(PAYLOAD) + HOST_SEAL_OVERHEAD, s->line[0]);
}

static void is_open(struct scene *s)
{
    assert_string_equal(s->line[0], PAYLOAD);
}

static bool read_ca(struct scene *s, struct host_error *err)
{
    return host_ca_read(at(s, "ca.pem"), s->bytes, OTTER_CA_MAX, &s->len, err);
}

/* ---- the audit log ---- */

static bool log_and_sign(struct scene *s, struct host_error *err)
{
    char detail[256], text[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1];
    struct audit_entry e = {
        .num = 1, .at = 5, .who = "", .act = AUDIT_ACT_KEY, .subject = "x", .detail = detail};
    struct audit_head head = {.num = 1, .at = 6};
    uint8_t spki[OTTER_SPKI_LEN];

    (void)err;
    otter_spki_from_point(host_key_point(s->key), spki);
    otter_b64_encode(spki, sizeof(spki), text);
    (void)snprintf(detail, sizeof(detail), "{\"spki\":\"%s\"}", text);
    if (!audit_seal(&e) || audit_line(&e, s->line[0]) == 0)
        return false;
    head.hash = e.hash;
    return audit_head_sign(s->key, &head, s->line[1], sizeof(s->line[1])) > 0;
}

static bool walk(struct scene *s, struct host_error *err)
{
    struct audit_walk *w = calloc(1, sizeof(*w));
    bool ok = w != NULL;

    if (ok)
        w->key = host_key_point(s->key);
    ok = ok && log_and_sign(s, err) && audit_walk_line(w, s->line[0], strlen(s->line[0])) == AUDIT_GOOD &&
         audit_walk_line(w, s->line[1], strlen(s->line[1])) == AUDIT_GOOD && audit_walk_end(w) == AUDIT_GOOD;
    free(w);
    return ok;
}

/* ---- files ---- */

static bool read_file(struct scene *s, struct host_error *err)
{
    return host_file_read(at(s, "long"), 1u << 20, &s->text, &s->len, err) &&
           host_file_read_private(at(s, "plain.key"), HOST_PEM_MAX, &s->more, &s->len, err);
}

static void is_long(struct scene *s)
{
    assert_int_equal(strlen(s->text), 200000);
    assert_int_equal(strlen(s->more), s->len);
}

static bool new_file(struct scene *s, struct host_error *err)
{
    return host_file_write(at(s, "new"), JSON, strlen(JSON), 0600, HOST_FILE_NEW, err);
}

static bool replace_file(struct scene *s, struct host_error *err)
{
    return host_file_write(at(s, "a.json"), PAYLOAD, strlen(PAYLOAD), 0644, HOST_FILE_REPLACE, err);
}

static bool make_folders(struct scene *s, struct host_error *err)
{
    return host_mkdir_p(at(s, "one/two/three"), 0700, err);
}

static bool digest_file(struct scene *s, struct host_error *err)
{
    return host_file_digest(&otter_crypto_openssl, at(s, "long"), &s->digest, &s->size, err);
}

static bool copy_file(struct scene *s, struct host_error *err)
{
    return host_file_copy(&otter_crypto_openssl, at(s, "long"), at(s, "copy"), 0600, &s->digest, &s->size,
                          err) &&
           host_file_sync(at(s, "copy"), err);
}

static void is_digest_of_long(struct scene *s)
{
    uint64_t size;
    struct otter_digest digest;

    assert_true(host_file_digest(&otter_crypto_openssl, at(s, "long"), &digest, &size, NULL));
    assert_memory_equal(&digest, &s->digest, sizeof(digest));
    assert_int_equal(s->size, 200000);
}

static bool sync_parent(struct scene *s, struct host_error *err)
{
    return host_parent_sync(at(s, "long"), err) && host_dir_sync(s->folder->dir, err);
}

static bool open_strictly(struct scene *s, struct host_error *err)
{
    auto_close int one = host_open_strict(at(s, "long"), O_RDONLY, 0);
    auto_close int two = host_open_strict_by_parts(at(s, "made"), O_WRONLY | O_CREAT, 0600);

    (void)err;
    return one >= 0 && two >= 0 && host_is_folder(s->folder->dir);
}

static bool map_file(struct scene *s, struct host_error *err)
{
    auto_close int fd = open(at(s, "long"), O_RDONLY | O_CLOEXEC);

    (void)err;
    s->mapped = host_mapped_new(fd, 200000);
    return s->mapped;
}

/* What failed before has used up no place. */
static void is_mapped(struct scene *s)
{
    struct host_mapped *all[HOST_MAPPED_MAX - 1];
    auto_close int fd = open(at(s, "long"), O_RDONLY | O_CLOEXEC);

    assert_int_equal(s->mapped->bytes[199999], 'x');
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(all); i++) {
        all[i] = host_mapped_new(fd, 10);
        assert_non_null(all[i]);
    }
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(all); i++)
        host_mapped_drop(all[i]);
}

struct visitor {
    struct host_ini_visitor base;
    char *copy;
};

static bool visit(struct host_ini_visitor *self, const char *section, const char *key, const char *value,
                  unsigned line, struct host_error *err)
{
    struct visitor *v = OTTER_CONTAINER_OF(self, struct visitor, base);

    (void)section;
    (void)key;
    (void)line;
    free(v->copy);
    v->copy = strdup(value);
    return v->copy || host_fail(err, HOST_ERROR_MEMORY, "out of memory");
}

static bool read_ini(struct scene *s, struct host_error *err)
{
    struct visitor v = {.base.visit = visit};
    bool ok = host_ini_parse_file(at(s, "a.conf"), &v.base, err);

    s->text = v.copy;
    return ok;
}

static void is_last_value(struct scene *s)
{
    assert_string_equal(s->text, "last");
}

/* ---- HTTP ---- */

static bool ask(struct scene *s, const struct host_http_request *request, struct host_error *err)
{
    s->http = host_http_new(&(struct host_http_options){.bearer = "t0ken", .idle_timeout = 20}, err);
    return s->http && host_http_do(s->http, request, &s->response, err);
}

static bool get(struct scene *s, struct host_error *err)
{
    static const char *const headers[] = {"X-Test: 1", NULL};

    return ask(s, &(struct host_http_request){.method = "GET", .url = s->url, .headers = headers}, err);
}

static bool post(struct scene *s, struct host_error *err)
{
    return ask(
        s,
        &(struct host_http_request){.method = "POST", .url = s->url, .body = JSON, .body_len = strlen(JSON)},
        err);
}

static bool get_refused(struct scene *s, struct host_error *err)
{
    return ask(s, &(struct host_http_request){.method = "GET", .url = s->closed}, err);
}

static void is_answered(struct scene *s)
{
    assert_int_equal(s->response.status, 200);
    assert_string_equal(s->response.body, "{\"a\":\"0123456789012345678901234567890123456789\"}");
    assert_string_equal(s->response.content_type, "application/json");
    assert_string_equal(s->response.etag, "\"x\"");
}

static bool make_url(struct scene *s, struct host_error *err)
{
    (void)err;
    s->text = host_http_escape("a b/\xc3\xa5");
    s->more = s->text ? host_http_url("http://x//", "/y") : NULL;
    return s->more;
}

static void is_url(struct scene *s)
{
    assert_string_equal(s->text, "a%20b%2F%C3%A5");
    assert_string_equal(s->more, "http://x/y");
}

/* ---- time zones: one that was read is known for ever, so each row that succeeds takes the next ---- */

static const char *const zones[] = {"Europe/Oslo", "America/New_York", "Asia/Tehran", "Europe/Lisbon",
                                    "America/Sao_Paulo"};

static bool find_zone(struct scene *s, struct host_error *err)
{
    (void)err;
    assert_true(s->zone < OTTER_ARRAY_LEN(zones));
    return host_zone_find(zones[s->zone]);
}

static void knows_it_now(struct scene *s)
{
    assert_string_equal(host_zone_name(host_zone_find(zones[s->zone])), zones[s->zone]);
    s->zone++;
}

#define BY_OPENSSL (1u << HOST_ERROR_FORMAT | 1u << HOST_ERROR_CRYPTO)
#define BY_CURL    (1u << HOST_ERROR_CONNECT | 1u << HOST_ERROR_NETWORK)

const struct deed deeds[] = {
    {"JSON is parsed", parse_json, is_that_json},
    {"JSON is read from a file", read_json, is_that_json},
    {"JSON is written, for programs and for people", write_json, is_written, .silent = true},
    {"text that is no UTF-8 becomes JSON", text_to_json, is_mended_text, .silent = true},
    {"an envelope is signed", sign, key_signed, .opaque = BY_OPENSSL},
    {"an envelope gets a second signature", add, both_signed, .opaque = BY_OPENSSL},
    {"an envelope is verified", verify, .silent = true, .noted = true},
    {"signatures of elsewhere are taken into an envelope", attach, holds_two},
    {"what another signer signs is written", signing_input, .silent = true},
    {"a key is generated", generate, can_sign, .opaque = BY_OPENSSL},
    {"a key is read", load_key, is_the_key, .opaque = BY_OPENSSL},
    {"an encrypted key is opened", open_key, is_the_key, .opaque = BY_OPENSSL, .dear = true},
    {"a key is saved", save_key, is_saved, .opaque = BY_OPENSSL},
    {"a key is saved encrypted", save_sealed, is_saved, .opaque = BY_OPENSSL, .dear = true},
    {"a public key is read", load_public, is_the_point, .opaque = BY_OPENSSL},
    {"a public key is replaced", save_public, is_the_other},
    {"a secret is sealed and opened", seal, is_open, .silent = true},
    {"the certificate of a CA is read", read_ca, .opaque = BY_OPENSSL},
    {"an audit entry is written, and a head signed", log_and_sign, .silent = true},
    {"an audit log is walked", walk, .silent = true},
    {"files are read", read_file, is_long},
    {"a new file is written", new_file},
    {"a file is replaced", replace_file},
    {"folders are made", make_folders},
    {"a file's digest is taken", digest_file, is_digest_of_long},
    {"a file is copied", copy_file, is_digest_of_long},
    {"a file's name is synced", sync_parent},
    {"files are opened strictly", open_strictly},
    {"a file is mapped", map_file, is_mapped, .silent = true},
    {"an INI file is read", read_ini, is_last_value},
    {"a server is asked", get, is_answered, .opaque = BY_CURL},
    {"a server is sent something", post, is_answered, .opaque = BY_CURL},
    {"a server is asked that is not there", get_refused, .fails = HOST_ERROR_CONNECT},
    {"a URL is put together", make_url, is_url, .silent = true},
    {"a time zone is read", find_zone, knows_it_now, .silent = true},
};
const unsigned deed_count = OTTER_ARRAY_LEN(deeds);

static void put(struct scene *s, const char *name, const char *bytes, size_t len)
{
    assert_true(host_file_write(at(s, name), bytes, len, 0600, HOST_FILE_NEW, NULL));
}

static void put_ca(struct scene *s)
{
    struct pki_cert ca = pki_make(&(struct pki_spec){"CA", NULL, PKI_P256, true, 0, 1}, NULL);
    FILE *f = fopen(at(s, "ca.pem"), "we");

    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, ca.x), 1);
    assert_int_equal(fclose(f), 0);
    pki_free(&ca);
}

void scene_furnish(struct scene *s)
{
    static const char conf[] = "[one]\nkey = first\n; a comment\n[two]\nkey = last\n";
    char *text = malloc(200000);

    assert_non_null(text);
    memset(text, 'x', 200000);
    put(s, "long", text, 200000);
    free(text);
    put(s, "a.json", JSON, strlen(JSON));
    put(s, "a.conf", conf, strlen(conf));
    assert_true(host_key_save(s->key, at(s, "plain.key"), NULL));
    assert_true(host_key_save_sealed(s->key, at(s, "sealed.key"), DEED_PASSPHRASE, HOST_FILE_NEW, NULL));
    assert_true(host_public_save(host_key_point(s->key), at(s, "a.pub"), NULL));
    put_ca(s);
}

void scene_clear(struct scene *s)
{
    json_decref(s->json);
    free(s->text);
    free(s->more);
    host_key_free(s->made);
    host_http_response_clear(&s->response);
    host_http_free(s->http);
    host_mapped_drop(s->mapped);
    s->json = NULL;
    s->text = s->more = NULL;
    s->made = NULL;
    s->http = NULL;
    s->mapped = NULL;
}
