#include "http/shed.h"

#include "http/door.h"
#include "http/health.h"

static struct http_seat *seat_of(const struct http_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static void move(struct http_request *r, enum http_place place)
{
    if (r->place == place)
        return;
    r->place = place;
    http_crowd_move(&r->daemon->crowd, r->seat, place, http_loop_now(r->loop));
}

void http_shed_begins(struct http_request *r)
{
    r->seat = seat_of(r);
    r->place = HTTP_PLACE_GONE; /* another one than the next */
    move(r, HTTP_PLACE_BUSY);
}

/* An operator has shown a token before the body; an image takes its time. */
void http_shed_receives(struct http_request *r)
{
    if (!r->route || r->route->auth != HTTP_AUTH_OPERATOR || r->refusal != OTTER_OK)
        move(r, HTTP_PLACE_BODY);
}

void http_shed_works(struct http_request *r)
{
    move(r, HTTP_PLACE_BUSY);
}

void http_shed_ends(struct http_request *r)
{
    if (r->sends_blob) {
        r->daemon->blobs--;
        metrics_add(r->loop->counts, HTTP_COUNT_BLOBS_SENT, 1);
        metrics_add(r->loop->counts, HTTP_COUNT_FILES_CLOSED, r->holds_file);
    }
    move(r, HTTP_PLACE_IDLE);
}

unsigned http_shed_wait_s(const struct http_request *r)
{
    return policy_defer_s(r->device, r->seat ? r->seat->number : 0);
}

bool http_shed_call(struct http_request *r)
{
    enum policy_asked asked;

    if (svc_admit(r->loop->svc, &r->call, r->seat ? r->seat->number : 0, &asked))
        return true;
    http_count_shed(r->daemon, asked);
    return false;
}

enum MHD_Result http_shed_blob(struct http_request *r)
{
    enum MHD_Result queued;

    if (!http_door_admits(r->daemon, POLICY_ASKS_FOR_BLOB)) {
        http_count_shed(r->daemon, POLICY_ASKS_FOR_BLOB);
        http_refuse(r, OTTER_TOO_BUSY, NULL);
        return http_reply_refusal(r);
    }
    r->sends_blob = true;
    r->daemon->blobs++;
    metrics_add(r->loop->counts, HTTP_COUNT_BLOBS, 1);
    queued = http_reply_blob(r);
    metrics_add(r->loop->counts, HTTP_COUNT_FILES, r->holds_file);
    return queued;
}
