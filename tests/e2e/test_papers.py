"""A release's bill of materials and notes: named by digest in the signed manifest, kept by the server, no device's matter."""

import hashlib
import json
import subprocess

import otter
import pytest

CYCLONEDX = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": n} for n in ("mcuboot", "bearssl", "lwip")]})
SPDX = json.dumps({"spdxVersion": "SPDX-2.3", "packages": [{"name": "bearssl"}]})
NOTES = "# 1.1.0\n\nPumps.\n"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def papers(world):
    made = {}
    for name, text in {"sbom": CYCLONEDX, "spdx": SPDX, "notes": NOTES}.items():
        made[name] = world.folder / name
        made[name].write_text(text)
    return made


def publish(world, papers, version="1.1.0", sbom="sbom"):
    """(id, manifest, what follows `release publish`)."""
    path, images = world.release(version, create=("--sbom", papers[sbom], "--notes", papers["notes"]))
    words = (path, *images, "--sbom", papers[sbom], "--notes", papers["notes"])
    world.otter("release", "publish", *words)
    return hashlib.sha256(path.read_bytes()).hexdigest(), path, words


def test_a_release_carries_its_bill_of_materials_and_show_says_what_is_in_it(world, papers):
    release, path, _words = publish(world, papers)
    told = world.server.json("GET", f"/api/v1/releases/{release}")
    assert told["sbom_sha256"] == sha256(CYCLONEDX) and told["notes_sha256"] == sha256(NOTES)
    shown = world.otter("release", "show", release).out
    assert sha256(CYCLONEDX) in shown and "CycloneDX 1.5" in shown and sha256(NOTES) in shown
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith("its components")] == ["3"]
    out = world.folder / "fetched.json"
    world.otter("release", "show", release, "--sbom", out)
    assert out.read_text() == CYCLONEDX
    assert world.otter("release", "show", release, "--json").json == told  # unchanged for a program
    assert sha256(CYCLONEDX) in world.otter("release", "show", path).out
    world.otter("release", "show", path, "--sbom", out, expect=2)


def test_spdx_is_known_too_and_a_release_without_papers_has_none(world, papers):
    release, _path, _words = publish(world, papers, sbom="spdx")
    assert "SPDX-2.3" in world.otter("release", "show", release).out
    plain = world.publish("1.2.0")
    told = world.server.json("GET", f"/api/v1/releases/{plain}")
    assert told["sbom_sha256"] is None and told["notes_sha256"] is None
    assert "bill of materials" not in world.otter("release", "show", plain).out
    assert "no bill of materials" in world.otter("release", "show", plain, "--sbom", world.folder / "none", expect=1).err


def test_a_release_whose_papers_are_not_there_is_refused_by_name(world, papers):
    path, images = world.release("1.1.0", create=("--sbom", papers["sbom"], "--notes", papers["notes"]))
    refused = world.otter("release", "publish", path, *images, expect=1).err
    assert "blob-missing" in refused and f"bill of materials first: {sha256(CYCLONEDX)}" in refused
    refused = world.otter("release", "publish", path, *images, "--sbom", papers["sbom"], expect=1).err
    assert "blob-missing" in refused and f"release notes first: {sha256(NOTES)}" in refused
    assert world.server.json("GET", "/api/v1/releases")["items"] == []
    dry = world.otter("release", "publish", path, *images, "--notes", papers["notes"], "--dry-run")
    assert "would upload" in dry.out
    world.otter("release", "publish", path, *images, "--notes", papers["notes"])  # the bill is held by now
    assert len(world.server.json("GET", "/api/v1/releases")["items"]) == 1


def test_another_file_than_the_one_named_is_refused_here(world, papers):
    path, images = world.release("1.1.0", create=("--sbom", papers["sbom"]))
    assert "names another file" in world.otter("release", "publish", path, *images, "--sbom", papers["spdx"], expect=1).err
    assert "names none" in world.otter("release", "publish", path, *images, "--notes", papers["notes"], expect=1).err


@pytest.mark.parametrize("text, says", [("{}", "this is neither"), ("hello", "not valid JSON"), ('{"bomFormat": "SWID"}', "this is neither")])
def test_create_takes_cyclonedx_or_spdx_alone(world, text, says):
    (world.folder / "bad.json").write_text(text)
    image = world.image("1.1.0", "A")
    refused = world.otter("release", "create", "--product", "pump", "--version", "1.1.0", "--hardware", otter.HARDWARE, "--image", f"A={image}",
                          "--sequence", 1, "--sbom", world.folder / "bad.json", "--out", world.folder / "r.json", expect=1)
    assert says in refused.err and not (world.folder / "r.json").exists()


def test_papers_beyond_16_mib_are_refused_by_otter_and_by_the_server(world, papers):
    large = world.folder / "large"
    large.write_bytes(b"x" * ((16 << 20) + 1))
    image = world.image("1.1.0", "A")
    create = ("release", "create", "--product", "pump", "--version", "1.1.0", "--hardware", otter.HARDWARE, "--image", f"A={image}",
              "--sequence", 1, "--out", world.folder / "r.json", "--notes")
    assert "16777216" in world.otter(*create, large, expect=5).err
    world.otter(*create, papers["notes"])
    # A manifest that names it all the same, of whoever does not ask otter.
    manifest = json.loads((world.folder / "r.json").read_text())
    manifest["notes_sha256"] = hashlib.sha256(large.read_bytes()).hexdigest()
    (world.folder / "r.json").write_text(json.dumps(manifest, separators=(",", ":")))
    world.otter("release", "sign", world.folder / "r.json", "--key", world.keys["release"])
    upload(world, large, manifest["notes_sha256"])
    assert "too-large" in world.otter("release", "publish", world.folder / "r.json", image, expect=1).err


def upload(world, path, digest):
    location = place_of(world, digest, path.stat().st_size)
    done = subprocess.run(["curl", "-sS", "--fail", "-X", "PATCH", "-H", f"Authorization: Bearer {world.server.token}", "-H", "Upload-Offset: 0", "-H",
                           "Content-Type: application/offset+octet-stream", "--data-binary", f"@{path}", f"{world.server.url}{location}"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def place_of(world, digest, size):
    _status, headers, _body = world.server.request("POST", "/api/v1/uploads", {"sha256": digest, "size": size})
    return {k.lower(): v for k, v in dict(headers).items()}["location"]


def test_gc_keeps_papers_as_long_as_the_release_is_known_and_backup_takes_them(world, papers):
    old, _path, words = publish(world, papers)
    world.publish("1.2.0")
    orphan = world.folder / "orphan"
    orphan.write_text("named by nobody")
    upload(world, orphan, sha256("named by nobody"))
    done = world.server.json("POST", "/api/v1/server/gc", {"keep": 1, "orphans_older_than": 0})
    assert [r["id"] for r in done["releases"]] == [old]
    for digest in (sha256(CYCLONEDX), sha256(NOTES)):
        assert world.server.request("GET", f"/v1/blobs/{digest}")[0] == 200
    assert "CycloneDX 1.5" in world.otter("release", "show", old).out  # its images are gone
    backup = world.folder / "backup"
    world.otter("server", "backup", backup)
    assert (backup / "blobs" / sha256(CYCLONEDX)[:2] / sha256(CYCLONEDX)).read_text() == CYCLONEDX
    world.otter("release", "publish", *words)
    assert world.server.json("GET", f"/api/v1/releases/{old}")["images_held"]


@pytest.mark.parametrize("text, says", [(CYCLONEDX, "bill of materials"), (NOTES, "release notes")], ids=["sbom", "notes"])
def test_papers_that_are_missing_are_found_by_the_check_and_before_a_restore(world, papers, text, says):
    publish(world, papers)
    backup = world.folder / "backup"
    world.otter("server", "backup", backup)
    for blobs in (world.server.data / "blobs", backup / "blobs"):
        next(blobs.glob(f"*/{sha256(text)}")).unlink()
    found = otter.run([otter.OTTERD, "--check-database", "--data", world.server.data], expect=4).out
    assert f"damaged: {says} {sha256(text)} is missing" in found
    assert "is damaged" in otter.run([otter.OTTERD, "--restore", backup, "--data", world.folder / "new"], expect=4).err


def test_a_bill_that_the_server_damaged_is_not_believed(world, papers):
    release, _path, _words = publish(world, papers)
    blob = next((world.server.data / "blobs").glob(f"*/{sha256(CYCLONEDX)}"))
    blob.chmod(0o600)
    blob.write_text(CYCLONEDX.replace("lwip", "LWIP"))
    world.server.stop()
    world.server.start()
    refused = world.otter("release", "show", release, "--sbom", world.folder / "out.json", expect=1)
    assert "another digest" in refused.err and not (world.folder / "out.json").exists()


def test_a_device_updates_to_a_release_whose_papers_nobody_could_fetch(world, papers):
    fleet, base = world.fleet(1), world.image("1.0.0", "A")
    release, _path, _words = publish(world, papers)
    for digest in (sha256(CYCLONEDX), sha256(NOTES)):
        next((world.server.data / "blobs").glob(f"*/{digest}")).unlink()
    world.rollout(release)
    world.emulate(fleet, base, "--expect", "1.1.0:confirmed")
