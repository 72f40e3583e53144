"""The judgement of a soak, over series that are made up: what is flat is called flat, and each kind of leak is found."""

import pathlib
import random
import sys
import xml.etree.ElementTree as ElementTree

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import soak_chart  # noqa: E402
import soak_judge  # noqa: E402


def flat(seconds, every):
    """A server whose caches fill in the beginning, and whose memory and connections come and go by some."""
    chance = random.Random(3)
    return [{"at": at, "rss": 30.0 + chance.uniform(0, 2), "private": 12.0 + 6 * min(1, at / (seconds / 5)) + chance.uniform(0, 1.5),
             "threads": 9 + chance.choice((0, 0, 1)), "descriptors": 40 + chance.randrange(12), "database": 2.0,
             "wal": chance.uniform(1, 5), "poll_ms": chance.uniform(0.2, 3)} for at in range(0, seconds, every)]


def leaking(name, an_hour, seconds=600, every=1):
    """The flat one with so much more an hour of one thing, in whole pieces where it is counted."""
    samples = flat(seconds, every)
    for s in samples:
        more = an_hour * s["at"] / 3600
        s[name] += more if name in ("private", "wal") else int(more)
    return samples


def of_young_database(an_hour, seconds=3600, every=5):
    """Its database grows by so much an hour, and is kept in memory by both connections up to their bounds."""
    samples = flat(seconds, every)
    for s in samples:
        s["database"] = 1 + an_hour * s["at"] / 3600
        s["private"] += min(s["database"], 16.8) + min(s["database"], 8.4)
    return samples


def step(name, by, at=0.5):
    samples = flat(600, 1)
    for s in samples[int(len(samples) * at):]:
        s[name] += by
    return samples


def spike(name, by):
    samples = flat(600, 1)
    for s in samples[-40:-10]:
        s[name] += by
    return samples


MEMORY, DESCRIPTORS, THREADS, WAL = ("memory is flat", "no more descriptors", "no more threads",
                                     "the log of the database is bounded")


@pytest.mark.parametrize(("samples", "missed"), [
    (flat(60, 1), []),
    (flat(600, 1), []),
    (flat(3600, 5), []),
    (leaking("private", 400, 60), [MEMORY]),
    (leaking("private", 60), [MEMORY]),
    (leaking("private", 20, 3600, 5), [MEMORY]),
    (leaking("private", 5, 3600, 5), []),              # an hour's enrolments
    (leaking("private", -100), []),                    # what is given back is no leak
    (of_young_database(25, 600, 1), []),
    (of_young_database(60), []),
    ([{**s, "private": s["private"] + s["at"] / 100} for s in of_young_database(60)], [MEMORY]),
    (leaking("descriptors", 200), [DESCRIPTORS]),
    (leaking("threads", 30), [THREADS]),
    (step("threads", 1), [THREADS]),                   # one that never ends
    (step("descriptors", 20), [DESCRIPTORS]),
    (spike("private", 50), []),                        # half a minute of a backup, say
    (spike("descriptors", 500), []),
    (spike("threads", 4), []),
    (step("wal", 100), [WAL]),
    (flat(14, 1), ["there is enough to judge"]),
    ([], ["there is enough to judge"]),
])
def test_a_leak_is_found_and_nothing_else(samples, missed):
    assert [v.what for v in soak_judge.judge(samples) if not v.met] == missed, soak_judge.judge(samples)


@pytest.mark.parametrize(("points", "expected"), [
    ([(0, 1.0), (1, 3.0)], 2.0),
    ([(0, 0.0), (1, 1.0), (2, 2.0), (3, 300.0), (4, 4.0)], 1.0),
    ([(0, 5.0), (1, 5.0), (2, 5.0)], 0.0),
])
def test_a_slope_is_that_of_most_pairs(points, expected):
    assert soak_judge.slope(points) == expected


def test_an_hour_is_thinned_at_even_distances():
    thinned = soak_judge.thin([(n, n) for n in range(1000)], 400)
    assert len(thinned) == 334 and thinned[0] == (0, 0) and thinned[1] == (3, 3)


@pytest.mark.parametrize(("done", "failures", "missed"), [
    ({"polls": 3, "updates": 1}, [], []),
    ({"polls": 3}, [], ["each kind of work was done"]),
    ({"polls": 3, "updates": 0}, [], ["each kind of work was done"]),
    ({"polls": 3, "updates": 1}, ["poll: refused"], ["no work failed"]),
])
def test_figures_without_the_load_are_worth_nothing(done, failures, missed):
    assert [v.what for v in soak_judge.judge_work(done, ("polls", "updates"), failures) if not v.met] == missed


def test_the_picture_shows_each_servers_curves():
    picture = soak_chart.draw({"plain": flat(60, 1), "tls": flat(60, 1)})
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert picture.count('class="curve"') == 2 * sum(len(members) for _, _, members in soak_chart.CURVES)
    assert ">tls: descriptors<" in picture
