/*
 * Bodies of the device protocol v1 that are not signed: poll and report, both ways. The device encodes, the
 * server decodes, both with this code. Decoding bounds everything and allows unknown members and unknown
 * names of refusals (a newer device's).
 */
#ifndef OTTER_CORE_WIRE_H
#define OTTER_CORE_WIRE_H

#include "core/documents.h"
#include "core/json.h"
#include "core/update_state.h"

#define OTTER_POLL_MAX   2048u
#define OTTER_REPORT_MAX 1024u
#define OTTER_DETAIL_MAX 256u

struct otter_running {
    struct otter_version version;
    struct otter_digest sha256;
    enum otter_slot slot;
    bool confirmed;
};

struct otter_report {
    uint64_t attempt;
    uint32_t step; /* from 1, rising within the attempt */
    enum otter_update_state state;
    enum otter_status
        reason; /* OTTER_OK: absent; OTTER_OTHER: unknown, its name is the detail if none came */
    char detail[OTTER_DETAIL_MAX + 1]; /* "": absent */
    bool has_bytes;
    uint64_t bytes;
};

struct otter_poll {
    char device[OTTER_NAME_BUF];
    char product[OTTER_NAME_BUF];
    char hardware[OTTER_NAME_BUF];
    struct otter_running running;
    uint64_t epoch;    /* of the confirmed image */
    uint64_t sequence; /* of the confirmed image */
    uint64_t root;     /* version of the newest root held */
    uint8_t nonce[OTTER_NONCE_LEN];
    bool fresh;
    bool stale; /* no verified offer for 7 days */
    enum otter_status
        refused; /* newest refusal of an offer or root since the last good offer; OTTER_OK: none */
    char refused_name[OTTER_NAME_BUF]; /* decoded alone: its name on the wire, also an unknown one's; "": none
                                        */
    uint32_t ram;                      /* caps: bytes of RAM for a delta decoder; 0 = takes no deltas */
    uint32_t covers;                   /* caps: covers of a delta */
    bool has_last;
    struct otter_report last;
};

/* Length written (NUL-terminated), or -1 if cap is too small. */
int otter_poll_encode(const struct otter_poll *poll, char *out, size_t cap);

/* OK or the status of what is wrong; *ret_at (may be NULL) is the offset of the place. */
enum otter_status otter_poll_decode(const char *body, size_t len, struct otter_poll *ret, size_t *ret_at);

/* `device` and `running` are members of the report beside those of struct otter_report. */
int otter_report_encode(const char *device, const struct otter_running *running,
                        const struct otter_report *report, char *out, size_t cap);
enum otter_status otter_report_decode(const char *body, size_t len, char ret_device[OTTER_NAME_BUF],
                                      struct otter_running *ret_running, struct otter_report *ret,
                                      size_t *ret_at);

/* The reply to a report: {"continue":true|false}. False when it is anything else. */
bool otter_report_reply_decode(const char *body, size_t len, bool *ret_continue);

#endif
