#include "core/bytes.h"
#include "journal/write.h"

#include <string.h>

/* A half as open() finds it, each entry judged by one reading: another might come out differently. */
struct found_half {
    bool turned; /* its log says that the live set in it is whole */
    struct otter_journal_cursor end;
    struct otter_entry newest;
};

static void examine(struct otter_journal *j, uint8_t half, struct found_half *ret)
{
    uint32_t at, turn;
    struct otter_entry entry;
    uint8_t data[4];
    bool any;

    memset(ret, 0, sizeof(*ret));
    if (!otter_log_half_marked(j, half, &turn))
        return;
    any = otter_log_find_end(j, half, &ret->end, &ret->newest);
    ret->end.turn = turn;
    for (entry = ret->newest; any && !ret->turned; any = otter_log_older(j, half, &at, &entry)) {
        ret->turned = entry.type == OTTER_RECORD_TURNED && entry.len == sizeof(data) &&
                      otter_log_read(j, half, &entry, 0, data, sizeof(data)) == OTTER_OK &&
                      otter_le32(data) == turn;
        at = otter_log_before(&entry);
    }
}

/* Later of two turns, the counter wrapping. */
static bool is_later(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* Takes the newest value of each type over. */
static void load(struct otter_journal *j)
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
        if (!otter_log_read_whole(j, j->now.half, &entry, value, len))
            continue; /* torn, and on the way to being turned away from: settle() found no room */
        if (root) {
            j->live.root_version = otter_le64(value);
            j->root_at = entry.at;
            j->root_len = (uint16_t)(entry.len - 8);
        } else if (!otter_value_decode(entry.type, value, (uint16_t)len, &j->live)) {
            continue; /* an older entry of this type may make sense */
        }
        seen[entry.type / 8] |= bit;
    }
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

static enum otter_status append_turned(struct otter_journal *j)
{
    uint8_t turn[4];
    const struct otter_entry_data data = {.head = turn, .head_len = sizeof(turn), .len = sizeof(turn)};

    otter_put_le32(turn, j->now.turn);
    return otter_log_append(j, &j->now, OTTER_RECORD_TURNED, &data, NULL);
}

/*
 * The newest entry might be torn and read well just this once: said again, it is sound. The gap of the new
 * one leads past the old one and all that the old one led past: once that reads wrong, nothing else would. If
 * it reads wrong by now it leads past nothing, and the one before it is the newest.
 */
static enum otter_status repeat_newest(struct otter_journal *j, struct otter_entry newest)
{
    for (;;) {
        struct otter_entry_data data = {.copy = &newest, .copy_half = j->now.half, .len = newest.len};
        uint32_t at = newest.at;
        enum otter_status status;

        j->now.valid_end = otter_log_before(&newest);
        if (newest.type == OTTER_RECORD_SETTLED)
            return OTTER_OK;
        /* By what we know: it is why this half was chosen. */
        if (newest.type == OTTER_RECORD_TURNED)
            return append_turned(j);
        status = otter_log_append(j, &j->now, newest.type, &data, NULL);
        if (status != OTTER_IO_ERROR)
            return status;
        if (!otter_log_older(j, j->now.half, &at, &newest))
            return OTTER_IO_ERROR;
    }
}

/*
 * SETTLED is written when what it follows is whole: it speaks the truth however torn it may be itself, as
 * long as nothing hangs on its gap. With one, it is said again without.
 */
static enum otter_status append_settled(struct otter_journal *j)
{
    static const struct otter_entry_data nothing;
    enum otter_status status;
    uint32_t before;

    do {
        before = j->now.valid_end;
        status = otter_log_append(j, &j->now, OTTER_RECORD_SETTLED, &nothing, NULL);
    } while (status == OTTER_OK && j->now.valid_end - before > OTTER_RECORD_LEN);
    return status;
}

/* Leaves nothing in doubt. The gap of SETTLED covers what is torn behind an earlier one. */
static enum otter_status settle(struct otter_journal *j, const struct otter_entry *newest)
{
    enum otter_status status;

    if (newest->type == OTTER_RECORD_SETTLED && newest->end == j->now.write_at && newest->gap == 0)
        return OTTER_OK;
    status = repeat_newest(j, *newest);
    return status == OTTER_OK ? append_settled(j) : status;
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
    struct found_half found[2];
    enum otter_status status;
    uint8_t half;

    memset(j, 0, sizeof(*j));
    j->flash = flash;
    examine(j, 0, &found[0]);
    examine(j, 1, &found[1]);
    if (!found[0].turned && !found[1].turned)
        return start_blank(j);
    half = found[1].turned && (!found[0].turned || is_later(found[1].end.turn, found[0].end.turn));
    j->now = found[half].end;
    status = discard_interrupted(j);
    if (status != OTTER_OK)
        return status;
    /* Read what counts when it is settled. Without room for that it is settled by the turn. */
    status = settle(j, &found[half].newest);
    load(j);
    return status == OTTER_NO_SPACE ? otter_journal_turn(j, &j->live, NULL) : status;
}
