"""What a fleet's size costs: start, memory, polls, operators' lists."""

import statistics

import figures
import fleet as talk  # tests/support
import fleets
import devices
import load
import processes
import stand as stands
from figures import at_most
from rows import Row, kilo, median_of

STARTS = 3
CONNECTIONS = 64
# Devices that poll in turn, spread evenly over the fleet. With many of them each poll makes a row for the sweeper, as it is
# with real devices, which poll once an interval; and none of them is in a processor's cache.
MANY, FEW = 100_000, 1_000
QUERIES = {
    "devices, first page of 1,000": "/api/v1/devices?limit=1000",
    "devices by id": "/api/v1/devices?limit=1000&sort=id",
    "devices by -last_seen": "/api/v1/devices?limit=1000&sort=-last_seen",
    "devices, version < 0.1.0 (none)": "/api/v1/devices?limit=1000&filter=" + talk.quote("version < 0.1.0"),
    "devices, id == *77": "/api/v1/devices?limit=1000&filter=" + talk.quote("id == *77"),
    "one device": "/api/v1/devices/" + fleets.FIRST,
    "summary by version": "/api/v1/fleet/summary",
}


def starts(world, count):
    runs = [fleets.start_once(world) for _ in range(STARTS)]
    place, million = {"row": "growth", "devices": count}, count == 1_000_000
    return [Row(f"start with {count:,} devices", "s", [took for took, _ in runs], at_most(1) if million else None,
                how=f"exec to port file, {STARTS} starts, warm page cache; a row of state for each device",
                place={**place, "of": "start"}),
            Row(f"memory with {count:,} devices", "MB", [rss / 1e6 for _, rss in runs], at_most(120) if million else None,
                how="RSS when the port file is there", place={**place, "of": "memory"})]


def request_files(stand, sizes, at_most_so_many):
    """(length of each request, a file for each fleet): polls of devices at even distances."""
    files, lengths = [], set()
    for count in sizes:
        step = max(1, count // at_most_so_many)
        texts = [devices.Device(fleets.name_of(i)).poll() for i in range(1, count + 1, step)]
        files.append(stand.requests(f"growth-{count}-{at_most_so_many}", texts))
        lengths |= {len(text) + 1 for text in texts}
    assert len(lengths) == 1, lengths
    return lengths.pop(), files


def polls(stand, plan, servers, so_many):
    """Rates of all fleets in the same rounds beside nginx; CPU a poll beside that of the smallest fleet."""
    sizes, rows = list(servers), []
    length, files = request_files(stand, sizes, so_many)
    contenders = [*zip(servers.values(), files), (stand.nginx, files[0])]

    def run_of(server, file):
        return lambda _: load.wrk(server, file, connections=CONNECTIONS, seconds=plan.seconds, length=length)
    *ours, theirs = load.in_turn([(server.pid, run_of(server, file)) for server, file in contenders], plan.rounds)
    smallest = [s.cpu_us for s in ours[0]]
    for count, samples in zip(sizes, ours):
        told = f"poll 204 with {count:,} devices, {min(count, so_many):,} in turn"
        place = {"row": "growth", "devices": count, "in_turn": so_many}
        rows.append(Row(f"{told}: requests/s", "ratio", figures.ratios([s.rate for s in samples], [s.rate for s in theirs]), None,
                        kilo(median_of(samples).rate), kilo(median_of(theirs).rate), f"wrk -t2 -c{CONNECTIONS}, keep-alive",
                        {**place, "of": "rate", "rate": statistics.median(s.rate for s in samples)}))
        target = at_most(1.3) if count == 1_000_000 and so_many == MANY else None
        rows.append(Row(f"{told}: CPU a poll to that with {sizes[0]:,}", "ratio",
                        figures.ratios([s.cpu_us for s in samples], smallest), target,
                        f"{median_of(samples).cpu_us:.1f} us", "", "same rounds", {**place, "of": "cpu"}))
    return rows


def queries(plan, server, count):
    """Each as an operator's connection waits for it, the first one aside."""
    reader, rows = talk.Reader(server.world.server), []
    for what, path in QUERIES.items():
        took = [reader.page(path)[0] * 1000 for _ in range(plan.rounds + 1)][1:]
        rows.append(Row(f"{what}, of {count:,} devices", "ms", took, how="over one connection",
                        place={"row": "growth", "devices": count, "of": "query", "query": what}))
    return rows


def asked_by_few(plan):
    """The fleets that FEW devices poll, too."""
    return () if plan.quick else (plan.fleets[0], plan.fleets[-1])


def estimate(plan):
    """Seconds: a million devices take half a minute to be made and started."""
    made = sum(4 + count / 33_000 for count in plan.fleets)
    few = asked_by_few(plan)
    return made + load.turns(plan, 1, len(plan.fleets) + 1) + (load.turns(plan, 1, len(few) + 1) if few else 0)


def growth(stand, plan):
    rows, servers = [], {}
    first = fleets.one_device(stand.folder / "fleet-1")
    try:
        for count in plan.fleets:
            world = fleets.fleet(first, stand.folder / f"fleet-{count}", count)
            rows += starts(world, count)
            servers[count] = stands.Otterd(world)
            world.server.start()
        rows += polls(stand, plan, servers, MANY)
        if asked_by_few(plan):
            rows += polls(stand, plan, {count: servers[count] for count in asked_by_few(plan)}, FEW)
        for count, server in servers.items():
            rows.append(Row(f"memory with {count:,} devices, after the polls", "MB", [processes.rss_bytes(server.pid) / 1e6],
                            how="RSS", place={"row": "growth", "devices": count, "of": "memory after"}))
            rows += queries(plan, server, count)
        return rows
    finally:
        for server in servers.values():
            server.stop()
