"""A database as an older otterd left it: by the first migrations of server/store/sqlite_schema.c, with the rows of a
newer one."""

import pathlib
import re
import sqlite3

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "server/store/sqlite_schema.c"
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def migrations():
    """(name, statements) of each, from the source: published ones never change."""
    text = SCHEMA.read_text()
    table = text[text.index("} migrations[] = {"):text.index("\n};", text.index("} migrations[] = {"))]
    made = []
    for block in re.split(r"\n    \{(?=\")", table)[1:]:
        strings = STRING.findall(re.sub(r"/\*.*?\*/", "", block, flags=re.S))
        made.append((strings[0], "".join(strings[1:])))
    return made


NEWEST = len(migrations())
POSITIONS = 4  # the schema since which phases end at positions, and no more at cohorts of 2^32 positions

# Tables that are split since: (name, its columns) to what they are put together from.
MOVED = {("operators", "name, token_hash, created"):
             "(SELECT name, hash AS token_hash, o.created AS created FROM newer.operators AS o JOIN newer.operator_tokens"
             " ON operator = name GROUP BY name)"}


def columns(db, name):
    return [row[1] for row in db.execute(f"PRAGMA table_info({name})")]


def make_older(data, version):
    """Turns DATA/otter.db, of a stopped otterd, into one of schema `version`; every table that it has keeps its rows."""
    path = pathlib.Path(data) / "otter.db"
    newer = path.with_suffix(".newer")
    path.rename(newer)
    for companion in ("-wal", "-shm"):
        pathlib.Path(str(path) + companion).unlink(missing_ok=True)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA journal_mode = WAL; PRAGMA application_id = 0x4f747472; CREATE TABLE migrations"
                     " (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied INTEGER NOT NULL)")
    for number, (name, sql) in enumerate(migrations()[:version], 1):
        db.executescript(sql)
        db.execute("INSERT INTO migrations VALUES (?, ?, 1)", (number, name))
    db.execute("ATTACH ? AS newer", (str(newer),))
    tables = [row[0] for row in db.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")]
    db.execute("BEGIN")
    for name in tables:
        if name != "migrations":
            if name == "sqlite_sequence":
                db.execute("DELETE FROM main.sqlite_sequence")
            listed = ", ".join(columns(db, name))
            db.execute(f"INSERT INTO main.{name} ({listed}) SELECT {listed} FROM {MOVED.get((name, listed), f'newer.{name}')}")
    if version < POSITIONS:
        db.execute("UPDATE main.phases SET upto = upto >> 32")
    db.execute("COMMIT")
    db.execute(f"PRAGMA user_version = {version}")
    db.execute("DETACH newer")
    db.close()
    newer.unlink()
    path.chmod(0o600)


def rows(path):
    """What a database says, table by table: of those that schema 1 has, by its columns."""
    with sqlite3.connect(":memory:") as first:
        first.executescript(migrations()[0][1])
        names = {row[0]: ", ".join(columns(first, row[0]))
                 for row in first.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    db = sqlite3.connect(path)
    if db.execute("PRAGMA user_version").fetchone()[0] >= POSITIONS:
        names["phases"] = names["phases"].replace("upto", "upto >> 32")
    try:
        return {name: sorted(map(repr, db.execute(f"SELECT {listed} FROM {name}"))) for name, listed in names.items()
                if name != "meta"}
    finally:
        db.close()
