/* Who the devices are: from a JSONL file, or a directory of factory data. */
#ifndef OTTER_EMU_FLEET_H
#define OTTER_EMU_FLEET_H

#include "core/factory.h"
#include "host/error.h"
#include "options.h"

struct emu_member {
    char id[OTTER_NAME_BUF];
    char *factory; /* path of its factory data */
    char *image;   /* path of the image for slot A of a new device; NULL = --slot-a */
};

struct emu_fleet {
    struct emu_member *member;
    uint32_t count;
};

/*
 * One line of a fleet file: {"id","factory","image"?}; other members are allowed (a fleet file may serve
 * other tools). Relative paths are relative to `dir`. what ("fleet.jsonl:3") begins an error's message. *ret
 * is the caller's.
 */
bool emu_fleet_line(const char *line, size_t len, const char *dir, const char *what, struct emu_member *ret,
                    struct host_error *err);

/* By --fleet or --factory-dir, at most --devices. No device at all, or one twice, is an error. */
bool emu_fleet_load(const struct emu_options *o, struct emu_fleet *ret, struct host_error *err);
void emu_fleet_free(struct emu_fleet *f);

/* Reads factory data of a file and decodes it. raw has OTTER_FACTORY_MAX bytes. */
bool emu_factory_read(const char *path, uint8_t *raw, size_t *ret_len, struct otter_factory *ret,
                      struct host_error *err);

#endif
