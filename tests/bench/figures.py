"""The arithmetic of measurements: medians, ratios of interleaved rounds, their spread, and whether a target is met."""

import dataclasses
import operator
import statistics

DIGITS = {"ratio": 2, "s": 2, "ms": 1, "MB": 1, "us": 1, "count": 0, "/s": 0}  # as shown, and as judged


@dataclasses.dataclass(frozen=True)
class Spread:
    """The middle of some figures, the quarters' bounds around it, and the ends."""
    median: float
    low: float
    high: float
    least: float
    most: float


def spread(values):
    """Of one figure or more; quarters by linear interpolation, ends included."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no figure at all")
    quarters = [ordered[0]] * 3 if len(ordered) == 1 else statistics.quantiles(ordered, n=4, method="inclusive")
    return Spread(statistics.median(ordered), quarters[0], quarters[2], ordered[0], ordered[-1])


def ratios(ours, theirs):
    """Round by round: what disturbed the machine for a while disturbed both of a round."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} rounds beside {len(theirs)}")
    return [a / b for a, b in zip(ours, theirs)]


RELATIONS = {">=": operator.ge, "<=": operator.le}


@dataclasses.dataclass(frozen=True)
class Target:
    relation: str  # of RELATIONS
    bound: float

    def met(self, value, unit):
        """Judged as it is shown: a reader never sees 0.95 called less than 0.95."""
        return RELATIONS[self.relation](round(value, DIGITS[unit]), self.bound)

    def text(self, unit):
        number = f"{self.bound:.2f}" if unit == "ratio" else f"{self.bound:g}"
        return f"{self.relation} {number}{'' if unit == 'ratio' else ' ' + unit}"


def at_least(bound):
    return Target(">=", bound)


def at_most(bound):
    return Target("<=", bound)


def shown(value, unit):
    """With its unit, as the table has it."""
    number = f"{value:,.{DIGITS[unit]}f}"
    return number if unit in ("ratio", "count") else f"{number} {unit}"
