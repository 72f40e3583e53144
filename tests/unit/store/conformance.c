#include "conformance.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

struct store *writer_of(void **state)
{
    return ((struct backend *)*state)->writer;
}

void begin(struct store *s)
{
    OK(s->ops->begin(s, true));
}

void commit(struct store *s)
{
    OK(s->ops->commit(s));
}

static void meta_keeps_numbers_by_name(void **state)
{
    struct store *s = writer_of(state);
    int64_t value = 7;

    assert_int_equal(s->ops->meta_get(s, "a", &value), OTTER_NOT_FOUND);
    assert_int_equal(value, 7); /* outputs are set only on success */
    begin(s);
    OK(s->ops->meta_put(s, "a", 1));
    OK(s->ops->meta_put(s, "a", -2));
    commit(s);
    OK(s->ops->meta_get(s, "a", &value));
    assert_int_equal(value, -2);
}

static void rollback_takes_all_back(void **state)
{
    struct store *s = writer_of(state);
    int64_t value;

    begin(s);
    OK(s->ops->meta_put(s, "a", 1));
    s->ops->rollback(s);
    assert_int_equal(s->ops->meta_get(s, "a", &value), OTTER_NOT_FOUND);
    s->ops->rollback(s); /* without a transaction: nothing */
}

static void savepoint_takes_back_its_own_part(void **state)
{
    struct store *s = writer_of(state);
    int64_t value;

    begin(s);
    OK(s->ops->meta_put(s, "a", 1));
    OK(s->ops->savepoint(s));
    OK(s->ops->meta_put(s, "a", 2));
    OK(s->ops->meta_put(s, "b", 2));
    OK(s->ops->savepoint_undo(s));
    OK(s->ops->savepoint(s));
    OK(s->ops->meta_put(s, "c", 3));
    OK(s->ops->savepoint_release(s));
    commit(s);
    OK(s->ops->meta_get(s, "a", &value));
    assert_int_equal(value, 1);
    assert_int_equal(s->ops->meta_get(s, "b", &value), OTTER_NOT_FOUND);
    OK(s->ops->meta_get(s, "c", &value));
}

static void reader_sees_what_was_committed(void **state)
{
    struct backend *b = *state;
    int64_t value;

    begin(b->writer);
    OK(b->writer->ops->meta_put(b->writer, "a", 1));
    assert_int_equal(b->reader->ops->meta_get(b->reader, "a", &value), OTTER_NOT_FOUND);
    commit(b->writer);
    OK(b->reader->ops->meta_get(b->reader, "a", &value));
    OK(b->writer->ops->begin(b->writer, false));
    OK(b->writer->ops->meta_put(b->writer, "b", 1));
    commit(b->writer);
    b->reopen(b);
    OK(b->reader->ops->meta_get(b->reader, "b", &value));
}

struct roots {
    struct store_root_visitor visitor;
    unsigned count;
    uint64_t version[8];
    char envelope[64];
    unsigned stop_after;
};

static bool take_root(struct store_root_visitor *self, const struct store_root *row)
{
    struct roots *r = OTTER_CONTAINER_OF(self, struct roots, visitor);

    r->version[r->count++] = row->version;
    memcpy(r->envelope, row->envelope, row->len);
    r->envelope[row->len] = '\0';
    return r->count != r->stop_after;
}

static void roots_are_kept_byte_for_byte(void **state)
{
    struct store *s = writer_of(state);
    struct store_root two = {.version = 2, .published = 20, .envelope = "{\"two\"}", .len = 7}, one = two;
    struct roots r = {.visitor.row = take_root}, part = {.visitor.row = take_root, .stop_after = 1};

    one.version = 1;
    begin(s);
    OK(s->ops->root_add(s, &two));
    OK(s->ops->root_add(s, &one));
    assert_int_equal(s->ops->root_add(s, &one), OTTER_ALREADY_EXISTS);
    commit(s);
    OK(s->ops->roots(s, &r.visitor));
    assert_int_equal(r.count, 2);
    assert_int_equal(r.version[0], 1);
    assert_int_equal(r.version[1], 2);
    OK(s->ops->roots(s, &part.visitor));
    assert_int_equal(part.count, 1);
    OK(s->ops->root_get(s, 2, &r.visitor));
    assert_string_equal(r.envelope, "{\"two\"}");
    assert_int_equal(s->ops->root_get(s, 3, &r.visitor), OTTER_NOT_FOUND);
    assert_int_equal(r.count, 3);
}

static int64_t add_release(struct store *s, uint8_t id, uint64_t sequence, enum otter_status expected)
{
    struct store_release row = {.id.b = {id},
                                .product = "thermo",
                                .epoch = 1,
                                .sequence = sequence,
                                .published = 5,
                                .signature_checked = true,
                                .envelope = "envelope",
                                .len = 8};
    int64_t num = -1;

    assert_int_equal(s->ops->release_add(s, &row, &num), expected);
    return num;
}

struct releases {
    struct store_release_visitor visitor;
    unsigned count;
    int64_t num[4];
};

static bool take_release(struct store_release_visitor *self, const struct store_release *row)
{
    struct releases *r = OTTER_CONTAINER_OF(self, struct releases, visitor);

    assert_string_equal(row->product, "thermo");
    assert_memory_equal(row->envelope, "envelope", 8);
    assert_true(row->signature_checked);
    r->num[r->count++] = row->num;
    return true;
}

static void releases_have_one_sequence_each(void **state)
{
    struct store *s = writer_of(state);
    struct otter_manifest_image image = {.slot = OTTER_SLOT_A, .link = 0x08020000, .size = 100};
    struct otter_digest id = {.b = {2}};
    struct releases r = {.visitor.row = take_release};
    int64_t first;

    begin(s);
    first = add_release(s, 1, 1, OTTER_OK);
    (void)add_release(s, 2, 2, OTTER_OK);
    assert_int_equal(add_release(s, 3, 2, OTTER_ALREADY_EXISTS), -1); /* sequence */
    assert_int_equal(add_release(s, 1, 3, OTTER_ALREADY_EXISTS), -1); /* id */
    OK(s->ops->release_image_add(s, first, &image));
    assert_int_equal(s->ops->release_image_add(s, first, &image), OTTER_ALREADY_EXISTS);
    commit(s);
    OK(s->ops->releases(s, &r.visitor));
    assert_int_equal(r.count, 2);
    assert_int_equal(r.num[0], first);
    OK(s->ops->release_get(s, &id, &r.visitor));
    assert_int_equal(r.num[2], r.num[1]);
    id.b[0] = 9;
    assert_int_equal(s->ops->release_get(s, &id, &r.visitor), OTTER_NOT_FOUND);
}

struct keys {
    struct store_image_key_visitor visitor;
    unsigned count;
};

static bool take_key(struct store_image_key_visitor *self, const struct store_image_key *row)
{
    assert_int_equal(row->spki[OTTER_SPKI_LEN - 1], 0x77);
    OTTER_CONTAINER_OF(self, struct keys, visitor)->count++;
    return true;
}

static void image_keys_belong_to_products(void **state)
{
    struct store *s = writer_of(state);
    struct store_image_key row = {.product = "a", .kid.b = {1}, .created = 1};
    struct keys all = {.visitor.row = take_key}, one = all, none = all;

    row.spki[OTTER_SPKI_LEN - 1] = 0x77;
    begin(s);
    OK(s->ops->image_key_add(s, &row));
    assert_int_equal(s->ops->image_key_add(s, &row), OTTER_ALREADY_EXISTS);
    row.product[0] = 'b';
    OK(s->ops->image_key_add(s, &row));
    commit(s);
    OK(s->ops->image_keys(s, NULL, &all.visitor));
    OK(s->ops->image_keys(s, "a", &one.visitor));
    OK(s->ops->image_keys(s, "c", &none.visitor));
    assert_int_equal(all.count, 2);
    assert_int_equal(one.count, 1);
    assert_int_equal(none.count, 0);
}

static int64_t add_rollout(struct store *s, int64_t release)
{
    struct store_rollout row = {
        .seed = {1, 2, 3},
        .name = "spring",
        .release = release,
        .target = "tag == beta",
        .state = "draft",
        .auto_advance = true,
        .priority = -5,
        .phase_count = 2,
        .phases = {{.percent = 5, .upto = 500ull << 32, .devices = 3}, {.percent = 100, .widened = true}},
        .created = 9};
    int64_t id = 0;

    OK(s->ops->rollout_add(s, &row, &id));
    return id;
}

static void rollouts_keep_their_phases(void **state)
{
    struct store *s = writer_of(state);
    struct store_rollout row;
    int64_t id, second;

    begin(s);
    id = add_rollout(s, add_release(s, 1, 1, OTTER_OK));
    second = add_rollout(s, 1);
    commit(s);
    assert_true(second > id);
    OK(s->ops->rollout_get(s, id, &row));
    assert_string_equal(row.name, "spring");
    assert_string_equal(row.target, "tag == beta");
    assert_int_equal(row.seed[2], 3);
    assert_true(row.auto_advance);
    assert_int_equal(row.priority, -5);
    assert_int_equal(row.phase_count, 2);
    assert_true(row.phases[0].upto == 500ull << 32);
    assert_true(row.phases[1].widened);
    begin(s);
    (void)snprintf(row.state, sizeof(row.state), "running");
    row.phase = 1;
    row.started = 10;
    row.phases[0].opened = 10;
    row.phases[0].devices = 4;
    OK(s->ops->rollout_update(s, &row));
    commit(s);
    OK(s->ops->rollout_get(s, id, &row));
    assert_string_equal(row.state, "running");
    assert_int_equal(row.phases[0].devices, 4);
    assert_int_equal(row.phases[0].opened, 10);
    OK(s->ops->rollout_get(s, second, &row));
    assert_string_equal(row.state, "draft"); /* the other one stayed */
    assert_int_equal(row.phases[0].devices, 3);
    assert_int_equal(s->ops->rollout_get(s, 99, &row), OTTER_NOT_FOUND);
}

static int64_t add_device(struct store *s, const char *id, enum otter_status expected)
{
    struct store_device row = {.id = id,
                               .product = "thermo",
                               .hardware = "board",
                               .token_hash.b = {7},
                               .sealed = {8},
                               .tags = {.data = "lab\0", .len = 5},
                               .created = 3};
    int64_t num = -1;

    assert_int_equal(s->ops->device_add(s, &row, &num), expected);
    return num;
}

struct devices {
    struct store_device_visitor visitor;
    struct store_fleet_visitor fleet;
    unsigned count;
    int64_t last;
    size_t tags, own, operators;
};

static bool take_device(struct store_device_visitor *self, const struct store_device *row)
{
    struct devices *d = OTTER_CONTAINER_OF(self, struct devices, visitor);

    assert_true(row->num > d->last);
    assert_string_equal(row->hardware, "board");
    assert_int_equal(row->token_hash.b[0], 7);
    assert_int_equal(row->sealed[0], 8);
    d->last = row->num;
    d->count++;
    d->tags = row->tags.len;
    d->own = row->own_attrs.len;
    d->operators = row->operator_attrs.len;
    return true;
}

static bool take_of_fleet(struct store_fleet_visitor *self, const struct store_device *row,
                          const struct store_device_state *state)
{
    struct devices *d = OTTER_CONTAINER_OF(self, struct devices, fleet);

    assert_null(state);
    return take_device(&d->visitor, row);
}

/* Memory finds a device at num - 1: the numbers must have no holes, also after a savepoint was undone. */
static void devices_are_numbered_without_holes(void **state)
{
    struct store *s = writer_of(state);
    struct devices d = {.fleet.row = take_of_fleet};
    int64_t size = -1;

    OK(s->ops->fleet_size(s, &size));
    assert_int_equal(size, 0);
    begin(s);
    assert_int_equal(add_device(s, "a", OTTER_OK), 1);
    OK(s->ops->savepoint(s));
    assert_int_equal(add_device(s, "b", OTTER_OK), 2);
    OK(s->ops->savepoint_undo(s));
    assert_int_equal(add_device(s, "a", OTTER_ALREADY_EXISTS), -1);
    assert_int_equal(add_device(s, "c", OTTER_OK), 2);
    commit(s);
    begin(s);
    assert_int_equal(add_device(s, "d", OTTER_OK), 3);
    s->ops->rollback(s);
    begin(s);
    assert_int_equal(add_device(s, "e", OTTER_OK), 3);
    commit(s);
    OK(s->ops->fleet(s, 1, INT64_MAX, &d.fleet));
    OK(s->ops->fleet_size(s, &size));
    assert_int_equal(size, 3);
    assert_int_equal(d.count, 3);
    assert_int_equal(d.last, 3);
}

static void labels_are_replaced(void **state)
{
    struct store *s = writer_of(state);
    struct store_device row = {
        .num = 1, .own_attrs = {.data = "a\0b\0", .len = 5}, .operator_attrs = {.data = "c\0d\0", .len = 5}};
    struct devices d = {.visitor.row = take_device};

    begin(s);
    (void)add_device(s, "a", OTTER_OK);
    OK(s->ops->device_get(s, "a", &d.visitor));
    assert_int_equal(d.tags, 5);
    OK(s->ops->device_labels(s, &row));
    commit(s);
    d.last = 0;
    OK(s->ops->device_get(s, "a", &d.visitor));
    assert_int_equal(d.tags, 0);
    assert_int_equal(d.own, 5);
    assert_int_equal(d.operators, 5);
    assert_int_equal(s->ops->device_get(s, "b", &d.visitor), OTTER_NOT_FOUND);
}

struct states {
    struct store_fleet_visitor visitor;
    unsigned devices, count;
    struct store_device_state row;
};

static bool take_state(struct store_fleet_visitor *self, const struct store_device *device,
                       const struct store_device_state *row)
{
    struct states *s = OTTER_CONTAINER_OF(self, struct states, visitor);

    assert_int_equal(device->num, ++s->devices);
    if (!row)
        return true;
    assert_int_equal(row->device, device->num);
    s->count++;
    s->row = *row;
    return true;
}

static void states_replace_each_other(void **state)
{
    struct store *s = writer_of(state);
    struct store_device_state row = {.device = 2,
                                     .running = {.version = {255, 255, 65535, UINT32_MAX},
                                                 .sha256.b = {9},
                                                 .slot = OTTER_SLOT_B,
                                                 .confirmed = true},
                                     .epoch = OTTER_INT_MAX,
                                     .sequence = 2,
                                     .root = 3,
                                     .stale = true,
                                     .refused = OTTER_UNKNOWN_KEY,
                                     .first_seen = 4,
                                     .last_seen = 5};
    struct states seen = {.visitor.row = take_state};

    begin(s);
    (void)add_device(s, "a", OTTER_OK);
    (void)add_device(s, "b", OTTER_OK);
    (void)add_device(s, "c", OTTER_OK);
    OK(s->ops->state_put(s, &row));
    row.last_seen = 6;
    OK(s->ops->state_put(s, &row));
    commit(s);
    OK(s->ops->fleet(s, 1, INT64_MAX, &seen.visitor));
    assert_int_equal(seen.devices, 3);
    assert_int_equal(seen.count, 1);
    assert_int_equal(otter_version_compare(&seen.row.running.version, &row.running.version), 0);
    assert_int_equal(seen.row.running.slot, OTTER_SLOT_B);
    assert_true(seen.row.running.confirmed && seen.row.stale);
    assert_int_equal(seen.row.epoch, OTTER_INT_MAX);
    assert_int_equal(seen.row.last_seen, 6);
    assert_int_equal(seen.row.refused, OTTER_UNKNOWN_KEY);
    row.refused = OTTER_OK;
    begin(s);
    OK(s->ops->state_put(s, &row));
    commit(s);
    seen.devices = 0;
    OK(s->ops->fleet(s, 1, INT64_MAX, &seen.visitor));
    assert_int_equal(seen.row.refused, OTTER_OK);
}

static uint64_t add_attempt(struct store *s, int64_t device, int64_t rollout)
{
    struct store_attempt row = {.device = device,
                                .rollout = rollout,
                                .phase = 1,
                                .state = OTTER_UPDATE_OFFERED,
                                .slot = OTTER_SLOT_B,
                                .created = 7,
                                .updated = 7};
    uint64_t id = 0;

    OK(s->ops->attempt_add(s, &row, &id));
    return id;
}

static void two_devices_two_rollouts(struct store *s)
{
    (void)add_release(s, 1, 1, OTTER_OK);
    (void)add_rollout(s, 1);
    (void)add_rollout(s, 1);
    (void)add_device(s, "a", OTTER_OK);
    (void)add_device(s, "b", OTTER_OK);
}

struct attempts {
    struct store_attempt_visitor visitor;
    unsigned count;
    uint64_t id[8];
};

static bool take_attempt(struct store_attempt_visitor *self, const struct store_attempt *row)
{
    struct attempts *a = OTTER_CONTAINER_OF(self, struct attempts, visitor);

    a->id[a->count++] = row->id;
    return true;
}

static void attempts_are_numbered_from_111_and_never_again(void **state)
{
    struct backend *b = *state;
    struct store *s = b->writer;

    begin(s);
    two_devices_two_rollouts(s);
    assert_int_equal(add_attempt(s, 1, 1), 111);
    assert_int_equal(add_attempt(s, 2, 1), 112);
    commit(s);
    b->reopen(b);
    s = b->writer;
    begin(s);
    assert_int_equal(add_attempt(s, 1, 2), 113);
    commit(s);
}

static void attempts_are_found_and_changed(void **state)
{
    struct store *s = writer_of(state);
    struct attempts newest = {.visitor.row = take_attempt}, of_rollout = newest, of_device = newest,
                    after = newest;
    struct store_attempt row;

    begin(s);
    two_devices_two_rollouts(s);
    (void)add_attempt(s, 1, 1); /* 111 */
    (void)add_attempt(s, 2, 1); /* 112 */
    (void)add_attempt(s, 1, 2); /* 113 */
    OK(s->ops->attempt_get(s, 111, &row));
    row.state = OTTER_UPDATE_FAILED;
    row.reason = OTTER_SELF_TEST;
    (void)snprintf(row.detail, sizeof(row.detail), "it's \"broken\"");
    row.bytes = 12345678901;
    row.step = 4;
    row.finished = 70;
    OK(s->ops->attempt_update(s, &row));
    commit(s);
    memset(&row, 0, sizeof(row));
    OK(s->ops->attempt_in(s, 1, 1, &row));
    assert_int_equal(row.id, 111);
    assert_int_equal(row.state, OTTER_UPDATE_FAILED);
    assert_int_equal(row.reason, OTTER_SELF_TEST);
    assert_string_equal(row.detail, "it's \"broken\"");
    assert_int_equal(row.bytes, 12345678901);
    assert_int_equal(row.step, 4);
    assert_int_equal(row.slot, OTTER_SLOT_B);
    OK(s->ops->attempt_newest(s, 1, &row));
    assert_int_equal(row.id, 113);
    assert_int_equal(row.reason, OTTER_OK);
    assert_int_equal(s->ops->attempt_in(s, 2, 2, &row), OTTER_NOT_FOUND);
    assert_int_equal(s->ops->attempt_newest(s, 3, &row), OTTER_NOT_FOUND);
    assert_int_equal(s->ops->attempt_get(s, 110, &row), OTTER_NOT_FOUND);
    OK(s->ops->attempts_newest(s, 1, INT64_MAX, &newest.visitor));
    assert_int_equal(newest.count, 2);
    OK(s->ops->attempts(s, 1, 0, 0, &of_rollout.visitor));
    assert_int_equal(of_rollout.count, 2);
    assert_int_equal(of_rollout.id[1], 112);
    OK(s->ops->attempts(s, 0, 1, 0, &of_device.visitor));
    assert_int_equal(of_device.count, 2);
    assert_int_equal(of_device.id[1], 113);
    OK(s->ops->attempts(s, 0, 0, 111, &after.visitor));
    assert_int_equal(after.count, 2);
}

struct events {
    struct store_event_visitor visitor;
    unsigned count;
    uint32_t step[8];
};

static bool take_event(struct store_event_visitor *self, const struct store_event *row)
{
    struct events *e = OTTER_CONTAINER_OF(self, struct events, visitor);

    e->step[e->count++] = row->step;
    return true;
}

static void steps_of_an_attempt_count_once(void **state)
{
    struct store *s = writer_of(state);
    struct store_event row = {.attempt = 111, .step = 1, .at = 5, .state = OTTER_UPDATE_DOWNLOADING};
    struct events seen = {.visitor.row = take_event};

    begin(s);
    two_devices_two_rollouts(s);
    (void)add_attempt(s, 1, 1);
    (void)add_attempt(s, 2, 1);
    OK(s->ops->event_add(s, &row));
    assert_int_equal(s->ops->event_add(s, &row), OTTER_ALREADY_EXISTS);
    row.attempt = 112;
    OK(s->ops->event_add(s, &row)); /* another's step 1 */
    row.attempt = 111;
    row.step = 0;
    OK(s->ops->event_add(s, &row));
    OK(s->ops->event_add(s, &row)); /* the server's own have no step */
    commit(s);
    OK(s->ops->events(s, 111, &seen.visitor));
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.step[0], 1);
    assert_int_equal(seen.step[1], 0);
}

struct counts {
    struct store_count_visitor visitor;
    unsigned count;
    uint64_t n;
};

static bool take_count(struct store_count_visitor *self, const struct store_count *row)
{
    struct counts *c = OTTER_CONTAINER_OF(self, struct counts, visitor);

    c->count++;
    c->n += row->n;
    return true;
}

static void counts_go_up_and_down(void **state)
{
    struct store *s = writer_of(state);
    struct store_count offered = {.phase = 1, .state = OTTER_UPDATE_OFFERED},
                       failed = {.phase = 1, .state = OTTER_UPDATE_FAILED, .reason = OTTER_WATCHDOG};
    struct counts seen = {.visitor.row = take_count}, other = seen;

    begin(s);
    OK(s->ops->count_add(s, 1, &offered, 1));
    OK(s->ops->count_add(s, 1, &offered, 1));
    OK(s->ops->count_add(s, 1, &offered, -1));
    OK(s->ops->count_add(s, 1, &failed, 1));
    OK(s->ops->count_add(s, 2, &offered, 1));
    OK(s->ops->count_add(s, 2, &offered, -1));
    commit(s);
    OK(s->ops->counts(s, 1, &seen.visitor));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.n, 2);
    OK(s->ops->counts(s, 2, &other.visitor));
    assert_int_equal(other.count, 0); /* none left is none there */
}

struct answers {
    struct store_answer_visitor visitor;
    unsigned count;
};

static bool take_answer(struct store_answer_visitor *self, const struct store_answer *row)
{
    assert_int_equal(row->request.b[0], 4);
    assert_int_equal(row->status, OTTER_OK);
    assert_true(row->created);
    assert_memory_equal(row->body, "{}", 3);
    OTTER_CONTAINER_OF(self, struct answers, visitor)->count++;
    return true;
}

static void answers_are_remembered_and_forgotten(void **state)
{
    struct store *s = writer_of(state);
    struct store_answer row = {.request.b = {4}, .status = OTTER_OK, .created = true, .body = "{}", .len = 2};
    struct answers seen = {.visitor.row = take_answer};

    begin(s);
    OK(s->ops->answer_put(s, "old", 10, &row));
    OK(s->ops->answer_put(s, "new", 20, &row));
    assert_int_equal(s->ops->answer_put(s, "new", 20, &row), OTTER_ALREADY_EXISTS);
    OK(s->ops->answers_forget(s, 20));
    commit(s);
    assert_int_equal(s->ops->answer_get(s, "old", &seen.visitor), OTTER_NOT_FOUND);
    OK(s->ops->answer_get(s, "new", &seen.visitor));
    assert_int_equal(seen.count, 1);
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }
const struct conformance_case conformance_cases[] = {
    CASE(meta_keeps_numbers_by_name),
    CASE(rollback_takes_all_back),
    CASE(savepoint_takes_back_its_own_part),
    CASE(reader_sees_what_was_committed),
    CASE(roots_are_kept_byte_for_byte),
    CASE(releases_have_one_sequence_each),
    CASE(image_keys_belong_to_products),
    CASE(rollouts_keep_their_phases),
    CASE(devices_are_numbered_without_holes),
    CASE(labels_are_replaced),
    CASE(states_replace_each_other),
    CASE(attempts_are_numbered_from_111_and_never_again),
    CASE(attempts_are_found_and_changed),
    CASE(steps_of_an_attempt_count_once),
    CASE(counts_go_up_and_down),
    CASE(answers_are_remembered_and_forgotten),
};
const unsigned conformance_count = sizeof(conformance_cases) / sizeof(conformance_cases[0]);
