/* What a flash file holds, found out without changing it. */
#ifndef OTTER_EMU_INSPECT_H
#define OTTER_EMU_INSPECT_H

#include "core/factory.h"
#include "core/image.h"
#include "host/json.h"
#include "journal/journal.h"
#include "ports/posix/flash_file.h"

struct emu_slot_report {
    enum otter_status structure;  /* OK, IMAGE_MAGIC: empty, ... */
    enum otter_status authentic;  /* with the factory data's keys */
    struct otter_image_info info; /* when structure is OK */
    struct otter_digest digest;
};

struct emu_report {
    enum otter_status factory_status;
    struct otter_factory factory;
    struct emu_slot_report slot[2];
    enum otter_status journal_status;
    struct otter_journal_live journal;
};

/* The journal is opened over a copy in memory, since opening it writes. False when out of memory. */
bool emu_inspect_flash(struct otter_flash_file *file, const struct otter_crypto *crypto,
                       struct emu_report *ret);

/* NULL when out of memory. The device's secret and token are left out. */
json_t *emu_report_json(const struct emu_report *r, const struct otter_flash_map *map);

#endif
