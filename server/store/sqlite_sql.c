#include "store/sqlite_internal.h"

#define ATTEMPT_COLUMNS                                                                                      \
    "id, device, rollout, phase, state, reason, detail, slot, bytes, step, created, updated, finished, "     \
    "retry, served, served_updated"
#define ROLLOUT_COLUMNS                                                                                      \
    "id, seed, name, release, target, state, auto, priority, phase, created, started, finished, plan,"       \
    " state_reason, state_at, created_by, approved_by, approved_phase, parent, child, through_at,"           \
    " resumed_at"
#define RELEASE_COLUMNS                                                                                      \
    "num, id, product, epoch, sequence, published, signature_checked, envelope, withdrawn,"                  \
    " withdrawn_reason, pruned"
#define MARK_COLUMNS    "device, held, held_reason, pinned, pin, retired, retired_reason, revoked"
#define REQUEST_COLUMNS "id, token_hash, sealed, product, hardware, address, fleet_key, first, last, times"
#define DEVICE_COLUMNS                                                                                       \
    "num, id, product, hardware, token_hash, sealed, tags, own_attrs, operator_attrs, created"

const char *const store_sqlite_sql[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVEPOINT] = "SAVEPOINT call",
    [SQL_RELEASE] = "RELEASE call",
    [SQL_UNDO] = "ROLLBACK TO call",
    [SQL_META_GET] = "SELECT value FROM meta WHERE name = ?",
    [SQL_META_PUT] = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [SQL_ROOT_ADD] = "INSERT INTO roots (version, envelope, published) VALUES (?, ?, ?)",
    [SQL_ROOT_GET] = "SELECT version, envelope, published FROM roots WHERE version = ?",
    [SQL_ROOTS] = "SELECT version, envelope, published FROM roots ORDER BY version",
    [SQL_RELEASE_ADD] =
        "INSERT INTO releases (id, product, epoch, sequence, published, signature_checked, envelope)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
    [SQL_RELEASE_GET] = "SELECT " RELEASE_COLUMNS " FROM releases WHERE id = ?",
    [SQL_RELEASES] = "SELECT " RELEASE_COLUMNS " FROM releases ORDER BY num",
    [SQL_RELEASE_UPDATE] =
        "UPDATE releases SET withdrawn = ?, withdrawn_reason = ?, pruned = ? WHERE num = ?",
    [SQL_IMAGE_ADD] = "INSERT INTO release_images (release, slot, link, size, sha256) VALUES (?, ?, ?, ?, ?)",
    [SQL_KEY_ADD] = "INSERT INTO image_keys (product, kid, spki, created) VALUES (?, ?, ?, ?)",
    [SQL_KEYS] = "SELECT product, kid, spki, created FROM image_keys WHERE ?1 IS NULL OR product = ?1"
                 " ORDER BY product, kid",
    [SQL_ROLLOUT_ADD] =
        "INSERT INTO rollouts (seed, name, release, target, state, auto, priority, phase, created,"
        " started, finished, plan, created_by, parent, state_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_ROLLOUT_UPDATE] =
        "UPDATE rollouts SET state = ?, phase = ?, started = ?, finished = ?, state_reason = ?, state_at = ?,"
        " approved_by = ?, approved_phase = ?, child = ?, through_at = ?, resumed_at = ?"
        " WHERE id = ?",
    [SQL_ROLLOUT_GET] = "SELECT " ROLLOUT_COLUMNS " FROM rollouts WHERE id = ?",
    [SQL_ROLLOUTS] = "SELECT " ROLLOUT_COLUMNS " FROM rollouts ORDER BY id",
    [SQL_PHASE_PUT] =
        "INSERT OR REPLACE INTO phases (rollout, number, percent, upto, devices, widened, opened,"
        " completed, acknowledged, warned) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_PHASES] = "SELECT percent, upto, devices, widened, opened, completed, acknowledged, warned"
                   " FROM phases WHERE rollout = ? ORDER BY number",
    [SQL_ROLLOUT_EVENT_ADD] =
        "INSERT INTO rollout_events (rollout, at, kind, who, detail) VALUES (?, ?, ?, ?, ?)",
    [SQL_ROLLOUT_EVENTS] =
        "SELECT num, rollout, at, kind, who, detail FROM rollout_events WHERE num > ? ORDER BY num",
    [SQL_ROLLOUT_EVENTS_OF] = "SELECT num, rollout, at, kind, who, detail FROM rollout_events"
                              " WHERE num > ? AND rollout = ? ORDER BY num",
    [SQL_MEMBERS_PUT] = "INSERT OR REPLACE INTO rollout_members (rollout, bits) VALUES (?, ?)",
    [SQL_MEMBERS_GET] = "SELECT rollout, bits FROM rollout_members WHERE rollout = ?",
    [SQL_GROUP_PUT] =
        "INSERT INTO groups (name, target, poll_interval, created, updated) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET target = excluded.target,"
        " poll_interval = excluded.poll_interval, updated = excluded.updated",
    [SQL_GROUP_DELETE] = "DELETE FROM groups WHERE name = ?",
    [SQL_GROUPS] = "SELECT name, target, poll_interval, created, updated FROM groups ORDER BY name",
    [SQL_OPERATOR_PUT] = "INSERT INTO operators (name, created, disabled) VALUES (?, ?, ?)"
                         " ON CONFLICT (name) DO UPDATE SET disabled = excluded.disabled",
    [SQL_OPERATOR_DELETE] = "DELETE FROM operators WHERE name = ?",
    [SQL_OPERATOR_GRANTS_DELETE] = "DELETE FROM operator_grants WHERE operator = ?",
    [SQL_OPERATOR_TOKENS_DELETE] = "DELETE FROM operator_tokens WHERE operator = ?",
    [SQL_OPERATORS] = "SELECT name, created, disabled FROM operators ORDER BY name",
    [SQL_GRANT_PUT] = "INSERT INTO operator_grants (operator, role, product) VALUES (?, ?, ?)"
                      " ON CONFLICT DO NOTHING",
    [SQL_GRANT_DELETE] = "DELETE FROM operator_grants WHERE operator = ? AND role = ? AND product = ?",
    [SQL_GRANTS] = "SELECT operator, role, product FROM operator_grants ORDER BY operator, product, role",
    [SQL_TOKEN_ADD] = "INSERT INTO operator_tokens (operator, label, hash, parent, created, expires, used)"
                      " VALUES (?, ?, ?, ?, ?, ?, ?)",
    [SQL_TOKEN_DELETE] = "DELETE FROM operator_tokens WHERE num IN (WITH RECURSIVE made (n) AS"
                         " (SELECT ? UNION SELECT num FROM operator_tokens JOIN made ON parent = n)"
                         " SELECT n FROM made)",
    [SQL_TOKEN_USED] = "UPDATE operator_tokens SET used = max(used, ?2) WHERE num = ?1",
    [SQL_TOKENS] = "SELECT num, operator, label, hash, parent, created, expires, used FROM operator_tokens"
                   " ORDER BY num",
    [SQL_DEVICE_ADD] = "INSERT INTO devices (id, product, hardware, token_hash, sealed, tags, own_attrs,"
                       " operator_attrs, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_DEVICE_GET] = "SELECT " STORE_TAKE "(" DEVICE_COLUMNS ") FROM devices WHERE id = ?",
    [SQL_DEVICE_LABELS] = "UPDATE devices SET tags = ?, own_attrs = ?, operator_attrs = ? WHERE num = ?",
    [SQL_DEVICE_TOKEN] = "UPDATE devices SET token_hash = ?, sealed = ? WHERE num = ?",
    [SQL_SECOND_PUT] =
        "INSERT OR REPLACE INTO device_tokens (device, asked, token_hash, sealed) VALUES (?, ?, ?, ?)",
    [SQL_SECOND_GET] = "SELECT device, asked, token_hash, sealed FROM device_tokens WHERE device = ?",
    [SQL_SECOND_DELETE] = "DELETE FROM device_tokens WHERE device = ?",
    [SQL_SECONDS] = "SELECT device, asked, token_hash, sealed FROM device_tokens ORDER BY device",
    [SQL_REQUEST_PUT] =
        "INSERT OR REPLACE INTO device_requests (" REQUEST_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_REQUEST_DELETE] = "DELETE FROM device_requests WHERE id = ?1 AND product = ifnull(?2, product)",
    [SQL_REQUESTS_FORGET] = "DELETE FROM device_requests WHERE last < ?",
    [SQL_REQUESTS] = "SELECT " REQUEST_COLUMNS " FROM device_requests ORDER BY id, first, token_hash",
    [SQL_FLEET_KEY_ADD] = "INSERT INTO fleet_keys (id, product, sealed, created) VALUES (?, ?, ?, ?)",
    [SQL_FLEET_KEY_DELETE] = "DELETE FROM fleet_keys WHERE id = ?",
    [SQL_FLEET_KEYS] = "SELECT id, product, sealed, created FROM fleet_keys ORDER BY product, created, id",
    [SQL_STATE_ADD] =
        "INSERT INTO device_states (device, version, sha256, slot, confirmed, epoch,"
        " sequence, root, stale, first_seen, last_seen, refused) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_STATE_UPDATE] =
        "UPDATE device_states SET version = ?2, sha256 = ?3, slot = ?4, confirmed = ?5, epoch = ?6,"
        " sequence = ?7, root = ?8, stale = ?9, first_seen = ?10, last_seen = ?11, refused = ?12 WHERE "
        "device = ?1",
    /* Both tables rise by device: the join goes along both at once, and by no index, so that rows come by
       num. */
    [SQL_FLEET] =
        "SELECT " STORE_TAKE "(" DEVICE_COLUMNS
        ", device, version, sha256, slot, confirmed, epoch, sequence, root,"
        " stale, first_seen, last_seen, refused)"
        " FROM devices NOT INDEXED LEFT JOIN device_states ON device = num WHERE num BETWEEN ? AND ?",
    [SQL_FLEET_SIZE] = "SELECT max(num) FROM devices",
    [SQL_MARKS_PUT] =
        "INSERT OR REPLACE INTO device_marks (" MARK_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_MARKS_DROP] = "DELETE FROM device_marks WHERE device = ?",
    [SQL_MARKS_GET] = "SELECT " MARK_COLUMNS " FROM device_marks WHERE device = ?",
    [SQL_MARKS] = "SELECT " MARK_COLUMNS " FROM device_marks ORDER BY device",
    [SQL_DEVICE_EVENT_ADD] = "INSERT INTO device_events (device, at, kind, detail) VALUES (?, ?, ?, ?)",
    [SQL_TIMELINE] =
        "SELECT * FROM ("
        "SELECT created AS at, 0 AS source, 0 AS number, 'enrolled' AS kind, '' AS detail, 0, 0, NULL, NULL, "
        "0"
        " FROM devices WHERE num = ?1"
        " UNION ALL SELECT ?2, 0, 1, 'first-seen', '', 0, 0, NULL, NULL, 0 WHERE ?2 > 0"
        " UNION ALL SELECT e.at, 1, e.rowid, 'attempt', e.detail, e.attempt, e.step, e.state, e.reason,"
        " a.rollout FROM attempts AS a JOIN attempt_events AS e ON e.attempt = a.id WHERE a.device = ?1"
        " UNION ALL SELECT at, 2, num, kind, detail, 0, 0, NULL, NULL, 0 FROM device_events WHERE device = "
        "?1)"
        " WHERE (at, source, number) > (?3, ?4, ?5) ORDER BY at, source, number",
    [SQL_FREEZE_PUT] = "INSERT OR REPLACE INTO freeze (one, since, reason) VALUES (1, ?, ?)",
    [SQL_FREEZE_GET] = "SELECT since, reason FROM freeze WHERE one = 1",
    [SQL_ATTEMPT_ADD] =
        "INSERT INTO attempts (device, rollout, phase, state, reason, detail, slot, bytes, step,"
        " created, updated, finished, served, served_updated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_ATTEMPT_UPDATE] =
        "UPDATE attempts SET state = ?, reason = ?, detail = ?, bytes = ?, step = ?, updated = ?,"
        " finished = ?, retry = ?, served_updated = ? WHERE id = ?",
    [SQL_ATTEMPT_GET] = "SELECT " ATTEMPT_COLUMNS " FROM attempts WHERE id = ?",
    [SQL_ATTEMPT_NEWEST] =
        "SELECT " ATTEMPT_COLUMNS " FROM attempts WHERE device = ? ORDER BY id DESC LIMIT 1",
    /* The plus keeps it to the device's few: by the rollout's index every grant would read all of them. */
    [SQL_ATTEMPT_IN] = "SELECT " ATTEMPT_COLUMNS " FROM attempts WHERE device = ? AND +rollout = ?"
                       " ORDER BY id DESC LIMIT 1",
    [SQL_ATTEMPTS_NEWEST] =
        "SELECT " ATTEMPT_COLUMNS " FROM attempts JOIN"
        " (SELECT max(id) AS newest FROM attempts WHERE device BETWEEN ? AND ? GROUP BY device)"
        " ON id = newest",
    [SQL_ATTEMPTS] = "SELECT " ATTEMPT_COLUMNS " FROM attempts WHERE id > ? ORDER BY id",
    [SQL_ATTEMPTS_OF_ROLLOUT] =
        "SELECT " ATTEMPT_COLUMNS " FROM attempts WHERE id > ? AND rollout = ? ORDER BY id",
    [SQL_ATTEMPTS_OF_DEVICE] =
        "SELECT " ATTEMPT_COLUMNS " FROM attempts WHERE id > ? AND device = ? ORDER BY id",
    [SQL_PARTS] = "SELECT device, retry FROM attempts WHERE rollout = ? ORDER BY id",
    /* Backwards from the newest by the index (rollout, id), and no further than it has to. */
    [SQL_ATTEMPTS_SINCE] =
        "SELECT " ATTEMPT_COLUMNS " FROM attempts WHERE rollout = ?1 AND id > coalesce((SELECT id FROM"
        " attempts WHERE rollout = ?1 AND created < ?2 ORDER BY id DESC LIMIT 1), 0) ORDER BY id",
    /* By the index of open attempts, whose condition this one repeats. */
    [SQL_ATTEMPTS_OPEN] = "SELECT " ATTEMPT_COLUMNS " FROM attempts INDEXED BY attempts_open"
                          " WHERE finished = 0 ORDER BY id",
    [SQL_LOSSES] = "SELECT state, reason, updated, retry FROM attempts WHERE device = ? ORDER BY id DESC",
    [SQL_LOSSES_IN] = "SELECT state, reason, updated, retry FROM attempts WHERE device = ? AND +rollout = ?"
                      " ORDER BY id DESC",
    [SQL_EVENT_ADD] = "INSERT INTO attempt_events (attempt, step, at, state, reason, detail)"
                      " VALUES (?, nullif(?, 0), ?, ?, ?, ?)",
    [SQL_EVENTS] = "SELECT attempt, step, at, state, reason, detail FROM attempt_events WHERE attempt = ?"
                   " ORDER BY rowid",
    [SQL_COUNT_ADD] = "INSERT INTO attempt_counts (rollout, phase, state, reason, n) VALUES (?, ?, ?, ?, ?)"
                      " ON CONFLICT DO UPDATE SET n = n + excluded.n",
    [SQL_COUNTS] = "SELECT phase, state, reason, n FROM attempt_counts WHERE rollout = ? AND n > 0",
    [SQL_ANSWER_PUT] =
        "INSERT INTO answers (key, at, request, status, created, body) VALUES (?, ?, ?, ?, ?, ?)",
    [SQL_ANSWER_GET] = "SELECT request, status, created, body FROM answers WHERE key = ?",
    [SQL_ANSWERS_FORGET] = "DELETE FROM answers WHERE at < ?",
    [SQL_AUDIT_ADD] = "INSERT INTO audit (" STORE_AUDIT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [SQL_AUDIT] = "SELECT " STORE_AUDIT_COLUMNS " FROM audit WHERE num > ? ORDER BY num",
    [SQL_AUDIT_BACK] = "SELECT " STORE_AUDIT_COLUMNS " FROM audit WHERE num < ? ORDER BY num DESC",
    [SQL_AUDIT_GET] = "SELECT " STORE_AUDIT_COLUMNS " FROM audit WHERE num = ?",
    /* By the index of those few entries, whose condition this one repeats. */
    [SQL_AUDIT_NOTICE] = "SELECT " STORE_AUDIT_COLUMNS " FROM audit INDEXED BY audit_notices"
                         " WHERE act IN ('" AUDIT_ACT_KEY "', '" AUDIT_ACT_PRUNE "')"
                         " ORDER BY num DESC LIMIT 1",
    [SQL_AUDIT_PRUNE] = "DELETE FROM audit WHERE num <= ?",
};
