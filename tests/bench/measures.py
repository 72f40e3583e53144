"""The table of what is measured: each function takes the stand and the plan and returns rows. In the order of the report."""

import dataclasses
import typing

import blobs
import growth
import handshakes
import idle
import instructions
import load
import polls
import reports
import rollouts

SLACK = 1.3  # on a machine that others use as well


@dataclasses.dataclass(frozen=True)
class Measure:
    name: str
    summary: str
    run: typing.Callable
    estimate: typing.Callable  # plan -> seconds that it should take
    quick: bool = True         # part of --quick
    named: bool = False        # run by --only alone: a whole run has to end in 15 minutes


def starts(plan):
    """Of the servers, by the first measure that asks for them."""
    return 4 + 3 * len(plan.rollouts)


def of_polls(plan, rollouts):
    return load.turns(plan, 2 * len(plan.connections), len(rollouts) + 1)


SIGNATURES = 5  # openssl speed, twice

MEASURES = [
    Measure("poll-204", "polls with nothing to offer", polls.poll_204, lambda plan: starts(plan) + of_polls(plan, plan.rollouts)),
    Measure("poll-fresh", "polls answered by the signed empty offer, and the bare signature rate", polls.poll_fresh,
            lambda plan: SIGNATURES + of_polls(plan, plan.rollouts)),
    Measure("poll-offer", "polls answered by the offer of an open attempt, and the bare signature rate", polls.poll_offer,
            lambda plan: SIGNATURES + of_polls(plan, polls.with_offers(plan)), quick=False),
    Measure("stalls", "counts of connections at which a loop might stall", polls.stalls,
            lambda plan: load.turns(plan.short(), len(polls.STALL_COUNTS), 2), quick=False),
    Measure("report", "reports, each durable before its reply", reports.report,
            lambda plan: 2 + load.turns(plan, len(plan.connections), 2)),
    Measure("blob", "an image of 1 MB, whole", blobs.whole, lambda plan: 1 + load.turns(plan, 1, 2)),
    Measure("range", "an image of 1 MB in ranges of 64 KiB", blobs.ranges, lambda plan: 1 + load.turns(plan, 1, 2), quick=False),
    Measure("tls", "whole and resumed handshakes of TLS 1.2 and 1.3", handshakes.handshakes, handshakes.estimate),
    Measure("idle", "memory of idle connections", idle.idle, lambda plan: 3 + plan.idle / 750),
    Measure("instructions", "instructions of a poll", instructions.instructions, lambda plan: 20 if plan.quick else 35),
    Measure("growth", "polls, start, memory and lists by the size of the fleet", growth.growth, growth.estimate),
    Measure("rollouts", "targets, previews and grants where each device has an open attempt", rollouts.large,
            rollouts.estimate, named=True),
]


def bound(measure, plan):
    """Seconds after which it is given up; a short one may have a bad moment."""
    return SLACK * measure.estimate(plan) + 10


def chosen(plan, only):
    return [m for m in MEASURES if m.name in only or not only and not m.named and (m.quick or not plan.quick)]


def whole_estimate(plan, only=()):
    return sum(m.estimate(plan) for m in chosen(plan, only))


def whole_bound(plan, only=()):
    """Seconds after which a run is given up as a whole; of one measure, that one's."""
    return max([SLACK * whole_estimate(plan, only), *(bound(m, plan) for m in chosen(plan, only))])
