#include "core/bytes.h"
#include "journal/write.h"

#include <string.h>

/* Has the half been turned to? Its log says so once the live set in it is whole. */
static bool is_turned(struct otter_journal *j, uint8_t half, struct otter_journal_cursor *ret)
{
    struct otter_journal_cursor c = {0};
    uint32_t at, turn;
    struct otter_entry entry;
    uint8_t data[4];

    if (!otter_log_half_marked(j, half, &turn))
        return false;
    otter_log_find_end(j, half, &c);
    at = c.write_at;
    while (otter_log_older(j, half, &at, &entry))
        if (entry.type == OTTER_RECORD_TURNED && entry.len == sizeof(data) &&
            otter_log_read(j, half, &entry, 0, data, sizeof(data)) == OTTER_OK && otter_le32(data) == turn) {
            c.turn = turn;
            *ret = c;
            return true;
        }
    return false;
}

/* Later of two turns, the counter wrapping. */
static bool is_later(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* Takes the newest value of each type over. */
static enum otter_status load(struct otter_journal *j)
{
    uint32_t at = j->now.write_at;
    uint8_t seen[32] = {0}, value[OTTER_VALUE_MAX];
    struct otter_entry entry;

    while (otter_log_older(j, j->now.half, &at, &entry)) {
        uint8_t bit = (uint8_t)(1u << entry.type % 8);
        bool root = entry.type == OTTER_RECORD_ROOT;
        uint32_t len = root ? 8 : entry.len < sizeof(value) ? entry.len : sizeof(value);

        if ((seen[entry.type / 8] & bit) != 0 || (root && (entry.len < 8 || entry.len > OTTER_LEN_ROOT)))
            continue;
        if (otter_log_read(j, j->now.half, &entry, 0, value, len) != OTTER_OK)
            return OTTER_IO_ERROR;
        if (root) {
            j->live.root_version = otter_le64(value);
            j->root_at = entry.at;
            j->root_len = (uint16_t)(entry.len - 8);
        } else if (!otter_value_decode(entry.type, value, (uint16_t)len, &j->live)) {
            continue; /* an older entry of this type may make sense */
        }
        seen[entry.type / 8] |= bit;
    }
    return OTTER_OK;
}

/*
 * A half that is neither older nor blank is a turn that was interrupted; a record in it that is torn might
 * read well at the next boot and make it the current one. So it goes, before anything is acted on.
 */
static enum otter_status discard_interrupted(struct otter_journal *j)
{
    uint8_t other = j->now.half ^ 1u;
    uint32_t turn;

    if (otter_log_half_blank(j, other) ||
        (otter_log_half_marked(j, other, &turn) && is_later(j->now.turn, turn)))
        return OTTER_OK;
    return otter_log_erase(j, other);
}

/* The newest entry might be torn and read well just this once: said again, it is sound. */
static enum otter_status repeat_newest(struct otter_journal *j)
{
    uint32_t at = j->now.write_at, copy_at;
    struct otter_entry newest;
    struct otter_entry_data data = {.copy = &newest, .copy_half = j->now.half};
    enum otter_status status;

    if (!otter_log_older(j, j->now.half, &at, &newest))
        return OTTER_IO_ERROR; /* there is TURNED at least */
    data.len = newest.len;
    status = otter_log_append(j, &j->now, newest.type, &data, &copy_at);
    if (status == OTTER_NO_SPACE)
        return otter_journal_turn(j, &j->live, NULL);
    if (status == OTTER_OK && newest.type == OTTER_RECORD_ROOT && newest.at == j->root_at)
        j->root_at = copy_at;
    return status;
}

static enum otter_status start_blank(struct otter_journal *j)
{
    enum otter_status status;

    j->now = (struct otter_journal_cursor){.half = 1};
    status = otter_journal_turn(j, &j->live, NULL);
    return status == OTTER_OK ? discard_interrupted(j) : status;
}

enum otter_status otter_journal_open(struct otter_journal *j, struct otter_flash *flash)
{
    struct otter_journal_cursor end[2] = {{0}, {0}};
    bool turned[2];
    enum otter_status status;

    memset(j, 0, sizeof(*j));
    j->flash = flash;
    for (uint8_t half = 0; half < 2; half++)
        turned[half] = is_turned(j, half, &end[half]);
    if (!turned[0] && !turned[1])
        return start_blank(j);
    j->now = turned[1] && (!turned[0] || is_later(end[1].turn, end[0].turn)) ? end[1] : end[0];
    status = load(j);
    if (status == OTTER_OK)
        status = discard_interrupted(j);
    if (status == OTTER_OK)
        status = repeat_newest(j);
    return status;
}
