/* `otter-emu --inspect`: the report as JSON and as text. */
#include "inspect.h"

#include "core/bytes.h"
#include "crypto/crypto_bearssl.h"
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

static void put_text(json_t *object, const char *name, const char *value)
{
    (void)json_object_set_new(object, name, json_string(value));
}

static void put_uint(json_t *object, const char *name, uint64_t value)
{
    (void)json_object_set_new(object, name, json_integer((json_int_t)value));
}

static void put_digest(json_t *object, const char *name, const struct otter_digest *d)
{
    char hex[OTTER_DIGEST_HEX + 1];

    otter_hex_encode(d->b, OTTER_DIGEST_LEN, hex);
    put_text(object, name, hex);
}

static json_t *slot_json(const struct emu_slot_report *s, const struct otter_slot_layout *layout)
{
    static const char *const modes[] = {"none", "fail", "hang"};
    json_t *j = json_object();
    char version[OTTER_VERSION_STR], base[16];

    snprintf(base, sizeof(base), "0x%08" PRIx32, layout->base);
    put_text(j, "base", base);
    put_text(j, "authentic", otter_status_name(s->structure != OTTER_OK ? s->structure : s->authentic));
    if (s->structure != OTTER_OK)
        return j;
    otter_version_format(&s->info.header.version, version);
    put_text(j, "version", version);
    put_digest(j, "sha256", &s->digest);
    put_uint(j, "size", s->info.file_size);
    if (s->info.has_counter)
        put_uint(j, "security_counter", s->info.counter);
    if (s->info.selftest != OTTER_SELFTEST_NONE) {
        put_text(j, "selftest", modes[s->info.selftest]);
        put_uint(j, "selftest_percent", s->info.selftest_percent);
    }
    return j;
}

static json_t *confirmed_json(const struct otter_confirmed *c)
{
    json_t *j = json_object();

    put_text(j, "slot", otter_slot_name(c->slot));
    put_digest(j, "sha256", &c->digest);
    put_uint(j, "epoch", c->epoch);
    put_uint(j, "sequence", c->sequence);
    put_uint(j, "security_counter", c->counter);
    return j;
}

static json_t *pending_json(const struct otter_pending *p)
{
    const struct otter_confirmed same = {true, p->slot, p->digest, p->epoch, p->sequence, p->counter};
    json_t *j = confirmed_json(&same);

    put_uint(j, "attempt", p->attempt);
    put_digest(j, "manifest", &p->manifest);
    return j;
}

static json_t *trial_json(const struct otter_trial *t)
{
    json_t *j = json_object();

    put_digest(j, "sha256", &t->digest);
    put_uint(j, "boots_used", t->boots_used);
    (void)json_object_set_new(j, "self_test_passed", json_boolean(t->self_test_passed));
    return j;
}

static json_t *checkpoint_json(const struct otter_checkpoint *c)
{
    json_t *j = json_object();

    put_digest(j, "sha256", &c->digest);
    put_text(j, "slot", otter_slot_name(c->slot));
    put_uint(j, "erased_to", c->erased_to);
    put_uint(j, "written_to", c->written_to);
    return j;
}

static json_t *rejected_json(const struct otter_journal_live *live)
{
    json_t *list = json_array();

    for (uint8_t i = 0; i < live->rejected_count; i++) {
        json_t *j = json_object();

        put_digest(j, "sha256", &live->rejected[i].digest);
        put_text(j, "cause", otter_status_name(otter_status_of_code(live->rejected[i].cause)));
        (void)json_array_append_new(list, j);
    }
    return list;
}

static json_t *installs_json(const struct otter_journal_live *live)
{
    json_t *list = json_array();

    for (uint8_t i = 0; i < live->installs_count; i++) {
        json_t *j = json_object();

        put_digest(j, "sha256", &live->installs[i].digest);
        put_uint(j, "count", live->installs[i].count);
        (void)json_array_append_new(list, j);
    }
    return list;
}

static json_t *reports_json(const struct otter_journal_live *live)
{
    json_t *list = json_array();

    for (uint8_t i = 0; i < live->report_count; i++) {
        json_t *j = json_object();

        put_uint(j, "attempt", live->report[i].attempt);
        put_uint(j, "step", live->report[i].step);
        put_text(j, "state", otter_update_state_name(live->report[i].state));
        put_text(j, "reason", otter_status_name(otter_status_of_code(live->report[i].reason)));
        (void)json_array_append_new(list, j);
    }
    return list;
}

static json_t *journal_json(const struct emu_report *r)
{
    const struct otter_journal_live *live = &r->journal;
    json_t *j = json_object(), *revoked = json_array();

    put_text(j, "status", otter_status_name(r->journal_status));
    if (live->confirmed.present)
        (void)json_object_set_new(j, "confirmed", confirmed_json(&live->confirmed));
    if (live->pending.present)
        (void)json_object_set_new(j, "pending", pending_json(&live->pending));
    if (live->trial.present)
        (void)json_object_set_new(j, "trial", trial_json(&live->trial));
    if (live->checkpoint.present)
        (void)json_object_set_new(j, "checkpoint", checkpoint_json(&live->checkpoint));
    (void)json_object_set_new(j, "rejected", rejected_json(live));
    (void)json_object_set_new(j, "installs", installs_json(live));
    (void)json_object_set_new(j, "reports", reports_json(live));
    for (uint8_t i = 0; i < live->revoked_count; i++) {
        char hex[OTTER_DIGEST_HEX + 1];

        otter_hex_encode(live->revoked[i].b, OTTER_DIGEST_LEN, hex);
        (void)json_array_append_new(revoked, json_string(hex));
    }
    (void)json_object_set_new(j, "revoked_keys", revoked);
    put_uint(j, "attempt", live->step_attempt);
    put_uint(j, "step", live->step);
    put_uint(j, "time_floor", live->time_floor);
    put_uint(j, "failures", live->failures);
    put_uint(j, "root", live->root_version);
    (void)json_object_set_new(j, "has_token", json_boolean(live->token[0] != '\0'));
    return j;
}

json_t *emu_report_json(const struct emu_report *r, const struct otter_flash_map *map)
{
    json_t *j = json_object(), *factory = json_object(), *slots = json_object();

    put_text(j, "hardware", map->hardware);
    put_text(factory, "status", otter_status_name(r->factory_status));
    if (r->factory_status == OTTER_OK) {
        put_text(factory, "device", r->factory.device);
        put_text(factory, "product", r->factory.product);
        put_text(factory, "hardware", r->factory.hardware);
        put_text(factory, "url", r->factory.url[0]);
        put_uint(factory, "image_keys", r->factory.key_count);
        put_uint(factory, "sequence", r->factory.sequence);
    }
    (void)json_object_set_new(j, "factory", factory);
    for (unsigned i = 0; i < 2; i++)
        (void)json_object_set_new(slots, otter_slot_name((enum otter_slot)i),
                                  slot_json(&r->slot[i], &map->slot[i]));
    (void)json_object_set_new(j, "slots", slots);
    (void)json_object_set_new(j, "journal", journal_json(r));
    return j;
}

/* Text for people: the JSON's members, one a line, by their path. */
static void print_flat(FILE *out, const char *path, json_t *j)
{
    char name[128];
    const char *key;
    json_t *value;
    size_t index;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        json_object_foreach(j, key, value)
        {
            snprintf(name, sizeof(name), "%s%s%s", path, path[0] != '\0' ? "." : "", key);
            print_flat(out, name, value);
        }
        break;
    case JSON_ARRAY:
        if (json_array_size(j) == 0)
            fprintf(out, "%-28s -\n", path);
        json_array_foreach(j, index, value)
        {
            snprintf(name, sizeof(name), "%s[%zu]", path, index);
            print_flat(out, name, value);
        }
        break;
    case JSON_STRING:
        fprintf(out, "%-28s %s\n", path, json_string_value(j));
        break;
    case JSON_INTEGER:
        fprintf(out, "%-28s %" JSON_INTEGER_FORMAT "\n", path, json_integer_value(j));
        break;
    default:
        fprintf(out, "%-28s %s\n", path, json_is_true(j) ? "yes" : "no");
        break;
    }
}

static bool print_report(const struct emu_options *o, const struct emu_report *report,
                         const struct otter_flash_map *map, FILE *out, struct host_error *err)
{
    auto_json json_t *j = emu_report_json(report, map);
    auto_free char *text = NULL;
    size_t len;

    if (j == NULL)
        return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
    if (o->json) {
        text = host_json_dump_pretty(j, &len);
        if (text == NULL)
            return host_fail(err, HOST_ERROR_MEMORY, "out of memory");
        fwrite(text, 1, len, out);
    } else {
        print_flat(out, "", j);
    }
    return fflush(out) == 0 || host_fail_errno(err, HOST_ERROR_FILE, "standard output");
}

/* Opening alone would make a blank flash of a file that is absent or empty. */
static bool open_existing(const char *path, const struct otter_flash_map *map, struct otter_flash_file *file,
                          struct host_error *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return host_fail_errno(err, HOST_ERROR_FILE, "%s", path);
    if (!S_ISREG(st.st_mode) || st.st_size != (off_t)map->size)
        return host_fail(err, HOST_ERROR_FILE, "%s: no flash of %s, which has %" PRIu32 " bytes", path,
                         map->hardware, map->size);
    errno = -otter_flash_file_open(file, path, map);
    return errno == 0 || host_fail_errno(err, HOST_ERROR_FILE, "%s", path);
}

int emu_inspect(const struct emu_options *o, FILE *out, FILE *err)
{
    const struct otter_flash_map *map = otter_flash_map_find(o->hardware);
    struct otter_flash_file file = {0};
    struct emu_report report;
    struct host_error error = {0};
    bool ok;

    if (map == NULL) {
        fprintf(err, "otter-emu: --hardware: no flash map for %s\n", o->hardware);
        return EMU_EXIT_USAGE;
    }
    ok = open_existing(o->inspect, map, &file, &error);
    if (ok && !emu_inspect_flash(&file, &otter_crypto_bearssl, &report))
        ok = host_fail(&error, HOST_ERROR_MEMORY, "out of memory");
    ok = ok && print_report(o, &report, map, out, &error);
    otter_flash_file_close(&file);
    if (!ok)
        fprintf(err, "otter-emu: %s\n", error.message);
    return ok ? EMU_EXIT_OK : EMU_EXIT_FILE;
}
