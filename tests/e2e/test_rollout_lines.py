"""What is left when a rollout is over: a line for each device, and each device's own timeline."""

import csv
import io
import json

import hand

MANY = 1203


def test_a_report_has_each_of_many_devices_once_in_every_format(world):
    devices = hand.hands(world, MANY)
    release = world.publish("1.1.0")
    rollout = world.rollout(release)
    digest = hand.otter.hashlib.sha256(world.image("1.1.0", "B").read_bytes()).hexdigest()
    for device in devices[:3]:
        device.succeed("1.1.0", digest)
    for device in devices[3:5]:
        device.fail("image-digest")
    assert devices[5].poll()["attempt"]
    world.otter("device", "hold", "dev-0007")
    trace = world.folder / "report.trace"
    rows = list(csv.DictReader(io.StringIO(
        world.otter("rollout", "report", rollout, "--format", "csv", "--trace", trace).out)))
    assert len(json_lines(trace)) > 1  # page by page
    told = {row["device"]: (row["state"], row["reason"]) for row in rows}
    assert len(rows) == len(told) == MANY
    assert told["dev-0001"] == ("succeeded", "") and told["dev-0004"] == ("failed", "image-digest")
    assert told["dev-0006"][0] == "offered" and told["dev-0007"] == ("waiting", "held") and told["dev-0008"][0] == "waiting"
    items = world.otter("rollout", "report", rollout, "--json").json["items"]
    assert [item["device"] for item in items] == [row["device"] for row in rows]
    lines = world.otter("rollout", "report", rollout, "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["device"] for line in lines] == [row["device"] for row in rows]
    lost = world.otter("rollout", "report", rollout, "--filter", "state == failed", "--json").json["items"]
    assert [item["device"] for item in lost] == ["dev-0004", "dev-0005"]


def json_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_timeline_has_grants_reports_and_what_operators_did_with_reasons(world):
    device, = hand.hands(world, 1)
    release = world.publish("1.1.0")
    first = world.rollout(release)
    device.fail("image-digest")
    world.otter("device", "hold", "dev-1", "--reason", "on the bench")
    world.otter("device", "unhold", "dev-1")
    world.otter("device", "retry", "dev-1", "--rollout", first)
    assert device.poll()["attempt"]
    device.report("downloading")
    world.otter("rollout", "abort", first)
    device.poll()
    items = world.otter("device", "timeline", "dev-1", "--all", "--json").json["items"]
    steps = [(i["state"], i["reason"], i["rollout"]) for i in items if i.get("attempt")]
    assert steps == [("offered", None, first), ("failed", "image-digest", first), ("offered", None, first),
                     ("downloading", None, first), ("cancelled", "aborted", first)]
    assert any("on the bench" in i["detail"] for i in items)
    text = world.otter("device", "timeline", "dev-1").out
    assert "image-digest" in text and "on the bench" in text and "aborted" in text
