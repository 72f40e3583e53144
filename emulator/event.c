#include "event.h"

#include "host/clock.h"

#include <inttypes.h>
#include <string.h>

#define MEMBER_MAX ((size_t)90) /* bytes of a value; the longest device id has 64 */

/* Appends at most MEMBER_MAX characters of text as a JSON string's inside. Five members fit the line. */
static size_t put_escaped(char *out, size_t at, const char *text)
{
    for (size_t i = 0; i < MEMBER_MAX && text[i] != '\0'; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\')
            out[at++] = '\\';
        out[at++] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
    }
    return at;
}

static size_t put_member(char *out, size_t at, const char *name, const char *value)
{
    if (value == NULL || at + 2 * MEMBER_MAX + 16 > EMU_EVENT_LINE)
        return at;
    at += (size_t)snprintf(out + at, EMU_EVENT_LINE - at, ",\"%s\":\"", name);
    at = put_escaped(out, at, value);
    out[at++] = '"';
    return at;
}

size_t emu_event_format(char out[EMU_EVENT_LINE], int64_t wall_ms, const struct emu_event *e)
{
    size_t at = (size_t)snprintf(out, EMU_EVENT_LINE, "{\"t\":%" PRId64 ".%03d", wall_ms / 1000,
                                 (int)(wall_ms % 1000));

    at = put_member(out, at, "device", e->device);
    at += (size_t)snprintf(out + at, EMU_EVENT_LINE - at, ",\"uptime_ms\":%" PRIu64, e->uptime_ms);
    at = put_member(out, at, "event", e->event);
    at = put_member(out, at, "state", e->state);
    at = put_member(out, at, "reason", e->reason);
    at = put_member(out, at, "text", e->text);
    memcpy(out + at, "}\n", 3);
    return at + 2;
}

void emu_event_write(const struct emu_events *to, const struct emu_event *e)
{
    char line[EMU_EVENT_LINE];
    size_t len;

    if (to->file == NULL && to->terminal == NULL)
        return;
    len = emu_event_format(line, host_clock_wall_ms(), e);
    if (to->file != NULL)
        (void)fwrite(line, 1, len, to->file); /* a full disk shows at fclose */
    if (to->terminal != NULL)
        (void)fwrite(line, 1, len, to->terminal);
}
