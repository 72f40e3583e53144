"""How tests/support/parts.py deals tests to processes, and that what fits is judged against docs/openapi.yaml once, what does
not each time."""

import pathlib
import sys
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import openapi  # noqa: E402
import parts  # noqa: E402


class Item:
    def __init__(self, name, seconds=None):
        self.nodeid, self.seconds, self.runs = name, seconds, 0
        self.config = types.SimpleNamespace(hook=types.SimpleNamespace(pytest_runtest_protocol=self.count))

    def get_closest_marker(self, name):
        assert name == "long"
        return types.SimpleNamespace(args=(self.seconds,)) if self.seconds else None

    def count(self, item, nextitem):
        assert nextitem is not item
        item.runs += 1


def session(items):
    options = types.SimpleNamespace(option=types.SimpleNamespace(collectonly=False))
    return types.SimpleNamespace(items=items, testsfailed=0, config=options, shouldfail=False, shouldstop=False)


def test_the_longest_come_first_and_the_others_as_they_are_written():
    items = [Item("b"), Item("short", 10), Item("a"), Item("long", 70)]
    parts.sort(items)
    assert [item.nodeid for item in items] == ["long", "short", "b", "a"]


def test_a_test_runs_in_one_process_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("OTTER_PARTS", str(tmp_path))
    mine, others = [Item(str(n)) for n in range(5)], [Item(str(n)) for n in range(5)]
    assert parts.take(tmp_path, others[2])
    assert parts.run(session(mine)) and parts.run(session(others))
    assert [item.runs for item in mine] == [1, 1, 0, 1, 1] and not any(item.runs for item in others)


def test_without_others_the_loop_is_pytests(monkeypatch):
    monkeypatch.delenv("OTTER_PARTS", raising=False)
    assert parts.run(session([Item("a")])) is None


def test_what_does_not_fit_is_told_each_time_and_after_what_equals_it_does():
    judge = openapi.Description("{paths: {}, components: {schemas: {N: {type: integer}, O: {type: object, required: [n], "
                                "properties: {n: {$ref: '#/components/schemas/N'}}}}}}")
    schema = {"$ref": "#/components/schemas/O"}
    for _ in range(2):
        assert judge.misfits(schema, {"n": 1}, "it") == []
        assert judge.misfits(schema, {"n": True}, "it") and judge.misfits(schema, {"n": "1"}, "it") and judge.misfits(schema, {}, "it")
