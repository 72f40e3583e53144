/* What becomes an entry of the audit log, and what does not. */
#include "world.h"

#include "core/bytes.h"
#include "host/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct svc_asker *viewer(void)
{
    static struct svc_asker asker;

    asker = (struct svc_asker){.token = 0};
    (void)snprintf(asker.name, sizeof(asker.name), "eve");
    asker.rights.everywhere = asker.rights.anywhere = policy_role_rights(POLICY_VIEWER);
    return &asker;
}

static enum otter_status freeze(struct world *w, const struct svc_asker *asker, const char *reason,
                                bool dry_run)
{
    struct svc_call call = {.op = SVC_FREEZE,
                            .in = {.id = "freeze", .asker = asker, .who = asker->name, .dry_run = dry_run}};
    auto_json json_t *body = call.in.json = reason ? json_pack("{s:s}", "reason", reason) : json_object();
    enum otter_status status = world_run(w, &call);

    svc_call_clear(&call);
    return status;
}

/* "who act," of each entry; otterd's own are of "-". */
static void expect_log(struct world *w, const char *expected)
{
    auto_json json_t *list = world_get(w, SVC_AUDIT_LIST, NULL, 0);
    char text[512] = "";
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(list, "items"), i, item)
    {
        const char *who = json_string_value(json_object_get(item, "who"));
        size_t len = strlen(text);

        (void)snprintf(text + len, sizeof(text) - len, "%s %s,", who ? who : "-",
                       json_string_value(json_object_get(item, "act")));
    }
    assert_string_equal(text, expected);
}

static void an_act_is_one_entry_and_a_dry_run_or_a_bad_request_none(void **state)
{
    struct world *w = *state;

    assert_int_equal(freeze(w, &world_admin, "fire", false), OTTER_OK);
    assert_int_equal(freeze(w, &world_admin, "fire", true), OTTER_OK);
    assert_int_equal(freeze(w, &world_admin, NULL, false), OTTER_MISSING_MEMBER);
    expect_log(w, "- audit-key,admin freeze,");
}

static void a_refusal_for_want_of_a_right_is_an_entry_unless_it_was_a_dry_run(void **state)
{
    struct world *w = *state;

    assert_int_equal(freeze(w, viewer(), "fire", true), OTTER_FORBIDDEN);
    assert_int_equal(freeze(w, viewer(), "fire", false), OTTER_FORBIDDEN);
    expect_log(w, "- audit-key,eve freeze,");
}

static void a_restart_begins_the_log_no_second_time(void **state)
{
    struct world *w = *state;

    assert_int_equal(freeze(w, &world_admin, "fire", false), OTTER_OK);
    world_restart(w);
    assert_int_equal(freeze(w, &world_admin, "more fire", false), OTTER_OK);
    expect_log(w, "- audit-key,admin freeze,admin freeze,");
}

static void a_backup_that_was_put_back_is_an_entry_once(void **state)
{
    struct world *w = *state;

    world_sql(w, "INSERT INTO meta VALUES ('audit_restored', 1790000000)");
    world_restart(w);
    world_restart(w);
    expect_log(w, "- audit-key,- restore,");
}

static void an_entry_holds_no_secret(void **state)
{
    struct world *w = *state;
    auto_json json_t *list = NULL;
    auto_free char *text = NULL;

    world_enrol(w, 7);
    list = world_get(w, SVC_AUDIT_LIST, NULL, 0);
    text = json_dumps(list, 0);
    assert_non_null(strstr(text, "device-"));
    assert_null(strstr(text, "secret"));
}

/* The export of a running server passes its own check. */
static void an_export_is_good(void **state)
{
    struct world *w = *state;
    struct svc_call call = {.op = SVC_AUDIT_EXPORT, .in.asker = &world_admin};
    auto_free struct audit_walk *walk = calloc(1, sizeof(*walk));
    char *line, *next;

    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(freeze(w, &world_admin, i % 2 ? "fi\"re" : "\xc3\xa4", false), OTTER_OK);
    assert_int_equal(world_run(w, &call), OTTER_OK);
    for (line = call.out.body; *line; line = next + 1) {
        next = strchr(line, '\n');
        assert_non_null(next);
        assert_int_equal(audit_walk_line(walk, line, (size_t)(next - line)), AUDIT_GOOD);
    }
    assert_int_equal(audit_walk_end(walk), AUDIT_GOOD);
    assert_int_equal(walk->num, 6);
    svc_call_clear(&call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EMPTY(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
        EMPTY(an_act_is_one_entry_and_a_dry_run_or_a_bad_request_none),
        EMPTY(a_refusal_for_want_of_a_right_is_an_entry_unless_it_was_a_dry_run),
        EMPTY(a_restart_begins_the_log_no_second_time),
        EMPTY(a_backup_that_was_put_back_is_an_entry_once),
        EMPTY(an_entry_holds_no_secret),
        EMPTY(an_export_is_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
