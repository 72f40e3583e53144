#include "journal/log.h"

#include "core/bytes.h"

#include <string.h>

#define BLOCK 256u /* divides a half */

static const uint8_t header_magic[4] = {'O', 'T', 'T', 'J'};

uint32_t otter_log_base(const struct otter_journal *j, uint8_t half)
{
    return j->flash->map->journal_base + half * j->flash->map->journal_half;
}

uint32_t otter_log_half_size(const struct otter_journal *j)
{
    return j->flash->map->journal_half;
}

uint32_t otter_log_sector_size(const struct otter_journal *j)
{
    uint32_t size;

    (void)otter_flash_sector(j->flash->map, j->flash->map->journal_base, &size);
    return size;
}

/* A record that cannot be read (ECC of an H7) is neither blank nor good. */
static bool read_record(struct otter_journal *j, uint8_t half, uint32_t at, uint8_t record[OTTER_RECORD_LEN])
{
    return j->flash->read(j->flash, otter_log_base(j, half) + at, record, OTTER_RECORD_LEN) == OTTER_OK;
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
    out[6] = (uint8_t)(otter_log_half_size(j) / otter_log_sector_size(j));
    otter_put_le32(out + 8, turn);
    otter_put_le32(out + 28, otter_crc32(0, out, 28));
}

bool otter_log_half_marked(struct otter_journal *j, uint8_t half, uint32_t *ret_turn)
{
    uint32_t size = otter_log_sector_size(j), turn = 0;
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

    for (uint32_t at = 0; at < otter_log_half_size(j); at += otter_log_sector_size(j))
        if (!read_record(j, half, at, record) || !is_blank(record, sizeof(record)))
            return false;
    return true;
}

enum otter_status otter_log_erase(struct otter_journal *j, uint8_t half)
{
    for (uint32_t at = 0; at < otter_log_half_size(j); at += otter_log_sector_size(j))
        if (j->flash->erase(j->flash, otter_log_base(j, half) + at) != OTTER_OK)
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
    for (uint32_t at = 0; at < otter_log_half_size(j); at += otter_log_sector_size(j)) {
        build_header(j, at / otter_log_sector_size(j), turn, header);
        if (j->flash->program(j->flash, otter_log_base(j, half) + at, header, sizeof(header)) != OTTER_OK)
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

/* Record i of an entry goes into its CRC, and is held against it if it is the last. */
static bool is_right(const struct otter_entry *entry, uint32_t i, uint32_t *crc,
                     const uint8_t record[OTTER_RECORD_LEN])
{
    bool last = i + 1 == OTTER_RECORDS((uint32_t)entry->len);

    *crc = otter_crc32(*crc, record, last ? OTTER_RECORD_LEN - OTTER_RECORD_CRC : OTTER_RECORD_LEN);
    return !last || *crc == otter_le32(record + OTTER_RECORD_LEN - OTTER_RECORD_CRC);
}

bool otter_log_read_judged(struct otter_journal *j, uint8_t half, const struct otter_entry *entry, uint32_t i,
                           uint32_t *crc, uint8_t record[OTTER_RECORD_LEN])
{
    return read_record(j, half, entry->at + i * OTTER_RECORD_LEN, record) && is_right(entry, i, crc, record);
}

bool otter_log_entry_at(struct otter_journal *j, uint8_t half, uint32_t at, struct otter_entry *ret)
{
    uint32_t size = otter_log_sector_size(j), left = (size - at % size) / OTTER_RECORD_LEN, records, crc = 0;
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
    if (records > left || !is_right(ret, 0, &crc, record))
        return false;
    ret->end = at + records * OTTER_RECORD_LEN;
    for (uint32_t i = 1; i < records; i++)
        if (!otter_log_read_judged(j, half, ret, i, &crc, record) || record[0] != OTTER_RECORD_FOLLOWING)
            return false;
    return true;
}

uint32_t otter_log_before(const struct otter_entry *entry)
{
    uint32_t gap = entry->gap * OTTER_RECORD_LEN;

    return gap < entry->at ? entry->at - gap : 0;
}

bool otter_log_older(struct otter_journal *j, uint8_t half, uint32_t *at, struct otter_entry *ret)
{
    struct otter_entry entry;
    uint32_t off = *at;

    while (off > OTTER_RECORD_LEN) {
        off -= OTTER_RECORD_LEN;
        /* An entry that reaches beyond *at would lie across one that counts. */
        if (off % otter_log_sector_size(j) == 0 || !otter_log_entry_at(j, half, off, &entry) ||
            entry.end > *at)
            continue;
        *ret = entry;
        *at = otter_log_before(ret);
        return true;
    }
    return false;
}

/* Start of the blank tail: steps back over blocks first, as most of a half is blank, then over records. */
static uint32_t blank_from(struct otter_journal *j, uint8_t half)
{
    uint32_t at = otter_log_half_size(j);
    uint8_t block[BLOCK];

    while (at > 0 &&
           j->flash->read(j->flash, otter_log_base(j, half) + at - BLOCK, block, BLOCK) == OTTER_OK &&
           is_blank(block, BLOCK))
        at -= BLOCK;
    while (at > OTTER_RECORD_LEN) {
        uint32_t before = at - OTTER_RECORD_LEN;

        if (before % otter_log_sector_size(j) != 0 &&
            (!read_record(j, half, before, block) || !is_blank(block, OTTER_RECORD_LEN)))
            break;
        at = before;
    }
    return at < OTTER_RECORD_LEN ? OTTER_RECORD_LEN : at;
}

bool otter_log_find_end(struct otter_journal *j, uint8_t half, struct otter_journal_cursor *ret,
                        struct otter_entry *ret_newest)
{
    uint32_t size = otter_log_sector_size(j), at;

    ret->half = half;
    ret->write_at = blank_from(j, half);
    ret->valid_end = OTTER_RECORD_LEN;
    /* Behind the header, if the log ends at a sector's edge. */
    ret->doubt[0] = ret->write_at % size == 0 ? ret->write_at + OTTER_RECORD_LEN : ret->write_at;
    ret->doubt[1] = ret->doubt[0] - ret->doubt[0] % size + size + OTTER_RECORD_LEN;
    at = ret->write_at;
    if (!otter_log_older(j, half, &at, ret_newest))
        return false;
    ret->valid_end = ret_newest->end;
    ret->serial = ret_newest->serial;
    return true;
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

bool otter_log_read_whole(struct otter_journal *j, uint8_t half, const struct otter_entry *entry, void *buf,
                          uint32_t len)
{
    uint32_t records = OTTER_RECORDS((uint32_t)entry->len), crc = 0, done = 0;
    uint8_t record[OTTER_RECORD_LEN];

    for (uint32_t i = 0; i < records; i++) {
        uint32_t skip = i == 0 ? 8 : 1;
        uint32_t n = OTTER_RECORD_LEN - skip < len - done ? OTTER_RECORD_LEN - skip : len - done;

        if (!otter_log_read_judged(j, half, entry, i, &crc, record))
            return false;
        memcpy((uint8_t *)buf + done, record + skip, n);
        done += n;
    }
    return true;
}
