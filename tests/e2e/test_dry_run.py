"""--dry-run on every changing verb: it says what would be, and neither the server nor a file is changed."""

import pytest


def picture(world):
    """All that the server has, as it lists it, and the files of its folders."""
    lists = [world.otter(*words, "--all", "--json").out for words in
             (["root", "list"], ["release", "list"], ["image-key", "list"], ["rollout", "list"], ["device", "list"])]
    data = world.server.data
    return lists, sorted(p.relative_to(data) for p in data.rglob("*") if p.is_file() and "otter.db" not in p.name)


@pytest.fixture
def prepared(world):
    fleet = world.fleet(2)
    draft = world.rollout(world.publish("1.0.1"), start=False)
    return world, fleet, draft, *world.release("1.1.0")


@pytest.mark.parametrize("verb", [
    ["root", "publish", "ROOT2"],
    ["release", "publish", "RELEASE", "IMAGE-A", "IMAGE-B"],
    ["image-key", "add", "--product", "other", "KEY"],
    ["rollout", "create", "--release", "1.0.1", "--target", "all"],
    ["rollout", "start", "DRAFT"],
    ["rollout", "abort", "DRAFT"],
    ["device", "tag", "dev-1", "--add", "lab"],
    ["device", "set", "dev-1", "site=oslo"],
    ["device", "enroll", "--from", "CSV"],
    ["device", "provision", "--id", "new-1", "--out", "OUT", "--product", "pump", "--hardware", "nucleo-f429zi",
     "--root", "ROOT", "--image-key", "KEY", "--url", "http://127.0.0.1:1"],
], ids=lambda verb: "-".join(verb[:2]))
def test_a_dry_run_changes_nothing(prepared, verb):
    world, fleet, draft, release, images = prepared
    second, csv, out = (world.folder / name for name in ("root2.json", "new.csv", "new.bin"))
    world.otter("root", "new", "--from", world.root, "--out", second)
    world.otter("root", "sign", second, "--key", world.keys["root"])
    csv.write_text((fleet / "devices.csv").read_text().replace("dev-", "new-"))
    names = {"ROOT": world.root, "ROOT2": second, "RELEASE": release, "IMAGE-A": images[0], "IMAGE-B": images[1],
             "KEY": world.pub("image"), "DRAFT": draft, "CSV": csv, "OUT": out}
    before = picture(world)
    world.otter(*[names.get(word, word) for word in verb], "--dry-run")
    assert picture(world) == before
    assert not out.exists()


def test_a_dry_run_of_an_upload_names_none(world):
    status, headers, body = world.server.request("POST", "/api/v1/uploads?dry_run=1", {"sha256": "ab" * 32, "size": 7})
    assert (status, body) == (200, b'{"held":false}')
    assert "location" not in headers
    assert world.server.request("HEAD", "/api/v1/uploads/" + "ab" * 32)[0] == 404
