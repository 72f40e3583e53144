#include "journal/write.h"

#include "core/bytes.h"

#include <string.h>

static enum otter_status append_ram(struct otter_journal *j, struct otter_journal_cursor *c, uint8_t type,
                                    const uint8_t *bytes, uint16_t len)
{
    struct otter_entry_data data = {.head = bytes, .head_len = len, .len = len};

    return otter_log_append(j, c, type, &data, NULL);
}

enum otter_status otter_journal_append_root(struct otter_journal *j, struct otter_journal_cursor *c,
                                            const struct otter_new_root *root, uint32_t *ret_at)
{
    uint8_t version[8];
    struct otter_entry_data data = {
        .head = version,
        .head_len = sizeof(version),
        .body = root->payload,
        .len = (uint16_t)(sizeof(version) + root->len),
    };

    otter_put_le64(version, root->version);
    return otter_log_append(j, c, OTTER_RECORD_ROOT, &data, ret_at);
}

/* The root that is on flash already, from the current half. *at: where it is, then where it went; 0 = none.
 */
static enum otter_status copy_root(struct otter_journal *j, struct otter_journal_cursor *c, uint32_t *at)
{
    struct otter_entry entry = {.at = *at, .len = (uint16_t)(8 + j->root_len)};
    struct otter_entry_data data = {.copy = &entry, .copy_half = j->now.half, .len = entry.len};

    if (*at == 0)
        return OTTER_OK;
    return otter_log_append(j, c, OTTER_RECORD_ROOT, &data, at);
}

static bool is_unknown(uint8_t type)
{
    return type >= OTTER_RECORD_NEXT_TYPE && type < OTTER_RECORD_FOLLOWING;
}

/*
 * Copies the newest entry of each unknown type, as far as they leave room for what this firmware may have to
 * write. One that does not fit is lost: better than a journal that cannot be turned.
 */
static enum otter_status copy_unknown(struct otter_journal *j, struct otter_journal_cursor *c)
{
    uint32_t at = j->now.write_at;
    uint8_t seen[32] = {0};
    struct otter_entry entry;

    if (j->now.turn == 0)
        return OTTER_OK; /* the first turn, onto blank or ruined flash: nothing to take along */
    while (otter_log_older(j, j->now.half, &at, &entry)) {
        struct otter_entry_data data = {.copy = &entry, .copy_half = j->now.half, .len = entry.len};
        enum otter_status status;

        if (!is_unknown(entry.type) || (seen[entry.type / 8] & 1u << entry.type % 8) != 0)
            continue;
        seen[entry.type / 8] |= (uint8_t)(1u << entry.type % 8);
        if (entry.len == 0 ||
            otter_log_room(j, c) < OTTER_RECORDS((uint32_t)entry.len) + OTTER_RECORDS_RESERVE)
            continue;
        status = otter_log_append(j, c, entry.type, &data, NULL);
        if (status != OTTER_OK && status != OTTER_NO_SPACE)
            return status;
    }
    return OTTER_OK;
}

static enum otter_status write_live(struct otter_journal *j, struct otter_journal_cursor *c,
                                    const struct otter_journal_live *live)
{
    enum otter_status status = OTTER_OK;
    uint8_t value[OTTER_VALUE_MAX];

    for (unsigned i = 0; status == OTTER_OK && otter_value_type(i) != OTTER_RECORD_VOID; i++) {
        uint16_t len = otter_value_encode(otter_value_type(i), live, value);

        if (len > 0)
            status = append_ram(j, c, otter_value_type(i), value, len);
    }
    return status;
}

enum otter_status otter_journal_turn(struct otter_journal *j, const struct otter_journal_live *next,
                                     const struct otter_new_root *root)
{
    struct otter_journal_cursor c;
    uint32_t root_at = j->root_at;
    uint8_t turn[4];
    enum otter_status status = otter_log_format(j, j->now.half ^ 1u, j->now.turn + 1, &c);

    if (status == OTTER_OK)
        status = write_live(j, &c, next);
    if (status == OTTER_OK)
        status = root != NULL ? otter_journal_append_root(j, &c, root, &root_at) : copy_root(j, &c, &root_at);
    if (status == OTTER_OK)
        status = copy_unknown(j, &c);
    otter_put_le32(turn, c.turn);
    if (status == OTTER_OK)
        status = append_ram(j, &c, OTTER_RECORD_TURNED, turn, sizeof(turn));
    if (status != OTTER_OK)
        return status == OTTER_NO_SPACE ? OTTER_FLASH_ERROR : status; /* format.h proves that it fits */
    j->now = c;
    j->root_at = root_at;
    if (root != NULL)
        j->root_len = root->len;
    return OTTER_OK;
}

enum otter_status otter_journal_commit(struct otter_journal *j, uint8_t type,
                                       const struct otter_journal_live *next)
{
    uint8_t old_value[OTTER_VALUE_MAX], value[OTTER_VALUE_MAX];
    uint16_t old_len = otter_value_encode(type, &j->live, old_value);
    uint16_t len = otter_value_encode(type, next, value);
    enum otter_status status;

    if (len == old_len && memcmp(value, old_value, len) == 0)
        return OTTER_OK;
    status = append_ram(j, &j->now, type, value, len);
    if (status == OTTER_NO_SPACE)
        status = otter_journal_turn(j, next, NULL);
    if (status == OTTER_OK)
        j->live = *next;
    return status;
}
