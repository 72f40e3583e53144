"""How much is measured: the default run and the quick one."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Plan:
    seconds: int = 1  # of each run of wrk
    rounds: int = 5
    devices: int = 1000  # that poll
    connections: tuple = (64, 1000)
    rollouts: tuple = (0, 1, 20)
    fleets: tuple = (1_000, 10_000, 100_000, 1_000_000)
    idle: int = 10_000  # connections
    quick: bool = False

    def short(self):
        """For what needs no ratio: two rounds suffice to see the slower one."""
        return dataclasses.replace(self, rounds=min(self.rounds, 2))


# To see whether something broke: the less there is, the less its ratios say.
QUICK = Plan(rounds=2, connections=(64,), rollouts=(1,), fleets=(1_000, 100_000), idle=2_000, quick=True)
