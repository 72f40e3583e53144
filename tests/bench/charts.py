"""Which pictures a run is shown by: the ratios of each measure as bars, the growth of a fleet as curves."""

import os
import re

import chart


ORDER = ("rate", "signatures", "cpu")  # of one measure's bars


def order_of(row):
    return ORDER.index(row.place["of"]) if row.place.get("of") in ORDER else -1


def bars_of(rows, prefix):
    return [chart.Bar(row.what.removeprefix(prefix).lstrip(",: "), row.value, row.spread.low, row.spread.high,
                      row.target.bound if row.target else None, row.met) for row in sorted(rows, key=order_of)]


def ratios(rows):
    """file name -> picture, one for each measure that has ratios; what all its bars are called is in the title alone."""
    by_measure, pictures = {}, {}
    for row in rows:
        if row.unit == "ratio" and row.place.get("row") not in (None, "growth"):
            by_measure.setdefault(row.place["row"], []).append(row)
    for name, members in by_measure.items():
        prefix = re.split(r"(?=[,:] )", os.path.commonprefix([row.what for row in members]))
        common = "".join(prefix[:-1]) if len(members) > 1 else ""
        pictures[f"{name}.svg"] = chart.bars(f"{common or name}: otterd / nginx", bars_of(members, common))
    return pictures


def curve(rows, label, value=lambda row: row.value, **place):
    """The rows that are at this place, by the number of devices."""
    points = [(row.place["devices"], value(row)) for row in rows
              if all(row.place.get(name) == wanted for name, wanted in place.items())]
    return chart.Curve(label, sorted(points)) if points else None


def growth(rows):
    rows = [row for row in rows if row.place.get("row") == "growth"]
    turns = sorted({row.place["in_turn"] for row in rows if "in_turn" in row.place}, reverse=True)
    asked = list(dict.fromkeys(row.place["query"] for row in rows if "query" in row.place))

    def of_turns(of, **how):
        return [curve(rows, f"up to {n:,} devices in turn", of=of, in_turn=n, **how) for n in turns]
    found = [
        ("Polls answered 204", "a second", of_turns("rate", value=lambda row: row.place["rate"]), None),
        ("CPU a poll to that of the smallest fleet", "", of_turns("cpu"), 1.3),
        ("Start", "s", [curve(rows, "exec to port file", of="start")], 1),
        ("Memory", "MB", [curve(rows, "when it is ready", of="memory"), curve(rows, "after the polls", of="memory after")], 120),
        ("Lists and queries", "ms", [curve(rows, what, of="query", query=what) for what in asked], None)]
    whole = [chart.Panel(title, unit, [c for c in curves if c], limit) for title, unit, curves, limit in found]
    return chart.panels("By the number of registered devices; dashes: target at 1,000,000", [p for p in whole if p.curves])


def draw(rows):
    """file name -> picture"""
    pictures = ratios(rows)
    if any(row.place.get("row") == "growth" for row in rows):
        pictures["growth.svg"] = growth(rows)
    return pictures
