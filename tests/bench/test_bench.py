"""The arithmetic of the measurements, without a measurement: medians, ratios, spread, targets, bounds in time, pictures."""

import json
import mmap
import os
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import bench  # noqa: E402
import chart  # noqa: E402
import charts  # noqa: E402
import figures  # noqa: E402
import fleets  # noqa: E402
import growth  # noqa: E402
import load  # noqa: E402
import measures  # noqa: E402
import output  # noqa: E402
import plan as plans  # noqa: E402
import processes  # noqa: E402
from figures import at_least, at_most  # noqa: E402
from rows import Row, compared  # noqa: E402


@pytest.mark.parametrize(("values", "expected"), [
    ([3.0], (3.0, 3.0, 3.0, 3.0, 3.0)),
    ([2.0, 1.0], (1.5, 1.25, 1.75, 1.0, 2.0)),
    ([5.0, 1.0, 3.0], (3.0, 2.0, 4.0, 1.0, 5.0)),
    ([1.0, 2.0, 3.0, 4.0, 100.0], (3.0, 2.0, 4.0, 1.0, 100.0)),
    ([4.0, 1.0, 3.0, 2.0], (2.5, 1.75, 3.25, 1.0, 4.0)),
])
def test_a_spread_has_the_median_the_quarters_and_the_ends(values, expected):
    s = figures.spread(values)
    assert (s.median, s.low, s.high, s.least, s.most) == expected


def test_no_figure_has_no_spread():
    with pytest.raises(ValueError, match="no figure"):
        figures.spread([])


def test_ratios_are_of_the_same_round():
    assert figures.ratios([2.0, 9.0, 4.0], [1.0, 3.0, 8.0]) == [2.0, 3.0, 0.5]
    with pytest.raises(ValueError, match="2 rounds beside 1"):
        figures.ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(("target", "value", "unit", "met"), [
    (at_least(0.95), 0.95, "ratio", True),
    (at_least(0.95), 0.949, "ratio", True),   # shown as 0.95
    (at_least(0.95), 0.944, "ratio", False),
    (at_most(1.25), 1.2549, "ratio", True),
    (at_most(1.25), 1.26, "ratio", False),
    (at_most(45), 45.04, "MB", True),
    (at_most(45), 45.06, "MB", False),
    (at_most(1), 1.004, "s", True),
    (at_most(1), 1.01, "s", False),
])
def test_a_target_is_judged_as_the_figure_is_shown(target, value, unit, met):
    assert target.met(value, unit) is met


def test_a_row_is_judged_by_the_median_of_its_rounds():
    assert Row("r", "ratio", [0.5, 0.96, 0.97], at_least(0.95)).met is True
    assert Row("r", "ratio", [0.5, 0.94, 0.97], at_least(0.95)).met is False
    assert Row("r", "ratio", [0.5]).met is None


def sample(rate, cpu_us):
    return load.Sample(requests=1000, seconds=1000 / rate, bytes=0, p99_us=0, cpu_ns=cpu_us * 1_000_000)


def test_two_servers_are_compared_round_by_round():
    ours, theirs = [sample(100.0, 20), sample(50.0, 30)], [sample(200.0, 10), sample(50.0, 10)]
    rate, cpu = compared(ours, theirs, "x", "so", rate=at_least(0.75), cpu=at_most(2), place={"row": "x"})
    assert rate.values == pytest.approx([0.5, 1.0]) and rate.value == pytest.approx(0.75) and rate.met is True
    assert cpu.values == pytest.approx([2.0, 3.0]) and cpu.met is False and cpu.place == {"row": "x", "of": "cpu"}


def test_servers_take_turns_and_cpu_lasts_until_the_next_turn(monkeypatch):
    spent, log = {1: 0, 2: 0}, []

    def run_of(pid):
        def run(number):
            log.append((pid, number))
            spent[pid] += 10 * number
            return load.Sample(1, 1.0, 0, 0)
        return run

    def later(_seconds):
        spent[1] += 5  # what the first one does behind its replies
    monkeypatch.setattr(load.processes, "cpu_ns", lambda pid: spent[pid])
    monkeypatch.setattr(load.time, "sleep", later)
    ours, theirs = load.in_turn([(1, run_of(1)), (2, run_of(2))], 2)
    assert log == [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (2, 2)]
    assert [s.cpu_ns for s in ours] == [10, 25] and [s.cpu_ns for s in theirs] == [10, 20]


@pytest.mark.parametrize(("plan", "seconds"), [(plans.Plan(), 15 * 60), (plans.QUICK, 3 * 60)])
def test_a_whole_run_is_bounded(plan, seconds):
    assert measures.whole_bound(plan) <= seconds
    assert max(measures.bound(m, plan) for m in measures.MEASURES) <= seconds


def test_a_measure_that_waits_too_long_is_ended():
    with pytest.raises(bench.OutOfTime, match="slow: not within"), bench.at_most(0.05, "slow"):
        bench.signal.pause()


def refuse(*_):
    raise load.LoadError("refused")


@pytest.mark.parametrize(("run", "end", "why"), [
    (lambda *_: ROWS[:1], 60, None),
    (refuse, 60, "refused"),
    (lambda *_: bench.signal.pause(), 0.05, "m: not within 0 s"),
    (lambda *_: ROWS[:1], -1, "the whole run's time is over"),
])
def test_a_measure_that_fails_says_why_and_takes_no_other_along(run, end, why):
    m = measures.Measure("m", "", run, lambda plan: 1)
    assert bench.measure_one(m, None, plans.Plan(), bench.time.monotonic() + end) == ([] if why else ROWS[:1], why)


def test_the_default_run_has_five_rounds_and_each_name_is_there_once():
    assert plans.Plan().rounds == 5
    names = [m.name for m in measures.MEASURES]
    assert len(set(names)) == len(names)
    assert [m.name for m in measures.chosen(plans.QUICK, ["stalls"])] == ["stalls"]


@pytest.mark.parametrize(("most", "at"), [
    (0.0, [0.0, 1.0]), (1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), (1.3, [0.0, 0.5, 1.0, 1.5]), (6.25, [0.0, 2.0, 4.0, 6.0, 8.0]),
    (79_400.0, [0.0, 20_000.0, 40_000.0, 60_000.0, 80_000.0]),
])
def test_an_axis_has_round_ticks_up_to_the_highest_figure(most, at):
    assert chart.ticks(most) == at


ROWS = [
    Row("poll 204, 64 connections: requests/s", "ratio", [0.9, 1.0, 0.97], at_least(0.95), place={"row": "poll-204", "of": "rate"}),
    Row("poll 204, 64 connections: CPU <&> a request", "ratio", [1.5], at_most(1.25), place={"row": "poll-204", "of": "cpu"}),
    Row("memory", "MB", [44.0], at_most(45), place={"row": "idle"}),
    *(Row("start", "s", [n / 1e6], None, place={"row": "growth", "devices": n, "of": "start"}) for n in (1_000, 1_000_000)),
]


def test_pictures_are_well_formed_and_show_each_figure():
    pictures = charts.draw(ROWS)
    assert set(pictures) == {"poll-204.svg", "growth.svg"}
    for text in pictures.values():
        assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    bars = pictures["poll-204.svg"]
    assert bars.count('class="met"') == 1 and bars.count('class="missed"') == 1 and bars.count('class="target"') == 2
    assert "poll 204, 64 connections: otterd / nginx" in bars and ">CPU &lt;&amp;&gt; a request<" in bars
    assert pictures["growth.svg"].count("<circle") == 2


def test_the_table_and_its_json_say_the_same():
    failures = {"blob": "not within 3 s"}
    table = output.markdown(ROWS, failures, "about")
    assert "| >= 0.95 | 0.97 | 0.94 to 0.98 | met |" in table and "**missed**" in table
    assert "2 of 3 targets met" in table and "not measured: blob: not within 3 s" in table
    told = json.loads(output.as_json(ROWS, failures, "about", {}))
    assert [row["met"] for row in told["rows"]] == [True, False, True, None, None] and told["not_measured"] == failures
    assert told["rows"][0]["spread"]["median"] == 0.97


def test_a_fleet_is_asked_at_even_distances(tmp_path):
    class Stand:
        def requests(self, name, texts):
            (tmp_path / name).write_bytes(b"".join(texts))
            return tmp_path / name
    _, (small, large) = growth.request_files(Stand(), [3, 9], 3)
    assert [name for name in map(fleets.name_of, range(1, 10)) if name.encode() in small.read_bytes()] == [
        fleets.name_of(n) for n in (1, 2, 3)]
    assert [name for name in map(fleets.name_of, range(1, 10)) if name.encode() in large.read_bytes()] == [
        fleets.name_of(n) for n in (1, 4, 7)]


def test_a_mapped_file_is_seen(tmp_path):
    path = tmp_path / "0123456789abcdef"
    path.write_bytes(b"x" * 4096)
    assert not processes.has_mapped(os.getpid(), path.name)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        assert processes.has_mapped(os.getpid(), path.name)
