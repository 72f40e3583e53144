#include "journal/log.h"

#include "core/bytes.h"

#include <string.h>

#define TRIES 3
#define BLOCK 256u /* divides a half */

static const uint8_t header_magic[4] = {'O', 'T', 'T', 'J'};

static uint32_t half_base(const struct otter_journal *j, uint8_t half)
{
    return j->flash->map->journal_base + half * j->flash->map->journal_half;
}

uint32_t otter_log_half_size(const struct otter_journal *j)
{
    return j->flash->map->journal_half;
}

static uint32_t sector_size(const struct otter_journal *j)
{
    uint32_t size;

    (void)otter_flash_sector(j->flash->map, j->flash->map->journal_base, &size);
    return size;
}

/* A record that cannot be read (ECC of an H7) is neither blank nor good. */
static bool read_record(struct otter_journal *j, uint8_t half, uint32_t at, uint8_t record[OTTER_RECORD_LEN])
{
    return j->flash->read(j->flash, half_base(j, half) + at, record, OTTER_RECORD_LEN) == OTTER_OK;
}

static bool is_blank(const uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        if (p[i] != 0xff)
            return false;
    return true;
}

static void build_header(const struct otter_journal *j, uint32_t sector, uint32_t turn,
                         uint8_t out[OTTER_RECORD_LEN])
{
    memset(out, 0, OTTER_RECORD_LEN);
    memcpy(out, header_magic, sizeof(header_magic));
    out[4] = OTTER_JOURNAL_FORMAT;
    out[5] = (uint8_t)sector;
    out[6] = (uint8_t)(otter_log_half_size(j) / sector_size(j));
    otter_put_le32(out + 8, turn);
    otter_put_le32(out + 28, otter_crc32(0, out, 28));
}

bool otter_log_half_marked(struct otter_journal *j, uint8_t half, uint32_t *ret_turn)
{
    uint32_t size = sector_size(j), turn = 0;
    uint8_t found[OTTER_RECORD_LEN], wanted[OTTER_RECORD_LEN];

    for (uint32_t at = 0; at < otter_log_half_size(j); at += size) {
        if (!read_record(j, half, at, found))
            return false;
        if (at == 0)
            turn = otter_le32(found + 8);
        build_header(j, at / size, turn, wanted);
        if (memcmp(found, wanted, sizeof(found)) != 0)
            return false;
    }
    *ret_turn = turn;
    return true;
}

bool otter_log_half_blank(struct otter_journal *j, uint8_t half)
{
    uint8_t record[OTTER_RECORD_LEN];

    for (uint32_t at = 0; at < otter_log_half_size(j); at += sector_size(j))
        if (!read_record(j, half, at, record) || !is_blank(record, sizeof(record)))
            return false;
    return true;
}

enum otter_status otter_log_erase(struct otter_journal *j, uint8_t half)
{
    for (uint32_t at = 0; at < otter_log_half_size(j); at += sector_size(j))
        if (j->flash->erase(j->flash, half_base(j, half) + at) != OTTER_OK)
            return OTTER_FLASH_ERROR;
    return OTTER_OK;
}

enum otter_status otter_log_format(struct otter_journal *j, uint8_t half, uint32_t turn,
                                   struct otter_journal_cursor *ret)
{
    uint8_t header[OTTER_RECORD_LEN];
    uint32_t found;

    if (otter_log_erase(j, half) != OTTER_OK)
        return OTTER_FLASH_ERROR;
    for (uint32_t at = 0; at < otter_log_half_size(j); at += sector_size(j)) {
        build_header(j, at / sector_size(j), turn, header);
        if (j->flash->program(j->flash, half_base(j, half) + at, header, sizeof(header)) != OTTER_OK)
            return OTTER_FLASH_ERROR;
    }
    if (!otter_log_half_marked(j, half, &found) || found != turn)
        return OTTER_FLASH_ERROR;
    *ret = (struct otter_journal_cursor){
        .half = half,
        .turn = turn,
        .write_at = OTTER_RECORD_LEN,
        .valid_end = OTTER_RECORD_LEN,
        .serial = j->now.serial,
    };
    return OTTER_OK;
}

/* Is there a good entry at this offset? */
static bool entry_at(struct otter_journal *j, uint8_t half, uint32_t at, struct otter_entry *ret)
{
    uint32_t size = sector_size(j), left = (size - at % size) / OTTER_RECORD_LEN, records, crc = 0;
    uint8_t record[OTTER_RECORD_LEN];

    if (!read_record(j, half, at, record) || record[0] == OTTER_RECORD_VOID ||
        record[0] >= OTTER_RECORD_FOLLOWING)
        return false;
    *ret = (struct otter_entry){
        .type = record[0],
        .gap = record[1],
        .len = otter_le16(record + 2),
        .serial = otter_le32(record + 4),
        .at = at,
    };
    records = OTTER_RECORDS((uint32_t)ret->len);
    if (records > left)
        return false;
    ret->end = at + records * OTTER_RECORD_LEN;
    for (uint32_t i = 1; i < records; i++) {
        crc = otter_crc32(crc, record, sizeof(record));
        if (!read_record(j, half, at + i * OTTER_RECORD_LEN, record) || record[0] != OTTER_RECORD_FOLLOWING)
            return false;
    }
    return otter_crc32(crc, record, OTTER_RECORD_LEN - OTTER_RECORD_CRC) ==
           otter_le32(record + OTTER_RECORD_LEN - OTTER_RECORD_CRC);
}

bool otter_log_older(struct otter_journal *j, uint8_t half, uint32_t *at, struct otter_entry *ret)
{
    struct otter_entry entry;
    uint32_t off = *at;

    while (off > OTTER_RECORD_LEN) {
        off -= OTTER_RECORD_LEN;
        /* An entry that reaches beyond *at would lie across one that counts. */
        if (off % sector_size(j) == 0 || !entry_at(j, half, off, &entry) || entry.end > *at)
            continue;
        *at = off - (entry.gap * OTTER_RECORD_LEN < off ? entry.gap * OTTER_RECORD_LEN : off);
        *ret = entry;
        return true;
    }
    return false;
}

/* Start of the blank tail: steps back over blocks first, as most of a half is blank, then over records. */
static uint32_t blank_from(struct otter_journal *j, uint8_t half)
{
    uint32_t at = otter_log_half_size(j);
    uint8_t block[BLOCK];

    while (at > 0 && j->flash->read(j->flash, half_base(j, half) + at - BLOCK, block, BLOCK) == OTTER_OK &&
           is_blank(block, BLOCK))
        at -= BLOCK;
    while (at > OTTER_RECORD_LEN) {
        uint32_t before = at - OTTER_RECORD_LEN;

        if (before % sector_size(j) != 0 &&
            (!read_record(j, half, before, block) || !is_blank(block, OTTER_RECORD_LEN)))
            break;
        at = before;
    }
    return at < OTTER_RECORD_LEN ? OTTER_RECORD_LEN : at;
}

void otter_log_find_end(struct otter_journal *j, uint8_t half, struct otter_journal_cursor *ret)
{
    uint32_t newest;
    struct otter_entry entry;

    ret->half = half;
    ret->write_at = blank_from(j, half);
    ret->valid_end = OTTER_RECORD_LEN;
    newest = ret->write_at;
    if (otter_log_older(j, half, &newest, &entry)) {
        ret->valid_end = entry.end;
        ret->serial = entry.serial;
    }
}

enum otter_status otter_log_read(struct otter_journal *j, uint8_t half, const struct otter_entry *entry,
                                 uint32_t from, void *buf, uint32_t len)
{
    uint8_t record[OTTER_RECORD_LEN];
    uint8_t *out = buf;

    while (len > 0) {
        bool first = from < OTTER_RECORD_FIRST;
        uint32_t index = first ? 0 : 1 + (from - OTTER_RECORD_FIRST) / OTTER_RECORD_NEXT;
        uint32_t skip = first ? 8 + from : 1 + (from - OTTER_RECORD_FIRST) % OTTER_RECORD_NEXT;
        uint32_t n = OTTER_RECORD_LEN - skip < len ? OTTER_RECORD_LEN - skip : len;

        if (!read_record(j, half, entry->at + index * OTTER_RECORD_LEN, record))
            return OTTER_IO_ERROR;
        memcpy(out, record + skip, n);
        out += n;
        from += n;
        len -= n;
    }
    return OTTER_OK;
}

/* Offset at which an entry of so many records goes, not across a sector's edge; half size if nowhere. */
static uint32_t place(const struct otter_journal *j, uint32_t at, uint32_t records)
{
    uint32_t size = sector_size(j), half = otter_log_half_size(j);

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

static enum otter_status take_data(struct otter_journal *j, const struct otter_entry_data *data,
                                   uint32_t from, uint8_t *out, uint32_t len)
{
    if (data->copy != NULL)
        return otter_log_read(j, data->copy_half, data->copy, from, out, len);
    for (uint32_t i = 0; i < len; i++, from++)
        out[i] = from < data->head_len ? ((const uint8_t *)data->head)[from]
                                       : ((const uint8_t *)data->body)[from - data->head_len];
    return OTTER_OK;
}

/* Programs the records of one entry at `at`. */
static enum otter_status write_entry(struct otter_journal *j, uint8_t half, const struct otter_entry *entry,
                                     const struct otter_entry_data *data)
{
    uint32_t records = OTTER_RECORDS((uint32_t)entry->len), done = 0, crc = 0;
    uint8_t record[OTTER_RECORD_LEN];
    enum otter_status status;

    for (uint32_t i = 0; i < records; i++) {
        uint32_t skip = i == 0 ? 8 : 1, left = entry->len - done;
        uint32_t n = OTTER_RECORD_LEN - skip < left ? OTTER_RECORD_LEN - skip : left;

        memset(record, 0, sizeof(record));
        record[0] = i == 0 ? entry->type : (uint8_t)OTTER_RECORD_FOLLOWING;
        if (i == 0) {
            record[1] = entry->gap;
            otter_put_le16(record + 2, entry->len);
            otter_put_le32(record + 4, entry->serial);
        }
        status = take_data(j, data, done, record + skip, n);
        if (status != OTTER_OK)
            return status;
        done += n;
        if (i + 1 == records) {
            crc = otter_crc32(crc, record, OTTER_RECORD_LEN - OTTER_RECORD_CRC);
            otter_put_le32(record + OTTER_RECORD_LEN - OTTER_RECORD_CRC, crc);
        } else {
            crc = otter_crc32(crc, record, sizeof(record));
        }
        if (j->flash->program(j->flash, half_base(j, half) + entry->at + i * OTTER_RECORD_LEN, record,
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
        uint32_t gap;

        entry.at = place(j, c->write_at, records);
        gap = (entry.at - c->valid_end) / OTTER_RECORD_LEN;
        if (entry.at + records * OTTER_RECORD_LEN > otter_log_half_size(j) || gap > UINT8_MAX)
            return OTTER_NO_SPACE;
        entry.gap = (uint8_t)gap;
        entry.serial = c->serial + 1;
        c->write_at = entry.at + records * OTTER_RECORD_LEN;
        if (write_entry(j, c->half, &entry, data) != OTTER_OK || !entry_at(j, c->half, entry.at, &found) ||
            found.type != type || found.serial != entry.serial)
            continue;
        c->valid_end = c->write_at;
        c->serial = entry.serial;
        if (ret_at != NULL)
            *ret_at = entry.at;
        return OTTER_OK;
    }
    return OTTER_FLASH_ERROR;
}
