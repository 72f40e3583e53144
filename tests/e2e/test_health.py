"""/healthz, /readyz and /metrics of a real otterd: who may ask, what they say, and that each count is right."""

import datetime
import hashlib
import itertools
import json
import pathlib
import re
import sqlite3
import subprocess
import time

import certificates
import metrics
import otter
import pytest
import yaml
from hand import hands

CHECKS = {"store", "writer", "reader", "loops", "load", "disk", "rollouts"}


def ready(server):
    status, _, body = server.request("GET", "/readyz", token=None)
    told = json.loads(body)
    assert told["ready"] == (status == 200) and set(told["checks"]) == CHECKS
    return status, told["checks"]


def failed(checks):
    return {name for name, check in checks.items() if check["state"] == "failed"}


@pytest.mark.quick
def test_health_is_public_and_metrics_are_the_operators(world):
    assert world.server.request("GET", "/healthz", token=None)[2] == b'{"status":"ok"}'
    assert ready(world.server) == (200, {name: {"state": "ok"} for name in CHECKS})
    for path, token in ("/healthz", None), ("/readyz", None), ("/metrics", "admin"):
        status, headers, body = world.server.request("GET", path, token=token)
        head_status, head, nothing = world.server.request("HEAD", path, token=token)
        assert (status, head_status, nothing) == (200, 200, b"")
        assert head["content-type"] == headers["content-type"] and head["cache-control"] == "no-store"
        if path != "/metrics":  # its numbers move
            assert int(head["content-length"]) == len(body)
        assert world.server.request("POST", path, token=token)[0] == 405
    assert world.server.request("GET", "/metrics", token=None)[0] == 401
    assert world.server.request("GET", "/metrics", token="wrong")[0] == 401


def test_devices_listeners_know_neither_health_nor_metrics(tmp_path):
    config, port_file = tmp_path / "otterd.conf", tmp_path / "port"
    config.write_text(f"[listen]\ndevice = unix:{tmp_path}/device\noperators = unix:{tmp_path}/operators\n")
    process = subprocess.Popen([otter.OTTERD, "--config", config, "--data", tmp_path / "data", "--port-file", port_file],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        otter.wait_for("otterd ready", port_file.exists)
        for socket, statuses in ("device", {"404"}), ("operators", {"200", "401"}):
            said = {subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket",
                                    tmp_path / socket, f"http://localhost{path}"], check=True, text=True, timeout=20,
                                   stdout=subprocess.PIPE).stdout for path in ("/healthz", "/readyz", "/metrics")}
            assert said == statuses
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_public_metrics_need_no_token(tmp_path):
    config = tmp_path / "otterd.conf"
    config.write_text("[metrics]\npublic = yes\n")
    server = otter.Server(tmp_path / "data", "--config", config).start()
    try:
        assert metrics.read(server, token=None).get("otter_build_info", version="0.1.0") == 1
    finally:
        server.stop()


def test_promtool_accepts_the_metrics_of_a_real_rollout(world):
    fleet = world.fleet(6)
    rollout = str(world.rollout(world.publish("1.1.0"), "--name", "first"))
    world.emulate(fleet, world.image("1.0.0", "A"), "--speed", "200", "--expect", "1.1.0:confirmed")
    otter.wait_for("complete", lambda: world.status(rollout)["state"] == "complete")
    now = metrics.read(world.server)  # this parser first: no duplicates, each sample below its family
    _, _, text = world.server.request("GET", "/metrics")
    checked = subprocess.run([metrics.promtool(), "check", "metrics"], input=text, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=60, check=False)
    assert checked.returncode == 0 and checked.stdout == b"", checked.stdout
    assert now.get("otter_devices", state="succeeded") == sum(now.of("otter_devices").values()) == 6
    assert now.get("otter_rollout_attempts", rollout=rollout, state="succeeded") == 6
    assert now.get("otter_rollout_info", rollout=rollout, name="first", product=otter.PRODUCT, version="1.1.0",
                   state="complete") == 1
    assert now.get("otter_reports_total", state="installed", reason="none") == 6
    assert now.get("otter_http_sent_bytes_total", route="blob") > 0
    buckets = [value for key, value in now.of("otter_commit_duration_seconds_bucket").items()]
    assert buckets == sorted(buckets) and buckets[-1] == now.get("otter_commit_duration_seconds_count") > 0


def test_the_examples_for_prometheus_are_right_and_name_metrics_that_are_there(world):
    etc = pathlib.Path(__file__).resolve().parents[2] / "etc"
    rules, scrape = etc / "prometheus-otter-rules.yml", etc / "prometheus-otter.yml"
    for args in (["rules", rules], ["config", "--syntax-only", scrape]):
        checked = subprocess.run([metrics.promtool(), "check", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stdout
    assert yaml.safe_load(scrape.read_text())["rule_files"] == [rules.name]
    there = set(metrics.read(world.server).types) | {"otter_certificate_expiry_timestamp_seconds"}  # with TLS alone
    named = set(re.findall(r"\botter_[a-z_]+", rules.read_text()))
    assert named <= there and len(named) > 8


def moved(world, before):
    """What changed since `before`: {(name, labels): difference}, of what requests alone can move."""
    now = metrics.read(world.server)
    names = ("otter_polls_total", "otter_reports_total", "otter_reports_repeated_total", "otter_attempts_granted_total",
             "otter_offers_signed_total", "otter_rollout_attempts", "otter_devices")
    return {key: value - before.samples.get(key, 0) for key, value in now.samples.items()
            if key[0] in names and value != before.samples.get(key, 0)}


def key(name, **labels):
    return name, tuple(sorted(labels.items()))


def test_counters_move_by_exactly_what_happened(world):
    one, two = hands(world, 2)
    release = world.publish("1.1.0")
    before = metrics.read(world.server)
    one.poll()
    one.poll(fresh=1)
    assert moved(world, before) == {
        key("otter_polls_total", result="none"): 1, key("otter_polls_total", result="empty"): 1,
        key("otter_offers_signed_total"): 1,
        key("otter_devices", state="never-seen"): -1, key("otter_devices", state="idle"): 1}

    rollout = str(world.rollout(release))
    before = metrics.read(world.server)
    one.poll()
    one.poll()  # the same offer again
    one.report("downloading")
    one.report("failed", "image-digest")
    one.report("failed", "image-digest", step=2)  # the same again
    two.poll(token="wrong" * 8, expect=401)
    assert moved(world, before) == {
        key("otter_polls_total", result="offer"): 2, key("otter_offers_signed_total"): 2,
        key("otter_attempts_granted_total"): 1,
        key("otter_reports_total", state="downloading", reason="none"): 1,
        key("otter_reports_total", state="failed", reason="image-digest"): 1,
        key("otter_reports_repeated_total"): 1,
        key("otter_rollout_attempts", rollout=rollout, state="failed"): 1,
        key("otter_devices", state="idle"): -1, key("otter_devices", state="failed"): 1}


def test_requests_bytes_and_connections_are_counted(world):
    server = world.server
    before = metrics.read(server)
    for _ in range(3):
        server.json("GET", "/api/v1/status")
    root = server.request("GET", "/v1/roots/1", token=None)[2]
    server.request("HEAD", "/v1/roots/1", token=None)
    server.request("GET", "/v1/roots/7", token=None)
    server.request("GET", "/nothing")
    now = metrics.read(server)

    def more(name, **labels):
        return now.get(name, **labels) - before.get(name, **labels)
    assert more("otter_http_requests_total", route="api", status="200") == 3
    assert more("otter_http_requests_total", route="root", status="200") == 2
    assert more("otter_http_requests_total", route="root", status="404") == 1
    assert more("otter_http_requests_total", route="none", status="404") == 1
    assert more("otter_http_requests_total", route="health", status="200") == 1  # the scrape before
    assert more("otter_http_sent_bytes_total", route="root") == len(root)
    assert more("otter_http_connections_total") == 8
    assert now.get("otter_http_connections") >= 1


def test_space_is_counted_to_the_byte(world):
    world.publish("1.1.0")
    blobs = [path for path in (world.server.data / "blobs").glob("??/*") if path.is_file()]
    now = metrics.read(world.server)
    assert now.get("otter_blobs") == len(blobs) >= 2
    assert now.get("otter_blob_bytes") == sum(path.stat().st_size for path in blobs)
    assert now.get("otter_database_bytes", file="database") == (world.server.data / "otter.db").stat().st_size
    assert 0 < now.get("otter_disk_free_bytes") <= now.get("otter_disk_size_bytes")
    assert now.get("process_resident_memory_bytes") > 1 << 20 and now.get("process_open_fds") > 5
    # Right behind, into a folder that was just read.
    folder = blobs[0].parent.name
    blob = next(text for text in (b"blob %d" % n for n in itertools.count())
                if hashlib.sha256(text).hexdigest().startswith(folder))
    upload = world.server.json("POST", "/api/v1/uploads", {"sha256": hashlib.sha256(blob).hexdigest(), "size": len(blob)},
                               expect=201)
    assert world.server.request("PATCH", f"/api/v1/uploads/{upload['id']}", blob, {"Upload-Offset": "0"})[0] == 204
    after = metrics.read(world.server)
    assert after.get("otter_blobs") == len(blobs) + 1
    assert after.get("otter_blob_bytes") == now.get("otter_blob_bytes") + len(blob)


def test_without_a_root_and_with_little_room_it_is_ready_with_a_warning(tmp_path):
    config = tmp_path / "otterd.conf"
    config.write_text("[store]\ndisk_low = 1048575GiB\n")
    server = otter.Server(tmp_path / "data", "--config", config).start()
    try:
        status, checks = ready(server)
        assert status == 200 and checks["rollouts"]["state"] == "warning" and "root" in checks["rollouts"]["detail"]
        assert checks["disk"]["state"] == "warning" and "disk_low" in checks["disk"]["detail"]
        assert failed(checks) == set()
    finally:
        server.stop()


@pytest.mark.long(10)
def test_a_store_that_takes_no_changes_makes_it_unready_while_polls_go_on(world):
    """Another program holds the database: the writer waits, then gives up. Health hangs at neither."""
    one, two = hands(world, 2)
    one.poll()
    holder = sqlite3.connect(world.server.data / "otter.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        began = time.monotonic()
        while ready(world.server)[0] == 200:
            assert world.server.request("GET", "/healthz", token=None)[0] == 200
            one.poll()
            assert time.monotonic() - began < 60
            time.sleep(0.05)
        status, checks = ready(world.server)
        assert status == 503 and "store" in failed(checks) and "too-busy" in checks["store"]["detail"]
        one.poll()
        assert metrics.read(world.server).get("otter_store_trouble", status="too-busy") == 1
        holder.execute("ROLLBACK")
    finally:
        holder.close()
    otter.wait_for("ready again", lambda: ready(world.server)[0] == 200, 60)
    two.poll()
    assert metrics.read(world.server).get("otter_store_trouble", status="none") == 0


def test_a_freeze_is_a_warning_and_a_number(world):
    world.otter("server", "freeze", "--reason", "a bad day")
    status, checks = ready(world.server)
    assert status == 200 and checks["rollouts"]["state"] == "warning" and "frozen" in checks["rollouts"]["detail"]
    assert metrics.read(world.server).get("otter_frozen") == 1
    world.otter("server", "unfreeze")
    assert ready(world.server)[1]["rollouts"] == {"state": "ok"}
    assert metrics.read(world.server).get("otter_frozen") == 0


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_handshakes_and_the_certificates_end_are_told(tmp_path, version):
    """By openssl: a whole handshake that keeps its session, and three that resume it; one that breaks off."""
    pki = certificates.tls_folder(tmp_path / "pki")
    server = otter.Server(tmp_path / "data", tls=pki).start()

    def connect(*args):
        subprocess.run(["openssl", "s_client", f"-{version}", "-connect", f"127.0.0.1:{server.port}", *args], timeout=30,
                       input=b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        before = metrics.read(server)
        connect("-ign_eof", "-sess_out", tmp_path / "session")
        for _ in range(3):
            connect("-ign_eof", "-sess_in", tmp_path / "session")
        connect("-groups", "P-521")  # none that otterd speaks

        scrapes = itertools.count(1)  # each is a whole handshake of its own

        def moved():
            now = metrics.read(server)
            difference = {key: value - before.samples[key] for key, value in now.samples.items() if "_tls_" in key[0]}
            difference[key("otter_tls_handshakes_total", resumed="no")] -= next(scrapes)
            return difference
        otter.wait_for("counts", lambda: moved() == {
            key("otter_tls_handshakes_total", resumed="no"): 1, key("otter_tls_handshakes_total", resumed="yes"): 3,
            key("otter_tls_handshakes_failed_total"): 1})
        shown = subprocess.run(["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in",
                                pki / "server.pem"], check=True, stdout=subprocess.PIPE, text=True, timeout=30).stdout
        ends = datetime.datetime.fromisoformat(shown.split("=", 1)[1].strip().replace("Z", "+00:00")).timestamp()
        assert metrics.read(server).get("otter_certificate_expiry_timestamp_seconds") == ends
    finally:
        server.stop()
