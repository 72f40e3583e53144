"""Is what a soak measured flat? Pure decisions over its series: samples by the second in, verdicts out."""

import dataclasses
import statistics

WARM_UP = 0.25            # of the whole time, and at most so many seconds, in which caches fill
WARM_UP_MOST = 300
LEAST = 12                # samples behind the warm-up; of fewer nothing can be said
MEMORY_FLOOR = 4.0        # MB that memory may gain in any time: an arena more of malloc, a cache that one more page fills
MEMORY_AN_HOUR = 8.0      # MB that it may gain in an hour beside: devices that enrol, rollouts and releases, which are kept
CACHES = (16.8, 8.4)      # MB of the database that its two connections keep at most: server/store/sqlite_internal.h
DESCRIPTORS_MORE = 8      # at the quietest moment of the last third than at that of the first
THREADS_MORE = 0
WAL_MOST = 64.0           # MB; a log that is not brought into the database any more


@dataclasses.dataclass(frozen=True)
class Verdict:
    what: str
    met: bool
    detail: str


def behind_warm_up(samples):
    if not samples:
        return []
    first, last = samples[0]["at"], samples[-1]["at"]
    return [s for s in samples if s["at"] >= first + min(WARM_UP * (last - first), WARM_UP_MOST)]


def slope(points):
    """Theil and Sen's: the median of the slopes of all pairs. Some wild samples do not move it."""
    slopes = [(y2 - y1) / (x2 - x1) for i, (x1, y1) in enumerate(points) for x2, y2 in points[i + 1:] if x2 > x1]
    return statistics.median(slopes)


def thin(points, most=400):
    """At even distances: the pairs of an hour's samples would be too many."""
    step = -(-len(points) // most)
    return points[::step]


def beside_caches(sample):
    """MB of private memory without the database's pages in it: these grow as a young database does, up to their bounds."""
    return sample["private"] - sum(min(sample["database"], most) for most in CACHES)


def memory(samples):
    """What an hour like this one would add, beside what it may; shorter runs are not sure of little."""
    points = thin([(s["at"], beside_caches(s)) for s in samples])
    hours = (points[-1][0] - points[0][0]) / 3600
    gained, allowed = slope(points) * 3600, MEMORY_AN_HOUR + MEMORY_FLOOR / hours
    return Verdict("memory is flat", gained <= allowed,
                   f"{gained:+.1f} MB an hour by the slope of {len(points)} samples over {hours * 60:.1f} min, at most {allowed:.1f}")


def quietest(samples, name, more):
    """A thing that is kept for ever is there at the quietest moment, too."""
    third = len(samples) // 3
    before, after = (min(s[name] for s in part) for part in (samples[:third], samples[-third:]))
    return Verdict(f"no more {name}", after <= before + more,
                   f"{before} in the first third at the quietest moment, {after} in the last, at most {more} more")


def wal(samples):
    most = max(s["wal"] for s in samples)
    return Verdict("the log of the database is bounded", most <= WAL_MOST, f"{most:.1f} MB at most, allowed {WAL_MOST:.0f}")


def judge(samples):
    """The verdicts over one server's series: at (s), private (MB), descriptors, threads, wal (MB)."""
    kept = behind_warm_up(samples)
    if len(kept) < LEAST:
        return [Verdict("there is enough to judge", False, f"{len(kept)} samples behind the warm-up, {LEAST} needed")]
    return [memory(kept), quietest(kept, "descriptors", DESCRIPTORS_MORE), quietest(kept, "threads", THREADS_MORE), wal(kept)]


def judge_work(done, wanted, failures):
    """Was there the load that the figures are to be of?"""
    missing = [name for name in wanted if not done.get(name)]
    return [Verdict("each kind of work was done", not missing, f"never: {', '.join(missing)}" if missing else
                    ", ".join(f"{n} {name}" for name, n in sorted(done.items()))),
            Verdict("no work failed", not failures, "; ".join(failures[:3]) or "none")]
