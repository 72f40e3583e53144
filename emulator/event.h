/* One line for each thing that happens to a device (--log, -v): JSON {t, device, uptime_ms, event, state,
 * reason, text}. */
#ifndef OTTER_EMU_EVENT_H
#define OTTER_EMU_EVENT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct emu_event {
    const char *device;
    const char *event; /* "boot", "client", "hang", "power-cut", ... */
    const char *state; /* NULL members are left out */
    const char *reason;
    const char *text;
    uint64_t uptime_ms; /* on the device's clock */
};

#define EMU_EVENT_LINE 1024u

/*
 * Writes the line with '\n' and NUL, escaped and cut at its members' bounds; returns its length. wall_ms:
 * Unix milliseconds. Pure.
 */
size_t emu_event_format(char out[EMU_EVENT_LINE], int64_t wall_ms, const struct emu_event *e);

/* Where lines go; NULL = not there. */
struct emu_events {
    FILE *file;
    FILE *terminal;
};

/* Formats and writes it, if anyone wants it. */
void emu_event_write(const struct emu_events *to, const struct emu_event *e);

#endif
