#include "core/wire.h"

static void put_running(struct otter_json_out *o, const struct otter_running *running)
{
    char version[OTTER_VERSION_STR];

    otter_version_format(&running->version, version);
    otter_json_begin(o, "running", '{');
    otter_json_put_string(o, "version", version);
    otter_json_put_hex(o, "sha256", running->sha256.b, OTTER_DIGEST_LEN);
    otter_json_put_string(o, "slot", otter_slot_name(running->slot));
    otter_json_put_bool(o, "confirmed", running->confirmed);
    otter_json_end(o, '}');
}

static void put_report(struct otter_json_out *o, const struct otter_report *report)
{
    otter_json_put_uint(o, "attempt", report->attempt);
    otter_json_put_uint(o, "step", report->step);
    otter_json_put_string(o, "state", otter_update_state_name(report->state));
    if (report->reason != OTTER_OK)
        otter_json_put_string(o, "reason", otter_status_name(report->reason));
    if (report->detail[0] != '\0')
        otter_json_put_string(o, "detail", report->detail);
    if (report->has_bytes)
        otter_json_put_uint(o, "bytes", report->bytes);
}

int otter_poll_encode(const struct otter_poll *poll, char *out, size_t cap)
{
    struct otter_json_out o;

    otter_json_out_init(&o, out, cap);
    otter_json_begin(&o, NULL, '{');
    otter_json_put_string(&o, "device", poll->device);
    otter_json_put_string(&o, "product", poll->product);
    otter_json_put_string(&o, "hardware", poll->hardware);
    put_running(&o, &poll->running);
    otter_json_put_uint(&o, "epoch", poll->epoch);
    otter_json_put_uint(&o, "sequence", poll->sequence);
    otter_json_put_uint(&o, "root", poll->root);
    otter_json_put_b64(&o, "nonce", poll->nonce, sizeof(poll->nonce));
    if (poll->fresh)
        otter_json_put_uint(&o, "fresh", 1);
    if (poll->stale)
        otter_json_put_uint(&o, "stale", 1);
    if (poll->refused != OTTER_OK)
        otter_json_put_string(&o, "refused", otter_status_name(poll->refused));
    otter_json_begin(&o, "caps", '{');
    otter_json_put_uint(&o, "ram", poll->ram);
    otter_json_put_uint(&o, "covers", poll->covers);
    otter_json_end(&o, '}');
    if (poll->has_last) {
        otter_json_begin(&o, "last", '{');
        put_report(&o, &poll->last);
        otter_json_end(&o, '}');
    }
    otter_json_end(&o, '}');
    return otter_json_out_finish(&o);
}

int otter_report_encode(const char *device, const struct otter_running *running,
                        const struct otter_report *report, char *out, size_t cap)
{
    struct otter_json_out o;

    otter_json_out_init(&o, out, cap);
    otter_json_begin(&o, NULL, '{');
    otter_json_put_string(&o, "device", device);
    put_report(&o, report);
    put_running(&o, running);
    otter_json_end(&o, '}');
    return otter_json_out_finish(&o);
}
