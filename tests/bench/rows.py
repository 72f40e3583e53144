"""A row of the table: one figure, what was measured to get it, and its target."""

import dataclasses

import figures


@dataclasses.dataclass
class Row:
    what: str
    unit: str                     # of figures.DIGITS
    values: list                  # of each round; the figure is their median
    target: figures.Target | None = None
    otterd: str = ""
    nginx: str = ""
    how: str = ""
    place: dict = dataclasses.field(default_factory=dict)  # where a chart has it: connections, rollouts, devices, ...

    @property
    def spread(self):
        return figures.spread(self.values)

    @property
    def value(self):
        return self.spread.median

    @property
    def met(self):
        """None: no target."""
        return None if self.target is None else self.target.met(self.value, self.unit)

    def json(self):
        return {"what": self.what, "unit": self.unit, "value": self.value, "rounds": self.values,
                "spread": dataclasses.asdict(self.spread), "met": self.met, "otterd": self.otterd, "nginx": self.nginx,
                "target": None if self.target is None else {"relation": self.target.relation, "bound": self.target.bound},
                "how": self.how, "place": self.place}


def kilo(rate):
    return f"{rate / 1000:.1f} k/s"


def flow(sample):
    """The rate, with bytes where replies are large."""
    per_second = sample.bytes / sample.seconds
    if per_second < sample.rate * 10_000:
        return kilo(sample.rate)
    return f"{sample.rate:.0f} /s, {per_second / 1e6:.0f} MB/s"


def median_of(samples):
    return sorted(samples, key=lambda s: s.rate)[len(samples) // 2]


def compared(ours, theirs, what, how, *, rate=None, cpu=None, place=None):
    """Two rows of the same rounds: requests a second, and CPU of the server a request, each otterd to nginx."""
    a, b = median_of(ours), median_of(theirs)
    return [
        Row(f"{what}: requests/s", "ratio", figures.ratios([s.rate for s in ours], [s.rate for s in theirs]), rate,
            flow(a), flow(b), how, {**(place or {}), "of": "rate"}),
        Row(f"{what}: CPU a request", "ratio", figures.ratios([s.cpu_us for s in ours], [s.cpu_us for s in theirs]), cpu,
            f"{a.cpu_us:.1f} us", f"{b.cpu_us:.1f} us", "same rounds", {**(place or {}), "of": "cpu"})]
