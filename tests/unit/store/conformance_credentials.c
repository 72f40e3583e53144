/* The part of the conformance suite that is about devices' credentials: tokens, second ones, requests, fleet
 * keys. */
#include "conformance.h"

#include "core/bytes.h"

#include <stdio.h>
#include <string.h>

struct seconds {
    struct store_second_visitor visitor;
    unsigned count;
    struct store_second row[4];
};

static bool take_second(struct store_second_visitor *self, const struct store_second *row)
{
    struct seconds *s = OTTER_CONTAINER_OF(self, struct seconds, visitor);

    s->row[s->count++] = *row;
    return s->count < OTTER_ARRAY_LEN(s->row);
}

static void two_devices(struct store *s)
{
    static const char *const ids[] = {"a", "b"};
    int64_t num;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(ids); i++) {
        struct store_device row = {
            .id = ids[i], .product = "thermo", .hardware = "board", .token_hash.b = {9}};

        OK(s->ops->device_add(s, &row, &num));
    }
}

struct device {
    struct store_device_visitor visitor;
    struct otter_digest hash;
    uint8_t sealed;
};

static bool take_device(struct store_device_visitor *self, const struct store_device *row)
{
    struct device *d = OTTER_CONTAINER_OF(self, struct device, visitor);

    d->hash = row->token_hash;
    d->sealed = row->sealed[0];
    return false;
}

static void a_devices_token_is_replaced(void **state)
{
    struct store *s = writer_of(state);
    const struct store_token_row token = {.hash.b = {1, 2}, .sealed = {3}};
    struct device d = {.visitor.row = take_device};

    begin(s);
    two_devices(s);
    OK(s->ops->device_token(s, 1, &token));
    assert_int_equal(s->ops->device_token(s, 3, &token), OTTER_NOT_FOUND);
    commit(s);
    OK(s->ops->device_get(s, "a", &d.visitor));
    assert_memory_equal(d.hash.b, token.hash.b, OTTER_DIGEST_LEN);
    assert_int_equal(d.sealed, 3);
    OK(s->ops->device_get(s, "b", &d.visitor));
    assert_int_equal(d.hash.b[0], 9);
}

static void a_second_token_is_asked_for_then_offered_then_gone(void **state)
{
    struct store *s = writer_of(state);
    struct store_second row = {.device = 2, .asked = 77}, got;
    struct seconds all = {.visitor.row = take_second}, none = all;

    begin(s);
    two_devices(s);
    assert_int_equal(s->ops->second_get(s, 2, &got), OTTER_NOT_FOUND);
    OK(s->ops->second_put(s, &row));
    OK(s->ops->second_get(s, 2, &got));
    assert_false(got.offered);
    row.offered = true;
    row.token.hash.b[31] = 5;
    row.token.sealed[59] = 6;
    OK(s->ops->second_put(s, &row));
    OK(s->ops->second_put(s, &(struct store_second){.device = 1, .asked = 78}));
    commit(s);
    OK(s->ops->seconds(s, &all.visitor));
    assert_int_equal(all.count, 2);
    assert_int_equal(all.row[0].device, 1);
    assert_false(all.row[0].offered);
    assert_int_equal(all.row[1].asked, 77);
    assert_true(all.row[1].offered);
    assert_int_equal(all.row[1].token.hash.b[31], 5);
    assert_int_equal(all.row[1].token.sealed[59], 6);
    begin(s);
    OK(s->ops->second_delete(s, 1));
    OK(s->ops->second_delete(s, 2));
    assert_int_equal(s->ops->second_delete(s, 2), OTTER_NOT_FOUND);
    commit(s);
    OK(s->ops->seconds(s, &none.visitor));
    assert_int_equal(none.count, 0);
}

struct requests {
    struct store_request_visitor visitor;
    unsigned count;
    struct store_request row[4];
};

static bool take_request(struct store_request_visitor *self, const struct store_request *row)
{
    struct requests *r = OTTER_CONTAINER_OF(self, struct requests, visitor);

    r->row[r->count++] = *row;
    return r->count < OTTER_ARRAY_LEN(r->row);
}

static struct store_request request(const char *id, uint8_t token, int64_t at)
{
    struct store_request row = {.token.hash.b = {token}, .first = at, .last = at, .times = 1};

    (void)snprintf(row.id, sizeof(row.id), "%s", id);
    (void)snprintf(row.product, sizeof(row.product), "thermo");
    (void)snprintf(row.address, sizeof(row.address), "2001:db8::1");
    return row;
}

static void requests_are_one_for_each_token_of_an_id(void **state)
{
    struct store *s = writer_of(state);
    struct store_request one = request("b", 1, 10), again = request("b", 1, 10), other = request("b", 2, 5),
                         third = request("a", 1, 20);
    struct requests all = {.visitor.row = take_request}, left = all;

    again.last = 30;
    again.times = 2;
    again.fleet_key = true;
    begin(s);
    OK(s->ops->request_put(s, &one));
    OK(s->ops->request_put(s, &other));
    OK(s->ops->request_put(s, &third));
    OK(s->ops->request_put(s, &again));
    commit(s);
    OK(s->ops->requests(s, &all.visitor));
    assert_int_equal(all.count, 3);
    assert_string_equal(all.row[0].id, "a");
    assert_int_equal(all.row[1].token.hash.b[0], 2); /* the earlier one of b */
    assert_int_equal(all.row[2].last, 30);
    assert_int_equal(all.row[2].times, 2);
    assert_true(all.row[2].fleet_key && !all.row[1].fleet_key);
    assert_string_equal(all.row[2].address, "2001:db8::1");
    begin(s);
    OK(s->ops->requests_forget(s, 20)); /* what came last before */
    assert_int_equal(s->ops->request_delete(s, "b", "another"), OTTER_NOT_FOUND);
    OK(s->ops->request_delete(s, "b", all.row[1].product));
    assert_int_equal(s->ops->request_delete(s, "b", NULL), OTTER_NOT_FOUND);
    commit(s);
    OK(s->ops->requests(s, &left.visitor));
    assert_int_equal(left.count, 1);
    assert_string_equal(left.row[0].id, "a");
}

struct keys {
    struct store_fleet_key_visitor visitor;
    unsigned count;
    struct store_fleet_key row[4];
};

static bool take_key(struct store_fleet_key_visitor *self, const struct store_fleet_key *row)
{
    struct keys *k = OTTER_CONTAINER_OF(self, struct keys, visitor);

    k->row[k->count++] = *row;
    return k->count < OTTER_ARRAY_LEN(k->row);
}

static void fleet_keys_come_by_product_and_each_is_there_once(void **state)
{
    struct store *s = writer_of(state);
    struct store_fleet_key thermo = {.id.b = {1}, .product = "thermo", .sealed = {7}, .created = 5};
    struct store_fleet_key boiler = {.id.b = {2}, .product = "boiler", .created = 6};
    struct keys all = {.visitor.row = take_key}, left = all;

    begin(s);
    OK(s->ops->fleet_key_add(s, &thermo));
    OK(s->ops->fleet_key_add(s, &boiler));
    assert_int_equal(s->ops->fleet_key_add(s, &boiler), OTTER_ALREADY_EXISTS);
    commit(s);
    OK(s->ops->fleet_keys(s, &all.visitor));
    assert_int_equal(all.count, 2);
    assert_string_equal(all.row[0].product, "boiler");
    assert_int_equal(all.row[1].sealed[0], 7);
    assert_int_equal(all.row[1].created, 5);
    begin(s);
    OK(s->ops->fleet_key_delete(s, &boiler.id));
    assert_int_equal(s->ops->fleet_key_delete(s, &boiler.id), OTTER_NOT_FOUND);
    commit(s);
    OK(s->ops->fleet_keys(s, &left.visitor));
    assert_int_equal(left.count, 1);
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }
const struct conformance_case conformance_credentials_cases[] = {
    CASE(a_devices_token_is_replaced),
    CASE(a_second_token_is_asked_for_then_offered_then_gone),
    CASE(requests_are_one_for_each_token_of_an_id),
    CASE(fleet_keys_come_by_product_and_each_is_there_once),
};
const unsigned conformance_credentials_count =
    sizeof(conformance_credentials_cases) / sizeof(conformance_credentials_cases[0]);
