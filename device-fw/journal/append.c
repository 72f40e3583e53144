/* Writing entries behind the log's end. */
#include "journal/log.h"

#include "core/bytes.h"

#include <string.h>

#define TRIES 3

/* Offset at which an entry of so many records goes, not across a sector's edge; half size if nowhere. */
static uint32_t place(const struct otter_journal *j, uint32_t at, uint32_t records)
{
    uint32_t size = otter_log_sector_size(j), half = otter_log_half_size(j);

    if (at % size == 0)
        at += OTTER_RECORD_LEN;
    if (at < half && at % size + records * OTTER_RECORD_LEN > size)
        at = at - at % size + size + OTTER_RECORD_LEN;
    return at < half ? at : half;
}

uint32_t otter_log_room(const struct otter_journal *j, const struct otter_journal_cursor *c)
{
    return (otter_log_half_size(j) - c->write_at) / OTTER_RECORD_LEN;
}

/*
 * What may be torn where an entry of so many records goes is driven to 0 first, so that it reads the same
 * from now on; a word that takes a program once may become unreadable by it, which is as good. *c moves
 * behind it.
 */
static enum otter_status clear_place(struct otter_journal *j, struct otter_journal_cursor *c,
                                     uint32_t records)
{
    static const uint8_t nothing[OTTER_RECORD_LEN];
    enum otter_status status = OTTER_OK;

    for (unsigned i = 0; i < OTTER_ARRAY_LEN(c->doubt); i++) {
        uint32_t at = place(j, c->write_at, records);

        if (at != c->doubt[i] || at >= otter_log_half_size(j))
            continue;
        if (j->flash->program(j->flash, otter_log_base(j, c->half) + at, nothing, sizeof(nothing)) !=
            OTTER_OK)
            status = OTTER_FLASH_ERROR;
        c->write_at = at + OTTER_RECORD_LEN;
        c->doubt[i] = 0;
    }
    return status;
}

static uint8_t byte_at(const struct otter_entry_data *data, uint32_t at)
{
    return at < data->head_len ? ((const uint8_t *)data->head)[at]
                               : ((const uint8_t *)data->body)[at - data->head_len];
}

/* Record i of an entry from RAM, but for its CRC. */
static void build_record(const struct otter_entry *entry, const struct otter_entry_data *data, uint32_t i,
                         uint8_t record[OTTER_RECORD_LEN])
{
    uint32_t skip = i == 0 ? 8 : 1;
    uint32_t from = i == 0 ? 0 : OTTER_RECORD_FIRST + (i - 1) * OTTER_RECORD_NEXT;

    memset(record, 0, OTTER_RECORD_LEN);
    record[0] = i == 0 ? entry->type : (uint8_t)OTTER_RECORD_FOLLOWING;
    for (uint32_t n = skip; n < OTTER_RECORD_LEN && from < entry->len; n++)
        record[n] = byte_at(data, from++);
}

/* Programs the records of one entry at its place. IO_ERROR: what it is a copy of reads wrong. */
static enum otter_status write_entry(struct otter_journal *j, uint8_t half, const struct otter_entry *entry,
                                     const struct otter_entry_data *data)
{
    uint32_t records = OTTER_RECORDS((uint32_t)entry->len), crc = 0, source_crc = 0;
    uint8_t record[OTTER_RECORD_LEN];

    for (uint32_t i = 0; i < records; i++) {
        bool last = i + 1 == records;

        if (data->copy == NULL)
            build_record(entry, data, i, record);
        else if (!otter_log_read_judged(j, data->copy_half, data->copy, i, &source_crc, record))
            return OTTER_IO_ERROR;
        if (i == 0) {
            record[1] = entry->gap;
            otter_put_le16(record + 2, entry->len);
            otter_put_le32(record + 4, entry->serial);
        }
        crc = otter_crc32(crc, record, last ? OTTER_RECORD_LEN - OTTER_RECORD_CRC : OTTER_RECORD_LEN);
        if (last)
            otter_put_le32(record + OTTER_RECORD_LEN - OTTER_RECORD_CRC, crc);
        if (j->flash->program(j->flash, otter_log_base(j, half) + entry->at + i * OTTER_RECORD_LEN, record,
                              sizeof(record)) != OTTER_OK)
            return OTTER_FLASH_ERROR;
    }
    return OTTER_OK;
}

enum otter_status otter_log_append(struct otter_journal *j, struct otter_journal_cursor *c, uint8_t type,
                                   const struct otter_entry_data *data, uint32_t *ret_at)
{
    uint32_t records = OTTER_RECORDS((uint32_t)data->len);
    struct otter_entry entry = {.type = type, .len = data->len}, found;

    for (int i = 0; i < TRIES; i++) {
        enum otter_status status = clear_place(j, c, records);
        uint32_t gap;

        if (status != OTTER_OK)
            continue;
        entry.at = place(j, c->write_at, records);
        gap = (entry.at - c->valid_end) / OTTER_RECORD_LEN;
        if (entry.at + records * OTTER_RECORD_LEN > otter_log_half_size(j) || gap > UINT8_MAX)
            return OTTER_NO_SPACE;
        entry.gap = (uint8_t)gap;
        entry.serial = c->serial + 1;
        c->write_at = entry.at + records * OTTER_RECORD_LEN;
        status = write_entry(j, c->half, &entry, data);
        if (status == OTTER_IO_ERROR)
            return i == 0 ? OTTER_IO_ERROR : OTTER_FLASH_ERROR; /* flash that fails is not the copy's fault */
        if (status != OTTER_OK || !otter_log_entry_at(j, c->half, entry.at, &found) || found.type != type ||
            found.serial != entry.serial)
            continue;
        c->valid_end = c->write_at;
        c->serial = entry.serial;
        if (ret_at != NULL)
            *ret_at = entry.at;
        return OTTER_OK;
    }
    return OTTER_FLASH_ERROR;
}
