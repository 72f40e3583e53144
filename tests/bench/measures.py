"""The table of what is measured: each function takes the stand and the plan and returns rows. In the order of the report."""

import dataclasses
import typing

import blobs
import growth
import idle
import instructions
import polls
import reports


@dataclasses.dataclass(frozen=True)
class Measure:
    name: str
    summary: str
    run: typing.Callable
    fixed: int             # seconds that it takes apart from runs of wrk and the like
    runs: typing.Callable  # plan -> how many of these a round
    quick: bool = True     # part of --quick


RUN = 0.35  # seconds that a run takes beyond its own: a process, its connections, its end
SLACK = 1.3  # on a machine that others use as well

MEASURES = [
    Measure("poll-204", "polls with nothing to offer", polls.poll_204, 12,
            lambda plan: 2 * len(plan.connections) * (len(plan.rollouts) + 1)),
    Measure("poll-fresh", "polls answered by the signed empty offer, and the bare signature rate", polls.poll_fresh, 8,
            lambda plan: 2 * len(plan.connections) * (len(plan.rollouts) + 1)),
    Measure("poll-offer", "polls answered by the offer of an open attempt, and the bare signature rate", polls.poll_offer, 8,
            lambda plan: 2 * len(plan.connections) * len([n for n in plan.rollouts if n] + [1])),
    Measure("stalls", "counts of connections at which a loop might stall", polls.stalls, 9,
            lambda plan: 2 * len(polls.STALL_COUNTS) * plan.short().rounds / plan.rounds, quick=False),
    Measure("report", "reports, each durable before its reply", reports.report, 5, lambda plan: 2 * len(plan.connections)),
    Measure("blob", "an image of 1 MB, whole", blobs.whole, 2, lambda plan: 2),
    Measure("range", "an image of 1 MB in ranges of 64 KiB", blobs.ranges, 2, lambda plan: 2),
    Measure("idle", "memory of idle connections", idle.idle, 10, lambda plan: 0),
    Measure("instructions", "instructions of a poll", instructions.instructions, 30, lambda plan: 0),
    Measure("growth", "polls, start, memory and lists by the size of the fleet", growth.growth, 60,
            lambda plan: 2 * (len(plan.fleets) + 1)),
]


def estimate(measure, plan):
    """Seconds that it should take; a round more is the warm-up."""
    return measure.fixed + measure.runs(plan) * (plan.rounds + 1) * (plan.seconds + RUN)


def bound(measure, plan):
    """Seconds after which it is given up."""
    return SLACK * estimate(measure, plan) + 10


def chosen(plan, only):
    return [m for m in MEASURES if m.name in only or not only and (m.quick or not plan.quick)]


def whole_bound(plan, only=()):
    """Seconds after which a run is given up as a whole."""
    return SLACK * sum(estimate(m, plan) for m in chosen(plan, only)) + 10
