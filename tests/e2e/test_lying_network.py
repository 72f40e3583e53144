"""A network that lies to 300 devices: none polls above its back-off meanwhile, and all are updated once it is honest."""

import collections
import csv
import json
import re

import certificates
import lying_proxy as lies
import otter
import pytest

DEVICES, SPEED = 300, 100
POLLS = [lies.nothing, lies.cut, lies.flip, lies.endless_length, lies.silence, lies.redirect, lies.unavailable,
         lies.garbage, lies.replay, lies.unavailable_at_once, lies.endless_body, lies.endless_chunks, lies.endless_head]
# As many as of the former, and the slow one of each far from that of the other: no device is told both.
IMAGES = [lies.cut, lies.whole_for_range, lies.nothing, lies.garbage, lies.cut, lies.wrong_range, lies.flip, lies.redirect,
          lies.unavailable, lies.endless_length, lies.drip, lies.endless_body, lies.endless_chunks]
MANIFESTS = [lies.nothing, lies.cut, lies.flip, lies.flip_head, lies.endless_length, lies.endless_body, lies.redirect, lies.unavailable,
             lies.garbage]
REPORTS = [lies.nothing, lies.cut, lies.redirect, lies.unavailable, lies.endless_length, lies.garbage]
ROOTS = [lies.nothing, lies.cut, lies.flip, lies.redirect, lies.unavailable, lies.endless_body, lies.garbage]
# How many of them each device is told; of roots, which devices ask for without a name, all together. Fewer than
# eight lies keep a device from fetching, and fewer than four give it wrong bytes: else the attempt would end.
LIES = {"poll": (POLLS, 4), "manifest": (MANIFESTS, 1), "image": (IMAGES, 3), "report": (REPORTS, 2), "roots": (ROOTS, 300)}
NAMES = ["net-lost", "net-timeout", "net-slow", "http-malformed", "http-status", "http-redirect", "http-range", "too-large",
         "image-length", "image-digest", "manifest-digest", "offer-device"]
FIRST_MS, MIN_MS, MAX_MS = 60_000, 1_000, 86_400_000  # of the back-off: docs/protocol.md, Client manners


def who(fleet):
    """device(request) of a fleet: by its token."""
    with open(fleet / "devices.csv", newline="") as file:
        token = {f"Bearer {line['secret']}": line["id"] for line in csv.DictReader(file)}
    return lambda request: token.get(request.headers.get("authorization"), "-")


def kinds(release):
    def kind(request):
        if request.path == f"/v1/blobs/{release}":
            return "manifest"
        return {"/v1/device/poll": "poll", "/v1/device/report": "report"}.get(
            request.path, "image" if request.path.startswith("/v1/blobs/") else "roots")
    return kind


class Life:
    """What one device did between two boots, by its own clock."""

    def __init__(self):
        self.polls, self.waits, self.due = [], [], 0

    def back_off(self, now, failures, due):
        """A cycle has failed: it may not poll before `due`."""
        self.waits.append((failures, due - now))
        self.due = due

    def poll(self, now):
        assert now >= self.due, f"polled at {now} ms, {self.due - now} ms above its back-off"
        self.polls.append(now)


def lives(log):
    """device -> its lives, each poll held against the back-off before it."""
    told = collections.defaultdict(list)
    for line in log.read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "boot":
            told[event["device"]].append(Life())
        elif event["event"] == "poll":
            told[event["device"]][-1].poll(event["uptime_ms"])
        elif event["event"] == "back-off":
            failures, due = map(int, re.fullmatch(r"failures (\d+), due (\d+)", event["text"]).groups())
            told[event["device"]][-1].back_off(event["uptime_ms"], failures, due)
    return told


def ceiling(failures):
    return min(FIRST_MS * 2 ** max(failures - 1, 0), MAX_MS)


def check_back_off(told, proxy, draws):
    """draws: of a back-off's length, so that its distribution can be judged; 0 = too few."""
    waits = collections.defaultdict(list)
    for device, (first, *_) in told.items():
        # Its first polls are all lied to: the failures in a row are known, not only told. One to which the server hung up
        # on a kept connection is sent again at once, and so may have been told two lies.
        count = proxy.lies["poll"][1] - proxy.unanswered[device, "poll"]
        assert [failures for failures, _ in first.waits[:count]] == [*range(1, count + 1)], (device, first.waits)
        for failures, wait in first.waits:
            assert MIN_MS <= wait <= ceiling(failures), (device, failures, wait)
            waits[failures].append(wait / ceiling(failures))
        # The wire saw no poll but those that the device tells of; a connection closed without a byte may be tried once more
        # anew. It may have seen fewer: a connection may fail before anything is asked, and the fleet ends in the middle of things.
        logged = sum(len(life.polls) for life in told[device])
        assert 0 < proxy.asked[device, "poll"] <= logged + proxy.unanswered[device, "poll"]
    for failures in range(1, proxy.lies["poll"][1] if draws else 0):
        # Full jitter: uniform up to the ceiling. Of n >= 300 draws the mean lies outside 0.5 +- 0.2 with a chance below
        # 2 exp(-2 n 0.2^2) = 8e-11 (Hoeffding); so none of the ceilings is another one.
        mean = sum(waits[failures]) / len(waits[failures])
        assert len(waits[failures]) >= draws and 0.3 < mean < 0.7, (failures, mean)


def check_lies(proxy, least):
    for kind, (which, _) in proxy.lies.items():
        for lie in which:
            assert proxy.told[kind, lie.__name__] >= least, (kind, lie.__name__, proxy.told)
    assert proxy.trapped == 0, "a redirect was followed"


def run(world, count, which, timeout, tls=None):
    """tls: a folder of certificates.tls_folder() whose server the proxy plays."""
    base, fleet = world.image("1.0.0", "A"), world.fleet(count)
    pair = (tls / "server.pem", tls / "server.key") if tls else None
    trust = ["--tls-name", certificates.NAME, "--cacert", tls / "ca.pem"] if tls else []
    release = world.publish("1.1.0")
    rollout = world.rollout(release)
    log = world.folder / "events"
    with lies.LyingProxy(world.server.port, kinds(release), who(fleet), which, pair) as proxy:
        summary = otter.run([otter.EMU, "--server", proxy.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--speed", SPEED,
                             "--concurrency", 2 * count, "--timeout", timeout, "--json", "--log", log, "--expect",
                             "1.1.0:confirmed", *trust],
                            expect=None, timeout=timeout + 60).json
    assert summary["by_version"] == {"1.1.0": count} and summary["ok"], summary
    counts = world.status(rollout)["counts"]
    assert counts["succeeded"] == count and counts["failed"] == counts["reverted"] == 0, counts
    return summary, proxy, lives(log)


@pytest.mark.long(80)
def test_300_devices_back_off_from_a_lying_network_and_are_updated_once_it_is_honest(world):
    summary, proxy, told = run(world, DEVICES, LIES, 300)
    check_lies(proxy, 10)
    check_back_off(told, proxy, DEVICES)
    assert len(told) == DEVICES and not [name for name in NAMES if name not in summary["failures"]], summary["failures"]


def test_over_tls_likewise_and_none_of_it_is_taken_for_a_fault_of_tls(world):
    """Whoever holds the server's key may lie, too."""
    quick = {kind: ([lie for lie in which if lie not in (lies.silence, lies.drip)], count)
             for kind, (which, count) in LIES.items()}
    quick["poll"], quick["image"], quick["roots"] = (quick["poll"][0], 2), (quick["image"][0], 2), (ROOTS, 40)
    summary, proxy, told = run(world, 40, quick, 200, certificates.tls_folder(world.folder / "tls"))
    check_lies(proxy, 1)
    check_back_off(told, proxy, 0)
    assert not [name for name in summary["failures"] if name.startswith("tls-")], summary["failures"]
