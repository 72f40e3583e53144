/* The check of an audit log: what was done to it, and where it says so. */
#include "core/bytes.h"
#include "host/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINES_MAX 16u

/* A log as its lines, the last of which may be its head. */
struct lines {
    unsigned count;
    char text[LINES_MAX][AUDIT_LINE_MAX];
};

struct server {
    struct host_key *key;
    struct lines log;
    struct audit_entry last;
};

static void append(struct server *s, const char *who, const char *act, const char *detail)
{
    struct audit_entry e = {.num = s->last.num + 1,
                            .at = 1800000000,
                            .who = who,
                            .act = act,
                            .subject = "rollout \"3\"\\\n",
                            .detail = detail,
                            .prev = s->last.hash};

    assert_true(audit_seal(&e));
    assert_true(audit_line(&e, s->log.text[s->log.count++]) > 0);
    s->last = e;
}

static void append_key(struct server *s)
{
    char detail[256], b64[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1];
    uint8_t spki[OTTER_SPKI_LEN];

    otter_spki_from_point(host_key_point(s->key), spki);
    otter_b64_encode(spki, sizeof spki, b64);
    (void)snprintf(detail, sizeof detail, "{\"spki\":\"%s\"}", b64);
    append(s, "", AUDIT_ACT_KEY, detail);
}

static void sign_head(const struct server *s, char out[AUDIT_LINE_MAX])
{
    const struct audit_head head = {.num = s->last.num, .hash = s->last.hash, .at = 1800000001};

    assert_true(audit_head_sign(s->key, &head, out, AUDIT_LINE_MAX) > 0);
}

/* Entry 1 names the key, `more` others follow. */
static void begin(struct server *s, unsigned more)
{
    memset(s, 0, sizeof *s);
    s->key = host_key_generate(NULL);
    append_key(s);
    for (unsigned i = 0; i < more; i++)
        append(s, "eve", "rollout-start", "{\"phase\":1}");
}

static void end(struct server *s)
{
    host_key_free(s->key);
}

static void finish(struct server *s)
{
    sign_head(s, s->log.text[s->log.count++]);
}

static enum audit_fault take_all(struct audit_walk *w, const struct lines *log)
{
    enum audit_fault found = AUDIT_GOOD;

    for (unsigned i = 0; i < log->count && found == AUDIT_GOOD; i++)
        found = audit_walk_line(w, log->text[i], strlen(log->text[i]));
    return found;
}

static enum audit_fault walk(struct audit_walk *w, const struct lines *log)
{
    enum audit_fault found = take_all(w, log);

    return found == AUDIT_GOOD ? audit_walk_end(w) : found;
}

static void a_line_comes_back_as_it_was_written(void **state)
{
    struct audit_record *r = malloc(sizeof *r);
    char line[AUDIT_LINE_MAX];
    struct server s;

    (void)state;
    assert_non_null(r);
    begin(&s, 1);
    assert_true(audit_read(s.log.text[1], strlen(s.log.text[1]), r));
    assert_int_equal(r->entry.num, 2);
    assert_string_equal(r->entry.who, "eve");
    assert_string_equal(r->entry.act, "rollout-start");
    assert_string_equal(r->entry.subject, "rollout \"3\"\\\n");
    assert_string_equal(r->entry.detail, "{\"phase\":1}");
    assert_memory_equal(r->made.b, s.last.hash.b, OTTER_DIGEST_LEN);
    assert_true(audit_line(&r->entry, line) > 0);
    assert_string_equal(line, s.log.text[1]);
    free(r);
    end(&s);
}

/* What is done to a log of a key, four entries and a head: lines 1 to 6. */
static void nothing(struct lines *l)
{
    (void)l;
}

static void drop_line(struct lines *l, unsigned i)
{
    memmove(l->text[i], l->text[i + 1], (size_t)(l->count - i - 1) * AUDIT_LINE_MAX);
    l->count--;
}

static void insert_line(struct lines *l, unsigned i, const char *text)
{
    memmove(l->text[i + 1], l->text[i], (size_t)(l->count - i) * AUDIT_LINE_MAX);
    (void)snprintf(l->text[i], AUDIT_LINE_MAX, "%s", text);
    l->count++;
}

static void swap_lines(struct lines *l, unsigned a, unsigned b)
{
    char kept[AUDIT_LINE_MAX];

    memcpy(kept, l->text[a], AUDIT_LINE_MAX);
    memcpy(l->text[a], l->text[b], AUDIT_LINE_MAX);
    memcpy(l->text[b], kept, AUDIT_LINE_MAX);
}

static void change_who(struct lines *l)
{
    memcpy(strstr(l->text[2], "eve"), "adam", 3);
}

static void drop_third(struct lines *l)
{
    drop_line(l, 2);
}

static void drop_first(struct lines *l)
{
    drop_line(l, 0);
}

static void drop_fifth(struct lines *l)
{
    drop_line(l, 4);
}

static void drop_last_two_with_head(struct lines *l)
{
    l->count = 4;
}

static void drop_head(struct lines *l)
{
    l->count--;
}

static void swap_second_and_third(struct lines *l)
{
    swap_lines(l, 1, 2);
}

static void repeat_third(struct lines *l)
{
    insert_line(l, 3, l->text[2]);
}

/* A forged entry, rightly hashed and chained, with those behind it as they were. */
static void insert_forged(struct lines *l)
{
    struct audit_record *r = malloc(sizeof *r);
    char line[AUDIT_LINE_MAX];

    assert_non_null(r);
    assert_true(audit_read(l->text[2], strlen(l->text[2]), r));
    r->entry.who = "mallory";
    assert_true(audit_seal(&r->entry));
    assert_true(audit_line(&r->entry, line) > 0);
    (void)snprintf(l->text[2], AUDIT_LINE_MAX, "%s", line);
    free(r);
}

static void insert_garbage(struct lines *l)
{
    insert_line(l, 2, "{}");
}

static void insert_empty(struct lines *l)
{
    insert_line(l, 2, "");
}

static void append_behind_head(struct lines *l)
{
    insert_line(l, l->count, l->text[4]);
}

static void space_in_json(struct lines *l)
{
    char line[AUDIT_LINE_MAX];

    (void)snprintf(line, sizeof line, "{ %s", l->text[2] + 1);
    memcpy(l->text[2], line, sizeof line);
}

static void each_thing_done_to_a_log_is_found_where_it_was_done(void **state)
{
    static const struct {
        const char *name;
        void (*spoil)(struct lines *l);
        enum audit_fault fault;
        unsigned line; /* 0: at the end */
    } rows[] = {
        {"nothing", nothing, AUDIT_GOOD, 0},
        {"a name changed", change_who, AUDIT_CHANGED, 3},
        {"an entry dropped", drop_third, AUDIT_MISSING, 3},
        {"the first entry dropped", drop_first, AUDIT_STRANGE_KEY, 5},
        {"the newest entry dropped", drop_fifth, AUDIT_CUT, 5},
        {"the end cut off with its head", drop_last_two_with_head, AUDIT_NO_HEAD, 0},
        {"the head dropped", drop_head, AUDIT_NO_HEAD, 0},
        {"two entries in each other's place", swap_second_and_third, AUDIT_MISSING, 2},
        {"an entry twice", repeat_third, AUDIT_MISPLACED, 4},
        {"an entry of somebody else's making", insert_forged, AUDIT_UNCHAINED, 4},
        {"a line that is none", insert_garbage, AUDIT_NO_ENTRY, 3},
        {"an empty line", insert_empty, AUDIT_NO_ENTRY, 3},
        {"an entry behind the head", append_behind_head, AUDIT_NO_ENTRY, 7},
        {"the same JSON otherwise", space_in_json, AUDIT_NO_ENTRY, 3},
    };

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct audit_walk w = {.key = NULL};
        enum audit_fault found;
        struct server s;

        begin(&s, 4);
        finish(&s);
        rows[i].spoil(&s.log);
        found = walk(&w, &s.log);
        if (found != rows[i].fault || (rows[i].line && w.line != rows[i].line))
            fail_msg("%s: %s at line %u, not %s at line %u", rows[i].name, audit_fault_name(found),
                     (unsigned)w.line, audit_fault_name(rows[i].fault), rows[i].line);
        end(&s);
    }
}

/* Each bit of each entry; of the head every eighth, since each costs a signature. */
static void each_flipped_bit_is_found_in_its_line(void **state)
{
    struct server s;

    (void)state;
    begin(&s, 2);
    finish(&s);
    for (unsigned line = 0; line < s.log.count; line++)
        for (size_t bit = 0; bit < strlen(s.log.text[line]) * 8; bit += line + 1 < s.log.count ? 1 : 7) {
            struct audit_walk w = {.key = NULL};
            size_t len = strlen(s.log.text[line]);
            enum audit_fault found = AUDIT_GOOD;

            s.log.text[line][bit / 8] = (char)(s.log.text[line][bit / 8] ^ 1 << bit % 8);
            for (unsigned i = 0; i < s.log.count && found == AUDIT_GOOD; i++)
                found = audit_walk_line(&w, s.log.text[i], i == line ? len : strlen(s.log.text[i]));
            if (found == AUDIT_GOOD || w.line != line + 1)
                fail_msg("bit %zu of line %u: %s at line %u", bit, line + 1, audit_fault_name(found),
                         (unsigned)w.line);
            s.log.text[line][bit / 8] = (char)(s.log.text[line][bit / 8] ^ 1 << bit % 8);
        }
    end(&s);
}

/* ---- heads that were kept ---- */

static void a_head_from_before_is_an_ancestor_or_it_is_said(void **state)
{
    static const struct {
        const char *name;
        unsigned kept_at, cut_to; /* entries when the head was kept; when a backup was put back (0: never) */
        enum audit_fault fault;
    } rows[] = {{"an ancestor", 3, 0, AUDIT_GOOD},
                {"the log's own end", 5, 0, AUDIT_GOOD},
                {"a backup from before the head, with as many entries since", 4, 2, AUDIT_OTHER_HEAD},
                {"a backup from before the head, with fewer", 5, 2, AUDIT_CUT}};

    (void)state;
    for (unsigned i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct audit_walk w = {.key = NULL};
        char kept[AUDIT_LINE_MAX];
        struct audit_entry back = {0};
        struct server s;
        enum audit_fault found;

        begin(&s, 0);
        while (s.last.num < 5) {
            append(&s, "eve", "freeze", "{}");
            if (s.last.num == rows[i].cut_to)
                back = s.last;
            if (s.last.num == rows[i].kept_at)
                sign_head(&s, kept);
        }
        if (rows[i].cut_to) {
            s.last = back;
            s.log.count = rows[i].cut_to;
            append(&s, "", "restore", "{}");
            append(&s, "eve", "freeze", "{}");
        }
        finish(&s);
        assert_true(audit_walk_know(&w, "kept.json", kept, strlen(kept)));
        found = walk(&w, &s.log);
        if (found != rows[i].fault)
            fail_msg("%s: %s, not %s", rows[i].name, audit_fault_name(found),
                     audit_fault_name(rows[i].fault));
        end(&s);
    }
}

static void a_kept_head_stands_in_for_the_one_at_the_end(void **state)
{
    struct audit_walk w = {.key = NULL};
    char kept[AUDIT_LINE_MAX];
    struct server s;

    (void)state;
    begin(&s, 2);
    sign_head(&s, kept);
    append(&s, "eve", "freeze", "{}");
    assert_true(audit_walk_know(&w, "kept.json", kept, strlen(kept)));
    assert_int_equal(walk(&w, &s.log), AUDIT_GOOD);
    end(&s);
}

static void another_servers_log_is_told_by_key_and_by_head(void **state)
{
    struct audit_walk by_key = {.key = NULL}, by_head = {.key = NULL}, right = {.key = NULL};
    struct server ours, other;
    char kept[AUDIT_LINE_MAX];

    (void)state;
    begin(&ours, 2);
    begin(&other, 2);
    sign_head(&ours, kept);
    finish(&other);
    by_key.key = host_key_point(ours.key);
    assert_int_equal(walk(&by_key, &other.log), AUDIT_STRANGE_KEY);
    assert_true(audit_walk_know(&by_head, "kept.json", kept, strlen(kept)));
    assert_int_equal(walk(&by_head, &other.log), AUDIT_OTHER_HEAD);
    right.key = host_key_point(other.key);
    assert_int_equal(walk(&right, &other.log), AUDIT_GOOD);
    end(&ours);
    end(&other);
}

/* Who has no key makes the whole log anew, names his own key in it as otterd would, and signs with that. */
static void a_log_made_anew_is_told_by_the_key_that_is_known(void **state)
{
    struct audit_walk by_key = {.key = NULL}, unknown = {.key = NULL};
    struct host_key *mine;
    struct server s;

    (void)state;
    begin(&s, 2);
    mine = s.key;
    s.key = host_key_generate(NULL);
    append_key(&s);
    finish(&s);
    by_key.key = host_key_point(mine);
    assert_int_equal(walk(&by_key, &s.log), AUDIT_STRANGE_KEY);
    assert_int_equal(walk(&unknown, &s.log), AUDIT_GOOD); /* it is a log, whoever's */
    host_key_free(mine);
    end(&s);
}

static void a_new_key_counts_from_its_entry_on(void **state)
{
    struct audit_walk w = {.key = NULL}, early = {.key = NULL};
    struct host_key *old;
    char kept[AUDIT_LINE_MAX];
    struct server s;

    (void)state;
    begin(&s, 1);
    sign_head(&s, kept);
    old = s.key;
    s.key = host_key_generate(NULL);
    finish(&s); /* by a key that no entry names */
    assert_int_equal(walk(&early, &s.log), AUDIT_STRANGE_KEY);
    s.log.count--;
    append_key(&s);
    finish(&s);
    assert_true(audit_walk_know(&w, "kept.json", kept, strlen(kept)));
    w.key = host_key_point(s.key);
    assert_int_equal(walk(&w, &s.log), AUDIT_GOOD);
    assert_int_equal(w.key_count, 2);
    host_key_free(old);
    end(&s);
}

/* An operator can name things as he likes: that makes no key of them. */
static void an_operators_act_names_no_key(void **state)
{
    struct audit_walk w = {.key = NULL};
    struct server s, mallory;

    (void)state;
    begin(&s, 1);
    begin(&mallory, 0);
    (void)snprintf(mallory.log.text[0], AUDIT_LINE_MAX, "%s", strstr(mallory.log.text[0], "{\"spki\""));
    *strchr(mallory.log.text[0] + 1, '}') = '\0';
    strcat(mallory.log.text[0], "}");
    append(&s, "mallory", AUDIT_ACT_KEY, mallory.log.text[0]);
    sign_head(&s, s.log.text[s.log.count++]);
    assert_int_equal(walk(&w, &s.log), AUDIT_GOOD);
    assert_int_equal(w.key_count, 1);
    end(&mallory);
    end(&s);
}

/* ---- files one after the other, and a log whose beginning was archived ---- */

static void append_prune(struct server *s, const struct audit_entry *through)
{
    char detail[512], hex[OTTER_DIGEST_HEX + 1], b64[OTTER_B64_LEN(OTTER_SPKI_LEN) + 1];
    uint8_t spki[OTTER_SPKI_LEN];

    otter_spki_from_point(host_key_point(s->key), spki);
    otter_b64_encode(spki, sizeof spki, b64);
    otter_hex_encode(through->hash.b, OTTER_DIGEST_LEN, hex);
    (void)snprintf(detail, sizeof detail, "{\"through\":%d,\"hash\":\"%s\",\"spki\":\"%s\"}",
                   (int)through->num, hex, b64);
    append(s, "eve", AUDIT_ACT_PRUNE, detail);
}

/* `archive`: all up to entry 4; `s->log` from then on: entries 3 to 6 with the cut behind entry 2. */
static void archive(struct server *s, struct lines *ret)
{
    struct audit_entry second;

    begin(s, 1);
    second = s->last;
    append(s, "eve", "freeze", "{}");
    append(s, "eve", "unfreeze", "{}");
    *ret = s->log;
    sign_head(s, ret->text[ret->count++]);
    append_prune(s, &second);
    append(s, "eve", "freeze", "{}");
    drop_line(&s->log, 0);
    drop_line(&s->log, 0);
    finish(s);
}

static void a_log_goes_on_where_its_archive_ends_and_stands_alone(void **state)
{
    struct audit_walk both = {.key = NULL}, alone = {.key = NULL}, gap = {.key = NULL};
    struct lines first;
    struct server s;

    (void)state;
    archive(&s, &first);
    assert_int_equal(walk(&alone, &s.log), AUDIT_GOOD);
    assert_int_equal(take_all(&both, &first), AUDIT_GOOD);
    audit_walk_next_file(&both);
    assert_int_equal(walk(&both, &s.log), AUDIT_GOOD);
    assert_int_equal(both.entries, 6);
    first.count = 1;
    assert_int_equal(take_all(&gap, &first), AUDIT_GOOD);
    audit_walk_next_file(&gap);
    assert_int_equal(walk(&gap, &s.log), AUDIT_MISSING);
    end(&s);
}

/* Its entries would be held against nothing: they end before the place where the two meet. */
static void a_file_between_two_that_ends_too_early_is_refused(void **state)
{
    struct audit_walk w = {.key = NULL};
    struct lines first;
    struct server s, forged;

    (void)state;
    archive(&s, &first);
    begin(&forged, 1);
    assert_int_equal(take_all(&w, &first), AUDIT_GOOD);
    audit_walk_next_file(&w);
    assert_int_equal(take_all(&w, &forged.log), AUDIT_GOOD);
    audit_walk_next_file(&w);
    assert_int_equal(walk(&w, &s.log), AUDIT_CUT);
    end(&forged);
    end(&s);
}

static void a_log_that_begins_late_without_a_word_is_refused(void **state)
{
    struct audit_walk w = {.key = NULL};
    struct lines first;
    struct server s;

    (void)state;
    archive(&s, &first);
    drop_line(&s.log, 0); /* one more than was archived */
    assert_int_equal(walk(&w, &s.log), AUDIT_BEGINS_LATE);
    end(&s);
}

static void what_is_longer_than_its_bound_is_not_written(void **state)
{
    char who[AUDIT_WHO_MAX + 2], line[AUDIT_LINE_MAX];
    struct audit_entry e = {.num = 1, .who = who, .act = "a", .subject = "", .detail = "{}"};

    (void)state;
    memset(who, 'w', sizeof who);
    who[sizeof who - 1] = '\0';
    assert_false(audit_seal(&e));
    assert_int_equal(audit_line(&e, line), 0);
    who[AUDIT_WHO_MAX] = '\0';
    assert_true(audit_seal(&e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_comes_back_as_it_was_written),
        cmocka_unit_test(each_thing_done_to_a_log_is_found_where_it_was_done),
        cmocka_unit_test(each_flipped_bit_is_found_in_its_line),
        cmocka_unit_test(a_head_from_before_is_an_ancestor_or_it_is_said),
        cmocka_unit_test(a_kept_head_stands_in_for_the_one_at_the_end),
        cmocka_unit_test(another_servers_log_is_told_by_key_and_by_head),
        cmocka_unit_test(a_log_made_anew_is_told_by_the_key_that_is_known),
        cmocka_unit_test(a_new_key_counts_from_its_entry_on),
        cmocka_unit_test(an_operators_act_names_no_key),
        cmocka_unit_test(a_log_goes_on_where_its_archive_ends_and_stands_alone),
        cmocka_unit_test(a_file_between_two_that_ends_too_early_is_refused),
        cmocka_unit_test(a_log_that_begins_late_without_a_word_is_refused),
        cmocka_unit_test(what_is_longer_than_its_bound_is_not_written),
    };

    return cmocka_run_group_tests_name("host/audit", tests, NULL, NULL);
}
