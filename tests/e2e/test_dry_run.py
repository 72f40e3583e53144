"""--dry-run on every changing verb of the table: it says what would be, and neither the server nor a file is changed."""

import json
import re

import otter
import pytest
from test_rollout_control import Device

SECRET = "00" * 32

# What a verb is run with; words in capitals are files and numbers of the fixture.
CHANGING = {
    "root publish": "ROOT2", "release publish": "RELEASE IMAGE-A IMAGE-B", "image-key add": "--product other KEY",
    "rollout create": "--release 1.0.1 --target all", "rollout start": "DRAFT", "rollout advance": "RUNNING",
    "rollout pause": "RUNNING", "rollout resume": "PAUSED", "rollout abort": "RUNNING",
    "rollout approve": "GATED", "rollout rollback": "GATED", "device tag": "dev-1 --add lab",
    "device set": "dev-1 site=oslo", "device hold": "dev-1", "device unhold": "dev-2", "device pin": "dev-1 --release 1.0.1",
    "device unpin": "dev-3", "device retry": "dev-4", "device retire": "--target all --reason old", "device reinstate": "dev-5",
    "device accept": "asker", "device reject": "asker", "device rotate": "dev-1", "device revoke": "dev-1",
    "fleet-key new": "pump --out OUT", "fleet-key remove": "FLEET-KEY",
    "device enroll": "--from CSV", "device import": "CSV",
    "device provision": "--id new-1 --out OUT --product pump --hardware nucleo-f429zi --root ROOT --image-key KEY "
                        "--url http://127.0.0.1:1",
    "release withdraw": "1.0.1 --reason bad --abort-rollouts", "server freeze": "--reason fire", "server unfreeze": "",
    "group set": "lab --target all", "group delete": "spare",
    "server gc": "--keep 1 --orphans-older-than 1s", "server backup": "DIR",
    "audit prune": "--before 2100-01-01 --archive OUT",
    "operator add": "adam --role viewer", "operator remove": "eve", "operator grant": "eve --role viewer",
    "operator revoke": "eve --role operator", "operator disable": "eve", "operator enable": "eve",
    "token new": "", "token revoke": "TOKEN", "token login": "--token-file TOKEN-FILE", "token logout": "",
}
# These change files here alone.
LOCAL = {
    "key new": "--out OUT", "key passphrase": "ROOT-KEY --remove", "root new": "--from ROOT --out OUT", "root sign": "UNSIGNED --key ROOT-KEY",
    "root rotate": "ROOT --out OUT", "root revoke": "ROOT --image-key KEY --out OUT", "root merge": "ROOT2 ROOT2 --from ROOT --out OUT",
    "image sign": "--key IMAGE-KEY --version 9.0.0 --hardware nucleo-f429zi --slot A BIN OUT",
    "release create": "--product pump --version 1.1.0 --hardware nucleo-f429zi --image A=IMAGE-A --sequence 9 --out OUT",
    "release sign": "RELEASE --key IMAGE-KEY", "device export": "--out OUT",
}
READING = {
    "key show": "KEY", "root show": "ROOT", "root verify": "ROOT", "root list": "", "image info": "IMAGE-A", "image verify": "IMAGE-A --key KEY",
    "image-key list": "", "release verify": "RELEASE --root ROOT", "release list": "", "release show": "1.0.1",
    "release deps": "1.0.1", "rollout list": "", "rollout preview": "RUNNING", "rollout simulate": "RUNNING", "rollout status": "RUNNING", "rollout attempts": "RUNNING",
    "rollout explain": "--device dev-1", "rollout events": "RUNNING", "rollout report": "RUNNING",
    "rollout wait": "ENDED --until complete", "device list": "", "device show": "dev-1", "device timeline": "dev-1", "device requests": "", "fleet-key list": "",
    "fleet summary": "", "group list": "", "group show": "lab", "operator list": "", "operator show": "eve", "token list": "", "server status": "",
    "audit list": "", "audit head": "", "audit export": "", "audit verify": "LOG",
    "completion bash": "", "completion zsh": "", "completion fish": "",
}


class Prepared:
    """A server and files on which every verb has something to do."""

    def __init__(self, folder):
        self.world = world = otter.World(folder, ["--enrol", "ask"]).start()
        fleet = world.fleet(5)
        pinned, first, back = (world.publish(f"1.0.{n}") for n in range(3))
        release, images = world.release("1.1.0")
        draft = world.rollout(first, start=False)
        lost = world.rollout(first, target="id == dev-4")
        self.fail_on(world, fleet, lost)
        running, paused = (world.rollout(first, target="id == dev-1", phases="50,100") for _ in range(2))
        world.otter("rollout", "pause", paused)
        world.otter("device", "hold", "dev-2")
        world.otter("device", "pin", "dev-3", "--release", pinned)
        world.otter("device", "retire", "dev-5", "--reason", "old")
        for group in ("lab", "spare"):
            world.otter("group", "set", group, "--target", f"tag == {group}")
        gated = self.gated_by_eve(first, back)
        stranger = Device(world, fleet, "dev-1")
        stranger.name, stranger.token = "asker", "A" * 43
        assert stranger.poll() == 403
        fleet_key = world.otter("fleet-key", "new", otter.PRODUCT, "--out", world.folder / "pump.fleet", "--json").json["id"]
        second, unsigned, csv = (world.folder / name for name in ("root2.json", "unsigned.json", "new.csv"))
        for path in (second, unsigned):
            world.otter("root", "new", "--from", world.root, "--out", path)
        world.otter("root", "sign", second, "--key", world.keys["root"])
        csv.write_text(f"id,product,hardware,secret,tags\nnew-1,{otter.PRODUCT},{otter.HARDWARE},{SECRET},lab\n")
        log = world.folder / "audit.jsonl"
        world.otter("audit", "export", "--out", log)
        self.names = {
            "LOG": log,
            "ROOT": world.root, "ROOT2": second, "UNSIGNED": unsigned, "RELEASE": release, "IMAGE-A": images[0],
            "IMAGE-B": images[1], "KEY": world.pub("image"), "CSV": csv, "OUT": world.folder / "out",
            "DIR": world.folder / "backup", "ROOT-KEY": world.keys["root"], "IMAGE-KEY": world.keys["image"],
            "RELEASE-KEY": world.keys["release"], "DRAFT": draft, "RUNNING": running, "PAUSED": paused, "ENDED": lost,
            "GATED": gated, "FLEET-KEY": fleet_key, "TOKEN": self.token, "TOKEN-FILE": world.server.data / "admin.token",
            "A=IMAGE-A": f"A={images[0]}", "BIN": otter.FIRMWARE / otter.HARDWARE / "app-a.bin"}

    def gated_by_eve(self, release, back):
        """Running; admin may approve its next phase, and take it back."""
        made = self.world.otter("operator", "add", "eve", "--role", "operator", "--json").json
        token, self.token = made["token"], made["token_id"]
        env = {"OTTER_SERVER": self.world.server.url, "OTTER_TOKEN": token}
        made = otter.run([otter.OTTER, "rollout", "create", "--release", release, "--target", "id == dev-1", "--phases",
                          "50,100", "--approval", "yes", "--rollback-release", back, "--json"], env=env).json["id"]
        otter.run([otter.OTTER, "rollout", "start", made], env=env)
        return made

    @staticmethod
    def fail_on(world, fleet, rollout):
        device = Device(world, fleet, "dev-4")
        assert device.poll() == 200
        device.report(world.otter("rollout", "attempts", rollout, "--json").json["items"][0]["id"], "failed")

    def picture(self):
        """All that the server tells of itself, and every file."""
        world = self.world
        told = [world.otter(*words.split(), "--all", "--json").out for words in (
            "root list", "release list", "image-key list", "group list", "operator list", "rollout list", "device requests", "fleet-key list",
            "device list", "device timeline dev-1", "audit list")]
        told.append(world.otter("device", "list", "--filter", "state == retired", "--json").out)
        told.append(world.otter("server", "status", "--json").json["frozen"])
        files = {p.relative_to(world.folder): p.read_bytes() for p in world.folder.rglob("*")
                 if p.is_file() and "otter.db" not in p.name and p.suffix not in (".log", ".trace")}
        return told, files

    def changed(self, verb):
        """Since the last picture, which is of before this verb: the case before left all as it was."""
        before, self.last = self.last, self.picture()
        return f"{verb} has changed something" if self.last != before else None

    def run(self, verb, words, *more):
        """The requests that the verb sent, as (method, path, status)."""
        trace = self.world.folder / "dry.trace"
        trace.unlink(missing_ok=True)
        args = [self.names.get(word, word) for word in words.split()]
        self.world.otter(*verb.split(), *args, *more, "--trace", trace)
        lines = trace.read_text().splitlines() if trace.exists() else []
        return [(e["method"], e["path"], e["status"]) for e in map(json.loads, lines)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dry")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        made = Prepared(folder)
        made.world.otter("login", "--token-file", made.world.server.data / "admin.token")
        made.last = made.picture()
        yield made
        made.world.stop()


def changing(requests):
    return [r for r in requests if r[0] not in ("GET", "HEAD")]


def test_every_verb_of_the_table_is_told_of_here():
    table = set(re.findall(r"^  ([a-z-]+ [a-z]+)(?: .*)?  \S", otter.run([otter.OTTER, "--help"]).out, re.MULTILINE))
    assert table == CHANGING.keys() | LOCAL.keys() | READING.keys()


@pytest.mark.parametrize("verb", CHANGING)
def test_a_dry_run_asks_for_one_and_changes_nothing(prepared, verb):
    sent = changing(prepared.run(verb, CHANGING[verb], "--dry-run"))
    assert not prepared.changed(verb)
    assert sent and all(re.search(r"[?&]dry_run=1(&|$)", path) and status < 300 for _, path, status in sent), sent


@pytest.mark.parametrize("verb", LOCAL)
def test_a_dry_run_writes_no_file(prepared, verb):
    assert not changing(prepared.run(verb, LOCAL[verb], "--dry-run"))
    assert not prepared.changed(verb)


@pytest.mark.parametrize("verb", READING)
def test_what_reads_sends_nothing_that_changes(prepared, verb):
    assert not changing(prepared.run(verb, READING[verb]))


def test_a_dry_run_of_an_upload_names_none(world):
    status, headers, body = world.server.request("POST", "/api/v1/uploads?dry_run=1", {"sha256": "ab" * 32, "size": 7})
    assert (status, body) == (200, b'{"held":false}')
    assert "location" not in headers
    assert world.server.request("HEAD", "/api/v1/uploads/" + "ab" * 32)[0] == 404
