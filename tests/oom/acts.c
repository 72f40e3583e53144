#include "acts.h"

#include "core/bytes.h"
#include "host/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a row of text cannot say ---- */

static void a_poll(struct place *p, struct svc_call *call, unsigned device)
{
    (void)p;
    world_fill_poll(call, &(struct world_poll){.device = device, .confirmed = true});
}

static void poll_of_nothing(struct place *p, struct svc_call *call)
{
    a_poll(p, call, 5);
}

/* device-001 has an attempt: it is offered it again. */
static void poll_again(struct place *p, struct svc_call *call)
{
    a_poll(p, call, 1);
}

/* The rollout's second phase takes it in, once somebody advanced. */
static void poll_of_a_phase(struct place *p, struct svc_call *call)
{
    struct svc_call advance = {.op = SVC_ROLLOUT_ACTION, .in.number = 1, .in.id = "advance"};

    if (world_run(p->w, &advance) != OTTER_OK)
        assert_int_equal(advance.out.status, OTTER_CONFLICT); /* it has, the last time */
    svc_call_clear(&advance);
    a_poll(p, call, 0);
}

static void a_report(struct place *p, struct svc_call *call)
{
    auto_json json_t *list = world_get(p->w, SVC_DEVICE_ATTEMPTS, "device-001", 0);
    const json_t *item = json_array_get(json_object_get(list, "items"), 0);

    call->in.report =
        (struct otter_report){.attempt = (uint64_t)json_integer_value(json_object_get(item, "id")),
                              .step = 1,
                              .state = OTTER_UPDATE_DOWNLOADING};
    call->in.device = "device-001";
}

static void a_failure(struct place *p, struct svc_call *call)
{
    a_report(p, call);
    call->in.report.state = OTTER_UPDATE_FAILED;
    call->in.report.reason = OTTER_FLASH_ERROR;
}

static void attributes(struct place *p, struct svc_call *call)
{
    (void)p;
    call->in.device = "device-000";
}

/* Masked by whatever: the server takes what comes out. */
static void a_token(struct place *p, struct svc_call *call)
{
    (void)p;
    call->in.token = (struct otter_new_token){
        .device = "device-000", .product = WORLD_PRODUCT, .hardware = WORLD_HARDWARE};
    memset(call->in.token.nonce, 3, sizeof(call->in.token.nonce));
    memset(call->in.token.secret, 9, sizeof(call->in.token.secret));
    call->in.device = call->in.token.device;
}

static void fleet_key(struct place *p, struct svc_call *call)
{
    auto_json json_t *list = world_get(p->w, SVC_FLEET_KEY_LIST, NULL, 0);
    const json_t *item = json_array_get(json_object_get(list, "items"), 0);
    const char *hex = json_string_value(json_object_get(item, "id"));

    assert_non_null(hex);
    assert_true(otter_hex_decode(hex, OTTER_DIGEST_HEX, call->in.digest.b, OTTER_DIGEST_LEN));
}

static void an_enrolment(struct place *p, struct svc_call *call)
{
    fleet_key(p, call);
    a_token(p, call);
    (void)snprintf(call->in.token.device, sizeof(call->in.token.device), "new-device");
    call->in.address = "127.0.0.1";
}

static void a_stranger(struct place *p, struct svc_call *call)
{
    a_poll(p, call, 0);
    call->op = SVC_DEVICE_ASK;
    (void)snprintf(call->in.poll.device, sizeof(call->in.poll.device), "stranger");
    call->in.device = NULL;
    call->in.bearer = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI";
    call->in.address = "127.0.0.1";
}

static void the_next_root(struct place *p, struct svc_call *call)
{
    struct otter_root root;

    world_root(p->w, 2, &root);
    p->body = world_sign_root(&root, (struct host_key *[]){p->w->root_key, NULL}, &call->in.body_len);
    call->in.body = p->body;
}

static void a_release(struct place *p, struct svc_call *call)
{
    struct otter_manifest m = p->w->manifest; /* of the same images */
    char payload[OTTER_PAYLOAD_MAX + 1];
    struct host_error err;

    m.sequence = 77;
    assert_int_equal(otter_manifest_encode(&m, payload, sizeof(payload)), OTTER_OK);
    assert_true(
        host_jws_sign(p->w->release_key, payload, strlen(payload), &p->body, &call->in.body_len, &err));
    call->in.body = p->body;
}

static void an_upload(struct place *p, struct svc_call *call)
{
    (void)p;
    memset(call->in.digest.b, 0x77, OTTER_DIGEST_LEN);
    call->in.number = 1000;
}

static void under_a_key(struct place *p, struct svc_call *call)
{
    (void)p;
    call->in.idempotency_key = "once";
}

static void the_first_entry(struct place *p, struct svc_call *call)
{
    auto_json json_t *list = world_get(p->w, SVC_AUDIT_LIST, NULL, 0);
    const json_t *item = json_array_get(json_object_get(list, "items"), 0);

    call->in.json =
        json_pack("{s:i, s:s}", "through", 1, "hash", json_string_value(json_object_get(item, "hash")));
}

static void an_image_key(struct place *p, struct svc_call *call)
{
    char text[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1];
    uint8_t spki[OTTER_SPKI_LEN];

    otter_spki_from_point(host_key_point(p->w->image_key), spki);
    otter_b64_encode(spki, sizeof(spki), text);
    call->in.json = json_pack("{s:s, s:s}", "product", WORLD_PRODUCT, "spki", text);
}

static void filtered(struct place *p, struct svc_call *call)
{
    (void)p;
    call->in.page = (struct svc_page){.limit = 2, .filter = "tag == lab or id != device-002", .sort = "-id"};
}

static void by_site(struct place *p, struct svc_call *call)
{
    (void)p;
    call->in.by = "product,state";
}

#define SECRET "\"bWJtYm1ibWJtYm1ibWJtYm1ibWJtYm1ibWJtYm1ibWI\""
#define DEVICE(id)                                                                                           \
    "{\"id\":\"" id "\",\"product\":\"" WORLD_PRODUCT "\",\"hardware\":\"" WORLD_HARDWARE                    \
    "\",\"secret\":" SECRET ",\"tags\":[\"field\"]}"
#define IDS "\"ids\":[\"device-002\",\"device-005\"]"

const struct act acts[] = {
    {"a poll that there is nothing for", SVC_POLL, .fill = poll_of_nothing, .asks = true},
    {"a poll that is offered its attempt once more", SVC_POLL, .fill = poll_again, .asks = true,
     .rerun_differs = true},
    {"a poll that begins an attempt", SVC_POLL, .fill = poll_of_a_phase, .rerun_differs = true},
    {"a report of a step", SVC_REPORT, .fill = a_report},
    {"a report of a failure", SVC_REPORT, .fill = a_failure},
    {"a device tells its attributes", SVC_ATTRIBUTES, .json = "{\"site\":\"bergen\"}", .fill = attributes},
    {"a device offers a token of its own", SVC_DEVICE_TOKEN, .fill = a_token},
    {"a device is taken by a fleet key", SVC_DEVICE_ENROL, .fill = an_enrolment},
    {"a stranger asks to be taken", SVC_DEVICE_ASK, .fill = a_stranger},
    {"a root is published", SVC_ROOT_PUBLISH, .fill = the_next_root},
    {"a release is published", SVC_RELEASE_PUBLISH, .fill = a_release},
    {"an upload is begun", SVC_UPLOAD_CREATE, .fill = an_upload, .rerun_differs = true},
    {"an image key is added", SVC_IMAGE_KEY_ADD, .fill = an_image_key},
    {"a rollout is drawn up", SVC_ROLLOUT_CREATE,
     .json = "{\"release\":\"RELEASE\",\"target\":\"tag == "
             "lab\",\"phases\":[{\"count\":1},{\"group\":\"spare\"},100],"
             "\"windows\":[{\"days\":\"all\",\"from\":\"01:00\",\"to\":\"05:00\"}],\"name\":\"spring\"}"},
    {"the like under a key", SVC_ROLLOUT_CREATE, .fill = under_a_key,
     .json = "{\"release\":\"RELEASE\",\"target\":\"all\",\"phases\":[100]}"},
    {"a rollout is started", SVC_ROLLOUT_ACTION, .id = "start", .number = 2},
    {"a rollout is advanced", SVC_ROLLOUT_ACTION, .id = "advance", .number = 1},
    {"a rollout is paused", SVC_ROLLOUT_ACTION, .id = "pause", .number = 1},
    {"a rollout is aborted", SVC_ROLLOUT_ACTION, .id = "abort", .number = 1},
    {"a device is registered", SVC_DEVICE_CREATE, .json = DEVICE("new-1")},
    {"devices are registered", SVC_DEVICE_BATCH,
     .json = "{\"items\":[" DEVICE("new-1") "," DEVICE("new-2") "]}"},
    {"devices are imported", SVC_DEVICE_IMPORT,
     .json = "{\"items\":[" DEVICE("new-1") "," DEVICE("device-002") "]}"},
    {"a device is changed", SVC_DEVICE_PATCH, .id = "device-000",
     .json = "{\"tags\":{\"add\":[\"lab\"]},\"attributes\":{\"site\":\"oslo\"}}"},
    {"devices are labelled", SVC_DEVICE_CHANGE, .id = "label", .json = "{" IDS ",\"add_tags\":[\"x\"]}"},
    {"devices are held", SVC_DEVICE_CHANGE, .id = "hold",
     .json = "{\"target\":\"tag == lab\",\"reason\":\"why not\"}"},
    {"a device is held no longer", SVC_DEVICE_CHANGE, .id = "unhold", .json = "{\"ids\":[\"device-003\"]}"},
    {"devices are pinned", SVC_DEVICE_CHANGE, .id = "pin", .json = "{" IDS ",\"release\":\"RELEASE\"}"},
    {"devices are retired", SVC_DEVICE_CHANGE, .id = "retire", .json = "{" IDS ",\"reason\":\"old\"}"},
    {"a device is reinstated", SVC_DEVICE_CHANGE, .id = "reinstate", .json = "{\"ids\":[\"device-004\"]}"},
    {"devices are to make new tokens", SVC_DEVICE_CHANGE, .id = "rotate", .json = "{" IDS "}"},
    {"tokens of devices are revoked", SVC_DEVICE_CHANGE, .id = "revoke",
     .json = "{" IDS ",\"reason\":\"stolen\"}"},
    {"who asked is accepted", SVC_REQUEST_ACCEPT, .json = "{\"items\":[{\"id\":\"asker\"}]}"},
    {"who asked is rejected", SVC_REQUEST_REJECT, .json = "{\"items\":[{\"id\":\"asker\"}]}"},
    {"a fleet key is added", SVC_FLEET_KEY_ADD, .json = "{\"product\":\"other\",\"secret\":" SECRET "}"},
    {"a fleet key is removed", SVC_FLEET_KEY_REMOVE, .fill = fleet_key},
    {"a release is withdrawn", SVC_RELEASE_WITHDRAW, .id = "RELEASE",
     .json = "{\"reason\":\"bad\",\"abort_rollouts\":true}"},
    {"garbage is collected", SVC_GC, .json = "{\"keep\":1}"},
    {"all rollouts are frozen", SVC_FREEZE, .id = "freeze", .json = "{\"reason\":\"holidays\"}"},
    {"a group is saved", SVC_GROUP_PUT, .id = "field",
     .json = "{\"target\":\"tag == field\",\"poll_interval\":60}"},
    {"a group is removed", SVC_GROUP_DELETE, .id = "spare"},
    {"an operator is added", SVC_OPERATOR_ADD,
     .json = "{\"name\":\"adam\",\"grants\":[{\"role\":\"viewer\",\"product\":\"" WORLD_PRODUCT "\"}]}"},
    {"an operator is changed", SVC_OPERATOR_CHANGE, .id = "eve",
     .json = "{\"grant\":[{\"role\":\"operator\",\"product\":\"*\"}]}"},
    {"an operator is removed", SVC_OPERATOR_REMOVE, .id = "eve"},
    {"a token is made", SVC_TOKEN_NEW,
     .json = "{\"operator\":\"eve\",\"label\":\"pipeline\",\"expires_in\":3600}"},
    {"a token is revoked", SVC_TOKEN_REVOKE, .number = 1},
    {"the audit log is pruned", SVC_AUDIT_PRUNE, .fill = the_first_entry},
    {"the status is asked", SVC_STATUS, .asks = true, .rerun_differs = true},
    {"counters are asked", SVC_METRICS, .asks = true, .rerun_differs = true},
    {"a root is asked", SVC_ROOT_GET, .number = 1, .asks = true},
    {"roots are listed", SVC_ROOT_LIST, .asks = true},
    {"releases are listed", SVC_RELEASE_LIST, .asks = true},
    {"a release is shown", SVC_RELEASE_GET, .id = "RELEASE", .asks = true},
    {"a manifest is fetched", SVC_RELEASE_MANIFEST, .id = "RELEASE", .asks = true},
    {"what a release is used by is shown", SVC_RELEASE_DEPS, .id = "RELEASE", .asks = true},
    {"image keys are listed", SVC_IMAGE_KEY_LIST, .asks = true},
    {"rollouts are listed", SVC_ROLLOUT_LIST, .asks = true},
    {"a rollout is shown", SVC_ROLLOUT_GET, .number = 1, .asks = true},
    {"attempts of a rollout are listed", SVC_ROLLOUT_ATTEMPTS, .number = 1, .asks = true},
    {"devices of a rollout are listed", SVC_ROLLOUT_DEVICES, .number = 1, .asks = true},
    {"reasons of a rollout are listed", SVC_ROLLOUT_REASONS, .number = 1, .asks = true},
    {"events of a rollout are listed", SVC_ROLLOUT_EVENTS, .number = 1, .asks = true},
    {"a rollout is previewed", SVC_ROLLOUT_PREVIEW, .number = 2, .asks = true},
    {"a plan is previewed", SVC_PLAN_PREVIEW,
     .json = "{\"release\":\"RELEASE\",\"target\":\"all\",\"phases\":[5,100]}", .asks = true},
    {"a device's state is explained", SVC_ROLLOUT_EXPLAIN, .id = "device-003", .asks = true},
    {"devices are listed", SVC_DEVICE_LIST, .asks = true},
    {"devices are sought", SVC_DEVICE_LIST, .fill = filtered, .asks = true},
    {"a device is shown", SVC_DEVICE_GET, .id = "device-001", .asks = true},
    {"attempts of a device are listed", SVC_DEVICE_ATTEMPTS, .id = "device-001", .asks = true},
    {"a device's timeline is listed", SVC_DEVICE_TIMELINE, .id = "device-001", .asks = true},
    {"the fleet is summed up", SVC_FLEET_SUMMARY, .fill = by_site, .asks = true},
    {"groups are listed", SVC_GROUP_LIST, .asks = true},
    {"a group is shown", SVC_GROUP_GET, .id = "lab", .asks = true},
    {"operators are listed", SVC_OPERATOR_LIST, .asks = true},
    {"an operator is shown", SVC_OPERATOR_GET, .id = "eve", .asks = true},
    {"who asks is told", SVC_WHOAMI, .asks = true},
    {"tokens are listed", SVC_TOKEN_LIST, .asks = true},
    {"the audit log is listed", SVC_AUDIT_LIST, .asks = true},
    {"the audit log's head is signed", SVC_AUDIT_HEAD, .asks = true, .rerun_differs = true},
    {"the audit log is exported", SVC_AUDIT_EXPORT, .asks = true, .rerun_differs = true},
    {"who asks to be taken is listed", SVC_REQUEST_LIST, .asks = true},
    {"fleet keys are listed", SVC_FLEET_KEY_LIST, .asks = true},
};
const unsigned act_count = OTTER_ARRAY_LEN(acts);

static void replace(const struct place *p, const char *from, char *to, size_t cap)
{
    const char *mark = strstr(from, "RELEASE");

    (void)snprintf(to, cap, "%.*s%s%s", mark ? (int)(mark - from) : (int)strlen(from), from,
                   mark ? p->w->release : "", mark ? mark + strlen("RELEASE") : "");
}

void act_fill(struct place *p, const struct act *act, struct svc_call *call)
{
    char json[1024];

    memset(call, 0, sizeof(*call));
    call->op = act->op;
    call->in.number = act->number;
    call->in.id = act->id && strcmp(act->id, "RELEASE") == 0 ? p->w->release : act->id;
    if (act->json) {
        replace(p, act->json, json, sizeof(json));
        call->in.json = json_loads(json, 0, NULL);
        assert_non_null(call->in.json);
    }
    if (act->fill)
        act->fill(p, call);
}

void act_clear(struct place *p, struct svc_call *call)
{
    json_decref(call->in.json);
    svc_call_clear(call);
    free(p->body);
    p->body = NULL;
}
