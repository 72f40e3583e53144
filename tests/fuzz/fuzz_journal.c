/*
 * A journal that was written, and then damaged in any way, or by someone who knows how its records are
 * sealed: opening it comes to an end and keeps the rules of flash, what it finds is within its bounds,
 * writing goes on, and what was written is found again.
 */
#include "fuzz.h"

#include "core/bytes.h"
#include "journal/format.h"
#include "journal/journal.h"

#include "ram_flash.h"

struct input {
    const uint8_t *at;
    size_t left;
};

static uint32_t take(struct input *in, unsigned bytes)
{
    uint32_t v = 0;

    while (bytes-- > 0 && in->left > 0) {
        v = v << 8 | *in->at++;
        in->left--;
    }
    return v;
}

static void take_bytes(struct input *in, void *out, size_t len)
{
    size_t n = len < in->left ? len : in->left;

    memset(out, 0, len);
    memcpy(out, in->at, n);
    in->at += n;
    in->left -= n;
}

static void check_live(const struct otter_journal_live *live)
{
    MUST(live->rejected_count <= OTTER_ARRAY_LEN(live->rejected));
    MUST(live->installs_count <= OTTER_ARRAY_LEN(live->installs));
    MUST(live->report_count <= OTTER_ARRAY_LEN(live->report));
    MUST(live->revoked_count <= OTTER_ARRAY_LEN(live->revoked));
    MUST(!live->confirmed.present || live->confirmed.slot <= OTTER_SLOT_B);
    MUST(!live->pending.present || live->pending.slot <= OTTER_SLOT_B);
    MUST(!live->checkpoint.present || live->checkpoint.slot <= OTTER_SLOT_B);
    MUST(memchr(live->token, '\0', sizeof(live->token)) != NULL);
}

/* An entry as the firmware writes it. What flash does not take is no defect here. */
static void write_entry(struct otter_journal *j, struct input *in)
{
    struct otter_digest digest = {{(uint8_t)take(in, 1)}};
    struct otter_confirmed confirmed = {true, OTTER_SLOT_A, digest, take(in, 1), take(in, 1), 3};
    struct otter_held_report report = {111, take(in, 1), OTTER_UPDATE_DOWNLOADING, {take(in, 1)}};
    struct otter_installs installs = {digest, (uint8_t)take(in, 1)};
    struct otter_rejected rejected = {digest, {7}};
    char token[] = "token-0";
    static char payload[OTTER_PAYLOAD_MAX];

    switch (take(in, 1) % 9) {
    case 0:
        (void)otter_journal_set_confirmed(j, &confirmed);
        break;
    case 1:
        (void)otter_journal_add_report(j, &report);
        break;
    case 2:
        (void)otter_journal_set_installs(j, &installs);
        break;
    case 3:
        (void)otter_journal_add_rejected(j, &rejected);
        break;
    case 4:
        (void)otter_journal_add_revoked(j, &digest);
        break;
    case 5:
        memset(payload, 'r', sizeof(payload));
        (void)otter_journal_set_root(j, 2 + take(in, 1), payload, (uint16_t)(take(in, 2) % sizeof(payload)));
        break;
    case 7:
        (void)otter_journal_set_next_secret(j, take(in, 1) % 2 == 0 ? NULL : digest.b);
        break;
    case 8:
        token[6] = (char)('0' + take(in, 1) % 10);
        (void)otter_journal_set_token(j, token);
        break;
    default:
        (void)otter_journal_set_time_floor(j, take(in, 4));
        break;
    }
}

/* A byte of either half as the input wants it; or a whole record, sealed, where one would be written next. */
static void damage(struct ram_flash *f, const struct otter_journal *j, struct input *in, bool sealed)
{
    uint32_t half = ram_flash_map_small.journal_half;
    uint8_t *journal = ram_flash_at(f, ram_flash_map_small.journal_base);
    uint32_t at = j->now.half * half + j->now.write_at;

    if (!sealed) {
        at = take(in, 2) % (2 * half);
        journal[at] = (uint8_t)take(in, 1);
    } else if (at <= 2 * half - OTTER_RECORD_LEN) {
        take_bytes(in, journal + at, OTTER_RECORD_LEN - 4);
        otter_put_le32(journal + at + 4, j->now.serial + 1);
        otter_put_le32(journal + at + OTTER_RECORD_LEN - 4,
                       otter_crc32(0, journal + at, OTTER_RECORD_LEN - 4));
    }
}

/* It goes on: what is written now is there after the next start. */
static void check_use(struct otter_journal *j, struct ram_flash *flash)
{
    static char root[OTTER_PAYLOAD_MAX + 1];
    struct otter_confirmed confirmed = {.present = true, .slot = OTTER_SLOT_B, .sequence = 7};
    uint16_t len;

    check_live(&j->live);
    if (otter_journal_get_root(j, root, &len) == OTTER_OK)
        MUST(len <= OTTER_PAYLOAD_MAX);
    if (otter_journal_set_confirmed(j, &confirmed) != OTTER_OK)
        return;
    MUST(otter_journal_open(j, &flash->flash) == OTTER_OK);
    check_live(&j->live);
    MUST(j->live.confirmed.present && j->live.confirmed.slot == OTTER_SLOT_B &&
         j->live.confirmed.sequence == 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct otter_journal journal = {0};
    struct ram_flash flash;

    if (size > 1024)
        return 0;
    ram_flash_init(&flash, &ram_flash_map_small);
    MUST(otter_journal_open(&journal, &flash.flash) == OTTER_OK);
    while (in.left > 0) {
        switch (take(&in, 1) % 4) {
        case 0:
            damage(&flash, &journal, &in, false);
            break;
        case 1:
            damage(&flash, &journal, &in, true);
            break;
        case 2:
            if (otter_journal_open(&journal, &flash.flash) != OTTER_OK)
                in.left = 0;
            break;
        default:
            write_entry(&journal, &in);
            break;
        }
        if (flash.misuses > 0)
            flash.misuses =
                0; /* a record was put where the open journal writes: for the next start to find */
    }
    if (otter_journal_open(&journal, &flash.flash) == OTTER_OK)
        check_use(&journal, &flash);
    MUST(flash.misuses == 0);
    ram_flash_free(&flash);
    return 0;
}
