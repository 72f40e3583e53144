#include "core/bytes.h"
#include "core/document.h"
#include "core/wire.h"

#include <string.h>

/* Remembers where the wrong value stands. */
static enum otter_status bad_value(struct otter_json *json, unsigned token)
{
    json->error_at = json->token[token].start;
    return OTTER_BAD_VALUE;
}

static enum otter_status decode_running(struct otter_json *json, unsigned object, struct otter_running *ret)
{
    enum { VERSION, SHA256, SLOT, CONFIRMED, COUNT };
    struct otter_json_field f[COUNT] = {[VERSION] = {"version", OTTER_JSON_STRING, false, 0},
                                        [SHA256] = {"sha256", OTTER_JSON_STRING, false, 0},
                                        [SLOT] = {"slot", OTTER_JSON_STRING, false, 0},
                                        [CONFIRMED] = {"confirmed", OTTER_JSON_BOOL, false, 0}};
    enum otter_status status = otter_json_fields(json, object, f, COUNT, true);

    if (status != OTTER_OK)
        return status;
    if (!otter_document_version(json, f[VERSION].index, &ret->version))
        return bad_value(json, f[VERSION].index);
    if (!otter_json_hex(json, f[SHA256].index, ret->sha256.b, OTTER_DIGEST_LEN))
        return bad_value(json, f[SHA256].index);
    if (!otter_document_slot(json, f[SLOT].index, &ret->slot))
        return bad_value(json, f[SLOT].index);
    ret->confirmed = json->text[json->token[f[CONFIRMED].index].start] == 't';
    return OTTER_OK;
}

enum report_member { ATTEMPT, STEP, STATE, REASON, DETAIL, BYTES, REPORT_MEMBERS };

static const struct otter_json_field report_members[REPORT_MEMBERS] = {
    [ATTEMPT] = {"attempt", OTTER_JSON_NUMBER, false, 0}, [STEP] = {"step", OTTER_JSON_NUMBER, false, 0},
    [STATE] = {"state", OTTER_JSON_STRING, false, 0},     [REASON] = {"reason", OTTER_JSON_STRING, true, 0},
    [DETAIL] = {"detail", OTTER_JSON_STRING, true, 0},    [BYTES] = {"bytes", OTTER_JSON_NUMBER, true, 0},
};

/*
 * The name of a refusal. One that we do not know is a newer device's, and no cause to lose what it says:
 * OTTER_OTHER, with the name in `name`. False if it cannot be a name at all.
 */
static bool decode_refusal(const struct otter_json *json, unsigned token, enum otter_status *ret,
                           char name[OTTER_NAME_BUF])
{
    if (!otter_document_name(json, token, otter_name_valid, name))
        return false;
    *ret = otter_status_find(name, (unsigned)strlen(name));
    if (*ret == OTTER_STATUS_COUNT)
        *ret = OTTER_OTHER;
    return true;
}

static enum otter_status decode_state(struct otter_json *json, const struct otter_json_field *f,
                                      struct otter_report *ret)
{
    const struct otter_json_token *state = &json->token[f[STATE].index];

    ret->state = otter_update_state_find(json->text + state->start, (size_t)(state->end - state->start));
    if (ret->state == OTTER_UPDATE_STATE_COUNT)
        return bad_value(json, f[STATE].index);
    ret->reason = OTTER_OK;
    if (f[REASON].index != 0) {
        char name[OTTER_NAME_BUF] = {0}; /* copied whole: nothing of the stack may go along */

        if (!decode_refusal(json, f[REASON].index, &ret->reason, name))
            return bad_value(json, f[REASON].index);
        if (ret->reason == OTTER_OTHER && ret->detail[0] == '\0')
            memcpy(ret->detail, name, sizeof(name));
    }
    return OTTER_OK;
}

/* The members of a report that has been matched into f. */
static enum otter_status decode_report(struct otter_json *json, const struct otter_json_field *f,
                                       struct otter_report *ret)
{
    uint64_t step;

    if (!otter_document_int(json, f[ATTEMPT].index, 1, &ret->attempt))
        return bad_value(json, f[ATTEMPT].index);
    if (!otter_json_uint(json, f[STEP].index, UINT32_MAX, &step) || step < 1)
        return bad_value(json, f[STEP].index);
    ret->step = (uint32_t)step;
    if (f[DETAIL].index != 0)
        otter_json_text(json, f[DETAIL].index, ret->detail, sizeof(ret->detail));
    ret->has_bytes = f[BYTES].index != 0;
    if (ret->has_bytes && !otter_document_int(json, f[BYTES].index, 0, &ret->bytes))
        return bad_value(json, f[BYTES].index);
    return decode_state(json, f, ret);
}

static enum otter_status decode_last(struct otter_json *json, unsigned object, struct otter_report *ret)
{
    struct otter_json_field f[REPORT_MEMBERS];
    enum otter_status status;

    memcpy(f, report_members, sizeof(f));
    status = otter_json_fields(json, object, f, REPORT_MEMBERS, true);
    return status == OTTER_OK ? decode_report(json, f, ret) : status;
}

static enum otter_status decode_caps(struct otter_json *json, unsigned object, struct otter_poll *poll)
{
    struct otter_json_field f[] = {{"ram", OTTER_JSON_NUMBER, false, 0},
                                   {"covers", OTTER_JSON_NUMBER, false, 0}};
    uint32_t *const to[] = {&poll->ram, &poll->covers};
    enum otter_status status = otter_json_fields(json, object, f, OTTER_ARRAY_LEN(f), true);

    for (unsigned i = 0; status == OTTER_OK && i < OTTER_ARRAY_LEN(f); i++) {
        uint64_t value;

        if (!otter_json_uint(json, f[i].index, UINT32_MAX, &value))
            return bad_value(json, f[i].index);
        *to[i] = (uint32_t)value;
    }
    return status;
}

enum {
    DEVICE,
    PRODUCT,
    HARDWARE,
    RUNNING,
    EPOCH,
    SEQUENCE,
    ROOT,
    NONCE,
    FRESH,
    STALE,
    REFUSED,
    CAPS,
    LAST,
    POLL_MEMBERS
};

static const struct otter_json_field poll_members[POLL_MEMBERS] = {
    [DEVICE] = {"device", OTTER_JSON_STRING, false, 0},
    [PRODUCT] = {"product", OTTER_JSON_STRING, false, 0},
    [HARDWARE] = {"hardware", OTTER_JSON_STRING, false, 0},
    [RUNNING] = {"running", OTTER_JSON_OBJECT, false, 0},
    [EPOCH] = {"epoch", OTTER_JSON_NUMBER, false, 0},
    [SEQUENCE] = {"sequence", OTTER_JSON_NUMBER, false, 0},
    [ROOT] = {"root", OTTER_JSON_NUMBER, false, 0},
    [NONCE] = {"nonce", OTTER_JSON_STRING, false, 0},
    [FRESH] = {"fresh", OTTER_JSON_NUMBER, true, 0},
    [STALE] = {"stale", OTTER_JSON_NUMBER, true, 0},
    [REFUSED] = {"refused", OTTER_JSON_STRING, true, 0},
    [CAPS] = {"caps", OTTER_JSON_OBJECT, false, 0},
    [LAST] = {"last", OTTER_JSON_OBJECT, true, 0},
};

static enum otter_status decode_names(struct otter_json *json, const struct otter_json_field *f,
                                      struct otter_poll *poll)
{
    if (!otter_document_name(json, f[DEVICE].index, otter_device_id_valid, poll->device))
        return bad_value(json, f[DEVICE].index);
    if (!otter_document_name(json, f[PRODUCT].index, otter_name_valid, poll->product))
        return bad_value(json, f[PRODUCT].index);
    if (!otter_document_name(json, f[HARDWARE].index, otter_name_valid, poll->hardware))
        return bad_value(json, f[HARDWARE].index);
    if (!otter_json_b64(json, f[NONCE].index, poll->nonce, sizeof(poll->nonce)))
        return bad_value(json, f[NONCE].index);
    return OTTER_OK;
}

/* 0 or 1; absent is 0. */
static bool decode_flag(const struct otter_json *json, unsigned token, bool *ret)
{
    uint64_t value = 0;

    if (token != 0 && !otter_json_uint(json, token, 1, &value))
        return false;
    *ret = value == 1;
    return true;
}

static enum otter_status decode_numbers(struct otter_json *json, const struct otter_json_field *f,
                                        struct otter_poll *poll)
{
    if (!otter_document_int(json, f[EPOCH].index, 0, &poll->epoch))
        return bad_value(json, f[EPOCH].index);
    if (!otter_document_int(json, f[SEQUENCE].index, 0, &poll->sequence))
        return bad_value(json, f[SEQUENCE].index);
    if (!otter_document_int(json, f[ROOT].index, 0, &poll->root))
        return bad_value(json, f[ROOT].index);
    if (!decode_flag(json, f[FRESH].index, &poll->fresh))
        return bad_value(json, f[FRESH].index);
    if (!decode_flag(json, f[STALE].index, &poll->stale))
        return bad_value(json, f[STALE].index);
    if (f[REFUSED].index != 0 && !decode_refusal(json, f[REFUSED].index, &poll->refused, poll->refused_name))
        return bad_value(json, f[REFUSED].index);
    return OTTER_OK;
}

static enum otter_status decode_poll(struct otter_json *json, struct otter_poll *poll)
{
    struct otter_json_field f[POLL_MEMBERS];
    enum otter_status status;

    memcpy(f, poll_members, sizeof(f));
    status = otter_json_fields(json, 0, f, POLL_MEMBERS, true);
    if (status == OTTER_OK)
        status = decode_names(json, f, poll);
    if (status == OTTER_OK)
        status = decode_numbers(json, f, poll);
    if (status == OTTER_OK)
        status = decode_running(json, f[RUNNING].index, &poll->running);
    if (status == OTTER_OK)
        status = decode_caps(json, f[CAPS].index, poll);
    poll->has_last = status == OTTER_OK && f[LAST].index != 0;
    if (poll->has_last)
        status = decode_last(json, f[LAST].index, &poll->last);
    return status;
}

/* Parses a body of at most max bytes; `at` is set whatever comes of it. */
static enum otter_status open_body(struct otter_json *json, const char *body, size_t len, size_t max)
{
    json->error_at = max;
    return len > max ? OTTER_TOO_LARGE : otter_json_parse(json, body, len);
}

enum otter_status otter_poll_decode(const char *body, size_t len, struct otter_poll *ret, size_t *ret_at)
{
    struct otter_json json;
    struct otter_poll poll = {0};
    enum otter_status status = open_body(&json, body, len, OTTER_POLL_MAX);

    if (status == OTTER_OK)
        status = decode_poll(&json, &poll);
    if (status == OTTER_OK)
        *ret = poll;
    else if (ret_at != NULL)
        *ret_at = json.error_at;
    return status;
}

enum { BODY_DEVICE = REPORT_MEMBERS, BODY_RUNNING, BODY_MEMBERS };

static enum otter_status decode_report_body(struct otter_json *json, char device[OTTER_NAME_BUF],
                                            struct otter_running *running, struct otter_report *report)
{
    struct otter_json_field f[BODY_MEMBERS] = {[BODY_DEVICE] = {"device", OTTER_JSON_STRING, false, 0},
                                               [BODY_RUNNING] = {"running", OTTER_JSON_OBJECT, false, 0}};
    enum otter_status status;

    memcpy(f, report_members, sizeof(report_members));
    status = otter_json_fields(json, 0, f, BODY_MEMBERS, true);
    if (status != OTTER_OK)
        return status;
    if (!otter_document_name(json, f[BODY_DEVICE].index, otter_device_id_valid, device))
        return bad_value(json, f[BODY_DEVICE].index);
    status = decode_running(json, f[BODY_RUNNING].index, running);
    return status == OTTER_OK ? decode_report(json, f, report) : status;
}

enum otter_status otter_report_decode(const char *body, size_t len, char ret_device[OTTER_NAME_BUF],
                                      struct otter_running *ret_running, struct otter_report *ret,
                                      size_t *ret_at)
{
    struct otter_json json;
    char device[OTTER_NAME_BUF];
    struct otter_running running = {0};
    struct otter_report report = {0};
    enum otter_status status = open_body(&json, body, len, OTTER_REPORT_MAX);

    if (status == OTTER_OK)
        status = decode_report_body(&json, device, &running, &report);
    if (status != OTTER_OK) {
        if (ret_at != NULL)
            *ret_at = json.error_at;
        return status;
    }
    memcpy(ret_device, device, sizeof(device));
    *ret_running = running;
    *ret = report;
    return OTTER_OK;
}

bool otter_report_reply_decode(const char *body, size_t len, bool *ret_continue)
{
    struct otter_json_field f[] = {{"continue", OTTER_JSON_BOOL, false, 0}};
    struct otter_json json;

    if (otter_json_parse(&json, body, len) != OTTER_OK ||
        otter_json_fields(&json, 0, f, OTTER_ARRAY_LEN(f), true) != OTTER_OK)
        return false;
    *ret_continue = json.text[json.token[f[0].index].start] == 't';
    return true;
}
